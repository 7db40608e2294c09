"""Clients that send or take a byte a second, and one that polls meanwhile and must not wait."""

from __future__ import annotations

import base64
import socket
import time
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

import pytest

from tests.building import PASSWORD, an_event
from tests.dav import HOME
from tests.faults.speaking import Speaker
from tests.hostile.watch import Neighbour

if TYPE_CHECKING:
    from tests.faults.arena import Arena

MUELLER = f"{HOME}dr-mueller/"
SLOW = 40
#: Seconds that another client's poll may wait.
WAIT = 2.0
_CLAIM = base64.b64encode(f"empfang:{PASSWORD}".encode()).decode()
_HEAD = "{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\n"


class Slow:
    """A client that sends its request a byte a second, or never reads its answer."""

    def __init__(self, port: int, request: bytes, *, at_once: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(10)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(request[:at_once])
        self._rest = request[at_once:]

    def begin_to_read(self) -> Slow:
        """Take the first byte of the answer, so that the server has done its work."""
        assert self._socket.recv(1) == b"H"
        return self

    def a_second_later(self) -> None:
        if self._rest:
            with suppress(BrokenPipeError, ConnectionResetError):  # the server had enough of it
                self._socket.sendall(self._rest[:1])
            self._rest = self._rest[1:]

    def close(self) -> None:
        self._socket.close()


def slow_ones(port: int) -> list[Slow]:
    """Return forty that send slowly, a head or a body, and forty that do not read 2 MB."""
    body = an_event("langsam", "20261123T100000", "20261123T103000").encode()
    put = _HEAD.format("PUT", f"{MUELLER}langsam.ics", _CLAIM)
    put_ = f"{put}Content-Length: {len(body)}\r\n\r\n".encode() + body
    get = f"{_HEAD.format('GET', MUELLER + 'appointments.ics', _CLAIM)}\r\n".encode()
    return [
        *(Slow(port, put_, at_once=0 if n % 2 else len(put_) - len(body)) for n in range(SLOW)),
        *(Slow(port, get, at_once=len(get)).begin_to_read() for _ in range(SLOW)),
    ]


@pytest.mark.parametrize("seconds", [4, pytest.param(90, marks=pytest.mark.slow)])
def test_slow_clients_make_nobody_wait(arena: Arena, seconds: int) -> None:
    with closing(Speaker(arena.port, "empfang")) as speaker:
        for n in range(100):
            times = (f"{2001 + n}0105T100000", f"{2001 + n}0105T103000")
            text = an_event(f"u{n}", *times, f"DESCRIPTION:{'x' * 20_000}")
            assert speaker.ask("PUT", f"{MUELLER}{n}.ics", text).status == 201
        neighbour = Neighbour(arena.server)
        with ExitStack() as stack:
            slow = slow_ones(arena.port)
            for one in slow:
                stack.callback(one.close)
            stack.enter_context(neighbour.polling())
            for _ in range(seconds):
                time.sleep(1)  # what makes them slow
                for one in slow:
                    one.a_second_later()
                assert speaker.ask("GET", f"{MUELLER}1.ics").status == 200
        print(f"\n{len(slow)} slow clients for {seconds} s: longest wait {neighbour.longest:.2f} s")
        assert neighbour.failures == []
        assert max(neighbour.longest, speaker.longest) <= WAIT
