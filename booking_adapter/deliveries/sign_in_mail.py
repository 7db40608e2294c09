"""E-mails with the links by which patients sign in, in German or English.

Of several who share an address, as families do, each has a link, and is told apart by initials:
others read mail, too. Not here: who gets one (`practice.use_cases.patient_sign_in`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from booking_adapter.deliveries.languages import words_in
from booking_adapter.deliveries.mailing import headed, mailbox, name_of, rendered
from booking_adapter.failures import Failed
from practice.sign_ins import LIFE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from booking_adapter.deliveries.mailing import Letterhead, Sender
    from practice.patients import Patient
    from practice.use_cases.patient_sign_in import Links

__all__ = ["SignInMail"]

#: Somebody whose name has no letter to begin with, in both languages.
_NOBODY = "Person"
_MINUTES = round(LIFE.total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class _Said:
    """One language."""

    subject: str
    heading: str
    opening: str
    several: str
    how: str
    link: str
    unasked: str


_SAID = {
    "de": _Said(
        subject="Ihr Link zur Anmeldung",
        heading="Ihr Link zur Anmeldung",
        opening="mit diesem Link sehen Sie Ihre Termine, sagen sie ab oder verlegen sie:",
        several="mit diesen Links sehen Sie Ihre Termine, sagen sie ab oder verlegen sie. Unter"
        " dieser Adresse kennen wir mehrere Personen; jede hat einen eigenen Link:",
        how=f"Jeder Link gilt {_MINUTES} Minuten und nur einmal. Geben Sie ihn nicht weiter.",
        link="Anmelden",
        unasked="Haben Sie keinen Link angefordert? Dann ist nichts zu tun: ohne diese E-Mail kann"
        " sich niemand anmelden.",
    ),
    "en": _Said(
        subject="Your link to sign in",
        heading="Your link to sign in",
        opening="with this link you see your appointments, cancel or move them:",
        several="with these links you see your appointments, cancel or move them. We know several"
        " people with this address; each has a link of their own:",
        how=f"Each link is good for {_MINUTES} minutes and only once. Do not pass it on.",
        link="Sign in",
        unasked="You have not asked for a link? Then there is nothing to do: nobody can sign in"
        " without this e-mail.",
    ),
}


class SignInMail:
    """Sends them; `public_url` is how the server is called from outside."""

    def __init__(self, letterhead: Letterhead, sender: Sender, public_url: str) -> None:
        self._letterhead = letterhead.tidied()
        self._sender = sender
        self._public_url = public_url

    def send(self, links: Links, key: str, now: datetime) -> None:
        """Send one e-mail with all the links, or raise `failures.Failed`."""
        to = mailbox(links.to)
        if to is None:
            raise Failed("no address", permanent=True)
        words = words_in(links.asked.language, self._letterhead.language)
        said = _SAID[words.code]
        # Each is a mail of its own: under one that was tried in vain, nobody looks for the link.
        message = headed(self._letterhead, key, key, now, to=to, subject=said.subject)
        several = len(links.people) > 1
        names = _told_apart([patient for patient, _ in links.people]) if several else [""]
        rows = [
            (name, self._link(secret))
            for name, (_, secret) in zip(names, links.people, strict=False)
        ]
        values = {
            "subject": said.subject,
            "words": words,
            "said": said,
            "greeting": words.nameless,
            "opening": said.several if several else said.opening,
            "links": rows,
            "letterhead": self._letterhead,
        }
        message.set_content(rendered("sign_in.txt", **values), cte="quoted-printable")
        html = rendered("sign_in.html", **values)
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        message["Content-Language"] = words.code
        self._sender.send(message)

    def _link(self, secret: str) -> str:
        return f"{self._public_url}/termine/anmelden?{urlencode({'schluessel': secret})}"


def _told_apart(people: Sequence[Patient]) -> list[str]:
    """Return what each is called: by initials; with a number, where these are none or others'."""
    initials = [_initials(one) for one in people]
    return [
        name if name and initials.count(name) == 1 else f"{name or _NOBODY} ({number})"
        for number, name in enumerate(initials, 1)
    ]


def _initials(patient: Patient) -> str:
    """Return the initials; of what is no name, none."""
    record = patient.record
    name = name_of(record.first_name, record.last_name)
    letters = [word[0].upper() + "." for word in name.split() if word[0].isalpha()]
    return " ".join(letters[:4])
