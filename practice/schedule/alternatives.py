"""The next free slots, told to those whose slot is taken.

Not here: what is offered to choose from in the first place (`practice.schedule.search`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from practice.schedule.hours import WorkingHours

__all__ = ["next_free"]

#: Slots are offered at these minutes of an hour.
STEP = timedelta(minutes=5)


def next_free(
    hours: WorkingHours, busy: Sequence[Slot], wanted: Slot, zone: ZoneInfo, count: int = 3
) -> list[Slot]:
    """Return the next `count` free slots as long as `wanted`, from its start on, within 14 days.

    `busy` are the taken slots of that time, in any order and zone; the answer is told in `zone`.
    """
    length = wanted.end - wanted.start
    taken = sorted(busy)
    free: list[Slot] = []
    for n in range(15):
        for opening in hours.on(wanted.start + timedelta(days=n), zone):
            start = _rounded(max(opening.start, wanted.start, key=datetime.timestamp))
            while start + length <= opening.end and len(free) < count:
                end = start + length
                hit = next((b for b in taken if b.overlaps(Slot(start, end))), None)
                if hit is None:
                    free.append(Slot(start.astimezone(zone), end.astimezone(zone)))
                start = _rounded(max(hit.end, start + STEP) if hit else end)
        if len(free) >= count:
            break
    return free


def _rounded(moment: datetime) -> datetime:
    """Return the moment, or the next on the grid after it, in UTC, where lengths add up."""
    moment = moment.astimezone(UTC)
    over = timedelta(minutes=moment.minute % 5, seconds=moment.second)
    return (moment + (STEP - over if over else over)).replace(microsecond=0)
