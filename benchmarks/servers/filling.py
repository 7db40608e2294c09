"""Calendars filled over HTTP, for servers whose own storage cannot be written from outside."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from benchmarks.client import Wrong, drive
from benchmarks.requests import put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.data import Event
    from benchmarks.servers.base import Place

__all__ = ["make_calendar", "put_all"]

_CONNECTIONS = 4
_LONGEST = 300.0  # seconds


def make_calendar(place: Place) -> None:
    """Create the calendar with MKCALENDAR; raises RuntimeError."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    connection.request("MKCALENDAR", place.path, headers={"Authorization": place.authorization})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"MKCALENDAR was answered with {answer.status}: {body[:2_000]!r}")


def put_all(place: Place, events: Sequence[Event], connections: int = _CONNECTIONS) -> None:
    """PUT every object over some connections at a time.

    The first goes alone: a server may have to learn its time zone, and trip over doing so twice.
    Raises Wrong if one is refused, or if it takes longer than five minutes.
    """
    for some, at_once in ((events[:1], 1), (events[1:], connections)):
        requests = (put(place, event) for event in some)
        load = drive(place.port, requests, connections=at_once, seconds=_LONGEST)
        if len(load.latencies) < len(some):
            done = f"{len(load.latencies):,} of {len(events):,} objects"
            raise Wrong(f"{done} after {_LONGEST:.0f} s")
