"""Requests that go past Radicale get what Radicale gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from caldav_server import directly
from tests.building import an_event
from tests.conftest import a_database
from tests.dav import HOME
from tests.in_process import clients
from tests.plainly import PLAINLY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from practice.database import SqlDatabase

MUELLER = f"{HOME}dr-mueller/"
METHODS = (
    *("OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT", "POST", "ACL", "PROPPATCH"),
    *("MKCALENDAR", "MKCOL", "MOVE", "COPY", "PUT", "DELETE", "LOCK", "BREW"),
)
CHANGING = {"PUT", "DELETE", "MOVE", "COPY", "MKCALENDAR", "MKCOL", "PROPPATCH"}
PATHS = (
    *("/caldav", "/caldav/", "/caldav//", "/caldav/empfang/", "/caldav/admin/", "/caldav/./"),
    *(HOME, HOME.rstrip("/"), MUELLER, MUELLER.rstrip("/"), f"{MUELLER}/", f"{HOME}/dr-mueller/a"),
    *(f"{MUELLER}a", f"{MUELLER}a/", f"{MUELLER}.a", f"{MUELLER}a%20b", f"{MUELLER}a@b~c.ics"),
    *(f"{MUELLER}nobody", f"{HOME}nobody/", f"{HOME}nobody/a", f"{HOME}dr-schmidt/a/b"),
    *("/caldav/.well-known/caldav", f"{MUELLER}.well-known/caldav", f"{MUELLER}a%7F"),
)
BODIES = ('<propfind xmlns="DAV:"><allprop/></propfind>', an_event("z"))


def asked(client: httpx.Client, method: str, path: str, body: str) -> tuple[int, object, bytes]:
    response = client.request(method, path, content=body, headers={"Depth": "0"})
    return response.status_code, sorted(response.headers.items()), response.content


def begin_anew(staff: httpx.Client) -> None:
    for name in ("z", ".a", "a%20b", "a@b~c.ics", "nobody", "a"):
        staff.delete(f"{MUELLER}{name}")
    staff.put(f"{MUELLER}a", content=an_event("a"))


@pytest.fixture
def sqlite_practice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlDatabase]:
    with a_database("sqlite", request, tmp_path, "practice") as made:
        yield made


@pytest.mark.parametrize(
    ("method", "account"),
    [*((method, "empfang") for method in METHODS), ("PROPFIND", "gast"), ("PUT", "gast")],
)
def test_answers_are_the_same_past_radicale_and_through_it(
    sqlite_practice: SqlDatabase, monkeypatch: pytest.MonkeyPatch, method: str, account: str
) -> None:
    with clients(sqlite_practice, "empfang", account, remembered=0) as (staff, client):
        begin_anew(staff)
        for path in PATHS:
            for body in BODIES:
                told = []
                for on in (True, False):
                    monkeypatch.setattr(directly, "DIRECTLY", on)
                    told.append(asked(client, method, path, body))
                    if method in CHANGING and told[-1][0] < 400:  # so that it can be done twice
                        begin_anew(staff)
                assert told[0] == told[1], (path, body)


def test_most_requests_go_past_radicale(
    sqlite_practice: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = []

    def handing(*arguments: object) -> object:
        handed.append(arguments)
        return directly.handed(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("caldav_server.application.handed", handing)
    with clients(sqlite_practice, "empfang", remembered=0) as (client,):
        client.put(f"{MUELLER}a.ics", content=an_event("a"))
        client.get(f"{MUELLER}a.ics")
        client.request("PROPFIND", MUELLER, headers={"Depth": "0"})
        asked_before = len(handed)
        client.get(f"{MUELLER}a b.ics")
    assert (asked_before, len(handed)) == ((0, 0) if PLAINLY else (4, 4))
