"""What others are asked: within limits, again where that is right, and nobody who was not meant."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from booking_adapter import outgoing
from booking_adapter.failures import AskedInside, Busy, Failed, Refused
from booking_adapter.outgoing import Http, Patience
from tests.mimics.tool import Asked, Tool


async def _told(_: Request) -> Response:
    return Response(b'{"a": 1}')


async def _elsewhere(_: Request) -> Response:
    return RedirectResponse("/here")


async def _endless(_: Request) -> Response:
    return StreamingResponse(iter([b"x" * 100_000] * 200))


async def _packed(_: Request) -> Response:
    return Response(gzip.compress(b" " * 20_000_000), headers={"Content-Encoding": "gzip"})


ALL = ["GET", "POST", "PUT", "DELETE"]


@pytest.fixture
def tool() -> Iterator[Tool]:
    routes = (
        ("/here", _told),
        ("/elsewhere", _elsewhere),
        ("/endless", _endless),
        ("/packed", _packed),
    )
    with Tool([Route(path, answer, methods=ALL) for path, answer in routes]) as made:
        yield made


def asking(tool: Tool, pauses: list[float] | None = None, **limits: Any) -> Http:
    """Ask a tool; the pauses are noted instead of waited for."""
    heard = [] if pauses is None else pauses
    return Http(tool.url, inside=True, patience=Patience(pause=heard.append, **limits))


def first(count: int, answer: Response) -> Callable[[Asked], Response | None]:
    """Refuse the first so many requests."""
    left = [answer] * count
    return lambda _: left.pop() if left else None


def test_what_failed_in_passing_is_asked_again_after_growing_pauses(tool: Tool) -> None:
    for status in (429, 502, 503, 504):
        pauses: list[float] = []
        tool.refuse = first(3, Response(status_code=status))
        with asking(tool, pauses) as http:
            assert http.ask("GET", "/here", query={"a": "ä&"}).json() == {"a": 1}
        assert tool.asked[-1].query == {"a": "ä&"}
        assert [0.5 * 2**n <= pause <= 2**n for n, pause in enumerate(pauses)] == [True] * 3


def test_what_fails_for_good_is_told(tool: Tool) -> None:
    tool.refuse = lambda _: Response(status_code=503)
    with asking(tool) as http, pytest.raises(Refused) as refused:
        http.ask("GET", "/here")
    assert (refused.value.status, refused.value.permanent) == (503, False)
    assert len(tool.asked) == 4
    for status, permanent in ((400, True), (404, True), (500, False)):
        asked = len(tool.asked)
        tool.refuse = lambda _, status=status: Response(status_code=status)  # type: ignore[misc]
        with asking(tool) as http, pytest.raises(Refused) as refused:
            http.ask("PUT", "/here", json={})
        assert (refused.value.status, refused.value.permanent) == (status, permanent)
        assert len(tool.asked) == asked + 1


def test_what_may_have_been_done_is_not_done_twice(tool: Tool) -> None:
    for status in (502, 504):
        asked = len(tool.asked)
        tool.refuse = lambda _, status=status: Response(status_code=status)  # type: ignore[misc]
        with asking(tool) as http, pytest.raises(Refused):
            http.ask("POST", "/here", json={})
        assert len(tool.asked) == asked + 1
    tool.refuse = first(1, Response(status_code=429))
    with asking(tool) as http:
        assert http.ask("POST", "/here", json={}).status_code == 200


def test_what_must_not_be_done_twice_is_asked_for_once(tool: Tool) -> None:
    tool.refuse = first(1, Response(status_code=502))
    with asking(tool) as http, pytest.raises(Refused):
        http.ask("PUT", "/here", json={}, once=True)
    assert len(tool.asked) == 1
    tool.refuse = first(1, Response(status_code=429))
    with asking(tool) as http:
        assert http.ask("PUT", "/here", json={}, once=True).status_code == 200


def test_who_asks_for_a_pause_gets_it_or_is_left_alone(tool: Tool) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    for told, least in (("7", 7), (soon, 25), ("Sun, 99 Foo", 0.5), ("-3", 0.5)):
        pauses: list[float] = []
        tool.refuse = first(1, Response(status_code=429, headers={"Retry-After": told}))
        with asking(tool, pauses) as http:
            http.ask("GET", "/here")
        assert least <= pauses[0] <= least + 5
    tool.refuse = lambda _: Response(status_code=429, headers={"Retry-After": "3600"})
    with asking(tool) as http, pytest.raises(Busy) as busy:
        http.ask("GET", "/here")
    assert busy.value.seconds == 3600
    for never in ("inf", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"):
        tool.refuse = lambda _, never=never: Response(  # type: ignore[misc]
            status_code=429, headers={"Retry-After": never}
        )
        with asking(tool) as http, pytest.raises(Busy) as busy:
            http.ask("GET", "/here")
        assert busy.value.seconds == 86_400


def test_nobody_there_is_told_after_some_tries(tool: Tool) -> None:
    tool.down()
    pauses: list[float] = []
    with asking(tool, pauses) as http, pytest.raises(Failed) as failed:
        http.ask("POST", "/here", json={"name": "Zoë"})
    assert len(pauses) == 3
    assert not failed.value.permanent
    assert "Zoë" not in str(failed.value)


def test_a_redirect_is_not_followed(tool: Tool) -> None:
    with asking(tool) as http, pytest.raises(Refused, match="status 307"):
        http.ask("GET", "/elsewhere")
    assert [asked.path for asked in tool.asked] == ["/elsewhere"]


def test_an_answer_without_end_is_cut_off(tool: Tool) -> None:
    with asking(tool) as http, pytest.raises(Failed, match="too much"):
        http.ask("GET", "/endless")
    with asking(tool, answer=0.0) as http, pytest.raises(Failed, match="too slow"):
        http.ask("GET", "/endless")


def test_an_answer_that_is_packed_is_not_unpacked(tool: Tool) -> None:
    """Twenty thousand octets may be twenty million."""
    with asking(tool) as http, pytest.raises(Failed, match="packed"):
        http.ask("GET", "/packed")


def test_a_name_that_is_none_is_nobody() -> None:
    patience = Patience(pause=lambda _: None)
    with Http("https://a..example", patience=patience) as http, pytest.raises(Failed):
        http.ask("GET", "/")


INSIDE = (
    *(
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.1.1",
    ),
    *("224.0.0.1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::c0a8:101", "::"),
)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_asked_unless_allowed(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(*_: object, **__: object) -> list[Any]:
        return [(0, 0, 0, "", (one, 443)) for one in ("93.184.215.14", address)]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    patience = Patience(pause=lambda _: None)
    with Http("https://tool.example", patience=patience) as http, pytest.raises(AskedInside):
        http.ask("GET", "/")


def test_it_is_the_address_looked_at_that_is_connected_to(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may mean another address a moment later."""
    look_up, times = socket.getaddrinfo, []

    def looked_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        times.append(host)
        host = "127.0.0.1" if len(times) == 1 or host == "127.0.0.1" else "127.0.0.2"
        return list(look_up(host, port, *args, **kwargs))

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(outgoing, "_is_outside", lambda _: True)
    port = tool.url.rpartition(":")[2]
    with Http(f"http://tool.example:{port}") as http:
        assert http.ask("GET", "/here").status_code == 200
    assert tool.asked[0].headers["host"] == f"tool.example:{port}"
    assert times[0] == "tool.example"
    assert "tool.example" not in times[1:]
