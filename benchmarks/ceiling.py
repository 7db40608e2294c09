"""How fast the load client can be: against a server that says the same whatever it is asked."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
from typing import TYPE_CHECKING

import uvloop

from benchmarks.client import Expected, Request, drive
from tests.servers import free_port

if TYPE_CHECKING:
    from multiprocessing import synchronize

__all__ = ["ceiling"]

_ANSWER = b"HTTP/1.1 207 Multi-Status\r\ncontent-length: 300\r\n\r\n" + b"x" * 300
_REQUEST = Request(b"GET / HTTP/1.1\r\n\r\n", Expected(frozenset({207})))


class _Parrot(asyncio.Protocol):
    """Answers whatever comes, without reading it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(_ANSWER)


def _serve(port: int, ready: synchronize.Event) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Parrot, "127.0.0.1", port)
        ready.set()
        await server.serve_forever()

    uvloop.run(serve())


def ceiling() -> float:
    """Return the answers per second that the load client reaches over 8 connections."""
    port, context = free_port(), multiprocessing.get_context("spawn")
    ready = context.Event()
    parrot = context.Process(target=_serve, args=(port, ready), daemon=True)
    parrot.start()
    try:
        ready.wait(30)
        return drive(port, itertools.repeat(_REQUEST), connections=8, seconds=1).rate
    finally:
        parrot.kill()
        parrot.join()
