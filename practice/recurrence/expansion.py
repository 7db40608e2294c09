"""When the occurrences of a calendar object are: expansion, under limits.

Single objects and series with an end are expanded whole; endless series from three years ago to
five years ahead, as `Coverage` tells. Rules that would explode are refused before anything
expands them. Not here: reading the text (`practice.vevent`).

Sources: RFC 5545 3.3.10 and 3.8.5, RFC 4791 9.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from recurring_ical_events import of as series_of

from practice.errors import InvalidObject, TooManyInstances
from practice.facts import Coverage
from practice.recurrence.rules import end_endless, end_rule, last_start, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from icalendar import Component

    from practice.facts import Span

__all__ = [
    "EARLIEST",
    "EARLIEST_SECOND",
    "LATEST",
    "LATEST_SECOND",
    "Occurrence",
    "every_occurrence",
    "expand",
    "instances",
    "next_occurrence",
    "seconds",
]

#: Calendars of a practice lie between these; beyond them Python's dates and clients break.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
EARLIEST_SECOND = int(EARLIEST.timestamp())
LATEST_SECOND = int(LATEST.timestamp())
BACKWARD = timedelta(days=3 * 366)
FORWARD = timedelta(days=5 * 366)
#: An endless series may have four occurrences on every day, not a thousand.
MOST_PER_YEAR = 1500
#: Floating times and periods are compared in other zones.
_MARGIN = timedelta(days=2)
_BROKEN = (ValueError, TypeError, KeyError, OverflowError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence, in seconds since 1970, and the component that tells the rest of it."""

    start: int
    end: int
    source: Component


def seconds(moment: date, zone: tzinfo) -> int:
    """Return seconds since 1970; dates and floating times are those of `zone`."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp())


def expand(
    calendar: Component, component: str, *, zone: tzinfo, now: datetime, most: int
) -> tuple[list[Occurrence], Coverage | None]:
    """Return every occurrence, and the coverage (None when the list is complete).

    Zones must be resolved already. Raises TooManyInstances above `most` (for an endless series:
    above a rate no practice has). The rules in `calendar` are given the end that was found.
    """
    try:
        zone = _by_one_clock(calendar, component, zone)
        first, last, endless = _bounds(calendar, component, zone, now, most)
        limit = int(MOST_PER_YEAR * (last - first).days / 365) if endless else most
        found = list(islice(_between(calendar, component, first, last, zone), limit + 1))
    except _BROKEN as error:
        raise InvalidObject("The recurrence cannot be expanded.") from error
    if len(found) > limit:
        raise TooManyInstances(f"The series has more than {most} instances.")
    coverage = Coverage(int(first.timestamp()), int(last.timestamp())) if endless else None
    return found, coverage


def next_occurrence(
    calendar: Component, component: str, span: Span, zone: tzinfo
) -> Occurrence | None:
    """Return the first occurrence that overlaps `span`, or None.

    The search stops 100 years after the start of `span`, or of the series if that is later.
    """
    zone = _by_one_clock(calendar, component, zone)
    start = EARLIEST_SECOND if span.start is None else max(span.start, EARLIEST_SECOND)
    position = max(datetime.fromtimestamp(start, UTC), _first_of(calendar, component, zone))
    stop = min(position + timedelta(days=36525), LATEST)
    if span.end is not None:
        stop = min(stop, datetime.fromtimestamp(min(span.end, LATEST_SECOND), UTC))
    end_endless(calendar, component, stop + _MARGIN, zone)
    step = timedelta(days=8)
    while position < stop:
        upto = min(position + step, stop)
        found = _between(calendar, component, position - _MARGIN, upto + _MARGIN, zone)
        fitting = [o for o in found if o.end > start and (span.end is None or o.start < span.end)]
        if fitting:
            return min(fitting, key=lambda occurrence: occurrence.start)
        position, step = upto, step * 2
    return None


def every_occurrence(
    calendar: Component, component: str, span: Span, zone: tzinfo, most: int
) -> list[Occurrence]:
    """Return all occurrences that overlap a span with two ends; TooManyInstances above `most`."""
    zone = _by_one_clock(calendar, component, zone)
    start = max(span.start or EARLIEST_SECOND, EARLIEST_SECOND)
    end = LATEST_SECOND if span.end is None else min(span.end, LATEST_SECOND)
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in (start, max(start, end)))
    end_endless(calendar, component, last + _MARGIN, zone)
    within = _between(calendar, component, first - _MARGIN, last + _MARGIN, zone)
    found = list(islice((o for o in within if o.start < end and o.end > start), most + 1))
    if len(found) > most:
        raise TooManyInstances(f"The range has more than {most} instances.")
    return found


def _first_of(calendar: Component, component: str, zone: tzinfo) -> datetime:
    """Return a moment before which nothing of a series is."""
    firsts = (
        _moment(moment, zone)
        for part in _parts(calendar, component)
        for moment in (part["DTSTART"].dt, *_dates(part.get("RDATE")))
    )
    return max(min(firsts) - _MARGIN, EARLIEST)


def instances(
    calendar: Component, component: str, span: Span, zone: tzinfo, most: int
) -> list[Component]:
    """Return the occurrences that overlap `span` as components of their own, times in UTC.

    Whole days and floating times stay what they are. Raises TooManyInstances above `most`.
    """
    parts = _parts(calendar, component)
    floating = not any(_zones(parts))
    zone = _by_one_clock(calendar, component, zone)
    if len(parts) == 1 and not {"RRULE", "RDATE"} & set(parts[0]):
        return parts if floating else [_told_in_utc(parts[0], zone)]
    start = EARLIEST_SECOND if span.start is None else max(span.start, EARLIEST_SECOND)
    end = LATEST_SECOND if span.end is None else min(span.end, LATEST_SECOND)
    first = datetime.fromtimestamp(start, UTC) - _MARGIN
    last = datetime.fromtimestamp(max(start, end), UTC) + _MARGIN
    end_endless(calendar, component, last, zone)
    found: list[Component] = []
    for one in _found(calendar, component, first, last):
        begin = seconds(one.start, zone)
        if begin >= end or max(_end(one.start, one.end, zone), begin + 1) <= start:
            continue
        part = one.as_component(keep_recurrence_attributes=False)
        found.append(part if floating else _told_in_utc(part, zone))
        if len(found) > most:
            raise TooManyInstances(f"The range has more than {most} instances.")
    return found


def _by_one_clock(calendar: Component, component: str, zone: tzinfo) -> tzinfo:
    """Tell all times of a series by its own clock, without a zone; return that clock's zone.

    `zone` is that of whole days and floating times. The library compares times with and without
    their zones: it takes 9:00 for an exception of 10:00 where the clock is an hour ahead of UTC.
    """
    parts = sorted(_parts(calendar, component), key=lambda part: "RECURRENCE-ID" in part)
    zone = next(_zones(parts), zone)
    for part in parts:
        for name in ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE", "EXDATE"):
            for value in listed(part.get(name)):
                for entry in getattr(value, "dts", [value]):
                    entry.dt = _by_clock(entry.dt, zone)
        for rule in listed(part.get("RRULE")):
            if "UNTIL" in rule:
                rule["UNTIL"] = [_by_clock(until, zone) for until in listed(rule["UNTIL"])]
    return zone


def _zones(parts: list[Any]) -> Iterator[tzinfo]:
    for part in parts:
        for name in ("DTSTART", "DUE"):
            if name in part and _is_zoned(part[name].dt):
                yield part[name].dt.tzinfo


def _is_zoned(moment: date) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is not None


def _by_clock(moment: Any, zone: tzinfo) -> Any:
    if isinstance(moment, tuple):
        return tuple(_by_clock(m, zone) for m in moment)
    return moment.astimezone(zone).replace(tzinfo=None) if _is_zoned(moment) else moment


def _found(calendar: Component, component: str, first: datetime, last: datetime) -> Iterator[Any]:
    for series in series_of(calendar, components=[component]).series:
        yield from series.between(first, last)


def _between(
    calendar: Component, component: str, first: datetime, last: datetime, zone: tzinfo
) -> Iterator[Occurrence]:
    for found in _found(calendar, component, first, last):
        start, end = seconds(found.start, zone), _end(found.start, found.end, zone)
        # The library has no public way from an occurrence to the component it comes from.
        yield Occurrence(start, max(end, start + 1), found._adapter._component)


def _end(start: date, end: date, zone: tzinfo) -> int:
    """Return the end of an occurrence, the later one where a clock changes within it.

    RFC 5545 3.8.5.3 keeps the length that DTEND gives, clients the time on the clock.
    """
    told = seconds(end, zone)
    if isinstance(start, datetime) and isinstance(end, datetime) and start.tzinfo is end.tzinfo:
        length = end.replace(tzinfo=None) - start.replace(tzinfo=None)
        return max(told, seconds(start, zone) + int(length.total_seconds()))
    return told


def _parts(calendar: Component, component: str) -> list[Any]:
    """Return the components; what their properties are was checked at the door."""
    return calendar.walk(component)


def _bounds(
    calendar: Component, component: str, zone: tzinfo, now: datetime, most: int
) -> tuple[datetime, datetime, bool]:
    """Return when to start and to stop expanding, and whether there is more after that."""
    firsts: list[datetime] = []
    lasts: list[datetime] = []
    rules: list[tuple[Any, Any]] = []
    for part in _parts(calendar, component):
        start = _moment(part["DTSTART"].dt, zone)
        starts = [start, *(_moment(d, zone) for d in _dates(part.get("RDATE")))]
        for rule in listed(part.get("RRULE")):
            last = last_start(rule, start, most)
            rules.append((rule, part))
            starts.append(last or start)
            if last:
                end_rule(rule, part, last, zone)
                rules.pop()
        firsts.append(min(starts))
        lasts.append(max(starts) + _length(part, start, zone))
    first, last = min(firsts) - _MARGIN, max(lasts) + _MARGIN
    if rules:
        first = max(first, now - BACKWARD)
        last = max(last, max(first, now) + FORWARD)
        for rule, part in rules:
            if "COUNT" not in rule:
                end_rule(rule, part, last, zone)
    return max(first, EARLIEST), min(last, LATEST), bool(rules)


def _told_in_utc(part: Any, zone: tzinfo) -> Component:
    """Return one occurrence with its times, which are by the clock of `zone`, in UTC."""
    for name in ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID"):
        value = part.get(name)
        if value is not None and isinstance(value.dt, datetime):
            moment = _moment(value.dt, zone).astimezone(UTC)
            part.pop(name)
            part.add(name, moment)
    told: Component = part
    return told


def _dates(value: Any) -> Iterable[date]:
    """Yield the moments of RDATE lines; of a period, its start and its end."""
    for line in listed(value):
        for entry in line.dts:
            if isinstance(entry.dt, tuple):
                start, end = entry.dt
                yield start
                yield start + end if isinstance(end, timedelta) else end
            else:
                yield entry.dt


def _moment(moment: date, zone: tzinfo) -> datetime:
    """Return an aware time; dates and floating times are those of `zone`."""
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return datetime.combine(moment, time(), zone)


def _length(part: Any, start: datetime, zone: tzinfo) -> timedelta:
    for name in ("DTEND", "DUE"):
        if name in part:
            return max(_moment(part[name].dt, zone) - start, timedelta())
    duration: timedelta = part["DURATION"].dt if "DURATION" in part else timedelta(days=1)
    return max(duration, timedelta())
