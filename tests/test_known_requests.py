"""Requests known by their bytes are answered as if they had been taken apart, and answers that
leave in one write are those that uvicorn writes.
"""

from __future__ import annotations

import base64
import logging
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from praxis_caldav.composition import compose
from praxis_caldav.connection import Connection
from praxis_caldav.known import Known
from praxis_caldav.setting_sources import load
from tests.building import PASSWORD, a_practice, an_event, the_account, writing
from tests.conftest import a_database
from tests.dav import HOME
from tests.plainly import PLAINLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase

#: Status, headers and body.
Answer = tuple[int, dict[str, str], bytes]

MUELLER = f"{HOME}dr-mueller/"
POLL = '<propfind xmlns="DAV:"><prop><sync-token/><getetag/></prop></propfind>'


def asked(
    method: str, path: str = MUELLER, body: str = "", version: str = "1.1", **more: str
) -> bytes:
    """Return a request as a client sends it."""
    login = base64.b64encode(f"empfang:{PASSWORD}".encode()).decode()
    headers = {"Host": "localhost", "Authorization": f"Basic {login}", "Depth": "0", **more}
    if body:
        headers["Content-Length"] = str(len(body.encode()))
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return f"{method} {path} HTTP/{version}\r\n{''.join(lines)}\r\n{body}".encode()


class Client:
    """One connection, on which bytes are sent as they are."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sent = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._sent.close()
        self.socket.close()

    def answer(self, *, bodiless: bool = False) -> Answer:
        """Read one answer."""
        while (status := int(self._sent.readline().split()[1])) == 100:
            assert self._sent.readline() == b"\r\n"
        headers = {}
        while (line := self._sent.readline().decode().strip()) != "":
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        length = 0 if bodiless else int(headers.get("content-length", 0))
        return status, headers, self._sent.read(length)

    def told(self, request: bytes) -> Answer:
        """Send a request and read its answer."""
        self.socket.sendall(request)
        return self.answer()

    def rest(self) -> bytes:
        """Read until the server ends the connection."""
        return self._sent.read()


@contextmanager
def serving(database: SqlDatabase) -> Iterator[int]:
    """Serve the practice in this process; yields the port."""
    url = database.engine.url.render_as_string(hide_password=False)
    app = compose(load(None, overrides={"database.url": url}))
    config = uvicorn.Config(app, http=Connection, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=server.run, args=([door],))
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture
def hits(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Note which requests were known."""
    noted: list[bytes] = []
    plain = Known.answer

    def answering(self: Known, key: bytes) -> object:
        sent = plain(self, key)
        if sent is not None:
            noted.append(key)
        return sent

    monkeypatch.setattr(Known, "answer", answering)
    return noted


def counted() -> float:
    labels = {"method": "PROPFIND", "status": "2xx"}
    return REGISTRY.get_sample_value("praxis_requests_total", labels) or 0.0


def test_a_poll_that_comes_again_is_known_and_has_its_own_id_line_and_count(
    practice: SqlDatabase, hits: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    before = counted()
    with (
        caplog.at_level(logging.INFO, "praxis_caldav.operation"),
        serving(practice) as port,
        Client(port) as client,
    ):
        answers = [client.told(asked("PROPFIND", body=POLL)) for _ in range(5)]
    assert {(status, body) for status, _, body in answers} == {(207, answers[0][2])}
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 5
    assert {"date", "server", "dav"} <= set(answers[-1][1])
    assert counted() - before == 5
    lines = [vars(record) for record in caplog.records if record.msg == "request"]
    told_of = {(one["status"], one["calendar"], one["account"], one["bytes"]) for one in lines}
    assert len(lines) == 5
    assert told_of == {(207, "dr-mueller", "empfang", len(answers[0][2]))}
    assert len(hits) == (3 if practice.glances_at_once and not PLAINLY else 0)


def test_a_head_that_comes_again_is_told_of_once(
    practice: SqlDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, "praxis_caldav.operation"),
        serving(practice) as port,
        Client(port) as client,
    ):
        client.told(asked("PUT", f"{MUELLER}a", an_event("a")))
        for _ in range(5):
            client.socket.sendall(asked("HEAD", f"{MUELLER}a"))
            assert client.answer(bodiless=True)[0] == 200
    lines = [vars(record) for record in caplog.records if record.msg == "request"]
    assert [one["method"] for one in lines] == ["PUT", *["HEAD"] * 5]


def test_a_known_poll_tells_of_every_change_and_of_an_account_that_is_disabled(
    practice: SqlDatabase, hits: list[bytes]
) -> None:
    poll = asked("PROPFIND", body=POLL)
    with serving(practice) as port, Client(port) as client, Client(port) as other:
        seen = []
        for name in ("a", "b", "c"):
            told = [client.told(poll) for _ in range(4)]
            fresh = other.told(asked("PROPFIND", body=POLL, X_Unheard=name))
            assert {(status, body) for status, _, body in told} == {(207, fresh[2])}
            seen.append(fresh[2])
            assert other.told(asked("PUT", f"{MUELLER}{name}", an_event(name)))[0] == 201
        assert len(set(seen)) == 3
        assert [client.told(poll)[0] for _ in range(3)] == [207] * 3
        with writing(practice) as uow:
            uow.accounts.save(replace(the_account(uow, "empfang"), disabled=True))
        assert client.told(poll)[0] == 401
    assert bool(hits) is (practice.glances_at_once and not PLAINLY)


REQUESTS = {
    "poll": asked("PROPFIND", body=POLL),
    "home": asked("PROPFIND", HOME, POLL, Depth="1"),
    "head": asked("HEAD", f"{MUELLER}a"),
    "get": asked("GET", f"{MUELLER}a"),
    "unchanged": asked("GET", f"{MUELLER}a", If_None_Match="*"),
    "missing": asked("GET", f"{MUELLER}b"),
    "expecting": asked("PROPFIND", body=POLL, Expect="100-continue"),
    "nobody": asked("GET", f"{MUELLER}a", Authorization="Basic eDp5"),
    "page": asked("GET", "/healthz"),
}
#: After these the server ends the connection.
LAST = {
    "closing": asked("PROPFIND", body=POLL, Connection="close"),
    "old": asked("PROPFIND", body=POLL, version="1.0"),
}
#: Requests that are sent in a row, and how: each by itself (None), or all at once but for a cut
#: after a part of them, at which the server has read and answered what it could.
Sent = tuple[list[str], float | None]


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """A served practice, with an object; yields the port."""
    with a_database("sqlite", request, tmp_path_factory.mktemp("known")) as database:
        a_practice(database)
        with serving(database) as port:
            with Client(port) as client:
                assert client.told(asked("PUT", f"{MUELLER}a", an_event("a")))[0] == 201
            yield port


@settings(max_examples=100, deadline=None)
@given(
    groups=st.lists(
        st.tuples(
            st.lists(st.sampled_from(sorted(REQUESTS)), min_size=1, max_size=3),
            st.sampled_from([None, 0.0, 0.3, 0.5, 0.7, 0.999]),
        ),
        max_size=4,
    ),
    last=st.sampled_from(sorted(LAST)),
)
def test_known_or_taken_apart_in_pieces_or_in_a_row_the_answers_are_the_same(
    served: int, groups: list[Sent], last: str
) -> None:
    plain = all_told(served, groups, last, quickly=False)
    for _ in range(4):  # what comes for the third time is known
        assert all_told(served, groups, last, quickly=True) == plain


def all_told(port: int, groups: list[Sent], last: str, *, quickly: bool) -> list[Answer]:
    """Send everything on one connection, and return the answers without what differs each time."""
    told = []
    with (
        pytest.MonkeyPatch.context() as patched,
        Client(port) as client,
        Client(port) as other,
    ):
        if not quickly:
            patched.setattr("praxis_caldav.connection.MOST_BYTES", 0)
            patched.setattr("praxis_caldav.at_once.AT_ONCE", False)
        for names, part in [*groups, ([last], 0.0)]:
            requests = [(REQUESTS | LAST)[name] for name in names]
            if part is not None:
                whole = b"".join(requests)
                cut = int(part * len(whole))
                requests = [whole[:cut], whole[cut:]]
            for piece in requests:
                client.socket.sendall(piece)
                if part is not None:
                    other.told(REQUESTS["page"])
            for name in names:
                status, headers, body = client.answer(bodiless=name == "head")
                kept = {n: v for n, v in headers.items() if n not in {"date", "x-request-id"}}
                told.append((status, kept, body))
        assert client.rest() == b""
    return told


def test_a_known_request_within_anothers_header_is_none(served: int) -> None:
    begun = b"GET /healthz HTTP/1.1\r\nX-Said: "
    with Client(served) as client, Client(served) as other:
        for _ in range(4):
            assert client.told(REQUESTS["poll"])[0] == 207
        client.socket.sendall(begun)
        assert other.told(REQUESTS["page"])[2] == b"ok"
        assert client.told(REQUESTS["poll"])[2] == b"ok"
