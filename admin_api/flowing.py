"""Answers that are sent as things happen, for as long as somebody listens.

Not here: what happens (`admin_api.resources`), nor answers that are made at once
(`admin_api.answering`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from admin_api.answering import HEADERS
from admin_api.problems import Refusal
from practice.errors import PracticeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from starlette.responses import Response

    from admin_api.endpoint import Answer

__all__ = ["Flows"]

#: Answers at once, and how often each is asked for more.
_MOST, _SECONDS = 50, 1.0


class Flows:
    """The answers of one door that are being sent. `on_a_thread` runs what asks the database."""

    def __init__(
        self, on_a_thread: Callable[..., Awaitable[Any]], is_ending: Callable[[], bool]
    ) -> None:
        self._on_a_thread = on_a_thread
        self._is_ending = is_ending
        self._running = 0

    def response_of(self, made: Answer, events: Callable[[], Iterator[bytes]]) -> Response:
        """Return the response that tells of events; raises Refusal where too many listen."""
        if self._running >= _MOST:
            raise Refusal(503, "Too many wait for news at once.", headers={"Retry-After": "5"})
        headers = {**HEADERS, **made.headers}
        return StreamingResponse(self._flow(events), made.status or 200, headers, made.media_type)

    async def _flow(self, events: Callable[[], Iterator[bytes]]) -> AsyncIterator[bytes]:
        """Send what comes. Where there is nothing yet, no thread waits for it."""
        self._running += 1
        try:
            coming = events()
            while (told := await self._on_a_thread(next, coming, None)) is not None:
                if told:
                    yield told
                elif self._is_ending():
                    return  # whoever listens asks again, and the next server answers
                else:
                    await asyncio.sleep(_SECONDS)
        except (Refusal, PracticeError):
            return  # the head is sent; whoever listens asks again
        finally:
            self._running -= 1
