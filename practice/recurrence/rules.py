"""Recurrence rules: which are refused, where one ends, and how one is given an end.

A rule comes as `icalendar` reads it, a mapping of part names to lists. Nothing here expands a
rule beyond its reach. Source: RFC 5545 3.3.10.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrulestr

from practice.errors import InvalidObject, TooManyInstances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from icalendar import Component

__all__ = ["check_rule", "end_endless", "end_rule", "last_start", "listed"]

MOST_PER_DAY = 24
#: How many years a rule is followed to find its end: enough for any appointment, cheap for all.
_REACH = {"YEARLY": 200, "MONTHLY": 100, "WEEKLY": 50, "DAILY": 30}
_SUBDAILY = {"HOURLY", "MINUTELY", "SECONDLY"}


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


def last_start(rule: Any, start: datetime, most: int) -> datetime | None:
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
    wanted = {name: set(map(_text, listed(rule[name]))) for name in _DAY_PARTS if name in rule}
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


def end_endless(calendar: Component, component: str, last: datetime) -> None:
    """Give the rules without an end one at `last`."""
    parts: list[Any] = calendar.walk(component)
    for part in parts:
        for rule in listed(part.get("RRULE")):
            if "COUNT" not in rule and "UNTIL" not in rule:
                end_rule(rule, part, last)


def end_rule(rule: Any, part: Any, last: datetime) -> None:
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
    parts = {name: listed(value) for name, value in rule.items()}
    return ";".join(
        f"{name}={','.join(_text(value) for value in values)}"
        for name, values in parts.items()
        if name not in {"UNTIL", "COUNT", "RSCALE", "SKIP"}
    )


def _text(value: Any) -> str:
    return str(value.to_ical().decode() if hasattr(value, "to_ical") else value)


def listed(value: Any) -> list[Any]:
    """Return what a property has: nothing, its one value, or the values of its several lines."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _naive(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(23, 59, 59))
    return moment.replace(tzinfo=None)
