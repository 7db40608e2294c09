"""The time zone of a calendar: of its whole days and floating times.

It is the one that the calendar's calendar-timezone names, else the practice's. Not here: indexing
a calendar anew when it changes (`practice.use_cases.follow_zone`).

Sources: RFC 4791 5.2.2, RFC 7809 5.2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from practice.content_lines import outline
from practice.errors import Invalid, InvalidTimezone, UnknownTimezone
from practice.timezones import Zones, known_zone, tzid_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from practice.calendars import Calendar
    from practice.log import CalendarEntry
    from practice.profile import Profile

__all__ = [
    "TIMEZONE",
    "TIMEZONE_ID",
    "floats",
    "own_zone_of",
    "zone_in",
    "zone_named",
    "zone_of",
]

#: The properties, by the names under which calendars keep them; a calendar has at most one.
TIMEZONE = "C:calendar-timezone"
TIMEZONE_ID = "C:calendar-timezone-id"

_TIME_LINE = re.compile(
    r"^(?:DTSTART|DTEND|DUE|RECURRENCE-ID|RDATE|EXDATE|COMPLETED|CREATED)"
    r'((?:;(?:"[^"]*"|[^":;\r\n])*)*):(.*)$',
    re.MULTILINE | re.IGNORECASE,
)
_TZID = re.compile(r';TZID="?([^";:]*)', re.IGNORECASE)


def zone_of(calendar: Calendar | CalendarEntry, profile: Profile) -> tzinfo:
    """Return the zone of a calendar's whole days and floating times; cached."""
    return own_zone_of(calendar) or profile.zone


def own_zone_of(calendar: Calendar | CalendarEntry) -> tzinfo | None:
    """Return the zone that a calendar's properties name, None when they name none."""
    told = calendar.properties
    return _own(told.get(TIMEZONE, "")) or known_zone(told.get(TIMEZONE_ID, ""))


@lru_cache(maxsize=256)
def _own(text: str) -> tzinfo | None:
    try:
        return zone_in(text) if text else None
    except InvalidTimezone:
        return None  # kept by a version that took any text


def zone_in(text: str) -> tzinfo:
    """Return the zone of an iCalendar object with one VTIMEZONE; raises InvalidTimezone."""
    try:
        taken = outline(text)
    except Invalid as error:
        raise InvalidTimezone("A time zone is told as an iCalendar object.") from error
    if taken.components != ("VTIMEZONE",):
        raise InvalidTimezone("A time zone is told as one VTIMEZONE and nothing else.")
    tzid = tzid_of(taken.timezones[0])
    zone = Zones(ZoneInfo("UTC"), taken.timezones).find(tzid) if tzid else None
    if zone is None:
        raise InvalidTimezone("The VTIMEZONE tells no time zone.")
    return zone


def zone_named(tzid: str) -> ZoneInfo:
    """Return the zone that a calendar-timezone-id names; raises UnknownTimezone."""
    zone = known_zone(tzid)
    if zone is None:
        raise UnknownTimezone("There is no time zone of this name.")
    return zone


def floats(text: str) -> bool:
    """Tell whether what a text means depends on the zone of its calendar: whole days, floating
    times, and times in zones that only the text itself knows, or nobody.
    """
    for line in _TIME_LINE.finditer(outline(text).body):
        named = _TZID.search(line[1])
        if named is not None and known_zone(named[1]) is not None:
            continue
        if any(not value.strip().upper().endswith("Z") for value in re.split("[,/]", line[2])):
            return True
    return False
