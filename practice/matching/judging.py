"""Is this record somebody we know for certain? How likely it is, is not asked here.

The order is that of certainty: the practice's own number, the booking tool's id, then name and
birth date together. A name alone never decides: strangers share names, and a wrong link shows
one patient's appointments to another.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from practice.patients import Patient, PatientRecord, Verdict, VerdictKind

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["judge", "match_key"]

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
    """Say who the record is. `candidates` share its number, its tool id or its match key."""
    certain = [p for p in candidates if record.number and p.number == record.number]
    certain = certain or [
        p
        for p in candidates
        if record.booking_system_id and p.record.booking_system_id == record.booking_system_id
    ]
    if not certain:
        key = match_key(record)
        certain = [p for p in candidates if key and match_key(p.record) == key]
        if record.number and not all(p.to_review for p in certain):
            # The practice gave them different numbers, and knows better than a name.
            return Verdict(VerdictKind.AMBIGUOUS)
    if len(certain) > 1:
        return Verdict(VerdictKind.AMBIGUOUS)
    if not certain:
        return Verdict(VerdictKind.NEW)
    told = {name: getattr(record, name) for name in ("email", "phone", "insurance", "birth_date")}
    known = certain[0].record
    news = any(value and value != getattr(known, name) for name, value in told.items())
    return Verdict(VerdictKind.UPDATE if news else VerdictKind.SAME, certain[0])
