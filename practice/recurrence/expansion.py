"""When the occurrences of a calendar object are: expansion, under limits.

Single objects and series with an end are expanded whole; endless series from three years ago to
five years ahead, as `Coverage` tells. Rules that would explode are refused before anything
expands them. Not here: reading the text (`practice.vevent`), nor the clock by which a series is
expanded (`practice.recurrence.clock`).

Sources: RFC 5545 3.3.10 and 3.8.5, RFC 4791 9.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from practice.errors import InvalidText, TooManyInstances
from practice.facts import Coverage, Span
from practice.recurrence.clock import by_one_clock, on_clock, zones_of
from practice.recurrence.overlap import (
    EARLIEST,
    EARLIEST_SECOND,
    LATEST,
    LATEST_SECOND,
    seconds,
    taken,
)
from practice.recurrence.rules import end_endless, end_rule, last_start, listed
from practice.recurrence.series import Instance, Series, end_of, farthest_shift

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from icalendar import Component

__all__ = [
    "Occurrence",
    "affecting",
    "anchors",
    "every_occurrence",
    "expand",
    "instances",
    "next_occurrence",
]

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


def expand(
    calendar: Component, component: str, *, zone: tzinfo, now: datetime, most: int
) -> tuple[list[Occurrence], Coverage | None]:
    """Return every occurrence, and the coverage (None when the list is complete).

    Zones must be resolved already. Raises TooManyInstances above `most` (for an endless series:
    above a rate no practice has). The rules in `calendar` are given the end that was found.
    """
    try:
        zone = by_one_clock(_parts(calendar, component), zone)
        first, last, endless = _bounds(calendar, component, zone, now, most)
        limit = int(MOST_PER_YEAR * (last - first).days / 365) if endless else most
        series = Series(_parts(calendar, component))
        found = list(islice(_between(series, first, last, zone), limit + 1))
    except _BROKEN as error:
        raise InvalidText("The recurrence cannot be expanded.") from error
    if len(found) > limit:
        often = f"{MOST_PER_YEAR} instances a year" if endless else f"{most} instances"
        raise TooManyInstances(f"The series has more than {often}.")
    coverage = Coverage(int(first.timestamp()), int(last.timestamp())) if endless else None
    return found, coverage


def next_occurrence(
    calendar: Component, component: str, span: Span, zone: tzinfo
) -> Occurrence | None:
    """Return the first occurrence that overlaps `span`, or None.

    The search stops 100 years after the start of `span`, or of the series if that is later.
    """
    zone = by_one_clock(_parts(calendar, component), zone)
    start = EARLIEST_SECOND if span.start is None else max(span.start, EARLIEST_SECOND)
    position = max(datetime.fromtimestamp(start, UTC), _first_of(calendar, component, zone))
    stop = min(position + timedelta(days=36525), LATEST)
    if span.end is not None:
        stop = min(stop, datetime.fromtimestamp(min(span.end, LATEST_SECOND), UTC))
    parts = _parts(calendar, component)
    end_endless(calendar, component, stop + farthest_shift(parts) + _MARGIN, zone)
    series = Series(parts)
    step = timedelta(days=8)
    while position < stop:
        upto = min(position + step, stop)
        found = _between(series, position - _MARGIN, upto + _MARGIN, zone)
        fitting = [o for o in found if o.end > start and (span.end is None or o.start < span.end)]
        if fitting:
            return min(fitting, key=lambda occurrence: occurrence.start)
        position, step = upto, step * 2
    return None


def every_occurrence(
    calendar: Component, component: str, span: Span, zone: tzinfo, most: int
) -> list[Occurrence]:
    """Return all occurrences that overlap a span with two ends; TooManyInstances above `most`."""
    zone = by_one_clock(_parts(calendar, component), zone)
    found = list(islice(_overlapping(calendar, component, span, zone), most + 1))
    if len(found) > most:
        raise TooManyInstances(f"The range has more than {most} instances.")
    return [Occurrence(*taken(one, zone), one.source) for one in found]


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
) -> tuple[list[Instance], tzinfo | None]:
    """Return the instances that overlap `span`, by start, and the zone of the clock they are by.

    The zone is None where times float. Raises TooManyInstances above `most`.
    """
    parts = _parts(calendar, component)
    floating = not any(zones_of(parts))
    zone = by_one_clock(parts, zone)
    found = list(islice(_overlapping(calendar, component, span, zone), most + 1))
    if len(found) > most:
        raise TooManyInstances(f"The range has more than {most} instances.")
    found.sort(key=lambda one: taken(one, zone))
    return found, None if floating else zone


def affecting(calendar: Component, component: str, span: Span, zone: tzinfo) -> set[int]:
    """Return the numbers of the components that matter in `span`: the series itself, overrides
    with an instance in it, and those that took an instance out of it (RFC 4791 9.6.6).
    """
    parts = _parts(calendar, component)
    zone = by_one_clock(parts, zone)
    master = next((part for part in parts if "RECURRENCE-ID" not in part), None)
    sources = {id(one.source) for one in _overlapping(calendar, component, span, zone)}
    kept = set()
    for number, part in enumerate(parts):
        if part is master or id(part) in sources:
            kept.add(number)
            continue
        at = part["RECURRENCE-ID"].dt
        before = part if master is None else master
        start, end = taken(Instance(at, end_of(before, at), at, before), zone)
        if "RANGE" in part["RECURRENCE-ID"].params:
            end = LATEST_SECOND  # those that follow were taken from where they were, too
        if _overlap((start, end), span):
            kept.add(number)
    return kept


def anchors(
    calendar: Component, component: str, number: int, span: Span, zone: tzinfo
) -> Iterator[tuple[int, int]]:
    """Yield start and end (the start where nothing tells an end) of the instances in `span` that
    one component tells of; `number` counts the components.
    """
    parts = _parts(calendar, component)
    zone = by_one_clock(parts, zone)
    part = parts[number]
    identifier = part.get("RECURRENCE-ID")
    if identifier is not None and "RANGE" not in identifier.params and "DTSTART" in part:
        at = part["DTSTART"].dt  # one instance: nobody need look for it elsewhere
        own = taken(Instance(at, end_of(part, at), at, part), zone)
        if not _overlap(own, span):
            return
        span = Span(*own)
    for one in _overlapping(calendar, component, span, zone):
        if one.source is part:
            start = seconds(one.start, zone)
            whole_day = not isinstance(one.start, datetime)
            end = one.end or (one.start + timedelta(days=1) if whole_day else one.start)
            yield start, max(seconds(end, zone), start)


def _overlapping(
    calendar: Component, component: str, span: Span, zone: tzinfo
) -> Iterator[Instance]:
    """Yield the instances that overlap a span; times are by the clock of `zone` already."""
    start = EARLIEST_SECOND if span.start is None else max(span.start, EARLIEST_SECOND)
    end = LATEST_SECOND if span.end is None else min(span.end, LATEST_SECOND)
    first = datetime.fromtimestamp(start, UTC) - _MARGIN
    last = datetime.fromtimestamp(max(start, end), UTC) + _MARGIN
    parts = _parts(calendar, component)
    end_endless(calendar, component, last + farthest_shift(parts), zone)
    series = Series(parts)
    for one in series.between(on_clock(first, zone), on_clock(last, zone)):
        if _overlap(taken(one, zone), span):
            yield one


def _overlap(one: tuple[int, int], span: Span) -> bool:
    start, end = one
    return (span.end is None or start < span.end) and (span.start is None or end > span.start)


def _between(series: Series, first: datetime, last: datetime, zone: tzinfo) -> Iterator[Occurrence]:
    begin, finish = int(first.timestamp()), int(last.timestamp())
    for one in series.between(on_clock(first, zone), on_clock(last, zone)):
        start, end = taken(one, zone)
        if start < finish and end > begin:
            yield Occurrence(start, end, one.source)


def _parts(calendar: Component, component: str) -> list[Any]:
    """Return the components; what their properties are was checked at the door."""
    return [part for part in calendar.subcomponents if part.name == component]


def _bounds(
    calendar: Component, component: str, zone: tzinfo, now: datetime, most: int
) -> tuple[datetime, datetime, bool]:
    """Return when to start and to stop expanding, and whether there is more after that."""
    starts: list[datetime] = []
    rules: list[tuple[Any, Any]] = []
    longest, parts = timedelta(), _parts(calendar, component)
    for part in parts:
        start = _moment(part["DTSTART"].dt, zone)
        starts += [start, *(_moment(d, zone) for d in _dates(part.get("RDATE")))]
        longest = max(longest, _length(part, start, zone))
        for rule in listed(part.get("RRULE")):
            last = last_start(rule, start, most)
            rules.append((rule, part))
            starts.append(last or start)
            if last:
                end_rule(rule, part, last, zone)
                rules.pop()
    shift = farthest_shift(parts)
    first, last = min(starts) - longest - _MARGIN, max(starts) + longest + _MARGIN
    if not rules:
        first, last = first - shift, last + shift
    else:
        first = max(first, now - BACKWARD)
        # However far overrides and dates lie: those are asked one by one, like the rest.
        last = max(first, now) + FORWARD
        for rule, part in rules:
            if "COUNT" not in rule:
                end_rule(rule, part, last + shift, zone)  # it may be moved to before `last`
    return max(first, EARLIEST), min(last, LATEST), bool(rules)


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
