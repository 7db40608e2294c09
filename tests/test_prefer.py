"""Prefer (RFC 7240, RFC 8144) and Brief: shorter answers, or longer ones, when asked for."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.building import an_event
from tests.dav import DAV, HOME, emptied, multistatus, put
from tests.servers import RunningServer

MUELLER, SCHMIDT = f"{HOME}dr-mueller/", f"{HOME}dr-schmidt/"
A = f"{MUELLER}a.ics"
MINIMAL = [
    {"Prefer": "return=minimal"},
    {"Prefer": 'foo, return="minimal"; x=y'},
    {"Brief": "t"},
    {"Prefer": "return-minimal"},
]
ASKED = '<propfind xmlns="DAV:"><prop><resourcetype/><n:none xmlns:n="urn:n"/></prop></propfind>'
ONLY_MISSING = '<propfind xmlns="DAV:"><prop><n:none xmlns:n="urn:n"/></prop></propfind>'


@pytest.fixture
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """Someone who writes, with an object in a calendar."""
    emptied(server)
    with server.client() as client:
        assert put(client, MUELLER, "a.ics", an_event("a")).status_code == 201
        yield client


@pytest.mark.parametrize("headers", MINIMAL)
def test_a_minimal_propfind_leaves_out_what_is_not_there(
    staff: httpx.Client, headers: dict[str, str]
) -> None:
    answer = staff.request("PROPFIND", MUELLER, content=ASKED, headers={"Depth": "1", **headers})
    for found in multistatus(answer).found.values():
        assert set(found.propstats) == {200}
        assert set(found.told) == {DAV + "resourcetype"}
    assert answer.headers["preference-applied"] == "return=minimal"
    assert {"Prefer", "Brief"} <= set(answer.headers["vary"].split(", "))
    bare = staff.request("PROPFIND", A, content=ONLY_MISSING, headers={"Depth": "0", **headers})
    assert multistatus(bare).only.propstats == {200: {}}


def test_without_a_preference_nothing_is_applied(staff: httpx.Client) -> None:
    for headers in ({}, {"Prefer": "return=maximal"}, {"Prefer": '"'}, {"Brief": "f"}):
        answer = staff.request("PROPFIND", A, content=ASKED, headers={"Depth": "0", **headers})
        assert set(multistatus(answer).only.propstats) == {200, 404}
        assert "preference-applied" not in answer.headers
        assert "Prefer" in answer.headers["vary"]


def test_minimal_reports_leave_out_properties_but_never_objects(staff: httpx.Client) -> None:
    prop = '<prop><getetag/><n:none xmlns:n="urn:n"/></prop>'
    body = (
        f'<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{prop}'
        f"<href>{A}</href><href>{MUELLER}nichts.ics</href></C:calendar-multiget>"
    )
    headers = {"Prefer": "return=minimal"}
    answer = staff.request("REPORT", MUELLER, content=body, headers=headers)
    found = multistatus(answer).found
    assert set(found[A].propstats) == {200}
    assert found[f"{MUELLER}nichts.ics"].status == 404
    assert answer.headers["preference-applied"] == "return=minimal"
    body = f'<sync-collection xmlns="DAV:"><sync-token/>{prop}</sync-collection>'
    answer = staff.request("REPORT", MUELLER, content=body, headers=headers)
    assert set(multistatus(answer).found[A].propstats) == {200}


@pytest.mark.parametrize("headers", MINIMAL)
def test_a_minimal_proppatch_says_nothing_unless_something_is_wrong(
    staff: httpx.Client, headers: dict[str, str]
) -> None:
    body = (
        '<propertyupdate xmlns="DAV:"><set><prop><n:note xmlns:n="urn:n">1</n:note>{}</prop></set>'
        "</propertyupdate>"
    )
    done = staff.request("PROPPATCH", A, content=body.format(""), headers=headers)
    assert (done.status_code, done.content) == (200, b"")
    assert done.headers["preference-applied"] == "return=minimal"
    wrong = staff.request("PROPPATCH", A, content=body.format("<getetag/>"), headers=headers)
    assert set(multistatus(wrong).only.propstats) == {403, 424}
    assert "preference-applied" not in wrong.headers


def test_members_may_be_listed_without_the_collection(staff: httpx.Client) -> None:
    headers = {"Depth": "1", "Prefer": "depth-noroot, return=minimal"}
    answer = staff.request("PROPFIND", MUELLER, content=ASKED, headers=headers)
    assert set(multistatus(answer).found) == {A}
    assert answer.headers["preference-applied"] == "return=minimal, depth-noroot"
    answer = staff.request("PROPFIND", HOME, content=ASKED, headers=headers)
    assert MUELLER in multistatus(answer).found
    assert HOME not in multistatus(answer).found
    whole = staff.request("PROPFIND", MUELLER, content=ASKED, headers=headers | {"Depth": "0"})
    assert set(multistatus(whole).found) == {MUELLER}
    assert whole.headers["preference-applied"] == "return=minimal"


WANTED = {"Prefer": "return=representation"}


def test_a_put_answers_with_the_object_as_it_stands(staff: httpx.Client) -> None:
    text = an_event("b", "20261123T100000", "20261123T103000", "X-OWN:1")
    for status in (201, 200):
        done = put(staff, MUELLER, "b.ics", text, **WANTED)
        assert (done.status_code, done.text) == (status, text)
        assert done.headers["etag"] == staff.get(f"{MUELLER}b.ics").headers["etag"]
        assert done.headers["content-location"] == f"{MUELLER}b.ics"
        assert done.headers["content-type"].startswith("text/calendar")
        assert done.headers["preference-applied"] == "return=representation"
    quiet = put(staff, MUELLER, "b.ics", text, Prefer="return=minimal")
    assert (quiet.status_code, quiet.content) == (204, b"")


def test_a_refused_put_answers_with_the_object_that_is_there(staff: httpx.Client) -> None:
    there = staff.get(A)
    refused = put(
        staff, MUELLER, "a.ics", an_event("a", "20261124T100000"), If_Match='"x"', **WANTED
    )
    assert (refused.status_code, refused.text) == (412, there.text)
    assert refused.headers["etag"] == there.headers["etag"]
    assert refused.headers["content-location"] == A
    assert refused.headers["preference-applied"] == "return=representation"
    # Where there is none, there is none to send.
    refused = put(staff, MUELLER, "neu.ics", an_event("neu"), If_Match="*", **WANTED)
    assert refused.status_code == 412
    assert "preference-applied" not in refused.headers


def test_a_reader_who_may_not_write_is_sent_nothing_more(
    server: RunningServer, staff: httpx.Client
) -> None:
    del staff
    with server.client("buchung") as tool:
        refused = put(tool, MUELLER, "a.ics", an_event("neu"), If_Match='"x"', **WANTED)
    assert refused.status_code == 412
    assert "VCALENDAR" not in refused.text


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_copy_and_move_answer_with_the_object_too(staff: httpx.Client, method: str) -> None:
    headers = {"Destination": f"{SCHMIDT}a.ics", **WANTED}
    text = staff.get(A).text
    done = staff.request(method, A, headers=headers)
    assert (done.status_code, done.text) == (201, text)
    assert done.headers["content-location"] == f"{SCHMIDT}a.ics"
