"""What keeps the server running needs: health, readiness, metrics, and one log line a request.

A request's line says which kind of address was asked, never which object: clients put patients'
names into object names and query strings. Not here: how a line is written; see `logs`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import random
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from praxis_caldav.logs import REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from caldav_server.remembering import Kept, Sent

__all__ = ["RequestLog", "routes"]

_log = logging.getLogger(__name__)
#: For the ids of requests, which have to differ and need not be secret; each process has its own.
_ids = random.Random()  # noqa: S311

#: Seconds the database gets to answer; load balancers seldom wait longer than five.
READY_SECONDS = 2.0

REQUESTS = Counter("praxis_requests", "Answered requests.", ["method", "status"])
SECONDS = Histogram(
    "praxis_request_seconds",
    "Seconds from the request's head to the end of its answer.",
    ["method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
# livesum: the requests of a process that died are not in flight any more.
IN_FLIGHT = Gauge(
    "praxis_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum"
)

#: Others are "other": a client may send any word, and each would be a series of its own for ever.
METHODS = frozenset(
    {
        *("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"),
        *("PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL", "MOVE", "COPY"),
        *("LOCK", "UNLOCK", "ACL"),
    }
)
#: Asked every few seconds by machines: worth a line only when it fails.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_ALONE = _PROBES | {"/", "/.well-known/caldav"}
_ROOTS = frozenset({"api", "admin", "termine"})
_CALENDAR_NAME = re.compile(r"[a-z0-9-]{1,64}")


def routes(ready: Callable[[], bool], *, seconds: float = READY_SECONDS) -> list[Route]:
    """Return the routes /healthz, /readyz and /metrics.

    `ready` asks the database and may block or raise; it runs in a thread, at most one at a time.
    """
    return [
        Route("/healthz", _healthz),
        Route("/readyz", _Readiness(ready, seconds).answer),
        Route("/metrics", _metrics),
    ]


async def _healthz(request: Request) -> Response:
    del request
    return PlainTextResponse("ok")


def _metrics(request: Request) -> Response:
    """Return the metrics of this process, or of all that share PROMETHEUS_MULTIPROC_DIR."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"content-type": content_type})


class _Readiness:
    """Asks whether the database answers, within a time limit.

    A thread cannot be stopped, so while one question hangs no second is asked: all callers wait
    for the same answer. A thread of its own, because requests may hold all others.
    """

    def __init__(self, ready: Callable[[], bool], seconds: float) -> None:
        self._ready = ready
        self._seconds = seconds
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="readyz")
        self._question: Future[bool] | None = None

    async def answer(self, request: Request) -> Response:
        """Answer /readyz."""
        del request
        ready = await self._is_ready()
        headers = {"cache-control": "no-store"} | ({} if ready else {"retry-after": "5"})
        return JSONResponse({"ready": ready}, 200 if ready else 503, headers)

    async def _is_ready(self) -> bool:
        if self._question is None or self._question.done():
            self._question = self._executor.submit(self._ask)
        answer = asyncio.wrap_future(self._question)
        try:
            return await asyncio.wait_for(asyncio.shield(answer), self._seconds)
        except TimeoutError:
            _log.warning("not ready: no answer in time", extra={"seconds": self._seconds})
            return False

    def _ask(self) -> bool:
        try:
            return self._ready()
        except Exception:  # noqa: BLE001 (whatever the database raises, the answer is no)
            _log.warning("not ready", exc_info=True)
            return False


@dataclass(slots=True)
class _Answer:
    """What was sent so far. 500 is what the server sends if nothing was.

    `route` is the kind of address, where the API says which of its own it was.
    """

    status: int = 500
    size: int = 0
    started: bool = False
    route: str = ""


class RequestLog:
    """ASGI middleware: counts each HTTP request and writes one line about it.

    The request's id is in its line, in the lines logged meanwhile and in the X-Request-Id header
    of the answer. The account is taken from `scope["state"]["account"]` if the app sets that.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:
            # The server only gets the traceback as a text, which the log cannot show.
            _log.critical("start or stop failed", exc_info=True)
            raise

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = _new_id()
        # Not reset: each request is a task of its own, and the server's line about an exception
        # that leaves the app comes after us.
        REQUEST.set(request_id)
        scope.setdefault("state", {})
        method, path = scope["method"], scope["path"]  # a router may rewrite the path
        answer = _Answer()
        begin = time.perf_counter()
        failed = True
        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, _watched(scope, send, answer, request_id))
            failed = not answer.started
        finally:
            IN_FLIGHT.dec()
            answer.route = scope["state"].get("route", "")
            _tell(method, path, answer, begin, failed, scope["state"].get("account"))


def _tell(
    method: str, path: str, answer: _Answer, begin: float, failed: bool, account: object
) -> None:
    """Count a request that has been answered, and write its line."""
    seconds = time.perf_counter() - begin
    method = method if method in METHODS else "other"
    counted, timed = _series(method, answer.status // 100)
    counted.inc()
    timed.observe(seconds)
    _write(method, path, answer, seconds, failed, account)


def _new_id() -> str:
    return f"{_ids.getrandbits(64):016x}"


@functools.lru_cache
def _series(method: str, hundreds: int) -> tuple[Counter, Histogram]:
    """Return the series that a request counts in; looking them up takes longer than counting."""
    return REQUESTS.labels(method, f"{hundreds}xx"), SECONDS.labels(method)


def _watched(scope: Scope, send: Send, answer: _Answer, request_id: str) -> Send:
    """Return a `send` that notes what passes and adds the request's id to the answer."""
    header = (b"x-request-id", request_id.encode())
    method, path, state = scope["method"], scope["path"], scope["state"]

    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.started = message["status"], True
            if "again" in state:
                state["again"] = functools.partial(_again, method, path, state["again"])
            message = {**message, "headers": [*message.get("headers", ()), header]}
        elif message["type"] == "http.response.body":
            answer.size += len(message.get("body", b""))
        await send(message)

    return watched


def _again(method: str, path: str, remembered: Callable[[], Kept | None]) -> Sent | None:
    """Answer a request that is known (`praxis_caldav.known`) as one that was served."""
    begin = time.perf_counter()
    kept = remembered()
    if kept is None:
        return None
    status, headers, body = kept.sent
    request_id = _new_id()
    token = REQUEST.set(request_id)
    try:
        _tell(method, path, _Answer(status, len(body)), begin, False, kept.account)
    finally:
        REQUEST.reset(token)
    return status, [*headers, (b"x-request-id", request_id.encode())], body


def _write(
    method: str, path: str, answer: _Answer, seconds: float, failed: bool, account: object
) -> None:
    route, calendar = (answer.route, "") if answer.route else _route(path)
    level = logging.DEBUG if route in _PROBES else logging.INFO
    if failed or answer.status >= 500:
        level = logging.ERROR if failed else logging.WARNING
    if not _log.isEnabledFor(level):
        return
    facts: dict[str, object] = {
        "method": method,
        "route": route,
        "status": answer.status,
        "ms": round(seconds * 1000, 1),
        "bytes": answer.size,
    }
    if calendar and answer.status < 400:  # else a client may have made it up, of any name
        facts["calendar"] = calendar
    if isinstance(account, str):
        facts["account"] = account
    if failed:
        facts["failed"] = True
    # Not by `log`, which looks up for each line where in the code it is from.
    _log.handle(_log.makeRecord(_log.name, level, __file__, 0, "request", (), None, extra=facts))


def _route(path: str) -> tuple[str, str]:
    """Return the kind of address `path` is, and the calendar's name if it has one."""
    if path in _ALONE:
        return path, ""
    root, *rest = [segment for segment in path.split("/") if segment] or [""]
    if [root, *rest[:2]] == ["api", "webhooks", "booking"]:
        return "/api/webhooks/booking", ""
    if root in _ROOTS:
        return f"/{root}", ""
    if root == "feeds":
        return "/feeds/{token}", ""
    if root != "caldav":
        return "other", ""
    if rest[:1] == ["calendars"]:
        name = "".join(rest[1:2])
        route = "/caldav/calendars" + "".join(["/{calendar}", "/{object}"][: len(rest) - 1])
        return route, name if _CALENDAR_NAME.fullmatch(name) else ""
    return "/caldav" + "".join(["/{user}", "/{object}"][: len(rest)]), ""
