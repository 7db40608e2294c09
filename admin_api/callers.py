"""Who asks: by the head of a request, or the cookie that a browser sends.

Not here: what somebody may do with an address (`admin_api.door`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from admin_api.cookies import refuse_forged, session_of
from admin_api.problems import Refusal
from practice.access import SYSTEM, Actor
from practice.errors import NotAllowed, Unavailable
from practice.scopes import Scope, allowed
from practice.use_cases.sessions import note_used, signed_in, was_used
from practice.use_cases.sign_in import Admitted, Insufficient, Throttled, network_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request

    from admin_api.services import Admission
    from practice.access import Account
    from practice.ports import Database

__all__ = ["Caller", "Callers"]

_Done = TypeVar("_Done")

#: Whoever looks at pages that nobody signs in to.
_VISITOR = Actor(0, "visitor")
_CHALLENGE = 'Basic realm="Praxiskalender", charset="UTF-8", Bearer'


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account with what it may do, or nobody."""

    account: Account | None
    scopes: frozenset[Scope]
    network: str
    session: str = field(default="", repr=False)

    @property
    def actor(self) -> Actor:
        if self.account is None:
            return _VISITOR
        return Actor(self.account.id, self.account.name)

    @property
    def name(self) -> str:
        """What the requests of this one are counted by."""
        return f"account {self.account.id}" if self.account else f"network {self.network}"


class OnAThread(Protocol):
    """Does something that asks the database, while the event loop goes on."""

    def __call__(self, do: Callable[..., _Done], *told: object) -> Awaitable[_Done]:
        """Return what is done with what it is told."""


class Callers:
    """Finds out who asks."""

    def __init__(
        self,
        database: Database,
        admission: Admission,
        clock: Callable[[], datetime],
        on_a_thread: OnAThread,
    ) -> None:
        self._database = database
        self._admission = admission
        self._clock = clock
        self._on_a_thread = on_a_thread

    async def of(self, request: Request, *, is_open: bool) -> Caller:
        """Return who asks; raises Refusal or NotAllowed for who may not, unless anybody may."""
        client = request.client.host if request.client else ""
        network = network_of(client)
        told = [value for name, value in request.headers.raw if name == b"authorization"]
        if len(told) > 1:
            raise Refusal(400, "There are two headers called Authorization.")
        if not told:
            secret = session_of(request)
            if secret and (found := await self._on_a_thread(self._signed_in, secret, network)):
                refuse_forged(request, secret)
                return found
            if is_open:
                return Caller(None, frozenset(), network)
            raise Refusal(401, "Sign in for this.", headers={"WWW-Authenticate": _CHALLENGE})
        outcome = await self._admission.admit(told[0], network)
        if isinstance(outcome, Throttled):
            wait = {"Retry-After": str(outcome.seconds)}
            raise Refusal(429, "Too many wrong passwords. Try again later.", headers=wait)
        if isinstance(outcome, Insufficient):
            raise NotAllowed("The token does not allow this server.")
        if not isinstance(outcome, Admitted):
            sentence = "Name and password, or the token, are not right."
            raise Refusal(401, sentence, headers={"WWW-Authenticate": _CHALLENGE})
        return Caller(outcome.account, allowed(outcome.account, outcome.scopes), network)

    def _signed_in(self, secret: str, network: str) -> Caller | None:
        """Return who is signed in by a cookie, and note that the session is used."""
        with self._database.begin(actor=SYSTEM, now=self._clock(), read_only=True) as uow:
            found = signed_in(uow, secret)
        session, account = found or (None, None)
        if session is None or account is None:
            return None
        if was_used(session, self._clock()):
            # Who only reads is answered also while somebody writes for long.
            with (
                suppress(Unavailable),
                self._database.begin(actor=SYSTEM, now=self._clock()) as uow,
            ):
                note_used(uow, secret)
        return Caller(account, allowed(account, None), network, secret)
