"""ASGI to the WSGI application: bounded bodies, few headers, no thread held by a slow client.

The body is read on the event loop before a thread is taken (`caldav_server.body`), and answers that
are known to be right are given again there (`caldav_server.remembering`). Passwords are verified,
and an identity provider's keys fetched, by threads of their own.
"""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from caldav_server.batches import BRIEF, Batches, apart
from caldav_server.body import Bodies, Body, Limits
from caldav_server.errors import Refusal, answer_for
from caldav_server.heads import MEANT, environ_of
from caldav_server.lanes import Lanes
from caldav_server.remembering import Kept, Remembered, Sent
from practice.access import SYSTEM
from practice.claims import Refused, Throttled, Unverified
from practice.errors import IdentityProviderUnavailable, PracticeError
from practice.use_cases.sign_in import Gate, KeysWanted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from caldav_server.application import CalDavApplication
    from practice.ports import Database

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["CalDavBridge"]

_BODILESS = {204, 304}
#: Checks waiting for argon2id, requests waiting for keys; more are told to come back.
MOST_WAITING = 100
#: Seconds that a request waits for an identity provider's keys.
KEY_SECONDS = 15.0
#: Checks made for one request; see `_run`.
MOST_CHECKS = 3

#: One thread of so many may make answers that are as long as a calendar.
LONG_SHARE = 8

Reply = tuple[int, list[tuple[str, str]], bytes]


class CalDavBridge:
    """The ASGI application for everything below the mount."""

    def __init__(
        self,
        application: CalDavApplication,
        database: Database,
        gate: Gate,
        *,
        threads: int = 16,
        limits: Limits | None = None,
        remembered: int = 0,
    ) -> None:
        self._application = application
        self._database = database
        self._gate = gate
        self._bodies = Bodies(limits or Limits())
        self._lanes = Lanes(threads, "caldav")
        # Those who fetch whole calendars leave threads to those who ask for what is short.
        self._long = asyncio.Semaphore(max(1, threads // LONG_SHARE))
        self._writers = Batches(
            self._lanes, database.together, application.answer, ahead=application.read_ahead
        )
        self._readers = Batches(
            self._lanes,
            partial(apart, database),
            application.answer,
            seconds=BRIEF,
            at_once=threads,
        )
        self._threads = self._lanes.threads
        self._checkers = ThreadPoolExecutor(4, "passwords")
        self._checks: dict[object, asyncio.Future[Refused | Throttled | None]] = {}
        self._waiting = 0
        self._fetcher = ThreadPoolExecutor(1, "keys")
        self._fetching: asyncio.Future[None] | None = None
        self._waiting_for_keys = 0
        self._remembered = Remembered(database, MEANT, remembered, gate.uses.saw)

    def close(self) -> None:
        """Wait for running requests and give the threads back."""
        self._threads.shutdown()
        self._checkers.shutdown()
        self._fetcher.shutdown(cancel_futures=True)
        self._remembered.close()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            sent = await self._answer(scope, receive)
        except (Refusal, PracticeError) as error:
            sent = _sent(scope["method"], _refused(error))
        if sent is not None:
            status, headers, body = sent
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Message, receive: Receive) -> Sent | None:
        """Return what to send; None if the client went away."""
        remembered, state = self._remembered, scope.setdefault("state", {})
        head = remembered.head_of(scope)
        # A head that is known has been taken apart before, and was right.
        environ = {} if remembered.knows(head) else environ_of(scope)
        signed = not environ or "praxis.claim" in environ
        with self._bodies.reading(scope, signed=signed) as reading:
            body = await reading.body(receive)
            if body is None:
                return None
            if body.too_long:
                head = b""  # its content is not here to be compared
            kept = await self._kept(head, body.content) if head else None
            if kept is None:
                environ = environ or environ_of(scope)
                sent = await self._made(scope["method"], environ, head, body)
            else:
                sent, environ = kept.sent, {"praxis.account": kept.account}
                if self._database.glances_at_once:
                    state["again"] = partial(remembered.now, head, body.content)
        if "praxis.account" in environ:
            state["account"] = environ["praxis.account"]
        return sent

    async def _kept(self, head: bytes, body: bytes) -> Kept | None:
        remembered = self._remembered
        return await remembered.again(head, body) or await remembered.made_for_others(head, body)

    async def _made(self, method: str, environ: dict[str, Any], head: bytes, body: Body) -> Sent:
        """Make an answer anew, and keep it if it can be given again."""
        environ["wsgi.input"] = io.BytesIO(body.content)
        environ["CONTENT_LENGTH"] = str(len(body.content))
        environ["praxis.too_long"] = body.too_long
        with self._remembered.making(head, body.content) as making:
            sent = _sent(method, await self._run(environ, making.begun))
            if "praxis.footing" in environ:
                told = ("praxis.footing", "praxis.account", "praxis.credential")
                kept = Kept(sent, *(environ[name] for name in told))
                self._remembered.keep(head, body.content, kept)
                making.made(kept)
        return sent

    async def _run(self, environ: dict[str, Any], begun: Callable[[], None]) -> Reply:
        # Again when another hash is stored by then: the password was changed, or its hash renewed.
        for _ in range(MOST_CHECKS):
            environ["wsgi.input"].seek(0)
            reply = await self._reply(environ, begun)
            if isinstance(reply, KeysWanted):
                await self.fetch_keys(reply)
            elif isinstance(reply, Unverified):
                refusal = await self.verify(reply)
                if refusal is not None:
                    return self._application.refusal(refusal, environ["praxis.claim"])
            else:
                return reply
        if isinstance(reply, KeysWanted):
            raise IdentityProviderUnavailable
        return self._application.refusal(Refused(), environ["praxis.claim"])

    async def _reply(
        self, environ: dict[str, Any], begun: Callable[[], None]
    ) -> Reply | Unverified | KeysWanted:
        application = self._application
        if application.changes_one_object(environ):
            return await self._writers.answer(environ, begun)
        if application.tells_of_one(environ):
            return await self._readers.answer(environ, begun)
        async with self._long if application.tells_of_all(environ) else nullcontext():
            return await self._lanes.run(application.answer, environ, begun=begun)

    async def fetch_keys(self, question: KeysWanted) -> None:
        """Wait for the identity provider's keys; one fetch serves all who wait."""
        if self._waiting_for_keys >= MOST_WAITING:
            raise IdentityProviderUnavailable
        if self._fetching is None or self._fetching.done():
            loop = asyncio.get_running_loop()
            self._fetching = loop.run_in_executor(self._fetcher, self._gate.fetch_keys, question)
        self._waiting_for_keys += 1
        try:
            await asyncio.wait_for(asyncio.shield(self._fetching), KEY_SECONDS)
        except TimeoutError:
            raise IdentityProviderUnavailable from None
        finally:
            self._waiting_for_keys -= 1

    async def verify(self, question: Unverified) -> Refused | Throttled | None:
        """Have argon2id tell; None means the claim is true.

        One check serves all who ask the same meanwhile: a practice's devices that come back all
        at once after a restart are no guesses.
        """
        same = (question.claim.name, question.claim.secret, question.credential)
        check = self._checks.get(same)
        if check is None:
            check = self._checks[same] = asyncio.ensure_future(self._check(question))
            check.add_done_callback(lambda _: self._checks.pop(same))
        return await asyncio.shield(check)

    async def _check(self, question: Unverified) -> Refused | Throttled | None:
        """Verify a password, away from the threads that serve."""
        if self._waiting >= MOST_WAITING:
            return Throttled(5)
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            throttled = await loop.run_in_executor(self._threads, self._reserve, question)
            if throttled is not None:
                return throttled
            right = await loop.run_in_executor(self._checkers, self._gate.check, question)
            if not right:
                return Refused()
            await loop.run_in_executor(self._threads, self._settle, question)
            return None
        finally:
            self._waiting -= 1

    def _reserve(self, question: Unverified) -> Throttled | None:
        with self._database.begin(actor=SYSTEM, now=datetime.now(UTC)) as uow:
            return self._gate.reserve(uow, question)

    def _settle(self, question: Unverified) -> None:
        with self._database.begin(actor=SYSTEM, now=datetime.now(UTC)) as uow:
            self._gate.settle(uow, question)


def _refused(error: PracticeError | Refusal) -> Reply:
    status, headers, body = answer_for(error)
    content = body or b""
    return status, [*headers.items(), ("Content-Length", str(len(content)))], content


def _sent(method: str, reply: Reply) -> Sent:
    """Return a reply as it goes out."""
    status, headers, body = reply
    encoded = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in headers
    ]
    if status in _BODILESS:
        encoded = [(name, value) for name, value in encoded if name != b"content-length"]
        body = b""
    elif not any(name == b"content-length" for name, _ in encoded):
        encoded.append((b"content-length", str(len(body)).encode()))
    return status, encoded, b"" if method.upper() == "HEAD" else body
