"""Answers that are given again: most of what a practice's clients ask is whether anything is new.

An answer is kept with what it rests on (`practice.footing`), and given again to the very same
request of the same claim while one glance at the database says that nothing of it has changed.
That saves signing in, a snapshot, reading, writing XML, packing and a thread. An answer is never
older than its request: the glance is begun after the request has come.

What many ask at once, as after a change that ended what was known, is made once for all who had
come before its snapshot was begun.

Each process remembers for itself. Without room for a single answer it does nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping

    from practice.footing import Footing
    from practice.ports import Database

__all__ = ["METHODS", "Kept", "Making", "Remembered", "Sent"]

#: Status, headers and body as they go out.
Sent = tuple[int, list[tuple[bytes, bytes]], bytes]
#: Methods that change nothing and say all that matters in head and body.
METHODS = frozenset({"GET", "HEAD", "PROPFIND", "REPORT"})
_STATUSES = frozenset({200, 207, 304})
#: Bytes of one entry besides request body and answer: keys, records, headers.
_OVERHEAD = 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, what it rests on, whom it is for, and by which credential they signed in."""

    sent: Sent
    footing: Footing
    account: str
    credential: int | None


@dataclass(frozen=True, slots=True)
class Making:
    """An answer that is being made: `made` is told it, `begun` is called before anything is read
    for it, and whoever comes after that gets another.
    """

    future: asyncio.Future[Kept | None]
    begun: Callable[[], None]

    def made(self, kept: Kept) -> None:
        """Give it to those who wait for it."""
        self.future.set_result(kept)


class Remembered:
    """The answers of one process. Asked on the event loop only."""

    def __init__(
        self,
        database: Database,
        headers: Collection[bytes],
        most_bytes: int,
        saw: Callable[[int], None],
    ) -> None:
        """`saw` is told of credentials that are used."""
        self._saw = saw
        self._headers = frozenset(headers)
        self._most = most_bytes
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[tuple[bytes, bytes], Kept] = OrderedDict()
        self._heads: Counter[bytes] = Counter()
        self._size = 0
        self._making: dict[tuple[bytes, bytes], asyncio.Future[Kept | None]] = {}
        self._glances = _Glances(database)

    def close(self) -> None:
        """Give the thread back."""
        self._glances.close()

    def head_of(self, scope: MutableMapping[str, Any]) -> bytes:
        """Return what stands for the head of a request; b"" for one that is not remembered.

        A digest under a key of this process: passwords are in it.
        """
        if scope["method"] not in METHODS or not self._most:
            return b""
        head = hashlib.blake2b(key=self._key, digest_size=16)
        # HTTP/1.0 may leave out the Host, and 1.1 may not.
        line = f"{scope['method']} {scope['scheme']} {scope.get('http_version')} "
        path = _path(scope)
        head.update(b"%b%d:%b" % (line.encode(), len(path), path))
        for name, value in scope["headers"]:
            if name in self._headers:
                head.update(b"%b:%d:%b" % (name, len(value), value))
        return head.digest()

    def knows(self, head: bytes) -> bool:
        """Tell whether such a head is known, and so is one that may be answered."""
        return head in self._heads

    async def again(self, head: bytes, body: bytes) -> Kept | None:
        """Return the answer to a request, if there is one that is right now."""
        kept = self._kept.get((head, body))
        if kept is None:
            return None
        return self._checked(head, body, kept, await self._glances.at(kept.footing.place))

    def now(self, head: bytes, body: bytes) -> Kept | None:
        """Return the same without waiting; to be asked only where that can be told at once."""
        kept = self._kept.get((head, body))
        if kept is None:
            return None
        return self._checked(head, body, kept, self._glances.now(kept.footing.place))

    def _checked(self, head: bytes, body: bytes, kept: Kept, stands: Footing | None) -> Kept | None:
        if stands != kept.footing:
            self._forget(head, body)
            return None
        if (head, body) in self._kept:
            self._kept.move_to_end((head, body))
        if kept.credential is not None:
            self._saw(kept.credential)
        return kept

    def keep(self, head: bytes, body: bytes, kept: Kept) -> None:
        """Remember an answer, and forget those that were not asked for longest."""
        size = _size(body, kept)
        if not head or kept.sent[0] not in _STATUSES or size > self._most // 4:
            return
        self._forget(head, body)
        self._kept[head, body] = kept
        self._heads[head] += 1
        self._size += size
        while self._size > self._most:
            self._forget(*next(iter(self._kept)))

    async def made_for_others(self, head: bytes, body: bytes) -> Kept | None:
        """Return the answer that is about to be made for somebody who asked the same, if it can
        be given to others; None if there is none.
        """
        future = self._making.get((head, body))
        return await asyncio.shield(future) if future else None

    @contextmanager
    def making(self, head: bytes, body: bytes) -> Iterator[Making]:
        """Make an answer in the block, for all who ask the same before it is begun."""
        future = asyncio.get_running_loop().create_future()
        key = (head, body)
        if head:
            self._making.setdefault(key, future)
        mine = Making(future, lambda: self._begun(key, future))
        try:
            yield mine
        finally:
            mine.begun()
            if not future.done():
                future.set_result(None)

    def _begun(self, key: tuple[bytes, bytes], future: asyncio.Future[Kept | None]) -> None:
        if self._making.get(key) is future:
            del self._making[key]

    def _forget(self, head: bytes, body: bytes) -> None:
        kept = self._kept.pop((head, body), None)
        if kept is None:
            return
        self._size -= _size(body, kept)
        self._heads[head] -= 1
        if not self._heads[head]:
            del self._heads[head]


def _path(scope: MutableMapping[str, Any]) -> bytes:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw


def _size(body: bytes, kept: Kept) -> int:
    return len(body) + len(kept.sent[2]) + _OVERHEAD


class _Glances:
    """Asks where places stand: at once, or in a thread, all who wait with one question."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = None if database.glances_at_once else ThreadPoolExecutor(1, "glances")
        self._waiting: dict[int, asyncio.Future[Footing | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def now(self, place: int) -> Footing | None:
        """Return the same at once."""
        return self._ask([place]).get(place)

    async def at(self, place: int) -> Footing | None:
        """Return where a place stands, None if that cannot be told."""
        if self._thread is None:
            return self.now(place)
        future = self._waiting.get(place)
        if future is None:
            future = self._waiting[place] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_for_all(self._thread))
        return await asyncio.shield(future)

    async def _ask_for_all(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            # Who comes from here on waits for the next question: this one may be begun already.
            waiting, self._waiting = self._waiting, {}
            found = await loop.run_in_executor(thread, self._ask, list(waiting))
            for place, future in waiting.items():
                future.set_result(found.get(place))
        self._asking = None

    def _ask(self, places: list[int]) -> Mapping[int, Footing]:
        try:
            return self._database.glance(places)
        except Exception:  # noqa: BLE001 - the usual way meets the same, and tells of it
            return {}
