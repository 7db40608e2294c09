"""Taking an import back: patients it made are removed, those it changed are as they were before.

As far as nobody has gone on with them meanwhile: what cannot be taken back is told, and stays. Not
here: how an import is applied (`practice.use_cases.import_applying`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.errors import Conflict
from practice.imports import Import, ImportRow, ImportState, values_of
from practice.use_cases.import_people import found_to_be, touch_renamed
from practice.use_cases.import_work import STEP, Hold, left
from practice.use_cases.patient_records import held

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from practice.imports import Done
    from practice.patients import Patient
    from practice.ports import UnitOfWork

__all__ = ["Kept", "TakingBack", "Undone", "Why", "undo"]

#: Lines are smaller.
_BEHIND_ALL = 2**31 - 1


class Why(StrEnum):
    """Why something of an import could not be taken back."""

    CHANGED_SINCE = "changed_since"
    HAS_MORE = "has_appointments_or_more"
    HELD_BY_LAW = "held_by_law"
    GONE = "patient_gone"


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that stays as it was applied, and why."""

    line: int
    patient_id: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of it: patients removed and restored, and what was not taken back."""

    of: Import
    removed: int
    restored: int
    kept: tuple[Kept, ...]


def undo(uow: UnitOfWork, import_id: int) -> Undone:
    """Take back what an import did to patients, all in this unit of work; raises ImportNotFound or
    Conflict.
    """
    taking_back = TakingBack(import_id)
    while (done := taking_back.step(uow)) is None:
        pass
    return done


class TakingBack:
    """What `undo` does, in steps (`practice.use_cases.import_work`)."""

    def __init__(self, import_id: int) -> None:
        self.import_id = import_id
        self.hold = Hold(ImportState.UNDOING)
        self._before = _BEHIND_ALL
        # Patients whose later rows stay: what earlier rows did to them stays, too.
        self._stuck: set[int] = set()
        self._removed = 0
        self._restored = 0
        self._kept: list[Kept] = []

    def step(self, uow: UnitOfWork, most: int = STEP) -> Undone | None:
        """Take back the next rows; see Work."""
        found = self.hold.taken(uow, self.import_id)
        _refuse(found)
        if not self.hold.rows:
            counts = uow.imports.count(self.import_id).items()
            self.hold.total = sum(times for (_, _, done), times in counts if done)
        undoing, looked_at = _Undoing(uow, self.import_id, self._stuck), 0
        while looked_at < most:
            rows = uow.imports.done_rows(self.import_id, self._before)
            if not rows:
                break
            undoing.take(rows)
            self._before, looked_at = rows[-1].line, looked_at + len(rows)
        self.hold.rows += looked_at
        self._removed += undoing.removed
        self._restored += undoing.restored
        self._kept += undoing.kept
        if rows:
            self.hold.keep(uow, found, found.told)
            return None
        return self._ended(uow, found)

    def _ended(self, uow: UnitOfWork, found: Import) -> Undone:
        removed, restored, kept = self._removed, self._restored, tuple(self._kept)
        counts = {"removed": removed, "restored": restored, "kept": len(kept)}
        found = left(found, ImportState.UNDONE)
        found = replace(found, told={**found.told, "undone": counts})
        uow.imports.save(found)
        uow.acts.note("taken back", Kind.IMPORT, self.import_id, None, counts)
        return Undone(found, removed, restored, kept)


def _refuse(found: Import) -> None:
    if found.is_forgotten:
        raise Conflict("What this list changed is not kept any more.")
    if found.state not in {ImportState.APPLIED, ImportState.UNDOING}:
        raise Conflict("This import was not applied.")


class _Undoing:
    def __init__(self, uow: UnitOfWork, import_id: int, stuck: set[int]) -> None:
        self._uow = uow
        self._import_id = import_id
        self._stuck = stuck
        self.removed = 0
        self.restored = 0
        self.kept: list[Kept] = []

    def take(self, rows: Sequence[ImportRow]) -> None:
        """Take back some rows, the last line first."""
        ids = {row.patient_id for row in rows if row.patient_id is not None}
        before = found_to_be(self._uow, ids)
        made = {row.patient_id for row in rows if row.done and row.done.made}
        needed = self._uow.patients_in_bulk.referred_to(
            [one for one in made if one is not None], self._import_id
        )
        now: dict[int, Patient] = {}
        gone: dict[int, Patient] = {}
        freed: list[ImportRow] = []
        for row in rows:
            why = self._step(row, before, now, gone, needed)
            if why is None:
                freed.append(row)
            else:
                self._stuck.add(row.patient_id or 0)
                self.kept.append(Kept(row.line, row.patient_id, why))
        self._store(before, now, gone)
        self._uow.imports.save_rows(self._import_id, [_freed(row, gone) for row in freed])

    def _step(
        self,
        row: ImportRow,
        before: Mapping[int, Patient],
        now: dict[int, Patient],
        gone: dict[int, Patient],
        needed: set[int],
    ) -> Why | None:
        """Take back one row, in memory; return why not, if not."""
        done, one = row.done, row.patient_id
        if done is None or one is None or before.get(one) is None or before[one].id != one:
            return Why.GONE
        if not done.made and not done.after:
            return None
        is_now = now.get(one, before[one])
        if one in self._stuck or not _stands(is_now, done):
            return Why.CHANGED_SINCE
        if not done.made:
            now[one] = _restored(is_now, done)
        elif held(is_now, self._uow.now.date()):
            return Why.HELD_BY_LAW
        elif one in needed:
            return Why.HAS_MORE
        else:
            now.pop(one, None)
            gone[one] = before[one]
        return None

    def _store(
        self, before: Mapping[int, Patient], now: Mapping[int, Patient], gone: Mapping[int, Patient]
    ) -> None:
        uow = self._uow
        changed = [(before[one], is_now) for one, is_now in now.items()]
        uow.patients_in_bulk.change([is_now for _, is_now in changed])
        touch_renamed(uow, changed)
        told = [
            (was.id, values_of(was.record), values_of(is_now.record)) for was, is_now in changed
        ]
        uow.acts.note_all("import taken back", Kind.PATIENT, told)
        uow.acts.note_all(
            "import taken back",
            Kind.PATIENT,
            [(one.id, values_of(one.record), None) for one in gone.values()],
        )
        uow.patients_in_bulk.remove(gone)
        self.restored += len(changed)
        self.removed += len(gone)


def _stands(patient: Patient, done: Done) -> bool:
    """Tell whether a patient still says what a row made it say."""
    values = values_of(patient.record)
    # A row that told no number made a patient with one that was given out, or that a twin told.
    told = {name: value for name, value in done.after.items() if name != "number" or value}
    return all((values[name] or "") == (value or "") for name, value in told.items())


def _restored(patient: Patient, done: Done) -> Patient:
    before = {name: value for name, value in done.before.items() if name != "number" or value}
    record = replace(patient.record, **before)  # type: ignore[arg-type]
    review = patient.to_review or "number" in before
    return replace(patient, record=record, number=record.number, to_review=review)


def _freed(row: ImportRow, gone: Mapping[int, Patient]) -> ImportRow:
    is_gone = row.patient_id in gone
    return replace(row, done=None, patient_id=None if is_gone else row.patient_id)
