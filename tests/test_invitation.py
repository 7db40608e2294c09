"""The calendar in an e-mail: right for any program, whatever the names in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from practice.appointments import Slot, Status
from practice.content_lines import outline
from practice.facts import Limits
from practice.vevent import Invitation, Method, invite, read
from tests.building import BERLIN, NOW

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=BERLIN)
INVITATION = Invitation(
    uid="booking-calcom-4711@praxis.example",
    slot=Slot(TEN, TEN + timedelta(minutes=30)),
    stamp=NOW,
    sequence=3,
    status=Status.CONFIRMED,
    summary="Termin bei Dr. Sabine Müller, Praxis am Park",
    description="Bitte sagen Sie rechtzeitig ab.\nTelefon: 030 123456",
    location="Raum 1, Praxis am Park, Parkstraße 1, 12345 Berlin",
    organizer=("Praxis am Park", "praxis@praxis.example"),
    attendee=("Zoë Ährenthaler", "zoe@patienten.example"),
)
#: What an event has, once each.
NAMES = {
    *("UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION"),
    *("ORGANIZER", "ATTENDEE", "STATUS"),
}
TEXTS = st.text(
    st.sampled_from("aN n\\^;:,'\"=@<>\r\n\t\0\x1f\x7f\x85äß\u2019\u2028\u202e\ufffe\ud800😀")
    | st.characters()
) | st.text("ab, \\^ä😀", min_size=60, max_size=300)


def event_in(text: str) -> Any:
    """Return the only event of a calendar."""
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def test_a_request_says_what_when_and_where() -> None:
    text = invite(INVITATION, BERLIN, Method.REQUEST)
    calendar = Calendar.from_ical(text)
    event = event_in(text)
    assert calendar["METHOD"] == "REQUEST"
    assert (calendar["VERSION"], calendar["CALSCALE"]) == ("2.0", "GREGORIAN")
    assert calendar["PRODID"]
    assert event["UID"] == INVITATION.uid
    assert event["SEQUENCE"] == 3
    assert event["DTSTAMP"].dt == NOW
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (TEN, TEN + timedelta(minutes=30))
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert event["SUMMARY"] == INVITATION.summary
    assert event["LOCATION"] == INVITATION.location
    assert event["DESCRIPTION"] == INVITATION.description
    assert event["STATUS"] == "CONFIRMED"
    assert event["ORGANIZER"] == "mailto:praxis@praxis.example"
    assert event["ORGANIZER"].params["CN"] == "Praxis am Park"
    patient = event["ATTENDEE"]
    assert patient == "mailto:zoe@patienten.example"
    assert patient.params["CN"] == "Zoë Ährenthaler"
    assert (patient.params["PARTSTAT"], patient.params["RSVP"]) == ("ACCEPTED", "FALSE")
    assert len(calendar.walk("VTIMEZONE")) == 1


def test_a_cancellation_is_found_by_what_was_requested() -> None:
    request = event_in(invite(INVITATION, BERLIN, Method.REQUEST))
    later = replace(INVITATION, sequence=4)
    text = invite(later, BERLIN, Method.CANCEL)
    cancel = event_in(text)
    assert Calendar.from_ical(text)["METHOD"] == "CANCEL"
    for name in ("UID", "ORGANIZER", "ATTENDEE"):
        assert cancel[name] == request[name]
    assert cancel["SEQUENCE"] > request["SEQUENCE"]
    assert cancel["STATUS"] == "CANCELLED"


def test_an_unconfirmed_one_is_tentative() -> None:
    asked = replace(INVITATION, status=Status.TENTATIVE)
    assert event_in(invite(asked, BERLIN, Method.REQUEST))["STATUS"] == "TENTATIVE"
    assert event_in(invite(asked, BERLIN, Method.CANCEL))["STATUS"] == "CANCELLED"


def test_a_file_to_keep_has_no_method() -> None:
    text = invite(INVITATION, BERLIN, None)
    assert "METHOD" not in Calendar.from_ical(text)
    assert event_in(text)["UID"] == INVITATION.uid


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (datetime(2026, 7, 1, 8, tzinfo=UTC), "20260701T100000"),
        (datetime(2026, 12, 1, 9, tzinfo=UTC), "20261201T100000"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "20261025T023000"),
    ],
)
def test_times_are_told_by_the_clock_of_the_practice(start: datetime, told: str) -> None:
    slot = Slot(start, start + timedelta(minutes=20))
    text = invite(replace(INVITATION, slot=slot), BERLIN, Method.REQUEST)
    assert f"DTSTART;TZID=Europe/Berlin:{told}\r\n" in text
    assert event_in(text)["DTSTART"].dt.timestamp() == start.timestamp()


def test_the_second_of_two_equal_times_is_not_taken_for_the_first() -> None:
    start = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    slot = Slot(start - timedelta(minutes=15), start)
    text = invite(replace(INVITATION, slot=slot), BERLIN, Method.REQUEST)
    event = event_in(text)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (slot.start, slot.end)


@pytest.mark.parametrize("name", ["UTC", "America/New_York", "Europe/Vienna"])
def test_a_practice_may_be_anywhere(name: str) -> None:
    event = event_in(invite(INVITATION, ZoneInfo(name), Method.REQUEST))
    assert event["DTSTART"].dt == TEN


def test_what_is_empty_is_left_out() -> None:
    bare = replace(INVITATION, location="", description="", attendee=("", "zoe@patienten.example"))
    event = event_in(invite(bare, BERLIN, Method.REQUEST))
    assert set(event) == NAMES - {"LOCATION", "DESCRIPTION"}
    assert "CN" not in event["ATTENDEE"].params


def test_an_odd_address_stays_an_address() -> None:
    odd = replace(INVITATION, attendee=("Zoë", "o'brien+a?b=c%20&d/e@patienten.example"))
    event = event_in(invite(odd, BERLIN, Method.REQUEST))
    assert event["ATTENDEE"] == "mailto:o'brien+a%3Fb%3Dc%2520%26d%2Fe@patienten.example"


@settings(deadline=None)  # the library takes its time for a zone
@given(summary=TEXTS, description=TEXTS, location=TEXTS, name=TEXTS, email=TEXTS, practice=TEXTS)
def test_no_text_adds_or_breaks_a_line(
    summary: str, description: str, location: str, name: str, email: str, practice: str
) -> None:
    invitation = replace(
        INVITATION,
        summary=summary,
        description=description,
        location=location,
        attendee=(name, email),
        organizer=(practice, "praxis@praxis.example"),
    )
    text = invite(invitation, BERLIN, Method.REQUEST)
    for line in text.encode().split(b"\r\n"):
        assert len(line) <= 75
        assert b"\r" not in line
        assert b"\n" not in line
        line.decode()
    event = event_in(text)
    assert set(event) <= NAMES
    assert not any(isinstance(value, list) for value in event.values())
    assert event["STATUS"] == "CONFIRMED"
    assert event["ORGANIZER"] == "mailto:praxis@praxis.example"
    # The practice's own door would take it, too.
    taken = outline(text)
    assert taken.components == ("VTIMEZONE", "VEVENT")
    read(invite(invitation, BERLIN, None), zone=BERLIN, now=NOW, limits=Limits())


@settings(deadline=None)  # the library takes its time for a zone
@given(name=st.text(st.characters(categories=["L", "M", "S"]) | st.sampled_from(" '.,;:^\\\"")))
def test_a_name_is_read_as_it_is(name: str) -> None:
    event = event_in(invite(replace(INVITATION, summary=name), BERLIN, Method.REQUEST))
    expected = " ".join(name.split())
    assert " ".join(str(event.get("SUMMARY", "")).split()) == expected
