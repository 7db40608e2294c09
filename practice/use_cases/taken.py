"""What is taken of the time of doctors, rooms and patients: the one rule of every door.

To be relied on only under the lock of a unit that writes. Not here: what is done about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.calendars import CalendarKind, Span
from practice.rules import NoDoubleBooking
from practice.schedule import Hold, HoldsOf, Taken, closures_of_room
from practice.use_cases.reading import busy_times
from practice.vevent import Busy
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from practice.calendars import Calendar
    from practice.facts import Occupied
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import AppointmentType, HoursException

__all__ = [
    "Kept",
    "doctor_is_busy",
    "holds_within",
    "kept_by_buffers",
    "kept_of_doctor",
    "seconds_of",
    "span_of",
    "taken_of_doctor",
    "taken_of_patient",
    "taken_of_rooms",
    "touches",
    "widened",
    "with_buffers",
]

_Seconds = tuple[int, int]


def taken_of_doctor(
    uow: UnitOfWork,
    calendar: Calendar,
    span: Span,
    profile: Profile,
    *,
    own_id: int = 0,
    own_hold: int = 0,
) -> list[Occupied]:
    """Return what is taken of a calendar's time, seen by nobody's eyes: by what stands in it, in
    the practice's main calendar, and by holds of its doctor.

    Not by the object `own_id` and the hold `own_hold`. `span` has two ends.
    """
    everything = uow.calendars.all()
    sources = (calendar, *(c for c in everything if c.kind is CalendarKind.UNION))
    whole = View(calendar, tuple({c.id: c for c in sources}.values()), uow.epoch)
    doctor_id = calendar.doctor_id
    held = None if doctor_id is None else HoldsOf(doctor_id, own_hold)
    return busy_times(uow, whole, span, profile, leave_out=own_id, held=held)


def doctor_is_busy(
    uow: UnitOfWork,
    calendar: Calendar,
    wanted: Sequence[Occupied],
    profile: Profile,
    *,
    own_id: int = 0,
    own_hold: int = 0,
) -> bool:
    """Tell whether something is in the way of what is wanted in a calendar."""
    asked = [o for o in wanted if o.busy is not Busy.FREE]
    if not asked:
        return False
    span = Span(min(o.start for o in asked), max(o.end for o in asked))
    taken = taken_of_doctor(uow, calendar, span, profile, own_id=own_id, own_hold=own_hold)
    return NoDoubleBooking(taken).broken_by(asked)


def taken_of_rooms(
    uow: UnitOfWork,
    room_ids: Collection[int],
    slot: Slot,
    exceptions: Sequence[HoursException],
    kept: Kept,
    own_id: int = 0,
) -> dict[int, Taken]:
    """Return what is taken of rooms within the slot, in the order of `room_ids`: by appointments,
    but for the one with the id `own_id`, and because they are closed.
    """
    found: dict[int, list[_Seconds]] = {room_id: [] for room_id in room_ids}
    for one in uow.appointments.in_rooms(room_ids, slot) if room_ids else ():
        if one.id != own_id and one.room_id is not None:
            found[one.room_id].append(seconds_of(one.slot))
    return {
        room_id: Taken.in_any_order(
            spans, [*closures_of_room(exceptions, room_id), *kept.rooms.get(room_id, ())]
        )
        for room_id, spans in found.items()
    }


def taken_of_patient(uow: UnitOfWork, patient_id: int | None, slot: Slot, own_id: int = 0) -> Taken:
    """Return when a patient has appointments within the slot, but for `own_id`."""
    if patient_id is None:
        return Taken()
    known = uow.appointments.all_of_patient(patient_id, slot)
    return Taken.in_any_order(seconds_of(one.slot) for one in known if one.id != own_id)


@dataclass(frozen=True, slots=True)
class Kept:
    """The time that appointments take with their buffers, by doctor and by room."""

    doctors: dict[int, list[_Seconds]]
    rooms: dict[int, list[_Seconds]]


def kept_by_buffers(
    uow: UnitOfWork, types: Collection[AppointmentType], slot: Slot, own_id: int = 0
) -> Kept:
    """Return what appointments with buffers take within the slot, but for `own_id`."""
    kept = Kept({}, {})
    buffers = {t.id: (t.buffer_before, t.buffer_after) for t in types}
    buffers = {type_id: both for type_id, both in buffers.items() if any(both)}
    if not buffers:
        return kept
    widest = max(max(both) for both in buffers.values())
    near = uow.appointments.of_types(buffers, widened(slot, widest, widest))
    for one, type_id in near:
        if one.id == own_id:
            continue
        span = seconds_of(widened(one.slot, *buffers[type_id]))
        if one.doctor_id is not None:
            kept.doctors.setdefault(one.doctor_id, []).append(span)
        if one.room_id is not None:
            kept.rooms.setdefault(one.room_id, []).append(span)
    return kept


def kept_of_doctor(
    uow: UnitOfWork,
    doctor_id: int | None,
    types: Collection[AppointmentType],
    slot: Slot,
    own_id: int = 0,
) -> list[_Seconds]:
    """Return what a doctor's appointments of these types, and slots that are kept for one of them,
    take with their buffers within the slot, but for the appointment `own_id`.
    """
    if doctor_id is None or not types:
        return []
    kept = kept_by_buffers(uow, types, slot, own_id).doctors.get(doctor_id, [])
    holds = holds_within(uow, {t.id: t for t in types}, slot)
    return kept + [
        seconds_of(widened(h.slot, h.buffer_before, h.buffer_after))
        for h in holds
        if h.doctor_id == doctor_id and (h.buffer_before or h.buffer_after)
    ]


def holds_within(
    uow: UnitOfWork, types: Mapping[int, AppointmentType], slot: Slot, own_id: int = 0
) -> list[Hold]:
    """Return the holds within the slot, with the buffers that they will have, but for `own_id`."""
    found = []
    for held in uow.holds.within(widened(slot, *_widest(types.values()))):
        if held.id == own_id:
            continue
        kind = types.get(held.type_id or 0)
        before, after = (kind.buffer_before, kind.buffer_after) if kind else (0, 0)
        span = Slot(held.start, held.end)
        found.append(Hold(held.doctor_id, held.room_id, span, held.until, before, after))
    return found


def touches(taken: Taken, slot: Slot, kind: AppointmentType | None = None) -> bool:
    """Tell whether an appointment of a type in the slot would touch what is taken, its buffers
    what is `busy`; without a type it has no buffers.
    """
    start, end = seconds_of(slot)
    opens, closes = seconds_of(with_buffers(slot, kind)) if kind else (start, end)
    return any(s < closes and opens < e for s, e in taken.busy) or any(
        s < end and start < e for s, e in taken.kept
    )


def with_buffers(slot: Slot, kind: AppointmentType) -> Slot:
    """Return the slot with the buffers of a type."""
    return widened(slot, kind.buffer_before, kind.buffer_after)


def widened(slot: Slot, before: int, after: int) -> Slot:
    """Return the slot with so many minutes before and after it."""
    start, end = (moment.astimezone(UTC) for moment in (slot.start, slot.end))
    return Slot(start - timedelta(minutes=before), end + timedelta(minutes=after))


def seconds_of(slot: Slot) -> _Seconds:
    """Return the whole seconds of which the slot takes any part."""
    return math.floor(slot.start.timestamp()), math.ceil(slot.end.timestamp())


def span_of(slot: Slot) -> Span:
    """Return the slot as a range of the time index."""
    return Span(*seconds_of(slot))


def _widest(types: Collection[AppointmentType]) -> tuple[int, int]:
    widest = max((max(t.buffer_before, t.buffer_after) for t in types), default=0)
    return widest, widest
