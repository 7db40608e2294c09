"""Which slots of an appointment type are free, in order of time.

One sweep over the times at which the doctors could begin: whoever or whatever is taken then says
until when, and the sweep goes on from there. Nothing is looked at before the sweep gets to it.
Not here: when doctors are there (`practice.schedule.opening_times`); reading what is taken.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.errors import Invalid
from practice.schedule.clock import Seconds
from practice.schedule.sweep import Beginnings, Blocked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from practice.schedule.records import AppointmentType, BookingRules, Hold

__all__ = ["DoctorTime", "FreeSlot", "Taken", "Wanted", "free_slots"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken of the time of a doctor, a room or a patient, in order of the starts.

    `busy` are appointments and whatever else is done then: the buffers of a new appointment keep
    off them, too. `kept` is time that the new appointment alone has to keep off: the appointments
    with the buffers they have themselves, and when a room is closed. Spans may overlap.
    """

    busy: Iterable[Seconds] = ()
    kept: Iterable[Seconds] = ()

    @classmethod
    def in_any_order(cls, busy: Iterable[Seconds], kept: Iterable[Seconds] = ()) -> Taken:
        """Put spans in order that are not."""
        return cls(sorted(busy), sorted(kept))


@dataclass(frozen=True, slots=True)
class DoctorTime:
    """When a doctor is there, as `openings` tells it, and what of that is taken."""

    openings: Iterable[Slot]
    taken: Taken = field(default_factory=Taken)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: slots of a type that begin `within` a time.

    `minutes` is the length, 0 the type's usual one. `rules` are those for patients; without
    them, for staff, there is neither lead time nor window.
    """

    kind: AppointmentType
    within: Slot
    zone: ZoneInfo
    now: datetime
    minutes: int = 0
    rules: BookingRules | None = None

    def length(self) -> int:
        """Return how many seconds it takes; raises Invalid if the type is never that long."""
        minutes = self.minutes or self.kind.minutes
        if not self.kind.min_minutes <= minutes <= self.kind.max_minutes:
            raise Invalid(
                f"An appointment of this type takes {self.kind.min_minutes}"
                f" to {self.kind.max_minutes} minutes, not {minutes}."
            )
        return minutes * 60

    def begins(self) -> Seconds:
        """Return from when on and before when it may begin."""
        first, last = self.within.start.timestamp(), self.within.end.timestamp()
        if self.rules is not None:
            first = max(first, self.rules.earliest(self.now).timestamp())
            last = min(last, self.rules.latest(self.now, self.zone).timestamp())
        return math.ceil(first), math.ceil(last)


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A slot that a doctor has free, and a room for it; None if it needs none."""

    doctor_id: int
    room_id: int | None
    slot: Slot


def free_slots(
    wanted: Wanted,
    doctors: Mapping[int, DoctorTime],
    rooms: Mapping[int, Taken] | None = None,
    *,
    patient: Taken | None = None,
    holds: Iterable[Hold] = (),
) -> Iterator[FreeSlot]:
    """Return the free slots in order of time, doctors of one time in the order given.

    `doctors` (those who may) and `rooms` (those that will do, the best first) are named by their
    ids; the rooms are not looked at if the type needs none. Of the free rooms the first is told.
    Slots exclude each other: each may be booked, not all. Buffers count for doctors and rooms, not
    for the patient. `holds` are those of others, in any order; those that are over do not count.

    Raises Invalid at once for a length that the type does not have, and ValueError while it is
    walked if openings or spans turn out not to be in order.
    """
    length, kind = wanted.length(), wanted.kind
    alive = [hold for hold in holds if hold.expires > wanted.now]
    their_rooms = [
        (number, _blocked(wanted, taken, (h for h in alive if h.room_id == number)))
        for number, taken in (rooms or {}).items()
    ]
    their_time = [
        (
            number,
            Beginnings(doctor.openings, length, kind.step * 60, wanted.zone),
            _blocked(wanted, doctor.taken, (h for h in alive if h.doctor_id == number)),
        )
        for number, doctor in doctors.items()
    ]
    own = patient or Taken()
    elsewhere = Blocked(length, busy=(), kept=(own.busy, own.kept), buffers=(0, 0))
    sweep = _Sweep(their_time, their_rooms if kind.rooms else None, elsewhere)
    return _told(sweep.free(*wanted.begins()), length, wanted.zone)


def _blocked(wanted: Wanted, taken: Taken, holds: Iterable[Hold]) -> Blocked:
    """Return what a slot has to keep away from, for one doctor or in one room."""
    kind, also = wanted.kind, _held(holds)
    return Blocked(
        wanted.length(),
        busy=(taken.busy, also.busy),
        kept=(taken.kept, also.kept),
        buffers=(kind.buffer_before * 60, kind.buffer_after * 60),
    )


def _held(holds: Iterable[Hold]) -> Taken:
    """Return what holds take, without and with the buffers they have."""
    busy, kept = [], []
    for hold in holds:
        start = math.floor(hold.slot.start.timestamp())
        end = math.ceil(hold.slot.end.timestamp())
        busy.append((start, end))
        kept.append((start - hold.buffer_before * 60, end + hold.buffer_after * 60))
    return Taken.in_any_order(busy, kept)


@dataclass(slots=True)
class _Sweep:
    """The doctors, rooms and the patient of one search, asked together in order of time."""

    doctors: Sequence[tuple[int, Beginnings, Blocked]]
    rooms: Sequence[tuple[int, Blocked]] | None
    patient: Blocked

    def free(self, first: int, last: int) -> Iterator[tuple[int, int | None, int]]:
        """Yield (doctor, room, start) for the starts from `first` to before `last`."""
        if self.rooms is not None and not self.rooms:
            return  # a room is needed, and there is none
        waiting: list[tuple[int, int]] = []
        for n, (_, beginnings, _) in enumerate(self.doctors):
            start = beginnings.from_on(first)
            if start is not None:
                waiting.append((start, n))
        heapq.heapify(waiting)
        while waiting and waiting[0][0] < last:
            start, n = waiting[0]
            doctor_id, beginnings, doctor = self.doctors[n]
            until = max(doctor.until(start), self.patient.until(start))
            if until <= start:
                room_id, until = self._room(start)
                if until <= start:
                    yield doctor_id, room_id, start
            following = beginnings.from_on(max(until, start + 1))
            if following is None:
                heapq.heappop(waiting)
            else:
                heapq.heapreplace(waiting, (following, n))

    def _room(self, start: int) -> tuple[int | None, int]:
        """Return the first room that is free, or until when none is."""
        if self.rooms is None:
            return None, start
        waits: list[int] = []
        for room_id, room in self.rooms:
            until = room.until(start)
            if until <= start:
                return room_id, start
            waits.append(until)
        return None, min(waits)


def _told(
    found: Iterator[tuple[int, int | None, int]], length: int, zone: ZoneInfo
) -> Iterator[FreeSlot]:
    last: tuple[int, Slot] | None = None
    for doctor_id, room_id, start in found:
        if last is None or last[0] != start:  # doctors who are free at one time share its slot
            end = datetime.fromtimestamp(start + length, zone)
            last = start, Slot(datetime.fromtimestamp(start, zone), end)
        yield FreeSlot(doctor_id, room_id, last[1])
