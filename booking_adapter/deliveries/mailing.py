"""What every e-mail of the practice has: who writes, to whom, and a head that programs understand.

Names come from whoever books, so nothing of them gets into a head. Not here: what a mail says
(`patient_mail`, `admin_mail`), nor how it is handed over (`smtp`).

Sources: RFC 5322; RFC 3834 5 (Auto-Submitted); RFC 5890 (domains).
"""

from __future__ import annotations

import hashlib
import re
import textwrap
import unicodedata
from dataclasses import dataclass, replace
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Protocol

import idna
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from booking_adapter.deliveries.wording import NO_BREAK
from booking_adapter.failures import Failed

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

__all__ = ["Letterhead", "Sender", "headed", "mailbox", "name_of", "one_line", "rendered"]

#: RFC 2045 6.7 wants lines of 76, and Python's library takes this for the length of any line.
_POLICY = policy.SMTP.clone(max_line_length=76)
#: RFC 5321 4.5.3.1.
_LONGEST_LOCAL, _LONGEST_ADDRESS = 64, 254
#: RFC 5322 3.4.1 without quotes, which nobody has; letters of every script (RFC 6531 3.3).
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
#: Python's versions differ in how they fold these in a name that is not ASCII.
_SPECIAL = re.compile(r'[\\"(),:;<=>?@\[\]]')
#: Characters that turn the direction of what follows.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LONGEST_NAME = 80
#: Columns of a text, as many as are left when somebody quotes it in an answer.
_WIDTH = 72
_IN_NAMES = frozenset(" '’.,-()")
_TEMPLATES = Environment(
    loader=PackageLoader("booking_adapter", "mails"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes. Texts that are empty are left out.

    `domain` ends the Message-IDs, `language` is the one of whoever has told none, `booking_page` is
    where patients book.
    """

    name: str
    email: str
    zone: ZoneInfo
    domain: str
    address: str = ""
    phone: str = ""
    website: str = ""
    language: str = "de"
    booking_page: str = ""

    def tidied(self) -> Letterhead:
        """Return the same with each text on one line."""
        address = ", ".join(filter(None, map(one_line, self.address.splitlines())))
        return replace(self, name=one_line(self.name), address=address, phone=one_line(self.phone))


class Sender(Protocol):
    """Who takes e-mails to be sent."""

    def send(self, message: EmailMessage) -> None:
        """Send an e-mail to the one address in its To, or raise `failures.Failed`."""


def headed(
    letterhead: Letterhead,
    key: str,
    about: str,
    now: datetime,
    *,
    to: str,
    subject: str,
) -> EmailMessage:
    """Return an e-mail that says nothing yet; `to` is what `mailbox` returns.

    Its id is made of `key`, so the same at every try, and those `about` one thing are shown
    together. The name of whom it goes to is not in it: every mail server on the way notes the head.
    """
    email = mailbox(letterhead.email)
    if email is None:
        raise Failed("the practice's address is none")
    practice = _address(email, " ".join(_SPECIAL.sub(" ", letterhead.name).split()))
    message = EmailMessage(policy=_POLICY)
    message["From"] = practice
    message["To"] = _address(to)
    message["Reply-To"] = practice
    message["Subject"] = subject
    message["Date"] = now.astimezone(letterhead.zone).replace(microsecond=0)
    message["Message-ID"] = _id("letter", key, letterhead.domain)
    # Nobody has sent that one: so those who come later need not know which was the first.
    first = _id("about", about, letterhead.domain)
    message["In-Reply-To"] = message["References"] = first
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # Exchange reads no Auto-Submitted
    return message


def mailbox(text: str) -> str | None:
    """Return an address, its domain as the mail servers name it; None for what is none."""
    local, _, domain = unicodedata.normalize("NFC", text.strip()).rpartition("@")
    if not _LOCAL.fullmatch(local) or len(local.encode()) > _LONGEST_LOCAL:
        return None
    try:
        host = idna.encode(domain, uts46=True, std3_rules=True).decode()
    except UnicodeError:
        return None
    _, dot, last = host.rpartition(".")
    # A name without a dot is a machine in the practice, a number an address.
    if not dot or not last or last.isdigit() or len(local.encode()) + len(host) >= _LONGEST_ADDRESS:
        return None
    return f"{local}@{host}"


def name_of(first_name: str, last_name: str) -> str:
    """Return somebody's name; "" for what is none.

    Whoever books may call himself what he likes and give anybody's address: what is no name, and
    what a program would make a link of, is not carried there by a mail of the practice.
    """
    name = " ".join(one_line(f"{first_name} {last_name}").replace(".", ". ").split())
    named = all(each in _IN_NAMES or unicodedata.category(each)[0] in "LM" for each in name)
    return name if named and len(name) <= _LONGEST_NAME else ""


def one_line(text: str) -> str:
    """Return a text on one line, without control characters."""
    told = (_shown(each) for each in text)
    return " ".join("".join(told).split())


def rendered(template: str, **values: Any) -> str:
    """Return a template of `booking_adapter.mails`, filled in."""
    return _TEMPLATES.get_template(template).render(values)


def _wrapped(text: str, hanging: str = "") -> str:
    lines = textwrap.fill(
        text,
        _WIDTH,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(NO_BREAK, " ")


#: What templates of plain text put their paragraphs into lines with.
_TEMPLATES.filters["wrapped"] = _wrapped


def _shown(character: str) -> str:
    if character in _TURNING:
        return ""
    return " " if unicodedata.category(character) in {"Cc", "Cs", "Cn", "Zl", "Zp"} else character


def _address(email: str, name: str = "") -> Address:
    local, _, domain = email.rpartition("@")
    return Address(name, local, domain)


def _id(kind: str, key: str, domain: str) -> str:
    return f"<{hashlib.sha256(f'{kind} {key}'.encode()).hexdigest()[:24]}@{domain}>"
