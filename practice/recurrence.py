"""When the occurrences of a calendar object are: expansion, under limits.

Single objects and series with an end are expanded whole; endless series from three years ago to
five years ahead, as `Coverage` tells. Rules that would explode are refused before anything
expands them. Not here: reading the text (`practice.vevent`).

Sources: RFC 5545 3.3.10 and 3.8.5, RFC 4791 9.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrulestr
from recurring_ical_events import of as series_of

from practice.errors import InvalidObject, TooManyInstances

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from zoneinfo import ZoneInfo

    from icalendar import Component

    from practice.calendars import Span

__all__ = [
    "EARLIEST",
    "EARLIEST_SECOND",
    "LATEST",
    "LATEST_SECOND",
    "Coverage",
    "Occurrence",
    "check_rule",
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
MOST_PER_DAY = 24
#: How far a rule is followed to find its end: enough for any appointment, cheap for all.
_REACH = {"YEARLY": 200, "MONTHLY": 100, "WEEKLY": 50, "DAILY": 30}
_SUBDAILY = {"HOURLY", "MINUTELY", "SECONDLY"}
_BROKEN = (ValueError, TypeError, KeyError, OverflowError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence, in seconds since 1970, and the component that tells the rest of it."""

    start: int
    end: int
    source: Component


@dataclass(frozen=True, slots=True)
class Coverage:
    """Between which seconds an endless series has been expanded."""

    start: int
    end: int


def seconds(moment: date, zone: ZoneInfo) -> int:
    """Return seconds since 1970; dates and floating times are those of `zone`."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp())


def check_rule(rule: Mapping[str, Any]) -> None:
    """Refuse a recurrence rule that would explode, looking at its parts alone."""
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    if frequency not in _REACH and frequency not in _SUBDAILY:
        raise InvalidObject("A recurrence rule has no known FREQ.")
    if int(rule.get("INTERVAL", [1])[0]) < 1:
        raise InvalidObject("The INTERVAL of a recurrence rule is not positive.")
    if frequency in _SUBDAILY and (
        any(part.startswith("BY") for part in rule) or not ("COUNT" in rule or "UNTIL" in rule)
    ):
        raise TooManyInstances(
            "Rules by hour, minute or second need a COUNT or UNTIL and no BY part."
        )
    per_day = 1
    for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        per_day *= max(1, len(rule.get(part, ())))
    if per_day > MOST_PER_DAY:
        raise TooManyInstances(f"A recurrence rule has more than {MOST_PER_DAY} instances a day.")
    if frequency in {"DAILY", "WEEKLY"} and "BYSETPOS" in rule:
        raise InvalidObject("BYSETPOS has no meaning in a rule by day or week.")


def expand(
    calendar: Component, component: str, *, zone: ZoneInfo, now: datetime, most: int
) -> tuple[list[Occurrence], Coverage | None]:
    """Return every occurrence, and the coverage (None when the list is complete).

    Zones must be resolved already. Raises TooManyInstances above `most` (for an endless series:
    above a rate no practice has). The rules in `calendar` are given the end that was found.
    """
    try:
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
    calendar: Component, component: str, span: Span, zone: ZoneInfo
) -> Occurrence | None:
    """Return the first occurrence that overlaps `span`, or None.

    The search stops 100 years after the start of `span`.
    """
    start = EARLIEST_SECOND if span.start is None else max(span.start, EARLIEST_SECOND)
    position = datetime.fromtimestamp(start, UTC)
    stop = min(position + timedelta(days=36525), LATEST)
    if span.end is not None:
        stop = min(stop, datetime.fromtimestamp(min(span.end, LATEST_SECOND), UTC))
    _end_endless(calendar, component, stop)
    step = timedelta(days=8)
    while position < stop:
        upto = min(position + step, stop)
        found = _between(calendar, component, position, upto, zone)
        fitting = [o for o in found if o.end > start and (span.end is None or o.start < span.end)]
        if fitting:
            return min(fitting, key=lambda occurrence: occurrence.start)
        position, step = upto, step * 2
    return None


def instances(calendar: Component, component: str, span: Span, most: int) -> list[Component]:
    """Return the occurrences that overlap `span` as components of their own, times in UTC.

    Raises TooManyInstances above `most`.
    """
    start = EARLIEST_SECOND if span.start is None else max(span.start, EARLIEST_SECOND)
    end = LATEST_SECOND if span.end is None else min(span.end, LATEST_SECOND)
    last = datetime.fromtimestamp(max(start, end), UTC)
    _end_endless(calendar, component, last)
    single = not any("RRULE" in p or "RDATE" in p for p in calendar.walk(component))
    found: list[Component] = []
    for part in series_of(calendar, components=[component]).between(
        datetime.fromtimestamp(start, UTC), last
    ):
        _tell_in_utc(part, single=single)
        found.append(part)
        if len(found) > most:
            raise TooManyInstances(f"The range has more than {most} instances.")
    return found


def _between(
    calendar: Component, component: str, first: datetime, last: datetime, zone: ZoneInfo
) -> Iterator[Occurrence]:
    query = series_of(calendar, components=[component])
    for series in query.series:
        for found in series.between(first, last):
            start, end = seconds(found.start, zone), seconds(found.end, zone)
            # The library has no public way from an occurrence to the component it comes from.
            source = found._adapter._component
            yield Occurrence(start, max(end, start + 1), source)


def _parts(calendar: Component, component: str) -> list[Any]:
    """Return the components; what their properties are was checked at the door."""
    return calendar.walk(component)


def _bounds(
    calendar: Component, component: str, zone: ZoneInfo, now: datetime, most: int
) -> tuple[datetime, datetime, bool]:
    """Return when to start and to stop expanding, and whether there is more after that."""
    firsts: list[datetime] = []
    lasts: list[datetime] = []
    rules: list[tuple[Any, Any]] = []
    for part in _parts(calendar, component):
        start = _moment(part["DTSTART"].dt, zone)
        starts = [start, *(_moment(d, zone) for d in _dates(part.get("RDATE")))]
        for rule in _listed(part.get("RRULE")):
            last = _last_start(rule, start, most)
            rules.append((rule, part))
            starts.append(last or start)
            if last:
                _end_rule(rule, part, last)
                rules.pop()
        firsts.append(min(starts))
        lasts.append(max(starts) + _length(part, start, zone))
    margin = timedelta(days=2)  # floating times and periods are compared in other zones
    first, last = min(firsts) - margin, max(lasts) + margin
    if rules:
        first = max(first, now - BACKWARD)
        last = max(last, max(first, now) + FORWARD)
        for rule, part in rules:
            _end_rule(rule, part, last)
    return max(first, EARLIEST), min(last, LATEST), bool(rules)


def _last_start(rule: Any, start: datetime, most: int) -> datetime | None:
    """Follow one rule to its last start; None when it has none within reach."""
    local = start.replace(tzinfo=None)
    if not _ever_matches(rule, local):
        raise InvalidObject("A recurrence rule never matches.")
    reach = local + timedelta(days=366 * _REACH.get(str(rule["FREQ"][0]).upper(), 30))
    end = reach
    if "UNTIL" in rule:
        # UNTIL may be a date, or in UTC: a day of slack, since only the number is wanted here.
        end = _naive(rule["UNTIL"][0]) + timedelta(days=1)
    if "COUNT" not in rule and end >= reach:
        return None
    single: Any = rrulestr(_without_end(rule), dtstart=local)
    bounded = single.replace(until=min(end, reach))
    wanted = min(int(rule["COUNT"][0]), most + 1) if "COUNT" in rule else most + 1
    starts = list(islice(bounded, wanted))
    if len(starts) > most:
        raise TooManyInstances(f"The series has more than {most} instances.")
    last = starts[-1] if starts else local
    return last.replace(tzinfo=start.tzinfo)


def _ever_matches(rule: Any, start: datetime) -> bool:
    """Tell whether a rule by day or week matches within its reach.

    The library looks for the end of a rule only where it matches, and would follow "every 30
    February" to the year 9999 day by day.
    """
    frequency = str(rule["FREQ"][0]).upper()
    if frequency not in {"DAILY", "WEEKLY"}:
        return True
    wanted = {name: set(map(_text, _listed(rule[name]))) for name in _DAY_PARTS if name in rule}
    if not wanted:
        return True
    step = int(rule.get("INTERVAL", [1])[0]) * (7 if frequency == "WEEKLY" else 1)
    within = 7 if frequency == "WEEKLY" else 1
    monday = start - timedelta(days=start.weekday()) if frequency == "WEEKLY" else start
    days = (monday + timedelta(days=n + m) for n in range(0, 366 * 30, step) for m in range(within))
    return any(_day_fits(day, wanted) for day in days)


_DAY_PARTS = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYWEEKNO")


def _day_fits(day: datetime, wanted: Mapping[str, set[str]]) -> bool:
    month_length = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    yearday = day.timetuple().tm_yday
    year_length = day.replace(month=12, day=31).timetuple().tm_yday
    texts = {
        "BYMONTH": {str(day.month)},
        "BYMONTHDAY": {str(day.day), str(day.day - month_length.day - 1)},
        "BYYEARDAY": {str(yearday), str(yearday - year_length - 1)},
        "BYDAY": {("MO", "TU", "WE", "TH", "FR", "SA", "SU")[day.weekday()]},
        "BYWEEKNO": {str(day.isocalendar().week)},
    }
    return all(
        not values.isdisjoint(texts[name]) or (name == "BYWEEKNO" and min(values) < "0")
        for name, values in wanted.items()
    )


def _end_endless(calendar: Component, component: str, last: datetime) -> None:
    for part in _parts(calendar, component):
        for rule in _listed(part.get("RRULE")):
            if "COUNT" not in rule and "UNTIL" not in rule:
                _end_rule(rule, part, last)


def _tell_in_utc(part: Any, *, single: bool) -> None:
    """Tell the times of one occurrence in UTC; a single event gets no RECURRENCE-ID."""
    if single:
        part.pop("RECURRENCE-ID", None)
    for name in ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID"):
        value = part.get(name)
        if value is not None and isinstance(value.dt, datetime) and value.dt.tzinfo is not None:
            moment = value.dt.astimezone(UTC)
            part.pop(name)
            part.add(name, moment)


def _end_rule(rule: Any, part: Any, last: datetime) -> None:
    """Give a rule the end `last`, so that one that never matches is not followed for ever."""
    if "UNTIL" in rule and _naive(rule["UNTIL"][0]) <= last.replace(tzinfo=None):
        rule.pop("COUNT", None)
        return
    start = part["DTSTART"].dt
    until: date = last.date()
    if isinstance(start, datetime):
        until = last.astimezone(UTC) if start.tzinfo else last.replace(tzinfo=None)
    rule["UNTIL"] = [until]
    rule.pop("COUNT", None)


def _without_end(rule: Any) -> str:
    parts = {name: _listed(value) for name, value in rule.items()}
    return ";".join(
        f"{name}={','.join(_text(value) for value in values)}"
        for name, values in parts.items()
        if name not in {"UNTIL", "COUNT", "RSCALE", "SKIP"}
    )


def _text(value: Any) -> str:
    return str(value.to_ical().decode() if hasattr(value, "to_ical") else value)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _dates(value: Any) -> Iterable[date]:
    """Yield the moments of RDATE lines; of a period, its start and its end."""
    for line in _listed(value):
        for entry in line.dts:
            if isinstance(entry.dt, tuple):
                start, end = entry.dt
                yield start
                yield start + end if isinstance(end, timedelta) else end
            else:
                yield entry.dt


def _naive(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(23, 59, 59))
    return moment.replace(tzinfo=None)


def _moment(moment: date, zone: ZoneInfo) -> datetime:
    """Return an aware time; dates and floating times are those of `zone`."""
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return datetime.combine(moment, time(), zone)


def _length(part: Any, start: datetime, zone: ZoneInfo) -> timedelta:
    for name in ("DTEND", "DUE"):
        if name in part:
            return max(_moment(part[name].dt, zone) - start, timedelta())
    duration: timedelta = part["DURATION"].dt if "DURATION" in part else timedelta(days=1)
    return max(duration, timedelta())
