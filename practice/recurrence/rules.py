"""Recurrence rules: which are refused, where one ends, and how one is given an end.

A rule comes as `icalendar` reads it, a mapping of part names to lists. Nothing here expands a
rule beyond its reach. Source: RFC 5545 3.3.10.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrulestr

from practice.errors import InvalidText, TooManyInstances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from icalendar import Component

__all__ = [
    "align_until",
    "check_rule",
    "end_endless",
    "end_rule",
    "last_start",
    "listed",
    "rule_text",
    "text_of",
]

MOST_PER_DAY = 24
#: Values of one part: all days of a year, counted from both of its ends, are fewer.
MOST_VALUES = 800
#: How many years a rule is followed to find its end: enough for any appointment, cheap for all.
_REACH = {"YEARLY": 200, "MONTHLY": 100, "WEEKLY": 50, "DAILY": 30}
_SUBDAILY = {"HOURLY", "MINUTELY", "SECONDLY"}
#: An UNTIL after this is none: some clients write the year 9999 for a series without an end.
_NEVER = 2300
_FAR = datetime(9999, 1, 1)  # noqa: DTZ001 - rules are followed in local time


def check_rule(rule: Mapping[str, Any]) -> None:
    """Refuse a recurrence rule that would explode, looking at its parts alone."""
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    if frequency not in _REACH and frequency not in _SUBDAILY:
        raise InvalidText("A recurrence rule has no known FREQ.")
    if int(rule.get("INTERVAL", [1])[0]) < 1:
        raise InvalidText("The INTERVAL of a recurrence rule is not positive.")
    if frequency in _SUBDAILY and (
        any(part.startswith("BY") for part in rule) or not ("COUNT" in rule or "UNTIL" in rule)
    ):
        raise TooManyInstances(
            "Rules by hour, minute or second need a COUNT or UNTIL and no BY part."
        )
    if any(len(listed(values)) > MOST_VALUES for values in rule.values()):
        raise InvalidText("A part of a recurrence rule has too many values.")
    per_day = 1
    for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        per_day *= max(1, len(rule.get(part, ())))
    if per_day > MOST_PER_DAY:
        raise TooManyInstances(f"A recurrence rule has more than {MOST_PER_DAY} instances a day.")
    scale, skip = (
        "".join(map(text_of, listed(rule.get(name)))).upper() for name in ("RSCALE", "SKIP")
    )
    if scale not in {"", "GREGORIAN"} or skip not in {"", "OMIT"}:
        raise InvalidText("Rules by another calendar than the Gregorian are not known here.")
    _check_positions(rule, frequency, per_day)


def _check_positions(rule: Mapping[str, Any], frequency: str, per_day: int) -> None:
    """Refuse a BYSETPOS that chooses among nothing, or what a day or week never has."""
    if "BYSETPOS" not in rule:
        return
    if not any(part.startswith("BY") and part != "BYSETPOS" for part in rule):
        raise InvalidText("BYSETPOS chooses among the values of another BY part.")
    most = {"DAILY": per_day, "WEEKLY": per_day * len(set(map(text_of, rule.get("BYDAY", ["MO"]))))}
    positions = [abs(int(position)) for position in listed(rule["BYSETPOS"])]
    if min(positions) > most.get(frequency, 366 * per_day):
        raise InvalidText("A recurrence rule never matches.")


def align_until(rule: Any, start: date, zone: tzinfo) -> None:
    """Tell UNTIL in the kind of time that DTSTART is told in; clients mix them.

    A date means the whole day, a floating time the zone of DTSTART (RFC 5545 3.3.10 wants UTC).
    Raises InvalidText for what is neither.
    """
    until: object = next(iter(listed(rule.get("UNTIL"))), None)
    if until is None:
        return
    if not isinstance(until, date):  # a time without a day, a length
        raise InvalidText("The UNTIL of a recurrence rule is a day, or a time of one.")
    if until.year > _NEVER:
        rule.pop("UNTIL")
        return
    if not isinstance(start, datetime):
        if isinstance(until, datetime):
            until = (until.astimezone(zone) if until.tzinfo else until).date()
    else:
        until = until if isinstance(until, datetime) else _naive(until)
        if start.tzinfo is None:
            until = until.astimezone(zone).replace(tzinfo=None) if until.tzinfo else until
        elif until.tzinfo is None:
            until = until.replace(tzinfo=start.tzinfo).astimezone(UTC)
    rule["UNTIL"] = [until]


def last_start(rule: Any, start: datetime, most: int) -> datetime | None:
    """Follow one rule to its last start; None when it has none within reach."""
    local = start.replace(tzinfo=None)
    if not _ever_matches(rule, local):
        raise InvalidText("A recurrence rule never matches.")
    frequency = str(rule["FREQ"][0]).upper()
    reach = end = local + timedelta(days=366 * _REACH.get(frequency, 30))
    if "COUNT" in rule or frequency in _SUBDAILY:
        if not any(part.startswith("BY") for part in rule):
            reach = end = _FAR  # every step is a start, so their number bounds the work
    elif "UNTIL" not in rule:
        return None
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
    if "COUNT" in rule and len(starts) < wanted and end >= reach:
        return None
    last = starts[-1] if starts else local
    return last.replace(tzinfo=start.tzinfo)


def _ever_matches(rule: Any, start: datetime) -> bool:
    """Tell whether a rule by day or more matches within its reach.

    The library looks for the end of a rule only where it matches, and would follow "every 30
    February" to the year 9999.
    """
    frequency = str(rule["FREQ"][0]).upper()
    if frequency in {"MONTHLY", "YEARLY"}:
        # The calendar repeats every 400 years, and the year 9999 is near from there.
        late = start.replace(year=start.year + (9799 - start.year) // 400 * 400)
        return next(iter(rrulestr(_without_end(rule), dtstart=late)), None) is not None
    wanted = {name: set(map(text_of, listed(rule[name]))) for name in _DAY_PARTS if name in rule}
    if frequency in _SUBDAILY or not wanted:
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


def end_endless(calendar: Component, component: str, last: datetime, zone: tzinfo) -> None:
    """Give the rules without an end one at `last`."""
    parts: list[Any] = calendar.walk(component)
    for part in parts:
        for rule in listed(part.get("RRULE")):
            if "COUNT" not in rule and "UNTIL" not in rule:
                end_rule(rule, part, last, zone)


def end_rule(rule: Any, part: Any, last: datetime, zone: tzinfo) -> None:
    """Give a rule the end `last`, so that one that never matches is not followed for ever.

    The part's times are told by the clock of `zone`, without it.
    """
    local = last.astimezone(zone).replace(tzinfo=None)
    if "UNTIL" not in rule or _naive(rule["UNTIL"][0]) > local:
        start = part["DTSTART"].dt
        rule["UNTIL"] = [local if isinstance(start, datetime) else local.date()]
    rule.pop("COUNT", None)


def _without_end(rule: Any) -> str:
    parts = {name: listed(value) for name, value in rule.items()}
    return ";".join(
        f"{name}={','.join(text_of(value) for value in values)}"
        for name, values in parts.items()
        if name not in {"UNTIL", "COUNT", "RSCALE", "SKIP"}
    )


def rule_text(rule: Any) -> str:
    """Return a rule for the one who follows it, with its UNTIL, or else its COUNT."""
    text = _without_end(rule)
    if "UNTIL" in rule:
        return f"{text};UNTIL={_naive_start(rule['UNTIL'][0]):%Y%m%dT%H%M%S}"
    return f"{text};COUNT={rule['COUNT'][0]}" if "COUNT" in rule else text


def _naive_start(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def text_of(value: Any) -> str:
    """Return one value of a part of a rule as a rule has it."""
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
