"""The booking tool as a program that is served: all of it put together, in a thread of its own.

Not here: what is answered (`page`, `api`).
"""

from __future__ import annotations

import socket
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette

from praxis_caldav.demo.tool.api import Api
from praxis_caldav.demo.tool.bookings import Bookings
from praxis_caldav.demo.tool.hook import Hook
from praxis_caldav.demo.tool.page import Page
from praxis_caldav.demo.tool.shown import languages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from praxis_caldav.demo.tool.setup import Setup

__all__ = ["app", "run"]


def app(setup: Setup) -> Starlette:
    """Return the tool as an ASGI application."""
    told = languages(dict(setup.doctors))
    here = [replace(each, slot=setup.here(each.slot)) for each in setup.bookings]
    bookings, hook = Bookings(here, setup.time()), Hook(setup)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        hook.close()

    page, api = Page(setup, bookings, told, hook), Api(setup, bookings, told)
    return Starlette(routes=page.routes() + api.routes(), lifespan=lifespan)


def run(setup: Setup, port: int = 5233, host: str = "127.0.0.1") -> tuple[int, Callable[[], None]]:
    """Serve in a thread of its own; returns the port, also of 0 (any free one), and what stops it.

    Raises OSError where somebody else listens. It answers from the moment that it returns.
    """
    listening = socket.create_server((host, port))
    bound: int = listening.getsockname()[1]
    config = uvicorn.Config(
        app(setup), log_config=None, access_log=False, timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, args=([listening],), name="booking tool", daemon=True
    )
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(10)

    return bound, stop
