"""What stands in place of names, UIDs and ETags where a view shows less than everything.

A client's own names tell as much as a title does ("Mueller-Hans.ics"). So such a view shows keyed
digests of them: the same every time, the same UID in every calendar, and nobody can try names out.
Not here: the texts (`practice.vevent.disguise`), nor who gets them (`practice.use_cases.reading`).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.views import DISGUISE_VERSION

if TYPE_CHECKING:
    from practice.patients import Patient
    from practice.views import Level

__all__ = ["Disguise", "alias_in", "alias_of", "pseudonym"]

#: 128 bits, in hexadecimal digits.
LENGTH = 32
_NAME = re.compile(rf"([0-9a-f]{{{LENGTH}}})\.ics")


def alias_of(secret: bytes, calendar_id: int, href: str) -> str:
    """Return what the name of an object is known as in views of less detail."""
    return _digest(secret, "href", str(calendar_id), href)


def alias_in(name: str) -> str | None:
    """Return the alias in the name of an object, as such a view shows it; None for another."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Disguise:
    """What is shown in place of an object's own. `secret` is the database's (see the port)."""

    secret: bytes

    def name(self, calendar_id: int, href: str) -> str:
        """Return the name to show, unknown to whoever chose the object's own."""
        return f"{alias_of(self.secret, calendar_id, href)}.ics"

    def uid(self, uid: str) -> str:
        """Return the UID to show."""
        return _digest(self.secret, "uid", uid)

    def etag(self, etag: str, level: Level, who: str) -> str:
        """Return the strong, quoted ETag of what is shown of a text that has `etag`."""
        version, shown = str(DISGUISE_VERSION), str(int(level))
        return f'"{_digest(self.secret, "etag", version, shown, etag, who)}"'


def _digest(secret: bytes, *parts: str) -> str:
    told = [part.encode("utf-8", "surrogatepass") for part in parts]
    message = b"".join(len(part).to_bytes(4) + part for part in told)
    return hmac.digest(secret, message, "sha256").hex()[:LENGTH]


def pseudonym(patient: Patient) -> str:
    """Return what a pseudonymous view calls a patient: "M. S. · 4711"."""
    record = patient.record
    initials = [_initial(record.first_name), _initial(record.last_name)]
    number = "".join(c for c in patient.number if c.isprintable()).strip()
    return " · ".join(part for part in (" ".join(filter(None, initials)), number) if part)


def _initial(name: str) -> str:
    letters = (c for c in unicodedata.normalize("NFC", name) if c.isalpha())
    first = next(letters, "")
    return f"{first.upper()[0]}." if first else ""
