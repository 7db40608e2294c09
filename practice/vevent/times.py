"""When one component of a text is, and when its alarms ring, against a range of time.

Exact, for filters; the index answers what it can before. Source: RFC 4791 9.9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from practice.facts import Span
from practice.recurrence import (
    EARLIEST_SECOND,
    LATEST_SECOND,
    anchors,
    next_occurrence,
    ranges,
    seconds,
)
from practice.vevent.parsing import parse, parts_of
from practice.vevent.reading import is_series, published
from practice.vevent.values import duration, moment, overlaps

if TYPE_CHECKING:
    from datetime import tzinfo

    from practice.vevent.tree import Part

__all__ = ["alarm_reach", "is_in", "overlaps_span", "rings"]

_FOLD = re.compile(r"\r?\n[ \t]")
_OF_ALARMS = re.compile(
    r"^(TRIGGER|REPEAT|DURATION)(?:;[^:\n]*)?:(.*)$", re.MULTILINE | re.IGNORECASE
)


def overlaps_span(text: str, kind: str, number: int, span: Span, zone: tzinfo) -> bool:
    """Tell whether a component, or an instance of it, overlaps the span.

    `number` counts the components of its kind right below VCALENDAR.
    """
    component, calendar = parse(text, zone)
    if component != kind:
        return False
    parts = parts_of(calendar, component)
    part = parts[number]
    if is_series(parts):
        return any(True for _ in anchors(calendar, component, number, span, zone))
    told = ranges(part, zone)
    if kind == "VFREEBUSY" and not told:
        told = [(period.start, period.end) for period in published(part)]
    return any(overlaps(one, span) for one in told)


def is_in(text: str, span: Span, *, zone: tzinfo) -> bool:
    """Tell whether any component of an object, or an instance of one, overlaps the span."""
    component, calendar = parse(text, zone)
    parts = parts_of(calendar, component)
    if is_series(parts):
        return next_occurrence(calendar, component, span, zone) is not None
    return any(overlaps(one, span) for part in parts for one in ranges(part, zone))


def rings(text: str, of: tuple[str, int], alarm: Part, span: Span, zone: tzinfo) -> bool:
    """Tell whether an alarm of a component (its kind and number) rings in the span."""
    lines = alarm.lines_of("TRIGGER")
    if not lines:
        return False
    every, times = _repetition(alarm)
    offset = duration(lines[0].value)
    if offset is None:
        at = moment(lines[0].value.strip(), zone)
        return at is not None and _rings_from(seconds(at, zone), every, times, span)
    after = int(offset.total_seconds())
    component, calendar = parse(text, zone)
    if component != of[0]:
        return False
    by_end = lines[0].parameters.get("RELATED", "START").upper() == "END"
    for start, end in _anchors(calendar, component, of[1], _reach(span, after, every, times), zone):
        if _rings_from((end if by_end else start) + after, every, times, span):
            return True
    return False


def alarm_reach(text: str) -> int | None:
    """Return how many seconds from an object its alarms ring at most, -1 for one without any.

    None where some ring at a time of their own. Reads the text and takes nothing apart, so it may
    say too much.
    """
    unfolded = _FOLD.sub("", text)
    reach, lengths, times = -1, [0], [0]
    for line in _OF_ALARMS.finditer(unfolded):
        name, value = line[1].upper(), line[2].strip()
        if name == "REPEAT":
            times.append(int(value) if value.isdecimal() and len(value) < 10 else 0)
            continue
        length = duration(value)
        if length is not None:
            told = abs(int(length.total_seconds())) + 1
            reach = max(reach, told) if name == "TRIGGER" else reach
            lengths.append(told if name == "DURATION" else 0)
        elif name == "TRIGGER":
            return None
    return reach if reach < 0 else reach + max(times) * max(lengths)


def _anchors(calendar: Any, component: str, number: int, span: Span, zone: tzinfo) -> Any:
    parts = parts_of(calendar, component)
    if is_series(parts) or "DTSTART" in parts[number]:
        return anchors(calendar, component, number, span, zone)
    due = parts[number].get("DUE")
    return [] if due is None else [(seconds(due.dt, zone),) * 2]


def _repetition(alarm: Part) -> tuple[int, int]:
    """Return after how many seconds, and how often, an alarm rings again."""
    repeat, gap = alarm.lines_of("REPEAT"), alarm.lines_of("DURATION")
    length = duration(gap[0].value) if gap else None
    told = repeat[0].value.strip() if repeat else ""
    if length is None or not told.isdecimal() or len(told) > 9 or length.total_seconds() < 1:
        return 0, 0
    return int(length.total_seconds()), int(told)


def _rings_from(first: int, every: int, times: int, span: Span) -> bool:
    start = EARLIEST_SECOND if span.start is None else span.start
    end = LATEST_SECOND if span.end is None else span.end
    missed = -((first - start) // every) if every and first < start else 0
    return missed <= times and start <= first + missed * every < end


def _reach(span: Span, after: int, every: int, times: int) -> Span:
    """Return where those instances are whose alarms may ring in the span."""
    start = None if span.start is None else span.start - after - every * times - 1
    end = None if span.end is None else span.end - after + 1
    if start is not None and start > LATEST_SECOND:
        return Span(LATEST_SECOND, LATEST_SECOND + 1)
    return Span(start, end)
