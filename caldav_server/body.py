"""Request bodies: read on the event loop, within limits of size, time and memory.

No thread is held while a client sends, and no number of clients can fill the memory: all bodies
that are kept share one budget, from their first byte to their answer.
"""

from __future__ import annotations

import asyncio
import types
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caldav_server.errors import Refusal
from caldav_server.xml import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, MutableMapping

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

    def reading(self, scope: Message, *, signed: bool) -> Reading:
        """Return the body of a request that is to be read, as a block that keeps it.

        `signed` tells whether somebody claims to send it; an unsigned one ends in a 401 whatever
        is in it, and gets no room.
        """
        return Reading(self, self._limits, self._limit(scope["method"].upper(), signed), scope)

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

    def give_back(self, size: int) -> None:
        """Take back the room of bytes that are not kept any more."""
        self._together -= size


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


class Reading:
    """One body on its way in. What is longer than any object is counted and not kept.

    It counts among those kept until the end of the block: a body that waits for a thread takes as
    much memory as one that is being sent.
    """

    def __init__(self, bodies: Bodies, limits: Limits, limit: int, scope: Message) -> None:
        self._bodies = bodies
        self._seconds = limits.seconds
        self._limit = limit
        self._most_kept = limit if limit <= limits.max_xml else limits.max_kept
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._chunks: list[bytes] = []
        self._size = 0
        self._kept = 0

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._bodies.give_back(self._kept)

    async def body(self, receive: Receive) -> Body | None:
        """Return the body, None if the client went away; raises Refusal."""
        try:
            told = self._headers.get(b"content-length", b"0")
            if told.isdigit():
                self._check(int(told[:20]))
            if not await self._is_last(receive):
                return None
        except TimeoutError:
            raise Refusal(408, "The request took too long to arrive.") from None
        except Refusal as refusal:
            if refusal.status == 413 and b"expect" not in self._headers:
                await _drain(receive)
            raise
        return Body(b"".join(self._chunks), too_long=self._size > self._most_kept)

    async def _is_last(self, receive: Receive) -> bool:
        """Take all of it; tell whether it came to its end."""
        coming: Any = receive()
        try:
            waited = coming.send(None)
        except StopIteration as there:  # as mostly: no time limit has to be set for it
            message: Message = there.value
            if message["type"] == "http.request" and not message.get("more_body"):
                self._take(message.get("body", b""))
                return True
            coming = _already(message)
        else:
            coming = _resumed(coming, waited)
        async with asyncio.timeout(self._seconds):
            while True:
                message = await coming
                if message["type"] == "http.disconnect":
                    return False
                self._take(message.get("body", b""))
                if not message.get("more_body"):
                    return True
                coming = receive()

    def _check(self, size: int) -> None:
        """Raise Refusal for more than is read at all."""
        if size > self._limit:
            sentence = f"A request may have {self._limit} bytes."
            raise Refusal(413, sentence, "<C:max-resource-size/>")

    def _take(self, chunk: bytes) -> None:
        self._size += len(chunk)
        self._check(self._size)
        if self._size > self._most_kept:
            self._chunks.clear()
            return
        self._kept += len(chunk)
        self._bodies.take(len(chunk))
        self._chunks.append(chunk)


async def _already(message: Message) -> Message:
    return message


@types.coroutine
def _resumed(coming: Any, waited: object) -> Generator[object, None, Message]:
    """Go on with a coroutine that has been begun and waits for something."""
    yield waited
    message: Message = yield from coming
    return message
