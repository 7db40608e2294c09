"""Who sends a request: by name and password, by a token, by the cookie of a session, or nobody.

Not here: whether a password or a token is right (`Admission`), and what somebody may do
(`practice.scopes`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from admin_api.cookies import refuse_foreign, refuse_forged, session_of
from admin_api.problems import Refusal
from practice.access import SYSTEM, Actor
from practice.claims import Admitted, Throttled, network_of
from practice.errors import NotAllowed, Unavailable
from practice.scopes import Scope, allowed
from practice.sessions import Way
from practice.use_cases.sessions import note_used, signed_in, was_used
from practice.use_cases.sign_in import Insufficient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request

    from admin_api.endpoint import Endpoint
    from admin_api.services import Admission
    from practice.access import Account
    from practice.ports import Database

__all__ = ["Caller", "Callers"]

_Done = TypeVar("_Done")
#: Whoever looks at pages that nobody signs in to.
VISITOR = Actor(0, "visitor")
#: A patient who has signed in to see and change the own appointments.
PATIENT = Actor(0, "patient")
_CHALLENGE = 'Basic realm="Praxiskalender", charset="UTF-8", Bearer'


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account with what it may do, a patient, or nobody."""

    account: Account | None
    scopes: frozenset[Scope]
    network: str
    session: str = field(default="", repr=False)
    patient_id: int | None = None
    way: Way = Way.UNKNOWN

    @property
    def actor(self) -> Actor:
        if self.account is None:
            return VISITOR if self.patient_id is None else PATIENT
        return Actor(self.account.id, self.account.name)

    @property
    def name(self) -> str:
        """What the requests of this one are counted by."""
        return f"account {self.account.id}" if self.account else f"network {self.network}"


class OnAThread(Protocol):
    """Has something done where it may wait for the database."""

    def __call__(self, do: Callable[..., _Done], *told: object) -> Awaitable[_Done]: ...


class Callers:
    """Tells who is asking."""

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

    async def of(self, request: Request, endpoint: Endpoint) -> Caller:
        """Return who sends a request; raises Refusal for who has to sign in, or does so wrongly."""
        client = request.client.host if request.client else ""
        network = network_of(client)
        told = [value for name, value in request.headers.raw if name == b"authorization"]
        if len(told) > 1:
            raise Refusal(400, "There are two headers called Authorization.")
        if endpoint.anew:
            refuse_foreign(request)
            return Caller(None, frozenset(), network)
        if not told:
            secret = session_of(request)
            found = await self._on_a_thread(self._signed_in, secret, network) if secret else None
            if found and (found.account or endpoint.open or endpoint.of_patient):
                refuse_forged(request, secret)
                return found
            if endpoint.open or endpoint.of_patient:
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
        may = allowed(outcome.account, outcome.scopes)
        return Caller(outcome.account, may, network, way=outcome.way)

    def _signed_in(self, secret: str, network: str) -> Caller | None:
        """Return who is signed in by a cookie, and note that the session is used."""
        with self._database.begin(actor=SYSTEM, now=self._clock(), read_only=True) as uow:
            found = signed_in(uow, secret)
        if found is None:
            return None
        session, account = found
        if was_used(session, self._clock()):
            # Who only reads is answered also while somebody writes for long.
            with (
                suppress(Unavailable),
                self._database.begin(actor=SYSTEM, now=self._clock()) as uow,
            ):
                note_used(uow, secret)
        scopes = allowed(account, None) if account else frozenset[Scope]()
        return Caller(account, scopes, network, secret, session.patient_id)
