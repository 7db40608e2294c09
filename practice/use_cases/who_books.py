"""Who books online, as they say, and the patient that is.

Nobody has proven anything yet: what is known of a patient stays as it is. Not here: the booking
(`practice.use_cases.portal`), nor whose names are the same (`practice.matching`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Insurance
from practice.errors import Invalid
from practice.patients import PatientRecord
from practice.use_cases.entered import entered
from practice.use_cases.patients import Register

if TYPE_CHECKING:
    from practice.patients import Patient
    from practice.ports import UnitOfWork

__all__ = ["Person", "entered_patient"]

_EMAIL = re.compile(
    r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]+\.[^\s@.<>,;:\"()\[\]\\]{2,}"
)
_OLDEST = 1880


@dataclass(frozen=True, slots=True)
class Person:
    """Who books, as they say. `birth_date` is an ISO date, `insurance` a value of Insurance or
    empty, `language` that of their letters ("de", "en", or empty: the practice's).
    """

    last_name: str
    first_name: str
    birth_date: str
    email: str
    phone: str = ""
    insurance: str = ""
    language: str = ""
    reminders: bool = False


def entered_patient(uow: UnitOfWork, person: Person) -> Patient:
    """Return the patient that a person is, kept; raises Invalid."""
    record = _record(person, uow.now.date())
    if person.language not in {"", "de", "en"}:
        raise Invalid("Letters are written in German or English ('de', 'en').")
    register = Register(uow, [record])
    found = register.find(record)
    if found.id:
        # Whoever knows a name and a birth date may be somebody else: nothing that is known of a
        # patient changes by it, least of all where letters go.
        return uow.patients.get([found.id])[found.id]
    agreed = uow.now if person.reminders else None
    return register.keep(replace(found, language=person.language, reminders=agreed))


def _record(person: Person, today: date) -> PatientRecord:
    email = entered("e-mail address", person.email, 255, needed=True)
    if not _EMAIL.fullmatch(email):
        raise Invalid("This is no e-mail address.")
    insurance = entered("insurance", person.insurance, 32)
    if insurance and insurance not in set(Insurance):
        raise Invalid(f"The insurance is one of {', '.join(Insurance)}.")
    return PatientRecord(
        last_name=_one_line("last name", person.last_name),
        first_name=_one_line("first name", person.first_name),
        birth_date=_birth_date(person.birth_date, today),
        email=email,
        phone=_one_line("phone number", person.phone, 64, needed=False),
        insurance=insurance,
    )


def _one_line(what: str, text: str, longest: int = 255, *, needed: bool = True) -> str:
    return " ".join(entered(what, text, longest, needed=needed).split())


def _birth_date(text: str, today: date) -> str:
    try:
        born = date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid("The date of birth is told as 1966-02-03.") from error
    if born.year < _OLDEST:
        raise Invalid("Nobody is that old.")
    # A day of grace: in the practice's zone it may be tomorrow already.
    if born > today + timedelta(days=1):
        raise Invalid("The date of birth lies in the future.")
    return born.isoformat()
