"""Which slots are free: for the staff, for patients, and in place of one that is taken.

Cost: as many statements for twenty doctors and a year as for one and a day, at most three times
(`_STEPS`). Where the first few slots are asked for, a week is looked at first, then four, and only
then all of the time. Not here: the sweep itself (`practice.schedule.free_slots`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.calendar_zone import zone_of
from practice.calendars import CalendarKind
from practice.errors import Invalid
from practice.rules import RightSpecialty
from practice.schedule import DoctorTime, Taken, Wanted, free_slots
from practice.use_cases.taken import (
    holds_within,
    kept_by_buffers,
    span_of,
    taken_of_patient,
    taken_of_rooms,
    widened,
)
from practice.vevent import Busy, occupies
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from practice.accounts import Doctor
    from practice.schedule import AppointmentType, FreeSlot
    from practice.use_cases.desk import Desk

__all__ = ["LONGEST", "Search", "busy_of", "free", "next_free_slots"]

#: Nobody looks farther at once.
LONGEST = timedelta(days=400)
_STEPS = (timedelta(days=7), timedelta(days=28))
_HORIZON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: slots of a type that begin `within` a time; at most LONGEST.

    `minutes` is the length, 0 the type's usual one. Without `doctor_ids` any doctor will do who
    may; without `room_id` any room. `online` says that the rules for patients hold. The patient,
    if given, has no other appointment then. The appointment and the object of `own`, and the hold
    `own_hold`, are as if they were not there.
    """

    kind: AppointmentType
    within: Slot
    minutes: int = 0
    doctor_ids: tuple[int, ...] = ()
    room_id: int | None = None
    patient_id: int | None = None
    online: bool = False
    own: tuple[int, int] = (0, 0)
    own_hold: int = 0


def free(
    desk: Desk, search: Search, limit: int | None = None, *, apart: bool = False
) -> list[FreeSlot]:
    """Return the first `limit` free slots, or all, in order of time; of those that are `apart`,
    none begins within another.

    Raises Invalid for a length that the type does not have, or too long a time.
    """
    if search.within.end - search.within.start > LONGEST:
        raise Invalid(f"Free slots are looked for within {LONGEST.days} days at most.")
    found: list[FreeSlot] = []
    for part in _parts(_narrowed(desk, search), limit):
        left = None if limit is None else limit - len(found)
        told = _free(desk, part)
        found += islice(_apart(told, found[-1:]) if apart else told, left)
        if limit is not None and len(found) >= limit:
            break
    return found


def next_free_slots(
    desk: Desk, search: Search, count: int = 3, *, apart: bool = False
) -> list[FreeSlot]:
    """Return the next free slots from the start of `search.within` on, within two months; see
    `free`.
    """
    start = max(search.within.start, desk.uow.now, key=lambda moment: moment.timestamp())
    return free(desk, replace(search, within=Slot(start, start + _HORIZON)), count, apart=apart)


def _apart(slots: Iterable[FreeSlot], before: Iterable[FreeSlot]) -> Iterator[FreeSlot]:
    ends = [one.slot.end.timestamp() for one in before]
    until = max(ends, default=float("-inf"))
    for one in slots:
        if one.slot.start.timestamp() >= until:
            until = one.slot.end.timestamp()
            yield one


def _narrowed(desk: Desk, search: Search) -> Search | None:
    """Return the search without the time that patients may not book anyway; None if that is all.

    A room that was asked for has to be free, also for a type that needs none.
    """
    if search.room_id is not None and not search.kind.rooms:
        kind = replace(search.kind, rooms=(desk.room(search.room_id).slug,))
        search = replace(search, kind=kind)
    wanted = _wanted(desk, search)
    wanted.length()  # raises at once
    first, last = wanted.begins()
    if first >= last:
        return None
    start, end = (m.astimezone(UTC) for m in (search.within.start, search.within.end))
    start += timedelta(seconds=max(0.0, first - start.timestamp()))
    end -= timedelta(seconds=max(0.0, end.timestamp() - last))
    return replace(search, within=Slot(start, end))


def _parts(search: Search | None, limit: int | None) -> list[Search]:
    """Return the search in parts that follow each other; only few are wanted with a limit."""
    if search is None:
        return []
    start, end = search.within.start, search.within.end
    cuts = [start + step for step in _STEPS if limit is not None and start + step < end]
    edges = [start, *cuts, end]
    return [replace(search, within=Slot(a, b)) for a, b in pairwise(edges)]


def _wanted(desk: Desk, search: Search) -> Wanted:
    rules = desk.rules if search.online else None
    zone, now = desk.profile.zone, desk.uow.now
    return Wanted(search.kind, search.within, zone, now, search.minutes, rules)


def _free(desk: Desk, search: Search) -> Iterator[FreeSlot]:
    """Sweep over one part, of which everything taken is read at once."""
    wanted, kind, uow = _wanted(desk, search), search.kind, desk.uow
    doctors = [d for d in desk.doctors.values() if _may(kind, d, search.doctor_ids)]
    rooms = [r for r in desk.rooms_for(kind) if search.room_id in {None, r}]
    if not doctors or (kind.rooms and not rooms):
        return iter(())
    # Whatever begins before the end takes its length, and the buffers may touch what is around.
    reach = widened(search.within, kind.buffer_before, wanted.length() // 60 + kind.buffer_after)
    own = search.own[0]
    kept = kept_by_buffers(uow, desk.every_type.values(), reach, own)
    busy = busy_of(desk, doctors, reach, search.own[1])
    zone = desk.profile.zone
    day_from = search.within.start.astimezone(zone).date()
    # An opening may go on past midnight, and an appointment into it.
    day_until = reach.end.astimezone(zone).date() + timedelta(days=1)
    their_time = {
        d.id: _time_of(desk, d, (day_from, day_until), busy[d.id], kept.doctors.get(d.id, []))
        for d in doctors
    }
    return free_slots(
        wanted,
        their_time,
        taken_of_rooms(uow, rooms, reach, desk.exceptions, kept, own),
        patient=taken_of_patient(uow, search.patient_id, reach, own),
        holds=holds_within(uow, desk.every_type, reach, search.own_hold),
    )


def _may(kind: AppointmentType, doctor: Doctor, asked: Sequence[int]) -> bool:
    wanted = not asked or doctor.id in asked
    return wanted and RightSpecialty(kind).broken_by(doctor) is None


def _time_of(
    desk: Desk,
    doctor: Doctor,
    days: tuple[date, date],
    busy: Sequence[tuple[int, int]],
    kept: Sequence[tuple[int, int]],
) -> DoctorTime:
    return DoctorTime(desk.openings_of(doctor, *days), Taken.in_any_order(busy, kept))


def busy_of(
    desk: Desk, doctors: Sequence[Doctor], reach: Slot, own_object: int = 0
) -> Mapping[int, list[tuple[int, int]]]:
    """Return what is taken of doctors' time by calendars, each with the practice's own, in seconds
    and in any order; but for one object. Three statements.
    """
    uow, profile, span = desk.uow, desk.profile, span_of(reach)
    own = {doctor.id: desk.calendar_of(doctor.id) for doctor in doctors}
    unions = [c for c in desk.calendars.values() if c.kind is CalendarKind.UNION]
    sources = (*own.values(), *unions)
    view = View(sources[0], sources, uow.epoch)
    found = uow.calendars.occupied_each(view, span, leave_out=own_object)
    zones = {source.id: zone_of(source, profile) for source in sources}
    for item in uow.calendars.beyond(view, span, "VEVENT"):
        if item.id == own_object:
            continue
        more = occupies(item.text, span, zone=zones[item.calendar_id], limits=profile.limits)
        found[item.calendar_id] += [(o.start, o.end) for o in more if o.busy is not Busy.FREE]
    everybody = [taken for union in unions for taken in found[union.id]]
    return {doctor_id: [*found[c.id], *everybody] for doctor_id, c in own.items()}
