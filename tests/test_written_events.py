"""An event of ours says what the library would write of it, and its lines are well formed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from practice.appointments import Slot, Status
from practice.content_lines import outline
from practice.facts import Limits
from practice.vevent import Event, read, write
from practice.vevent.parsing import parse
from practice.vevent.plain import PlainCalendar
from practice.vevent.writing import _component, revise
from tests.building import BERLIN, NOW

ZONES = (
    *("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Etc/GMT+3"),
    *("UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/Zulu", "GMT", "Africa/Accra"),
)
TEXTS = st.text(
    st.sampled_from("aN n\\^;:,'\"\r\n\t=%äß\u2019\u2028\x85😀") | st.characters(codec="utf-8")
)
TEXTS |= st.text("ab, \\^ä😀", min_size=60, max_size=300)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
AUTUMN = datetime(2026, 10, 25, tzinfo=UTC)
EVENTS = st.builds(
    Event,
    uid=st.from_regex(r"[A-Za-z0-9._-]{1,40}@[a-z.]{1,60}", fullmatch=True),
    slot=st.builds(
        lambda start, minutes: Slot(
            start.replace(microsecond=0), start + timedelta(minutes=minutes)
        ),
        MOMENTS | st.integers(0, 300).map(lambda minutes: AUTUMN + timedelta(minutes=minutes)),
        st.integers(1, 200),
    ),
    stamp=MOMENTS,
    summary=TEXTS,
    description=TEXTS,
    location=TEXTS,
    status=st.sampled_from(Status),
    organizer=st.tuples(TEXTS, TEXTS),
    attendee=st.tuples(TEXTS, st.just("") | TEXTS),
    categories=st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    color=st.sampled_from(["", "red", "cornflowerblue"]),
    extra=st.dictionaries(st.from_regex("X-[A-Z]{1,9}", fullmatch=True), TEXTS, max_size=3),
)


EVENT = Event(
    "u@example.org",
    Slot(NOW, NOW + timedelta(minutes=30)),
    NOW,
    "Kontrolle",
    "a\nb",
    "Raum 1, Praxis",
    Status.CONFIRMED,
    ("Praxis", "praxis@example.org"),
    ("Eva Groß", "eva@example.org"),
    ("APPOINTMENT",),
    "",
    {"X-PATIENT-ID": "P000001"},
)
#: What the practice has set since, as a booking tool's change finds it.
KEPT = frozenset({"DESCRIPTION", "LOCATION", "CATEGORIES", "ATTENDEE"})


def by_the_library(event: Event, zone: ZoneInfo) -> bytes:
    """Return the event as the library writes it, a line each."""
    written: bytes = _component(event, zone).to_ical()
    return written.replace(b"\r\n ", b"")


@given(event=EVENTS, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_an_event_is_written_as_the_library_writes_it(event: Event, zone: ZoneInfo) -> None:
    text = write(event, zone)
    _, begin, rest = text.replace("\r\n ", "").partition("BEGIN:VEVENT\r\n")
    lines, end, _ = rest.partition("END:VCALENDAR\r\n")
    assert end
    assert (begin + lines).encode() == by_the_library(event, zone)


def said(text: str) -> list[tuple[object, ...]]:
    """Return what the library reads from the event in a text: names, parameters, values."""
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return sorted(
        (name, sorted(value.params.items()), value.to_ical())
        for name, values in event.items()
        for value in (values if isinstance(values, list) else [values])
    )


@given(event=EVENTS, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_the_library_reads_the_same_from_it(event: Event, zone: ZoneInfo) -> None:
    text = write(event, zone)
    shell, end = text.split("BEGIN:VEVENT")[0], "END:VCALENDAR\r\n"
    assert said(text) == said(shell + _component(event, zone).to_ical().decode() + end)


#: Any name that can be seen, as text fields of a browser take it.
NAMES = st.text(
    st.sampled_from("aN n\\^;:,'\"%=äß\u2019😀") | st.characters().filter(str.isprintable),
    min_size=1,
)


@given(name=NAMES, other=NAMES)
@example(name="Eva\\", other="C:\\Neu\\")
@example(name="\\,\\;\\:\\\\", other="\\\\N")
def test_a_name_is_read_as_it_was_told_and_ends_where_it_ends(name: str, other: str) -> None:
    """But for two characters: there is no sign for them where a person's name stands."""
    event = replace(EVENT, summary=name, description=other, location=name, categories=(other, name))
    event = replace(event, attendee=(name, "eva@example.org"), organizer=(other, "p@example.org"))
    text = write(event, BERLIN)
    again = revise(text, replace(EVENT, summary="another"), BERLIN, keep=KEPT)
    for written in (text, again):
        found: Any = Calendar.from_ical(written).walk("VEVENT")[0]
        texts = [str(found[each]) for each in ("SUMMARY", "LOCATION", "DESCRIPTION")]
        assert texts == ["another" if written is again else name, name, other]
        assert [str(one) for one in found["CATEGORIES"].cats] == [other, name]
        for person, called in ((found["ATTENDEE"], name), (found["ORGANIZER"], other)):
            assert person.params["CN"] == called.replace('"', "'").replace("\\", "/")
        assert found["ATTENDEE"] == "mailto:eva@example.org"
        assert found["ATTENDEE"].params["RSVP"] == "TRUE"
        assert found["ORGANIZER"] == "mailto:p@example.org"


@given(event=EVENTS, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_lines_have_75_bytes_at_most_and_cut_no_character(event: Event, zone: ZoneInfo) -> None:
    for line in write(event, zone).encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


@pytest.mark.parametrize("name", ["Eva Groß", "O'Neil, Jr.; a:b", 'Dr. "Max" ^ x', "x" * 200])
def test_a_booking_is_read_in_the_quick_way(name: str) -> None:
    event = replace(EVENT, summary=f"{name} - Kontrolle", attendee=(name, "eva@example.org"))
    text = write(event, BERLIN)
    assert isinstance(parse(text, BERLIN)[1], PlainCalendar)
    assert outline(text).components == ("VTIMEZONE", "VEVENT")
    facts = [read(text, zone=BERLIN, now=NOW, limits=Limits(), plain=p) for p in (True, False)]
    assert facts[0] == facts[1]
