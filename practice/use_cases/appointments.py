"""Keeping appointments in step with their calendar objects, and posting letters about it.

The object decides when and whether; the appointment decides for whom and for what.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from practice.appointments import Appointment, Slot, Status
from practice.calendars import CalendarKind
from practice.messages import difference, hears

if TYPE_CHECKING:
    from practice.calendars import Calendar
    from practice.ports import UnitOfWork
    from practice.vevent import Facts

__all__ = ["object_removed", "object_saved"]


def object_saved(
    uow: UnitOfWork, calendar: Calendar, facts: Facts, *, by_booking_tool: bool = False
) -> None:
    """Take over into the appointment what a saved object says; post letters about it.

    A new object becomes an appointment only in a doctor's calendar, and only if it names a
    patient or an appointment type: everything else is a block, a holiday, a task.
    """
    known = uow.appointments.by_uid(facts.uid)
    if facts.slot is None:
        return
    if known is None:
        if calendar.kind is not CalendarKind.DOCTOR or not facts.is_appointment:
            return
        after = _new(uow, calendar, facts)
    else:
        after = replace(
            known,
            slot=facts.slot,
            status=facts.status,
            calendar_id=calendar.id,
            doctor_id=calendar.doctor_id,
        )
    if after != known:
        _tell(uow, known, uow.appointments.save(after), by_booking_tool)


def object_removed(uow: UnitOfWork, calendar: Calendar, uid: str) -> None:
    """Cancel the appointment of a removed object, unless it stands in another calendar by now.

    Clients move an appointment to another doctor by PUT there and DELETE here, in either order:
    a DELETE that comes second says nothing, one that comes first is taken back by the PUT.
    """
    known = uow.appointments.by_uid(uid)
    if known is None or known.calendar_id != calendar.id:
        return
    after = replace(known, status=Status.CANCELLED)
    if after != known:
        _tell(uow, known, uow.appointments.save(after), by_booking_tool=False)


def _new(uow: UnitOfWork, calendar: Calendar, facts: Facts) -> Appointment:
    assert facts.slot is not None  # noqa: S101 - the caller looked
    patient = uow.patients.by_number(facts.patient_number) if facts.patient_number else None
    return Appointment(
        uid=facts.uid,
        slot=facts.slot,
        status=facts.status,
        doctor_id=calendar.doctor_id,
        calendar_id=calendar.id,
        patient_id=patient.id if patient else None,
        kind=facts.kind or None,
        insurance=facts.insurance or None,
        requires_confirmation=facts.requires_confirmation,
    )


def _tell(
    uow: UnitOfWork, before: Appointment | None, after: Appointment, by_booking_tool: bool
) -> None:
    """Post what the receivers do not know yet.

    Unsent letters about the appointment are withdrawn and what they would have told is counted
    in: a move there and back is no letter, a deletion and a new place one move.
    """
    unsent = uow.outbox.withdraw(after.id)
    known = before if unsent is None else _as_told(unsent, after)
    message = difference(known, after)
    if message is None:
        return
    for receiver in hears(message, after, by_booking_tool):
        uow.outbox.post(receiver, message, after, _state(known))


def _state(appointment: Appointment | None) -> str:
    """Return when, where and whether, without anything of the patient."""
    if appointment is None:
        return "null"
    return json.dumps(
        {
            "start": appointment.slot.start.isoformat(),
            "end": appointment.slot.end.isoformat(),
            "doctor_id": appointment.doctor_id,
            "room_id": appointment.room_id,
            "status": str(appointment.status),
        }
    )


def _as_told(state: str, now: Appointment) -> Appointment | None:
    told = json.loads(state)
    if told is None:
        return None
    return replace(
        now,
        slot=Slot(datetime.fromisoformat(told["start"]), datetime.fromisoformat(told["end"])),
        doctor_id=told["doctor_id"],
        room_id=told["room_id"],
        status=Status(told["status"]),
    )
