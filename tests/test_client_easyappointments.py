"""Easy!Appointments as a CalDAV client: it deletes its own booking when it cannot read ours.

Sources: alextselegidis/easyappointments (libraries/Caldav_sync, libraries/Ics_file,
controllers/Caldav::sync), issues #1702 and #1840, pull request #1874.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import httpx
import pytest
from icalendar import Calendar

from tests.building import PASSWORD, an_event
from tests.dav import CALDAV, DAV, HOME, emptied, listing, names, preconditions, put, query
from tests.servers import RunningServer

MUELLER = HOME + "dr-mueller/"
SCHMIDT = HOME + "dr-schmidt/"
#: What a provider's sync looks at: -30 to +90 days.
WINDOW = ("20261024T000000Z", "20270221T000000Z")


@dataclass
class EasyAppointments:
    """The tool with one provider: its bookings by CalDAV id, each with the text it would send."""

    client: httpx.Client
    url: str
    bookings: dict[str, str] = field(default_factory=dict)
    unavailabilities: dict[str, str] = field(default_factory=dict)
    errors: list[int] = field(default_factory=list)

    def book(self, number: int, start: str, end: str) -> str:
        """Take a booking and save it to the calendar at once; return its CalDAV id."""
        event_id = f"ea-{hashlib.md5(str(number).encode()).hexdigest()}"
        self.bookings[event_id] = a_booking(event_id, start, end)
        self.save(event_id)
        return event_id

    def save(self, event_id: str) -> int:
        """PUT without any condition; a failure is only noted."""
        body = self.bookings[event_id].encode()
        headers = {"Content-Type": "text/calendar"}
        address = f"{self.url.rstrip('/')}/{event_id}.ics"
        return self._noted(self.client.put(address, content=body, headers=headers))

    def cancel(self, event_id: str) -> int:
        """Delete a booking here and in the calendar."""
        del self.bookings[event_id]
        headers = {"Content-Type": "text/xml"}
        address = f"{self.url.rstrip('/')}/{event_id}.ics"
        return self._noted(self.client.delete(address, headers=headers))

    def _noted(self, answer: httpx.Response) -> int:
        if not answer.is_success:
            self.errors.append(answer.status_code)
        return answer.status_code

    def sync(self) -> None:
        """Compare every booking with the calendar, then take over what is not known here."""
        for event_id in list(self.bookings):
            answer = self.client.get(f"{self.url.rstrip('/')}/{event_id}.ics")
            if answer.status_code == 401 or answer.status_code >= 500:
                return  # the only answers that leave its bookings alone
            try:
                answer.raise_for_status()
                event = Calendar.from_ical(answer.content).walk("VEVENT")[0]
                cancelled = event.get("STATUS") == "CANCELLED"
            except (httpx.HTTPStatusError, ValueError, IndexError):
                cancelled = True
            if cancelled:
                del self.bookings[event_id]  # reproduced: this is what it does
            else:
                self.bookings[event_id] = answer.text
        for text in self.reported():
            event = Calendar.from_ical(text).walk("VEVENT")[0]
            uid = str(event["UID"])
            if event.get("STATUS") != "CANCELLED" and uid not in self.bookings:
                self.unavailabilities[uid] = f"{event.get('SUMMARY', '')}"

    def reported(self) -> list[str]:
        """Run its REPORT, by whose answer it finds events by namespace."""
        body = f"""
                <c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
                    <d:prop>
                        <d:getetag />
                        <c:calendar-data />
                    </d:prop>
                    <c:filter>
                        <c:comp-filter name="VCALENDAR">
                            <c:comp-filter name="VEVENT">
                                <c:time-range start="{WINDOW[0]}" end="{WINDOW[1]}"/>\t
                            </c:comp-filter>
                        </c:comp-filter>
                    </c:filter>
                </c:calendar-query>
            """
        headers = {"Content-Type": "application/xml", "Depth": "1"}
        answer = self.client.request("REPORT", self.url, content=body, headers=headers)
        assert answer.status_code == 207
        found = ET.fromstring(answer.content).iter(CALDAV + "calendar-data")
        # Without them it looks for addresses by this expression, one a line.
        for href in re.findall(r"<href>(.*?)</href>", answer.text):
            assert re.search(r"/calendars/.*?\.ics", href)
        return [element.text or "" for element in found]


def a_booking(event_id: str, start: str, end: str, status: str = "CONFIRMED") -> str:
    """Return a booking as the tool writes it, with everything that is odd about it."""
    patient = "ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CUTYPE=INDIVIDUAL;RSVP=TRUE"
    alarm = (
        *("BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER;VALUE=DATE-TIME:20261123T084500Z"),
        *("SUMMARY:Alarm notification", "DESCRIPTION:This is an event reminder"),
        f"ATTENDEE;{patient};CN=Erika Beispiel:mailto:erika@example.org",
        "END:VALARM",
    )
    return "\r\n".join(
        (
            *("BEGIN:VCALENDAR", "VERSION:2.0"),
            "PRODID:-//EasyAppointments//Open Source Web Scheduler//EN",
            "CALSCALE:GREGORIAN",
            "",  # where METHOD:PUBLISH was cut out
            *("BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "X-LIC-LOCATION:Europe/Berlin"),
            *("BEGIN:DAYLIGHT", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "TZNAME:CEST"),
            *("DTSTART:20260308T010000Z", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"),
            *("END:DAYLIGHT", "BEGIN:STANDARD", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100"),
            *("TZNAME:CET", "DTSTART:20261101T010000Z"),
            *("RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU", "END:STANDARD", "END:VTIMEZONE"),
            *("BEGIN:VEVENT", f"UID:{event_id}", f"DTSTART:{start}", f"DTEND:{end}"),
            *("DTSTAMP:20261120T081700Z", "SEQUENCE:1795163820", f"STATUS:{status}"),
            *("SUMMARY:Sprechstunde", "LOCATION:Am Park 1"),
            "DESCRIPTION:\\nKunde\\n\\nName: Erika Beispiel\\nE-Mail: erika@example.org\\n",
            " Telefon: +49 30 5550199\\nNotizen\\n\\nBitte Rückruf\\, danke",
            f"ATTENDEE;{patient};CN=Erika Beispiel:mailto:erika@example.org",
            "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE;CN=Dr. Mueller:mailto:m@example.org",
            "ORGANIZER;CN=Dr. Mueller:mailto:m@example.org",
            *alarm,
            *alarm,
            *("END:VEVENT", "END:VCALENDAR", ""),
        )
    )


@pytest.fixture
def house(server: RunningServer) -> RunningServer:
    """The served practice, its calendars empty."""
    return emptied(server)


@pytest.fixture
def staff(house: RunningServer) -> Iterator[httpx.Client]:
    """The reception."""
    with house.client() as client:
        yield client


@pytest.fixture
def tool(house: RunningServer) -> Iterator[EasyAppointments]:
    """The tool, one of its providers connected to Dr. Mueller's calendar."""
    with house.client("buchung") as client:
        yield EasyAppointments(client, house.url + MUELLER)


#: Ten o'clock in Berlin.
TEN = ("20261123T090000Z", "20261123T093000Z")
ELEVEN = ("20261123T100000Z", "20261123T103000Z")


def test_a_booking_is_kept_under_its_name_byte_for_byte(
    tool: EasyAppointments, staff: httpx.Client
) -> None:
    event_id = tool.book(1, *TEN)
    sent = tool.bookings[event_id]
    assert names(staff, MUELLER) == {f"{event_id}.ics"}
    assert staff.get(f"{MUELLER}{event_id}.ics").content == sent.encode()
    tool.sync()
    assert tool.bookings == {event_id: sent}  # else it would overwrite its notes with ours
    assert tool.unavailabilities == {}
    assert tool.errors == []


def test_a_bookings_time_is_right_whatever_its_time_zone_says(
    tool: EasyAppointments, staff: httpx.Client
) -> None:
    # Between 25 October and 1 November the rules it sends are an hour off.
    early = tool.book(1, "20261028T090000Z", "20261028T093000Z")
    assert set(query(staff, MUELLER, "20261028T090000Z", "20261028T093000Z").etags) == {
        f"{MUELLER}{early}.ics"
    }
    for start, end in (("08", "09"), ("10", "11")):
        assert not query(staff, MUELLER, f"20261028T{start}0000Z", f"20261028T{end}0000Z").found
    whole = staff.get(MUELLER + "appointments.ics").text
    assert "BYMONTH=10;BYDAY=-1SU" in whole
    assert "BYMONTH=11" not in whole


def test_a_booking_is_changed_by_the_same_request_that_made_it(
    tool: EasyAppointments, staff: httpx.Client
) -> None:
    event_id = tool.book(1, *TEN)
    before = listing(staff, MUELLER)
    assert tool.save(event_id) == 204  # its own slot is not taken by itself
    assert listing(staff, MUELLER) == before
    tool.bookings[event_id] = a_booking(event_id, *ELEVEN)
    assert tool.save(event_id) == 204
    assert set(query(staff, MUELLER, *ELEVEN).etags) == {f"{MUELLER}{event_id}.ics"}
    assert not query(staff, MUELLER, *TEN).found


def test_what_the_practice_changes_comes_back_to_the_tool(
    tool: EasyAppointments, staff: httpx.Client
) -> None:
    event_id = tool.book(1, *TEN)
    moved = a_booking(event_id, *ELEVEN).replace("Sprechstunde", "Sprechstunde (verlegt)")
    assert put(staff, MUELLER, f"{event_id}.ics", moved).status_code == 204
    tool.sync()
    assert tool.bookings == {event_id: moved}  # the tool may still read it: it is its own
    tool.bookings[event_id] = a_booking(event_id, *TEN)
    assert tool.save(event_id) == 204  # and change it


def test_a_booking_the_practice_deleted_or_cancelled_ends_in_the_tool(
    tool: EasyAppointments, staff: httpx.Client
) -> None:
    deleted, cancelled, kept = (
        tool.book(n, f"20261123T1{n}0000Z", f"20261123T1{n}3000Z") for n in (0, 1, 2)
    )
    assert staff.delete(f"{MUELLER}{deleted}.ics").status_code == 204
    text = a_booking(cancelled, "20261123T110000Z", "20261123T113000Z", "CANCELLED")
    assert put(staff, MUELLER, f"{cancelled}.ics", text).status_code == 204
    tool.sync()
    assert set(tool.bookings) == {kept}


def test_the_tool_cannot_delete_from_the_practices_calendar(
    tool: EasyAppointments, staff: httpx.Client
) -> None:
    event_id = tool.book(1, *TEN)
    sent = tool.bookings[event_id]
    address = f"{MUELLER}{event_id}.ics"
    refused = tool.client.delete(address)
    assert refused.status_code == 403
    assert preconditions(refused) == {DAV + "need-privileges"}
    assert tool.cancel(event_id) == 403
    assert staff.get(address).text == sent
    for method, headers in (
        ("MOVE", {"Destination": SCHMIDT + "weg.ics"}),
        ("PROPPATCH", {}),
        ("DELETE", {"If-Match": "*"}),
    ):
        assert tool.client.request(method, address, headers=headers).status_code == 403
    assert staff.get(address).text == sent


def test_the_tool_sees_and_overwrites_nothing_of_others(
    tool: EasyAppointments, staff: httpx.Client
) -> None:
    private = an_event("privat", "20261123T140000", "20261123T143000", "SUMMARY:Frau Beispiel")
    assert put(staff, MUELLER, "privat.ics", private).status_code == 201
    event_id = tool.book(1, *TEN)
    tool.sync()
    assert tool.unavailabilities == {}
    assert [text for text in tool.reported() if "Beispiel" in text] == [tool.bookings[event_id]]
    assert names(tool.client, MUELLER) == {f"{event_id}.ics"}
    assert tool.client.get(MUELLER + "privat.ics").status_code == 404
    assert "privat" not in tool.client.get(MUELLER + "appointments.ics").text

    taken_name = put(tool.client, MUELLER, "privat.ics", a_booking("neu", *ELEVEN))
    taken_uid = put(tool.client, MUELLER, "neu.ics", a_booking("privat", *ELEVEN))
    assert taken_name.status_code == 403
    assert taken_uid.status_code == 409
    assert "privat.ics" not in taken_uid.text
    assert staff.get(MUELLER + "privat.ics").text == private
    assert names(staff, MUELLER) == {"privat.ics", f"{event_id}.ics"}


@pytest.mark.parametrize("blocker", ["dr-mueller", "praxis"])
def test_a_taken_slot_is_refused_even_if_the_tool_cannot_see_by_what(
    tool: EasyAppointments, staff: httpx.Client, blocker: str
) -> None:
    block = an_event("block", "20261123T101500", "20261123T104500", "SUMMARY:Frau Beispiel")
    assert put(staff, f"{HOME}{blocker}/", "block.ics", block).status_code == 201
    answer = put(tool.client, MUELLER, "ea-1.ics", a_booking("ea-1", *TEN))
    assert answer.status_code == 409
    assert preconditions(answer) == {"{urn:praxis-caldav}slot-free"}
    assert "Beispiel" not in answer.text
    assert "block" not in answer.text
    assert names(staff, MUELLER) == ({"block.ics"} if blocker == "dr-mueller" else set())

    tool.book(2, *TEN)
    assert tool.errors == [409]
    tool.errors.clear()
    tool.book(3, *ELEVEN)  # half past ten to eleven was free all the time, and so is eleven
    assert tool.errors == []


def test_two_providers_bookings_do_not_meet(
    house: RunningServer, tool: EasyAppointments, staff: httpx.Client
) -> None:
    other = EasyAppointments(tool.client, house.url + SCHMIDT)
    first, second = tool.book(1, *TEN), other.book(2, *TEN)
    tool.sync()
    other.sync()
    assert (set(tool.bookings), set(other.bookings)) == ({first}, {second})
    assert tool.unavailabilities == other.unavailabilities == {}
    assert names(staff, SCHMIDT) == {f"{second}.ics"}


def test_a_wrong_password_never_looks_like_a_missing_booking(
    house: RunningServer, tool: EasyAppointments
) -> None:
    event_id = tool.book(1, *TEN)
    kept = dict(tool.bookings)
    with httpx.Client(base_url=house.url, auth=("buchung", PASSWORD + "!")) as wrong:
        tool.client = wrong
        tool.sync()
        assert tool.save(event_id) == 401
    assert tool.bookings == kept


def test_the_collections_address_needs_no_slash(
    house: RunningServer, tool: EasyAppointments
) -> None:
    event_id = tool.book(1, *TEN)
    bare = EasyAppointments(tool.client, house.url + MUELLER.rstrip("/"))
    bare.bookings = dict(tool.bookings)
    bare.sync()
    assert bare.bookings == tool.bookings
    assert bare.unavailabilities == {}
    assert bare.save(event_id) == 204
