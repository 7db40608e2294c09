"""Whether a server answers what the workloads ask: `python -m benchmarks.servers.check NAME`.

No measurement: each request is asked once, its seconds are shown for orientation only.
"""

from __future__ import annotations

import argparse
import re
import time
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, cast

from benchmarks import requests
from benchmarks.client import Expected, Request, Wrong, ask
from benchmarks.data import PER_DAY, event, events, first_day, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.servers.base import Place, Server

__all__ = ["SERVERS", "made"]

#: The peers: name, and the class in the module of that name.
SERVERS = {
    "radicale": "Radicale",
    "xandikos": "Xandikos",
    "sabredav": "SabreDav",
    "davical": "Davical",
    "cyrus": "Cyrus",
    "sogo": "Sogo",
}
_MIDDLE = date(2026, 11, 16)


def made(name: str) -> Server:
    """Return a new server, not started; raises NotHere."""
    kind = getattr(import_module(f"benchmarks.servers.{name}"), SERVERS[name])
    return cast("Server", kind())


def _status(request: Request, *statuses: int) -> Request:
    return replace(request, expected=Expected(frozenset(statuses)))


def _stranger(place: Place) -> Request:
    """A poll without a password."""
    return _status(requests.poll(replace(place, authorization="Basic eDp5")), 401)


def _checks(place: Place, count: int) -> Iterator[tuple[str, Callable[[], Request]]]:
    """Yield what is asked and how the request is made, in an order that matters."""
    first, names = first_day(count), [made.name for made in events(count)]
    fresh, changed = event(count, first), event(3, first, version=1)
    token: list[str] = []

    def tokened(changes: int) -> Request:
        return requests.sync(place, token[-1], changes)

    def remembered() -> Request:
        token.append(requests.token_now(place))
        return requests.poll(place)

    yield "no password", lambda: _stranger(place)
    yield "poll", lambda: requests.poll(place)
    yield "token", remembered
    yield "listing", lambda: requests.listing(place, count)
    yield "sync from nothing", lambda: requests.sync(place, "", count)
    yield "sync, no change", lambda: tokened(0)
    yield "overwrite", lambda: requests.put(place, changed, new=False)
    yield "sync, one change", lambda: tokened(1)
    yield "a day", lambda: requests.a_day(place, _MIDDLE)
    yield "a week", lambda: requests.a_week(place, _MIDDLE)
    yield "a day, expanded", lambda: requests.query(place, _MIDDLE, 1, PER_DAY, expand=True)
    yield "multiget", lambda: requests.multiget(place, names[:50])
    yield "get", lambda: requests.get(place, names[7])
    yield "whole", lambda: requests.whole(place, count)
    yield "free-busy", lambda: requests.free_busy(place, _MIDDLE)
    yield "new", lambda: requests.put(place, fresh)
    yield "new, but it is there", lambda: _status(requests.put(place, fresh), 412)
    yield "sync, two changes", lambda: tokened(2)
    yield "token after it", remembered
    yield "delete", lambda: requests.delete(place, fresh.name)
    yield "sync, one gone", lambda: tokened(1)
    yield "get what is gone", lambda: _status(requests.get(place, fresh.name), 404)


def _series_checks(place: Place) -> Iterator[tuple[str, Callable[[], Request]]]:
    yield "series, a day, expanded", lambda: requests.a_day(place, _MIDDLE, expand=True)
    yield "series, a week, expanded", lambda: requests.a_week(place, _MIDDLE, expand=True)


def _busy_hours(place: Place) -> str:
    """Return what is wrong with the busy times of a week; "" if nothing is."""
    body = ask(place.port, requests.free_busy(place, _MIDDLE)).decode()
    found = re.findall(r"(\d{8}T\d{6}Z)/(\S+)", body.replace("\r\n ", "").replace(",", "\r\n"))
    days = {start[:8] for start, _ in found}
    wanted = {f"{_MIDDLE + timedelta(days=n):%Y%m%d}" for n in range(5)}
    if days != wanted:
        return f"busy on {sorted(days)}"
    begins = min(start for start, _ in found)
    return "" if begins == "20261116T070000Z" else f"busy from {begins}"


def _ask_all(place: Place, checks: Iterator[tuple[str, Callable[[], Request]]]) -> None:
    for title, make in checks:
        begin = time.perf_counter()
        told = "right"
        try:
            body = ask(place.port, make())
        except (Wrong, AssertionError, OSError, IndexError, ValueError) as wrong:
            told = f"WRONG: {wrong!r}"
        else:
            told += f" ({len(body)} bytes)"
        print(f"  {title:26} {1e3 * (time.perf_counter() - begin):8.1f} ms  {told}", flush=True)


def main() -> None:
    """Fill one server and ask everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SERVERS)
    parser.add_argument("--count", type=int, default=1_000)
    told = parser.parse_args()
    server = made(told.name)
    try:
        server.start()
        begin = time.perf_counter()
        place = server.fill("kalender", events(told.count))
        print(f"{server.title}: {told.count} filled in {time.perf_counter() - begin:.1f} s")
        _ask_all(place, _checks(place, told.count))
        try:
            print("  busy hours:", _busy_hours(place) or "right")
        except Wrong as wrong:
            print("  busy hours:", wrong)
        weekly = server.fill("serien", series(500))
        _ask_all(weekly, _series_checks(weekly))
        print(f"  {len(server.processes())} processes; restarted in {server.restart():.2f} s")
        _ask_all(place, iter([("poll after it", lambda: requests.poll(place))]))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
