"""Conditional requests: HTTP's headers (RFC 9110 13) and WebDAV's If (RFC 4918 10.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caldav_server.errors import BadRequest
from caldav_server.if_header import Condition, IfHeader, IfList, State, read_if
from tests.building import an_event
from tests.dav import HOME, emptied, put, sync
from tests.servers import RunningServer

MUELLER, SCHMIDT = f"{HOME}dr-mueller/", f"{HOME}dr-schmidt/"
A, B = f"{MUELLER}a.ics", f"{MUELLER}b.ics"
OTHER = '"0123"'


@pytest.fixture
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """Someone who writes, with an object in a calendar."""
    emptied(server)
    with server.client() as client:
        assert put(client, MUELLER, "a.ics", an_event("a")).status_code == 201
        yield client


def dates(client: httpx.Client) -> tuple[str, str, str]:
    """Return when the object changed, a second before, and long after."""
    changed = parsedate_to_datetime(client.get(A).headers["last-modified"])
    second = timedelta(seconds=1)
    moments = (changed, changed - second, datetime(2099, 1, 1, tzinfo=UTC))
    now, before, after = (format_datetime(moment, usegmt=True) for moment in moments)
    return now, before, after


@pytest.mark.parametrize("path", [A, MUELLER])
def test_a_get_is_held_to_its_conditions_in_the_order_of_the_rfc(
    staff: httpx.Client, path: str
) -> None:
    plain = {"Accept-Encoding": "identity"}
    etag = staff.get(path, headers=plain).headers["etag"]
    now, before, after = dates(staff)
    for headers, status in (
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f"W/{etag}"}, 304),  # compared weakly
        ({"If-None-Match": f"{OTHER}, {etag}"}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": OTHER}, 200),
        ({"If-None-Match": OTHER, "If-Modified-Since": after}, 200),  # ETags go before dates
        ({"If-Modified-Since": now}, 304),
        ({"If-Modified-Since": before}, 200),
        ({"If-Modified-Since": "gestern"}, 200),
        ({"If-Match": etag}, 200),
        ({"If-Match": f"{OTHER}, {etag}"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": OTHER}, 412),
        ({"If-Match": f"W/{etag}"}, 412),  # compared strongly
        ({"If-Match": etag, "If-Unmodified-Since": before}, 200),
        ({"If-Unmodified-Since": before}, 412),
        ({"If-Unmodified-Since": now}, 200),
        ({"If-Unmodified-Since": "gestern"}, 200),
        ({"If-Match": OTHER, "If-None-Match": etag}, 412),  # what must be goes first
        ({"If-Match": etag, "If-None-Match": etag}, 304),
        ({"If-Unmodified-Since": now, "If-Modified-Since": now}, 304),
    ):
        for method in ("GET", "HEAD"):
            answer = staff.request(method, path, headers=plain | headers)
            assert answer.status_code == status, headers
            if status == 304:
                assert answer.content == b""
                assert answer.headers["etag"] == etag
                assert "vary" in answer.headers
                assert "content-encoding" not in answer.headers


def test_a_change_is_held_to_its_conditions(staff: httpx.Client) -> None:
    etag = staff.get(A).headers["etag"]
    _, before, _ = dates(staff)
    there = {"Destination": f"{SCHMIDT}a.ics"}
    requests: tuple[tuple[str, dict[str, str], str], ...] = (
        ("PUT", {}, an_event("a", "20261123T120000")),
        ("MOVE", there, ""),
        ("COPY", there, ""),
        ("DELETE", {}, ""),
    )
    for headers in (
        {"If-Match": OTHER},
        {"If-Match": f"W/{etag}"},
        {"If-None-Match": etag},
        {"If-None-Match": f"W/{etag}"},
        {"If-None-Match": "*"},
        {"If-Unmodified-Since": before},
    ):
        for method, more, body in requests:
            answer = staff.request(method, A, headers=headers | more, content=body)
            assert answer.status_code == 412, (method, headers)
    assert staff.get(A).headers["etag"] == etag
    done = staff.request(
        "MOVE", A, headers={"If-Match": f"{OTHER}, {etag}", "If-Unmodified-Since": before, **there}
    )
    assert done.status_code == 201
    late = {"If-Unmodified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"}
    assert staff.delete(f"{SCHMIDT}a.ics", headers=late).status_code == 204


def test_what_is_not_there_matches_nothing(staff: httpx.Client) -> None:
    text = an_event("b")
    assert put(staff, MUELLER, "b.ics", text, If_Match="*").status_code == 412
    assert put(staff, MUELLER, "b.ics", text, If_Match=OTHER).status_code == 412
    old = "Sat, 01 Jan 2000 00:00:00 GMT"
    answer = put(staff, MUELLER, "b.ics", text, If_None_Match="*", If_Unmodified_Since=old)
    assert answer.status_code == 201


def test_the_etag_of_a_compressed_file_serves_for_asking_again(staff: httpx.Client) -> None:
    first = staff.get(MUELLER, headers={"Accept-Encoding": "gzip"})
    weak = first.headers["etag"]
    again = staff.get(MUELLER, headers={"Accept-Encoding": "gzip", "If-None-Match": weak})
    assert (again.status_code, again.headers["etag"]) == (304, weak)


# --- If -------------------------------------------------------------------------------------------


def test_an_if_header_is_held_to_what_is_there(staff: httpx.Client) -> None:
    assert put(staff, MUELLER, "b.ics", an_event("b")).status_code == 201
    a, b = (staff.get(path).headers["etag"] for path in (A, B))
    token = sync(staff, MUELLER).token
    calendar = staff.get(MUELLER, headers={"Accept-Encoding": "identity"}).headers["etag"]
    for header, holds in (
        (f"([{a}])", True),
        (f"([{b}])", False),
        (f"([{b}]) ([{a}])", True),
        (f"(Not [{b}])", True),
        (f"(Not [{a}])", False),
        (f"([{a}] Not [{b}])", True),
        (f"([W/{a}])", False),
        ("(<DAV:no-lock>)", False),
        ("(Not <DAV:no-lock>)", True),
        (f"(Not <DAV:no-lock> [{a}])", True),
        ("(<opaquelocktoken:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>)", False),
        (f"(<urn:x>) (Not <DAV:no-lock> [{a}])", True),
        (f"<{B}> ([{b}])", True),
        (f"<{B}> ([{a}])", False),
        (f"<{staff.base_url}{B}> ([{b}])".replace("//caldav", "/caldav"), True),
        (f"<https://example.org{B}> ([{b}])", False),
        (f"<https://example.org{B}> (Not [{b}])", True),
        (f"<{A}> ([{b}]) <{B}> ([{a}] [{b}])", False),
        (f"<{A}> ([{b}]) ([{a}])", True),
        (f"<{MUELLER}> (<{token}>)", True),
        (f"<{MUELLER}> ([{calendar}])", True),
        (f"<{SCHMIDT}> (<{token}>)", False),
        (f"<{MUELLER}nichts.ics> ([{a}])", False),
        (f"<{MUELLER}nichts.ics> (Not [{a}])", True),
        ('<http://[> (Not ["x"])', True),
    ):
        for method in ("GET", "PROPFIND"):
            answer = staff.request(method, A, headers={"If": header, "Depth": "0"})
            assert (answer.status_code < 300) == holds, header
            assert holds or answer.status_code == 412


def test_a_sync_token_guards_a_change_against_changes_of_others(staff: httpx.Client) -> None:
    token = sync(staff, MUELLER).token
    guard = f"<{MUELLER}> (<{token}>)"
    assert put(staff, MUELLER, "b.ics", an_event("b"), If=guard).status_code == 201
    assert put(staff, MUELLER, "c.ics", an_event("c"), If=guard).status_code == 412
    assert staff.delete(A, headers={"If": guard}).status_code == 412
    assert staff.get(A).status_code == 200


def test_what_an_account_does_not_see_is_not_there_for_its_conditions(
    server: RunningServer, staff: httpx.Client
) -> None:
    put(staff, SCHMIDT, "c.ics", an_event("c"))
    etag = staff.get(f"{SCHMIDT}c.ics").headers["etag"]
    with server.client("gast") as guest:
        told = guest.get(A, headers={"If": f"<{SCHMIDT}c.ics> ([{etag}])"})
        assert told.status_code == 412


@pytest.mark.parametrize(
    "header",
    [
        *("", "x", "()", "(", ")", '(["a"]', '("a")', "(Not)", '(Not Not ["a"])', '["a"]'),
        *("<urn:x>", '(["a"]) <urn:x> (["a"])', '<urn:x> <urn:y> (["a"])', "((<urn:x>))"),
        *("(<a b>)", "(['a'])", "(" + "<urn:x>" * 101 + ")", '(["' + "a" * 9000 + '"])'),
        *("".join(f'<urn:{n}> (["a"])' for n in range(21)), "(NotThis <urn:x>)"),
    ],
)
def test_a_malformed_if_header_is_a_bad_request(staff: httpx.Client, header: str) -> None:
    assert staff.get(A, headers={"If": header}).status_code == 400
    assert staff.delete(A, headers={"If": header}).status_code == 400
    assert staff.get(A).status_code == 200


_VALUES = st.sampled_from(["urn:a", "urn:b", "DAV:no-lock"])
_ETAGS = st.sampled_from(['"a"', '"b"', 'W/"a"', '""'])
_CONDITIONS = st.builds(Condition, _VALUES, st.booleans()) | st.builds(
    Condition, _ETAGS, st.booleans(), st.just(True)
)
_LISTS = st.lists(_CONDITIONS, min_size=1, max_size=4).map(tuple)


def written(header: IfHeader, space: str) -> str:
    """Write a header as the grammar has it."""
    parts, tag = [], ""
    for one in header.lists:
        if one.tag != tag:
            parts.append(f"<{one.tag}>")
            tag = one.tag
        told = [
            ("Not " if c.negated else "") + (f"[{c.value}]" if c.is_etag else f"<{c.value}>")
            for c in one.conditions
        ]
        parts.append(f"({space}{space.join(told)}{space})")
    return space.join(parts)


@given(
    tags=st.none() | st.lists(st.sampled_from(["/x", "/y", "http://h/z"]), min_size=1, max_size=4),
    lists=st.lists(_LISTS, min_size=1, max_size=4),
    space=st.sampled_from(["", " ", "\t "]),
)
def test_a_header_written_by_the_grammar_is_read_as_it_was_meant(
    tags: list[str] | None, lists: list[tuple[Condition, ...]], space: str
) -> None:
    header = IfHeader(
        tuple(
            IfList(tags[number % len(tags)] if tags else "", conditions)
            for number, conditions in enumerate(lists)
        )
    )
    assert read_if(written(header, space)) == header


@given(text=st.text(st.sampled_from('()<>[]"Not W/ax:\t '), max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        header = read_if(text)
    except BadRequest:
        return
    assert header.holds(lambda _: State('"a"', "x")) in {True, False}
