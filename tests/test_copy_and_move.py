"""COPY and MOVE of objects: what goes along, what stays, and what both are refused."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.building import an_event
from tests.dav import CALDAV, DAV, HOME, emptied, names, preconditions, propfind, put
from tests.servers import RunningServer

MUELLER, SCHMIDT, PRAXIS = (f"{HOME}{name}/" for name in ("dr-mueller", "dr-schmidt", "praxis"))
A, THERE = f"{MUELLER}a.ics", f"{SCHMIDT}b.ics"
NOTE = "{urn:n}note"
TEXT = an_event("a", "20261123T100000", "20261123T103000", "X-OWN:1;2\\,3")


#: Another version of it, as it stands for a moment in two calendars while somebody drags it.
OLDER = TEXT.replace("DTSTAMP:2026", "DTSTAMP:2025")


@pytest.fixture
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """Someone who writes everywhere, with one object in a calendar and a property of it."""
    emptied(server)
    with server.client() as client:
        assert put(client, MUELLER, "a.ics", TEXT).status_code == 201
        body = (
            '<propertyupdate xmlns="DAV:"><set><prop><note xmlns="urn:n">Notiz</note></prop></set>'
            "</propertyupdate>"
        )
        assert client.request("PROPPATCH", A, content=body).status_code == 207
        yield client


def send(client: httpx.Client, method: str, path: str, to: str, **headers: str) -> httpx.Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, path, headers={"Destination": to, **told})


def note(client: httpx.Client, path: str) -> str | None:
    found = propfind(client, path, NOTE).only
    return found.text(NOTE) if NOTE in found.told else None


def test_a_copy_has_the_text_and_the_properties_and_the_source_stays(
    server: RunningServer, staff: httpx.Client
) -> None:
    done = send(staff, "COPY", A, server.url + THERE, Depth="0")
    assert done.status_code == 201
    assert done.headers["etag"] == staff.get(A).headers["etag"]
    assert staff.get(THERE).text == staff.get(A).text == TEXT
    assert note(staff, THERE) == note(staff, A) == "Notiz"


def test_a_move_takes_text_and_properties_along(staff: httpx.Client) -> None:
    assert send(staff, "MOVE", A, THERE).status_code == 201
    assert staff.get(THERE).text == TEXT
    assert note(staff, THERE) == "Notiz"
    assert names(staff, MUELLER) == set()
    assert send(staff, "MOVE", THERE, A).status_code == 201
    assert note(staff, A) == "Notiz"


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_what_is_overwritten_is_gone_with_its_properties(staff: httpx.Client, method: str) -> None:
    assert put(staff, SCHMIDT, "b.ics", OLDER).status_code == 201
    kept = send(staff, method, A, THERE, Overwrite="F")
    assert kept.status_code == 412
    assert staff.get(THERE).text == OLDER
    body = (
        '<propertyupdate xmlns="DAV:"><set><prop><old xmlns="urn:n"/></prop></set></propertyupdate>'
    )
    assert staff.request("PROPPATCH", THERE, content=body).status_code == 207
    assert send(staff, method, A, THERE, Overwrite="T").status_code == 204
    assert staff.get(THERE).text == TEXT
    assert note(staff, THERE) == "Notiz"
    assert propfind(staff, THERE, "{urn:n}old").only.missing == {"{urn:n}old"}


def test_a_copy_within_a_calendar_would_have_one_uid_twice(staff: httpx.Client) -> None:
    refused = send(staff, "COPY", A, f"{MUELLER}b.ics")
    assert refused.status_code == 409
    assert preconditions(refused) == {CALDAV + "no-uid-conflict"}
    assert f"<href>{A}</href>" in refused.text
    # And so it would in the union of calendars, as with a PUT there.
    put_there = put(staff, PRAXIS, "b.ics", TEXT)
    assert send(staff, "COPY", A, f"{PRAXIS}b.ics").status_code == put_there.status_code == 409


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(
    ("path", "to", "headers", "status"),
    [
        (A, "", {}, 400),
        (A, "/elsewhere/a.ics", {}, 400),
        (A, "http://[", {}, 400),
        (A, f"https://example.org{THERE}", {}, 502),
        (A, A, {}, 403),
        (A, f"{PRAXIS}dr-mueller~a.ics", {}, 403),
        (A, SCHMIDT, {}, 403),
        (A, HOME, {}, 403),
        (A, f"{HOME}nirgends/a.ics", {}, 409),
        (A, THERE, {"Depth": "2"}, 400),
        (A, THERE, {"Overwrite": "Y"}, 400),
        (f"{MUELLER}nichts.ics", THERE, {}, 404),
        (MUELLER, f"{HOME}neu/", {}, 403),
        (HOME, f"{HOME}neu/", {}, 403),
        ("/caldav/empfang/", f"{HOME}neu/", {}, 403),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    staff: httpx.Client, method: str, path: str, to: str, headers: dict[str, str], status: int
) -> None:
    refused = send(staff, method, path, to, **headers)
    assert refused.status_code == status
    assert "<P:message>" in refused.text
    assert names(staff, MUELLER) == {"a.ics"}
    assert names(staff, SCHMIDT) == set()


@pytest.mark.parametrize(
    ("account", "to", "status"),
    [
        ("gast", f"{MUELLER}b.ics", 403),
        ("gast", THERE, 409),  # it sees no such calendar
        ("mueller", THERE, 409),
        ("mueller", f"{PRAXIS}b.ics", 403),
        ("albis", THERE, 201),
    ],
)
def test_a_copy_is_made_by_who_may_write_there(
    server: RunningServer, staff: httpx.Client, account: str, to: str, status: int
) -> None:
    del staff
    with server.client(account) as client:
        done = send(client, "COPY", A, to)
    assert done.status_code == status
    if status == 403:
        assert DAV + "need-privileges" in preconditions(done)


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_the_version_of_source_and_target_can_be_asked_for(
    staff: httpx.Client, method: str
) -> None:
    assert put(staff, SCHMIDT, "b.ics", OLDER).status_code == 201
    mine, theirs = (staff.get(path).headers["etag"] for path in (A, THERE))
    wrong = '"0123"'
    for headers in (
        {"If_Match": wrong},
        {"If": f"([{theirs}])"},
        {"If": f"<{THERE}> ([{mine}])"},
        {"If": f"<{THERE}> ([{theirs}] <DAV:no-lock>)"},
        {"If": f"<{SCHMIDT}nichts.ics> ([{theirs}])"},
    ):
        assert send(staff, method, A, THERE, **headers).status_code == 412
    both = f"<{A}> ([{mine}]) <http://localhost{THERE}> ([{theirs}])"
    assert send(staff, method, A, THERE, If_Match=mine, If=both).status_code == 204
