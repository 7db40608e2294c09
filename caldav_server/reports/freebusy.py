"""free-busy-query (RFC 4791 7.10): when a calendar is busy, from the index alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest
from caldav_server.reports.query import read_span
from caldav_server.xml import CALDAV
from practice.use_cases.reading import busy_times
from practice.vevent import Busy, Occupied

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from practice.calendars import Span, View
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["free_busy"]

_TYPES = {Busy.BUSY: "BUSY", Busy.TENTATIVE: "BUSY-TENTATIVE"}


def free_busy(uow: UnitOfWork, view: View, root: Element, profile: Profile) -> str:
    """Return the VFREEBUSY for the time-range asked for."""
    limits = root.find(CALDAV + "time-range")
    if limits is None:
        raise BadRequest("A free-busy-query has a time-range.")
    span = read_span(limits)
    if span.start is None or span.end is None:
        raise BadRequest("The time-range of a free-busy-query has a start and an end.")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//praxis-caldav//praxis-caldav//DE",
        "BEGIN:VFREEBUSY",
        f"DTSTAMP:{uow.now:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{_utc(span.start)}",
        f"DTEND:{_utc(span.end)}",
    ]
    taken = busy_times(uow, view, span, profile)
    for kind, name in _TYPES.items():
        merged = _merged([o for o in taken if o.busy is kind], span)
        lines += [f"FREEBUSY;FBTYPE={name}:{_utc(start)}/{_utc(end)}" for start, end in merged]
    return "\r\n".join([*lines, "END:VFREEBUSY", "END:VCALENDAR", ""])


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


def _utc(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y%m%dT%H%M%SZ}"
