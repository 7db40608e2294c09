"""Has the API's pages ask the identity provider, in threads that serve nothing else.

A provider that is slow or away holds up nobody but those who sign in by it. Not here: what is asked
(`praxis_caldav.oidc.code_flow`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from practice.errors import IdentityProviderUnavailable
from practice.identity import Attempt, Vouched, WhyNot
from praxis_caldav.oidc.code_flow import CodeFlow

__all__ = ["Provider"]

_Done = TypeVar("_Done")

_THREADS, _MOST_WAITING = 4, 20
#: Seconds for all of it; nobody looks at a white page for longer.
SECONDS = 20.0


class Provider:
    """The Elsewhere of the API. Close it to give the threads back."""

    def __init__(self, name: str, origin: str, flow: CodeFlow) -> None:
        """`origin` is how the server is called from outside."""
        self.name = name
        self.origin = origin
        self._flow = flow
        self.seconds = SECONDS
        self._threads = ThreadPoolExecutor(_THREADS, "provider")
        self._waiting = 0

    def close(self) -> None:
        """Give the threads back; what the provider still says is not heard."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def way_there(self, attempt: Attempt) -> str:
        """See `admin_api.services.Elsewhere`."""
        return await self._ask(lambda: self._flow.way_there(attempt))

    async def way_out(self) -> str:
        """See `admin_api.services.Elsewhere`."""
        return await self._ask(self._flow.way_out)

    async def vouch(self, attempt: Attempt, told: Mapping[str, str]) -> Vouched | WhyNot:
        """See `admin_api.services.Elsewhere`."""
        return await self._ask(lambda: self._flow.vouch(attempt, told))

    async def _ask(self, do: Callable[[], _Done]) -> _Done:
        if self._waiting >= _MOST_WAITING:
            raise IdentityProviderUnavailable
        self._waiting += 1
        asked = asyncio.get_running_loop().run_in_executor(self._threads, do)
        asked.add_done_callback(self._answered)
        try:
            return await asyncio.wait_for(asyncio.shield(asked), self.seconds)
        except TimeoutError:
            raise IdentityProviderUnavailable from None

    def _answered(self, asked: asyncio.Future[_Done]) -> None:
        self._waiting -= 1
        if not asked.cancelled():
            asked.exception()  # told to whoever waited, or to nobody
