"""Which objects may have an alarm in a range of time: by the index as far as it tells.

The index knows when objects are, not when their alarms ring. An alarm rings at most so far from
its object; how far is soon read from a text. Not here: whether it really rings then
(`practice.vevent.matches`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.calendars import Span
from practice.use_cases.reading import WIDEST_OFFSET, overlapping, texts
from practice.vevent import alarm_reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from practice.calendars import CalendarObject
    from practice.ports import UnitOfWork
    from practice.views import View

__all__ = ["near_alarms"]

#: Distances in seconds; most alarms ring within an hour, or a day, of their event.
_RINGS = (3600, 86_400, 32 * 86_400)


def near_alarms(
    uow: UnitOfWork, view: View, span: Span, component: str | None, zone: tzinfo
) -> Iterator[CalendarObject]:
    """Yield the objects of a kind whose alarms reach as far as `span`, in whatever zone they float.

    Reads the texts of all objects of the kind, as they come, and takes none apart.
    """
    farther_than: dict[int, int] = {}
    nearer = -1
    for distance in _RINGS:
        for item in overlapping(uow, view, _around(span, distance), component, zone):
            farther_than.setdefault(item.id, nearer)
        nearer = distance
    for item in texts(uow, view, component):
        reach = alarm_reach(item.text)
        if reach is None or reach > farther_than.get(item.id, nearer):
            yield item


def _around(span: Span, distance: int) -> Span:
    by = distance + WIDEST_OFFSET
    start = None if span.start is None else span.start - by
    return Span(start, None if span.end is None else span.end + by)
