"""When a doctor is there for appointments: the week's hours, and what differs from them.

What is said of a doctor outweighs what is said of the practice, and of either, extra hours
outweigh closed ones. Not here: what of that time is taken (`practice.schedule.search`).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.schedule.clock import Seconds, instant, seconds_within

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from zoneinfo import ZoneInfo

    from practice.schedule.hours import WorkingHours
    from practice.schedule.records import HoursException

__all__ = ["closures_of_room", "concerning", "openings"]


def openings(
    hours: WorkingHours,
    exceptions: Iterable[HoursException],
    holidays: Container[date],
    day_from: date,
    day_until: date,
    zone: ZoneInfo,
) -> list[Slot]:
    """Return when a doctor is there on the local days from `day_from` to before `day_until`.

    The slots are told in `zone`, in order; they neither overlap nor touch. `exceptions` are those
    `concerning` the doctor, in any order; those of rooms are not looked at. On `holidays` there
    are no usual hours.
    """
    if day_until <= day_from:
        return []
    frame = (instant(day_from, time.min, zone), instant(day_until, time.min, zone))
    here = [e for e in exceptions if e.room_id is None]
    there = _joined(_usual(hours, holidays, day_from, day_until, zone))
    for layer in (
        [e for e in here if e.doctor_id is None],
        [e for e in here if e.doctor_id is not None],
    ):
        there = _without(there, _joined(_spans(layer, is_open=False)))
        there = _joined([*there, *_spans(layer, is_open=True)])
    cut = ((max(start, frame[0]), min(end, frame[1])) for start, end in there)
    return [
        Slot(datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone))
        for start, end in cut
        if start < end
    ]


def concerning(exceptions: Iterable[HoursException], doctor_id: int) -> list[HoursException]:
    """Return the exceptions of one doctor and of the whole practice."""
    return [e for e in exceptions if e.room_id is None and e.doctor_id in {None, doctor_id}]


def closures_of_room(exceptions: Iterable[HoursException], room_id: int) -> list[Seconds]:
    """Return when a room is closed, in order and joined."""
    return _joined(_spans((e for e in exceptions if e.room_id == room_id), is_open=False))


def _usual(
    hours: WorkingHours,
    holidays: Container[date],
    day_from: date,
    day_until: date,
    zone: ZoneInfo,
) -> Iterator[Seconds]:
    day = day_from
    while day < day_until:
        if day not in holidays:
            yield from hours.of_day(day, zone)
        day += timedelta(days=1)


def _spans(exceptions: Iterable[HoursException], *, is_open: bool) -> Iterator[Seconds]:
    for exception in exceptions:
        if exception.open is not is_open:
            continue
        start, end = seconds_within(exception.span)
        if not is_open:  # a second that is closed in part is closed
            start = int(exception.span.start.timestamp() // 1)
            end = -int(-exception.span.end.timestamp() // 1)
        yield start, end


def _joined(spans: Iterable[Seconds]) -> list[Seconds]:
    """Return the spans in order, those that overlap or touch as one."""
    joined: list[Seconds] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif start < end:
            joined.append((start, end))
    return joined


def _without(spans: list[Seconds], closed: list[Seconds]) -> list[Seconds]:
    """Return what of joined spans lies outside other joined ones."""
    left: list[Seconds] = []
    position = 0
    for start, end in spans:
        while position < len(closed) and closed[position][1] <= start:
            position += 1
        at, since = position, start
        while at < len(closed) and closed[at][0] < end:
            if since < closed[at][0]:
                left.append((since, closed[at][0]))
            since = closed[at][1]
            at += 1
        if since < end:
            left.append((since, end))
        position = max(position, at - 1)  # the last may reach into the next span
    return left
