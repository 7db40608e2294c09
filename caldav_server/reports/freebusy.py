"""free-busy-query (RFC 4791 7.10): when a calendar is busy, from the index alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest
from caldav_server.reports.ranges import both_ends
from caldav_server.xml import CALDAV
from practice.use_cases.free_busy import busy_calendar
from practice.vevent import PRODID, Busy, Occupied

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from practice.calendars import Span
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.views import View

__all__ = ["busy_lines", "free_busy", "utc"]

_TYPES = {
    Busy.BUSY: "BUSY",
    Busy.TENTATIVE: "BUSY-TENTATIVE",
    Busy.UNAVAILABLE: "BUSY-UNAVAILABLE",
}


def free_busy(uow: UnitOfWork, view: View, root: Element, profile: Profile) -> str:
    """Return the VFREEBUSY for the time-range asked for.

    Depth says which calendars are looked at; a calendar is at depth 0 of itself.
    """
    limits = root.findall(CALDAV + "time-range")
    if len(limits) != 1:
        raise BadRequest("A free-busy-query has one time-range.")
    span = both_ends(limits[0])
    assert span.start is not None and span.end is not None  # noqa: S101, PT018 - both ends
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "BEGIN:VFREEBUSY",
        f"UID:{span.start}-{span.end}-{view.fingerprint}@free-busy",
        f"DTSTAMP:{uow.now:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{utc(span.start)}",
        f"DTEND:{utc(span.end)}",
    ]
    taken = busy_calendar(uow, view, span, profile)
    return "\r\n".join([*lines, *busy_lines(taken, span), "END:VFREEBUSY", "END:VCALENDAR", ""])


def busy_lines(taken: list[Occupied], span: Span) -> list[str]:
    """Return the FREEBUSY lines of times in order, without line ends."""
    lines = []
    for kind, name in _TYPES.items():
        merged = _merged([o for o in taken if o.busy is kind], span)
        lines += [f"FREEBUSY;FBTYPE={name}:{utc(start)}/{utc(end)}" for start, end in merged]
    return lines


def _merged(taken: list[Occupied], span: Span) -> list[tuple[int, int]]:
    """Return the times cut to the span, those that touch joined; `taken` is in order."""
    merged: list[tuple[int, int]] = []
    for occurrence in taken:
        start = max(occurrence.start, span.start or occurrence.start)
        end = min(occurrence.end, span.end or occurrence.end)
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def utc(moment: int) -> str:
    """Return seconds since 1970 as iCalendar writes a time in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y%m%dT%H%M%SZ}"
