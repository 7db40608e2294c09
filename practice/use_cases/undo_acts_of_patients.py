"""How acts on patients are taken back: made, changed, linked, kept for the law.

Not here: whether one may be (`practice.use_cases.undo_acts`), and what imports did to patients
(`practice.use_cases.import_undoing`).
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from practice.errors import StillNeeded
from practice.patients import PatientRecord
from practice.use_cases import patient_records as records
from practice.use_cases.erasure import delete
from practice.use_cases.ways_back import told_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from practice.acts import Act
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.use_cases.ways_back import Told

__all__ = ["WaysOfPatients"]

#: A link has its own way, and the number is told beside the record.
_RECORD = frozenset(one.name for one in fields(PatientRecord)) - {"booking_system_id", "number"}
_BACK = "changed back"


class WaysOfPatients:
    """The ways back of patients (see `Ways`)."""

    actions = frozenset({"created", "changed", "linked", "unlinked", "held", "released"})

    def told(self, act: Act) -> tuple[Told, Told]:
        """See `Ways`."""
        return told_of(act)

    def now(self, uow: UnitOfWork, act: Act) -> Told:
        """See `Ways`."""
        patient = _patient(uow, act)
        return records.as_told(patient) if patient else None

    def take_back(self, uow: UnitOfWork, act: Act, before: Told) -> str:
        """See `Ways`."""
        patient = _patient(uow, act)
        assert patient is not None  # noqa: S101 - somebody has looked
        if before is None:
            return _remove(uow, patient)
        if patient.merged_into is not None:
            raise StillNeeded("The patient was found to be another one since.")
        return _WAYS[act.action](uow, patient, before)


def _patient(uow: UnitOfWork, act: Act) -> Patient | None:
    return uow.patients.get([int(act.of)]).get(int(act.of))


def _remove(uow: UnitOfWork, patient: Patient) -> str:
    if uow.patients_in_bulk.referred_to([patient.id], 0):
        raise StillNeeded("The patient has appointments, or something else hangs on it.")
    delete(uow, patient)
    return "removed"


def _change(uow: UnitOfWork, patient: Patient, before: Mapping[str, Any]) -> str:
    told = {name: before[name] for name in before if name in _RECORD}
    number = before.get("number", patient.number)
    reminders = patient.reminders
    if "reminders" in before:
        at = before["reminders"]
        reminders = datetime.fromisoformat(at) if at else None
    wanted = replace(
        patient,
        number=number,
        record=replace(patient.record, **told, number=number),
        language=before.get("language", patient.language),
        reminders=reminders,
        to_review=before.get("to_review", patient.to_review),
    )
    records.change(uow, patient, wanted)
    return _BACK


def _link(uow: UnitOfWork, patient: Patient, before: Mapping[str, Any]) -> str:
    known = before["booking_system_id"]
    if known is None:
        records.unlink(uow, patient)
        return "unlinked"
    records.link(uow, patient, known)
    return "linked again"


def _hold(uow: UnitOfWork, patient: Patient, before: Mapping[str, Any]) -> str:
    until = before.get("held_until", patient.held_until)
    if not until:
        records.clear_hold(uow, patient)
        return "released"
    records.hold(uow, patient, until, before.get("held_why", patient.held_why))
    return "held again"


_WAYS: Mapping[str, Callable[[UnitOfWork, Patient, Mapping[str, Any]], str]] = {
    "changed": _change,
    "linked": _link,
    "unlinked": _link,
    "held": _hold,
    "released": _hold,
}
