"""Is this one calendar object, and one that no later query breaks on? (RFC 4791 4.1)"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from practice.errors import (
    InvalidObject,
    InvalidText,
    TooEarly,
    TooLate,
    TooManyAttendees,
    UnsupportedComponent,
)
from practice.recurrence import EARLIEST, LATEST, check_rule
from practice.recurrence.rules import listed

if TYPE_CHECKING:
    from practice.content_lines import Outline

__all__ = ["TIMES", "check_attendees", "check_part", "check_times", "common_uid", "the_component"]

TIMES = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID")
_KINDS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
_RECURRING = ("RRULE", "RDATE", "EXDATE", "EXRULE")
#: More repeated lines of one kind than any client writes.
MOST_LINES = 3000
MOST_RULES = 5
LONGEST_UID = 1000  # RFC 7986 5.3 advises 255 bytes; be generous


def the_component(taken: Outline) -> str:
    """Return the one kind of component in the text (RFC 4791 4.1)."""
    if "METHOD" in taken.calendar_properties:
        raise InvalidObject("A stored calendar object has no METHOD.")
    kinds = {name for name in taken.components if name != "VTIMEZONE"}
    if len(kinds) != 1:
        raise InvalidObject("A calendar object has components of exactly one kind.")
    kind = kinds.pop()
    if kind not in _KINDS:
        raise UnsupportedComponent(f"Calendars here hold {', '.join(_KINDS[:3])}.")
    return kind


def common_uid(parts: list[Any]) -> str:
    """Return the one UID of all parts; raises InvalidObject."""
    uids = {str(part.get("UID", "")).strip() for part in parts}
    if len(uids) != 1 or "" in uids or any(isinstance(p.get("UID"), list) for p in parts):
        raise InvalidObject("All components of a calendar object have one and the same UID.")
    masters = [part for part in parts if "RECURRENCE-ID" not in part]
    if len(masters) > 1:
        raise InvalidObject("Only overrides (RECURRENCE-ID) may share a UID.")
    uid = uids.pop()
    if len(uid) > LONGEST_UID:
        raise InvalidObject("The UID is too long.")
    return uid


def check_part(part: Any) -> None:
    """Refuse what would break a later query: broken or doubled times, explosive rules."""
    broken = {str(name).upper() for name, _ in part.errors} & {*TIMES, *_RECURRING, "DURATION"}
    if broken:
        raise InvalidText(f"{min(broken)} cannot be read.")
    for name in TIMES:
        value = part.get(name)
        if value is not None and (isinstance(value, list) or not hasattr(value, "dt")):
            raise InvalidText(f"{name} is not a date or time, or stands twice.")
        if value is not None and not isinstance(value.dt, date):
            raise InvalidText(f"{name} is not a date or time.")
    duration = part.get("DURATION")
    if duration is not None and not isinstance(getattr(duration, "dt", None), timedelta):
        raise InvalidText("DURATION is not a duration.")
    if part.name in {"VEVENT", "AVAILABLE"} and "DTSTART" not in part:
        raise InvalidText(f"A {part.name} has a DTSTART.")
    _check_end(part)
    for name in _RECURRING:
        _check_recurring(part, name)


def check_attendees(part: Any, most: int) -> None:
    """Refuse more attendees than one instance may have (RFC 4791 5.2.9)."""
    if len(listed(part.get("ATTENDEE"))) > most:
        raise TooManyAttendees(f"An instance may have {most} attendees.")


def check_times(part: Any) -> None:
    """Refuse times before or after any that calendars have (RFC 4791 5.2.6, 5.2.7)."""
    moments = [value.dt for name in TIMES for value in listed(part.get(name))]
    for line in listed(part.get("RDATE")):
        for entry in line.dts:
            period = entry.dt if isinstance(entry.dt, tuple) else (entry.dt,)
            moments += [moment for moment in period if isinstance(moment, date)]
    for moment in moments:
        if _is_before(moment, EARLIEST):
            raise TooEarly(f"A date lies before {EARLIEST.year}.")
        if moment != LATEST and not _is_before(moment, LATEST):
            raise TooLate(f"A date lies after {LATEST.year}.")


def _is_before(moment: date, limit: datetime) -> bool:
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment < limit
    return _day(moment) < limit.date()  # in whatever zone


def _check_end(part: Any) -> None:
    start, end = part.get("DTSTART"), part.get("DTEND")
    if start is None or end is None:
        return
    if isinstance(start.dt, datetime) != isinstance(end.dt, datetime):
        raise InvalidText("DTSTART and DTEND are both dates or both times.")
    # A day of slack, since the two may be told in different zones; they are compared by index.
    if _day(end.dt).toordinal() < _day(start.dt).toordinal() - 1:
        raise InvalidText("DTEND lies before DTSTART.")


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _check_recurring(part: Any, name: str) -> None:
    values = part.get(name)
    values = values if isinstance(values, list) else [] if values is None else [values]
    if len(values) > (MOST_RULES if name.endswith("RULE") else MOST_LINES):
        raise InvalidText(f"There are too many {name} lines.")
    for value in values:
        if name == "RRULE":
            if not hasattr(value, "items"):
                raise InvalidText("An RRULE cannot be read.")
            check_rule(value)
        elif name != "EXRULE" and not hasattr(value, "dts"):
            raise InvalidText(f"{name} is not a list of dates or times.")
