"""A whole list against all patients: who is known, who is new, and what a person has to decide.

Not here: what is done about it. Nothing is changed or stored.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.matching.birth_dates import BirthDates, compare_births
from practice.matching.blocking import Index, Keys
from practice.matching.estimating import estimate
from practice.matching.model import chances, levels_of
from practice.matching.scoring import CERTAIN, Reason, certainly, doubt, explained, probability
from practice.matching.traits import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from practice.matching.model import Model
    from practice.matching.traits import Traits
    from practice.patients import Patient, PatientRecord

__all__ = ["ASK", "SAME", "Candidate", "Decision", "Matched", "match_lists"]

#: From here on it is one person, from here on a person is asked.
SAME = 0.98
ASK = 0.2
#: What is less probable is not shown.
_SHOWN = 0.05
_MOST_SHOWN = 5
#: Bits by which one of two rows has to fit better to be taken without asking.
_FAR = 12.0
_STEP = 250


class Decision(StrEnum):
    """What is to be done about a record."""

    SAME = "same"
    ASK = "ask"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient whom the record may be about, how probably, and why."""

    patient_id: int
    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """The decision about one record.

    `candidates` are ordered, the likeliest first; with SAME the first is the patient. `twin` is
    the index of an earlier record of the list that is the same person.
    """

    decision: Decision
    candidates: tuple[Candidate, ...] = ()
    twin: int | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A candidate by its position. `certain`: by number or booking id. `only_ask`: see scoring."""

    at: int
    probability: float
    reasons: tuple[Reason, ...]
    certain: str = ""
    only_ask: bool = False
    born: BirthDates = BirthDates.MISSING

    @property
    def weight(self) -> float:
        return sum(reason.weight for reason in self.reasons)


def match_lists(
    records: Sequence[PatientRecord],
    patients: Sequence[Patient],
    progress: Callable[[int, int], None] | None = None,
) -> list[Matched]:
    """Decide about every record of a list; the answer has the list's order.

    Time and memory grow with the length of both lists, not with their product. `progress` is
    called with the number of records done and of all. Never raises, whatever the texts are.
    """
    reader, keys = Reader(), Keys()
    told = [reader.read(record) for record in records]
    numbers = {record.number for record in records}
    known = [reader.read(_of(patient, numbers)) for patient in patients]
    index = Index(known, keys)
    model = estimate(told, known, index)
    among = Index(told, keys)
    # Two rows about one person are rarer than a row about a patient.
    of_rows = replace(model, patients=len(told), known=0.05, relatives=model.relatives / 2)
    found: list[Matched] = []
    for at, traits in enumerate(told):
        candidates = _candidates(traits, index, known, model, len(known))
        shown = tuple(
            Candidate(patients[one.at].id, one.probability, one.reasons)
            for one in candidates[:_MOST_SHOWN]
        )
        twin = _twin(_candidates(traits, among, told, of_rows, at))
        found.append(Matched(_decided(candidates), shown, twin))
        if progress is not None and (at % _STEP == _STEP - 1 or at + 1 == len(told)):
            progress(at + 1, len(told))
    return _one_each(found)


def _of(patient: Patient, told: AbstractSet[str]) -> PatientRecord:
    """Return what is known of a patient; a number made for a booking contradicts nobody's."""
    ours = patient.to_review and patient.number not in told
    return replace(patient.record, number="" if ours else patient.number)


def _candidates(
    traits: Traits, index: Index, among: Sequence[Traits], model: Model, before: int
) -> list[_Found]:
    """Return who a record may be about, the likeliest first, of those at a position `before`."""
    strong, weak = index.candidates(traits)
    certain = [
        _Found(at, 1.0, (Reason(code, CERTAIN),), certain=code)
        for at in sorted(strong)
        if at < before and (code := certainly(traits, among[at])) is not None
    ]
    if certain:
        # The practice's own number before the tool's id.
        best = max(one.certain for one in certain)
        return [one for one in certain if one.certain == best]
    found = [_scored(at, traits, among[at], model) for at in strong if at < before]
    found += [
        _scored(at, traits, among[at], model)
        for at in weak
        if at < before and compare_births(traits.birth, among[at].birth) is not BirthDates.OTHER
    ]
    shown = [one for one in found if one is not None]
    return sorted(shown, key=lambda one: (-one.probability, -one.weight, one.at))


def _scored(at: int, traits: Traits, other: Traits, model: Model) -> _Found | None:
    levels = levels_of(traits, other, model)
    worth = chances(levels, traits, other, model)
    likely = probability(worth, model)
    if likely < _SHOWN:
        return None
    forbids = doubt(levels, traits, other)
    reasons = explained(levels, worth, forbids)
    return _Found(at, likely, reasons, only_ask=bool(forbids), born=levels.birth_date)


def _decided(candidates: Sequence[_Found]) -> Decision:
    if not candidates or candidates[0].probability < ASK:
        return Decision.NEW
    first, *others = candidates
    if first.certain:
        return Decision.ASK if others else Decision.SAME
    # A father with the same name does not stand against a son whose birth date agrees.
    rivals = [one for one in others if not one.only_ask or one.born is first.born]
    if first.only_ask or any(one.probability >= SAME for one in rivals):
        return Decision.ASK
    # Each was compared as if there were no other.
    odds = [_odds(one.probability) for one in (first, *rivals)]
    return Decision.SAME if odds[0] / (1 + sum(odds)) >= SAME else Decision.ASK


def _odds(likely: float) -> float:
    return likely / max(1 - likely, 1e-12)


def _twin(candidates: Sequence[_Found]) -> int | None:
    """Return the earliest row that is certainly the same person."""
    same = [one.at for one in candidates if one.probability >= SAME and not one.only_ask]
    return min(same, default=None)


def _one_each(found: list[Matched]) -> list[Matched]:
    """Let a person decide where rows that are not one person would become one patient."""
    claims: defaultdict[int, list[int]] = defaultdict(list)
    for at, matched in enumerate(found):
        if matched.decision is Decision.SAME:
            claims[matched.candidates[0].patient_id].append(at)
    first_row = list(range(len(found)))
    for at, matched in enumerate(found):
        if matched.twin is not None:
            first_row[at] = first_row[matched.twin]
    for rows in claims.values():
        if len({first_row[at] for at in rows}) > 1:
            for at in _weaker(rows, found):
                found[at] = _asked(found[at])
    return found


def _weaker(rows: Sequence[int], found: Sequence[Matched]) -> list[int]:
    """Return all rows but the one that fits far better than any other."""
    weights = {at: sum(reason.weight for reason in found[at].candidates[0].reasons) for at in rows}
    open_rows = sorted((at for at in rows if weights[at] < CERTAIN), key=lambda at: -weights[at])
    if len(open_rows) < len(rows):
        return open_rows
    best, second = weights[open_rows[0]], weights[open_rows[1]]
    return open_rows[1:] if best - second >= _FAR else open_rows


def _asked(matched: Matched) -> Matched:
    first, *others = matched.candidates
    why = Reason("only_ask:another_row_fits_too", 0.0)
    asked = replace(first, reasons=(why, *first.reasons))
    return replace(matched, decision=Decision.ASK, candidates=(asked, *others))
