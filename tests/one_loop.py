"""Clients of an application in the test's own process that share one event loop, as on a server.

Left alone, each request of Starlette's test client starts a thread and a loop of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from anyio.from_thread import start_blocking_portal
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

__all__ = ["ClientOf", "one_loop"]


class ClientOf(Protocol):
    """Makes a client; `options` are those of TestClient."""

    def __call__(self, app: ASGIApp, **options: Any) -> TestClient: ...


@contextmanager
def one_loop() -> Iterator[ClientOf]:
    """Keep a loop for as long as its clients are needed."""
    with start_blocking_portal("asyncio") as portal:

        def client_of(app: ASGIApp, **options: Any) -> TestClient:
            client = TestClient(app, base_url="http://localhost", **options)
            client.portal = portal
            return client

        yield client_of
