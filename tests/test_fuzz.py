"""What a machine makes up: whatever is sent is no fault of the server's, and what it takes it gives."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from practice.database import SqlDatabase
from tests.hostile import ical, odd, times, xml
from tests.hostile.case import MUELLER, XMLNS, Case, Odd
from tests.in_process import clients

_MORE = int(os.environ.get("FUZZ_EXAMPLES", "3000"))
_names = (f"fuzz-{n}.ics" for n in itertools.count())


@pytest.fixture
def client(practice: SqlDatabase) -> Iterator[TestClient]:
    with clients(practice, "empfang") as (made,):
        yield made


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples < 1000,
        suppress_health_check=list(HealthCheck),
    )


def _small(cases: tuple[Case | Odd, ...]) -> list[bytes]:
    return [
        body for case in cases if not callable(case.body) and len(body := case.content()) < 5000
    ]


_TEXTS = _small((*odd.CASES, *odd.CASES, *ical.CASES, *times.CASES))
_LINES = sorted({line for text in _TEXTS for line in text.split(b"\r\n") if b":" in line})
_VALUES = [
    b"",
    b"0",
    b"-1",
    b"9" * 40,
    b"20261123T100000Z",
    b"PT1H",
    b"FREQ=DAILY",
    b"\0",
    b"\xff",
    b'"',
    b";",
    b":",
    b",",
    b"\\",
    "ü".encode(),
]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """Draw a text with lines deleted, doubled, swapped, put in and spoiled."""
    lines = draw(st.sampled_from(_TEXTS)).split(b"\r\n")
    for _ in range(draw(st.integers(1, 5))):
        at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        change = draw(st.integers(0, 6))
        if change == 0 and len(lines) > 2:
            del lines[at]
        elif change == 1:
            lines.insert(other, lines[at])
        elif change == 2:
            lines[at], lines[other] = lines[other], lines[at]
        elif change == 3:
            lines.insert(at, draw(st.sampled_from(_LINES)))
        elif change == 4:
            lines[at] = lines[at].partition(b":")[0] + b":" + draw(st.sampled_from(_VALUES))
        elif change == 5:
            cut = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:cut] + draw(st.binary(max_size=4)) + lines[at][cut + 1 :]
        else:
            lines[at] = lines[at].partition(b":")[0] + b":" + lines[other].partition(b":")[2]
    return b"\r\n".join(lines)


_SPAN = "start='20260101T000000Z' end='20280101T000000Z'"
_EXPANDED = (
    f"<C:calendar-query {XMLNS}><prop><C:calendar-data><C:expand {_SPAN}/></C:calendar-data></prop>"
    "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'><C:time-range "
    f"{_SPAN}/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)
_FILTERED = (
    f"<C:calendar-query {XMLNS}><prop><getetag/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
    "<C:comp-filter name='VEVENT'><C:prop-filter name='SUMMARY'><C:text-match>x</C:text-match>"
    "</C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)


def _put(client: TestClient, text: bytes) -> None:
    path = MUELLER + next(_names)
    answer = client.put(path, content=text)
    assert answer.status_code < 500
    if answer.status_code == 201:
        if "etag" in answer.headers:
            assert client.get(path).content == text
        for body in (_EXPANDED, _FILTERED):
            told = client.request("REPORT", MUELLER, content=body, headers={"Depth": "1"})
            assert told.status_code == 207, text
        assert client.delete(path).status_code == 204


_ELEMENTS = (
    "propfind",
    "prop",
    "C:filter",
    "C:comp-filter",
    "C:prop-filter",
    "C:param-filter",
    "C:text-match",
    "C:time-range",
    "C:is-not-defined",
    "C:calendar-query",
    "C:calendar-multiget",
    "C:free-busy-query",
    "sync-collection",
    "sync-token",
    "sync-level",
    "limit",
    "nresults",
    "href",
    "C:calendar-data",
    "C:expand",
    "C:comp",
    "getetag",
    "displayname",
    "allprop",
    "propname",
    "include",
    "propertyupdate",
    "set",
    "remove",
    "C:mkcalendar",
    "mkcol",
    "resourcetype",
    "C:calendar",
    "x",
)
_ATTRIBUTES = (
    "name",
    "start",
    "end",
    "collation",
    "negate-condition",
    "test",
    "content-type",
    "version",
    "xmlns",
)
_WORDS = st.sampled_from(
    (
        "",
        "VCALENDAR",
        "VEVENT",
        "SUMMARY",
        "20260101T000000Z",
        "20270101T000000Z",
        "i;octet",
        "yes",
        "1",
        "x",
        "urn:x",
        MUELLER,
        f"{MUELLER}a.ics",
        "&amp;",
        "%00",
        "ü",
    )
)


@st.composite
def _element(draw: st.DrawFn, depth: int = 0) -> str:
    name = draw(st.sampled_from(_ELEMENTS))
    told = draw(st.dictionaries(st.sampled_from(_ATTRIBUTES), _WORDS, max_size=3))
    attributes = "".join(f' {key}="{value}"' for key, value in told.items())
    children = [] if depth > 4 else draw(st.lists(_element(depth + 1), max_size=3))
    inside = draw(_WORDS) + "".join(children)
    return f"<{name}{attributes}{'' if depth else ' ' + XMLNS.replace('xmlns=', 'xmlns:D=')}>{inside}</{name}>"


@st.composite
def _xml(draw: st.DrawFn) -> bytes:
    """Draw one of the corpus or one grown from a grammar, spoiled or not."""
    known = [case.content() for case in xml.CASES if not callable(case.body)]
    body = draw(
        st.sampled_from(known)
        | _element().map(lambda text: text.replace("xmlns:D=", "xmlns=", 1).encode())
    )
    if draw(st.booleans()):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 20)) :]
    return body


_METHODS = ("PROPFIND", "REPORT", "PROPPATCH", "MKCALENDAR", "MKCOL")
_HEADERS = (
    "Depth",
    "If",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "Destination",
    "Overwrite",
    "Content-Type",
    "Content-Encoding",
    "Prefer",
    "Accept",
    "Accept-Encoding",
    "Range",
    "Expect",
    "Transfer-Encoding",
    "X-Script-Name",
)
_TOLD = st.sampled_from(
    (
        b"",
        b"0",
        b"1",
        b"infinity",
        b"*",
        b'"x"',
        b'W/"x"',
        b"(<urn:x>)",
        b'(["x"])',
        b"T",
        b"F",
        b"text/calendar",
        b"gzip",
        b"return=minimal",
        b"bytes=0-",
        b"http://localhost" + MUELLER.encode() + b"b.ics",
        b"//x",
        b"http://[",
        b"Thu, 01 Jan 1970 00:00:00 GMT",
        b"Thu, 99 Foo 0000 99:99:99",
    )
) | st.binary(max_size=30).map(lambda b: b.translate(None, b"\r\n\0"))


def _frame(client: TestClient, method: str, headers: dict[str, bytes]) -> None:
    path = MUELLER + "a.ics"
    pairs = [(name.encode(), value) for name, value in headers.items()]
    body = b"" if method in {"GET", "DELETE", "MOVE"} else _TEXTS[0]
    assert client.request(method, path, content=body, headers=pairs).status_code in {
        *range(200, 500),
        501,
        502,
        505,
    }


_FRAMES = {
    "method": st.sampled_from(
        ("GET", "HEAD", "PUT", "DELETE", "MOVE", "COPY", "PROPFIND", "REPORT", "OPTIONS")
    ),
    "headers": st.dictionaries(st.sampled_from(_HEADERS), _TOLD, max_size=4),
}


@_settings(150)
@given(text=_mutated())
def test_a_spoiled_text_is_refused_or_kept_as_it_is(client: TestClient, text: bytes) -> None:
    _put(client, text)


# Short of the slow runs, on one database: most of it ends before anything is asked of one.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@_settings(200)
@given(body=_xml(), method=st.sampled_from(_METHODS))
def test_made_up_xml_is_never_our_fault(client: TestClient, body: bytes, method: str) -> None:
    assert client.request(method, MUELLER, content=body).status_code < 500


@_settings(200)
@given(**_FRAMES)
def test_made_up_headers_are_never_our_fault(
    client: TestClient, method: str, headers: dict[str, bytes]
) -> None:
    _frame(client, method, headers)


@pytest.mark.slow
@_settings(_MORE)
@given(text=_mutated())
def test_many_spoiled_texts(client: TestClient, text: bytes) -> None:
    _put(client, text)


@pytest.mark.slow
@_settings(_MORE)
@given(body=_xml(), method=st.sampled_from(_METHODS))
def test_much_made_up_xml(client: TestClient, body: bytes, method: str) -> None:
    assert client.request(method, MUELLER, content=body).status_code < 500


@pytest.mark.slow
@_settings(_MORE)
@given(**_FRAMES)
def test_many_made_up_headers(client: TestClient, method: str, headers: dict[str, bytes]) -> None:
    _frame(client, method, headers)
