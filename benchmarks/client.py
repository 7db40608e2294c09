"""The load client: plain sockets, one thread, so that it leaves the servers a core.

Every answer is held to what the request expects; one wrong answer disqualifies the workload.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PATIENCE", "Expected", "Load", "Request", "Wrong", "ask", "drive"]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
#: Seconds without an answer after which a server is taken to hang.
PATIENCE = 120.0


class Wrong(Exception):
    """A server answered something else than what is right."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a right answer has: one of the statuses, and a pattern just so many times."""

    statuses: frozenset[int]
    pattern: re.Pattern[bytes] | None = None
    count: int = 0

    def check(self, status: int, body: bytes) -> None:
        """Raise Wrong unless the answer is right."""
        if status not in self.statuses:
            raise Wrong(f"status {status}")
        if self.pattern is not None:
            found = len(self.pattern.findall(body))
            if found != self.count:
                raise Wrong(f"{found} items instead of {self.count}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes over the wire, and what must come back.

    `kind` is one of those of `servers.check`; `new` the name of the object that it makes.
    """

    wire: bytes
    expected: Expected
    kind: str = ""
    new: str = ""


@dataclass(slots=True)
class Load:
    """What was measured: seconds in all, and those of each answer."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    received: int = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


class _Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request: Request | None = None
        self.closed = False
        self._since = 0.0
        self._got = b""

    def send(self, request: Request) -> None:
        self.request, self._got = request, b""
        self._since = time.perf_counter()
        self.sock.sendall(request.wire)

    def receive(self) -> tuple[float, int, bytes] | None:
        """Return seconds, status and body once the answer is whole."""
        chunk = self.sock.recv(1 << 18)
        self._got = self._got + chunk if self._got else chunk
        whole = _whole(self._got, ended=not chunk)
        if whole is None:
            return None
        seconds = time.perf_counter() - self._since
        status, body, self.closed = whole
        return seconds, status, body


def _whole(got: bytes, *, ended: bool) -> tuple[int, bytes, bool] | None:
    """Take an answer apart: status, body, whether the connection ends; None while it is short."""
    head, found, body = got.partition(b"\r\n\r\n")
    if not found:
        if ended:
            raise Wrong("the connection was closed before an answer")
        return None
    status = int(head[9:12])
    close = head.startswith(b"HTTP/1.0") or _CLOSE.search(head) is not None
    if told := _LENGTH.search(head):
        return (status, body, close) if len(body) >= int(told[1]) else None
    if _CHUNKED.search(head):
        return (status, _joined(body), close) if body.endswith(b"0\r\n\r\n") else None
    if status in {204, 304}:
        return status, b"", close
    return (status, body, True) if ended else None


def _joined(chunked: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while True:
        end = chunked.index(b"\r\n", at)
        size = int(chunked[at:end].partition(b";")[0], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(chunked[end + 2 : end + 2 + size])
        at = end + 4 + size


def drive(
    port: int,
    requests: Iterator[Request],
    *,
    connections: int,
    seconds: float,
    heed: Callable[[Request, int, bytes], None] = lambda *_: None,
) -> Load:
    """Send requests over so many connections until time or requests are over.

    `heed` is shown every answer. Raises Wrong.
    """
    load = Load()
    begin = time.perf_counter()
    with closing(_Connections(port)) as open_:
        for _ in range(connections):
            open_.send(next(requests, None))
        while open_.busy:
            for connection in open_.ready():
                request = connection.request
                assert request is not None
                answer = connection.receive()
                if answer is None:
                    continue
                taken, status, body = answer
                request.expected.check(status, body)
                heed(request, status, body)
                load.latencies.append(taken)
                load.received += len(body)
                running = time.perf_counter() < begin + seconds
                open_.send(next(requests, None) if running else None, connection)
        load.seconds = time.perf_counter() - begin
    return load


class _Connections:
    """Those of one load, and which of them have something to read."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self.busy = 0

    def send(self, request: Request | None, on: _Connection | None = None) -> None:
        """Send over a connection, a new one if it is None or closed; without request, close it."""
        if on is not None and (request is None or on.closed):
            self._selector.unregister(on.sock)
            on.sock.close()
            self.busy -= 1
            on = None
        if request is None:
            return
        if on is None:
            on = _Connection(self._port)
            self._selector.register(on.sock, selectors.EVENT_READ, on)
            self.busy += 1
        on.send(request)

    def ready(self) -> list[_Connection]:
        """Wait for answers; raises Wrong if none come."""
        found = [key.data for key, _ in self._selector.select(PATIENCE)]
        if not found:
            raise Wrong(f"no answer in {PATIENCE:.0f} s")
        return found

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            key.data.sock.close()
        self._selector.close()


def ask(port: int, request: Request) -> bytes:
    """Send one request and return the body of its answer; raises Wrong."""
    bodies: list[bytes] = []
    drive(
        port,
        iter([request]),
        connections=1,
        seconds=PATIENCE,
        heed=lambda _request, _status, body: bodies.append(body),
    )
    return bodies[0]
