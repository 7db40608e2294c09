"""Answers requests to the API: who asks, how often, what is asked, and what went wrong.

What the event loop does (reading the body, waiting for a password to be verified) holds no thread;
what asks the database runs in threads of this door's own. Not here: what an address does
(`admin_api.resources`), nor answers that go on as things happen (`admin_api.flowing`).
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route

from admin_api.answering import (
    again,
    content_of,
    etag_of,
    made_of,
    refused,
    response_of,
)
from admin_api.callers import Caller, Callers
from admin_api.cookies import asked_language_of, language_of
from admin_api.endpoint import Ahead, Call
from admin_api.flowing import Flows
from admin_api.problems import Refusal
from admin_api.reading import body_of, form_of, query_of
from admin_api.repeated import fingerprint_of, key_of
from practice.answers import GivenAnswer
from practice.errors import NotAllowed, PracticeError, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pydantic import BaseModel
    from starlette.responses import Response
    from starlette.types import Receive, Send
    from starlette.types import Scope as AsgiScope

    from admin_api.endpoint import Endpoint
    from admin_api.rates import Rates
    from admin_api.services import Admission, Services
    from practice.ports import Database

__all__ = ["Api"]

log = logging.getLogger(__name__)

_Done = TypeVar("_Done")

#: Requests that wait for a thread; more are told to come back.
_MOST_WAITING = 200


class _IdConvertor(Convertor[int]):
    """Ids in addresses: what the tables can have, so that no other number reaches them."""

    regex = "[1-9][0-9]{0,17}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


class _RestConvertor(Convertor[str]):
    """All that is left of an address, with lines ended in it, too."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("id", _IdConvertor())
register_url_convertor("rest", _RestConvertor())


@dataclass(frozen=True, slots=True)
class _Read:
    """A request as it was read."""

    endpoint: Endpoint
    caller: Caller
    path: Mapping[str, object]
    query: BaseModel
    body: object
    key: str | None
    fingerprint: str
    if_match: str | None
    if_none_match: str | None
    language: str
    address: str
    cookies: Mapping[str, str] = field(repr=False)


class Api:
    """The addresses of the API. Close it to give the threads back."""

    #: Below these there is nothing but the endpoints.
    rest: tuple[str, ...] = ("/api/{rest:rest}",)

    def __init__(
        self,
        database: Database,
        admission: Admission,
        services: Services,
        endpoints: Sequence[Endpoint],
        rates: tuple[Rates, Rates],
        clock: Callable[[], datetime],
        *,
        threads: int = 8,
    ) -> None:
        """`rates` are those of who has signed in, and of who has not."""
        self._database = database
        self._callers = Callers(database, admission, clock, self._on_a_thread)
        self._services = services
        self._endpoints = endpoints
        self._members, self._visitors = rates
        self._clock = clock
        self._threads = ThreadPoolExecutor(threads, "api")
        self._waiting = 0
        self._flows = Flows(self._on_a_thread, services.is_ending)

    def close(self) -> None:
        """Wait for running requests and give the threads back."""
        self._threads.shutdown()

    def routes(self) -> list[Route]:
        """Return a route for each address."""
        by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in self._endpoints:
            by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        addresses = [Route(path, _Address(self, methods)) for path, methods in by_path.items()]
        return [*addresses, *(Route(path, _Address(self, {})) for path in self.rest)]

    def refused(self, request: Request, error: PracticeError | Refusal) -> Response:
        """Return the answer that tells of an error."""
        return refused(error, asked_language_of(request))

    async def answer(self, request: Request, endpoint: Endpoint) -> Response:
        request.scope.setdefault("state", {})["route"] = endpoint.public_path
        caller = await self._callers.of(request, endpoint)
        if caller.account is not None:
            request.scope["state"]["account"] = caller.account.name
        _refuse_too_many(self._members if caller.account else self._visitors, caller.name)
        if endpoint.of_patient and caller.patient_id is None:
            raise Refusal(401, "Sign in as a patient for this.")
        if endpoint.scope is not None and endpoint.scope not in caller.scopes:
            raise NotAllowed(f"This needs the permission '{endpoint.scope}'.")
        if endpoint.only is not None and not (caller.account and endpoint.only(caller.account)):
            raise NotAllowed("This is not for accounts of this role.")
        _refuse_unreadable(request.path_params)
        body = await body_of(request, endpoint)
        read = _Read(
            endpoint=endpoint,
            caller=caller,
            path=request.path_params,
            query=query_of(request, endpoint.query),
            body=form_of(request, endpoint, body),
            key=key_of(request, caller.name) if endpoint.may_be_repeated else None,
            fingerprint=fingerprint_of(request, body),
            if_match=request.headers.get("if-match"),
            if_none_match=request.headers.get("if-none-match"),
            language=language_of(request),
            address=request.url.path,
            cookies=request.cookies,
        )
        if endpoint.ahead is not None:
            read = replace(read, body=await endpoint.ahead(self._known(read)))
        return await self._on_a_thread(self._run, read)

    async def _on_a_thread(self, do: Callable[..., _Done], *told: object) -> _Done:
        if self._waiting >= _MOST_WAITING:
            raise Refusal(503, "Too much is asked at once.", headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, partial(do, *told))
        finally:
            self._waiting -= 1

    def _run(self, read: _Read) -> Response:
        """Do what is asked in one unit of work."""
        endpoint, caller = read.endpoint, read.caller
        body = read.body
        if endpoint.prepare is not None:
            if (given := self._given(read)) is not None:
                return again(given, endpoint, read.fingerprint)
            body = endpoint.prepare(self._known(read))
        begun = self._database.begin(
            actor=caller.actor, now=self._clock(), read_only=not endpoint.changes
        )
        with begun as uow:
            if read.key is not None and (given := uow.answers.find(read.key)) is not None:
                return again(given, endpoint, read.fingerprint)
            call: Call[BaseModel, object] = Call(
                uow=uow,
                account=caller.account,
                scopes=caller.scopes,
                path=read.path,
                query=read.query,
                body=body,
                services=self._services,
                network=caller.network,
                session=caller.session,
                patient_id=caller.patient_id,
                language=read.language,
                address=read.address,
                way=caller.way,
            )
            _refuse_other_version(call, read)
            made = made_of(endpoint, endpoint.run(call), self._services.profile.zone)
            if read.key is not None:
                kept = b"" if endpoint.secret else bytes(made.content or b"")
                headers = dict(made.headers) | {"Content-Type": made.media_type}
                status = made.status or 200
                uow.answers.keep(read.key, GivenAnswer(read.fingerprint, status, headers, kept))
        if made.events is not None:
            return self._flows.response_of(made, made.events)
        return response_of(made, endpoint.method, read.if_none_match)

    def _known(self, read: _Read) -> Ahead[BaseModel, object]:
        caller, now = read.caller, self._clock()
        told = (read.path, read.query, read.body, caller.account, caller.actor)
        return Ahead(*told, self._services, now, read.cookies)

    def _given(self, read: _Read) -> GivenAnswer | None:
        """Return what the same request was answered before."""
        if read.key is None:
            return None
        actor, now = read.caller.actor, self._clock()
        with self._database.begin(actor=actor, now=now, read_only=True) as uow:
            return uow.answers.find(read.key)


class _Address:
    """One address: an application of its own, so that it sees requests of every method."""

    def __init__(self, api: Api, methods: Mapping[str, Endpoint]) -> None:
        self._api = api
        self._methods = methods

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._api.answer(request, _endpoint(request.method, self._methods))
        except (Refusal, PracticeError) as error:
            response = self._api.refused(request, error)
        except ClientDisconnect:  # nobody reads it, but the log has an answer and no fault
            response = self._api.refused(request, Refusal(400, "The request was broken off."))
        except Exception:
            log.exception("api.fault")
            fault = Refusal(500, "Something went wrong here. It was noted.")
            response = self._api.refused(request, fault)
        await response(scope, receive, send)


def _endpoint(method: str, methods: Mapping[str, Endpoint]) -> Endpoint:
    if not methods:
        raise Refusal(404, "There is nothing at this address. See /api/docs.")
    found = methods.get("GET" if method == "HEAD" else method)
    if found is None:
        allowed = ", ".join(sorted({*methods, *(("HEAD",) if "GET" in methods else ())}))
        raise Refusal(405, f"Here is only {allowed}.", headers={"Allow": allowed})
    return found


def _refuse_too_many(rates: Rates, name: str) -> None:
    wait = rates.take(name)
    if wait:
        raise Refusal(429, "Too many requests.", headers={"Retry-After": str(wait)})


def _refuse_unreadable(path: Mapping[str, object]) -> None:
    """Refuse names that nothing has, and that no database takes."""
    if any(isinstance(part, str) and not part.isprintable() for part in path.values()):
        raise Refusal(404, "There is nothing of this name.")


def _refuse_other_version(call: Call[BaseModel, object], read: _Read) -> None:
    """Raise PreconditionFailed if what is changed is not what the client saw last."""
    if read.endpoint.current is None or read.if_match is None or read.if_match.strip() == "*":
        return
    current = read.endpoint.current(call)
    now = etag_of(content_of(current, call.services.profile.zone))
    if now not in {one.strip() for one in read.if_match.split(",")}:
        raise PreconditionFailed("It was changed meanwhile. Read it again.")
