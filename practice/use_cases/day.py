"""A day of the practice, doctor by doctor: who comes next, who is there already, what is free.

A constant number of statements, however many doctors there are. Not here: what may be booked into
free time (`practice.use_cases.free_times`), for that depends on what it is for.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot, Status
from practice.details import Progress, Question
from practice.use_cases.free_times import busy_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from practice.accounts import Doctor
    from practice.details import Booked
    from practice.use_cases.desk import Desk
    from practice.use_cases.overview import Openings

__all__ = ["DoctorDay", "a_day", "kept_openings"]

#: Nobody sees more on one page; a day of the largest practice has a tenth of it.
_MOST = 5000
#: What is shorter helps nobody.
_SHORTEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class DoctorDay:
    """A doctor's day, or (None) that of what has no doctor. Cancelled appointments are not in it.

    `next` is the first that nobody has come to yet and whose time is not over, `left` how many such
    there are; `waiting` are those who have come, the longest there first. `free` are the parts of
    `open` that nothing takes and that are not over.
    """

    doctor: Doctor | None
    booked: tuple[Booked, ...]
    next: Booked | None
    left: int
    waiting: tuple[Booked, ...]
    in_treatment: tuple[Booked, ...]
    open: tuple[Slot, ...]
    free: tuple[Slot, ...]

    @property
    def free_minutes(self) -> int:
        """How much is free in all."""
        return sum(_minutes(slot) for slot in self.free)

    @property
    def missed(self) -> int:
        """How many did not come."""
        return sum(one.details.progress is Progress.NO_SHOW for one in self.booked)


def a_day(desk: Desk, day: date) -> list[DoctorDay]:
    """Return the local day of every doctor, by slug, and last of what has none, if there is any."""
    now, zone = desk.uow.now, desk.profile.zone
    whole = Slot(_midnight(day, desk), _midnight(day + timedelta(days=1), desk))
    asked = Question(since=whole.start, until=whole.end)
    by_doctor: dict[int | None, list[Booked]] = defaultdict(list)
    for one in desk.uow.details.search(asked, None, _MOST):
        if one.appointment.status is not Status.CANCELLED:
            by_doctor[one.appointment.doctor_id].append(one)
    doctors = list(desk.doctors.values())
    reach = Slot(whole.start.astimezone(UTC), whole.end.astimezone(UTC))
    busy = busy_of(desk, doctors, reach) if doctors else {}
    found = []
    for doctor in doctors:
        there = desk.openings_of(doctor, day, day + timedelta(days=1))
        free = [_local(slot, zone) for slot in _gaps(there, busy[doctor.id], now)]
        found.append(_doctor_day(doctor, by_doctor[doctor.id], there, free, now))
    nobodys = [one for key, some in by_doctor.items() if key not in desk.doctors for one in some]
    if nobodys:
        found.append(_doctor_day(None, nobodys, (), (), now))
    return found


def kept_openings(desk: Desk, first: date, last: date) -> Openings:
    """Return when doctors are open on the local days from `first` to before `last`, with holidays
    and other hours than usual; of other days nothing is said. Two statements at once, none later.
    """
    zone = desk.profile.zone
    exceptions = desk.uow.house.exceptions(_midnight(first, desk))
    known: dict[int, dict[date, list[Slot]]] = {}
    for doctor in desk.doctors.values():
        by_day = known[doctor.id] = defaultdict(list)
        for slot in desk.openings_of(doctor, first, last, exceptions):
            by_day[slot.start.date()].append(slot)
    return lambda doctor, noon: known[doctor.id].get(noon.astimezone(zone).date(), ())


def _doctor_day(
    doctor: Doctor | None,
    booked: Sequence[Booked],
    there: Sequence[Slot],
    free: Sequence[Slot],
    now: datetime,
) -> DoctorDay:
    to_come = [one for one in booked if _is_to_come(one, now)]
    waiting = [one for one in booked if one.details.progress is Progress.ARRIVED]
    waiting.sort(key=lambda one: one.details.progressed or one.appointment.slot.start)
    return DoctorDay(
        doctor=doctor,
        booked=tuple(booked),
        next=to_come[0] if to_come else None,
        left=len(to_come),
        waiting=tuple(waiting),
        in_treatment=tuple(o for o in booked if o.details.progress is Progress.IN_TREATMENT),
        open=tuple(there),
        free=tuple(free),
    )


def _is_to_come(one: Booked, now: datetime) -> bool:
    return one.details.progress is Progress.NONE and one.appointment.slot.end > now


def _gaps(
    there: Iterable[Slot], busy: Iterable[tuple[int, int]], now: datetime
) -> Iterator[tuple[float, float]]:
    """Yield what is left of opening times from now on, in seconds."""
    taken = sorted(busy)
    for slot in there:
        begin, end = max(slot.start.timestamp(), _next_minute(now)), slot.end.timestamp()
        for first, last in taken:
            if last <= begin or first >= end:
                continue
            if first - begin >= _SHORTEST.total_seconds():
                yield begin, first
            begin = max(begin, last)
        if end - begin >= _SHORTEST.total_seconds():
            yield begin, end


def _next_minute(now: datetime) -> float:
    return -(-now.timestamp() // 60) * 60


def _local(span: tuple[float, float], zone: ZoneInfo) -> Slot:
    first, last = (datetime.fromtimestamp(one, UTC) for one in span)
    return Slot(first.astimezone(zone), last.astimezone(zone))


def _midnight(day: date, desk: Desk) -> datetime:
    return datetime.combine(day, time(), desk.profile.zone)


def _minutes(slot: Slot) -> int:
    return round((slot.end.timestamp() - slot.start.timestamp()) / 60)
