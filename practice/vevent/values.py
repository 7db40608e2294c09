"""The times in a line's value, as half-open ranges of seconds since 1970.

For lines as they stand in the text. Source: RFC 5545 3.3.4 to 3.3.9.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from practice.recurrence import seconds

if TYPE_CHECKING:
    from datetime import tzinfo

    from practice.facts import Span
    from practice.timezones import Zones
    from practice.vevent.tree import Line

__all__ = ["duration", "moment", "overlaps", "ranges_in"]

_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"\d{8}T\d{6}Z?")
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?"
)


def duration(text: str) -> timedelta | None:
    """Read a DURATION; None for what is none."""
    found = _DURATION.fullmatch(text.strip().upper())
    if not found or not any(found.groups()[1:]):
        return None
    weeks, days, hours, minutes, secs = (int(part or 0) for part in found.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=secs)
    return -length if found[1] == "-" else length


def moment(text: str, zone: tzinfo) -> date | None:
    """Read a DATE, or a DATE-TIME, which is one of `zone` unless it says UTC; None for neither."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _TIME.fullmatch(text):
            told = datetime.fromisoformat(text.removesuffix("Z"))
            return told.replace(tzinfo=UTC if text.endswith("Z") else zone)
    except ValueError:
        return None
    return None


def overlaps(one: tuple[int, int], span: Span) -> bool:
    """Tell whether a range of seconds and a span share any moment."""
    start, end = one
    return (span.end is None or start < span.end) and (span.start is None or end > span.start)


def ranges_in(line: Line, zones: Zones) -> list[tuple[int, int]]:
    """Return the ranges of the dates, times and periods in a line; none where there are none."""
    tzid = line.parameters.get("TZID")
    zone = zones.floating if tzid is None else zones.zone(tzid)
    found = []
    for value in line.value.split(","):
        one = _range(value.strip(), zone)
        if one is not None:
            found.append(one)
    return found


def _range(value: str, zone: tzinfo) -> tuple[int, int] | None:
    first, is_period, last = value.partition("/")
    start = moment(first, zone)
    if start is None:
        return None
    at = seconds(start, zone)
    if is_period:
        length = duration(last)
        end = moment(last, zone)
        if length is not None:
            return at, max(at + int(length.total_seconds()), at)
        return None if end is None else (at, seconds(end, zone))
    if not isinstance(start, datetime):
        return at, seconds(start + timedelta(days=1), zone)
    return at, at + 1
