"""A tool that others reach by HTTP: it comes up and goes down, and tells what it was asked."""

from __future__ import annotations

import asyncio
import atexit
import socket
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from types import TracebackType

    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Asked", "Tool"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came; header names are small."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop of all mimics of this process: a thread for each takes long to end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mimics", daemon=True)
    thread.start()

    def end() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    atexit.register(end)
    return loop


def _done(work: Coroutine[None, None, None]) -> None:
    asyncio.run_coroutine_threadsafe(work, _loop()).result(10)


class Tool:
    """Use as a context manager. Subclasses name their routes, and hold what the tool holds.

    `url` is the same whenever it is up. `refuse` is asked before each request: an answer of its
    own instead of the tool's, as of a proxy before it, or None.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self.asked: list[Asked] = []
        self.refuse: Callable[[Asked], Response | None] = lambda _: None
        self._app: ASGIApp = Starlette(routes=list(routes))
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._server: uvicorn.Server | None = None
        self._ending: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    def up(self) -> None:
        """Answer from now on."""
        config = uvicorn.Config(self._noting, log_config=None, lifespan="off", interface="asgi3")
        config.load()
        self._server = uvicorn.Server(config)
        # Not by uvicorn, which ends the loop where the port is taken. Without the protocol's name
        # the loop lets answers wait for acknowledgements.
        listening = socket.socket(proto=socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        _done(self._begin(self._server, listening))

    async def _begin(self, server: uvicorn.Server, listening: socket.socket) -> None:
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup([listening])
        await server.on_tick(0)  # makes the headers of all answers

    def down(self) -> None:
        """Listen no more: who connects is refused."""
        if self._server is not None:
            _done(self._end(self._server))
        self._server = None

    async def _end(self, server: uvicorn.Server) -> None:
        self._ending = asyncio.create_task(server.shutdown())
        await asyncio.sleep(0)  # by then nobody listens; for what is being answered none waits

    async def _noting(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while scope["type"] == "http":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        asked = Asked(
            scope["method"],
            scope["path"],
            dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
            {name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
            body,
        )
        self.asked.append(asked)

        left = [body]

        async def again() -> Message:
            if left:
                return {"type": "http.request", "body": left.pop(), "more_body": False}
            return await receive()

        # In a thread: it may ask another mimic, which is served by this loop, too.
        answer = await run_in_threadpool(self.refuse, asked) or self._app
        await answer(scope, again, send)

    def post_hook(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a webhook; returns the status, 0 when nobody answered."""
        try:
            return httpx.post(url, content=body, headers=dict(headers), timeout=10).status_code
        except httpx.TransportError:
            return 0
