"""Finding the patients that bookings are for, many at a time; new ones are flagged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.matching import judge, match_key
from practice.patients import Patient, PatientRecord, VerdictKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from practice.ports import UnitOfWork

__all__ = ["Register"]

_FILLED_IN = ("email", "phone", "insurance", "birth_date")


class Register:
    """The patients that a batch of records may be about: one statement for all of them."""

    def __init__(self, uow: UnitOfWork, records: Sequence[PatientRecord]) -> None:
        self._uow = uow
        self._by: dict[str, dict[int, Patient]] = {}
        for patient in uow.patients.candidates(records):
            self._keep(patient)

    def patient_for(self, record: PatientRecord) -> Patient:
        """Return the one certain patient, else a new one.

        What the practice knows already stays; what it did not know is filled in. A patient made
        without the practice's own number is flagged, for a person to look at.
        """
        candidates = {
            patient.id: patient
            for key in _keys(record)
            for patient in self._by.get(key, {}).values()
        }
        verdict = judge(record, list(candidates.values()))
        known = verdict.patient
        if known is None:
            ambiguous = verdict.kind is VerdictKind.AMBIGUOUS
            number = "" if ambiguous else record.number
            return self._save(Patient(number, record, to_review=not number))
        missing = {
            name: getattr(record, name) for name in _FILLED_IN if not getattr(known.record, name)
        }
        filled = replace(known, record=replace(known.record, **missing))
        return known if filled == known else self._save(filled)

    def _save(self, patient: Patient) -> Patient:
        saved = self._uow.patients.save(patient)
        self._keep(saved)
        return saved

    def _keep(self, patient: Patient) -> None:
        for key in _keys(patient.record):
            self._by.setdefault(key, {})[patient.id] = patient


def _keys(record: PatientRecord) -> Iterable[str]:
    if record.number:
        yield f"number:{record.number}"
    if record.booking_system_id:
        yield f"tool:{record.booking_system_id}"
    if key := match_key(record):
        yield f"match:{key}"
