"""Whether an appointment may be where it is wanted: every rule, under the lock.

Not here: writing it down (`practice.use_cases.arranging`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.errors import RuleBroken, SlotTaken
from practice.facts import Busy, Occupied
from practice.rules import (
    BookingWindow,
    Broken,
    LeadTime,
    NotOver,
    OnlineOnly,
    RightSpecialty,
    RoomFits,
    WithinDuration,
    WithinHours,
)
from practice.schedule import Taken
from practice.schedule.holidays import holidays_between
from practice.use_cases.free_times import Search, next_free_slots
from practice.use_cases.taken import (
    doctor_is_busy,
    holds_within,
    kept_by_buffers,
    seconds_of,
    taken_of_patient,
    taken_of_rooms,
    touches,
    widened,
    with_buffers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from practice.accounts import Doctor
    from practice.appointments import Slot
    from practice.details import Held
    from practice.schedule import AppointmentType, Hold
    from practice.use_cases.desk import Desk
    from practice.use_cases.taken import Kept

__all__ = ["Claim", "settled"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What an appointment would take: a doctor, a time, a room (None: the first that is free of
    those that the type needs), a patient. Of rooms that are free it `prefers` one, also where
    none is needed.

    `own` are the ids of the appointment and of the object that it is, if it is there already;
    `held` is what was kept for it. `online` says that the rules for patients hold, `stays` that it
    begins when it did before.
    """

    kind: AppointmentType
    doctor: Doctor
    slot: Slot
    room_id: int | None = None
    patient_id: int | None = None
    own: tuple[int, int] = (0, 0)
    held: Held | None = None
    prefers: int | None = None
    online: bool = False
    stays: bool = False


def settled(desk: Desk, claim: Claim, override: str = "") -> tuple[int | None, tuple[str, ...]]:
    """Return the room of an appointment, and what it overrides: "doctor", "room", "patient",
    "hours", "past".

    1. It keeps the rules of booking (else RuleBroken).
    2. Doctor, room and patient are free, buffers and holds of others counted (else SlotTaken,
       with the next free slots).
    With a reason to `override`, they need not be, the doctor's hours do not matter, and it may be
    over already.
    """
    broken = next(_broken(desk, claim), None)
    if broken is not None:
        raise RuleBroken(broken.code, broken.sentence)
    overridden = []
    past = None if claim.stays else NotOver(desk.uow.now).broken_by(claim.slot)
    for name, found in (("past", past), ("hours", _outside_hours(desk, claim))):
        if found is not None:
            if not override:
                raise RuleBroken(found.code, found.sentence)
            overridden.append(name)
    room_id, busy = _busy(desk, claim)
    if busy and not override:
        raise _slot_taken(desk, claim, busy)
    return room_id, (*overridden, *busy)


def _broken(desk: Desk, claim: Claim) -> Iterator[Broken]:
    rules, now, zone = desk.rules, desk.uow.now, desk.profile.zone
    told: list[Broken | None] = []
    if claim.online:
        told.append(OnlineOnly(rules).broken_by(claim.kind))
    told.append(WithinDuration(claim.kind).broken_by(claim.slot))
    told.append(RightSpecialty(claim.kind).broken_by(claim.doctor))
    if claim.room_id is not None or not desk.rooms_for(claim.kind):
        room = None if claim.room_id is None else desk.room(claim.room_id)
        told.append(RoomFits(claim.kind).broken_by(room))
    if claim.online:
        told.append(LeadTime(rules, now).broken_by(claim.slot))
        told.append(BookingWindow(rules, now, zone).broken_by(claim.slot))
    return (broken for broken in told if broken is not None)


def _outside_hours(desk: Desk, claim: Claim) -> Broken | None:
    zone, day = desk.profile.zone, timedelta(days=1)
    first, last = (m.astimezone(zone).date() for m in (claim.slot.start, claim.slot.end))
    there = desk.openings_of(claim.doctor, first, last + day)
    holidays = holidays_between(desk.rules, first, last + day)
    return WithinHours(there, [*holidays.values()], not claim.online).broken_by(claim.slot)


def _busy(desk: Desk, claim: Claim) -> tuple[int | None, tuple[str, ...]]:
    """Return the room, and who or what is busy."""
    uow, kind, slot, own = desk.uow, claim.kind, claim.slot, claim.own[0]
    reach = with_buffers(slot, kind)
    kept = kept_by_buffers(uow, desk.every_type.values(), reach, own)
    own_hold = claim.held.id if claim.held else 0
    holds = holds_within(uow, desk.every_type, reach, own_hold)
    busy = []
    if _doctor_is_busy(desk, claim, kept, holds):
        busy.append("doctor")
    room_id, found = _room(desk, claim, kept, holds)
    if not found:
        busy.append("room")
    if touches(taken_of_patient(uow, claim.patient_id, slot, own), slot):
        busy.append("patient")
    return room_id, tuple(busy)


def _doctor_is_busy(desk: Desk, claim: Claim, kept: Kept, holds: Sequence[Hold]) -> bool:
    calendar = desk.calendar_of(claim.doctor.id)
    wanted = Occupied(*seconds_of(with_buffers(claim.slot, claim.kind)), Busy.BUSY)
    own_hold = claim.held.id if claim.held else 0
    if doctor_is_busy(
        desk.uow, calendar, [wanted], desk.profile, own_id=claim.own[1], own_hold=own_hold
    ):
        return True
    held = _spans(h for h in holds if h.doctor_id == claim.doctor.id)
    return touches(Taken(kept=[*kept.doctors.get(claim.doctor.id, ()), *held]), claim.slot)


def _room(desk: Desk, claim: Claim, kept: Kept, holds: Sequence[Hold]) -> tuple[int | None, bool]:
    """Return the room, and whether it is free; without one that is, the first that will do."""
    rooms = desk.rooms_for(claim.kind) if claim.room_id is None else [claim.room_id]
    prefers = claim.held.room_id if claim.held else claim.prefers
    if not rooms and prefers is not None:
        rooms = [prefers]
    if not rooms:
        return None, True
    rooms.sort(key=lambda room_id: room_id != prefers)  # that one first, if it will do
    reach = with_buffers(claim.slot, claim.kind)
    taken = taken_of_rooms(desk.uow, rooms, reach, desk.exceptions, kept, claim.own[0])
    for room_id in rooms:
        held = [h for h in holds if h.room_id == room_id]
        busy = [*taken[room_id].busy, *(seconds_of(h.slot) for h in held)]
        there = Taken(busy, [*taken[room_id].kept, *_spans(held)])
        if not touches(there, claim.slot, claim.kind):
            return room_id, True
    return rooms[0], False


def _spans(holds: Iterable[Hold]) -> list[tuple[int, int]]:
    """Return what holds take with their buffers."""
    return [seconds_of(widened(h.slot, h.buffer_before, h.buffer_after)) for h in holds]


def _slot_taken(desk: Desk, claim: Claim, busy: Sequence[str]) -> SlotTaken:
    """Return the error that tells what is busy, and what is free instead."""
    minutes = round((claim.slot.end.timestamp() - claim.slot.start.timestamp()) / 60)
    search = Search(
        claim.kind,
        claim.slot,
        minutes,
        (claim.doctor.id,),
        claim.room_id,
        claim.patient_id,
        claim.online,
        claim.own,
        claim.held.id if claim.held else 0,
    )
    found = next_free_slots(desk, search)
    rooms = {room.id: room.slug for room in desk.rooms.values()}
    places = [(desk.doctors[f.doctor_id].slug, rooms.get(f.room_id or 0, "")) for f in found]
    return SlotTaken([f.slot for f in found], busy, places)
