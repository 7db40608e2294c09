"""Making the plan of an import: who each row of a list is about. Changes no patient.

In steps, because judging a long list takes a while in which others want to write: what is known is
read, the list is judged without a transaction (`judged`), and the plan is kept. `plan` is all of it
in one. Not here: what is done about it (`practice.use_cases.import_applying`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from practice.acts import Kind
from practice.imports import (
    FIELDS,
    Candidate,
    Choice,
    Import,
    ImportRow,
    ImportState,
    ListRow,
    RowVerdict,
    Warned,
    differences,
    email_differs,
    taken_over,
)
from practice.matching.lists import Decision, match_lists
from practice.patient_checks import LONGEST
from practice.patients import Patient
from practice.use_cases.import_keys import decision_key
from practice.use_cases.import_starts import begin_import, lease, reading_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from practice.matching.lists import Matched
    from practice.patients import PatientRecord
    from practice.ports import UnitOfWork

__all__ = [
    "Known",
    "finish",
    "judged",
    "keep_rows",
    "known_of",
    "plan",
]

Progress: TypeAlias = "Callable[[int, int], None]"


@dataclass(frozen=True, slots=True)
class Known:
    """What the practice knows when a list is judged.

    `patients` are those who are nobody else; `leads` says who the others were found to be, by id.
    `decided` is whom rows were decided to be about, by key, and by whom.
    """

    secret: bytes = field(repr=False)
    patients: Sequence[Patient]
    numbers: Mapping[str, Patient]
    tool_ids: Mapping[str, Patient]
    leads: Mapping[int, int]
    decided: Mapping[str, tuple[int | None, str]]


def plan(
    uow: UnitOfWork,
    name: str,
    source: str,
    rows: Iterable[ListRow],
    progress: Progress | None = None,
    told: Mapping[str, Any] | None = None,
) -> Import:
    """Judge every row of a list against all patients and its twins in the list, and keep the plan.

    `source` says where it is from: "file", or the name of a booking tool. `told` is what else is to
    be known of it, as JSON. Nothing but the plan is stored.
    """
    made = begin_import(uow, name, source)
    listed = [fitting(row) for row in rows]
    known = known_of(uow, listed)
    keep_rows(uow, made.id, judged(listed, known, progress))
    return finish(uow, made.id, told or {})


def known_of(uow: UnitOfWork, rows: Sequence[ListRow]) -> Known:
    """Return what is known, in one snapshot, for judging these rows."""
    everybody = list(uow.patients_in_bulk.all())
    by_id = {one.id: one for one in everybody}
    leads = {one.id: _found_to_be(one, by_id) for one in everybody if one.merged_into is not None}
    numbers: dict[str, Patient] = {}
    tool_ids: dict[str, Patient] = {}
    for one in everybody:
        is_now = by_id[leads.get(one.id, one.id)]
        numbers[one.number] = is_now
        if one.record.booking_system_id:
            tool_ids.setdefault(one.record.booking_system_id, is_now)
    keys = {decision_key(uow.secret, row.record) for row in rows if row.record is not None}
    return Known(
        secret=uow.secret,
        patients=[one for one in everybody if one.id not in leads],
        numbers=numbers,
        tool_ids=tool_ids,
        leads=leads,
        decided=uow.imports.decided(keys),
    )


def _found_to_be(one: Patient, by_id: Mapping[int, Patient]) -> int:
    while one.merged_into is not None and one.merged_into in by_id:
        one = by_id[one.merged_into]
    return one.id


def fitting(row: ListRow) -> ListRow:
    """Return a row whose values can be stored; what cannot stays among what else it tells."""
    if row.record is None:
        return row
    record, more, doubts = row.record, dict(row.more), list(row.doubts)
    values: dict[str, str] = {}
    for name in FIELDS:
        told = getattr(record, name) or ""
        clean = told if told.isprintable() else "".join(c if c.isprintable() else " " for c in told)
        if len(clean) > LONGEST[name]:
            more.setdefault(name, clean[:1000])
            doubts.append(f"too_long:{name}")
            clean = ""
        if clean != told:
            values[name] = " ".join(clean.split())
    if not values:
        return row
    if not values.get("last_name", record.last_name):
        return replace(row, record=None, more=more, doubts=tuple(doubts))
    return replace(row, record=replace(record, **values), more=more, doubts=tuple(doubts))


def keep_rows(uow: UnitOfWork, import_id: int, rows: Sequence[ImportRow]) -> None:
    """Store rows of a plan that is being made; raises Conflict if it is not any more."""
    found = reading_of(uow, import_id)
    uow.imports.add_rows(import_id, rows)
    told = {**found.told, "due": lease(uow), **_doubtful(found, rows)}
    uow.imports.save(replace(found, told=told))


def _doubtful(of: Import, rows: Sequence[ImportRow] = ()) -> dict[str, int]:
    """Return how many rows have a doubt, with more of them."""
    more = sum(1 for row in rows if row.listed and row.listed.doubts)
    return {"doubtful": of.told.get("doubtful", 0) + more}


def finish(uow: UnitOfWork, import_id: int, told: Mapping[str, Any]) -> Import:
    """Store that the plan is complete."""
    found = reading_of(uow, import_id)
    counts: Counter[str] = Counter()
    for (verdict, _, _), times in uow.imports.count(import_id).items():
        counts[verdict] += times
    total = sum(counts.values())
    whole = {**told, "done": total, "total": total, "counts": dict(counts), **_doubtful(found)}
    done = replace(found, state=ImportState.PLANNED, told=whole)
    uow.imports.save(done)
    uow.acts.note("planned", Kind.IMPORT, import_id, None, dict(counts))
    return done


# --- Judging ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Row:
    """A row on its way to a verdict: `patient` is whom it is about, if anybody known."""

    listed: ListRow
    record: PatientRecord
    patient: Patient | None = None
    asked: bool = False
    decision: Choice = Choice.NONE
    decided_by: str = ""
    candidates: tuple[Candidate, ...] = ()
    warnings: list[str] = field(default_factory=list)
    twin: int | None = None

    @property
    def is_new(self) -> bool:
        return self.patient is None and not self.asked and self.decision is not Choice.SKIP


def judged(
    rows: Sequence[ListRow], known: Known, progress: Progress | None = None
) -> list[ImportRow]:
    """Return the plan of a list, in its order. Asks nobody; `progress` hears rows done, and all."""
    listed = [fitting(row) for row in rows]
    told = [(row, row.record) for row in listed if row.record is not None]
    records = [_as_of_today(record, known) for _, record in told]
    matched = match_lists(records, known.patients, progress)
    by_id = {one.id: one for one in known.patients}
    judging = [
        _first_look(_Row(row, record), match, known, by_id)
        for (row, record), match in zip(told, matched, strict=True)
    ]
    for group in _groups(matched):
        if len(group) > 1:
            _look_together([judging[at] for at in group])
    seen: dict[int, Patient] = {}
    found = [ImportRow(r.line, r, RowVerdict.UNREADABLE) for r in listed if r.record is None]
    found += [_told(row, seen) for row in judging]
    return sorted(found, key=lambda row: row.line)


def _as_of_today(record: PatientRecord, known: Known) -> PatientRecord:
    """Return a record by which somebody who was found to be another is that one."""
    values: dict[str, str] = {}
    there = known.numbers.get(record.number)
    if there is not None and there.number != record.number:
        values["number"] = there.number
    linked = known.tool_ids.get(record.booking_system_id or "")
    if linked is not None and linked.record.booking_system_id != record.booking_system_id:
        values |= {"booking_system_id": ""}
        if not record.number:
            values["number"] = linked.number
    return replace(record, **values) if values else record


def _first_look(row: _Row, match: Matched, known: Known, by_id: Mapping[int, Patient]) -> _Row:
    """Judge a row alone."""
    row.candidates = tuple(
        Candidate(one.patient_id, round(one.probability, 4), tuple(r.code for r in one.reasons))
        for one in match.candidates
    )
    answer = known.decided.get(decision_key(known.secret, row.record))
    if answer is not None:
        patient_id, row.decided_by = answer
        row.decision = Choice.SKIP if patient_id is None else Choice.LINK
        if patient_id is not None:
            row.patient = by_id[known.leads.get(patient_id, patient_id)]
            row.candidates = (Candidate(row.patient.id, 1.0, ("decided:before",)),)
    elif match.decision is Decision.SAME:
        row.patient = by_id[match.candidates[0].patient_id]
        row.candidates = row.candidates[:1]
    row.asked = answer is None and match.decision is Decision.ASK
    _warn(row, known, by_id)
    return row


def _warn(row: _Row, known: Known, by_id: Mapping[int, Patient]) -> None:
    """Note what a person should know; a new link between different e-mails waits for one."""
    about = row.patient
    if about is None:
        if row.asked and email_differs(by_id[row.candidates[0].patient_id].record, row.record):
            row.warnings.append(Warned.DIFFERENT_EMAIL)
        return
    told, linked = row.record.booking_system_id, about.record.booking_system_id
    whose = known.tool_ids.get(told) if told else None
    if told and whose is not None and whose.id != about.id:
        row.warnings.append(Warned.BOOKING_ID_TAKEN)
    elif told and linked and whose is None:
        row.warnings.append(Warned.LINKED_OTHERWISE)
    if email_differs(about.record, row.record):
        row.warnings.append(Warned.DIFFERENT_EMAIL)
        if told and whose is None and not linked and not row.decision:
            row.patient, row.asked = None, True


def _groups(matched: Sequence[Matched]) -> Iterable[list[int]]:
    """Return the positions of rows that are about one person, together."""
    first: list[int] = []
    groups: dict[int, list[int]] = defaultdict(list)
    for at, match in enumerate(matched):
        first.append(at if match.twin is None else first[match.twin])
        groups[first[at]].append(at)
    return groups.values()


def _look_together(group: Sequence[_Row]) -> None:
    """Judge rows of one person together: what one of them is, those are that alone are new."""
    for row in group[1:]:
        row.twin = group[0].listed.line
    people = {row.patient.id: row.patient for row in group if row.patient is not None}
    asked = next((row for row in group if row.asked), None)
    for row in group:
        if not row.is_new:
            continue
        if len(people) == 1:
            row.patient = next(iter(people.values()))
            row.candidates = (Candidate(row.patient.id, 1.0, ("twin:same",)),)
        elif people:
            row.asked = True
            row.candidates = tuple(Candidate(one, 0.5, ("twin:same",)) for one in sorted(people))
            row.warnings.append(Warned.TWINS_DIFFER)
        elif asked is not None:
            row.asked, row.candidates = True, asked.candidates
            row.warnings.append(Warned.TWIN_IS_ASKED)


def _told(row: _Row, seen: dict[int, Patient]) -> ImportRow:
    """Return the verdict over a row. `seen` are patients as earlier rows leave them, by id; new
    ones by their line, below 0.
    """
    verdict = RowVerdict.ASK if row.asked or row.candidates else RowVerdict.NEW
    if not row.asked and row.decision is not Choice.SKIP:
        key = row.patient.id if row.patient else -(row.twin or row.listed.line)
        before = seen.get(key, row.patient)
        if before is None:
            verdict, seen[key] = RowVerdict.NEW, Patient("", row.record)
        else:
            seen[key] = taken_over(before, row.record)
            news = seen[key] != before or (
                not row.decision and bool(differences(before.record, row.record))
            )
            verdict = RowVerdict.UPDATE if news else RowVerdict.SAME
    return ImportRow(
        line=row.listed.line,
        listed=row.listed,
        verdict=verdict,
        patient_id=row.patient.id if row.patient else None,
        candidates=row.candidates,
        warnings=tuple(row.warnings),
        twin=row.twin,
        decision=row.decision,
        decided_by=row.decided_by,
    )
