"""From what a clock on the wall shows to moments, and back, on the days it is changed as well.

Moments are whole seconds since 1970 (UTC), where lengths add up. Not here: what is open when.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from practice.appointments import Slot

__all__ = ["Seconds", "instant", "midnight_after", "next_change", "offset", "seconds_within"]

#: A half-open span of time in seconds since 1970 (UTC).
Seconds = tuple[int, int]


def instant(day: date, shown: time, zone: ZoneInfo) -> int:
    """Return when the clocks of `zone` show a time on a day.

    Of a time that comes twice it is the first; a time that is left out is the end of the gap.
    """
    wall = datetime.combine(day, shown, zone)
    moment = int(wall.timestamp())
    if datetime.fromtimestamp(moment, zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    # In a gap, fold tells by which of the two offsets a time is read, so the change lies between.
    return next_change(int(wall.replace(fold=1).timestamp()), moment, zone)


def midnight_after(moment: int, zone: ZoneInfo) -> int:
    """Return when the local day that `moment` lies in ends."""
    day = datetime.fromtimestamp(moment, zone).date()
    return instant(day + timedelta(days=1), time.min, zone)


def offset(moment: int, zone: ZoneInfo) -> int:
    """Return by how many seconds the clocks are ahead of UTC."""
    ahead = datetime.fromtimestamp(moment, zone).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())


def next_change(low: int, high: int, zone: ZoneInfo) -> int:
    """Return the first second after `low` that has another offset; `high` must have one."""
    before = offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def seconds_within(slot: Slot) -> Seconds:
    """Return the whole seconds of a slot; without any, the end is not after the start."""
    return math.ceil(slot.start.timestamp()), math.floor(slot.end.timestamp())
