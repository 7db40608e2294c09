"""What a patient's record may say, where a person types it in. Pure.

Bookings and lists say what they say, and are taken as they are (`practice.use_cases.book`). Not
here: whether a number is taken (`practice.use_cases.patient_records`).
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date

from practice.errors import Invalid
from practice.lookup import is_real_date
from practice.patients import PatientRecord

__all__ = ["LONGEST", "checked", "checked_date"]

#: Characters that fit into the tables.
LONGEST = {
    "last_name": 255,
    "first_name": 255,
    "birth_date": 10,
    "email": 255,
    "phone": 64,
    "insurance": 32,
    "number": 64,
    "booking_system_id": 255,
    "insurance_number": 64,
}
_CALLED = {
    "birth_date": "birth date",
    "email": "e-mail address",
    "booking_system_id": "id in the booking tool",
    "insurance_number": "insurance number",
}
_EARLIEST = date(1850, 1, 1)
# One address, as people have them; RFC 5321 would let through much more.
_EMAIL = re.compile(
    r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)+"
)
# A letter and nine digits on new cards, digits alone with private insurers and on old ones.
_INSURED = re.compile(r"[A-Z0-9][A-Z0-9 /.\-]{3,40}", re.ASCII | re.IGNORECASE)


def checked(record: PatientRecord, today: date, was: PatientRecord | None = None) -> PatientRecord:
    """Return the record without blanks around what it says; raises Invalid.

    What it said before (`was`) may stay as it is: a booking may have said it.
    """
    told = {one.name: getattr(record, one.name) for one in fields(PatientRecord)}
    for name, value in told.items():
        if was is None or value != getattr(was, name):
            bare = (value or "").strip()
            _check_text(name, bare)
            _check_form(name, bare, today)
            told[name] = None if value is None else bare
    return replace(record, **told)


def _check_form(name: str, value: str, today: date) -> None:
    if name == "last_name" and not value:
        raise Invalid("A patient has a last name.")
    if name == "birth_date" and value:
        born = checked_date(value, "birth date")
        if not _EARLIEST <= born <= today:
            raise Invalid("The birth date lies in the future, or too far back.")
    if name == "email" and value and not _EMAIL.fullmatch(value):
        raise Invalid("The e-mail address is not one like anna@example.org.")
    if name == "phone" and value and not any(c.isdigit() for c in value):
        raise Invalid("The phone number is not one like 0531 123456. It may be empty.")
    if name == "insurance_number" and value and not _INSURED.fullmatch(value):
        raise Invalid("The insurance number is not one like A123456789.")


def _check_text(name: str, value: str) -> None:
    called = _CALLED.get(name, name.replace("_", " "))
    if len(value) > LONGEST[name]:
        raise Invalid(f"The {called} is longer than {LONGEST[name]} characters.")
    if not value.isprintable():
        raise Invalid(f"The {called} has characters in it that cannot be printed.")


def checked_date(text: str, called: str) -> date:
    """Return the day of an ISO date; raises Invalid."""
    if not is_real_date(text):
        raise Invalid(f"The {called} is no date like 1966-02-03.")
    return date.fromisoformat(text)
