"""Keeping appointments in step with their calendar objects, and posting letters about it.

The object decides when and whether; the appointment decides for whom and for what.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from practice.appointments import Appointment, Slot, Status
from practice.calendars import CalendarKind
from practice.facts import Busy
from practice.messages import difference, hears
from practice.use_cases.cancellations import note_cancelled
from practice.use_cases.patients import touch_copies

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from practice.calendars import Calendar, ObjectHead, Place
    from practice.ports import UnitOfWork
    from practice.vevent import Facts

__all__ = ["known_to", "object_removed", "object_saved", "state_of", "tell"]

#: What the time index tells of a status; what is free may be cancelled or take no time.
_STATUS = {Busy.TENTATIVE: Status.TENTATIVE, Busy.BUSY: Status.CONFIRMED}


def object_saved(
    uow: UnitOfWork,
    calendar: Calendar,
    facts: Facts,
    *,
    by_booking_tool: bool = False,
    out_of_reach: Collection[int] = (),
    place: Place | None = None,
) -> None:
    """Take over into the appointment what a saved object says; post letters about it.

    A new object becomes an appointment only in a doctor's calendar, and only if it names a
    patient or an appointment type: everything else is a block, a holiday, a task. An appointment
    stays in a calendar whose id is `out_of_reach`; one that became a series keeps its slot.
    `place` is what was told of UID and patient before it was saved.
    """
    # Under no name there is an object; what is asked for is what the UID and the patient are.
    place = place or uow.calendars.place(calendar, "", facts.uid, facts.patient_number)
    known = place.appointment
    if known is not None and known.calendar_id in out_of_reach:
        return
    if known is None:
        if calendar.kind is not CalendarKind.DOCTOR or not facts.is_appointment:
            return
        after = _new(calendar, facts, place.patient_id)
    else:
        after = _followed(known, calendar, facts)
    if after != known:
        saved = uow.appointments.save(after)
        if known is not None:
            note_cancelled(uow, known, saved)
        tell(uow, known, saved, by_booking_tool=by_booking_tool)
    if known is None and after.patient_id is not None:
        touch_copies(uow, facts.uid, calendar.id, place.holders)


def object_removed(
    uow: UnitOfWork,
    calendar: Calendar,
    uid: str,
    *,
    by_booking_tool: bool = False,
    place: Place | None = None,
) -> None:
    """Cancel the appointment of a removed object, unless it stands in another calendar by now.

    Clients move an appointment to another doctor by PUT there and DELETE here, in either order:
    a DELETE that comes second says nothing, one that comes first is taken back by the PUT. A
    DELETE there takes the PUT back. `place` is what was told of it before it was removed.
    """
    known = place.appointment if place else uow.appointments.by_uid(uid)
    if known is None or known.calendar_id != calendar.id:
        return
    holders = place.holders if place else uow.calendars.uid_holders(uid)
    left = [head for head in holders if head.calendar_id != calendar.id]
    after = _left_elsewhere(uow, known, left) or replace(known, status=Status.CANCELLED)
    if after != known:
        saved = uow.appointments.save(after)
        note_cancelled(uow, known, saved)
        tell(uow, known, saved, by_booking_tool=by_booking_tool)


def _is_confirmed(known: Appointment, facts: Facts) -> bool:
    """Tell whether what was asked for is confirmed by what its object says now."""
    return known.status is Status.TENTATIVE and facts.status is Status.CONFIRMED


def _left_elsewhere(
    uow: UnitOfWork, known: Appointment, left: Sequence[ObjectHead]
) -> Appointment | None:
    """Return the appointment as its object in another calendar has it; None without one."""
    if not left:
        return None
    calendars = {calendar.id: calendar for calendar in uow.calendars.all()}
    holders = [(calendars[head.calendar_id], head) for head in left]
    calendar, head = min(holders, key=lambda held: (held[0].doctor_id is None, held[0].id))
    times = uow.calendars.index_of(head.id)
    slot, status = known.slot, known.status
    if len(times) == 1:
        slot = Slot(*(datetime.fromtimestamp(t, UTC) for t in (times[0].start, times[0].end)))
        status = _STATUS.get(times[0].busy, status)
    return replace(
        known, slot=slot, status=status, calendar_id=calendar.id, doctor_id=calendar.doctor_id
    )


def _followed(known: Appointment, calendar: Calendar, facts: Facts) -> Appointment:
    return replace(
        known,
        slot=facts.slot or known.slot,
        status=facts.status,
        calendar_id=calendar.id,
        doctor_id=calendar.doctor_id,
        requires_confirmation=known.requires_confirmation and not _is_confirmed(known, facts),
    )


def _new(calendar: Calendar, facts: Facts, patient_id: int | None) -> Appointment:
    assert facts.slot is not None  # noqa: S101 - the caller looked
    return Appointment(
        uid=facts.uid,
        slot=facts.slot,
        status=facts.status,
        doctor_id=calendar.doctor_id,
        calendar_id=calendar.id,
        patient_id=patient_id,
        kind=facts.kind or None,
        insurance=facts.insurance or None,
        requires_confirmation=facts.requires_confirmation,
    )


def tell(
    uow: UnitOfWork,
    before: Appointment | None,
    after: Appointment,
    *,
    by_booking_tool: bool = False,
) -> None:
    """Post what the receivers do not know yet.

    What a receiver was not told yet is withdrawn, and what it would have told is counted in: a
    move there and back is no letter, a deletion and a new place one move. What the tool does its
    patients hear from itself; what they do not know yet of the practice stays.
    """
    receivers = hears(after, uow.receivers, by_booking_tool=by_booking_tool)
    if not receivers:
        return
    unsent = uow.outbox.withdraw(after.id) if before and not by_booking_tool else {}
    for receiver in receivers:
        known = known_to(unsent[receiver], after) if receiver in unsent else before
        message = difference(known, after)
        if message is not None:
            uow.outbox.post(receiver, message, after, state_of(known))


def state_of(appointment: Appointment | None) -> str:
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


def known_to(state: str, now: Appointment) -> Appointment | None:
    """Return an appointment as somebody knew it who was told such a state; None if nothing."""
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
