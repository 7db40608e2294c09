"""Ranges of time in the bodies of reports (RFC 4791 9.9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest, Refusal
from practice.facts import Span
from practice.recurrence import EARLIEST, EARLIEST_SECOND, LATEST, LATEST_SECOND

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["both_ends", "read_span"]

_UTC_TIME = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


def read_span(element: Element) -> Span:
    """Read a time-range: UTC times, either of which may be left out.

    Raises BadRequest, or a Refusal for times before min-date-time or after max-date-time.
    """
    start, end = (_seconds(element.get(name)) for name in ("start", "end"))
    if start is None and end is None:
        raise BadRequest("A time-range has a start or an end.")
    if start is not None and end is not None and end <= start:
        raise BadRequest("A time-range ends after it starts.")
    told = [moment for moment in (start, end) if moment is not None]
    if min(told) < EARLIEST_SECOND:
        raise Refusal(403, f"Calendars here begin in {EARLIEST.year}.", "<C:min-date-time/>")
    if max(told) > LATEST_SECOND:
        raise Refusal(403, f"Calendars here end in {LATEST.year}.", "<C:max-date-time/>")
    return Span(start, end)


def both_ends(element: Element) -> Span:
    """Read a range that must have a start and an end."""
    span = read_span(element)
    if span.start is None or span.end is None:
        raise BadRequest(f"{element.tag.rpartition('}')[2]} has a start and an end.")
    return span


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        if not _UTC_TIME.fullmatch(text):
            raise ValueError(text)
        return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise BadRequest("A time-range is told in UTC, as 20261224T080000Z.") from error
