"""One account's connection to a server that may die at any moment: an answer, or none."""

from __future__ import annotations

import base64
import http.client
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.building import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Broken", "NotSent", "Reply", "Speaker"]

#: Seconds that an answer may take; what takes longer is a hang, and counts as no answer.
PATIENCE = 60.0


class NotSent(Exception):
    """Nobody was listening: the request has done nothing."""


class Broken(Exception):
    """The connection broke before the answer: nobody knows whether the request was done."""


@dataclass(frozen=True)
class Reply:
    """What was answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Speaker:
    """A kept connection, opened anew when it is gone; `longest` are the seconds of an answer."""

    def __init__(self, port: int, account: str, patience: float = PATIENCE) -> None:
        self._port = port
        self._patience = patience
        self._claim = "Basic " + base64.b64encode(f"{account}:{PASSWORD}".encode()).decode()
        self._connection: http.client.HTTPConnection | None = None
        self.longest = 0.0

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Reply:
        """Send a request; raises NotSent or Broken. `If_Match` stands for If-Match."""
        connection = self._connected()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        begin = time.monotonic()
        try:
            connection.request(method, path, body.encode(), {"Authorization": self._claim, **told})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Broken(f"{method}: {error!r}") from error
        finally:
            self.longest = max(self.longest, time.monotonic() - begin)
        if answer.will_close:
            self.close()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            fresh = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._patience)
            try:
                fresh.connect()
            except OSError as error:
                fresh.close()
                raise NotSent(str(error)) from error
            assert fresh.sock is not None
            fresh.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = fresh
        return self._connection
