"""Finding the patients that bookings are for, many at a time, and keeping them; new ones are
flagged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.disguise import pseudonym
from practice.matching import judge, match_key
from practice.patients import Patient, PatientRecord, VerdictKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from practice.appointments import Booking
    from practice.calendars import ObjectHead
    from practice.ports import UnitOfWork

__all__ = ["Register", "record_of", "save_patient", "touch_copies"]

_FILLED_IN = ("email", "phone", "insurance", "birth_date", "insurance_number")


def record_of(booking: Booking) -> PatientRecord:
    """Return all that a booking tells of its patient."""
    return PatientRecord(
        last_name=booking.last_name,
        first_name=booking.first_name,
        birth_date=booking.birth_date,
        email=booking.email,
        phone=booking.phone,
        insurance=booking.insurance,
        number=booking.patient_number,
        insurance_number=booking.insurance_number,
    )


def save_patient(uow: UnitOfWork, patient: Patient, before: Patient | None = None) -> Patient:
    """Save a patient; whoever changes one, changes it here. `before` is the one stored.

    Where views of less detail call a patient otherwise from now on, the patient's objects take a
    change number each: no replica learns of it otherwise.
    """
    if patient.id and before is None:
        before = uow.patients.get([patient.id]).get(patient.id)
    saved = uow.patients.save(patient, before)
    if before is not None and pseudonym(before) != pseudonym(saved):
        for uid in uow.patients.uids_of(saved.id):
            touch_copies(uow, uid)
    return saved


def touch_copies(
    uow: UnitOfWork, uid: str, saved_in: int = 0, holders: Sequence[ObjectHead] | None = None
) -> None:
    """Give the objects with a UID a change number, since it is another patient's now.

    Not the one in the calendar `saved_in`, which has just been saved and has got one. `holders`
    are the objects, where the caller knows them.
    """
    for head in uow.calendars.uid_holders(uid) if holders is None else holders:
        if head.calendar_id != saved_in:
            uow.calendars.touch(head)


class Register:
    """The patients that a batch of records may be about: one statement for all of them."""

    def __init__(self, uow: UnitOfWork, records: Sequence[PatientRecord]) -> None:
        self._uow = uow
        self._by: dict[str, dict[int, Patient]] = {}
        self._stored: dict[int, Patient] = {}
        for patient in uow.patients.candidates(records):
            self._remember(patient)

    def find(self, record: PatientRecord) -> Patient:
        """Return the one certain patient, else a new one; nothing is saved yet.

        What the practice knows already stays; what it did not know is filled in. A patient made
        without the practice's own number, or who may be somebody known, is flagged, for a person
        to look at.
        """
        candidates = {
            patient.id: patient
            for key in _keys(record)
            for patient in self._by.get(key, {}).values()
        }
        for patient in list(candidates.values()):
            if patient.merged_into in self._stored:
                candidates[patient.merged_into] = self._stored[patient.merged_into]
        verdict = judge(record, list(candidates.values()))
        if verdict.patient is not None:
            return _filled_in(verdict.patient, record)
        ambiguous = verdict.kind is VerdictKind.AMBIGUOUS
        taken = any(p.number == record.number for p in candidates.values())
        number = "" if taken else record.number
        return Patient(number, record, to_review=ambiguous or not number)

    def known(self, patient_id: int, record: PatientRecord) -> Patient:
        """Return a patient known to be the one the record is about, filled in as by `find`."""
        if patient_id not in self._stored:
            self._remember(self._uow.patients.get([patient_id])[patient_id])
        return _filled_in(self._stored[patient_id], record)

    def keep(self, patient: Patient) -> Patient:
        """Save a patient that is new or was filled in; a new one gets its number here."""
        if patient.id and self._stored.get(patient.id) == patient:
            return patient
        saved = save_patient(self._uow, patient, self._stored.get(patient.id))
        self._remember(saved)
        return saved

    def _remember(self, patient: Patient) -> None:
        self._stored[patient.id] = patient
        for key in _keys(patient.record):
            self._by.setdefault(key, {})[patient.id] = patient


def _filled_in(patient: Patient, record: PatientRecord) -> Patient:
    missing = {
        name: getattr(record, name) for name in _FILLED_IN if not getattr(patient.record, name)
    }
    return replace(patient, record=replace(patient.record, **missing))


def _keys(record: PatientRecord) -> Iterable[str]:
    if record.number:
        yield f"number:{record.number}"
    if record.booking_system_id:
        yield f"tool:{record.booking_system_id}"
    if record.insurance_number:
        yield f"insured:{record.insurance_number}"
    if key := match_key(record):
        yield f"match:{key}"
