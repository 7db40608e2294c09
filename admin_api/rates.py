"""How many requests somebody may send: so many at once, and so many a minute.

Kept by each process for itself: what it protects is the process. Guesses at passwords are counted
in the database (`practice.use_cases.sign_in`).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Rates"]

#: Callers remembered; the one not heard of for longest is forgotten first.
_MOST = 10_000


class Rates:
    """A bucket for each caller, from which each request takes one and which fills up in a minute.

    Used by the event loop alone.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> int:
        """Count a request; return in how many seconds the next may come, 0 if this one may."""
        now = self._clock()
        left, since = self._left.pop(caller, (self._size, now))
        left = min(self._size, left + (now - since) * self._size / 60)
        allowed = left >= 1
        self._left[caller] = (left - 1 if allowed else left, now)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        return 0 if allowed else max(1, round((1 - left) * 60 / self._size))
