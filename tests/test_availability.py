"""When somebody says to be available: set at the inbox, told with free-busy (RFC 7953)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest

from tests.building import an_event, reading
from tests.dav import CALDAV, DAV, HOME, multistatus, propfind, put

if TYPE_CHECKING:
    import httpx
    from starlette.testclient import TestClient

    from tests.people import People

MUELLER = HOME + "dr-mueller/"
TAG = CALDAV + "calendar-availability"
DAY = ("20261123T000000Z", "20261124T000000Z")  # a Monday


def available(*parts: str, head: tuple[str, ...] = ()) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//Tests//DE"),
        *("BEGIN:VAVAILABILITY", "UID:zeiten", "DTSTAMP:20261101T080000Z", *head),
        *parts,
        *("END:VAVAILABILITY", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)


def hours(uid: str, start: str, end: str, *more: str) -> str:
    return "\r\n".join(
        (
            *("BEGIN:AVAILABLE", f"UID:{uid}", "DTSTAMP:20261101T080000Z"),
            *(f"DTSTART;TZID=Europe/Berlin:{start}", f"DTEND;TZID=Europe/Berlin:{end}"),
            *(*more, "END:AVAILABLE"),
        )
    )


#: Mondays to Fridays from 9 to 13, as it was agreed in summer.
MORNINGS = available(
    hours("frueh", "20260601T090000", "20260601T130000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
)
AWAY = [
    "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261123T000000Z/20261123T080000Z",
    "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261123T120000Z/20261124T000000Z",
]


def inbox(account: str) -> str:
    return f"/caldav/{account}/inbox/"


def proppatch(client: TestClient, path: str, content: str) -> httpx.Response:
    body = (
        '<propertyupdate xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"{content}</propertyupdate>"
    )
    answer: httpx.Response = client.request("PROPPATCH", path, content=body.encode())
    return answer


def setting(text: str) -> str:
    value = escape(text, {"\r": "&#13;"})
    return f"<set><prop><C:calendar-availability>{value}</C:calendar-availability></prop></set>"


REMOVAL = "<remove><prop><C:calendar-availability/></prop></remove>"


@contextmanager
def saying(client: TestClient, account: str, text: str) -> Iterator[None]:
    """Have an account say when it is available, for a while."""
    told = multistatus(proppatch(client, inbox(account), setting(text))).only
    assert set(told.told) == {TAG}
    yield
    assert set(multistatus(proppatch(client, inbox(account), REMOVAL)).only.told) == {TAG}


def asked_at_the_outbox(people: People, asking: str, attendee: str) -> list[str]:
    text = "\r\n".join(
        (
            *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "METHOD:REQUEST", "BEGIN:VFREEBUSY"),
            *("UID:f", "DTSTAMP:20261101T080000Z", f"DTSTART:{DAY[0]}", f"DTEND:{DAY[1]}"),
            *(f"ORGANIZER:/caldav/{asking}/", f"ATTENDEE:/caldav/{attendee}/"),
            *("END:VFREEBUSY", "END:VCALENDAR", ""),
        )
    )
    headers = {"Content-Type": "text/calendar"}
    answer = people[asking].post(f"/caldav/{asking}/outbox/", content=text, headers=headers)
    assert answer.status_code == 200, answer.text
    data = ET.fromstring(answer.content).findtext(f"{CALDAV}response/{CALDAV}calendar-data")
    return [line for line in (data or "").split("\r\n") if line.startswith("FREEBUSY")]


def asked_of_the_calendar(client: TestClient, calendar: str) -> list[str]:
    body = (
        '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f'<C:time-range start="{DAY[0]}" end="{DAY[1]}"/></C:free-busy-query>'
    )
    answer = client.request("REPORT", calendar, content=body)
    assert answer.status_code == 200
    return [line for line in answer.text.split("\r\n") if line.startswith("FREEBUSY")]


@pytest.mark.parametrize("account", ["mueller", "empfang", "gast", "albis"])
def test_what_somebody_says_is_kept_as_it_is_said_and_told_to_nobody_else(
    people: People, account: str
) -> None:
    client = people[account]
    assert propfind(client, inbox(account), TAG).only.missing == {TAG}
    with saying(client, account, MORNINGS):
        assert propfind(client, inbox(account), TAG).only.text(TAG) == MORNINGS
        for path in (f"/caldav/{account}/", MUELLER, HOME):
            if path != MUELLER or account != "schmidt":
                assert propfind(client, path, TAG).only.missing == {TAG}
        other = "schmidt" if account != "schmidt" else "mueller"
        assert propfind(people[other], inbox(other), TAG).only.missing == {TAG}
    assert propfind(client, inbox(account), TAG).only.missing == {TAG}


def test_it_is_not_among_what_allprop_tells(people: People) -> None:
    with saying(people["mueller"], "mueller", MORNINGS):
        answer = people["mueller"].request("PROPFIND", inbox("mueller"), headers={"Depth": "0"})
    assert TAG not in multistatus(answer).only.told


def test_whoever_is_not_available_is_told_as_such(people: People) -> None:
    staff = people["empfang"]
    assert asked_at_the_outbox(people, "empfang", "mueller") == []
    with saying(people["mueller"], "mueller", MORNINGS):
        assert asked_at_the_outbox(people, "empfang", "mueller") == AWAY
        assert asked_of_the_calendar(staff, MUELLER) == AWAY
        # The other doctor has said nothing, and the main calendar is nobody's.
        assert asked_at_the_outbox(people, "empfang", "schmidt") == []
        assert asked_of_the_calendar(staff, HOME + "praxis/") == []
    assert asked_of_the_calendar(staff, MUELLER) == []


def test_appointments_stand_beside_it(people: People) -> None:
    staff = people["empfang"]
    event = an_event("a", "20261123T100000", "20261123T103000")
    assert put(staff, MUELLER, "a.ics", event).status_code == 201
    with saying(people["mueller"], "mueller", MORNINGS):
        expected = ["FREEBUSY;FBTYPE=BUSY:20261123T090000Z/20261123T093000Z", *AWAY]
        assert asked_of_the_calendar(staff, MUELLER) == expected
        assert asked_at_the_outbox(people, "empfang", "mueller") == expected
    assert staff.delete(MUELLER + "a.ics").status_code == 204


def test_an_account_that_cannot_sign_in_says_nothing_any_more(people: People) -> None:
    """Account "weg" is of the same doctor as "schmidt", and disabled."""
    with saying(people["schmidt"], "schmidt", MORNINGS):
        assert asked_of_the_calendar(people["empfang"], HOME + "dr-schmidt/") == AWAY
    with reading(people.database) as uow:
        doctor_id = next(d.id for d in uow.house.doctors() if d.slug == "dr-schmidt")
        assert [account.name for account in uow.accounts.of_doctor(doctor_id)] == ["schmidt"]


def test_the_kind_of_absence_is_told(people: People) -> None:
    text = available(
        hours("frueh", "20261123T090000", "20261123T130000"), head=("BUSYTYPE:BUSY-TENTATIVE",)
    )
    with saying(people["mueller"], "mueller", text):
        told = asked_of_the_calendar(people["empfang"], MUELLER)
    assert told == [line.replace("UNAVAILABLE", "TENTATIVE") for line in AWAY]


FAULTS = {
    "no calendar": ("immer", "valid-calendar-data"),
    "nothing": ("", "valid-calendar-data"),
    "an event": (an_event(), "valid-calendar-data"),
    "a broken time": (
        available(hours("a", "2026112T090000", "20261123T130000")),
        "valid-calendar-data",
    ),
    "no start": (
        available("BEGIN:AVAILABLE\r\nUID:a\r\nDTSTAMP:20261101T080000Z\r\nEND:AVAILABLE"),
        "valid-calendar-data",
    ),
    "an explosion": (
        available(hours("a", "20261123T090000", "20261123T130000", "RRULE:FREQ=SECONDLY")),
        "max-instances",
    ),
    "too many parts": (
        available(*(hours(f"a{n}", "20261123T090000", "20261123T130000") for n in range(60))),
        "valid-calendar-data",
    ),
    "too long": (MORNINGS.replace("UID:zeiten", "UID:" + "x" * 60_000), "max-resource-size"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_availability_is_refused_with_a_reason(people: People, fault: str) -> None:
    text, element = FAULTS[fault]
    with saying(people["mueller"], "mueller", MORNINGS):
        answer = proppatch(people["mueller"], inbox("mueller"), setting(text))
        told = multistatus(answer).only
        assert set(told.propstats) == {403}
        assert set(told.propstats[403]) == {TAG}
        error = ET.fromstring(answer.content).find(f".//{DAV}error")
        assert error is not None
        assert [one.tag for one in error] == [CALDAV + element]
        kept = propfind(people["mueller"], inbox("mueller"), TAG).only.text(TAG)
        assert kept == MORNINGS


def test_with_what_only_the_server_sets_nothing_is_set(people: People) -> None:
    for other in ("<displayname>x</displayname>", "<resourcetype/>", "<sync-token/>"):
        content = setting(MORNINGS) + f"<set><prop>{other}</prop></set>"
        told = multistatus(proppatch(people["mueller"], inbox("mueller"), content)).only
        assert set(told.propstats) == {403, 424}
        assert set(told.propstats[424]) == {TAG}
        assert propfind(people["mueller"], inbox("mueller"), TAG).only.missing == {TAG}


def test_a_client_keeps_notes_at_its_inbox(people: People) -> None:
    note = '<x:note xmlns:x="urn:x">y</x:note>'
    client, path = people["mueller"], inbox("mueller")
    assert proppatch(client, path, f"<set><prop>{note}</prop></set>").status_code == 207
    with saying(client, "mueller", MORNINGS):
        assert propfind(client, path, "{urn:x}note").only.text("{urn:x}note") == "y"
        assert propfind(client, "/caldav/mueller/", "{urn:x}note").only.missing == {"{urn:x}note"}
    gone = proppatch(client, path, '<remove><prop><x:note xmlns:x="urn:x"/></prop></remove>')
    assert gone.status_code == 207
    assert propfind(client, path, "{urn:x}note").only.missing == {"{urn:x}note"}


@pytest.mark.parametrize("content", ["", "<set/>"])
def test_a_proppatch_that_sets_nothing_is_none(people: People, content: str) -> None:
    assert proppatch(people["mueller"], inbox("mueller"), content).status_code == 400
    assert people["mueller"].request("PROPPATCH", inbox("mueller"), content="<x").status_code == 400


def test_nobody_says_when_another_is_available(people: People) -> None:
    for asking in ("admin", "schmidt", "gast"):
        answer = proppatch(people[asking], inbox("mueller"), setting(MORNINGS))
        assert answer.status_code in {403, 404}
        assert propfind(people["mueller"], inbox("mueller"), TAG).only.missing == {TAG}
