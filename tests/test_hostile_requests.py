"""Requests nobody should send: each gets the client's fault told, and the next one is answered."""

from __future__ import annotations

import itertools
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caldav_server.xml import XmlError, parse
from tests.building import an_event
from tests.servers import RunningServer

MUELLER = "/caldav/calendars/dr-mueller/"
DAV = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
_names = (f"hostile-{n}.ics" for n in itertools.count())

Answer = httpx.Response


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """The front desk; after every test it can still work."""
    with server.client("empfang") as signed_in:
        yield signed_in
        poll = f"<propfind {DAV}><prop><sync-token/></prop></propfind>"
        assert signed_in.request("PROPFIND", MUELLER, content=poll).status_code == 207
        assert _expanded(signed_in).status_code == 207


def _expanded(client: httpx.Client) -> Answer:
    """Ask for what any stored object would spoil if it could."""
    span = 'start="20261101T000000Z" end="20261201T000000Z"'
    body = (
        f"<C:calendar-query {DAV}><prop><C:calendar-data><C:expand {span}/></C:calendar-data>"
        '</prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f"<C:time-range {span}/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    return client.request("REPORT", MUELLER, content=body, headers={"Depth": "1"})


def put(client: httpx.Client, content: bytes | str, **headers: str) -> Answer:
    """Put a new object; stored ones are taken away again."""
    path = MUELLER + next(_names)
    return client.put(path, content=content, headers={"Content-Type": "text/calendar"} | headers)


def precondition(answer: Answer) -> str:
    """Return the name of the first element in the error, without its namespace's prefix."""
    found = re.search(r"<error[^>]*><(?:\w+:)?([\w-]+)", answer.text)
    return found[1] if found else ""


def lines(*more: str) -> str:
    return an_event(f"hostile-{next(_names)}", "20261123T100000", "20261123T103000", *more)


def replaced(old: str, new: str) -> str:
    return lines().replace(old, new)


def without(line_start: str) -> str:
    return "\r\n".join(line for line in lines().split("\r\n") if not line.startswith(line_start))


OBSERVANCE = (
    "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "END:STANDARD\r\n"
)


def zone(name: str, content: str) -> str:
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{content}END:VTIMEZONE\r\n"


REFUSED = {
    "nothing": ("", "valid-calendar-data"),
    "no calendar": ("hello", "valid-calendar-data"),
    "truncated": (lines()[:150], "valid-calendar-data"),
    "ends crossed": (
        replaced("END:VEVENT\r\nEND:VCALENDAR", "END:VCALENDAR\r\nEND:VEVENT"),
        "valid-calendar-data",
    ),
    "control character": (lines("SUMMARY:a\x07b"), "valid-calendar-data"),
    "no colon": (lines("SUMMARY;" + "ENCODING=b;" * 2000), "valid-calendar-data"),
    "year 0": (replaced("20261123T100000", "00001123T100000"), "valid-calendar-data"),
    "no date": (replaced("20261123T100000", "tomorrow"), "valid-calendar-data"),
    "duration beyond time": (
        replaced("DTEND;TZID=Europe/Berlin:20261123T103000", "DURATION:P999999999W"),
        "valid-calendar-data",
    ),
    "a zone name of 50 kB": (
        replaced("Europe/Berlin:20261123T103000", "x" * 50_000 + ":20261123T103000"),
        "valid-calendar-data",
    ),
    "method": (
        replaced("VERSION:2.0", "VERSION:2.0\r\nMETHOD:REQUEST"),
        "valid-calendar-object-resource",
    ),
    "no uid": (without("UID"), "valid-calendar-object-resource"),
    "no start": (without("DTSTART"), "valid-calendar-data"),
    "two uids": (
        lines().replace(
            "END:VCALENDAR",
            "BEGIN:VEVENT\r\nUID:other\r\nDTSTART:20261123T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR",
        ),
        "valid-calendar-object-resource",
    ),
    "depth 3,000": (
        lines("BEGIN:VALARM\r\n" * 3000 + "END:VALARM\r\n" * 3000 + "X-A:b"),
        "valid-calendar-object-resource",
    ),
    "interval 0": (lines("RRULE:FREQ=DAILY;INTERVAL=0"), "valid-calendar-data"),
    "30 February": (
        lines("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        "valid-calendar-data",
    ),
    "year 1500": (
        replaced("20261123T10", "15001123T10").replace("20261123T1030", "15001123T1030"),
        "min-date-time",
    ),
    "only a zone": (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{zone('x', OBSERVANCE)}END:VCALENDAR\r\n",
        "valid-calendar-object-resource",
    ),
    "unknown component": (
        replaced("BEGIN:VEVENT", "BEGIN:VPARTY").replace("END:VEVENT", "END:VPARTY"),
        "supported-calendar-component",
    ),
    "every second": (lines("RRULE:FREQ=SECONDLY"), "max-instances"),
    "every minute since 1970": (
        replaced("20261123T100000", "19700101T100000").replace(
            "END:VEVENT", "RRULE:FREQ=MINUTELY\r\nEND:VEVENT"
        ),
        "max-instances",
    ),
    "100,000 times": (lines("RRULE:FREQ=DAILY;COUNT=100000"), "max-instances"),
    "every second of every day": (
        lines(
            "RRULE:FREQ=YEARLY;BYHOUR=1,2,3,4;BYMINUTE="
            + ",".join(map(str, range(60)))
            + ";BYSECOND="
            + ",".join(map(str, range(60)))
        ),
        "max-instances",
    ),
    "9 MB": (lines("ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 9_000_000), "max-resource-size"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_calendar_object_is_refused_with_the_reason(
    client: httpx.Client, case: str
) -> None:
    content, element = REFUSED[case]
    answer = put(client, content)
    assert (answer.status_code, precondition(answer)) == (403, element)
    assert "<P:message>" in answer.text
    assert client.get(str(answer.request.url)).status_code == 404


ODD = {
    "a byte order mark": "\ufeff" + lines(),
    "repeated parameters": lines("SUMMARY;ENCODING=b;ENCODING=b;ENCODING=b:x"),
    "2,000 parameters": lines("SUMMARY" + ";X-A=b" * 2000 + ":x"),
    "100 kB in one line": lines("DESCRIPTION:" + "x" * 100_000),
    "an exception rule like its rule": lines(
        "RRULE:FREQ=DAILY;COUNT=5", "EXRULE:FREQ=DAILY;COUNT=5"
    ),
    "an override without its series": lines("RECURRENCE-ID:20261123T090000Z"),
    "floating and UTC mixed": replaced(
        "DTSTART;TZID=Europe/Berlin:20261123T100000", "DTSTART:20261123T100000"
    ).replace("END:VEVENT", "RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20261124T100000Z\r\nEND:VEVENT"),
    "an alarm that repeats for ever": lines(
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT5M",
        "REPEAT:90000000",
        "DURATION:PT1S",
        "END:VALARM",
    ),
    "a zone that changes every second": replaced(
        "BEGIN:VEVENT",
        zone("Nowhere", OBSERVANCE.replace("TZOFFSETTO", "RRULE:FREQ=SECONDLY\r\nTZOFFSETTO"))
        + "BEGIN:VEVENT",
    ).replace("Europe/Berlin", "Nowhere"),
    "3,000 zones": replaced(
        "BEGIN:VEVENT", "".join(zone(f"Z{n}", OBSERVANCE) for n in range(3000)) + "BEGIN:VEVENT"
    ),
    "emoji": lines("SUMMARY:🦷 Käse & <b>"),
    "an unknown zone": replaced("Europe/Berlin", "Mars/Olympus_Mons"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_but_true_comes_back_as_it_was_and_spoils_nothing(
    client: httpx.Client, case: str
) -> None:
    content = ODD[case].encode()
    stored = put(client, content)
    assert stored.status_code == 201
    url = str(stored.request.url)
    assert client.get(url).content == content
    assert _expanded(client).status_code == 207
    assert client.delete(url).status_code == 204


def test_bytes_that_are_no_utf8_are_refused(client: httpx.Client) -> None:
    answer = put(client, lines("SUMMARY:Müller").encode("latin-1"))
    assert (answer.status_code, precondition(answer)) == (403, "valid-calendar-data")


def test_another_kind_of_file_is_refused(client: httpx.Client) -> None:
    answer = put(client, "BEGIN:VCARD", **{"Content-Type": "text/vcard"})
    assert (answer.status_code, precondition(answer)) == (403, "supported-calendar-data")


def _chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1_000_000):
        yield b"x" * 1_000_000


def test_a_body_over_the_limit_is_refused_however_it_is_sent(client: httpx.Client) -> None:
    told = client.put(MUELLER + "big.ics", content=b"x" * 25_000_001)
    assert (told.status_code, precondition(told)) == (413, "max-resource-size")
    chunked = client.put(MUELLER + "big.ics", content=_chunks(26_000_000))
    assert (chunked.status_code, precondition(chunked)) == (413, "max-resource-size")


def test_a_chunked_body_is_as_good_as_any(client: httpx.Client) -> None:
    content = lines().encode()
    answer = client.put(MUELLER + "chunked.ics", content=iter([content[:100], content[100:]]))
    assert answer.status_code == 201
    assert client.get(MUELLER + "chunked.ics").content == content
    client.delete(MUELLER + "chunked.ics")


DTD = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
XML = {
    "a DTD": f"{DTD}<propfind {DAV}><prop><displayname/></prop></propfind>",
    "entities": f"{DTD}<propfind {DAV}><prop><displayname>&b;</displayname></prop></propfind>",
    "a file from outside": (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        f"<propfind {DAV}><prop>&a;</prop></propfind>"
    ),
    "depth 3,000": f"<propfind {DAV}>" + "<a>" * 3000 + "</a>" * 3000 + "</propfind>",
    "100,000 elements": f"<propfind {DAV}><prop>" + "<a/>" * 100_000 + "</prop></propfind>",
    "cut off": f"<propfind {DAV}><prop>",
    "no XML": "hello",
    "an unknown encoding": '<?xml version="1.0" encoding="utf-99"?><propfind xmlns="DAV:"/>',
    "the wrong root": f"<multistatus {DAV}/>",
    "nothing asked": f"<propfind {DAV}/>",
}


@pytest.mark.parametrize("case", XML)
def test_xml_that_nobody_needs_is_a_bad_request(client: httpx.Client, case: str) -> None:
    assert client.request("PROPFIND", MUELLER, content=XML[case]).status_code == 400


REPORTS = {
    "the wrong root": (f"<hello {DAV}/>", 403, "supported-report"),
    "no body": ("", 400, ""),
    "a query without a filter": (f"<C:calendar-query {DAV}/>", 400, ""),
    "a range that ends first": (
        f'<C:calendar-query {DAV}><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter'
        ' name="VEVENT"><C:time-range start="20261202T000000Z" end="20261201T000000Z"/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
        403,
        "valid-filter",
    ),
    "a range without a time": (
        f'<C:calendar-query {DAV}><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter'
        ' name="VEVENT"><C:time-range start="today"/></C:comp-filter></C:comp-filter>'
        "</C:filter></C:calendar-query>",
        403,
        "valid-filter",
    ),
    "another calendar format": (
        f'<C:calendar-query {DAV}><C:filter><C:comp-filter name="VCARD"/></C:filter>'
        "</C:calendar-query>",
        403,
        "supported-filter",
    ),
    "an unknown collation": (
        f'<C:calendar-query {DAV}><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter'
        ' name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match collation="i;klingon">x'
        "</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter>"
        "</C:calendar-query>",
        403,
        "supported-collation",
    ),
    "a token of somebody else": (
        f"<sync-collection {DAV}><sync-token>http://example.org/1</sync-token><prop/>"
        "</sync-collection>",
        403,
        "valid-sync-token",
    ),
    "a number never given out": (
        f"<sync-collection {DAV}><sync-token>urn:praxis-caldav:sync:999999-ab-cd</sync-token>"
        "<prop/></sync-collection>",
        403,
        "valid-sync-token",
    ),
    "no token": (f"<sync-collection {DAV}><prop/></sync-collection>", 400, ""),
    "no hrefs": (f"<C:calendar-multiget {DAV}><prop/></C:calendar-multiget>", 400, ""),
    "free-busy for ever": (f"<C:free-busy-query {DAV}/>", 400, ""),
}


@pytest.mark.parametrize("case", REPORTS)
def test_a_report_that_makes_no_sense_says_why(client: httpx.Client, case: str) -> None:
    content, status, element = REPORTS[case]
    answer = client.request("REPORT", MUELLER, content=content, headers={"Depth": "1"})
    assert answer.status_code == status
    if element:
        assert precondition(answer) == element


@pytest.mark.parametrize("target", ["/etc/passwd", "x", "http://[", "/caldav/calendars/../x"])
def test_hrefs_that_lead_elsewhere_are_not_found(client: httpx.Client, target: str) -> None:
    body = (
        f"<C:calendar-multiget {DAV}><prop><getetag/></prop><href>{target}</href>"
        "</C:calendar-multiget>"
    )
    answer = client.request("REPORT", MUELLER, content=body)
    assert answer.status_code == 207
    assert "404 Not Found" in answer.text


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ("", 400),
        ("http://other.example.org/caldav/calendars/dr-schmidt/a.ics", 502),
        ("http://[", 400),
        ("/elsewhere/a.ics", 400),
        ("/caldav/calendars/dr-schmidt/", 403),
        ("/caldav/nobody/a.ics", 403),
        ("/caldav/calendars/nobody/a.ics", 409),
        ("/caldav/calendars/dr-schmidt/" + "x" * 300, 403),
    ],
)
def test_a_move_to_nowhere_moves_nothing(
    client: httpx.Client, destination: str, status: int
) -> None:
    stored = put(client, lines())
    url = str(stored.request.url)
    answer = client.request("MOVE", url, headers={"Destination": destination})
    assert answer.status_code == status
    assert client.get(url).status_code == 200
    client.delete(url)


@pytest.mark.parametrize("depth", ["2", "-1", "x", "infinity", "1, 1", "\xff"])
def test_a_depth_that_is_none_is_refused(client: httpx.Client, depth: str) -> None:
    headers = [(b"Depth", depth.encode("latin-1"))]
    answer = client.request("PROPFIND", MUELLER, headers=headers)
    assert answer.status_code == (403 if depth == "infinity" else 400)


@pytest.mark.parametrize(
    "header", ["X-Script-Name", "X-Forwarded-Prefix", "X-Forwarded-Host", "X-Remote-User"]
)
def test_a_header_cannot_move_the_server_or_sign_anybody_in(
    server: RunningServer, client: httpx.Client, header: str
) -> None:
    body = f"<propfind {DAV}><prop><current-user-principal/></prop></propfind>"
    answer = client.request("PROPFIND", "/caldav/", content=body, headers={header: "/admin"})
    assert "<current-user-principal><href>/caldav/empfang/</href>" in answer.text
    with server.client(None) as nobody:
        assert nobody.request("PROPFIND", "/caldav/", headers={header: "admin"}).status_code == 401


@pytest.mark.parametrize("method", ["LOCK", "UNLOCK", "POST", "PATCH", "SEARCH"])
def test_a_method_we_do_not_have_says_which_there_are(client: httpx.Client, method: str) -> None:
    answer = client.request(method, MUELLER)
    assert answer.status_code == 405
    assert "PROPFIND" in answer.headers["allow"]
    assert "LOCK" not in answer.headers["allow"]


RUBBISH = {
    "no name": f"<C:mkcalendar {DAV}><set><prop><C:supported-calendar-component-set><C:comp/>"
    "</C:supported-calendar-component-set></prop></set></C:mkcalendar>",
    "no namespace": '<x><set xmlns="DAV:"><prop><y xmlns=""/></prop></set></x>',
    "a DTD": f"{DTD}<propertyupdate {DAV}/>",
    "no XML": "hello",
    "a book": f"<propertyupdate {DAV}><set><prop><displayname>{'x' * 200_000}</displayname></prop>"
    "</set></propertyupdate>",
}


@pytest.mark.parametrize("case", RUBBISH)
@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL", "PROPPATCH"])
def test_rubbish_for_properties_is_the_clients_fault(
    server: RunningServer, client: httpx.Client, method: str, case: str
) -> None:
    path = MUELLER if method == "PROPPATCH" else "/caldav/calendars/muell/"
    with server.client("admin") as admin:
        answer = admin.request(method, path, content=RUBBISH[case])
        assert answer.status_code in {201, 207, 400, 403, 415, 507}
        if answer.status_code == 201:
            assert admin.delete(path).status_code == 204
        if case in {"no XML", "a DTD", "no name"}:
            assert answer.status_code in {400, 415}


PATHS = [
    ("/caldav/calendars/dr-mueller/..%2f..%2fx.ics", 400),
    ("/caldav/calendars/dr-mueller/a%00.ics", 400),
    ("/caldav/calendars/dr-mueller/a%0a.ics", 400),
    ("/caldav/calendars/dr-mueller/%fc.ics", 400),
    ("/caldav/calendars/dr-mueller/" + "x" * 300 + ".ics", 403),
    ("/caldav/calendars/dr-mueller/a/b.ics", 409),
    ("/caldav/calendars/nobody/a.ics", 409),
    ("/caldav/empfang/a.ics", 403),
    ("/caldav/a.ics", 403),
    ("/caldav/calendars/dr-mueller/", 405),
    ("/caldav/calendars/dr-mueller/appointments.ics", 405),
]


@pytest.mark.parametrize(("path", "status"), PATHS)
def test_a_put_to_a_path_that_is_none_is_refused(
    server: RunningServer, client: httpx.Client, path: str, status: int
) -> None:
    before = client.get(MUELLER).content
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), 10) as raw:
        auth = client.auth.auth_flow(client.build_request("GET", "/"))  # type: ignore[union-attr]
        content = lines().encode()
        head = (
            f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: {next(auth).headers['authorization']}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        raw.sendall(head.encode() + content)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.split()[1] == str(status).encode()
    assert client.get(MUELLER).content == before


def test_a_client_that_is_still_sending_reads_why_it_was_refused(server: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as raw:
        raw.sendall(b"A" * 5_000_000)
        received = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b"Bad Request.\n")


def test_clients_that_send_half_a_body_hinder_nobody(
    server: RunningServer, client: httpx.Client
) -> None:
    port = urlsplit(server.url).port or 0
    slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(40)]
    try:
        for one in slow:
            one.sendall(
                b"PUT /caldav/calendars/dr-mueller/slow.ics HTTP/1.1\r\nHost: localhost\r\n"
                b"Authorization: Basic ZW1wZmFuZzp4\r\nContent-Length: 1000\r\n\r\nBEGIN:"
            )
        body = f"<propfind {DAV}><prop><sync-token/></prop></propfind>"
        answer = client.request("PROPFIND", MUELLER, content=body, timeout=2)
        assert answer.status_code == 207
    finally:
        for one in slow:
            one.close()


_TEXTS = st.sampled_from([*(text for text, _ in REFUSED.values() if len(text) < 50_000), lines()])
_BYTES = st.binary(max_size=40)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    text=_TEXTS,
    cut=st.integers(0, 3000),
    junk=_BYTES,
    method=st.sampled_from(["PUT", "REPORT", "PROPFIND", "PROPPATCH", "MKCALENDAR"]),
)
def test_whatever_is_sent_is_never_our_fault(
    client: httpx.Client, text: str, cut: int, junk: bytes, method: str
) -> None:
    whole = text if method == "PUT" else XML["nothing asked"] + REPORTS["no hrefs"][0]
    content = whole.encode()
    content = content[:cut] + junk + content[cut + len(junk) // 2 :]
    answer = client.request(
        method, MUELLER + ("fuzz.ics" if method == "PUT" else ""), content=content
    )
    assert answer.status_code < 500
    client.delete(MUELLER + "fuzz.ics")


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" + b"<a/>" * 1_200_000 + b"</a>",
        b"<a>" * 700_000 + b"</a>" * 700_000,
        b"<a>" + b"<a/>" * 6_000_000 + b"</a>",
    ],
    ids=["many elements", "deep", "25 MB"],
)
def test_xml_is_refused_before_a_tree_has_grown_of_it(body: bytes) -> None:
    """A whole tree of 25 MB took a gigabyte and five seconds."""
    begin = time.process_time()
    with pytest.raises(XmlError):
        parse(body)
    assert time.process_time() - begin < 1


def test_a_body_of_nobody_is_not_even_read(server: RunningServer) -> None:
    with server.client(None) as nobody:
        for method in ("PROPFIND", "REPORT", "PROPPATCH", "MKCALENDAR"):
            assert nobody.request(method, MUELLER, content="<rubbish").status_code == 401
