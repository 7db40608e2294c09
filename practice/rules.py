"""Rules that refuse a booking, each a small class. Pure.

Not here: reading what is taken (`practice.use_cases`), under the lock that makes it true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.vevent import Busy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from practice.vevent import Occupied

__all__ = ["NoDoubleBooking"]


@dataclass(frozen=True, slots=True)
class NoDoubleBooking:
    """A doctor is in one place at a time.

    `taken` are the occurrences in the doctor's calendar and the practice's own (closed days),
    whoever put them there and whether or not the one who books may see them.
    """

    taken: Sequence[Occupied]

    def broken_by(self, wanted: Sequence[Occupied]) -> bool:
        """Tell whether any wanted occurrence overlaps a taken one; touching ends do not."""
        taken = sorted((o.start, o.end) for o in self.taken if o.busy is not Busy.FREE)
        position, latest = 0, -1
        for occurrence in sorted(wanted, key=lambda o: o.start):
            if occurrence.busy is Busy.FREE:
                continue
            while position < len(taken) and taken[position][0] < occurrence.end:
                latest = max(latest, taken[position][1])
                position += 1
            # `latest` may come from an occurrence before the gap; it counts if it reaches in.
            if latest > occurrence.start:
                return True
        return False
