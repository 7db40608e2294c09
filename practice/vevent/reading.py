"""iCalendar text to facts.

Takes any client's text and keeps none of it: the text itself is stored byte for byte elsewhere.
Not here: texts of our own (`practice.vevent.writing`).

Sources: RFC 5545, RFC 4791 4.1 (what one calendar object is).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from practice.appointments import Slot, Status
from practice.errors import InvalidText, TooLarge
from practice.facts import Busy, Coverage, Facts, Limits, Occupied
from practice.recurrence import EVER, every_occurrence, expand, next_occurrence, ranges
from practice.recurrence.rules import listed
from practice.vevent.checking import check_attendees, common_uid
from practice.vevent.parsing import parse, parts_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from icalendar import Component

    from practice.facts import Span

__all__ = ["BUSY_TYPES", "is_series", "occupies", "occurs", "published", "read"]

#: FBTYPE (RFC 5545 3.2.9), BUSYTYPE (RFC 7953 3.2); what nobody knows is busy.
BUSY_TYPES = {
    "FREE": Busy.FREE,
    "BUSY": Busy.BUSY,
    "BUSY-TENTATIVE": Busy.TENTATIVE,
    "BUSY-UNAVAILABLE": Busy.UNAVAILABLE,
}
_RECURRING = frozenset({"RRULE", "RDATE", "EXDATE"})


def read(text: str, *, zone: tzinfo, now: datetime, limits: Limits, plain: bool = True) -> Facts:
    """Read the facts of one calendar object; raise a subclass of Invalid when it is none.

    `zone` is the calendar's, for whole days and floating times; `now` centres the expansion of
    endless series. Atomic and pure; costs time linear in the text plus its instances. `plain` is
    that of `practice.vevent.parsing`, with the same result.
    """
    if len(text.encode("utf-8", "surrogatepass")) > limits.max_bytes:
        raise TooLarge(f"A calendar object may have {limits.max_bytes} bytes.")
    component, calendar = parse(text, zone, plain=plain)
    parts = parts_of(calendar, component)
    uid = common_uid(parts)
    for part in parts:
        check_attendees(part, limits.max_attendees)
    occurrences, coverage = _occurrences(calendar, component, zone, now, limits)
    return _facts(uid, component, parts, occurrences, coverage, zone)


def occurs(text: str, span: Span, *, zone: tzinfo) -> Occupied | None:
    """Return the first occurrence in `span` of a text that `read` took, or None.

    For series beyond their coverage; everything else is answered by the index.
    """
    component, calendar = parse(text, zone)
    found = next_occurrence(calendar, component, span, zone)
    return Occupied(found.start, found.end, _busy(found.source)) if found else None


def occupies(text: str, span: Span, *, zone: tzinfo, limits: Limits) -> list[Occupied]:
    """Return every occurrence in `span`, which has two ends, of a text that `read` took.

    For series beyond their coverage. Raises TooManyInstances.
    """
    component, calendar = parse(text, zone)
    found = every_occurrence(calendar, component, span, zone, limits.max_instances)
    return [Occupied(o.start, o.end, _busy(o.source)) for o in found]


def _occurrences(
    calendar: Component, component: str, zone: tzinfo, now: datetime, limits: Limits
) -> tuple[list[Occupied], Coverage | None]:
    """Return the time index of an object: what it overlaps, and what of that is busy."""
    parts = parts_of(calendar, component)
    coverage = None
    try:
        if is_series(parts):
            found, coverage = expand(
                calendar, component, zone=zone, now=now, most=limits.max_instances
            )
            taken = [Occupied(o.start, o.end, _busy(o.source)) for o in found]
        else:
            taken = [Occupied(*r, _busy(part)) for part in parts for r in ranges(part, zone)]
            taken += [period for part in parts for period in published(part)]
    except (OverflowError, ValueError) as error:
        raise InvalidText("A date is out of range.") from error
    inside = [o for o in taken if o.start >= EVER[0] and o.end <= EVER[1]]
    return sorted(inside, key=lambda o: (o.start, o.end, o.busy)), coverage


def is_series(parts: list[Any]) -> bool:
    """Tell whether instances must be told apart: rules, dates, or several components."""
    if any(not _RECURRING.isdisjoint(part) for part in parts):
        return True
    return len(parts) > 1 and all("DTSTART" in part for part in parts)


def published(part: Any) -> list[Occupied]:
    """Return the periods of a VFREEBUSY that say when somebody is busy."""
    if part.name != "VFREEBUSY":
        return []
    found = []
    for period in listed(part.get("FREEBUSY")):
        told = str(period.params.get("FBTYPE", "BUSY")).upper()
        start, end = int(period.start.timestamp()), int(period.end.timestamp())
        if end > start:
            found.append(Occupied(start, end, BUSY_TYPES.get(told, Busy.BUSY)))
    return found


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
    zone: tzinfo,
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
