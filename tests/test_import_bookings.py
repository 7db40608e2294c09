"""A booking tool's export becomes appointments, once, and stays in step with both sides."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar
from sqlalchemy import select

from practice.appointments import Slot, Status
from practice.conflicts import DisputeState
from practice.database import SqlDatabase
from practice.database.tables import letters, patients
from practice.patients import Patient, PatientRecord
from practice.use_cases.taking_over import Outcome
from practice.vevent import Event, Limits, read, write
from praxis_caldav.commands.data import import_file
from tests.bookings import (
    PROFILE,
    a_client,
    a_row,
    add_rooms,
    an_export,
    command,
    everything,
    faults,
    rows_a_day,
    take,
    url_of,
)
from tests.building import BERLIN, NOW, a_practice, an_event, reading, the_view, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

MUELLER = "/caldav/calendars/dr-mueller/"
SCHMIDT = "/caldav/calendars/dr-schmidt/"
PRAXIS = "/caldav/calendars/praxis/"
B_1 = "booking-csv-B-1.ics"

A_FULL_ROW = a_row(
    "B-1",
    status="angefragt",
    email="zoe@example.org",
    phone="030 23125-001",
    patient_id="4711",
    insurance="GKV",
    type="KONTROLLUNTERSUCHUNG",
    reason="Kontrolle; Bein, links",
    notes="Zeile eins\nZeile zwei \\ Ende",
    room="raum-1",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "buchungen.csv"


@pytest.fixture
def house(practice: SqlDatabase) -> SqlDatabase:
    """A practice with two rooms."""
    add_rooms(practice, "raum-1", "raum-2")
    return practice


@pytest.fixture
def client(house: SqlDatabase) -> Iterator[TestClient]:
    """Practice software, which reads and writes every calendar."""
    with a_client(house, "albis") as made:
        yield made


def lines_of(text: str) -> list[str]:
    """Return the content lines of a text."""
    return text.replace("\r\n ", "").split("\r\n")


def event_of(text: str) -> Any:
    return ICalendar.from_ical(text).events[0]


def the_text(client: TestClient, address: str = MUELLER + B_1) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return str(answer.text)


def edit(client: TestClient, address: str, *changes: tuple[str, str]) -> None:
    """Change an object as the practice's software does."""
    answer = client.get(address)
    text = answer.text
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    done = client.put(address, content=text, headers={"If-Match": answer.headers["etag"]})
    assert done.status_code == 204, done


def etags(client: TestClient, calendar: str) -> dict[str, str]:
    """Return the ETags in a calendar, by address."""
    body = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    answer = client.request("PROPFIND", calendar, content=body, headers={"Depth": "1"})
    assert answer.status_code == 207
    found = re.findall(r"<href>([^<]+\.ics)</href>.*?<getetag>([^<]+)<", answer.text, re.DOTALL)
    return dict(found)


def number_of(database: SqlDatabase) -> int:
    with reading(database) as uow:
        return uow.log_state().number


def letters_of(database: SqlDatabase) -> int:
    with database.engine.connect() as connection:
        return len(connection.execute(select(letters.c.id)).all())


def patients_of(database: SqlDatabase) -> list[Any]:
    with database.engine.connect() as connection:
        return list(connection.execute(select(patients).order_by(patients.c.id)))


# --- a row becomes an event ---------------------------------------------------------------------


def test_a_row_becomes_an_event_that_says_everything(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    taken = take(house, path, A_FULL_ROW)
    assert taken.counts == {Outcome.CREATED: 1}
    assert (taken.bad, taken.double, taken.removed_here, taken.left) == ([], [], [], [])

    text = the_text(client)
    lines = lines_of(text)
    event = lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")]
    stamps = [line for line in event if line.startswith(("DTSTAMP:", "LAST-MODIFIED:"))]
    assert len(stamps) == 2
    for stamp in stamps:
        made = datetime.strptime(stamp.partition(":")[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        assert before <= made <= datetime.now(UTC)
    assert sorted(set(event) - set(stamps)) == sorted(
        [
            "UID:booking-csv-B-1@praxis.example.org",
            "DTSTART;TZID=Europe/Berlin:20261124T100000",
            "DTEND;TZID=Europe/Berlin:20261124T103000",
            "SEQUENCE:0",
            r"SUMMARY:Anfrage: Zoë Ährenthaler - Kontrolle\; Bein\, links",
            r"DESCRIPTION:Patient: Zoë Ährenthaler\nGeburtsdatum: 03.02.1966\nVersicherung:"
            r" Gesetzlich\nTelefon: 030 23125-001\nGrund: Kontrolle\; Bein\, links\nBemerkung:"
            r" Zeile eins\nZeile zwei \\ Ende\n\nGebucht via Online-Terminbuchung",
            r"LOCATION:Raum 1\, Praxis",
            "STATUS:TENTATIVE",
            "ORGANIZER;CN=Praxis:mailto:praxis@example.org",
            'ATTENDEE;CN="Zoë Ährenthaler";RSVP=TRUE:mailto:zoe@example.org',
            "CATEGORIES:APPOINTMENT,FOLLOWUP",
            "COLOR:steelblue",
            "CLASS:PRIVATE",
            "X-PATIENT-ID:4711",
            "X-INSURANCE-TYPE:GESETZLICH",
            "X-APPOINTMENT-TYPE:KONTROLLUNTERSUCHUNG",
            "X-BOOKING-SOURCE:ONLINE_BOOKING",
            "X-REQUIRES-CONFIRMATION:TRUE",
        ]
    )


def test_the_object_is_well_formed_and_brings_its_time_zone(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    text = the_text(client)
    physical = text.encode().split(b"\r\n")
    assert max(map(len, physical)) <= 75
    assert not re.search(rb"[^\r]\n|\r[^\n]", text.encode())
    lines = lines_of(text)
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[2].startswith("PRODID:")
    zone = lines[lines.index("BEGIN:VTIMEZONE") : lines.index("BEGIN:VEVENT")]
    assert zone.count("TZID:Europe/Berlin") == zone.count("BEGIN:VTIMEZONE") == 1
    assert zone[-1] == "END:VTIMEZONE"
    assert {"BEGIN:STANDARD", "BEGIN:DAYLIGHT"} < set(zone)
    # Another client may know the zone by nothing but what is written here.
    elsewhere = text.replace("Europe/Berlin", "Anderswo")
    facts = read(elsewhere, zone=BERLIN, now=NOW, limits=Limits())
    assert facts.slot is not None
    assert facts.slot.start.astimezone(UTC) == datetime(2026, 11, 24, 9, tzinfo=UTC)
    found = client.request(
        "REPORT",
        MUELLER,
        content='<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        "<prop><getetag/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
        "<C:comp-filter name='VEVENT'>"
        "<C:time-range start='20261124T092959Z' end='20261124T093000Z'/>"
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
        headers={"Depth": "1"},
    )
    assert MUELLER + B_1 in found.text


def test_the_appointment_knows_what_the_row_told(house: SqlDatabase, path: Path) -> None:
    take(house, path, A_FULL_ROW)
    with reading(house) as uow:
        made = uow.appointments.by_booking("csv", ["B-1"])["B-1"]
        calendar = uow.calendars.find("dr-mueller")
        rooms = {room.slug: room.id for room in uow.house.rooms()}
        patient = uow.patients.by_number("4711")
    assert calendar is not None
    assert patient is not None
    assert made.uid == "booking-csv-B-1@praxis.example.org"
    start = datetime(2026, 11, 24, 10, tzinfo=BERLIN)
    assert made.slot == Slot(start, start + timedelta(minutes=30))
    assert (made.status, made.doctor_id) == (Status.TENTATIVE, calendar.doctor_id)
    assert (made.calendar_id, made.room_id) == (calendar.id, rooms["raum-1"])
    assert (made.patient_id, made.kind) == (patient.id, "KONTROLLUNTERSUCHUNG")
    assert (made.insurance, made.requires_confirmation) == ("GESETZLICH", True)
    assert patient.record.last_name == "Ährenthaler"
    # What is kept for comparing is not a second copy of the patient.
    told = json.dumps(json.loads(made.booking_base or ""), ensure_ascii=False)
    assert not [word for word in ("Ährenthaler", "Zoë", "zoe@", "23125", "Bein") if word in told]


@pytest.mark.parametrize(
    ("status", "line", "prefix"),
    [
        ("bestätigt", "STATUS:CONFIRMED", ""),
        ("angefragt", "STATUS:TENTATIVE", "Anfrage: "),
        ("abgesagt", "STATUS:CANCELLED", ""),
    ],
)
def test_only_what_is_not_confirmed_is_titled_a_request(
    house: SqlDatabase, client: TestClient, path: Path, status: str, line: str, prefix: str
) -> None:
    take(house, path, a_row(status=status))
    lines = lines_of(the_text(client))
    assert line in lines
    assert f"SUMMARY:{prefix}Zoë Ährenthaler - Termin" in lines


def test_what_is_not_told_is_left_out(house: SqlDatabase, client: TestClient, path: Path) -> None:
    take(house, path, a_row(birth_date="", first_name=""))
    event = event_of(the_text(client))
    missing = {"ATTENDEE", "COLOR", "X-INSURANCE-TYPE", "X-APPOINTMENT-TYPE"}
    assert not missing & set(event)
    assert event["DESCRIPTION"] == "Patient: Ährenthaler\n\nGebucht via Online-Terminbuchung"
    assert event["LOCATION"] == "Praxis"
    assert event["CATEGORIES"].to_ical() == b"APPOINTMENT"
    assert event["X-REQUIRES-CONFIRMATION"] == "FALSE"


def test_a_category_of_the_row_wins_over_the_one_of_its_type(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, a_row(type="ERSTBESUCH", category="WOUND_CARE"))
    event = event_of(the_text(client))
    assert event["CATEGORIES"].cats == ["APPOINTMENT", "WOUND_CARE"]
    assert event["COLOR"] == "darkorange"


AWKWARD = (
    "a,b;c:d",
    'sagt "hoch" und ^n',
    "\\n ist kein Umbruch",
    "BEGIN:VEVENT",
    "END:VCALENDAR",
    "ends with a backslash \\",
    "👍🏽" * 40,
    "ä" * 200,
    "=1+1",
    "<b>fett</b> & mehr",
    "A\u2028B",
    "x" * 61 + "BEGIN:VEVENT",
)


def test_whatever_stands_in_a_cell_comes_back_as_it_was(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    rows = [
        a_row(f"B-{n}", start=f"2026-11-{n + 1:02} 10:00", end=f"2026-11-{n + 1:02} 10:30")
        | {"last_name": text, "reason": text, "notes": f"{text}\n{text}", "type": text}
        for n, text in enumerate(AWKWARD)
        if "\u2028" not in text
    ]
    rows.append(a_row("B-99", notes="A\u2028B\tC"))
    taken = take(house, path, *rows)
    assert taken.bad == []
    for row in rows[:-1]:
        text = the_text(client, f"{MUELLER}booking-csv-{row['booking_id']}.ics")
        event = event_of(text)
        name = f"Zoë {row['last_name']}"
        assert event["SUMMARY"] == f"{name} - {row['reason']}"
        assert f"Patient: {name}\n" in event["DESCRIPTION"]
        assert f"Bemerkung: {row['notes']}\n\n" in event["DESCRIPTION"]
        assert event["X-APPOINTMENT-TYPE"] == row["type"]
    assert faults(house) == []


EARLY, LATE = datetime(1996, 4, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@given(
    start=st.integers(int(EARLY.timestamp()), int(LATE.timestamp())),
    minutes=st.integers(1, 24 * 60),
)
def test_a_slot_is_read_as_it_was_written(start: int, minutes: int) -> None:
    begins = datetime.fromtimestamp(start, UTC)
    slot = Slot(begins, begins + timedelta(minutes=minutes))
    assert the_slot_read(slot) == slot


@pytest.mark.parametrize("minute", range(0, 180, 15))
def test_the_hour_that_the_clock_shows_twice_is_written_as_it_is(minute: int) -> None:
    start = datetime(2026, 10, 24, 23, 15, tzinfo=UTC) + timedelta(minutes=minute)
    slot = Slot(start, start + timedelta(minutes=45))
    assert the_slot_read(slot) == slot


def the_slot_read(slot: Slot) -> Slot | None:
    event = Event("u", slot, NOW, "s", "d", "l", Status.CONFIRMED, ("P", "p@e"), ("", ""), (), "")
    found = read(write(event, BERLIN), zone=BERLIN, now=NOW, limits=Limits()).slot
    return found and Slot(found.start.astimezone(UTC), found.end.astimezone(UTC))


# --- the same again -----------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    rows = [A_FULL_ROW, *rows_a_day(20), a_row("B-2", status="cancelled")]
    assert take(house, path, *rows).counts == {Outcome.CREATED: 22}
    before, listed = everything(house), etags(client, PRAXIS)
    assert len(listed) == 22
    # In another order, dialect and wording: what it says is the same.
    again = take(house, path, *reversed([row | {"end": row["end"]} for row in rows]))
    assert again.counts == {Outcome.UNCHANGED: 22}
    path.write_text(path.read_text("utf-8").replace("confirmed", "Bestätigt"), "cp1252")
    ran = command("import-bookings", path, database=house)
    assert ran == (0, "Bookings: 22 unchanged; 0 bad rows.\n", "")
    assert everything(house) == before
    assert etags(client, PRAXIS) == listed


def test_a_changed_row_changes_its_object_and_no_other(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW, *rows_a_day(10))
    listed, number = etags(client, PRAXIS), number_of(house)
    moved = A_FULL_ROW | {"end": "2026-11-24 10:45", "reason": "Verlauf"}
    taken = take(house, path, moved, *rows_a_day(10))
    assert taken.counts == {Outcome.CHANGED: 1, Outcome.UNCHANGED: 10}
    assert number_of(house) == number + 1
    now = etags(client, PRAXIS)
    assert now.keys() == listed.keys()
    assert {name for name in now if now[name] != listed[name]} == {f"{PRAXIS}dr-mueller~{B_1}"}
    event = event_of(the_text(client))
    assert event["UID"] == "booking-csv-B-1@praxis.example.org"
    assert event["SEQUENCE"] == 1
    assert event["SUMMARY"] == "Anfrage: Zoë Ährenthaler - Verlauf"
    assert lines_of(the_text(client)).count("DTEND;TZID=Europe/Berlin:20261124T104500") == 1
    assert faults(house) == []
    assert take(house, path, moved, *rows_a_day(10)).counts == {Outcome.UNCHANGED: 11}


def test_a_confirmed_request_is_no_longer_titled_one(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    take(house, path, A_FULL_ROW | {"status": "bestätigt"})
    lines = lines_of(the_text(client))
    assert r"SUMMARY:Zoë Ährenthaler - Kontrolle\; Bein\, links" in lines
    assert {"STATUS:CONFIRMED", "X-REQUIRES-CONFIRMATION:FALSE", "SEQUENCE:1"} < set(lines)
    assert "Anfrage" not in the_text(client)


def test_a_cancelled_booking_stays_as_a_cancelled_event(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    taken = take(house, path, A_FULL_ROW | {"status": "storniert"})
    assert taken.counts == {Outcome.CHANGED: 1}
    assert "STATUS:CANCELLED" in lines_of(the_text(client))
    with reading(house) as uow:
        status = uow.appointments.by_booking("csv", ["B-1"])["B-1"].status
    assert status is Status.CANCELLED
    assert faults(house) == []


def test_an_import_tells_nobody(house: SqlDatabase, path: Path) -> None:
    take(house, path, A_FULL_ROW)
    for change in (
        {"start": "2026-11-24 09:00"},
        {"doctor": "dr-schmidt"},
        {"status": "confirmed"},
        {"status": "cancelled"},
    ):
        assert take(house, path, A_FULL_ROW | change).counts == {Outcome.CHANGED: 1}
    assert letters_of(house) == 0


def test_two_tools_may_number_their_bookings_alike(house: SqlDatabase, path: Path) -> None:
    an_export(path, a_row("1"))
    assert command("import-bookings", path, "--source", "a", database=house).code == 0
    ran = command("import-bookings", path, "--source", "b", database=house)
    assert ran.out == "Bookings: 1 created; 0 bad rows.\n"
    assert "something else" in ran.err  # the two are at one time
    an_export(path, a_row("b-1", start="2026-11-24 12:00", end="2026-11-24 13:00"))
    assert command("import-bookings", path, "--source", "a", database=house).code == 0
    an_export(path, a_row("1", start="2026-11-24 14:00", end="2026-11-24 15:00"))
    ran = command("import-bookings", path, "--source", "a-b", database=house)
    assert ran.out == "Bookings: 1 created; 0 bad rows.\n"
    assert faults(house) == []


# --- what the practice did in the meantime -----------------------------------------------------


def test_what_the_practice_added_is_kept(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    added = (
        'X-ALBIS;X-SICHT="a,b":47,11;x',
        "TRANSP:OPAQUE",
        "ATTACH:https://example.org/befund",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT15M",
        "DESCRIPTION:Erinnerung",
        "END:VALARM",
    )
    edit(client, MUELLER + B_1, ("END:VEVENT", "\r\n".join([*added, "END:VEVENT"])))
    take(house, path, A_FULL_ROW | {"start": "2026-11-24 09:30", "phone": "030 23125-002"})
    lines = lines_of(the_text(client))
    assert set(added) < set(lines)
    assert "DTSTART;TZID=Europe/Berlin:20261124T093000" in lines
    assert lines[lines.index("BEGIN:VALARM") :][:5] == list(added[3:])


def test_what_the_practice_moved_stays_though_the_tool_moves_it_and_a_person_is_asked(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    edit(client, MUELLER + B_1, ("20261124T10", "20261125T15"))
    told = letters_of(house)
    taken = take(house, path, A_FULL_ROW | {"reason": "Verlauf"})
    assert taken.counts == {Outcome.CHANGED: 1}
    event = event_of(the_text(client))
    assert event["DTSTART"].dt == datetime(2026, 11, 25, 15, tzinfo=BERLIN)
    assert event["DTEND"].dt == datetime(2026, 11, 25, 15, 30, tzinfo=BERLIN)
    assert "Verlauf" in event["SUMMARY"]
    with reading(house) as uow:
        slot = uow.appointments.by_booking("csv", ["B-1"])["B-1"].slot
    assert slot.start == datetime(2026, 11, 25, 15, tzinfo=BERLIN)

    moved = A_FULL_ROW | {"reason": "Verlauf", "start": "2026-11-26 08:00"}
    take(house, path, moved | {"end": "2026-11-26 08:30"})
    event = event_of(the_text(client))
    assert event["DTSTART"].dt == datetime(2026, 11, 25, 15, tzinfo=BERLIN)
    with reading(house) as uow:
        (dispute,) = uow.disputes.find([DisputeState.OPEN])
        assert dispute.theirs is not None
        assert dispute.theirs.start == "2026-11-26T07:00:00+00:00"
    assert letters_of(house) != told
    assert faults(house) == []


def test_what_the_practice_confirmed_stays_confirmed(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    edit(client, MUELLER + B_1, ("STATUS:TENTATIVE", "STATUS:CONFIRMED"))
    take(house, path, A_FULL_ROW | {"phone": "030 23125-002"})
    lines = lines_of(the_text(client))
    assert "STATUS:CONFIRMED" in lines
    assert r"SUMMARY:Zoë Ährenthaler - Kontrolle\; Bein\, links" in lines


def test_what_the_practice_wrote_is_not_overwritten_by_another_change(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    edit(
        client,
        MUELLER + B_1,
        ("SUMMARY:Anfrage: Zoë", "SUMMARY:Anfrage: NÜCHTERN! Zoë"),
        ("Bemerkung: ", "Bemerkung: Allergie gegen Latex! "),
        ("COLOR:steelblue", "COLOR:crimson"),
        ("LOCATION:Raum 1", "LOCATION:Keller"),
    )
    changed = A_FULL_ROW | {"phone": "030 23125-002", "insurance": "PKV"}
    take(house, path, changed)
    event = event_of(the_text(client))
    assert event["SUMMARY"].startswith("Anfrage: NÜCHTERN! Zoë")
    assert "Allergie gegen Latex!" in event["DESCRIPTION"]
    assert (event["COLOR"], event["LOCATION"]) == ("crimson", "Keller, Praxis")
    assert event["X-INSURANCE-TYPE"] == "PRIVAT"  # which the practice had left alone
    take(house, path, changed | {"status": "confirmed", "room": "raum-2"})
    event = event_of(the_text(client))
    assert event["SUMMARY"].startswith("NÜCHTERN! Zoë")
    assert (event["STATUS"], event["LOCATION"]) == ("CONFIRMED", "Raum 2, Praxis")
    assert "Allergie gegen Latex!" in event["DESCRIPTION"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(
            "DTSTART;TZID=Europe/Berlin:20261124T100000\r\nRRULE:FREQ=WEEKLY;COUNT=3",
            "DTEND;TZID=Europe/Berlin:20261124T104000",
            id="a series",
        ),
        pytest.param("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261203", id="whole days"),
        pytest.param(
            "DTSTART;TZID=Europe/Berlin:20261124T110000", "DURATION:PT20M", id="a duration"
        ),
    ],
)
def test_times_the_practice_tells_in_another_way_stay(
    house: SqlDatabase, client: TestClient, path: Path, start: str, end: str
) -> None:
    take(house, path, A_FULL_ROW)
    edit(
        client,
        MUELLER + B_1,
        ("DTSTART;TZID=Europe/Berlin:20261124T100000", start),
        ("DTEND;TZID=Europe/Berlin:20261124T103000", end),
    )
    take(house, path, A_FULL_ROW | {"reason": "Verlauf"})
    lines = lines_of(the_text(client))
    assert set(start.split("\r\n")) <= set(lines)
    assert end in lines
    assert len([line for line in lines if line.startswith(("DTEND", "DURATION"))]) == 1
    assert "SUMMARY:Anfrage: Zoë Ährenthaler - Verlauf" in lines
    assert faults(house) == []


def test_a_zone_that_the_practices_software_uses_keeps_its_definition(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Praxiszeit\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    edit(
        client,
        MUELLER + B_1,
        ("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT\r\nX-ALBIS-GESEHEN;TZID=Praxiszeit:20261120T080000"),
    )
    take(house, path, A_FULL_ROW | {"reason": "Verlauf"})
    assert zone in the_text(client)
    assert the_text(client).count("TZID:Europe/Berlin") == 1


def test_another_doctor_in_the_file_moves_the_object_to_that_calendar(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    edit(client, MUELLER + B_1, ("END:VEVENT", "X-ALBIS:47\r\nEND:VEVENT"))
    taken = take(house, path, A_FULL_ROW | {"doctor": "dr-schmidt"})
    assert taken.counts == {Outcome.CHANGED: 1}
    assert client.get(MUELLER + B_1).status_code == 404
    text = the_text(client, SCHMIDT + B_1)
    assert "X-ALBIS:47" in lines_of(text)
    assert list(etags(client, PRAXIS)) == [f"{PRAXIS}dr-schmidt~{B_1}"]
    with reading(house) as uow:
        made = uow.appointments.by_booking("csv", ["B-1"])["B-1"]
        schmidt = uow.calendars.find("dr-schmidt")
    assert schmidt is not None
    assert (made.doctor_id, made.calendar_id) == (schmidt.doctor_id, schmidt.id)
    assert faults(house) == []


def test_a_doctor_the_practice_changed_stays(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    target = f"http://testserver{SCHMIDT}anders.ics"
    moved = client.request("MOVE", MUELLER + B_1, headers={"Destination": target})
    assert moved.status_code == 201
    take(house, path, A_FULL_ROW | {"reason": "Verlauf"})
    assert list(etags(client, PRAXIS)) == [f"{PRAXIS}dr-schmidt~anders.ics"]
    assert "Verlauf" in the_text(client, SCHMIDT + "anders.ics")


def test_an_object_moved_to_another_calendar_replaces_nobody_elses_of_its_name(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    other = an_event("ganz-anders", "20261124T160000", "20261124T163000")
    assert client.put(SCHMIDT + B_1, content=other).status_code == 201
    take(house, path, A_FULL_ROW)
    take(house, path, A_FULL_ROW | {"doctor": "dr-schmidt"})
    assert the_text(client, SCHMIDT + B_1) == other
    (name,) = set(etags(client, SCHMIDT)) - {SCHMIDT + B_1}
    assert "UID:booking-csv-B-1@praxis.example.org" in lines_of(the_text(client, name))
    assert client.get(MUELLER + B_1).status_code == 404
    assert faults(house) == []


def test_a_new_booking_replaces_nobody_elses_object_of_its_name(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    other = an_event("ganz-anders", "20261124T160000", "20261124T163000")
    assert client.put(MUELLER + B_1, content=other).status_code == 201
    assert take(house, path, A_FULL_ROW).counts == {Outcome.CREATED: 1}
    assert the_text(client) == other
    assert len(etags(client, MUELLER)) == 2


def test_a_booking_whose_uid_somebody_else_used_is_refused_and_hinders_no_other(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    other = an_event("booking-csv-B-1@praxis.example.org")
    assert client.put(MUELLER + "x.ics", content=other).status_code == 201
    before = patients_of(house)
    taken = take(house, path, A_FULL_ROW)
    assert [(row.line, "UID" in row.reason) for row in taken.bad] == [(2, True)]
    assert patients_of(house) == before
    assert take(house, path, A_FULL_ROW, *rows_a_day(2)).counts == {Outcome.CREATED: 2}
    assert the_text(client, MUELLER + "x.ics") == other


def test_a_booking_that_stands_in_both_calendars_ends_up_in_the_tools(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    # A client moves it by PUT there, and has not yet deleted it here.
    assert client.put(SCHMIDT + "neu.ics", content=the_text(client)).status_code == 201
    taken = take(house, path, A_FULL_ROW | {"doctor": "dr-schmidt", "reason": "Verlauf"})
    assert taken.counts == {Outcome.CHANGED: 1}
    assert "Verlauf" in the_text(client, SCHMIDT + "neu.ics")
    take(house, path, A_FULL_ROW)
    assert "Kontrolle" in the_text(client, MUELLER + B_1)
    assert faults(house) == []


def test_an_object_the_practice_moved_to_the_main_calendar_is_still_found(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    target = f"http://testserver{PRAXIS}offen.ics"
    moved = client.request("MOVE", MUELLER + B_1, headers={"Destination": target})
    assert moved.status_code == 201, moved
    taken = take(house, path, A_FULL_ROW | {"reason": "Verlauf"})
    assert (taken.counts, taken.removed_here) == ({Outcome.CHANGED: 1}, [])
    assert "Verlauf" in the_text(client, PRAXIS + "offen.ics")
    take(house, path, A_FULL_ROW | {"doctor": "dr-schmidt"})
    assert list(etags(client, PRAXIS)) == [f"{PRAXIS}offen.ics"]
    assert faults(house) == []


def test_an_object_that_became_something_else_does_not_stop_the_import(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW)
    task = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\n"
        "UID:booking-csv-B-1@praxis.example.org\r\nDTSTAMP:20261101T080000Z\r\n"
        "END:VTODO\r\nEND:VCALENDAR\r\n"
    )
    assert client.put(MUELLER + B_1, content=task).status_code == 204
    taken = take(house, path, A_FULL_ROW | {"reason": "Verlauf"}, a_row("B-2"))
    assert taken.counts[Outcome.CREATED] == 1
    assert the_text(client) == task


def test_what_the_practice_deleted_is_not_made_anew_and_is_reported(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, A_FULL_ROW, a_row("B-2", doctor="dr-schmidt"))
    assert client.delete(MUELLER + B_1).status_code == 204
    number = number_of(house)
    rows = (A_FULL_ROW, a_row("B-2", doctor="dr-schmidt"))
    assert take(house, path, *rows).counts == {Outcome.UNCHANGED: 2}
    an_export(path, A_FULL_ROW | {"start": "2026-11-24 09:00"}, rows[1])
    ran = command("import-bookings", path, database=house)
    assert ran.out == "Bookings: 1 unchanged, 1 removed here; 0 bad rows.\n"
    assert ran.err == "Changed by the tool, but removed in the practice's calendars (1):\n  B-1\n"
    assert client.get(MUELLER + B_1).status_code == 404
    assert number_of(house) == number
    assert faults(house) == []


# --- what is not in the file, or not in order ---------------------------------------------------


def test_rows_that_left_the_file_are_reported_and_never_deleted(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    rows = [
        a_row(f"B-{n}", start=f"2026-11-{n:02} 10:00", end=f"2026-11-{n:02} 11:00")
        for n in range(1, 8)
    ]
    take(house, path, *rows)
    before = everything(house)
    # The file tells of the 3rd to the 6th; what lies outside did not leave it.
    an_export(path, rows[2], rows[5])
    ran = command("import-bookings", path, database=house)
    assert ran.out == "Bookings: 2 unchanged; 0 bad rows.\n"
    assert ran.err == "No longer in the file, kept in the calendars (2):\n  B-4\n  B-5\n"
    assert everything(house) == before
    assert len(etags(client, MUELLER)) == 7


@pytest.mark.parametrize("rows", [[], ["B-1;dr-mueller;gestern;;"]], ids=["empty", "bad"])
def test_a_file_without_a_good_row_means_nothing(
    house: SqlDatabase, path: Path, rows: list[str]
) -> None:
    take(house, path, *rows_a_day(3))
    before = everything(house)
    header = "booking_id;doctor;start;end;last_name"
    path.write_text("\n".join([header, *rows, ""]), "utf-8")
    ran = command("import-bookings", path, database=house)
    assert (ran.code, ran.out) == (len(rows), f"Bookings: none; {len(rows)} bad rows.\n")
    assert "No longer" not in ran.err
    assert everything(house) == before


@pytest.mark.parametrize("text", ["", "Guten Tag\n1\n", "booking_id;doctor\nB-1;dr-mueller\n"])
def test_a_file_that_is_no_export_is_refused_in_a_sentence(
    house: SqlDatabase, path: Path, text: str
) -> None:
    path.write_text(text, "utf-8")
    before = everything(house)
    ran = command("import-bookings", path, database=house)
    assert (ran.code, ran.out) == (1, "")
    assert re.fullmatch(r"Error: The (file|first row|header) .*\n", ran.err)
    assert everything(house) == before


@pytest.mark.parametrize(
    "row",
    [
        "B-000002;dr-mueller;morgen;;Linden;Thea",
        "B-000002;dr-mueller;2027-01-01 08:30",
        'B-000002;dr-mueller;2027-01-01 08:30;;"Linden;Thea',
        "B-000002;dr-gibtsnicht;2027-01-01 08:30;2027-01-01 09:00;Linden;Thea",
    ],
    ids=["unreadable", "too short", "misquoted", "unknown doctor"],
)
def test_a_bad_row_has_not_left_the_file(house: SqlDatabase, path: Path, row: str) -> None:
    header = "booking_id;doctor;start;end;last_name;first_name"
    good = [
        f"B-00000{n};dr-mueller;2027-01-01 08:{n}0;2027-01-01 08:{n}5;Linden;Thea"
        for n in (1, 2, 3)
    ]
    path.write_text("\n".join([header, *good, ""]), "utf-8")
    assert command("import-bookings", path, database=house).code == 0
    before = everything(house)
    path.write_text("\n".join([header, good[0], good[2], row, ""]), "utf-8")
    ran = command("import-bookings", path, database=house)
    assert ran.out == "Bookings: 2 unchanged; 1 bad rows.\n"
    assert ran.err.startswith("Bad rows (1):\n  line 4: ")
    assert "No longer" not in ran.err
    assert everything(house) == before


def test_bad_rows_are_listed_with_line_and_reason_and_good_ones_kept(
    house: SqlDatabase, client: TestClient, path: Path, tmp_path: Path
) -> None:
    an_export(
        path,
        a_row("B-1"),
        a_row("B-2", start="morgen"),
        a_row("", last_name="Geheimname"),
        a_row("B-4", doctor="Dr. Gibtsnicht"),
        a_row("B-1", last_name="Doppelt"),
        a_row("B-6", room="Raum 9"),
        a_row("B-7", doctor="Dr. Schmidt", room="Raum 2", notes="eine\nandere\nZeile"),
        a_row("B-8", birth_date="2029-01-01"),
    )
    listed = tmp_path / "schlecht.csv"
    ran = command("import-bookings", path, "--bad-rows", listed, database=house)
    assert ran.code == 1
    assert ran.out == "Bookings: 2 created; 6 bad rows.\n"
    heading, *lines = ran.err.splitlines()
    assert heading == "Bad rows (6):"
    reasons = {int(line.split()[1].rstrip(":")): line.partition(": ")[2] for line in lines}
    assert list(reasons) == [3, 4, 5, 6, 7, 11]
    assert "start" in reasons[3]
    assert "booking_id" in reasons[4]
    assert "dr-gibtsnicht" in reasons[5]
    assert "earlier row" in reasons[6]
    assert "raum-9" in reasons[7]
    assert "birth_date" in reasons[11]
    assert "Geheimname" not in ran.err
    with listed.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["line", "reason"], *([str(n), text] for n, text in reasons.items())]
    assert list(etags(client, SCHMIDT)) == [SCHMIDT + "booking-csv-B-7.ics"]
    assert list(etags(client, MUELLER)) == [MUELLER + B_1]


def test_a_list_of_bad_rows_that_cannot_be_written_is_told_before_anything_is_taken(
    house: SqlDatabase, path: Path, tmp_path: Path
) -> None:
    an_export(path, a_row())
    before = everything(house)
    ran = command("import-bookings", path, "--bad-rows", tmp_path / "no" / "x", database=house)
    assert ran.code == 2
    assert "no/x" in ran.err
    assert everything(house) == before


def test_the_list_of_bad_rows_is_never_written_over_the_bookings(
    house: SqlDatabase, path: Path
) -> None:
    an_export(path, a_row())
    before = path.read_bytes()
    ran = command("import-bookings", path, "--bad-rows", path, database=house)
    assert ran.code == 2
    assert path.read_bytes() == before


def test_hundreds_of_bad_rows_are_summed_up(house: SqlDatabase, path: Path) -> None:
    an_export(path, *(a_row(f"B-{n}", doctor="dr-x") for n in range(300)))
    ran = command("import-bookings", path, database=house)
    assert ran.out == "Bookings: none; 300 bad rows.\n"
    assert ran.err.endswith("  ... and 250 more\n")
    assert len(ran.err.splitlines()) == 52


def test_a_cell_longer_than_there_is_room_for_costs_its_own_row(
    house: SqlDatabase, path: Path
) -> None:
    columns = ("booking_id", "last_name", "first_name", "email", "phone", "patient_id", "type")
    long = [A_FULL_ROW | {"booking_id": name, name: "9" * 600} for name in columns]
    taken = take(house, path, *long, *rows_a_day(2))
    assert [row.booking_id for row in taken.bad] == ["9" * 600, *columns[1:]]
    assert {row.reason.partition("is longer than")[1] for row in taken.bad} == {"is longer than"}
    assert taken.counts == {Outcome.CREATED: 2}
    assert len(patients_of(house)) == 2


def test_a_refused_row_leaves_no_patient_behind(house: SqlDatabase, path: Path) -> None:
    taken = take(
        house, path, a_row(start="1900-01-01 00:15", end="1900-01-01 00:30", birth_date="")
    )
    assert [row.reason for row in taken.bad] == ["A date lies before 1900."]
    assert patients_of(house) == []


def test_double_bookings_are_taken_and_reported(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    block = an_event("urlaub", "20261130T080000", "20261130T180000")
    assert client.put(PRAXIS + "urlaub.ics", content=block).status_code == 201
    rows = [
        a_row("B-1"),
        a_row("B-2", start="2026-11-24 10:15", end="2026-11-24 10:45"),
        a_row("B-3", start="2026-11-24 10:45", end="2026-11-24 11:00"),
        a_row("B-4", doctor="dr-schmidt"),
        a_row("B-5", start="2026-11-24 10:00", end="2026-11-24 11:00", status="cancelled"),
        a_row("B-6", start="2026-11-30 10:00", end="2026-11-30 11:00"),
    ]
    an_export(path, *rows)
    ran = command("import-bookings", path, database=house)
    assert ran.out == "Bookings: 6 created; 0 bad rows.\n"
    told = "Taken although the doctor has something else then"
    assert ran.err == f"{told} (2):\n  B-2\n  B-6\n"
    assert len(etags(client, MUELLER)) == 5
    # Told once; a booking that the tool moves onto another, or to a busy doctor, is told then.
    rows[2] |= {"start": "2026-11-24 10:30"}
    rows[3] |= {"doctor": "dr-mueller"}
    rows[0] |= {"reason": "Verlauf"}
    an_export(path, *rows)
    ran = command("import-bookings", path, database=house)
    assert ran.err == f"{told} (2):\n  B-3\n  B-4\n"


# --- patients -----------------------------------------------------------------------------------


def test_a_patient_is_found_by_number_and_known_data_stays(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, a_row("B-1", patient_id="4711", email="alt@example.org"))
    other = a_row("B-2", patient_id="4711", last_name="Neuname", first_name="Z.", birth_date="")
    take(
        house,
        path,
        other
        | {"email": "neu@example.org", "phone": "030 1", "start": "24.11.2026"}
        | {"start": "2026-11-24 11:00", "end": "2026-11-24 11:30"},
    )
    (patient,) = patients_of(house)
    assert (patient.number, patient.last_name, patient.first_name) == ("4711", "Ährenthaler", "Zoë")
    assert (patient.email, patient.birth_date) == ("alt@example.org", "1966-02-03")
    assert patient.phone == "030 1"  # which was not known
    assert not patient.to_review
    event = event_of(the_text(client, MUELLER + "booking-csv-B-2.ics"))
    assert event["X-PATIENT-ID"] == "4711"
    assert "neu@example.org" in event["ATTENDEE"]  # this booking's own address


def test_a_patient_is_found_by_name_and_birth_date_in_another_spelling(
    house: SqlDatabase, path: Path
) -> None:
    spellings = [
        ("Müller", "Jörg"),
        ("MUELLER", "Joerg"),
        ("Mu\u0308ller", "Jo\u0308rg"),
        (" müller ", "JÖRG"),
        ("Jörg", "Müller"),
    ]
    rows = [
        a_row(f"B-{n}", last_name=last, first_name=first, start=f"2026-12-0{n + 1} 10:00")
        | {"end": f"2026-12-0{n + 1} 11:00"}
        for n, (last, first) in enumerate(spellings)
    ]
    taken = take(house, path, *rows)
    assert taken.counts == {Outcome.CREATED: 5}
    (patient,) = patients_of(house)
    assert (patient.last_name, patient.first_name) == ("Müller", "Jörg")
    assert patient.to_review  # made from a booking alone


@pytest.mark.parametrize(
    "change", [{"birth_date": "1966-02-04"}, {"birth_date": ""}, {"first_name": "Zora"}]
)
def test_who_may_be_somebody_else_is_a_new_patient_and_flagged(
    house: SqlDatabase, path: Path, change: dict[str, str]
) -> None:
    take(house, path, a_row("B-1"))
    take(house, path, a_row("B-2", start="2026-12-01 10:00", end="2026-12-01 11:00", **change))
    one, two = patients_of(house)
    assert one.number != two.number
    assert two.to_review


def test_who_may_be_two_patients_is_neither_but_a_new_one_to_review(
    house: SqlDatabase, path: Path
) -> None:
    record = PatientRecord("Müller", "Jörg", "1966-02-03", number="1")
    with writing(house) as uow:
        for number in ("1", "2"):
            uow.patients.save(Patient(number, record))
    before = patients_of(house)
    row = a_row(last_name="Mueller", first_name="Joerg")
    take(house, path, row)
    *known, made = patients_of(house)
    assert known == before
    assert made.to_review
    assert made.number not in {"1", "2"}


@pytest.mark.parametrize("change", [{"birth_date": ""}, {}], ids=["no birth date", "ambiguous"])
def test_a_booking_that_changes_keeps_its_patient(
    house: SqlDatabase, client: TestClient, path: Path, change: dict[str, str]
) -> None:
    if not change:
        record = PatientRecord("Ährenthaler", "Zoë", "1966-02-03")
        with writing(house) as uow:
            for number in ("1", "2"):
                uow.patients.save(Patient(number, record))
    take(house, path, a_row(**change))
    before = patients_of(house)
    for reason in ("eins", "zwei"):
        taken = take(house, path, a_row(reason=reason, phone="030 1", **change))
        assert taken.counts == {Outcome.CHANGED: 1}
    now = patients_of(house)
    assert [one.number for one in now] == [one.number for one in before]
    assert event_of(the_text(client))["X-PATIENT-ID"] == before[-1].number
    assert now[-1].phone == "030 1"


def test_a_booking_handed_to_another_patient_is_that_patients(
    house: SqlDatabase, client: TestClient, path: Path
) -> None:
    take(house, path, a_row(patient_id="1"))
    take(house, path, a_row(patient_id="2", first_name="Zora", birth_date="1999-01-01"))
    assert event_of(the_text(client))["X-PATIENT-ID"] == "2"
    assert [one.first_name for one in patients_of(house)] == ["Zoë", "Zora"]
    with reading(house) as uow:
        made = uow.appointments.by_booking("csv", ["B-1"])["B-1"]
        found = uow.patients.by_number("2")
    assert found is not None
    assert made.patient_id == found.id


def test_twins_in_one_file_are_two_and_one_patient_twice_is_one(
    house: SqlDatabase, path: Path
) -> None:
    rows = [
        a_row("B-1", first_name="Ada"),
        a_row("B-2", first_name="Ida", start="2026-11-24 11:00", end="2026-11-24 11:30"),
        a_row("B-3", first_name="Ada", start="2026-11-24 12:00", end="2026-11-24 12:30"),
    ]
    take(house, path, *rows)
    assert [one.first_name for one in patients_of(house)] == ["Ada", "Ida"]


# --- many rows, and a power cut -----------------------------------------------------------------


def test_thousands_of_rows_are_taken_in_short_transactions(tmp_path: Path, path: Path) -> None:
    with closing(SqlDatabase(f"sqlite:///{tmp_path / 'praxis.db'}")) as database:
        database.upgrade()
        a_practice(database)
        first = number_of(database)
        taken = take(database, path, *rows_a_day(3000))
        with reading(database) as uow:
            sizes = Counter(change.time for change in uow.calendars.log(first, 10_000))
    assert (taken.counts, taken.double) == ({Outcome.CREATED: 3000}, [])
    # Each transaction has one time: others wait for no more than one of these.
    assert sum(sizes.values()) == 3000
    assert max(sizes.values()) <= 200


def test_two_imports_at_once_make_each_booking_once(house: SqlDatabase, path: Path) -> None:
    an_export(path, *rows_a_day(60))
    with closing(SqlDatabase(url_of(house))) as other, ThreadPoolExecutor(2) as pool:
        both = (house, other)
        results = list(pool.map(lambda one: import_file(one, PROFILE, path, "csv"), both))
    counts = sorted(list(result.counts.items()) for result in results)
    assert counts == [[(Outcome.CREATED, 60)], [(Outcome.UNCHANGED, 60)]]
    assert faults(house) == []


def importing(database: SqlDatabase, path: Path) -> subprocess.Popen[bytes]:
    """Start the import as a process of its own."""
    line = [sys.executable, "-m", "praxis_caldav.main", "import-bookings", str(path)]
    return subprocess.Popen(
        [*line, "--database", url_of(database)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def taken_over(database: SqlDatabase) -> list[tuple[str, ...]]:
    """Return what an import has made, without when it did so."""
    with reading(database) as uow:
        view = the_view(uow, "empfang", "praxis")
        objects = sorted(
            (item.href, item.uid, re.sub(r"(DTSTAMP|LAST-MODIFIED):\w+", "", item.text))
            for item in uow.calendars.texts(view)
        )
        numbers = sorted(one.number for one in patients_of(database))
        appointments = sorted(
            (one.uid, str(one.slot), str(one.booking_base)) for one in uow.appointments.all()
        )
    return [*objects, *appointments, tuple(numbers)]


MANY = tuple(rows_a_day(500))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, ...]]:
    """What an import of MANY makes that nobody kills."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with closing(SqlDatabase(f"sqlite:///{folder / 'praxis.db'}")) as database:
        database.upgrade()
        a_practice(database)
        take(database, folder / "buchungen.csv", *MANY)
        return taken_over(database)


def test_an_import_that_was_killed_is_finished_by_the_next(
    house: SqlDatabase, path: Path, undisturbed: list[tuple[str, ...]]
) -> None:
    an_export(path, *MANY)
    first = number_of(house)
    process = importing(house, path)
    deadline = time.monotonic() + 60
    while number_of(house) == first and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    done = number_of(house) - first
    assert 0 < done < len(MANY)
    assert faults(house) == []

    again = importing(house, path)
    out, _ = again.communicate(timeout=120)
    assert again.returncode == 0
    assert out.decode() == f"Bookings: {len(MANY) - done} created, {done} unchanged; 0 bad rows.\n"
    assert faults(house) == []
    assert taken_over(house) == undisturbed


@pytest.mark.slow
def test_a_hundred_thousand_rows_need_no_more_memory_than_a_few(
    house: SqlDatabase, path: Path
) -> None:
    peaks = []
    for count in (2_000, 100_000):
        an_export(path, *rows_a_day(count))
        process = importing(house, path)
        assert process.stdout is not None
        with process.stdout as stream:
            out = stream.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        assert out.endswith(" 0 bad rows.\n")
        peaks.append(used.ru_maxrss / 1024)
    few, many = peaks
    assert many < few + 64, f"{few:.0f} MiB for 2,000 rows, {many:.0f} MiB for 100,000"
    assert many < 256
