"""When a component overlaps a range of time, as half-open ranges of seconds since 1970.

The tables of RFC 4791 9.9 compare whole seconds, so every row of them is one range [from, to)
that overlaps a range asked for or does not. Tasks and whole days: what the tables leave open (a
DUE that is a date) is that day. Not here: which instances there are
(`practice.recurrence.series`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from practice.recurrence.series import Instance, end_of

__all__ = [
    "EARLIEST",
    "EARLIEST_SECOND",
    "EVER",
    "LATEST",
    "LATEST_SECOND",
    "ranges",
    "seconds",
    "taken",
]

#: Calendars of a practice lie between these; beyond them Python's dates and clients break.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
EARLIEST_SECOND = int(EARLIEST.timestamp())
LATEST_SECOND = int(LATEST.timestamp())
#: What is always there: a task without dates, working hours without an end.
EVER = (EARLIEST_SECOND - 1, LATEST_SECOND + 1)


def seconds(moment: date, zone: tzinfo) -> int:
    """Return seconds since 1970; dates and floating times are those of `zone`."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp())


def taken(instance: Instance, zone: tzinfo, *, alone: bool = False) -> tuple[int, int]:
    """Return the range of one instance, whose floating times are those of `zone`.

    One that is `alone` ends when it says; for those of a series the end is made of a length.
    """
    begin = instance.start
    start = seconds(begin, zone)
    length = _duration(instance)
    if length is not None and isinstance(begin, datetime):
        # Days are days on the clock, hours are hours (RFC 5545 3.3.6).
        end: int | None = seconds(begin + timedelta(days=length.days), zone) + length.seconds
    else:
        end = None if instance.end is None else _end(begin, instance.end, zone, alone)
    if instance.source.name == "VTODO" and isinstance(begin, datetime):
        return _task(instance.source, start, end)
    if end is None or (end <= start and not isinstance(begin, datetime)):
        whole_day = not isinstance(begin, datetime)
        end = seconds(begin + timedelta(days=1), zone) if whole_day else start
    return start, max(end, start + 1)


def _duration(instance: Instance) -> timedelta | None:
    """Return the DURATION that the end of an instance is made of, None for another end."""
    told = instance.source.get("DURATION")
    if told is None or instance.end != instance.start + told.dt:
        return None
    length: timedelta = told.dt
    return length


def _task(part: Any, start: int, end: int | None) -> tuple[int, int]:
    """Return the range of a task with a DTSTART, whose end counts where that of events does not."""
    if end is None:
        return start, start + 1
    if "DUE" in part:
        return min(start, end - 1), max(end, start + 1)
    return (start if end > start else start - 1), max(end, start) + 1


def ranges(part: Any, zone: tzinfo) -> list[tuple[int, int]]:
    """Return the ranges of a component that does not recur; none for one that is at no time."""
    if part.name == "VFREEBUSY":
        return _published(part, zone)
    if part.name == "VAVAILABILITY":
        start, end = EVER
        if "DTSTART" in part:
            start = seconds(part["DTSTART"].dt, zone)
            told = end_of(part, part["DTSTART"].dt)
            end = end if told is None else seconds(told, zone)
        elif "DTEND" in part:
            end = seconds(part["DTEND"].dt, zone)
        return [(start, max(end, start + 1))]
    if "DTSTART" in part:
        begin = part["DTSTART"].dt
        return [taken(Instance(begin, _own_end(part), begin, part), zone, alone=True)]
    return [_without_start(part, zone)] if part.name == "VTODO" else []


def _own_end(part: Any) -> date | None:
    """Return the end as it is told: in a zone of its own, perhaps."""
    for name in ("DTEND", "DUE"):
        if name in part:
            told: date = part[name].dt
            return told
    return end_of(part, part["DTSTART"].dt)


def _without_start(part: Any, zone: tzinfo) -> tuple[int, int]:
    if "DUE" in part:
        due = part["DUE"].dt
        at = seconds(due, zone)
        last = at if isinstance(due, datetime) else seconds(due + timedelta(days=1), zone)
        return at - 1, last
    told = {name: _told(part, name, zone) for name in ("COMPLETED", "CREATED")}
    moments = [moment for moment in told.values() if moment is not None]
    if not moments:
        return EVER
    if told["COMPLETED"] is None:
        return moments[0], EVER[1]
    return min(moments) - 1, max(moments) + 1


def _told(part: Any, name: str, zone: tzinfo) -> int | None:
    moment = getattr(part.get(name), "dt", None)
    return seconds(moment, zone) if isinstance(moment, date) else None


def _published(part: Any, zone: tzinfo) -> list[tuple[int, int]]:
    if "DTSTART" in part and "DTEND" in part:
        return [(seconds(part["DTSTART"].dt, zone), seconds(part["DTEND"].dt, zone) + 1)]
    return []  # its periods, which are taken besides


def _end(start: date, end: date, zone: tzinfo, alone: bool) -> int:
    """Return the end of an occurrence, the later one where a clock changes within one of a series.

    RFC 5545 3.8.5.3 keeps the length that DTEND gives, clients the time on the clock.
    """
    told = seconds(end, zone)
    if (
        not alone
        and isinstance(start, datetime)
        and isinstance(end, datetime)
        and start.tzinfo is end.tzinfo
    ):
        length = end.replace(tzinfo=None) - start.replace(tzinfo=None)
        return max(told, seconds(start, zone) + int(length.total_seconds()))
    return told
