"""OPTIONS, HEAD, and what an address that does not take a method says."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.building import an_event
from tests.dav import HOME, emptied, put
from tests.servers import RunningServer

MUELLER = f"{HOME}dr-mueller/"
A = f"{MUELLER}a.ics"
PLACES = {
    "/caldav/": {"PROPFIND", "REPORT"},
    "/caldav/empfang/": {"PROPFIND", "PROPPATCH", "REPORT"},
    HOME: {"PROPFIND", "PROPPATCH", "REPORT"},
    MUELLER: {"PROPFIND", "PROPPATCH", "REPORT", "GET", "HEAD", "DELETE", "MKCALENDAR", "MKCOL"},
    f"{MUELLER}appointments.ics": {"PROPFIND", "PROPPATCH", "REPORT", "GET", "HEAD"},
    A: {"PROPFIND", "PROPPATCH", "REPORT", "GET", "HEAD", "PUT", "DELETE", "COPY", "MOVE"},
    f"{HOME}a/b/c/d": set(),
}


@pytest.fixture(scope="module")
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """Someone who sees all of it, with objects in a calendar."""
    emptied(server)
    with server.client() as client:
        for number in range(30):
            name = "a.ics" if number == 0 else f"{number}.ics"
            assert put(client, MUELLER, name, an_event(f"e{number}")).status_code == 201
        yield client


def methods(answer: httpx.Response) -> set[str]:
    return set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("path", PLACES)
def test_options_tells_the_methods_of_each_address(server: RunningServer, path: str) -> None:
    with server.client(None) as nobody:  # clients ask before they sign in
        answer = nobody.request("OPTIONS", path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert methods(answer) >= PLACES[path] | {"OPTIONS"}
    if path == A:
        assert not methods(answer) & {"LOCK", "MKCALENDAR", "PATCH"}


def test_options_claims_what_is_there_and_no_locks(staff: httpx.Client) -> None:
    claims = staff.request("OPTIONS", MUELLER).headers["dav"].split(", ")
    assert {"1", "3", "calendar-access", "extended-mkcol"} <= set(claims)
    assert "2" not in claims


@pytest.mark.parametrize("path", [path for path in PLACES if PLACES[path]])
@pytest.mark.parametrize("method", ["LOCK", "UNLOCK", "PATCH", "TRACE", "SEARCH"])
def test_a_method_nobody_takes_is_405_with_those_that_are(
    staff: httpx.Client, path: str, method: str
) -> None:
    answer = staff.request(method, path)
    assert answer.status_code == 405
    assert methods(answer) >= PLACES[path]
    assert method not in methods(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", HOME), ("GET", "/caldav/empfang/"), ("HEAD", HOME)),
        *(("PUT", MUELLER), ("PUT", f"{MUELLER}appointments.ics")),
    ],
)
def test_a_method_taken_elsewhere_is_405_too(staff: httpx.Client, method: str, path: str) -> None:
    answer = staff.request(method, path, content=an_event() if method == "PUT" else None)
    assert answer.status_code == 405
    assert method not in methods(answer)
    assert "PROPFIND" in methods(answer)


@pytest.mark.parametrize("coding", ["identity", "gzip", "gzip;q=0", "br, *;q=0.1"])
@pytest.mark.parametrize("path", [A, MUELLER, f"{MUELLER}appointments.ics", HOME, f"{MUELLER}0"])
def test_head_has_the_headers_of_get_and_no_body(
    staff: httpx.Client, path: str, coding: str
) -> None:
    asked = {"Accept-Encoding": coding}
    got, head = staff.get(path, headers=asked), staff.head(path, headers=asked)
    assert head.status_code == got.status_code
    assert head.content == b""
    differing = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in differing} == {
        k: v for k, v in got.headers.items() if k not in differing
    }


def test_only_answers_without_a_strong_etag_are_compressed(staff: httpx.Client) -> None:
    gzip = {"Accept-Encoding": "gzip"}
    object_, file = staff.get(A, headers=gzip), staff.get(MUELLER, headers=gzip)
    assert "content-encoding" not in object_.headers
    assert object_.headers["etag"].startswith('"')
    assert file.headers["content-encoding"] == "gzip"
    assert file.headers["etag"].startswith('W/"')
    bare = staff.get(MUELLER, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in bare.headers
    assert bare.headers["etag"].startswith('"')
    assert bare.text == file.text
    for answer in (object_, file, bare):
        assert "Accept-Encoding" in answer.headers["vary"].split(", ")
        assert answer.headers["accept-ranges"] == "none"


def test_a_part_of_a_text_is_not_sent(staff: httpx.Client) -> None:
    whole = staff.get(A)
    part = staff.get(A, headers={"Range": "bytes=0-9", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (200, whole.content)


def test_a_calendar_is_deleted_whole_or_not_at_all(server: RunningServer) -> None:
    with server.client("admin") as admin:
        assert admin.request("MKCALENDAR", f"{HOME}weg/").status_code == 201
        for depth in ("0", "1"):
            assert (
                admin.request("DELETE", f"{HOME}weg/", headers={"Depth": depth}).status_code == 400
            )
        done = admin.request("DELETE", f"{HOME}weg/", headers={"Depth": "infinity"})
        assert done.status_code == 204
