"""Tells the API who is asking, with the passwords verified where CalDAV has them verified.

One process verifies a few passwords at a time, whichever door they come to. Not here: the
decision (`practice.use_cases.sign_in`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from practice.access import SYSTEM
from practice.claims import (
    Admitted,
    Claim,
    Outcome,
    Refused,
    Throttled,
    Unverified,
)
from practice.errors import IdentityProviderUnavailable
from practice.use_cases.sign_in import Gate, Insufficient, KeysWanted

if TYPE_CHECKING:
    from practice.ports import Database

__all__ = ["SignIn"]

#: Checks made for one request: another password may be stored meanwhile.
_MOST_CHECKS = 3


class SignIn:
    """The Admission of the API."""

    def __init__(
        self,
        database: Database,
        gate: Gate,
        claim_of: Callable[[bytes, str], Claim],
        verify: Callable[[Unverified], Awaitable[Refused | Throttled | None]],
        fetch_keys: Callable[[KeysWanted], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._gate = gate
        self._claim_of = claim_of
        self._verify = verify
        self._fetch_keys = fetch_keys
        self._clock = clock
        self._threads = ThreadPoolExecutor(4, "sign-in")

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown()

    async def admit(
        self, authorization: bytes, network: str
    ) -> Admitted | Refused | Throttled | Insufficient:
        """See `admin_api.services.Admission`."""
        claim = self._claim_of(authorization, network)
        loop = asyncio.get_running_loop()
        outcome: Outcome = Refused()
        for _ in range(_MOST_CHECKS):
            outcome = await loop.run_in_executor(self._threads, self._decide, claim)
            if isinstance(outcome, KeysWanted):
                await self._fetch_keys(outcome)
            elif isinstance(outcome, Unverified):
                refusal = await self._verify(outcome)
                if refusal is not None:
                    return refusal
            else:
                return outcome
        if isinstance(outcome, KeysWanted):
            raise IdentityProviderUnavailable
        return Refused()

    def _decide(self, claim: Claim) -> Outcome:
        with self._database.begin(actor=SYSTEM, now=self._clock(), read_only=True) as uow:
            return self._gate.decide(uow, claim)
