"""Requests that change or tell of one object, answered one after the other in one thread.

While some wait for the disk others come in, and the next batch takes all of them along: one thread,
one lock, one commit and one flush instead of as many. Nobody is answered before the commit. Of
the processor's time that a PUT takes, saves a third (1.15 -> 0.78 ms) where eight come at a time,
and seven flushes of eight; nothing where one does.

Those who read share the thread alone: each has a snapshot of its own, begun when it is its turn.
Of eight who fetch single objects, a third more are served.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from caldav_server.lanes import SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from caldav_server.lanes import Lanes
    from practice.ports import Database, Together, Transactions

__all__ = ["AT_ONCE", "BRIEF", "MOST", "Batches", "apart"]

#: Requests in one batch; 1 commits each alone.
MOST = 32
#: Where so many wait when a batch begins, what can be done before it has the lock, is: other
#: processes wait for that. With PostgreSQL and two processes a fifth more changes.
AHEAD = 2
#: Batches of writers at a time: one works, or several wait for somebody else's lock and leave
#: threads to those who read.
AT_ONCE = 4
#: Seconds in which a batch of readers takes in others: nobody waits for its end to be durable.
BRIEF = 0.002
#: Seconds to wait for each of those who were answered together last: they come again at about the
#: same time, and a thread that begins with the first would be in the way of reading the others.
PATIENCE = 0.0002
Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Reply]):
    environ: dict[str, Any]
    begun: Callable[[], None]
    reply: asyncio.Future[Reply]


class Batches(Generic[Reply]):
    """The requests of one process that wait to be answered. Used on the event loop.

    `answer` is called in a thread, with transactions of `together`, which is opened for a batch;
    `ahead` before that, for those who wait by then. A batch takes in who comes for so many
    `seconds` at most, and there are `at_once` at a time.
    """

    def __init__(
        self,
        lanes: Lanes,
        together: Callable[[], AbstractContextManager[Together]],
        answer: Callable[[dict[str, Any], Transactions], Reply],
        *,
        ahead: Callable[[dict[str, Any]], None] = lambda _: None,
        seconds: float = SHORT,
        at_once: int = AT_ONCE,
    ) -> None:
        self._seconds = seconds
        self._ahead = ahead
        self._most_at_once = at_once
        self._lanes = lanes
        self._together = together
        self._answer = answer
        self._waiting: deque[_Waiting[Reply]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked = False
        self._at_work = 0
        self._last = 1
        self._enough: asyncio.Future[None] | None = None

    async def answer(
        self, environ: dict[str, Any], begun: Callable[[], None] = lambda: None
    ) -> Reply:
        """Answer a request along with those that wait; raises what lost all of them.

        Right before, `begun` is called in the thread.
        """
        loop = asyncio.get_running_loop()
        one: _Waiting[Reply] = _Waiting(environ, begun, loop.create_future())
        self._waiting.append(one)
        if self._enough is not None and len(self._waiting) >= self._last:
            _settle(self._enough, None)
        self._ask(loop)
        return await one.reply

    def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have a batch made, which is none of its requests' own: one that goes away stops none."""
        if self._asked or not self._waiting or self._at_work == self._most_at_once:
            return
        self._asked = True
        task = loop.create_task(self._batch(loop))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until as many have come as were answered together last, or do not come."""
        if len(self._waiting) < self._last:
            self._enough = loop.create_future()
            timer = loop.call_later(PATIENCE * self._last, _settle, self._enough, None)
            await self._enough
            timer.cancel()
            self._enough = None

    async def _batch(self, loop: asyncio.AbstractEventLoop) -> None:
        taken: list[_Waiting[Reply]] = []
        await self._gather(loop)
        async with self._lanes.turn():
            self._asked = False  # who comes now may be too late for this one
            if not self._waiting:  # the last one took in who came while it worked
                return
            self._at_work += 1
            try:
                threads = self._lanes.threads
                replies = await loop.run_in_executor(threads, self._answer_all, taken)
            except Exception as error:  # noqa: BLE001 - each is told of it
                replies = [error] * len(taken)
            self._at_work -= 1
        self._last = len(taken)
        for one, reply in zip(taken, replies, strict=True):
            _settle(one.reply, reply)
        self._ask(loop)

    def _answer_all(self, taken: list[_Waiting[Reply]]) -> list[Reply | Exception]:
        """Answer those that wait and those that come meanwhile, in a thread; note who was taken.

        Short batches: readers and other processes want their turn. When all is lost whoever waits
        is told so; each would find out by itself only after as long a wait.
        """
        replies: list[Reply | Exception] = []
        if len(self._waiting) >= AHEAD:
            for one in list(self._waiting)[:MOST]:
                self._ahead(one.environ)
        deadline = time.monotonic() + self._seconds
        with self._together() as together:
            while together.failed or (len(taken) < MOST and time.monotonic() < deadline):
                try:
                    one = self._waiting.popleft()
                except IndexError:  # there is none, or a batch that took long has another thread
                    break
                taken.append(one)
                one.begun()
                try:
                    replies.append(self._answer(one.environ, together))
                except Exception as error:  # noqa: BLE001 - it is told to who asked
                    replies.append(error)
        return replies


def _settle(future: asyncio.Future[Any], outcome: object) -> None:
    if future.done():  # its client has gone
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


@contextmanager
def apart(database: Database) -> Iterator[Together]:
    """Open a batch of requests that read: what one of them meets is none of the others' matter."""
    yield _Apart(database)


class _Apart:
    failed = False

    def __init__(self, database: Database) -> None:
        self.begin = database.begin
