"""iCalendar text to facts.

Takes any client's text and keeps none of it: the text itself is stored byte for byte elsewhere.
Not here: texts of our own (`practice.vevent.writing`).

Sources: RFC 5545, RFC 4791 4.1 (what one calendar object is).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from icalendar import Calendar as ICalendar
from icalendar.prop import vDDDTypes

from practice.appointments import Slot, Status
from practice.content_lines import outline
from practice.errors import InvalidObject, InvalidText, TooLarge
from practice.facts import Busy, Coverage, Facts, Limits, Occupied
from practice.recurrence import (
    EARLIEST_SECOND,
    LATEST_SECOND,
    every_occurrence,
    expand,
    instances,
    next_occurrence,
    seconds,
)
from practice.recurrence.rules import align_until, listed
from practice.timezones import LONGEST_NAME, Zones
from practice.vevent.checking import TIMES, check_part, common_uid, the_component

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from icalendar import Component

    from practice.facts import Span

__all__ = ["expanded", "occupies", "occurs", "read"]

_UNREADABLE = (ValueError, LookupError, ArithmeticError, TypeError)
_OUR_TZID = "X-PRAXIS-TZID"
_TZID = re.compile(r";TZID=", re.IGNORECASE)
_LINE_OF_TIME = re.compile(rf"^(?:{'|'.join(TIMES)}|RDATE|EXDATE);.*", re.MULTILINE | re.IGNORECASE)


def read(text: str, *, zone: ZoneInfo, now: datetime, limits: Limits) -> Facts:
    """Read the facts of one calendar object; raise a subclass of Invalid when it is none.

    `zone` is the practice's, for whole days and floating times; `now` centres the expansion of
    endless series. Atomic and pure; costs time linear in the text plus its instances.
    """
    if len(text.encode("utf-8", "surrogatepass")) > limits.max_bytes:
        raise TooLarge(f"A calendar object may have {limits.max_bytes} bytes.")
    component, calendar = _parse(text, zone)
    parts = calendar.walk(component)
    uid = common_uid(parts)
    occurrences, coverage = _occurrences(calendar, component, zone, now, limits)
    return _facts(uid, component, parts, occurrences, coverage, zone)


def occurs(text: str, span: Span, *, zone: ZoneInfo) -> Occupied | None:
    """Return the first occurrence in `span` of a text that `read` took, or None.

    For series beyond their coverage; everything else is answered by the index.
    """
    component, calendar = _parse(text, zone)
    found = next_occurrence(calendar, component, span, zone)
    return Occupied(found.start, found.end, _busy(found.source)) if found else None


def occupies(text: str, span: Span, *, zone: ZoneInfo, limits: Limits) -> list[Occupied]:
    """Return every occurrence in `span`, which has two ends, of a text that `read` took.

    For series beyond their coverage. Raises TooManyInstances.
    """
    component, calendar = _parse(text, zone)
    found = every_occurrence(calendar, component, span, zone, limits.max_instances)
    return [Occupied(o.start, o.end, _busy(o.source)) for o in found]


def expanded(text: str, span: Span, *, zone: ZoneInfo, limits: Limits) -> str:
    """Return the occurrences in `span` as single components, times in UTC (RFC 4791 9.6.5)."""
    component, calendar = _parse(text, zone)
    within = instances(calendar, component, span, zone, limits.max_instances)
    calendar.subcomponents = within
    result: bytes = calendar.to_ical(sorted=False)
    return result.decode()


def _parse(text: str, zone: ZoneInfo) -> tuple[str, Component]:
    taken = outline(text)
    component = the_component(taken)
    try:
        calendar = ICalendar.from_ical(_without_zones(taken.body))
    except _UNREADABLE as error:
        raise InvalidText("The text is not valid iCalendar.") from error
    zones = Zones(zone, taken.timezones)
    parts: list[Any] = calendar.walk(component)
    for part in parts:
        check_part(part)
        _resolve_zones(part, zones)
        for rule in listed(part.get("RRULE")) if "DTSTART" in part else ():
            align_until(rule, part["DTSTART"].dt, zone)
    return component, calendar


def _without_zones(body: str) -> str:
    """Return a body (it has no VTIMEZONEs) with the zones of its times out of sight.

    The library would look for names among files, guess, and remember for the whole process: the
    first text to name a zone would decide what it means in all others.
    """
    return _LINE_OF_TIME.sub(lambda line: _TZID.sub(f";{_OUR_TZID}=", line[0]), body)


def _resolve_zones(part: Any, zones: Zones) -> None:
    """Give local times the zones that their TZIDs name."""
    for name in (*TIMES, "RDATE", "EXDATE"):
        for value in listed(part.get(name)):
            tzid = value.params.pop(_OUR_TZID, None)
            if tzid is None:
                continue
            if len(tzid) > LONGEST_NAME:
                raise InvalidText("The name of a time zone is too long.")
            zone = zones.zone(str(tzid))
            for entry in getattr(value, "dts", [value]):
                if isinstance(entry, vDDDTypes):
                    entry.dt = _in_zone(entry.dt, zone)


def _in_zone(moment: Any, zone: Any) -> Any:
    if isinstance(moment, tuple):
        return tuple(_in_zone(m, zone) for m in moment)
    if isinstance(moment, datetime) and moment.tzinfo is None:
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
        if part.name == "VTODO" and isinstance(begin.dt, datetime):
            return _task_span(part, start, zone)
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


def _task_span(part: Any, start: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the range of time of a task, whose ends count where those of events do not."""
    if "DUE" in part:
        due = seconds(part["DUE"].dt, zone)
        return (start, due) if due > start else (start - 1, start + ("DTSTART" in part))
    if "DURATION" in part:
        return start, start + max(int(part["DURATION"].dt.total_seconds()), 0) + 1
    return start, start + 1


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
