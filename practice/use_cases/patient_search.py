"""Listing patients and looking for them, as somebody types.

Not here: who a record is about (`practice.matching`); here nothing is decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.errors import Invalid
from practice.lookup import bare, order_key, ways_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from practice.lookup import Near
    from practice.patients import Patient
    from practice.ports import UnitOfWork

__all__ = ["MOST_FOUND", "Found", "PatientPage", "page_of_patients", "search_patients"]

#: Patients on one page, or found at once.
MOST_FOUND = 200
#: Words a typed one may be a typo of; a practice has no more that are so alike.
_MOST_TYPOS = 200
#: Shorter words are not taken for a typo of what was meant.
_LEAST_MEANT = 4


@dataclass(frozen=True, slots=True)
class PatientPage:
    """Patients in order; `cursor` stands for the last one and asks for the next page, and is
    empty on the last page.
    """

    patients: tuple[Patient, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A patient and how well it fits what was typed: the more, the better."""

    patient: Patient
    worth: float


def page_of_patients(
    uow: UnitOfWork,
    limit: int = 50,
    cursor: str = "",
    *,
    to_review: bool | None = None,
    linked: bool | None = None,
) -> PatientPage:
    """Return patients by last name, first name and id, from behind a cursor on; without those
    who were found to be others. None asks for both kinds.

    Costs what it returns, but for those that are left out. Raises Invalid for a bad cursor.
    """
    limit = max(1, min(limit, MOST_FOUND))
    after = _read(cursor) if cursor else None
    found = uow.patients.page(limit + 1, after, to_review=to_review, linked=linked)
    shown = tuple(found[:limit])
    return PatientPage(shown, _cursor(shown[-1]) if len(found) > limit else "")


def _cursor(patient: Patient) -> str:
    return f"{patient.id}.{order_key(patient.record)}"


def _read(cursor: str) -> tuple[str, int]:
    number, separator, key = cursor.partition(".")
    if not (separator and number.isascii() and number.isdigit() and len(number) < 19):
        raise Invalid("The cursor is not one that a page of patients came with.")
    if not key.isprintable():
        raise Invalid("The cursor is not one that a page of patients came with.")
    return key, int(number)


def search_patients(uow: UnitOfWork, text: str, limit: int = 20) -> list[Found]:
    """Return whom somebody may mean who types a text, the best first.

    Words may come in any order, and be unfinished, misspelled by a letter, heard or written
    otherwise; also dates of birth, telephone numbers, addresses and numbers. Each has to fit. Costs
    two statements, whatever is typed. Changes nothing, and nothing is found for no word.
    """
    asked = ways_of(text)
    if not asked:
        return []
    limit = max(1, min(limit, MOST_FOUND))
    words = uow.patients.words_near([near for ways in asked for near in ways.near])
    pairs = [(ways, _typos(ways.near, words)) for ways in asked]
    found = uow.patients.ranked(pairs, MOST_FOUND)
    typed = bare(" ".join(ways.word for ways in asked))
    ranked = [Found(one, worth + _alike(typed, one)) for one, worth in found]
    ranked.sort(key=lambda one: (-one.worth, order_key(one.patient.record), one.patient.id))
    return ranked[:limit]


def _typos(wanted: Iterable[Near], words: Collection[str]) -> list[str]:
    """Return the words that one of these may have been meant to be."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - whoever only books does without

    meant = {
        word
        for near in wanted
        for word in words
        if len(word) >= _LEAST_MEANT and OSA.distance(near.word, word, score_cutoff=1) <= 1
    }
    return sorted(meant)[:_MOST_TYPOS]


def _alike(typed: str, patient: Patient) -> float:
    """Return from 0 to 10 how alike typed words and a name are, in any order."""
    from rapidfuzz.fuzz import token_sort_ratio  # noqa: PLC0415 - as above

    name = bare(f"{patient.record.last_name} {patient.record.first_name}")
    return token_sort_ratio(typed, name) / 10
