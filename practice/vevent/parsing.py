"""iCalendar text to components whose local times have the zones that their TZIDs name.

Checks at the door what no later query may break on. Not here: what the components mean.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from icalendar.prop import vDDDTypes

from practice.content_lines import outline
from practice.errors import InvalidText
from practice.recurrence.rules import align_until, listed
from practice.timezones import LONGEST_NAME, Zones
from practice.vevent.checking import TIMES, check_part, check_times, the_component
from practice.vevent.library import calendar_of
from practice.vevent.line_values import check_values
from practice.vevent.plain import Told, plain_calendar

if TYPE_CHECKING:
    from datetime import tzinfo

__all__ = ["parse", "parts_of", "resolve"]


def parse(text: str, zone: tzinfo, *, plain: bool = True) -> tuple[str, Any]:
    """Return the kind of a calendar object and its VCALENDAR; raise a subclass of Invalid.

    `zone` is that of floating times and of names that nobody knows. The VTIMEZONEs are left out.
    With `plain` off the library reads plain events, too (`practice.vevent.plain`).
    """
    taken = outline(text)
    component = the_component(taken)
    check_values(taken.body)
    read = plain_calendar(taken.body) if plain and component == "VEVENT" else None
    calendar: Any = calendar_of(taken.body) if read is None else read
    zones = Zones(zone, taken.timezones)
    for part in parts_of(calendar, component) + calendar.walk("AVAILABLE"):
        check_part(part)
        _resolve_zones(part, zones)
        check_times(part)
        _align(part, zone)
    return component, calendar


def resolve(part: Any, zones: Zones) -> None:
    """Give local times the zones that their TZIDs name, and rules an UNTIL like their start."""
    _resolve_zones(part, zones)
    _align(part, zones.floating)


def _align(part: Any, zone: tzinfo) -> None:
    for rule in listed(part.get("RRULE")) if "DTSTART" in part else ():
        align_until(rule, part["DTSTART"].dt, zone)


def _resolve_zones(part: Any, zones: Zones) -> None:
    for name in (*TIMES, "RDATE", "EXDATE"):
        for value in listed(part.get(name)):
            tzid = value.params.pop("TZID", None)
            if tzid is None:
                continue
            if len(tzid) > LONGEST_NAME:
                raise InvalidText("The name of a time zone is too long.")
            zone = zones.zone(str(tzid))
            for entry in getattr(value, "dts", [value]):
                if isinstance(entry, vDDDTypes | Told):
                    entry.dt = _in_zone(entry.dt, zone)


def _in_zone(moment: Any, zone: Any) -> Any:
    if isinstance(moment, tuple):
        return tuple(_in_zone(m, zone) for m in moment)
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    return moment


def parts_of(calendar: Any, component: str) -> list[Any]:
    """Return the components of the object, in the order of the text."""
    return [part for part in calendar.subcomponents if part.name == component]
