"""Every request of `tests/hostile` against a real server: the client is told what is wrong, nothing
is changed, nobody else waits, and nothing that was taken is in anybody's way.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.building import PASSWORD, an_event
from tests.dav import HOME, listing
from tests.hostile import http as frames
from tests.hostile import ical, odd, times, xml
from tests.hostile.case import MUELLER, XMLNS, Case, Odd, Wire, event
from tests.hostile.watch import Neighbour, cpu_seconds, memory, peak_memory
from tests.servers import RunningServer
from tests.workers import worker_pids

#: Seconds of the processor for one request, and seconds that another client may have to wait.
MOST_CPU = 2.0
LONGEST_WAIT = 2.0
MOST_GROWTH = 256_000_000
_names = (f"hostile-{n}.ics" for n in itertools.count())
_STAYS = f"{MUELLER}bleibt.ics"


@dataclass
class Arena:
    """A served practice, with a client that looks at it and another that polls meanwhile."""

    server: RunningServer
    client: httpx.Client
    neighbour: Neighbour
    slowest: list[tuple[float, str]]
    requests: int = 0  # of one case
    seen: str = ""  # the state after the last case, where that has changed nothing

    def state(self) -> str:
        """Return what any change of any object or calendar would change."""
        body = f"<propfind {XMLNS}><prop><sync-token/><getetag/><displayname/></prop></propfind>"
        answer = self.client.request("PROPFIND", HOME, content=body, headers={"Depth": "1"})
        assert answer.status_code == 207
        return answer.text


@pytest.fixture(scope="module")
def arena(server: RunningServer) -> Iterator[Arena]:
    """The practice; afterwards nobody has waited long, and memory has not run away."""
    with server.client() as client, Neighbour(server).polling() as neighbour:
        client.put(_STAYS, content=an_event("bleibt")).raise_for_status()
        before, pids = memory(server), worker_pids(server)
        made = Arena(server, client, neighbour, [])
        yield made
        growth = peak_memory(server) - before
        slowest = sorted(made.slowest, reverse=True)[:5]
        print(
            f"\nlongest wait {neighbour.longest:.2f} s ({neighbour.during}), growth {growth / 1e6:.0f} MB, slowest {slowest}"
        )
    assert worker_pids(server) == pids, "a process of the server has died"
    assert not neighbour.failures
    assert neighbour.longest <= LONGEST_WAIT, neighbour.during
    assert growth <= MOST_GROWTH


@pytest.fixture
def watched(arena: Arena, request: pytest.FixtureRequest) -> Iterator[Arena]:
    """The practice during one case, which must be cheap and change nothing."""
    cpu = cpu_seconds(arena.server)
    arena.neighbour.meanwhile, arena.requests = request.node.name, 0
    yield arena
    taken = (cpu_seconds(arena.server) - cpu) / max(arena.requests, 1)
    arena.slowest.append((taken, request.node.name))
    assert taken <= MOST_CPU


def _params(cases: tuple[Any, ...]) -> list[Any]:
    return [
        pytest.param(case, id=case.name[:80].encode("ascii", "replace").decode()) for case in cases
    ]


def _ask(server: RunningServer, case: Case, path: str) -> tuple[int, str]:
    """Send a case byte for byte; return status and body."""
    head = [f"{case.method} {path} HTTP/1.1".encode()]
    given = {name.lower() for name, _ in case.headers}
    headers: list[tuple[str, str | bytes]] = list(case.headers)
    body = case.content()
    headers += [("Host", "localhost")] if "host" not in given else []
    headers += [("Content-Length", str(len(body))), ("Connection", "close")]
    if case.account:
        claim = base64.b64encode(f"{case.account}:{PASSWORD}".encode()).decode()
        headers.append(("Authorization", f"Basic {claim}"))
    head += [
        name.encode() + b": " + (v if isinstance(v, bytes) else v.encode()) for name, v in headers
    ]
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        response = http.client.HTTPResponse(connection, method=case.method)
        response.begin()
        return response.status, response.read().decode()


#: What is refused before anything is asked of the database: which one it is, the refusal does not
#: know.
at_the_door = pytest.mark.parametrize(
    "server",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)],
    indirect=True,
    scope="module",
)


@at_the_door
@pytest.mark.parametrize("case", _params((*ical.CASES, *times.CASES, *xml.CASES, *frames.CASES)))
def test_a_hostile_request_is_refused_with_the_reason(watched: Arena, case: Case) -> None:
    before, watched.seen = watched.seen or watched.state(), ""
    path = case.path or MUELLER + next(_names)
    status, body = _ask(watched.server, case, path)
    try:
        assert status in case.statuses, body[:500]
        told = re.search(
            r"<error[^>]*>(?:<(?:\w+:)?([\w-]+)[^>]*>)?.*<P:message>(.+)</P:message></error>",
            body,
            re.DOTALL,
        )
        if case.told:
            assert told, body[:500]
        if case.element:
            assert told
            assert told[1] == case.element
        after = watched.state()
        assert after == before
        if status not in {201, 204}:
            watched.seen = after
    finally:
        if status in {201, 204}:
            _tidy(watched, path)


def _tidy(arena: Arena, path: str) -> None:
    """Take away what should not have come, so that no other case fails for it."""
    arena.client.delete(path)
    for href in set(listing(arena.client, MUELLER)) - {_STAYS}:
        arena.client.delete(href)
    arena.client.put(_STAYS, content=an_event("bleibt"))


def _ranged(inner: str, prop: str, component: str) -> str:
    return (
        f"<C:calendar-query {XMLNS}><prop>{prop}</prop><C:filter><C:comp-filter name='VCALENDAR'>"
        f"<C:comp-filter name='{component}'>{inner}</C:comp-filter></C:comp-filter></C:filter>"
        "</C:calendar-query>"
    )


def _reports(case: Odd) -> Iterator[str]:
    """Yield every report that could stumble over a stored text."""
    span = f"start='{case.span[0]}' end='{case.span[1]}'"
    kind, limits = case.component, f"<C:time-range {span}/>"
    data = "<getetag/><C:calendar-data/>"
    yield _ranged(limits, data, kind)
    yield _ranged(limits, f"<C:calendar-data><C:expand {span}/></C:calendar-data>", kind)
    yield _ranged("<C:time-range start='20500101T000000Z' end='20510101T000000Z'/>", data, kind)
    yield _ranged("<C:time-range start='19000102T000000Z'/>", "<getetag/>", kind)
    for name in ("SUMMARY", "CATEGORIES", "DTSTART", "X-A", "ATTENDEE"):
        text = f"<C:prop-filter name='{name}'><C:text-match>e</C:text-match></C:prop-filter>"
        yield _ranged(text, "<getetag/>", kind)
    yield f"<C:free-busy-query {XMLNS}>{limits}</C:free-busy-query>"
    yield f"<sync-collection {XMLNS}><sync-token/><sync-level>1</sync-level><prop>{data}</prop></sync-collection>"


@pytest.mark.parametrize("case", _params(odd.CASES))
def test_what_is_odd_and_legal_is_kept_as_it_is_and_spoils_nothing(
    watched: Arena, case: Odd
) -> None:
    path, client, watched.seen = MUELLER + next(_names), watched.client, ""
    content = case.content()
    stored = client.put(path, content=content, headers={"Content-Type": "text/calendar"})
    assert stored.status_code == 201, stored.text
    try:
        assert client.get(path).content == content
        for watched.requests, body in enumerate(_reports(case), 1):
            answer = client.request("REPORT", MUELLER, content=body, headers={"Depth": "1"})
            assert answer.status_code == (200 if "free-busy" in body else 207), answer.text[:500]
        assert client.get(MUELLER).status_code == 200
        assert client.put(path, content=content).status_code == 204
        assert client.request("MOVE", path, headers={"Destination": path + "x"}).status_code == 201
        path += "x"
    finally:
        assert client.delete(path).status_code == 204


@pytest.mark.parametrize(
    ("name", "method", "body"), [pytest.param(*one, id=one[0]) for one in xml.HARMLESS]
)
def test_xml_that_is_odd_and_legal_is_answered(
    watched: Arena, name: str, method: str, body: bytes | str | Callable[[], str]
) -> None:
    content = body() if callable(body) else body
    answer = watched.client.request(method, MUELLER, content=content, headers={"Depth": "1"})
    assert answer.status_code == 207, answer.text[:300]
    assert "root:" not in answer.text
    assert len(answer.content) <= 10_000_000


def _conversation(server: RunningServer, wire: Wire) -> Iterator[int]:
    """Send bytes; yield the statuses of the answers, 0 for an end without one."""
    claim = base64.b64encode(f"empfang:{PASSWORD}".encode())
    data = wire.content().replace(b"%auth%", b"Authorization: Basic " + claim + b"\r\n")
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        try:
            connection.sendall(data)
            if wire.half:
                connection.shutdown(socket.SHUT_WR)
        except OSError:  # refused while it was still being sent
            pass
        try:
            received = b"".join(iter(lambda: _received(connection, len(wire.answers)), b""))
        except OSError:
            received = b""
    found = re.findall(rb"HTTP/1\.1 (\d{3}) ", received)
    yield from map(int, found) if found else (0,)


def _received(connection: socket.socket, _: int) -> bytes:
    try:
        return connection.recv(65_536)
    except TimeoutError:
        raise AssertionError("the connection stays open without an answer") from None


@at_the_door
@pytest.mark.parametrize("case", _params(frames.WIRES))
def test_bytes_that_are_no_request_end_in_an_answer_or_an_end(watched: Arena, case: Wire) -> None:
    found = list(_conversation(watched.server, case))
    assert len(found) == len(case.answers), found
    assert all(one in wanted for one, wanted in zip(found, case.answers, strict=True)), found
    assert watched.client.get(f"{MUELLER}wire.ics").status_code == 404


def test_a_line_folded_within_a_character_is_read_and_told_without_an_etag(watched: Arena) -> None:
    path, client, watched.seen = MUELLER + next(_names), watched.client, ""
    whole = event("SUMMARY:Müller")
    folded = whole.encode().replace("ü".encode(), b"\xc3\r\n \xbc")
    answer = client.put(path, content=folded)
    assert answer.status_code == 201
    assert "etag" not in answer.headers
    assert client.get(path).text == whole
    client.delete(path)
