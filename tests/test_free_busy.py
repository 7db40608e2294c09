"""free-busy-query (RFC 4791 7.10), published busy times, and availability (RFC 7953)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.errors import Invalid
from practice.facts import Busy, Occupied, Span
from practice.vevent import apply_availability, check_availability
from tests.dav import CALDAV, HOME, preconditions, put
from tests.servers import RunningServer

MUELLER, OFFICE = HOME + "dr-mueller/", HOME + "sprechzeiten/"
_NAMESPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
BERLIN = ZoneInfo("Europe/Berlin")


def an_object(kind: str, uid: str, *lines: str) -> str:
    told = [f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20261101T080000Z", *lines, f"END:{kind}"]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *told, "END:VCALENDAR", ""])


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """An admin; what is put into the calendars is gone after the test."""
    with server.client("admin") as admin:
        kinds = "".join(f"<C:comp name='{n}'/>" for n in ("VEVENT", "VFREEBUSY", "VAVAILABILITY"))
        element = "C:supported-calendar-component-set"
        made = f"<set><prop><{element}>{kinds}</{element}></prop></set>"
        body = f"<C:mkcalendar {_NAMESPACES}>{made}</C:mkcalendar>"
        assert admin.request("MKCALENDAR", OFFICE, content=body).status_code == 201
        yield admin
        assert admin.delete(OFFICE).status_code == 204


def busy(
    client: httpx.Client, start: str = "20261123T000000Z", end: str = "20261125T000000Z"
) -> list[str]:
    """Return the FREEBUSY lines of the calendar, without the word."""
    body = (
        f'<C:free-busy-query {_NAMESPACES}><C:time-range start="{start}" end="{end}"/>'
        "</C:free-busy-query>"
    )
    answer = client.request("REPORT", OFFICE, content=body, headers={"Depth": "1"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    assert f"DTSTART:{start}" in lines
    assert f"DTEND:{end}" in lines
    return [line.removeprefix("FREEBUSY;FBTYPE=") for line in lines if line.startswith("FREEBUSY")]


START = "DTSTART:20261123T100000Z"
HOUR = "DTEND:20261123T110000Z"
EVENTS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "an event": ((START, HOUR), ["BUSY:20261123T100000Z/20261123T110000Z"]),
    "opaque": ((START, HOUR, "TRANSP:OPAQUE"), ["BUSY:20261123T100000Z/20261123T110000Z"]),
    "transparent": ((START, HOUR, "TRANSP:TRANSPARENT"), []),
    "cancelled": ((START, HOUR, "STATUS:CANCELLED"), []),
    "tentative": (
        (START, HOUR, "STATUS:TENTATIVE"),
        ["BUSY-TENTATIVE:20261123T100000Z/20261123T110000Z"],
    ),
    "transparent and tentative": ((START, HOUR, "STATUS:TENTATIVE", "TRANSP:TRANSPARENT"), []),
    "a whole day": (
        ("DTSTART;VALUE=DATE:20261124",),
        ["BUSY:20261123T230000Z/20261124T230000Z"],
    ),
    "cut to the range": (
        ("DTSTART:20261122T200000Z", "DTEND:20261126T000000Z"),
        ["BUSY:20261123T000000Z/20261125T000000Z"],
    ),
    "a series": (
        (START, HOUR, "RRULE:FREQ=DAILY"),
        ["BUSY:20261123T100000Z/20261123T110000Z", "BUSY:20261124T100000Z/20261124T110000Z"],
    ),
}


@pytest.mark.parametrize("case", EVENTS)
def test_an_event_is_busy_as_it_says(client: httpx.Client, case: str) -> None:
    lines, wanted = EVENTS[case]
    assert put(client, OFFICE, "a.ics", an_object("VEVENT", "a", *lines)).status_code == 201
    assert busy(client) == wanted


def test_an_override_is_busy_in_its_own_way(client: httpx.Client) -> None:
    text = an_object(
        *("VEVENT", "a", START, HOUR, "RRULE:FREQ=DAILY;COUNT=2", "END:VEVENT"),
        *("BEGIN:VEVENT", "UID:a", "RECURRENCE-ID:20261124T100000Z"),
        *("DTSTART:20261124T150000Z", "DTEND:20261124T160000Z", "STATUS:TENTATIVE"),
    )
    assert put(client, OFFICE, "a.ics", text).status_code == 201
    assert busy(client) == [
        "BUSY:20261123T100000Z/20261123T110000Z",
        "BUSY-TENTATIVE:20261124T150000Z/20261124T160000Z",
    ]


def test_published_busy_times_count(client: httpx.Client) -> None:
    text = an_object(
        *("VFREEBUSY", "a", "DTSTART:20261123T000000Z", "DTEND:20261124T000000Z"),
        "FREEBUSY:20261123T080000Z/PT1H,20261123T090000Z/20261123T093000Z",
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261123T120000Z/PT1H",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261123T180000Z/PT1H",
        "FREEBUSY;FBTYPE=FREE:20261123T200000Z/PT1H",
        "FREEBUSY;FBTYPE=X-ELSEWHERE:20261123T220000Z/PT1H",
    )
    assert put(client, OFFICE, "a.ics", text).status_code == 201
    assert busy(client) == [
        "BUSY:20261123T080000Z/20261123T093000Z",
        "BUSY:20261123T220000Z/20261123T230000Z",
        "BUSY-TENTATIVE:20261123T120000Z/20261123T130000Z",
        "BUSY-UNAVAILABLE:20261123T180000Z/20261123T190000Z",
    ]


OFFICE_HOURS = (
    *("DTSTART;TZID=Europe/Berlin:20261101T000000", "BEGIN:AVAILABLE", "UID:b"),
    *("DTSTAMP:20261101T080000Z", "DTSTART;TZID=Europe/Berlin:20261102T080000"),
    *("DTEND;TZID=Europe/Berlin:20261102T160000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU", "END:AVAILABLE"),
)


def test_outside_of_the_office_hours_nobody_is_there(client: httpx.Client) -> None:
    hours = an_object("VAVAILABILITY", "zeiten", *OFFICE_HOURS)
    assert put(client, OFFICE, "zeiten.ics", hours).status_code == 201
    assert put(client, OFFICE, "a.ics", an_object("VEVENT", "a", START, HOUR)).status_code == 201
    assert busy(client) == [
        "BUSY:20261123T100000Z/20261123T110000Z",
        "BUSY-UNAVAILABLE:20261123T000000Z/20261123T070000Z",
        "BUSY-UNAVAILABLE:20261123T150000Z/20261124T070000Z",
        "BUSY-UNAVAILABLE:20261124T150000Z/20261125T000000Z",
    ]


def test_a_holiday_goes_before_the_office_hours(client: httpx.Client) -> None:
    hours = an_object("VAVAILABILITY", "zeiten", *OFFICE_HOURS)
    holiday = an_object(
        *("VAVAILABILITY", "urlaub", "PRIORITY:1", "BUSYTYPE:BUSY"),
        *("DTSTART:20261124T000000Z", "DTEND:20261130T000000Z"),
    )
    assert put(client, OFFICE, "zeiten.ics", hours).status_code == 201
    assert put(client, OFFICE, "urlaub.ics", holiday).status_code == 201
    assert busy(client) == [
        "BUSY:20261124T000000Z/20261125T000000Z",
        "BUSY-UNAVAILABLE:20261123T000000Z/20261123T070000Z",
        "BUSY-UNAVAILABLE:20261123T150000Z/20261124T000000Z",
    ]


def test_a_calendar_holds_events_tasks_and_notes_unless_told_otherwise(
    client: httpx.Client,
) -> None:
    hours = an_object("VAVAILABILITY", "zeiten", *OFFICE_HOURS)
    answer = put(client, MUELLER, "zeiten.ics", hours)
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + "supported-calendar-component"}


RANGES = {
    "none": ("", 400, ""),
    "no end": ('<C:time-range start="20261123T000000Z"/>', 400, ""),
    "a local time": ('<C:time-range start="20261123T000000" end="20261124T000000"/>', 400, ""),
    "too early": (
        '<C:time-range start="18991231T000000Z" end="20261124T000000Z"/>',
        403,
        "min-date-time",
    ),
    "too late": (
        '<C:time-range start="20261124T000000Z" end="22010101T000000Z"/>',
        403,
        "max-date-time",
    ),
}


@pytest.mark.parametrize("case", RANGES)
def test_a_range_that_cannot_be_told_of_is_refused(client: httpx.Client, case: str) -> None:
    inside, status, precondition = RANGES[case]
    body = f"<C:free-busy-query {_NAMESPACES}>{inside}</C:free-busy-query>"
    answer = client.request("REPORT", OFFICE, content=body, headers={"Depth": "1"})
    assert answer.status_code == status
    if precondition:
        assert preconditions(answer) == {CALDAV + precondition}


def test_busy_times_are_those_of_calendars_and_not_of_objects(client: httpx.Client) -> None:
    assert put(client, OFFICE, "a.ics", an_object("VEVENT", "a", START, HOUR)).status_code == 201
    body = (
        f'<C:free-busy-query {_NAMESPACES}><C:time-range start="20261123T000000Z"'
        ' end="20261124T000000Z"/></C:free-busy-query>'
    )
    answer = client.request("REPORT", OFFICE + "a.ics", content=body)
    assert answer.status_code == 403
    assert preconditions(answer) == {"{DAV:}supported-report"}


# Availability against a slow oracle: minute by minute

_DAY = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
_SPAN = Span(_DAY, _DAY + 24 * 3600)
_blocks = st.lists(
    st.tuples(
        st.integers(0, 3),  # priority
        st.sampled_from(("", "BUSY", "BUSY-TENTATIVE", "BUSY-UNAVAILABLE")),
        st.integers(0, 23),
        st.integers(1, 12),
        st.lists(st.tuples(st.integers(0, 23), st.integers(1, 6)), max_size=3),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda block: block[0],
)


@settings(max_examples=60, deadline=None)
@given(_blocks)
def test_availability_is_what_the_highest_priority_says_at_every_hour(
    blocks: list[tuple[int, str, int, int, list[tuple[int, int]]]],
) -> None:
    lines, wanted = [], {}
    for priority, busytype, start, length, available in blocks:
        lines += ["BEGIN:VAVAILABILITY", "UID:x", f"PRIORITY:{priority}", _at(start)]
        lines += [_at(start + length, "DTEND"), *([f"BUSYTYPE:{busytype}"] if busytype else [])]
        for number, (begin, hours) in enumerate(available):
            lines += ["BEGIN:AVAILABLE", f"UID:{number}", _at(begin), f"DURATION:PT{hours}H"]
            lines += ["END:AVAILABLE"]
        lines.append("END:VAVAILABILITY")
    for hour in range(24):
        deciding = [b for b in blocks if b[2] <= hour < b[2] + b[3]]
        if deciding:
            _, busytype, _, _, available = min(deciding, key=lambda b: b[0] or 10)
            if not any(begin <= hour < begin + hours for begin, hours in available):
                wanted[hour] = busytype or "BUSY-UNAVAILABLE"
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])
    names = {1: "BUSY-TENTATIVE", 2: "BUSY", 3: "BUSY-UNAVAILABLE"}
    found = apply_availability(text, [], _SPAN, UTC)
    told = {
        hour: names[o.busy]
        for hour in range(24)
        for o in found
        if o.start <= _DAY + hour * 3600 + 1800 < o.end
    }
    assert told == wanted
    taken = [Occupied(_DAY + 60, _DAY + 120, Busy.BUSY)]
    assert set(taken) <= set(apply_availability(text, taken, _SPAN, UTC))


def _at(hour: int, name: str = "DTSTART") -> str:
    return f"{name}:202611{23 + hour // 24}T{hour % 24:02}0000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        an_object("VEVENT", "a", START),
        an_object("VAVAILABILITY", "a", "BEGIN:AVAILABLE", "UID:b", "END:AVAILABLE"),
        an_object(
            *("VAVAILABILITY", "a", "BEGIN:AVAILABLE", "UID:b", START, "RRULE:FREQ=SECONDLY"),
            "END:AVAILABLE",
        ),
    ],
)
def test_what_is_no_availability_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        check_availability(text, BERLIN)
