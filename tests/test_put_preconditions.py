"""Which precondition of RFC 4791 5.3.2.1 a refused PUT names, and the limits a calendar tells."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.dav import CALDAV, HOME, listing, preconditions, propfind, put
from tests.servers import RunningServer

MUELLER = HOME + "dr-mueller/"


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with server.client() as made:
        yield made


def an_object(*lines: str, kind: str = "VEVENT", uid: str = "UID:a") -> str:
    told = [f"BEGIN:{kind}", uid, "DTSTAMP:20261101T080000Z", *lines, f"END:{kind}"]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *told, "END:VCALENDAR", ""])


START = "DTSTART:20261123T100000Z"
PEOPLE = [f"ATTENDEE:mailto:p{n}@example.org" for n in range(1001)]
REFUSED: dict[str, tuple[str, str]] = {
    "no calendar": ("Guten Tag", "valid-calendar-data"),
    "no end": (an_object(START).replace("END:VEVENT\r\n", ""), "valid-calendar-data"),
    "no start": (an_object("SUMMARY:x"), "valid-calendar-data"),
    "an end before the start": (an_object(START, "DTEND:20261120T100000Z"), "valid-calendar-data"),
    "an end of another kind": (
        an_object(START, "DTEND;VALUE=DATE:20261124"),
        "valid-calendar-data",
    ),
    "a rule of nothing": (an_object(START, "RRULE:FREQ=DAILY;INTERVAL=0"), "valid-calendar-data"),
    "a method": (
        an_object(START).replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:PUBLISH"),
        "valid-calendar-object-resource",
    ),
    "two uids": (
        an_object(START, "END:VEVENT", "BEGIN:VEVENT", "UID:b", START),
        "valid-calendar-object-resource",
    ),
    "two kinds": (
        an_object(START, "END:VEVENT", "BEGIN:VTODO", "UID:a", "END:VTODO", "BEGIN:VEVENT"),
        "valid-calendar-object-resource",
    ),
    "two calendars": (an_object(START) * 2, "valid-calendar-object-resource"),
    "nothing in it": (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n",
        "valid-calendar-object-resource",
    ),
    "an unknown kind": (an_object(START, kind="VPARTY"), "supported-calendar-component"),
    "a kind the calendar does not take": (
        an_object(START, kind="VFREEBUSY"),
        "supported-calendar-component",
    ),
    "too long": (an_object(START, "DESCRIPTION:" + "x" * 1_000_000), "max-resource-size"),
    "a start too early": (an_object("DTSTART:18991231T235959Z"), "min-date-time"),
    "a day too early": (an_object("DTSTART;VALUE=DATE:16040229"), "min-date-time"),
    "a start too late": (an_object("DTSTART:22000102T000000Z"), "max-date-time"),
    "a date too late": (an_object(START, "RDATE:22000102T000000Z"), "max-date-time"),
    "an original too early": (
        an_object(START, "RECURRENCE-ID:18991231T000000Z"),
        "min-date-time",
    ),
    "too many instances": (an_object(START, "RRULE:FREQ=DAILY;COUNT=9999"), "max-instances"),
    "too many people": (an_object(START, *PEOPLE), "max-attendees-per-instance"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_object_names_the_precondition(client: httpx.Client, case: str) -> None:
    text, precondition = REFUSED[case]
    answer = put(client, MUELLER, "a.ics", text)
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + precondition}
    assert listing(client, MUELLER) == {}


def test_another_media_type_is_refused_by_its_precondition(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/calendar+json"}
    answer = client.put(MUELLER + "a.ics", content=b"[]", headers=headers)
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + "supported-calendar-data"}


TAKEN = {
    "as many people as may be": an_object(START, *PEOPLE[1:]),
    "the first day there is": an_object("DTSTART;VALUE=DATE:19000101"),
    "the last second there is": an_object("DTSTART:22000101T000000Z"),
    "a note without a time": an_object("SUMMARY:x", kind="VJOURNAL"),
    "a task without a time": an_object("SUMMARY:x", kind="VTODO"),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_just_within_the_limits_is_taken(client: httpx.Client, case: str) -> None:
    assert put(client, MUELLER, "a.ics", TAKEN[case]).status_code == 201
    assert client.delete(MUELLER + "a.ics").status_code == 204


def test_a_calendar_tells_its_limits_and_collations(client: httpx.Client) -> None:
    names = ("min-date-time", "max-date-time", "max-instances", "max-attendees-per-instance")
    found = propfind(client, MUELLER, *(CALDAV + name for name in names)).only
    told = [found.text(CALDAV + name) for name in names]
    assert told == ["19000101T000000Z", "22000101T000000Z", "3000", "1000"]
    collations = propfind(client, MUELLER, CALDAV + "supported-collation-set").only.told
    assert [one.text for one in collations[CALDAV + "supported-collation-set"]] == [
        "i;ascii-casemap",
        "i;octet",
        "i;unicode-casemap",
    ]
