"""Is this record somebody we know for certain? How likely it is, is not asked here.

The order is that of certainty: the practice's own number, the booking tool's id, the insurance
number, then name and birth date together. A name alone never decides: strangers share names, and a
wrong link shows one patient's appointments to another.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from practice.patients import Patient, PatientRecord, Verdict, VerdictKind

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["judge", "match_key"]

_NEWS = ("email", "phone", "insurance", "birth_date", "insurance_number")
_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l", "đ": "d", "ı": "i"}
)


def match_key(record: PatientRecord) -> str:
    """Return what two spellings of one name and birth date share; "" if either is missing."""
    # Composed before it is spelled out: some systems write an umlaut as a letter and two dots.
    name = unicodedata.normalize("NFC", f"{record.last_name} {record.first_name}".casefold())
    plain = unicodedata.normalize("NFKD", name.translate(_SPELLED))
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    words = " ".join(sorted(letters.split()))
    # The birth date is never cut off: names alone decide nothing.
    return f"{words[:500]}|{record.birth_date}" if words and record.birth_date else ""


def judge(record: PatientRecord, candidates: Sequence[Patient]) -> Verdict:
    """Say who the record is. `candidates` share its number, its tool id, its insurance number or
    its match key, or are who one of these was found to be (`merged_into`): that one it is then.
    """
    certain = [p for p in candidates if record.number and p.number == record.number]
    certain = certain or [
        p
        for p in candidates
        if record.booking_system_id and p.record.booking_system_id == record.booking_system_id
    ]
    if not certain:
        certain = _insured_as(record, candidates) or _named_as(record, candidates)
        certain = _found_to_be(certain, candidates)
        if record.number and not all(p.to_review for p in certain):
            # The practice gave them different numbers, and knows better than a name.
            return Verdict(VerdictKind.AMBIGUOUS)
        if any(_is_insured_otherwise(p, record) for p in certain):
            return Verdict(VerdictKind.AMBIGUOUS)
    certain = _found_to_be(certain, candidates)
    if len(certain) > 1:
        return Verdict(VerdictKind.AMBIGUOUS)
    if not certain:
        return Verdict(VerdictKind.NEW)
    told = {name: getattr(record, name) for name in _NEWS}
    known = certain[0].record
    news = any(value and value != getattr(known, name) for name, value in told.items())
    return Verdict(VerdictKind.UPDATE if news else VerdictKind.SAME, certain[0])


def _insured_as(record: PatientRecord, candidates: Sequence[Patient]) -> list[Patient]:
    number = record.insurance_number
    return [p for p in candidates if number and p.record.insurance_number == number]


def _named_as(record: PatientRecord, candidates: Sequence[Patient]) -> list[Patient]:
    key = match_key(record)
    return [p for p in candidates if key and match_key(p.record) == key]


def _is_insured_otherwise(patient: Patient, record: PatientRecord) -> bool:
    """Tell whether both have an insurance number, which is for life, and not the same."""
    numbers = {patient.record.insurance_number, record.insurance_number} - {""}
    return len(numbers) > 1


def _found_to_be(found: Sequence[Patient], candidates: Sequence[Patient]) -> list[Patient]:
    """Return each as who it was found to be, once."""
    by_id = {patient.id: patient for patient in candidates}
    now = (by_id.get(p.merged_into, p) if p.merged_into is not None else p for p in found)
    return list({patient.id: patient for patient in now}.values())
