"""Changing what is booked: when, where, with whom, for what; confirmed, cancelled, come, gone.

Each writes object, appointment, details, log and letters together, and hears of nothing that
another door has changed meanwhile: an `expected` ETag that is not the object's raises
PreconditionFailed. Whoever is told of changes in calendars (the patient, the booking tool that it
came from, ...) is told of these. Not here: booking (`practice.use_cases.arranging`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from practice.appointments import Status
from practice.errors import IllegalStep, Invalid, RuleBroken
from practice.life_cycle import Progress, check_day, check_progress, check_status
from practice.rules import Code, LateCancellation
from practice.use_cases.arranging import (
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_REASON,
    booked_with,
    the_patient,
    the_procedures,
)
from practice.use_cases.cancellations import as_cancelled
from practice.use_cases.case import Case
from practice.use_cases.entered import entered, slot_from

if TYPE_CHECKING:
    from datetime import datetime

    from practice.appointments import Appointment
    from practice.details import Booked, Details
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import AppointmentType

__all__ = ["Changes", "Move", "cancel", "change", "decline", "move", "reschedule"]

_TEXTS = (
    ("note", "note", LONGEST_NOTE),
    ("patient_note", "note for the patient", LONGEST_NOTE),
    ("reason", "reason", LONGEST_REASON),
    ("treatment_plan", "treatment plan", LONGEST_NAME),
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be otherwise; None leaves it as it is.

    `room_id` 0 is no room. `status` is CONFIRMED or CANCELLED (which declines a request); `minutes`
    is the length. `override` is why it may go over something else. `online` says that the rules for
    patients hold.
    """

    note: str | None = None
    patient_note: str | None = None
    reason: str | None = None
    type_id: int | None = None
    room_id: int | None = None
    patient_id: int | None = None
    minutes: int | None = None
    status: Status | None = None
    progress: Progress | None = None
    treatment_plan: str | None = None
    procedures: tuple[str, ...] | None = None
    override: str = ""
    online: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Where an appointment is to be: None leaves it where it is. `online` says that the patient
    moves it, by the rules for patients.
    """

    start: datetime
    doctor_id: int | None = None
    minutes: int | None = None
    room_id: int | None = None
    override: str = ""
    online: bool = False


def change(
    uow: UnitOfWork,
    appointment_id: int,
    changes: Changes,
    profile: Profile,
    *,
    expected: str | None = None,
) -> Booked:
    """Change an appointment where it stands.

    Raises AppointmentNotFound, PreconditionFailed, IllegalStep, Invalid, SlotTaken, NotInCalendar;
    then nothing is written.
    """
    if changes.status is Status.CANCELLED:
        raise Invalid("An appointment is cancelled with a reason, or declined.")
    case = Case(uow, appointment_id, profile, expected)
    was = case.known
    if was.appointment.status is Status.CANCELLED:
        raise IllegalStep("The appointment is cancelled.")
    details = _noted(uow, was, changes)
    appointment, kind = was.appointment, case.kind
    if changes.type_id is not None and changes.type_id != details.type_id:
        kind = case.desk.type(changes.type_id)
        details = replace(details, type_id=kind.id)
        appointment = replace(appointment, kind=kind.slug)
    if changes.status is not None:
        check_status(appointment.status, changes.status, details.progress)
        asked = changes.status is Status.TENTATIVE
        appointment = replace(appointment, status=changes.status, requires_confirmation=asked)
    appointment = _otherwise(uow, appointment, changes)
    if case.takes_otherwise(appointment, kind):
        appointment, details = _claimed(case, appointment, kind, details, changes)
    return case.keep(appointment, details, kind, "changed")


def _claimed(
    case: Case, appointment: Appointment, kind: AppointmentType, details: Details, changes: Changes
) -> tuple[Appointment, Details]:
    """Return an appointment with the time and the room that it takes from now on."""
    if changes.online and kind.needs_confirmation:
        appointment = _asked_for(appointment)
    return case.claim(
        appointment,
        kind,
        details,
        changes.override,
        room_id=changes.room_id or None,
        online=changes.online,
    )


def reschedule(
    uow: UnitOfWork,
    appointment_id: int,
    where: Move,
    profile: Profile,
    *,
    expected: str | None = None,
) -> Booked:
    """Move an appointment to another time, another doctor or another room: one change, one message.

    It stays in its room if that will do and is free, else it gets another. Raises as `change` does.
    """
    return move(Case(uow, appointment_id, profile, expected), where)


def cancel(
    uow: UnitOfWork,
    appointment_id: int,
    profile: Profile,
    *,
    reason: str = "",
    expected: str | None = None,
) -> Booked:
    """Cancel an appointment; it stays in the calendar, marked so.

    It is marked as `late` where the rules of booking call it so; a mere request never is. Raises
    AppointmentNotFound, PreconditionFailed, IllegalStep or Invalid.
    """
    case = Case(uow, appointment_id, profile, expected)
    was = case.known.appointment
    check_status(was.status, Status.CANCELLED, case.known.details.progress)
    if was.status is Status.CANCELLED:
        raise IllegalStep("The appointment is cancelled already.")
    why = entered("reason", reason, LONGEST_REASON)
    details = as_cancelled(case.known.details, was, case.desk.rules, uow.now, reason=why)
    return case.keep(replace(was, status=Status.CANCELLED), details, case.kind, "cancelled")


def decline(
    uow: UnitOfWork,
    appointment_id: int,
    profile: Profile,
    *,
    reason: str = "",
    expected: str | None = None,
) -> Booked:
    """Decline what was asked for; raises IllegalStep for what was confirmed, else as `cancel`.

    What else the patient may be offered is told by `practice.use_cases.instead.instead_of`.
    """
    known = booked_with(uow, appointment_id)
    if known.appointment.status is not Status.TENTATIVE:
        raise IllegalStep("Only what was asked for and not confirmed yet is declined.")
    return cancel(uow, appointment_id, profile, reason=reason, expected=expected)


def move(case: Case, where: Move) -> Booked:
    """Move an appointment that was looked up already."""
    desk, was, kind = case.desk, case.known.appointment, case.kind
    if was.status is Status.CANCELLED:
        raise IllegalStep("The appointment is cancelled.")
    if case.known.details.progress not in {Progress.NONE, Progress.NO_SHOW}:
        raise IllegalStep("The patient was there; another appointment is booked anew.")
    if where.online and LateCancellation(desk.rules, desk.uow.now).is_late(was.slot):
        raise RuleBroken(Code.TOO_LATE, "It is too late to move the appointment; please call us.")
    doctor_id = where.doctor_id or was.doctor_id
    if doctor_id is None:
        raise Invalid("An appointment is moved to a doctor.")
    seconds = was.slot.end.timestamp() - was.slot.start.timestamp()
    slot = slot_from(where.start, where.minutes or round(seconds / 60), desk.uow.now)
    after = replace(
        was,
        slot=slot,
        doctor_id=desk.doctor(doctor_id).id,
        calendar_id=desk.calendar_of(doctor_id).id,
    )
    if where.online and kind.needs_confirmation:
        after = _asked_for(after)
    details = replace(case.known.details, progress=Progress.NONE)
    after, details = case.claim(
        after, kind, details, where.override, room_id=where.room_id, online=where.online
    )
    return case.keep(after, details, kind, "moved")


def _otherwise(uow: UnitOfWork, appointment: Appointment, changes: Changes) -> Appointment:
    """Return an appointment of whom, as long and where it is to be; raises Invalid."""
    if changes.patient_id is not None:
        patient = the_patient(uow, changes.patient_id)
        insurance = patient.record.insurance or None
        appointment = replace(appointment, patient_id=patient.id, insurance=insurance)
    if changes.minutes is not None:
        slot = slot_from(appointment.slot.start, changes.minutes, uow.now)
        appointment = replace(appointment, slot=slot)
    if changes.room_id is not None:
        appointment = replace(appointment, room_id=changes.room_id or None)
    return appointment


def _asked_for(appointment: Appointment) -> Appointment:
    """Return an appointment as one that the practice has yet to confirm."""
    return replace(appointment, status=Status.TENTATIVE, requires_confirmation=True)


def _noted(uow: UnitOfWork, was: Booked, changes: Changes) -> Details:
    """Return the details with what is noted; raises Invalid or IllegalStep."""
    details = was.details
    for name, what, longest in _TEXTS:
        text = getattr(changes, name)
        if text is not None:
            told: dict[str, Any] = {name: entered(what, text, longest)}
            details = replace(details, **told)
    if changes.procedures is not None:
        details = replace(details, procedures=the_procedures(changes.procedures))
    after = changes.progress
    if after is not None and after is not details.progress:
        check_progress(was.appointment.status, details.progress, after)
        check_day(after, was.appointment.slot.start, uow.now)
        details = replace(details, progress=after, progressed=uow.now)
    return details
