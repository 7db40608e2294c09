"""The newer properties of iCalendar (RFC 7986): kept as they are, and told where we write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar as ICalendar

from practice.vevent import merge
from tests.building import BERLIN, an_event, writing
from tests.dav import HOME, multiget, put, query

if TYPE_CHECKING:
    from tests.people import People

MUELLER = HOME + "dr-mueller/"
#: Properties of a VCALENDAR, beside those every text has.
OF_CALENDARS = (
    "NAME:Sprechstunde\\, Dr. Müller",
    "NAME;LANGUAGE=en:Surgery",
    "DESCRIPTION:Alle Termine",
    "UID:5FC53010-1267-4F8E-BC28-1D7AE55A7C99",
    "URL:https://praxis.example/kalender",
    "LAST-MODIFIED:20261120T080000Z",
    "REFRESH-INTERVAL;VALUE=DURATION:P1W",
    "SOURCE;VALUE=URI:https://praxis.example/kalender.ics",
    "COLOR:turquoise",
    "CATEGORIES:Praxis,Sprechstunde",
    "IMAGE;VALUE=URI;DISPLAY=BADGE;FMTTYPE=image/png:https://praxis.example/bild.png",
)
#: Properties of an event.
OF_EVENTS = (
    "COLOR:mediumspringgreen",
    "IMAGE;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=image/png;DISPLAY=THUMBNAIL:iVBORw0KGgo=",
    "IMAGE;VALUE=URI;DISPLAY=GRAPHIC:https://praxis.example/raum.png",
    "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=Videosprechstunde:https://v.example/r/1",
    'CONFERENCE;VALUE=URI;FEATURE=PHONE,MODERATOR;LABEL="Einwahl: Arzt":tel:+49-30-1,,,42',
    "ATTENDEE;EMAIL=a@praxis.example;CUTYPE=INDIVIDUAL:urn:uuid:5FC53010",
)


def a_text(uid: str, of_calendar: tuple[str, ...] = (), of_event: tuple[str, ...] = ()) -> str:
    text = an_event(uid, "20261123T100000", "20261123T103000", *of_event)
    return text.replace("BEGIN:VEVENT", "\r\n".join([*of_calendar, "BEGIN:VEVENT"]), 1)


@pytest.mark.parametrize("line", OF_CALENDARS, ids=lambda line: line.split(":")[0])
def test_what_a_calendar_says_of_itself_comes_back(people: People, line: str) -> None:
    _comes_back(people, a_text("kalender", (line,)))


@pytest.mark.parametrize("line", OF_EVENTS, ids=lambda line: line.split(":")[0])
def test_what_an_event_says_comes_back(people: People, line: str) -> None:
    _comes_back(people, a_text("ereignis", (), (line,)))


def test_all_of_it_at_once_comes_back(people: People) -> None:
    _comes_back(people, a_text("alles", OF_CALENDARS, OF_EVENTS))


def _comes_back(people: People, text: str) -> None:
    client, href = people["mueller"], MUELLER + "neu.ics"
    assert put(client, MUELLER, "neu.ics", text).status_code == 201
    assert client.get(href).text == text
    assert multiget(client, MUELLER, [href]).data == {href: text}
    found = query(client, MUELLER, "20261123T090000Z", "20261123T091500Z").data
    assert found == {href: text}  # and is where its times say, not elsewhere
    assert query(client, MUELLER, "20261123T100000Z", "20261123T110000Z").data == {}
    assert client.delete(href).status_code == 204


def test_the_uid_of_a_calendar_is_not_that_of_what_is_in_it(people: People) -> None:
    client, shell = people["mueller"], ("UID:gemeinsam",)
    later = a_text("b", shell).replace("T10", "T11")
    assert put(client, MUELLER, "a.ics", a_text("a", shell)).status_code == 201
    assert put(client, MUELLER, "b.ics", later).status_code == 201
    for name in "ab":
        assert client.delete(f"{MUELLER}{name}.ics").status_code == 204


# -- a calendar as a file ------------------------------------------------------------------------


def test_a_file_says_what_it_is_called_and_how_often_to_look(people: People) -> None:
    text = people["mueller"].get(MUELLER + "appointments.ics").text
    head = ICalendar.from_ical(text)
    assert str(head["NAME"]) == str(head["X-WR-CALNAME"]) == "Dr. Mueller"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in text
    assert "X-PUBLISHED-TTL:PT15M\r\n" in text
    assert "COLOR" not in head


@pytest.mark.parametrize(
    ("color", "lines"),
    [
        ("#FF8800", ["X-APPLE-CALENDAR-COLOR:#FF8800"]),
        ("#FF8800FF", ["X-APPLE-CALENDAR-COLOR:#FF8800"]),
        ("Turquoise", ["COLOR:turquoise"]),
        ("", []),
        ("#FF", []),
        ("rot; grün", []),
        ("#FF8800\r\nX-EVIL:1", []),
    ],
)
def test_a_file_has_the_colour_of_its_calendar(
    people: People, color: str, lines: list[str]
) -> None:
    with writing(people.database) as uow:
        calendar = uow.calendars.find("dr-mueller")
        assert calendar
        more = {"ICAL:calendar-color": color}
        uow.calendars.set_properties(calendar, {**calendar.properties, **more})
    text = people["mueller"].get(MUELLER + "appointments.ics").text
    assert [line for line in text.split("\r\n") if "COLOR" in line] == lines
    assert "X-EVIL" not in text


def test_a_name_is_text_whatever_is_in_it() -> None:
    text = merge([], "Praxis; Müller, \\ Söhne\r\nX-EVIL:1", BERLIN)
    head = ICalendar.from_ical(text)
    assert "X-EVIL" not in head
    assert "NAME:Praxis\\; Müller\\, \\\\ Söhne X-EVIL:1" in text
