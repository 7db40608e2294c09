"""Threads for requests, one of which runs at a time as long as they are short.

Python runs one thread at a time, and most requests take a millisecond: threads that wait for each
other's turn spend more on waiting than on their requests. So requests start one after the other,
in the order they came, and one that takes longer does not count any more: it waits for a disk or a
lock, or makes a long answer, and holds nobody up. That saves up to half of what short requests take
when many come at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["Lanes"]

#: Requests that run and are short as far as anybody knows; two were slower than one.
AT_ONCE = 1
#: Seconds after which a request is a long one.
SHORT = 0.02
Result = TypeVar("Result")


class Lanes:
    """The threads of one process. Used on the event loop."""

    def __init__(self, threads: int, name: str, at_once: int = AT_ONCE) -> None:
        self.threads = ThreadPoolExecutor(threads, name)
        self._free = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def run(
        self, call: Callable[..., Result], *arguments: object, begun: Callable[[], None]
    ) -> Result:
        """Call something in a thread, when it is its turn; right before, `begun` is called."""
        loop = asyncio.get_running_loop()
        async with self.turn():
            begun()
            return await loop.run_in_executor(self.threads, call, *arguments)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, which ends with the block, or when that is a long one."""
        loop = asyncio.get_running_loop()
        await self._turn(loop)
        turn = _Turn(self._next)
        timer = loop.call_later(SHORT, turn.end)
        try:
            yield
        finally:
            timer.cancel()
            turn.end()

    async def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._free:
            self._free -= 1
            return
        mine = loop.create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._next()  # it was given the turn and does not want it any more
            raise

    def _next(self) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1


class _Turn:
    """That of one request, which ends once."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._ended = False

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._end()
