"""Whether a server answers what the workloads ask: `python -m benchmarks.servers.check NAME`.

No measurement: each request is asked once, its seconds are shown for orientation only.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, cast

from benchmarks import requests
from benchmarks.client import Expected, Request, Wrong, ask
from benchmarks.data import PER_DAY, event, events, first_day, series

if TYPE_CHECKING:
    from collections.abc import Iterator

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


Make = Callable[[], Request]


def made(name: str) -> Server:
    """Return a new server, not started; raises NotHere."""
    kind = getattr(import_module(f"benchmarks.servers.{name}"), SERVERS[name])
    return cast("Server", kind())


def _status(request: Request, *statuses: int) -> Request:
    return replace(request, expected=Expected(frozenset(statuses)))


def _stranger(place: Place) -> Request:
    """A poll without a password."""
    return _status(requests.poll(replace(place, authorization="Basic eDp5")), 401)


def _checks(place: Place, count: int) -> Iterator[tuple[str, str, Make]]:
    """Yield the kind of request, what is asked and how, in an order that matters."""
    first, names = first_day(count), [made.name for made in events(count)]
    fresh, changed = event(count, first), event(3, first, version=1)
    token: list[str] = []

    def tokened(changes: int) -> Request:
        return requests.sync(place, token[-1], changes)

    def remembered() -> Request:
        # Between two changes in one second: a server may count time in seconds.
        time.sleep(1 - time.time() % 1)
        ask(place.port, requests.put(place, events(count)[5], new=False))
        token.append(requests.token_now(place))
        return requests.poll(place)

    file = replace(place, path=place.file or place.path)
    yield "password", "without the right one", lambda: _stranger(place)
    yield "poll", "", lambda: requests.poll(place)
    yield "listing", "", lambda: requests.listing(place, count)
    yield "sync", "from nothing", lambda: requests.sync(place, "", count)
    yield "sync", "a token", remembered
    yield "put", "again", lambda: requests.put(place, changed, new=False)
    yield "sync", "one change", lambda: tokened(1)
    yield "sync", "another token", remembered
    yield "sync", "no change", lambda: tokened(0)
    yield "query", "a day", lambda: requests.a_day(place, _MIDDLE)
    yield "query", "a week", lambda: requests.a_week(place, _MIDDLE)
    yield "expand", "a day", lambda: requests.query(place, _MIDDLE, 1, PER_DAY, expand=True)
    yield "multiget", "", lambda: requests.multiget(place, names[:50])
    yield "get", "", lambda: requests.get(place, names[7])
    yield "whole", "", lambda: requests.whole(file, count)
    yield "free-busy", "", lambda: requests.free_busy(place, _MIDDLE)
    yield "put", "new", lambda: requests.put(place, fresh)
    yield "precondition", "", lambda: _status(requests.put(place, fresh), 412)
    yield "sync", "a third token", remembered
    yield "delete", "", lambda: requests.delete(place, fresh.name)
    yield "sync", "one gone", lambda: tokened(1)
    yield "get", "what is gone", lambda: _status(requests.get(place, fresh.name), 404)


def _series_checks(place: Place) -> Iterator[tuple[str, str, Make]]:
    yield "expand", "series, a day", lambda: requests.a_day(place, _MIDDLE, expand=True)
    yield "expand", "series, a week", lambda: requests.a_week(place, _MIDDLE, expand=True)


def _busy(place: Place) -> str:
    """Return what is wrong with the busy times of a week; "" if nothing is."""
    body = ask(place.port, requests.free_busy(place, _MIDDLE)).decode()
    found = re.findall(r"(\d{8}T\d{6}Z)/(\S+)", body.replace("\r\n ", "").replace(",", "\r\n"))
    days = {start[:8] for start, _ in found}
    if days != {f"{_MIDDLE + timedelta(days=n):%Y%m%d}" for n in range(5)}:
        return f"busy on {sorted(days)}"
    begins = min(start for start, _ in found)
    return "" if begins == "20261116T070000Z" else f"busy from {begins}"


def _ask_all(place: Place, checks: Iterator[tuple[str, str, Make]]) -> set[str]:
    """Ask, print, and return the kinds that were answered wrongly."""
    wrong = set()
    for kind, title, make in checks:
        begin = time.perf_counter()
        told = "right"
        try:
            body = ask(place.port, make())
            told = f"right ({len(body)} bytes)"
        except (Wrong, LookupError, AssertionError) as error:
            told = f"WRONG: {error!r}"
            wrong.add(kind)
        seconds = time.perf_counter() - begin
        print(f"  {kind:12} {title:22} {1e3 * seconds:8.1f} ms  {told}", flush=True)
    return wrong


def _all(server: Server, count: int) -> set[str]:
    begin = time.perf_counter()
    place = server.fill("kalender", events(count))
    print(f"{server.title}: {count} filled in {time.perf_counter() - begin:.1f} s", flush=True)
    wrong = _ask_all(place, _checks(place, count))
    if "free-busy" not in wrong and (fault := _busy(place)):
        print(f"  free-busy: {fault}")
        wrong.add("free-busy")
    weekly = server.fill("serien", series(500))
    wrong |= _ask_all(weekly, _series_checks(weekly))
    print(f"  {len(server.processes())} processes; restarted in {server.restart():.2f} s")
    return wrong | _ask_all(place, iter([("poll", "after it", lambda: requests.poll(place))]))


def main() -> None:
    """Fill one server and ask everything once; fail if it cannot do just what it says it cannot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SERVERS)
    parser.add_argument("--count", type=int, default=1_000)
    told = parser.parse_args()
    server = made(told.name)
    try:
        server.start()
        wrong = _all(server, told.count)
    finally:
        server.stop()
    if wrong != set(server.cannot):
        raise SystemExit(f"wrong: {sorted(wrong)}, known: {sorted(server.cannot)}")


if __name__ == "__main__":
    main()
