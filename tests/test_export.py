"""A calendar as one file: what programs read that do not speak CalDAV."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar

from practice.timezones import vtimezone
from practice.vevent import merge
from tests.bookings import a_client, a_row, command, rows_a_day, take
from tests.building import BERLIN, an_event

if TYPE_CHECKING:
    from pathlib import Path

    from practice.database import SqlDatabase

MUELLER = "/caldav/calendars/dr-mueller/"
OWN_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Praxiszeit",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0100",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def in_zone(uid: str, zone: tuple[str, ...], tzid: str) -> str:
    """Return an event that brings the definition of its zone."""
    text = an_event(uid, tzid=tzid)
    return text.replace("BEGIN:VEVENT", "\r\n".join([*zone, "BEGIN:VEVENT"]), 1)


#: Objects as clients send them, by name; each has one component besides its zones.
OBJECTS = {
    "folded.ics": an_event("folded", *("20261123T100000", "20261123T103000"))
    .replace("END:VEVENT", "DESCRIPTION:Zeile\r\n BEGIN:VEVENT\r\n END:VALARM\r\nEND:VEVENT"),
    "mark.ics": an_event("mark", *("20261123T110000", "20261123T113000"), "BEG\r\n IN:VALARM",
                         "ACTION:DISPLAY", "TRIGGER:-PT5M", "DESCRIPTION:x", "END:VALARM"),
    "separator.ics": an_event("separator", *("20261123T120000", "20261123T123000"),
                              "SUMMARY:eins\u2028zwei\u2029drei", "X-A;B=\"1:2\";c=d:e,f;g"),
    "newline.ics": an_event("newline").replace("\r\n", "\n"),
    "bom.ics": "\ufeff" + an_event("bom"),
    "blank.ics": an_event("blank").replace("BEGIN:VEVENT\r\n", "BEGIN:VEVENT\r\n\r\n"),
    "alarm.ics": an_event("alarm", *("20261123T130000", "20261123T133000"), "BEGIN:VALARM",
                          "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "END:VALARM"),
    "tab.ics": an_event("tab", *("20261123T140000", "20261123T143000"), "summary:a\r\n\tb"),
    "utc.ics": an_event("utc").replace(";TZID=Europe/Berlin:20261123T100000", ":20261123T090000Z")
    .replace(";TZID=Europe/Berlin:20261123T103000", ":20261123T093000Z"),
    "own-1.ics": in_zone("own-1", OWN_ZONE, "Praxiszeit"),
    "own-2.ics": in_zone("own-2", OWN_ZONE, "Praxiszeit"),
    "wrong.ics": in_zone(
        "wrong", tuple(line.replace("Praxiszeit", "Europe/Berlin") for line in OWN_ZONE),
        "Europe/Berlin",
    ),
}  # fmt: skip


def body_of(text: str) -> str:
    """Return the component of an object that is no time zone, with CRLF and no empty lines."""
    whole = re.sub(r"\r?\n", "\r\n", text).replace("\r\n\r\n", "\r\n")
    start = whole.index("BEGIN:VEVENT\r\n")
    return whole[start : whole.rindex("END:VCALENDAR")]


@pytest.fixture
def filled(practice: SqlDatabase, tmp_path: Path) -> SqlDatabase:
    """A practice with bookings of both doctors and with objects of all kinds."""
    take(practice, tmp_path / "b.csv", a_row("B-1", status="offen"), *rows_a_day(8))
    with a_client(practice) as client:
        for name, text in OBJECTS.items():
            answer = client.put(MUELLER + name, content=text.encode())
            assert answer.status_code == 201, (name, answer.text)
        block = an_event("ferien", "20261224T000000", "20261225T000000")
        assert client.put("/caldav/calendars/praxis/ferien.ics", content=block).status_code == 201
    return practice


def zones_of(text: str) -> list[str]:
    return [str(zone["TZID"]) for zone in ICalendar.from_ical(text).walk("VTIMEZONE")]


def uids_of(text: str) -> list[str]:
    return sorted(str(event["UID"]) for event in ICalendar.from_ical(text).walk("VEVENT"))


def test_a_calendar_is_exported_with_every_event_as_it_is(filled: SqlDatabase) -> None:
    ran = command("export", "dr-mueller", database=filled)
    assert (ran.code, ran.err) == (0, "")
    assert uids_of(ran.out) == sorted(
        [
            *(name.removesuffix(".ics") for name in OBJECTS),
            *(f"booking-csv-B-00000{n}@praxis.example.org" for n in (0, 2, 4, 6)),
            "booking-csv-B-1@praxis.example.org",
        ]
    )
    for name, text in OBJECTS.items():
        assert body_of(text) in ran.out, name
    with a_client(filled) as client:
        booking = client.get(MUELLER + "booking-csv-B-1.ics").text
        assert body_of(booking) in ran.out
        assert client.get(MUELLER + "appointments.ics").text == ran.out
        assert client.get(MUELLER).text == ran.out


def test_the_union_is_exported_with_all_doctors_and_its_own(filled: SqlDatabase) -> None:
    ran = command("export", "praxis", database=filled)
    events = uids_of(ran.out)
    assert len(events) == len(OBJECTS) + 9 + 1
    assert "ferien" in events
    assert "booking-csv-B-000001@praxis.example.org" in events
    assert command("export", "hauptkalender", database=filled) == ran
    schmidt = command("export", "dr-schmidt", database=filled).out
    assert uids_of(schmidt) == [f"booking-csv-B-00000{n}@praxis.example.org" for n in (1, 3, 5, 7)]


def test_the_file_is_one_calendar_with_each_zone_once(filled: SqlDatabase) -> None:
    text = command("export", "dr-mueller", database=filled).out
    assert sorted(zones_of(text)) == ["Europe/Berlin", "Praxiszeit"]
    assert vtimezone(BERLIN) in text  # ours, though an object brought a wrong one
    assert text.count("BEGIN:VCALENDAR\r\n") == text.count("END:VCALENDAR\r\n") == 1
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert text.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert "\r\nX-WR-CALNAME:Dr. Mueller\r\n" in text
    assert not re.search(r"(?<!\r)\n", text)
    calendar = ICalendar.from_ical(text)
    assert {part.name for part in calendar.subcomponents} == {"VTIMEZONE", "VEVENT"}
    assert not [part for part in calendar.walk() if part.errors]


def test_an_empty_calendar_is_a_valid_file(practice: SqlDatabase) -> None:
    ran = command("export", "praxis", database=practice)
    assert ran.code == 0
    assert zones_of(ran.out) == ["Europe/Berlin"]
    assert uids_of(ran.out) == []


def test_a_file_is_written_where_it_is_wanted(filled: SqlDatabase, tmp_path: Path) -> None:
    path = tmp_path / "kalender.ics"
    ran = command("export", "dr-mueller", "--output", path, database=filled)
    assert ran == (0, f"dr-mueller written to {path}.\n", "")
    assert path.read_bytes().decode() == command("export", "dr-mueller", database=filled).out


def test_a_calendar_there_is_not_tells_which_there_are(
    practice: SqlDatabase, tmp_path: Path
) -> None:
    path = tmp_path / "kalender.ics"
    ran = command("export", "dr-x", "--output", path, database=practice)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "Error: There is no calendar 'dr-x'; there are: dr-mueller, dr-schmidt, praxis.\n"
    )
    assert not path.exists()


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(
    practice: SqlDatabase, tmp_path: Path
) -> None:
    path = tmp_path / "nirgends" / "kalender.ics"
    ran = command("export", "praxis", "--output", path, database=practice)
    assert ran.code != 0
    assert ran.err.startswith("Error: ")
    assert str(path) in ran.err
    assert "Traceback" not in ran.err


LINES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=60
)


@given(st.lists(st.lists(LINES, min_size=1, max_size=3), min_size=1, max_size=5))
def test_however_values_are_folded_they_stay_as_they_are(values: list[list[str]]) -> None:
    texts = [
        an_event(str(n), *("20261123T100000", "20261123T103000"), "X-A:" + "\r\n ".join(parts))
        for n, parts in enumerate(values)
    ]
    text = merge(texts, "Titel", BERLIN)
    place = 0
    for each in texts:
        place = text.index(body_of(each), place) + 1
    assert text.count("BEGIN:VTIMEZONE\r\n") == 1
