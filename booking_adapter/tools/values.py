"""Values in JSON that others wrote, read so that nothing of it is taken for granted.

Not here: how any tool calls them.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from booking_adapter.failures import Failed
from practice.appointments import Insurance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from practice.appointments import Booking
    from practice.patients import PatientRecord

__all__ = [
    "answers_in",
    "birth_date_in",
    "check_fields",
    "fields_in",
    "for_patient",
    "id_in",
    "insurance_in",
    "insurance_number_in",
    "lines_in",
    "list_in",
    "parsed",
    "text_in",
    "with_query",
]

_T = TypeVar("_T")

#: What fits into a column, and into an address once it is quoted.
_ID = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,200}")
#: Control characters, and halves of characters: JSON can name them, a database cannot have them.
_UNUSABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BORN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?|(\d\d?)\. ?(\d\d?)\. ?(\d{4})", re.ASCII | re.DOTALL
)
#: A letter and nine digits, the last of them to check the others; cards have more behind it.
_INSURED = re.compile(r"([A-Z])(\d{8})(\d)(?:\d*)", re.ASCII)
#: Nobody is older; some write the first day of their calendar where they know none.
_OLDEST = 1900
_INSURANCES = {
    Insurance.STATUTORY: "gesetzlich,gesetzlich versichert,gkv,kasse,statutory,public",
    Insurance.PRIVATE: "privat,privat versichert,pkv,privatpatient,private",
    Insurance.SELF_PAYING: "selbstzahler,selbstzahlerin,self-paying,self-payer",
}
_INSURANCE = {word: kind.value for kind, words in _INSURANCES.items() for word in words.split(",")}


def parsed(content: bytes, kind: type[_T], *, permanent: bool = False) -> _T:
    """Return what JSON tells, if it is of a kind; else raises a Failed that repeats none of it."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):  # which would repeat some of it
        told = None
    if not isinstance(told, kind):
        raise Failed("not what was asked for", permanent=permanent)
    return told


def fields_in(value: Any) -> dict[str, Any]:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def list_in(value: Any) -> list[Any]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def id_in(value: Any) -> str:
    """Return an id, whether it is a number or a text; empty if it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**18 else ""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def text_in(value: Any) -> str:
    """Return a text of one line; empty for what is none."""
    return " ".join(lines_in(value).split())


def lines_in(value: Any) -> str:
    """Return a text with its line breaks; empty for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return id_in(value)  # somebody's phone number
    if not isinstance(value, str):
        return ""
    return _UNUSABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def birth_date_in(value: Any) -> str:
    """Return an ISO date of one that is written so, or as `24.11.1980`; empty for what is none."""
    match = _BORN.fullmatch(text_in(value))
    if not match:
        return ""
    parts = match.group(1, 2, 3) if match[1] else match.group(6, 5, 4)
    try:
        born = date(*map(int, parts))
    except ValueError:
        return ""
    return born.isoformat() if born.year >= _OLDEST else ""


def insurance_in(value: Any) -> str:
    """Return the kind of insurance that a word names; empty if it is none we know."""
    return _INSURANCE.get(text_in(value).casefold(), "")


def insurance_number_in(value: Any) -> str:
    """Return the part of a statutory insurance number that stays for life; empty if it is none.

    One with a slip in it is none: it would be somebody else's.
    """
    match = _INSURED.fullmatch("".join(text_in(value).split()).upper())
    if not match:
        return ""
    letter, digits, check = match.groups()
    told = f"{ord(letter) - ord('A') + 1:02}{digits}"
    # Every second digit counts twice; of what has two digits then, both count.
    counted = (int(digit) * (1 + at % 2) for at, digit in enumerate(told))
    total = sum(number // 10 + number % 10 for number in counted)
    return f"{letter}{digits}{check}" if total % 10 == int(check) else ""


_READ: dict[str, Callable[[Any], str]] = {
    "birth_date": birth_date_in,
    "insurance": insurance_in,
    "notes": lines_in,
    "patient_number": text_in,
    "phone": text_in,
    "reason": text_in,
}


def check_fields(ours: Iterable[str], *more: str) -> None:
    """Raise ValueError unless all fields are of a patient, or among some more of a booking."""
    allowed = {"birth_date", "insurance", "patient_number", "phone", *more}
    if unknown := sorted(set(ours) - allowed):
        raise ValueError(f"no such field: {', '.join(unknown)}")


def answers_in(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Return fields of a patient, and more of a booking, by the tool's names in its settings.

    No empty ones; the patient's number is called as in a `PatientRecord`.
    """
    told = {ours: _READ[ours](row.get(theirs)) for theirs, ours in names.items()}
    return {ours.removeprefix("patient_"): text for ours, text in told.items() if text}


def for_patient(booking: Booking, record: PatientRecord) -> Booking:
    """Return a booking with all that is told of its patient."""
    return replace(
        booking,
        last_name=record.last_name,
        first_name=record.first_name,
        birth_date=record.birth_date,
        email=record.email,
        phone=record.phone,
        insurance=record.insurance,
        patient_number=record.number,
        insurance_number=record.insurance_number,
    )


def with_query(page: str, known: Mapping[str, str]) -> str:
    """Return the address of a page with fields filled in that are not empty."""
    parts = urlsplit(page)
    filled = urlencode({name: text for name, text in known.items() if text}, quote_via=quote)
    query = "&".join(part for part in (parts.query, filled) if part)
    return urlunsplit(parts._replace(query=query))
