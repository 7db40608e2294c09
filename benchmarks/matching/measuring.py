"""Decisions held against the truth, counted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from practice.matching.blocking import Index, Keys
from practice.matching.lists import Decision, match_lists
from practice.matching.traits import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.matching.truth import Truth
    from practice.matching.lists import Matched

__all__ = ["Measured", "blocking_recall", "measure"]


@dataclass(slots=True)
class Measured:
    """Counts of rows: `right` and `wrong` links, `right_new` and `missed` ones without."""

    rows: int
    known: int = 0
    right: int = 0
    wrong: int = 0
    right_new: int = 0
    missed: int = 0
    asked: int = 0
    asked_rightly: int = 0
    right_twins: int = 0
    wrong_twins: int = 0
    twins: int = 0
    seconds: float = 0.0
    blocking: float = 1.0
    missed_by: Counter[str] = field(default_factory=Counter)
    asked_by: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        """Of the links made without asking, the share that is right."""
        return _share(self.right, self.right + self.wrong)

    @property
    def automatic_precision(self) -> float:
        """Of everything decided without asking, "new" included, the share that is right."""
        good = self.right + self.right_new
        return _share(good, good + self.wrong + self.missed)

    @property
    def recall(self) -> float:
        """Of the rows about patients, the share linked or shown to a person, rightly."""
        return _share(self.right + self.asked_rightly, self.known)

    @property
    def review(self) -> float:
        """The share of rows that a person has to look at."""
        return _share(self.asked, self.rows)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def measure(truth: Truth) -> Measured:
    """Match the lists and count."""
    start = time.perf_counter()
    decided = match_lists(truth.records, truth.patients)
    measured = Measured(len(decided), seconds=time.perf_counter() - start)
    ids = {patient.id for patient in truth.patients}
    for at, matched in enumerate(decided):
        _count(measured, matched, truth.who[at], ids, truth.errors[at])
    _count_twins(measured, decided, truth.who)
    measured.blocking = blocking_recall(truth)
    return measured


def _count(
    measured: Measured, matched: Matched, person: int, ids: set[int], errors: set[str]
) -> None:
    is_known = person in ids
    measured.known += is_known
    shown = [candidate.patient_id for candidate in matched.candidates]
    if matched.decision is Decision.SAME:
        measured.right += shown[0] == person
        measured.wrong += shown[0] != person
    elif matched.decision is Decision.ASK:
        measured.asked += 1
        measured.asked_rightly += is_known and person in shown
        first = matched.candidates[0].reasons[0].code
        measured.asked_by[first if first.startswith("only_ask") else "not certain enough"] += 1
    else:
        measured.right_new += not is_known
        measured.missed += is_known
        if is_known:
            measured.missed_by.update(errors or {"no error"})


def _count_twins(measured: Measured, decided: Sequence[Matched], who: Sequence[int]) -> None:
    seen: set[int] = set()
    for matched, person in zip(decided, who, strict=True):
        measured.twins += person in seen
        seen.add(person)
        if matched.twin is not None:
            right = who[matched.twin] == person
            measured.right_twins += right
            measured.wrong_twins += not right


def blocking_recall(truth: Truth) -> float:
    """Return the share of rows about patients that are compared with the right one at all."""
    reader, keys = Reader(), Keys()
    index = Index([reader.read(patient.record) for patient in truth.patients], keys)
    position = {patient.id: at for at, patient in enumerate(truth.patients)}
    known = found = 0
    for record, person in zip(truth.records, truth.who, strict=True):
        if person in position:
            strong, weak = index.candidates(reader.read(record))
            known += 1
            found += position[person] in strong or position[person] in weak
    return _share(found, known)
