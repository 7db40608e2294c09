"""Scheduling boxes: when others are busy, and nothing else (RFC 6638)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from practice.database import SqlDatabase
from tests.building import an_event, reading, writing
from tests.dav import (
    CALDAV,
    CALENDARSERVER,
    DAV,
    HOME,
    listing,
    multiget,
    multistatus,
    preconditions,
    propfind,
    put,
    query,
    sync,
)
from tests.people import MAIL, People, having

if TYPE_CHECKING:
    import httpx
    from starlette.testclient import TestClient

MUELLER, SCHMIDT, PRAXIS = (HOME + name + "/" for name in ("dr-mueller", "dr-schmidt", "praxis"))
DAY = ("20261123T000000Z", "20261124T000000Z")
INBOX, OUTBOX = "/caldav/{}/inbox/", "/caldav/{}/outbox/"


def a_request(
    organizer: str,
    *attendees: str,
    span: tuple[str, str] = DAY,
    method: str = "METHOD:REQUEST",
    component: str = "VFREEBUSY",
    uid: str = "UID:frage-1",
) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//Tests//DE", method),
        *(f"BEGIN:{component}", uid, "DTSTAMP:20261120T080000Z"),
        *(f"DTSTART:{span[0]}", f"DTEND:{span[1]}", f"ORGANIZER:{organizer}"),
        *(f"ATTENDEE;CUTYPE=INDIVIDUAL:{attendee}" for attendee in attendees),
        *(f"END:{component}", "END:VCALENDAR", ""),
    )
    return "\r\n".join(line for line in lines if line or line == lines[-1])


def post(
    client: TestClient, account: str, text: str, kind: str = "text/calendar; charset=utf-8"
) -> httpx.Response:
    headers = {"Content-Type": kind, "Originator": "mailto:x@y", "Recipient": "mailto:x@y"}
    answer: httpx.Response = client.post(
        OUTBOX.format(account), content=text.encode(), headers=headers
    )
    return answer


def answers(response: httpx.Response) -> dict[str, tuple[str, str]]:
    """Return status and text for each recipient."""
    assert response.status_code == 200, response.text
    root = ET.fromstring(response.content)
    assert root.tag == CALDAV + "schedule-response"
    found = {}
    for one in root:
        assert one.tag == CALDAV + "response"
        recipient = one.findtext(f"{CALDAV}recipient/{DAV}href") or ""
        assert recipient not in found
        status = one.findtext(CALDAV + "request-status") or ""
        found[recipient] = (status, one.findtext(CALDAV + "calendar-data") or "")
    return found


def busy(text: str) -> list[str]:
    """Return the FREEBUSY lines of an answer."""
    return [line for line in text.split("\r\n") if line.startswith("FREEBUSY")]


def mailto(account: str) -> str:
    return f"mailto:{MAIL[account]}"


@contextmanager
def busy_hours(people: People, *hours: tuple[str, str, str]) -> Iterator[None]:
    """Put events (calendar, local start, local end on the day) and take them away again."""
    staff = people["empfang"]
    made = []
    for number, (calendar, start, end) in enumerate(hours):
        name = f"busy-{number}.ics"
        text = an_event(f"busy-{number}", f"20261123T{start}00", f"20261123T{end}00")
        assert put(staff, calendar, name, text).status_code == 201
        made.append(calendar + name)
    yield
    for href in made:
        assert staff.delete(href).status_code == 204


# -- the boxes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["empfang", "mueller", "albis", "gast"])
def test_the_principal_says_where_its_boxes_are(people: People, account: str) -> None:
    tags = CALDAV + "schedule-inbox-URL", CALDAV + "schedule-outbox-URL"
    told = propfind(people[account], f"/caldav/{account}/", *tags).only
    boxes = [told.hrefs(tag)[0] for tag in tags]
    assert boxes == [INBOX.format(account), OUTBOX.format(account)]
    for box, kind in zip(boxes, ("schedule-inbox", "schedule-outbox"), strict=True):
        for path in (box, box.rstrip("/")):
            found = propfind(people[account], path, DAV + "resourcetype", depth="1").only
            assert found.href == box
            assert found.kinds() == {DAV + "collection", CALDAV + kind}


def test_the_header_claims_no_scheduling(people: People) -> None:
    for path in ("/caldav/", "/caldav/mueller/", OUTBOX.format("mueller"), MUELLER):
        dav = people["mueller"].request("OPTIONS", path).headers["dav"]
        assert not [token for token in dav.split(", ") if "schedule" in token]
        allowed = people["mueller"].request("OPTIONS", path).headers["allow"].split(", ")
        assert ("POST" in allowed) == path.endswith("/outbox/")


def test_the_inbox_is_synced_as_a_calendar_and_stays_empty(people: People) -> None:
    client, inbox = people["mueller"], INBOX.format("mueller")
    ctag = CALENDARSERVER + "getctag"
    first = propfind(client, inbox, ctag, DAV + "sync-token").only
    assert listing(client, inbox) == {}
    changes = sync(client, inbox)
    assert (changes.found, changes.token) == ({}, first.text(DAV + "sync-token"))
    assert sync(client, inbox, changes.token).found == {}
    assert query(client, inbox, *DAY).found == {}
    assert multiget(client, inbox, [inbox + "a.ics"]).gone == {inbox + "a.ics"}
    again = propfind(client, inbox, ctag, DAV + "sync-token").only
    assert again.text(ctag) == first.text(ctag)
    body = (
        '<sync-collection xmlns="DAV:"><sync-token>urn:other</sync-token>'
        "<sync-level>1</sync-level><prop/></sync-collection>"
    )
    stale = client.request("REPORT", inbox, content=body)
    assert stale.status_code == 403
    assert preconditions(stale) == {DAV + "valid-sync-token"}


def test_a_doctor_has_a_default_calendar_and_others_have_none(people: People) -> None:
    tag = CALDAV + "schedule-default-calendar-URL"
    assert propfind(people["mueller"], INBOX.format("mueller"), tag).only.hrefs(tag) == [MUELLER]
    assert propfind(people["empfang"], INBOX.format("empfang"), tag).only.missing == {tag}


def test_an_outbox_takes_questions_for_free_busy(people: People) -> None:
    told = propfind(
        people["mueller"],
        OUTBOX.format("mueller"),
        CALDAV + "supported-calendar-component-set",
        CALDAV + "supported-calendar-data",
        CALDAV + "max-resource-size",
    ).only
    assert told.components == {"VFREEBUSY"}
    assert not told.missing


@pytest.mark.parametrize("box", [INBOX, OUTBOX])
@pytest.mark.parametrize(
    ("method", "name", "status"),
    [
        ("PUT", "", 403),
        ("PUT", "a.ics", 403),
        ("DELETE", "", 403),
        ("DELETE", "a.ics", 403),
        ("MKCOL", "a/", 403),
        ("MKCALENDAR", "a/", 403),
        ("MKCALENDAR", "", 403),
        ("MKCOL", "", 405),
        ("GET", "", 405),
        ("GET", "a.ics", 405),
        ("PROPFIND", "a.ics", 404),
        ("POST", "a.ics", 404),
    ],
)
def test_nothing_is_put_into_a_box(
    people: People, box: str, method: str, name: str, status: int
) -> None:
    path = box.format("admin") + name
    content = an_event() if method in {"PUT", "POST"} else ""
    assert people["admin"].request(method, path, content=content).status_code == status


def test_nothing_is_moved_into_a_box(people: People) -> None:
    client = people["mueller"]
    with busy_hours(people, (MUELLER, "1000", "1030")):
        headers = {"Destination": f"http://localhost{INBOX.format('mueller')}a.ics"}
        answer = client.request("MOVE", MUELLER + "busy-0.ics", headers=headers)
        assert answer.status_code == 403
        assert client.get(MUELLER + "busy-0.ics").status_code == 200


@pytest.mark.parametrize("path", [MUELLER, "/caldav/", "/caldav/mueller/", HOME])
def test_only_an_outbox_takes_a_post(people: People, path: str) -> None:
    answer = people["mueller"].post(path, content=a_request(mailto("mueller")).encode())
    assert answer.status_code == 405
    assert "PROPFIND" in answer.headers["allow"]
    assert "POST" not in answer.headers["allow"]


def test_an_inbox_takes_no_post(people: People) -> None:
    text = a_request(mailto("mueller"), mailto("mueller"))
    assert people["mueller"].post(INBOX.format("mueller"), content=text).status_code == 405


# -- when others are busy ------------------------------------------------------------------------


def test_a_colleague_is_told_when_a_doctor_is_busy(people: People) -> None:
    hours = ((MUELLER, "1000", "1030"), (MUELLER, "1030", "1100"), (SCHMIDT, "1500", "1600"))
    with busy_hours(people, *hours):
        text = a_request(mailto("schmidt"), mailto("mueller"), mailto("schmidt"))
        # What Dr. Schmidt may not see of Dr. Müller at all is not told either.
        hidden = answers(post(people["schmidt"], "schmidt", text))
        assert hidden[mailto("mueller")] == ("3.8;No authority", "")
        assert busy(hidden[mailto("schmidt")][1]) == [
            "FREEBUSY;FBTYPE=BUSY:20261123T140000Z/20261123T150000Z"
        ]
        text = a_request("/caldav/empfang/", mailto("mueller"), mailto("schmidt"))
        told = answers(post(people["empfang"], "empfang", text))
    assert {status for status, _ in told.values()} == {"2.0;Success"}
    assert busy(told[mailto("mueller")][1]) == [
        "FREEBUSY;FBTYPE=BUSY:20261123T090000Z/20261123T100000Z"
    ]
    assert busy(told[mailto("schmidt")][1]) == busy(hidden[mailto("schmidt")][1])


def test_the_answer_is_a_reply_to_the_question(people: People) -> None:
    text = a_request("/caldav/empfang/", mailto("mueller"), uid="UID:" + "u" * 200)
    told = answers(post(people["empfang"], "empfang", text))[mailto("mueller")][1]
    assert all(len(line.encode()) <= 75 for line in told.split("\r\n"))
    lines = told.replace("\r\n ", "").split("\r\n")
    assert lines[:5] == [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//praxis-caldav//praxis-caldav//DE"),
        *("METHOD:REPLY", "BEGIN:VFREEBUSY"),
    ]
    assert "UID:" + "u" * 200 in lines
    assert "ORGANIZER:/caldav/empfang/" in lines
    assert f"ATTENDEE;CUTYPE=INDIVIDUAL:{mailto('mueller')}" in lines
    assert {f"DTSTART:{DAY[0]}", f"DTEND:{DAY[1]}"} <= set(lines)


def test_what_is_free_cancelled_or_elsewhere_makes_nobody_busy(people: People) -> None:
    staff = people["empfang"]
    free = an_event("f", "20261123T080000", "20261123T083000", "TRANSP:TRANSPARENT")
    off = an_event("c", "20261123T090000", "20261123T093000", "STATUS:CANCELLED")
    maybe = an_event("t", "20261123T110000", "20261123T113000", "STATUS:TENTATIVE")
    for name, text in (("f", free), ("c", off), ("t", maybe)):
        assert put(staff, MUELLER, f"{name}.ics", text).status_code == 201
    with busy_hours(people, (PRAXIS, "1600", "1700")):
        text = a_request("/caldav/empfang/", mailto("mueller"))
        told = answers(post(staff, "empfang", text))[mailto("mueller")][1]
    assert busy(told) == ["FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261123T100000Z/20261123T103000Z"]
    for name in "fct":
        assert staff.delete(f"{MUELLER}{name}.ics").status_code == 204


@contextmanager
def transparent(database: SqlDatabase, name: str) -> Iterator[None]:
    with writing(database) as uow:
        calendar = uow.calendars.find(name)
        assert calendar
        more = {"C:schedule-calendar-transp": "transparent"}
        uow.calendars.set_properties(calendar, {**calendar.properties, **more})
    yield
    with writing(database) as uow:
        after = uow.calendars.find(name)
        assert after
        uow.calendars.set_properties(after, calendar.properties)


def test_a_transparent_calendar_makes_nobody_busy(people: People) -> None:
    tag = CALDAV + "schedule-calendar-transp"
    text = a_request("/caldav/empfang/", mailto("mueller"))
    staff = people["empfang"]
    assert propfind(staff, MUELLER, tag).only.kinds(tag) == {CALDAV + "opaque"}
    with busy_hours(people, (MUELLER, "1000", "1030")):
        with transparent(people.database, "dr-mueller"):
            assert propfind(staff, MUELLER, tag).only.kinds(tag) == {CALDAV + "transparent"}
            told = answers(post(staff, "empfang", text))[mailto("mueller")]
            assert (told[0], busy(told[1])) == ("2.0;Success", [])
        assert len(busy(answers(post(staff, "empfang", text))[mailto("mueller")][1])) == 1


def test_a_series_without_end_is_busy_in_every_year(people: People) -> None:
    weekly = an_event("w", "20261123T100000", "20261123T103000", "RRULE:FREQ=WEEKLY")
    assert put(people["empfang"], MUELLER, "w.ics", weekly).status_code == 201
    span = ("20451120T000000Z", "20451127T000000Z")
    text = a_request("/caldav/empfang/", mailto("mueller"), span=span)
    told = answers(post(people["empfang"], "empfang", text))[mailto("mueller")][1]
    assert busy(told) == ["FREEBUSY;FBTYPE=BUSY:20451120T090000Z/20451120T093000Z"]
    assert people["empfang"].delete(MUELLER + "w.ics").status_code == 204


@pytest.mark.parametrize(
    ("spelled", "status"),
    [
        ("mailto:sabine.mueller@PRAXIS.example", "2.0;Success"),
        ("MAILTO:Sabine.Mueller@praxis.example", "2.0;Success"),
        ("/caldav/mueller/", "2.0;Success"),
        ("/caldav/mueller", "2.0;Success"),
        ("http://localhost/caldav/mueller/", "2.0;Success"),
        ("mailto:niemand@praxis.example", "3.7;Invalid calendar user"),
        ("mailto:", "3.7;Invalid calendar user"),
        ("urn:uuid:00000000-0000-0000-0000-000000000000", "3.7;Invalid calendar user"),
        ("http://[", "3.7;Invalid calendar user"),
        ("/caldav/weg/", "3.7;Invalid calendar user"),
        ("/caldav/gast/", "3.7;Invalid calendar user"),
        ("/caldav/empfang/", "5.3;No scheduling support for user"),
    ],
)
def test_an_attendee_is_known_by_any_of_its_addresses(
    people: People, spelled: str, status: str
) -> None:
    told = answers(post(people["empfang"], "empfang", a_request("/caldav/empfang/", spelled)))
    assert {recipient: one[0] for recipient, one in told.items()} == {spelled: status}


def test_every_address_a_principal_tells_can_be_asked_for(people: People) -> None:
    tag = CALDAV + "calendar-user-address-set"
    told = propfind(people["empfang"], "/caldav/mueller/", tag).only.hrefs(tag)
    found = answers(post(people["empfang"], "empfang", a_request("/caldav/empfang/", *told)))
    assert {recipient: one[0] for recipient, one in found.items()} == dict.fromkeys(
        told, "2.0;Success"
    )


def test_two_accounts_with_one_mailbox_are_one_person(people: People) -> None:
    shared = "praxis@praxis.example"
    with (
        having(people.database, "mueller", email=shared),
        having(people.database, "schmidt", email=shared),
        busy_hours(people, (MUELLER, "1000", "1030"), (SCHMIDT, "1500", "1600")),
    ):
        text = a_request("/caldav/empfang/", f"mailto:{shared}")
        ((status, told),) = answers(post(people["empfang"], "empfang", text)).values()
    assert status == "2.0;Success"
    assert len(busy(told)) == 2


@pytest.mark.parametrize("account", ["albis", "buchung", "gast", "tafel"])
def test_who_may_find_nobody_asks_for_nobody(people: People, account: str) -> None:
    text = a_request(f"/caldav/{account}/", mailto("mueller"), "mailto:niemand@example.org")
    told = answers(post(people[account], account, text))
    assert {one for one, _ in told.values()} == {"3.7;Invalid calendar user"}


def test_an_attendee_named_twice_is_answered_once(people: People) -> None:
    text = a_request("/caldav/empfang/", mailto("mueller"), mailto("mueller"))
    assert list(answers(post(people["empfang"], "empfang", text))) == [mailto("mueller")]


# -- what is refused -----------------------------------------------------------------------------

ME = "/caldav/empfang/"
LONG = ("20260101T000000Z", "20280101T000000Z")
FAULTS = {
    "no calendar at all": ("hello", "valid-calendar-data"),
    "an end inside": ("BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\n", "valid-calendar-data"),
    "an invitation": (a_request(ME, ME, component="VEVENT"), "valid-scheduling-message"),
    "a task": (a_request(ME, ME, component="VTODO"), "valid-scheduling-message"),
    "another method": (a_request(ME, ME, method="METHOD:PUBLISH"), "valid-scheduling-message"),
    "no method": (a_request(ME, ME, method=""), "valid-scheduling-message"),
    "no UID": (a_request(ME, ME, uid=""), "valid-scheduling-message"),
    "nobody asked": (a_request(ME), "valid-scheduling-message"),
    "too many asked": (
        a_request(ME, *(f"mailto:a{n}@example.org" for n in range(101))),
        "valid-scheduling-message",
    ),
    "too long": (a_request(ME, ME, span=LONG), "valid-scheduling-message"),
    "backwards": (a_request(ME, ME, span=(DAY[1], DAY[0])), "valid-scheduling-message"),
    "no time": (a_request(ME, ME, span=("20261123", "20261124")), "valid-scheduling-message"),
    "no date": (
        a_request(ME, ME, span=("20261399T000000Z", DAY[1])),
        "valid-scheduling-message",
    ),
    "an endless line": (a_request(ME, "mailto:" + "x" * 3000), "valid-scheduling-message"),
    "another's name": (a_request(mailto("mueller"), ME), "valid-organizer"),
    "a stranger's name": (a_request("mailto:x@example.org", ME), "valid-organizer"),
    "far too much": (a_request(ME, ME, uid="UID:" + "x" * 250_000), "max-resource-size"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_that_is_none_is_refused_with_a_reason(people: People, fault: str) -> None:
    text, element = FAULTS[fault]
    answer = post(people["empfang"], "empfang", text)
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + element}


def test_two_questions_at_once_are_refused(people: People) -> None:
    one = a_request(ME, ME)
    part = one[one.index("BEGIN:VFREEBUSY") : one.index("END:VCALENDAR")]
    answer = post(people["empfang"], "empfang", one.replace(part, part + part))
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + "valid-scheduling-message"}


def test_only_calendar_text_is_taken(people: People) -> None:
    answer = post(people["empfang"], "empfang", a_request(ME, ME), kind="application/json")
    assert answer.status_code == 403
    assert preconditions(answer) == {CALDAV + "supported-calendar-data"}
    not_utf8 = people["empfang"].post(OUTBOX.format("empfang"), content=b"BEGIN:\xff")
    assert preconditions(not_utf8) == {CALDAV + "valid-calendar-data"}


def test_nobody_asks_at_anothers_outbox(people: People) -> None:
    text = a_request(mailto("mueller"), mailto("mueller"))
    for asking in ("admin", "schmidt", "gast"):
        assert post(people[asking], "mueller", text).status_code == 404
    stranger = people["gast"].post(OUTBOX.format("gast"), content=text, auth=("niemand", "falsch"))
    assert stranger.status_code == 401


def test_asking_changes_and_sends_nothing(people: People) -> None:
    with reading(people.database) as uow:
        before = uow.log_state(), uow.outbox.waiting()
    post(people["empfang"], "empfang", a_request(ME, mailto("mueller")))
    post(people["empfang"], "empfang", a_request(ME, mailto("mueller"), component="VEVENT"))
    with reading(people.database) as uow:
        assert (uow.log_state(), uow.outbox.waiting()) == before


def test_the_boxes_of_an_event_are_nobodys_business(people: People) -> None:
    """An event with attendees is kept as it is; nothing comes of them, here or in an inbox."""
    lines = (f"ORGANIZER:{mailto('mueller')}", f"ATTENDEE;RSVP=TRUE:{mailto('schmidt')}")
    text = an_event("mit", "20261123T100000", "20261123T103000", *lines)
    assert put(people["mueller"], MUELLER, "mit.ics", text).status_code == 201
    assert people["mueller"].get(MUELLER + "mit.ics").text == text
    assert listing(people["schmidt"], INBOX.format("schmidt")) == {}
    answer = people["schmidt"].request("PROPFIND", INBOX.format("schmidt"), headers={"Depth": "1"})
    assert len(multistatus(answer).found) == 1
    assert people["mueller"].delete(MUELLER + "mit.ics").status_code == 204
