"""Request bodies: read on the event loop, within limits of size, time and memory.

No thread is held while a client sends, and no number of clients can fill the memory: all bodies
that are kept share one budget, from their first byte to their answer.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caldav_server.errors import Refusal
from caldav_server.xml import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]

__all__ = ["Bodies", "Body", "Limits"]


#: Of a body that is refused; its client has an answer by then.
MOST_DRAINED = 400_000_000
MOST_DRAIN_SECONDS = 1.0
#: Bodies that are XML; see `caldav_server.xml`.
XML_METHODS = frozenset({"PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL", "ACL"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What requests may take: bytes of one body, of one that is kept, of an XML body, of one
    nobody has signed, of all that are kept at a time; seconds to send one.
    """

    max_body: int = 25_000_000
    max_kept: int = 1_000_000
    max_xml: int = MOST_BYTES
    max_unsigned: int = 100_000
    max_together: int = 100_000_000
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Body:
    """A body, or, if it is longer than any that is kept, that it is `too_long` and nothing."""

    content: bytes
    too_long: bool = False


class Bodies:
    """Reads bodies for one process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._together = 0

    @asynccontextmanager
    async def read(
        self, scope: Message, receive: Receive, *, signed: bool
    ) -> AsyncIterator[Body | None]:
        """Give the body of a request, None if the client went away; raises Refusal.

        It counts among those kept until the end of the block: a body that waits for a thread
        takes as much memory as one that is being sent. `signed` tells whether somebody claims to
        send it; an unsigned one ends in a 401 whatever is in it, and gets no room.
        """
        reading = _Reading(self, self._limits, self._limit(scope["method"].upper(), signed))
        try:
            told = dict(scope["headers"]).get(b"content-length", b"0")
            if told.isdigit():
                reading.check(int(told[:20]))
            yield await self._all(reading, receive)
        except Refusal as refusal:
            if refusal.status == 413 and b"expect" not in dict(scope["headers"]):
                await _drain(receive)
            raise
        finally:
            self._together -= reading.kept

    async def _all(self, reading: _Reading, receive: Receive) -> Body | None:
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await reading.all(receive)
        except TimeoutError:
            raise Refusal(408, "The request took too long to arrive.") from None

    def _limit(self, method: str, signed: bool) -> int:
        limits = self._limits
        if not signed:
            return limits.max_unsigned
        return min(limits.max_body, limits.max_xml) if method in XML_METHODS else limits.max_body

    def take(self, size: int) -> None:
        """Make room for bytes that are kept; raises Refusal."""
        self._together += size
        if self._together > self._limits.max_together:
            raise Refusal(503, "Too much is being sent at once. Try again soon.")


async def _drain(receive: Receive) -> None:
    """Let go by what a client is sending: only when it has sent it does it look for an answer.

    A connection that is closed while it sends takes the answer with it.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(MOST_DRAIN_SECONDS):
            drained = 0
            while drained < MOST_DRAINED:
                message = await receive()
                drained += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return


class _Reading:
    """One body on its way in. What is longer than any object is counted and not kept."""

    def __init__(self, bodies: Bodies, limits: Limits, limit: int) -> None:
        self._bodies = bodies
        self._limit = limit
        self._most_kept = limit if limit <= limits.max_xml else limits.max_kept
        self._chunks: list[bytes] = []
        self._size = 0
        self.kept = 0

    def check(self, size: int) -> None:
        """Raise Refusal for more than is read at all."""
        if size > self._limit:
            sentence = f"A request may have {self._limit} bytes."
            raise Refusal(413, sentence, "<C:max-resource-size/>")

    async def all(self, receive: Receive) -> Body | None:
        """Return the body, None if the client went away."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            self._take(message.get("body", b""))
            if not message.get("more_body"):
                return Body(b"".join(self._chunks), too_long=self._size > self._most_kept)

    def _take(self, chunk: bytes) -> None:
        self._size += len(chunk)
        self.check(self._size)
        if self._size > self._most_kept:
            self._chunks.clear()
            return
        self.kept += len(chunk)
        self._bodies.take(len(chunk))
        self._chunks.append(chunk)
