"""Patients sign in by a link that is sent to the address the practice has of them.

Whether it has it decides nothing of what is answered, nor how long that takes: who asks is noted,
and the e-mail is made later. Not here: the e-mail (the booking adapter), nor what who has signed
in may do (`practice.use_cases.portal`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.errors import AskedTooOften, LinkOver
from practice.passwords import digest
from practice.sessions import Way
from practice.sign_ins import LIFE, PATIENCE

if TYPE_CHECKING:
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.sign_ins import SignIn

__all__ = [
    "Links",
    "ask_for_link",
    "note_sent",
    "note_unsent",
    "open_link",
    "patient_signed_in",
    "take_links",
]

_WINDOW = timedelta(hours=1)
#: In the window, from one network: a clinic's whole waiting room may stand behind one address.
_MOST_OF_NETWORK = 30
#: And to one address: more would be a nuisance to whoever has it.
_MOST_TO_ADDRESS = 5
#: Who has not settled it by then is taken for dead.
_LEASE = timedelta(minutes=2)
_PAUSE = timedelta(seconds=20)
#: More people than that do not share an address: it is a placeholder of some list.
_MOST_PEOPLE = 12


@dataclass(frozen=True, slots=True)
class Links:
    """What is to be sent: a link's secret for each patient of an address; nobody, if there are
    none. `to` is the address as the practice has it.
    """

    asked: SignIn
    to: str
    people: tuple[tuple[Patient, str], ...] = field(repr=False)


def ask_for_link(uow: UnitOfWork, email: str, network: str, language: str) -> None:
    """Note that somebody wants to sign in; what comes of it nobody is told here.

    Beyond so many to one address, nothing comes of it. Raises AskedTooOften for a network.
    """
    about, place = digest(_plain(email)), digest(network)
    to_address, of_network = uow.sign_ins.count(about, place, uow.now - _WINDOW)
    if of_network >= _MOST_OF_NETWORK:
        raise AskedTooOften("Too many links were asked for from here; wait an hour, or call us.")
    uow.sign_ins.forget(uow.now - _WINDOW)
    due = uow.now if to_address < _MOST_TO_ADDRESS else None
    uow.sign_ins.ask(email.strip(), about, place, language, due)


def take_links(uow: UnitOfWork) -> Links | None:
    """Take one that is due and draw the secrets; None if there is none. Call `note_sent` or
    `note_unsent` afterwards.
    """
    asked = uow.sign_ins.claim(uow.now + _LEASE)
    if asked is None:
        return None
    people: list[Patient] = []
    if uow.now - asked.asked < PATIENCE:
        same = (p for p in uow.patients.with_email(asked.email) if _has(p, asked.email))
        people = list(same)[:_MOST_PEOPLE]
    drawn = tuple((one, secrets.token_urlsafe(32)) for one in people)
    for one, secret in drawn:
        uow.sign_ins.add_link(digest(secret), one.id, uow.now + LIFE)
    return Links(asked, people[0].record.email if people else "", drawn)


def note_sent(uow: UnitOfWork, asked: SignIn) -> None:
    """Settle what was sent, or what there was nobody for: only that somebody asked is left."""
    uow.sign_ins.settle(asked, None)


def note_unsent(uow: UnitOfWork, asked: SignIn, *, permanent: bool) -> None:
    """Have it tried again soon, with other secrets; or not, if that is of no use."""
    uow.sign_ins.settle(asked, None if permanent else uow.now + _PAUSE * asked.attempts)


def open_link(uow: UnitOfWork, secret: str) -> str:
    """Begin a session by a link, which is used up then; return the session's secret.

    Raises LinkOver, whyever it opens nothing.
    """
    patient_id = uow.sign_ins.use_link(digest(secret))
    patient = patient_signed_in(uow, patient_id)
    if patient is None:
        raise LinkOver("The link was used already, or is too old; ask for another one.")
    begun = secrets.token_urlsafe(32)
    uow.sessions.begin(digest(begun), account_id=None, patient_id=patient.id, way=Way.LINK)
    return begun


def patient_signed_in(uow: UnitOfWork, patient_id: int | None) -> Patient | None:
    """Return who a session is of; None for who is not there any more, or was found to be another
    patient since: whose appointments are whose the staff has decided anew.
    """
    found = uow.patients.get([patient_id]).get(patient_id) if patient_id is not None else None
    return None if found is None or found.merged_into is not None else found


def _plain(email: str) -> str:
    return email.strip().lower()


def _has(patient: Patient, email: str) -> bool:
    # Keys are rougher: to them, ss is ß, and these may be two people's addresses.
    return patient.merged_into is None and _plain(patient.record.email) == _plain(email)
