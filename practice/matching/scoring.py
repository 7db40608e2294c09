"""How likely two records are about one person, and why. Not: what is done about it.

Probability is not all: some agreements are worth a question at most, however improbable it is that
they come about by chance. A wrong link shows one patient's appointments to another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.matching.alike import Alike
from practice.matching.birth_dates import BirthDates
from practice.matching.model import FIELDS, chances, levels_of, likelihoods
from practice.matching.traits import Reader

if TYPE_CHECKING:
    from practice.matching.model import Chances, Levels, Model
    from practice.matching.traits import Traits
    from practice.patients import PatientRecord

__all__ = [
    "CERTAIN",
    "Comparison",
    "Reason",
    "certainly",
    "compare",
    "doubt",
    "explained",
    "probability",
]

#: The weight of what decides alone: more than all the rest together could have.
CERTAIN = 100.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that speaks for one person (a weight above 0) or against it, in bits.

    `code` is stable, for texts and tests: a field and how it compares ("birth_date:typo"), or a
    rule that forbids to decide ("only_ask:twins"). It holds nothing of the records.
    """

    code: str
    weight: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The probability of one person, 0 to 1, and the reasons, weightiest first.

    `only_ask`: it may not be decided without a person, however probable it is.
    """

    probability: float
    reasons: tuple[Reason, ...]
    only_ask: bool = False


def compare(record: PatientRecord, patient_record: PatientRecord, model: Model) -> Comparison:
    """Compare two records. Symmetric; never raises, whatever the texts are."""
    reader = Reader()
    one, other = reader.read(record), reader.read(patient_record)
    if (code := certainly(one, other)) is not None:
        return Comparison(1.0, (Reason(code, CERTAIN),))
    levels = levels_of(one, other, model)
    found = chances(levels, one, other, model)
    forbids = doubt(levels, one, other)
    return Comparison(
        probability(found, model), explained(levels, found, forbids), forbids is not None
    )


def certainly(one: Traits, other: Traits) -> str | None:
    """Return why two records are one person as `judge` decides it; None if that is open."""
    if one.number and one.number == other.number:
        return "number:same"
    if one.booking_id and one.booking_id == other.booking_id:
        return "booking_id:same"
    return None


def probability(found: list[Chances], model: Model) -> float:
    """Return the probability of one person, 0 to 1."""
    same, family, stranger = likelihoods(found, model)
    return same / (same + family + stranger)


def explained(levels: Levels, found: list[Chances], forbids: str | None) -> tuple[Reason, ...]:
    """Return the reasons, weightiest first; what forbids a decision before all."""
    told = [
        Reason(f"{name}:{level.name.lower()}", round(math.log2(chance.same / chance.stranger), 2))
        for name, level, chance in zip(FIELDS, levels, found, strict=True)
        if level  # 0 is missing
    ]
    told.sort(key=lambda reason: -abs(reason.weight))
    rule = (Reason(f"only_ask:{forbids}", 0.0),) if forbids else ()
    return (*rule, *told)


_AS_TOLD = frozenset({Alike.SAME, Alike.SPELLING, Alike.PART})


def doubt(levels: Levels, one: Traits, other: Traits) -> str | None:
    """Return why a person has to decide, whatever the probability; None if nobody has to."""
    if levels.insurance_number is Alike.OTHER:
        return "insurance_numbers_differ"
    if one.number and other.number and one.number != other.number:
        return "numbers_differ"
    if one.name.generation and other.name.generation:
        if one.name.generation != other.name.generation:
            return "generations_differ"
    elif (one.name.generation or other.name.generation) and not levels.birth_date:
        return "generations_differ"
    insured = levels.insurance_number is Alike.SAME
    named = insured or levels.phone is Alike.SAME or levels.email is Alike.SAME
    return _of_names(levels, insured=insured, named=named) or _of_birth(
        levels, insured=insured, named=named
    )


def _of_names(levels: Levels, *, insured: bool, named: bool) -> str | None:
    if levels.first_name is Alike.OTHER:
        return "first_names_differ"
    if not levels.first_name and not insured:
        return "first_name_missing"
    if not levels.last_name:
        return "last_name_missing"
    if levels.last_name is Alike.OTHER:
        alike = levels.birth_date is BirthDates.SAME and levels.first_name in _AS_TOLD
        return None if named and alike else "last_names_differ"
    return None


def _of_birth(levels: Levels, *, insured: bool, named: bool) -> str | None:
    born = levels.birth_date
    if born is BirthDates.SAME:
        return None
    if born is BirthDates.OTHER:
        return "birth_dates_differ"
    if born is BirthDates.YEAR and not insured:
        return "a_generation_apart"
    # A name alone decides nothing.
    if not named:
        return "only_the_name"
    if born is BirthDates.MISSING and levels.first_name not in _AS_TOLD and not insured:
        return "only_the_name"
    return None
