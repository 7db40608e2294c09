"""Applying the plan of an import: patients made and filled in, in the caller's transactions.

Nobody is written to. What waits for a decision is left out, and applied another time. Not here: the
plan (`practice.use_cases.import_plans`), nor how it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.errors import Conflict
from practice.imports import (
    Choice,
    Done,
    Import,
    ImportRow,
    ImportState,
    Policy,
    RowVerdict,
    taken_over,
    values_of,
)
from practice.patients import Patient
from practice.use_cases.import_keys import decision_key
from practice.use_cases.import_people import found_to_be, touch_renamed
from practice.use_cases.import_work import STEP, Hold, left

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from practice.patients import PatientRecord
    from practice.ports import UnitOfWork

__all__ = ["Application", "Applied", "apply"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it this time: patients made and changed; rows that still wait for somebody."""

    of: Import
    made: int
    changed: int
    waiting: int


def apply(uow: UnitOfWork, import_id: int, policy: Policy = Policy.FILL) -> Applied:
    """Do what the plan says and was decided, all in this unit of work; what was done already is not
    done again. Raises ImportNotFound or Conflict.
    """
    application = Application(import_id, policy)
    while (done := application.step(uow)) is None:
        pass
    return done


class Application:
    """What `apply` does, in steps (`practice.use_cases.import_work`)."""

    def __init__(self, import_id: int, policy: Policy = Policy.FILL) -> None:
        self.import_id = import_id
        self.hold = Hold(ImportState.APPLYING)
        self._policy = policy
        self._after = 0
        self._made = 0
        self._changed = 0

    def step(self, uow: UnitOfWork, most: int = STEP) -> Applied | None:
        """Apply the next rows; see Work."""
        found = self.hold.taken(uow, self.import_id)
        _refuse(found)
        if not self.hold.rows:
            self.hold.total = _ahead(uow, self.import_id)
        applying, looked_at = _Applying(uow, self.import_id, self._policy), 0
        while looked_at < most:
            rows = uow.imports.rows(self.import_id, self._after, waiting=True)
            if not rows:
                break
            applying.take(rows)
            self._after, looked_at = rows[-1].line, looked_at + len(rows)
        self.hold.rows += looked_at
        told = {**found.told, "made": found.told.get("made", 0) + applying.made}
        told["changed"] = found.told.get("changed", 0) + applying.changed
        self._made += applying.made
        self._changed += applying.changed
        if rows:
            self.hold.keep(uow, replace(found, applied=uow.now), told)
            return None
        return self._ended(uow, replace(found, told=told))

    def _ended(self, uow: UnitOfWork, found: Import) -> Applied:
        counts = uow.imports.count(self.import_id)
        waiting = counts.get((RowVerdict.ASK, Choice.NONE, False), 0)
        if self._made or self._changed or found.state is not ImportState.APPLIED or found.error:
            found = replace(left(found, ImportState.APPLIED), applied=uow.now)
            uow.imports.save(found)
            said = {"made": self._made, "changed": self._changed, "policy": str(self._policy)}
            uow.acts.note("applied", Kind.IMPORT, self.import_id, None, said)
        return Applied(found, self._made, self._changed, waiting)


def _ahead(uow: UnitOfWork, import_id: int) -> int:
    """Return how many rows are to be looked at."""
    counts = uow.imports.count(import_id).items()
    same = (RowVerdict.SAME, Choice.NONE)
    return sum(times for (*what, done), times in counts if not done and tuple(what) != same)


def _refuse(found: Import) -> None:
    if found.is_forgotten:
        raise Conflict("What this list said is erased; import it again.")
    sentences = {
        ImportState.READING: "The list is still being read.",
        ImportState.FAILED: "The list could not be read.",
        ImportState.UNDONE: "This import was taken back; import the list again.",
    }
    if found.state in sentences:
        raise Conflict(sentences[found.state])


#: Who a row is about: a patient by id, or a new one by the line (below 0) that makes it.
_Who = int


@dataclass(slots=True)
class _Chunk:
    """Rows that are applied together, and their patients as they were and as they become."""

    before: Mapping[int, Patient]
    now: dict[_Who, Patient] = field(default_factory=dict)
    steps: list[tuple[ImportRow, _Who, Done]] = field(default_factory=list)


class _Applying:
    def __init__(self, uow: UnitOfWork, import_id: int, policy: Policy) -> None:
        self._uow = uow
        self._import_id = import_id
        self._policy = policy
        self._lines: dict[int, int] = {}
        self.made = 0
        self.changed = 0

    def take(self, rows: Sequence[ImportRow]) -> None:
        """Apply some rows, in the order of lines, in so many statements however many there are."""
        about = self._about(rows)
        if not about:
            return
        ids = {who for _, _, who in about if who > 0}
        chunk = _Chunk(found_to_be(self._uow, ids))
        owners = self._owners([record for _, record, _ in about])
        for row, record, who in about:
            self._step(chunk, row, record, who, owners)
        self._store(chunk)

    def _about(self, rows: Sequence[ImportRow]) -> list[tuple[ImportRow, PatientRecord, _Who]]:
        """Return the rows to be applied, with who each is about."""
        open_lines = {row.twin for row in rows if row.twin is not None} - self._lines.keys()
        there = self._uow.imports.patients_of(self._import_id, open_lines)
        self._lines |= {line: one for line, one in there.items() if one is not None}
        found = []
        for row in rows:
            record, who = row.record, self._who(row)
            if record is not None and who is not None:
                self._lines[row.line] = who
                found.append((row, record, who))
        return found

    def _who(self, row: ImportRow) -> _Who | None:
        """Return who a row is about; None if there is nothing to do about it."""
        if row.record is None or row.decision is Choice.SKIP:
            return None
        if row.decision is Choice.NEW:
            return -row.line
        twin = None if row.twin is None else self._lines.get(row.twin)
        if row.decision is Choice.LINK or row.patient_id is not None:
            nothing = row.verdict is RowVerdict.SAME and row.take is None
            return None if nothing and not row.decision else row.patient_id
        # Whoever decides about the first of two rows of one person decides about both.
        alone = row.twin is None and row.verdict is not RowVerdict.NEW  # its patient is gone
        if twin is not None or alone or row.verdict is RowVerdict.ASK:
            return twin
        return -row.line

    def _owners(self, records: Sequence[PatientRecord]) -> dict[tuple[str, str], _Who]:
        """Return whose the numbers and ids are that these records tell."""
        numbers = {one.number for one in records if one.number}
        tool_ids = {one.booking_system_id for one in records if one.booking_system_id}
        by_number, by_tool_id = self._uow.patients_in_bulk.taken(numbers, tool_ids)
        owners = {("number", value): one for value, one in by_number.items()}
        return owners | {("booking_system_id", value): one for value, one in by_tool_id.items()}

    def _step(
        self,
        chunk: _Chunk,
        row: ImportRow,
        record: PatientRecord,
        who: _Who,
        owners: dict[tuple[str, str], _Who],
    ) -> None:
        """Take over one row, in memory."""
        if who > 0:
            if who not in chunk.before:
                return  # erased meanwhile
            who = chunk.before[who].id
        mine: dict[str, str] = {
            "number": record.number,
            "booking_system_id": record.booking_system_id or "",
        }
        refused = {name for name, v in mine.items() if v and owners.get((name, v), who) != who}
        was = chunk.now.get(who) or chunk.before.get(who)
        if was is None:
            is_now = _new(record, refused)
            done = Done(made=True, before={}, after=values_of(is_now.record))
        else:
            is_now = taken_over(was, record, row.take, self._policy, refused)
            done = _done(was.record, is_now.record)
        values = values_of(is_now.record)
        owners.update({(name, str(values[name])): who for name in mine if values[name]})
        chunk.now[who] = is_now
        chunk.steps.append((row, who, done))

    def _store(self, chunk: _Chunk) -> None:
        uow = self._uow
        new = [(who, one) for who, one in chunk.now.items() if who < 0]
        made = uow.patients_in_bulk.add([one for _, one in new])
        ids = {who: one.id for (who, _), one in zip(new, made, strict=True)}
        numbers = {who: one.number for (who, _), one in zip(new, made, strict=True)}
        self._lines |= {-who: one for who, one in ids.items()}
        changed = [
            (chunk.before[who], one)
            for who, one in chunk.now.items()
            if who > 0 and one != chunk.before[who]
        ]
        uow.patients_in_bulk.change([one for _, one in changed])
        touch_renamed(uow, changed)
        self._note(made, changed)
        rows = []
        for row, who, step in chunk.steps:
            # A number that was given out; the twin of a row may bring one as well.
            given = step.made and not chunk.now[who].number
            done = replace(step, after={**step.after, "number": numbers[who]}) if given else step
            rows.append(replace(row, patient_id=ids.get(who, who), done=done))
        # Twins that stand in one chunk with the row that makes their patient.
        self._lines |= {row.line: row.patient_id for row in rows if row.patient_id is not None}
        uow.imports.save_rows(self._import_id, rows)
        uow.imports.decide(_decisions(uow, rows))
        self.made += len(made)
        self.changed += len(changed)

    def _note(self, made: Sequence[Patient], changed: Collection[tuple[Patient, Patient]]) -> None:
        told = [(one.id, None, values_of(one.record)) for one in made]
        both = [(was.id, _done(was.record, one.record)) for was, one in changed]
        self._uow.acts.note_all(
            "imported", Kind.PATIENT, [*told, *((one, d.before, d.after) for one, d in both)]
        )


def _new(record: PatientRecord, refused: Collection[str]) -> Patient:
    number = "" if "number" in refused else record.number
    tool_id = None if "booking_system_id" in refused else record.booking_system_id or None
    kept = replace(record, number=number, booking_system_id=tool_id)
    # As one made from a booking: the number that we give out is not the practice's own.
    return Patient(number, kept, to_review=not number)


def _done(was: PatientRecord, is_now: PatientRecord) -> Done:
    before, after = values_of(was), values_of(is_now)
    names = [name for name in after if after[name] != before[name]]
    return Done(
        False, {name: before[name] for name in names}, {name: after[name] for name in names}
    )


def _decisions(uow: UnitOfWork, rows: Sequence[ImportRow]) -> Mapping[str, tuple[int | None, str]]:
    """Return whom rows became: the same file again is about these, however little it says."""
    return {
        decision_key(uow.secret, row.record): (row.patient_id, row.decided_by or uow.actor.name)
        for row in rows
        if row.record is not None and _is_open(row)
    }


def _is_open(row: ImportRow) -> bool:
    """Tell whether nothing but a decision says for certain whom a row is about."""
    return bool(row.decision) or row.verdict is RowVerdict.NEW or row.twin is not None
