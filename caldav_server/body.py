"""Request bodies: read on the event loop, within limits of size, time and memory.

No thread is held while a client sends, and no number of clients can fill the memory: all bodies
being read share one budget.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caldav_server.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]

__all__ = ["Bodies", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What requests may take: bytes of one body, of one nobody has signed, of all at a time;
    seconds to send one.
    """

    max_body: int = 25_000_000
    max_unsigned: int = 100_000
    max_together: int = 100_000_000
    seconds: float = 60.0


class Bodies:
    """Reads bodies for one process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._together = 0

    async def read(self, scope: Message, receive: Receive, *, signed: bool) -> bytes | None:
        """Return the body of a request, None if the client went away; raises Refusal.

        `signed` tells whether somebody claims to send it; an unsigned one ends in a 401 whatever
        is in it, and gets no room.
        """
        limit = self._limits.max_body if signed else self._limits.max_unsigned
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > limit:
            raise _too_long(limit)
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._chunks(receive, limit)
        except TimeoutError:
            raise Refusal(408, "The request took too long to arrive.") from None

    async def _chunks(self, receive: Receive, limit: int) -> bytes | None:
        chunks: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                chunk = message.get("body", b"")
                size += len(chunk)
                self._together += len(chunk)
                if size > limit:
                    raise _too_long(limit)
                if self._together > self._limits.max_together:
                    raise Refusal(503, "Too much is being sent at once. Try again soon.")
                chunks.append(chunk)
                if not message.get("more_body"):
                    return b"".join(chunks)
        finally:
            self._together -= size


def _too_long(limit: int) -> Refusal:
    return Refusal(413, f"A request may have {limit} bytes.", "<C:max-resource-size/>")
