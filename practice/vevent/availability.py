"""When somebody can be reached at all: VAVAILABILITY laid under the busy times.

Pure. Not here: where the text is kept (an account's calendar-availability, or an object in a
calendar). Source: RFC 7953 3 and 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from icalendar import Calendar as ICalendar

from practice.errors import InvalidObject
from practice.facts import Busy, Occupied, Span
from practice.recurrence import every_occurrence, ranges
from practice.vevent.parsing import parse, parts_of
from practice.vevent.reading import BUSY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

__all__ = ["apply_availability", "check_availability", "unavailable"]

#: Periods of one AVAILABLE in one range; a year of mornings and afternoons has fewer.
MOST_PERIODS = 5000
_KIND = "VAVAILABILITY"
#: PRIORITY 0, or none, is the lowest (RFC 7953 3.1).
_LOWEST = 10

_Range = tuple[int, int]


def check_availability(text: str, zone: tzinfo) -> None:
    """Raise a subclass of Invalid unless the text is an iCalendar object of VAVAILABILITYs."""
    _read(text, zone)


def apply_availability(
    text: str, busy: Sequence[Occupied], span: Span, zone: tzinfo
) -> list[Occupied]:
    """Return the busy times and those of no availability in `span`, which has two ends, by start.

    `text` is an iCalendar object with one or more VAVAILABILITYs; `zone` is that of its floating
    times. Where several overlap, the one of the highest PRIORITY (1) decides; what is outside of
    all of them is available. BUSYTYPE says what not being available is, BUSY-UNAVAILABLE unless
    told. `busy` is kept as it is. Raises a subclass of Invalid for a text that is none.
    """
    return sorted([*busy, *unavailable([(text, zone)], span)], key=lambda o: (o.start, o.end))


def unavailable(told: Iterable[tuple[str, tzinfo]], span: Span) -> list[Occupied]:
    """Return the times of no availability in `span`, which has two ends, by several texts, each
    with the zone of its floating times; see `apply_availability`.
    """
    hours = [hours for text, zone in told for hours in _read(text, zone)]
    assert span.start is not None and span.end is not None  # noqa: S101, PT018 - as promised
    left: list[_Range] = [(span.start, span.end)]
    found = []
    for part in sorted(hours, key=lambda part: part.priority):
        own = _common(left, [part.range])
        left = _without(left, [part.range])
        closed = _without(own, part.open_in(span)) if part.busy is not Busy.FREE else []
        found += [Occupied(start, end, part.busy) for start, end in closed]
    return found


def _read(text: str, zone: tzinfo) -> list[_Hours]:
    component, calendar = parse(text, zone)
    if component != _KIND:
        raise InvalidObject("The text has no VAVAILABILITY.")
    return [_Hours(part, zone) for part in parts_of(calendar, _KIND)]


class _Hours:
    """One VAVAILABILITY: in `range` it decides, and is open when one of its AVAILABLEs is."""

    def __init__(self, part: Any, zone: tzinfo) -> None:
        self._part = part
        self._zone = zone
        (self.range,) = ranges(part, zone)
        told = int(part.get("PRIORITY", 0)) if isinstance(part.get("PRIORITY", 0), int) else 0
        self.priority = told if 0 < told < _LOWEST else _LOWEST
        kind = str(part.get("BUSYTYPE", "")).strip().upper()
        self.busy = BUSY_TYPES.get(kind, Busy.UNAVAILABLE)

    def open_in(self, span: Span) -> list[_Range]:
        """Return when one of the AVAILABLEs is, in order, without overlaps."""
        by_uid: dict[str, list[Any]] = {}
        for part in self._part.subcomponents:
            if part.name == "AVAILABLE":
                by_uid.setdefault(str(part.get("UID", "")), []).append(part)
        found: list[_Range] = []
        for parts in by_uid.values():
            series = ICalendar()
            series.subcomponents = parts
            each = every_occurrence(series, "AVAILABLE", span, self._zone, MOST_PERIODS)
            found += [(o.start, o.end) for o in each]
        return _joined(found)


def _joined(ranges_: Iterable[_Range]) -> list[_Range]:
    joined: list[_Range] = []
    for start, end in sorted(ranges_):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _common(some: Iterable[_Range], others: Sequence[_Range]) -> list[_Range]:
    pairs = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return [(start, end) for start, end in pairs if start < end]


def _without(some: Iterable[_Range], gone: Sequence[_Range]) -> list[_Range]:
    """Return what is left of ranges; `gone` is in order and without overlaps."""
    left = []
    for start, end in some:
        at = start
        for begin, finish in gone:
            if begin >= end:
                break
            if finish <= at:
                continue
            if begin > at:
                left.append((at, begin))
            at = max(at, finish)
        if at < end:
            left.append((at, end))
    return left
