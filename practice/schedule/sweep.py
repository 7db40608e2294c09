"""The two questions a search asks at every step, each answered by going on, never back.

At which time could an appointment begin next (`Beginnings`), and until when can it not
(`Blocked`). Both are asked with times that never decrease, and read no further than asked.
Times and lengths are whole seconds. Not here: whose time it is (`practice.schedule.search`).
"""

from __future__ import annotations

import heapq
import math
from datetime import datetime, time
from typing import TYPE_CHECKING

from practice.schedule.clock import (
    Seconds,
    instant,
    midnight_after,
    next_change,
    offset,
    seconds_within,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from practice.appointments import Slot

__all__ = ["Beginnings", "Blocked"]

_HOUR = 3600


class Beginnings:
    """The times of the grid at which an appointment fits into an opening.

    The grid is that of the clock on the wall. It begins where the opening does, or at midnight if
    it goes on from the day before, so that it is the same whenever one starts looking; and there
    at the next time that suits the step: 5 minutes begin at :00, :05 ..., 40 at :00, :20, :40.
    """

    def __init__(self, openings: Iterable[Slot], length: int, step: int, zone: ZoneInfo) -> None:
        self._openings = iter(openings)
        self._length, self._step, self._zone = length, step, zone
        self._opens = self._closes = self._until = 0
        self._phase = 0
        self._over = not self._next_opening()

    def from_on(self, moment: int) -> int | None:
        """Return the first beginning that is not before `moment`, None if there are no more."""
        while not self._over:
            if moment > self._closes - self._length:
                self._over = not self._next_opening()
                continue
            moment = max(moment, self._opens)
            if moment >= self._until:
                self._look_at(moment)
            start = moment + (self._phase - moment) % self._step
            if start < self._until and start <= self._closes - self._length:
                return start
            moment = self._until if start >= self._until else self._closes
        return None

    def _next_opening(self) -> bool:
        opening = next(self._openings, None)
        if opening is None:
            return False
        opens, closes = seconds_within(opening)
        if opens < self._closes:
            raise ValueError("the openings are not in order")
        self._opens, self._closes, self._until = opens, closes, opens
        return True

    def _look_at(self, moment: int) -> None:
        """Find how the grid lies from `moment` to the end of the day or the next change of clock.

        `_phase` is one of its times there, give or take steps.
        """
        day = datetime.fromtimestamp(moment, self._zone).date()
        begins = max(self._opens, instant(day, time.min, self._zone))
        suits = math.gcd(self._step, _HOUR)
        shown = begins + offset(begins, self._zone)
        anchor = -(-shown // suits) * suits
        ahead = offset(moment, self._zone)
        self._phase = anchor - ahead
        self._until = midnight_after(moment, self._zone)
        if self._until <= moment:  # a clock set back over midnight, which no zone has done lately
            self._until = max(self._closes, moment + 1)
        if offset(self._until - 1, self._zone) != ahead:
            self._until = next_change(moment, self._until - 1, self._zone)


class Blocked:
    """When an appointment cannot begin, because it or its buffers would touch what is taken.

    An appointment of `length` from s on takes [s, s + length), and touches [a, b) if
    a - length < s < b; with buffers, if a - length - after < s < b + before.
    """

    def __init__(
        self,
        length: int,
        *,
        busy: Iterable[Iterable[Seconds]],
        kept: Iterable[Iterable[Seconds]],
        buffers: Seconds,
    ) -> None:
        before, after = buffers
        self._spans = heapq.merge(
            *(_touching(spans, before, length + after) for spans in busy),
            *(_touching(spans, 0, length) for spans in kept),
        )
        self._next = next(self._spans, None)
        self._until = 0

    def until(self, start: int) -> int:
        """Return until when nothing can begin; if that is not after `start`, it is free."""
        # What follows without a time between in which one could begin is taken along.
        while self._next is not None and self._next[0] < max(start, self._until):
            self._until = max(self._until, self._next[1])
            self._next = next(self._spans, None)
        return self._until


def _touching(spans: Iterable[Seconds], before: int, after: int) -> Iterator[Seconds]:
    earlier: int | None = None
    for start, end in spans:
        if earlier is not None and start < earlier:
            raise ValueError("what is taken is not in order")
        earlier = start
        if start < end:
            yield start - after, end + before
