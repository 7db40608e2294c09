"""Looking through the plan of an import, deciding what it cannot, and forgetting what lists said.

Not here: how plans are made (`practice.use_cases.import_plans`), applied, and taken back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.errors import Conflict, Invalid
from practice.imports import (
    FIELDS,
    KEPT,
    Choice,
    Difference,
    Import,
    ImportRow,
    ImportState,
    RowVerdict,
    differences,
)
from practice.use_cases.import_keys import decision_key
from practice.use_cases.import_people import found_to_be
from practice.use_cases.import_work import refuse_held

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from practice.imports import Candidate
    from practice.patients import Patient
    from practice.ports import UnitOfWork

__all__ = [
    "Beside",
    "Counts",
    "ShownRow",
    "counts_of",
    "decide",
    "decide_all",
    "forget",
    "forget_old",
    "remove_import",
    "row_of",
    "rows_shown",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by verdict; of those to ask about the ones that wait; rows that were applied."""

    by_verdict: Mapping[RowVerdict, int]
    waiting: int
    applied: int


@dataclass(frozen=True, slots=True)
class Beside:
    """A candidate, the patient as the practice knows it, and what the list tells otherwise."""

    candidate: Candidate
    patient: Patient
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row, beside the patients whom it may be about; those erased meanwhile are left out."""

    row: ImportRow
    beside: tuple[Beside, ...]


def counts_of(uow: UnitOfWork, import_id: int) -> Counts:
    """Count the rows of a plan."""
    verdicts: Counter[RowVerdict] = Counter(dict.fromkeys(RowVerdict, 0))
    waiting = applied = 0
    for (verdict, choice, done), times in uow.imports.count(import_id).items():
        verdicts[verdict] += times
        applied += times * done
        if verdict is RowVerdict.ASK and choice is Choice.NONE and not done:
            waiting += times
    return Counts(verdicts, waiting, applied)


def rows_shown(
    uow: UnitOfWork, import_id: int, after: int, limit: int, verdict: RowVerdict | None = None
) -> list[ShownRow]:
    """Return rows by line, those after one, each beside its candidates. Raises ImportNotFound."""
    uow.imports.get(import_id)
    return _shown(uow, uow.imports.rows(import_id, after, limit, verdict))


def row_of(uow: UnitOfWork, import_id: int, line: int) -> ShownRow:
    """Return one row beside its candidates; raises ImportNotFound."""
    return _shown(uow, [uow.imports.row(import_id, line)])[0]


def _shown(uow: UnitOfWork, rows: Sequence[ImportRow]) -> list[ShownRow]:
    ids = {one.patient_id for row in rows for one in row.candidates}
    people = found_to_be(uow, ids)
    found = []
    for row in rows:
        beside = tuple(
            Beside(one, there, differences(there.record, row.record) if row.record else ())
            for one in row.candidates
            if (there := people.get(one.patient_id)) is not None
        )
        found.append(ShownRow(row, beside))
    return found


def decide(
    uow: UnitOfWork,
    import_id: int,
    line: int,
    decision: Choice,
    patient_id: int | None = None,
    take: Collection[str] | None = None,
) -> ShownRow:
    """Decide who a row is about; it is applied with the next application of the import.

    LINK takes a patient, or whom the plan has for it; `take` are fields of which the list's value
    is to be taken though the practice has another. The decision holds for the same row of another
    list, too. NONE takes it back. Raises ImportNotFound, Invalid, or Conflict once it is applied.
    """
    _refuse(uow.imports.get(import_id).seen_at(uow.now))
    row = uow.imports.row(import_id, line)
    if row.record is None:
        raise Conflict("Nothing can be decided of this row: what it says could not be read.")
    if row.done is not None:
        raise Conflict("This row is applied already.")
    if take is not None and not set(take) <= set(FIELDS):
        raise Invalid(f"What can be taken is: {', '.join(FIELDS)}.")
    if decision is not Choice.LINK and (take is not None or patient_id is not None):
        raise Conflict("Patient and fields are told with a link alone.")
    changed = replace(
        row,
        decision=decision,
        patient_id=_chosen(uow, row, decision, patient_id),
        take=None if take is None else frozenset(take),
        decided_by="" if decision is Choice.NONE else uow.actor.name,
    )
    uow.imports.save_rows(import_id, [changed])
    _remember(uow, changed)
    told = {"line": line, "decision": str(decision), "patient": changed.patient_id}
    uow.acts.note("decided", Kind.IMPORT, import_id, None, told | {"take": sorted(take or ())})
    return _shown(uow, [changed])[0]


def decide_all(
    uow: UnitOfWork, import_id: int, lines: Collection[int], decision: Choice
) -> list[ShownRow]:
    """Decide the same of several rows: LINK is with the likeliest patient of each."""
    found = []
    for line in sorted(set(lines)):
        row = uow.imports.row(import_id, line)
        likeliest = row.candidates[0].patient_id if row.candidates else None
        one = likeliest if decision is Choice.LINK else None
        found.append(decide(uow, import_id, line, decision, one))
    return found


def _refuse(found: Import) -> None:
    refuse_held(found)
    if found.state not in {ImportState.PLANNED, ImportState.APPLIED} or found.is_forgotten:
        raise Conflict("Nothing can be decided of this import.")


def _chosen(
    uow: UnitOfWork, row: ImportRow, decision: Choice, patient_id: int | None
) -> int | None:
    likeliest = row.candidates[0].patient_id if row.candidates else None
    if decision is Choice.NONE:
        return likeliest if row.verdict in {RowVerdict.SAME, RowVerdict.UPDATE} else None
    if decision is not Choice.LINK:
        return None
    wanted = patient_id or row.patient_id
    there = found_to_be(uow, [wanted]).get(wanted) if wanted else None
    if there is None:
        sentence = "There is no such patient." if wanted else "Say which patient the row is about."
        raise Conflict(sentence)
    return there.id


def _remember(uow: UnitOfWork, row: ImportRow) -> None:
    """Keep what was decided of a row for the next list; a new patient is known once it is made."""
    if row.record is None:
        return
    key = decision_key(uow.secret, row.record)
    if row.decision in {Choice.LINK, Choice.SKIP}:
        uow.imports.decide({key: (row.patient_id, uow.actor.name)})
    else:
        uow.imports.forget_decisions([key])


def remove_import(uow: UnitOfWork, import_id: int) -> None:
    """Remove an import and its rows; patients stay. Raises ImportNotFound or Conflict."""
    found = uow.imports.get(import_id).seen_at(uow.now)
    if found.state is ImportState.READING:
        raise Conflict("The list is still being read.")
    refuse_held(found)
    uow.imports.remove(import_id)
    uow.acts.note("removed", Kind.IMPORT, import_id, {"state": str(found.state)}, None)


def forget(uow: UnitOfWork, before: datetime) -> int:
    """Erase what lists said that were imported before a moment; return how many lists.

    They can be neither applied nor taken back from then on.
    """
    return uow.imports.forget(before)


def forget_old(uow: UnitOfWork) -> int:
    """Erase what lists said that are older than the time for which that is kept."""
    return forget(uow, uow.now - KEPT)
