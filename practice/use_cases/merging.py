"""Two patients who are one: what is kept of the one becomes the other's.

Nobody is deleted: the one stays, and leads to the other whoever names its number or its id in the
booking tool. Not here: finding out who may be one (`practice.matching`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.errors import Invalid
from practice.use_cases.patient_records import as_told
from practice.use_cases.patients import save_patient, touch_copies

if TYPE_CHECKING:
    from practice.patients import Patient
    from practice.ports import UnitOfWork

__all__ = ["Merged", "merge"]

_FILLED_IN = ("first_name", "birth_date", "email", "phone", "insurance", "insurance_number")


@dataclass(frozen=True, slots=True)
class Merged:
    """The patient who stays, and how many appointments came to it."""

    patient: Patient
    appointments: int


def merge(uow: UnitOfWork, one: Patient, into: Patient) -> Merged:
    """Have `one` be `into` from now on; what that one lacks is filled in. Raises Invalid.

    1. Appointments, rows of lists, and those who were found to be `one` before, are handed over.
    2. The link to the booking tool goes over if there is none; else both lead to `into`.
    3. `one` is neither listed nor found any more, and both acts tell what was before.
    4. Objects get change numbers: views of less detail call them by another patient's name.
    """
    if one.id == into.id:
        raise Invalid("A patient cannot be merged with itself.")
    if one.merged_into is not None or into.merged_into is not None:
        raise Invalid("One of the two was merged with another patient before.")
    uids = uow.patients.uids_of(one.id)
    handed = [appointment.id for appointment in uow.traces.appointments(one.id)]
    uow.traces.hand_over(one.id, into.id)
    after, left = _filled_in(into, one), one
    if into.record.booking_system_id is None:
        moved = one.record.booking_system_id
        after = replace(after, record=replace(after.record, booking_system_id=moved))
        left = replace(left, record=replace(left.record, booking_system_id=None))
    # Nothing shows the one's name any more: its objects are those of the other by now.
    left = replace(left, merged_into=into.id)
    uow.patients.save(left, one)
    saved = save_patient(uow, after, into) if after != into else into
    before = {"into": into.id, "appointments": handed, "patient": as_told(one)}
    uow.acts.note("merged", Kind.PATIENT, one.id, before, {"into": into.id})
    known = {"patient": as_told(into), "merged": one.id}
    uow.acts.note("merged with", Kind.PATIENT, into.id, known, {"patient": as_told(saved)})
    for uid in uids:
        touch_copies(uow, uid)
    return Merged(saved, len(handed))


def _filled_in(patient: Patient, other: Patient) -> Patient:
    """Return a patient with what only the other tells; the longer hold is for both."""
    missing = {
        name: getattr(other.record, name)
        for name in _FILLED_IN
        if not getattr(patient.record, name)
    }
    longer = max(patient, other, key=lambda one: one.held_until)
    return replace(
        patient,
        record=replace(patient.record, **missing),
        to_review=False,  # somebody has looked
        language=patient.language or other.language,
        reminders=patient.reminders or other.reminders,
        held_until=longer.held_until,
        held_why=longer.held_why,
    )
