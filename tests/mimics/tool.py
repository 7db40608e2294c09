"""A tool that others reach by HTTP: it comes up and goes down, and tells what it was asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response

from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
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
        self._thread: threading.Thread | None = None

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
        config = uvicorn.Config(
            self._noting, port=self._port, log_config=None, lifespan="off", interface="asgi3"
        )
        server = self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, name=f"mimic on {self._port}")
        self._thread.start()
        while not server.started:
            self._thread.join(0.01)
            assert self._thread.is_alive(), "the mimic did not start"

    def down(self) -> None:
        """Listen no more: who connects is refused."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
        self._server = self._thread = None

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

        answer = self.refuse(asked) or self._app
        await answer(scope, again, send)

    def post_hook(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a webhook; returns the status, 0 when nobody answered."""
        try:
            return httpx.post(url, content=body, headers=dict(headers), timeout=10).status_code
        except httpx.TransportError:
            return 0
