"""What a server must be able to do to be measured."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["NotHere", "Place", "Server", "basic"]


class NotHere(Exception):
    """The server cannot be had on this machine; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar: port of 127.0.0.1, path (with slashes), Authorization header.

    `file` is the path of the whole calendar as one file, "" where it is `path`.
    """

    port: int
    path: str
    authorization: str
    file: str = ""


class Server(Protocol):
    """One server with an empty folder or database of its own."""

    #: As it is called in the table, with its version.
    title: str
    #: The most appointments it is asked to hold: what fills a calendar in less than five minutes.
    most: int
    #: What filling a calendar took when it was tried, on 2 cores that others used as well.
    filled: str

    @property
    def cannot(self) -> Mapping[str, str]:
        """The kinds of requests that it answers wrongly or not at all, and how: see `check`."""

    def start(self) -> None:
        """Start it, with nothing in it, and wait until it answers; raises NotHere."""

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """Make a calendar of that name with these objects, the fastest way there is that leaves
        it as if they had been PUT: the server's own index and log know of each.
        """

    def restart(self) -> float:
        """End and start it again; return the seconds until it answered a request."""

    def processes(self) -> Sequence[int]:
        """Return its processes, database servers included, for their memory and CPU time."""

    def stop(self) -> None:
        """End it and remove what it has written."""


def basic(name: str, password: str) -> str:
    """Return an Authorization header."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
