"""iCalendar text to facts.

Takes any client's text and keeps none of it: the text itself is stored byte for byte elsewhere.
Not here: texts of our own (`practice.vevent.writing`).

Sources: RFC 5545, RFC 4791 4.1 (what one calendar object is).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from icalendar import Calendar as ICalendar
from icalendar.prop import vDDDTypes

from practice.appointments import Slot, Status
from practice.content_lines import Outline, outline
from practice.errors import InvalidObject, InvalidText, TooLarge, UnsupportedComponent
from practice.recurrence import (
    EARLIEST_SECOND,
    LATEST_SECOND,
    Coverage,
    check_rule,
    expand,
    instances,
    next_occurrence,
    seconds,
)
from practice.timezones import Zones, known_zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from icalendar import Component

    from practice.calendars import Span

__all__ = ["Busy", "Facts", "Limits", "Occupied", "expanded", "occurs", "read"]

_KINDS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
_TIMES = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID")
_RECURRING = ("RRULE", "RDATE", "EXDATE", "EXRULE")
#: More repeated lines of one kind than any client writes.
MOST_LINES = 3000
MOST_RULES = 5


class Busy(IntEnum):
    """What an occurrence does to the time it takes (FBTYPE of RFC 5545 3.2.9)."""

    FREE = 0
    TENTATIVE = 1
    BUSY = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """What one calendar object may be: bytes of its text, instances of its series."""

    max_bytes: int = 1_000_000
    max_instances: int = 3000


@dataclass(frozen=True, slots=True)
class Occupied:
    """One occurrence in the time index: seconds since 1970, half-open."""

    start: int
    end: int
    busy: Busy


@dataclass(frozen=True, slots=True)
class Facts:
    """What the practice reads from the text of one calendar object.

    `slot` is that of the first event; None for whole days, tasks, notes and series.
    `coverage` is None unless a series goes on beyond the occurrences listed.
    The texts are empty when the property is absent.
    """

    uid: str
    component: str
    occurrences: tuple[Occupied, ...]
    coverage: Coverage | None
    slot: Slot | None
    status: Status
    patient_number: str = ""
    insurance: str = ""
    kind: str = ""
    source: str = ""
    requires_confirmation: bool = False

    @property
    def is_appointment(self) -> bool:
        """Tell whether a new object is an appointment and no block, holiday or task."""
        return self.slot is not None and bool(self.patient_number or self.kind)


def read(text: str, *, zone: ZoneInfo, now: datetime, limits: Limits) -> Facts:
    """Read the facts of one calendar object; raise a subclass of Invalid when it is none.

    `zone` is the practice's, for whole days and floating times; `now` centres the expansion of
    endless series. Atomic and pure; costs time linear in the text plus its instances.
    """
    if len(text.encode("utf-8", "surrogatepass")) > limits.max_bytes:
        raise TooLarge(f"A calendar object may have {limits.max_bytes} bytes.")
    component, calendar = _parse(text, zone)
    parts = calendar.walk(component)
    uid = _common_uid(parts)
    occurrences, coverage = _occurrences(calendar, component, zone, now, limits)
    return _facts(uid, component, parts, occurrences, coverage, zone)


def occurs(text: str, span: Span, *, zone: ZoneInfo) -> Occupied | None:
    """Return the first occurrence in `span` of a text that `read` took, or None.

    For series beyond their coverage; everything else is answered by the index.
    """
    component, calendar = _parse(text, zone)
    found = next_occurrence(calendar, component, span, zone)
    return Occupied(found.start, found.end, _busy(found.source)) if found else None


def expanded(text: str, span: Span, *, zone: ZoneInfo, limits: Limits) -> str:
    """Return the occurrences in `span` as single components, times in UTC (RFC 4791 9.6.5)."""
    component, calendar = _parse(text, zone)
    within = instances(calendar, component, span, limits.max_instances)
    calendar.subcomponents = within
    result: bytes = calendar.to_ical(sorted=False)
    return result.decode()


def _parse(text: str, zone: ZoneInfo) -> tuple[str, Component]:
    taken = outline(text)
    component = _the_component(taken)
    try:
        # Without its VTIMEZONEs: the library keeps unknown zones for the whole process, and the
        # first text to name a zone would decide what it means in all others.
        calendar = ICalendar.from_ical(taken.body)
    except (ValueError, KeyError, IndexError, OverflowError, TypeError) as error:
        raise InvalidText("The text is not valid iCalendar.") from error
    zones = Zones(zone, taken.timezones)
    for part in calendar.walk(component):
        _check_part(part)
        _resolve_zones(part, zones)
    return component, calendar


def _the_component(taken: Outline) -> str:
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


def _common_uid(parts: list[Any]) -> str:
    uids = {str(part.get("UID", "")).strip() for part in parts}
    if len(uids) != 1 or "" in uids or any(isinstance(p.get("UID"), list) for p in parts):
        raise InvalidObject("All components of a calendar object have one and the same UID.")
    masters = [part for part in parts if "RECURRENCE-ID" not in part]
    if len(masters) > 1:
        raise InvalidObject("Only overrides (RECURRENCE-ID) may share a UID.")
    uid = uids.pop()
    if len(uid) > 1000:
        raise InvalidObject("The UID is too long.")
    return uid


def _check_part(part: Any) -> None:
    """Refuse what would break a later query: broken or doubled times, explosive rules."""
    broken = {str(name).upper() for name, _ in part.errors} & {*_TIMES, *_RECURRING, "DURATION"}
    if broken:
        raise InvalidText(f"{min(broken)} cannot be read.")
    for name in _TIMES:
        value = part.get(name)
        if value is not None and (isinstance(value, list) or not hasattr(value, "dt")):
            raise InvalidText(f"{name} is not a date or time, or stands twice.")
        if value is not None and not isinstance(value.dt, date):
            raise InvalidText(f"{name} is not a date or time.")
    duration = part.get("DURATION")
    if duration is not None and not isinstance(getattr(duration, "dt", None), timedelta):
        raise InvalidText("DURATION is not a duration.")
    if part.name == "VEVENT" and "DTSTART" not in part:
        raise InvalidObject("A VEVENT has a DTSTART.")
    _check_end(part)
    for name in _RECURRING:
        _check_recurring(part, name)


def _check_end(part: Any) -> None:
    start, end = part.get("DTSTART"), part.get("DTEND")
    if start is None or end is None:
        return
    if isinstance(start.dt, datetime) != isinstance(end.dt, datetime):
        raise InvalidObject("DTSTART and DTEND are both dates or both times.")
    # A day of slack, since the two may be told in different zones; they are compared by index.
    if _day(end.dt) < _day(start.dt) - timedelta(days=1):
        raise InvalidObject("DTEND lies before DTSTART.")


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _check_recurring(part: Any, name: str) -> None:
    values = part.get(name)
    values = values if isinstance(values, list) else [] if values is None else [values]
    if len(values) > (MOST_RULES if name.endswith("RULE") else MOST_LINES):
        raise InvalidObject(f"There are too many {name} lines.")
    for value in values:
        if name == "RRULE":
            if not hasattr(value, "items"):
                raise InvalidText("An RRULE cannot be read.")
            check_rule(value)
        elif name != "EXRULE" and not hasattr(value, "dts"):
            raise InvalidText(f"{name} is not a list of dates or times.")


def _resolve_zones(part: Any, zones: Zones) -> None:
    """Give local times whose TZID the library does not know the zone that `zones` finds."""
    for name in (*_TIMES, "RDATE", "EXDATE"):
        values = part.get(name)
        for value in values if isinstance(values, list) else [values]:
            tzid = value.params.get("TZID") if value is not None else None
            if tzid is None:
                continue
            zone = known_zone(str(tzid)) or zones.zone(str(tzid))
            for entry in getattr(value, "dts", [value]):
                if isinstance(entry, vDDDTypes):
                    entry.dt = _in_zone(entry.dt, zone)


def _in_zone(moment: Any, zone: Any) -> Any:
    if isinstance(moment, tuple):
        return tuple(_in_zone(m, zone) for m in moment)
    if isinstance(moment, datetime) and (moment.tzinfo is None or moment.utcoffset() is not None):
        return moment.replace(tzinfo=zone)
    return moment


def _occurrences(
    calendar: Component, component: str, zone: ZoneInfo, now: datetime, limits: Limits
) -> tuple[list[Occupied], Coverage | None]:
    parts = calendar.walk(component)
    coverage = None
    if any("RRULE" in part or "RDATE" in part for part in parts):
        found, coverage = expand(calendar, component, zone=zone, now=now, most=limits.max_instances)
        spans = [(o.start, o.end, _busy(o.source)) for o in found]
    else:
        spans = [(*_span(part, zone), _busy(part)) for part in parts]
    if any(start < EARLIEST_SECOND or end > LATEST_SECOND for start, end, _ in spans):
        spans = [(start, end, busy) for start, end, busy in spans if _everlasting(start, end)]
        if not spans:
            raise InvalidObject("A date lies before 1900 or after 2200.")
    return [Occupied(*span) for span in sorted(spans)], coverage


def _everlasting(start: int, end: int) -> bool:
    return (start, end) == (EARLIEST_SECOND - 1, LATEST_SECOND + 1)


def _span(part: Any, zone: ZoneInfo) -> tuple[int, int]:
    """Return the range of time of one component, as RFC 4791 9.9 has it."""
    try:
        begin = part.get("DTSTART") or part.get("DUE")
        if begin is None:
            return EARLIEST_SECOND - 1, LATEST_SECOND + 1  # a task without dates is always there
        start = seconds(begin.dt, zone)
        finish = part.get("DTEND") or part.get("DUE")
        if finish is not None:
            end = seconds(finish.dt, zone)
        elif "DURATION" in part:
            end = start + int(part["DURATION"].dt.total_seconds())
        else:
            end = (
                start
                if isinstance(begin.dt, datetime)
                else seconds(begin.dt + timedelta(days=1), zone)
            )
    except (OverflowError, ValueError) as error:
        raise InvalidText("A date is out of range.") from error
    return start, max(end, start + 1)


def _busy(part: Any) -> Busy:
    status = str(part.get("STATUS", "")).upper()
    if part.name != "VEVENT" or status == "CANCELLED":
        return Busy.FREE
    if str(part.get("TRANSP", "")).upper() == "TRANSPARENT":
        return Busy.FREE
    return Busy.TENTATIVE if status == "TENTATIVE" else Busy.BUSY


def _facts(
    uid: str,
    component: str,
    parts: list[Any],
    occurrences: list[Occupied],
    coverage: Coverage | None,
    zone: ZoneInfo,
) -> Facts:
    first = parts[0]
    single = component == "VEVENT" and len(parts) == 1 and len(occurrences) == 1 and not coverage
    slot = None
    if single and isinstance(first["DTSTART"].dt, datetime):
        slot = Slot(
            datetime.fromtimestamp(occurrences[0].start, zone),
            datetime.fromtimestamp(occurrences[0].end, zone),
        )
    status = str(first.get("STATUS", "")).upper()
    return Facts(
        uid=uid,
        component=component,
        occurrences=tuple(occurrences),
        coverage=coverage,
        slot=slot,
        status=Status(status) if status in Status.__members__ else Status.CONFIRMED,
        patient_number=_text(first, "X-PATIENT-ID"),
        insurance=_text(first, "X-INSURANCE-TYPE"),
        kind=_text(first, "X-APPOINTMENT-TYPE"),
        source=_text(first, "X-BOOKING-SOURCE"),
        requires_confirmation=_text(first, "X-REQUIRES-CONFIRMATION").upper()
        in {"TRUE", "1", "YES"},
    )


def _text(part: Any, name: str) -> str:
    value = part.get(name, "")
    return str(value[0] if isinstance(value, list) and value else value or "").strip()[:255]
