"""iCalendar text to facts, and texts of our own: nothing lost, nothing bent, nothing slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar as ICalendar

from practice.appointments import Slot, Status
from practice.content_lines import unfold
from practice.errors import (
    Invalid,
    InvalidObject,
    InvalidText,
    TooEarly,
    TooLarge,
    TooLate,
    UnsupportedComponent,
)
from practice.facts import Busy, Facts, Limits, Span
from practice.vevent import (
    CompFilter,
    Event,
    PropFilter,
    TextMatch,
    expanded,
    matches,
    merge,
    might_match,
    occurs,
    read,
    revise,
    write,
)
from practice.vevent.library import calendar_of as read_by_the_library
from tests.building import BERLIN, NOW, an_event

TEN = int(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp())
HOUR = 3600
WEEK = Span(TEN - 3 * 86_400, TEN + 4 * 86_400)


def an_object(*lines: str, kind: str = "VEVENT", uid: str = "eins") -> str:
    """Return a calendar object of one component."""
    inside = (f"UID:{uid}", "DTSTAMP:20261101T080000Z", *lines)
    return wrapped(f"BEGIN:{kind}", *inside, f"END:{kind}")


def wrapped(*lines: str) -> str:
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//T//DE")
    return "\r\n".join((*head, *lines, "END:VCALENDAR", ""))


def facts_of(text: str) -> Facts:
    return read(text, zone=BERLIN, now=NOW, limits=Limits())


def spans(text: str) -> list[tuple[int, int]]:
    """Return the occurrences as (start, end), in minutes from ten o'clock UTC."""
    return [((o.start - TEN) // 60, (o.end - TEN) // 60) for o in facts_of(text).occurrences]


# Facts


def test_a_booking_tells_when_for_whom_and_for_what() -> None:
    text = an_event(
        "termin-1",
        "20261123T100000",
        "20261123T103000",
        "STATUS:TENTATIVE",
        "X-PATIENT-ID:P-1001",
        "X-INSURANCE-TYPE:PRIVAT",
        "X-APPOINTMENT-TYPE:ERSTBESUCH",
        "X-BOOKING-SOURCE:ONLINE_BOOKING",
        "X-REQUIRES-CONFIRMATION:TRUE",
    )
    facts = facts_of(text)
    ten = datetime(2026, 11, 23, 10, tzinfo=BERLIN)
    assert (facts.uid, facts.component) == ("termin-1", "VEVENT")
    assert facts.slot == Slot(ten, ten + timedelta(minutes=30))
    assert facts.status is Status.TENTATIVE
    assert (facts.patient_number, facts.insurance) == ("P-1001", "PRIVAT")
    assert (facts.kind, facts.source) == ("ERSTBESUCH", "ONLINE_BOOKING")
    assert facts.requires_confirmation
    assert facts.is_appointment


@pytest.mark.parametrize(
    ("lines", "minutes"),
    [
        (("DTSTART:20261123T100000Z", "DTEND:20261123T103000Z"), (0, 30)),
        (("DTSTART:20261123T110000", "DTEND:20261123T113000"), (0, 30)),
        (("DTSTART;TZID=America/New_York:20261123T050000", "DURATION:PT30M"), (0, 30)),
        (("DTSTART;TZID=W. Europe Standard Time:20261123T110000", "DURATION:PT1H"), (0, 60)),
        (
            (
                "DTSTART;TZID=Europe/Berlin:20261123T110000",
                "DTEND;TZID=America/New_York:20261123T060000",
            ),
            (0, 60),
        ),
        (("DTSTART;VALUE=DATE:20261123",), (-660, 780)),
        (("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261125"), (-660, 2220)),
        (("DTSTART;VALUE=DATE:20261123", "DURATION:P2D"), (-660, 2220)),
    ],
)
def test_every_way_to_tell_a_time_is_one_place_in_time(
    lines: tuple[str, ...], minutes: tuple[int, int]
) -> None:
    assert spans(an_object(*lines)) == [minutes]


def test_a_night_in_which_the_clock_changes_has_its_real_length() -> None:
    start, end = "DTSTART;TZID=Europe/Berlin", "DTEND;TZID=Europe/Berlin"
    autumn = an_object(f"{start}:20261024T220000", f"{end}:20261025T060000")
    spring = an_object(f"{start}:20270327T220000", f"{end}:20270328T060000")
    lengths = [o.end - o.start for t in (autumn, spring) for o in facts_of(t).occurrences]
    assert lengths == [9 * HOUR, 7 * HOUR]


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        ((), Busy.BUSY),
        (("STATUS:CONFIRMED",), Busy.BUSY),
        (("STATUS:tentative",), Busy.TENTATIVE),
        (("STATUS:CANCELLED",), Busy.FREE),
        (("TRANSP:TRANSPARENT",), Busy.FREE),
        (("TRANSP:OPAQUE", "STATUS:TENTATIVE"), Busy.TENTATIVE),
        (("TRANSP:TRANSPARENT", "STATUS:TENTATIVE"), Busy.FREE),
    ],
)
def test_what_an_event_does_to_its_time_is_what_it_says(lines: tuple[str, ...], busy: Busy) -> None:
    (occurrence,) = facts_of(an_object("DTSTART:20261123T100000Z", *lines)).occurrences
    assert occurrence.busy is busy


def test_whole_days_series_and_tasks_have_no_slot_and_are_no_appointments() -> None:
    patient = "X-PATIENT-ID:P-1"
    for text in (
        an_object("DTSTART;VALUE=DATE:20261123", patient),
        an_object("DTSTART:20261123T100000Z", "RRULE:FREQ=DAILY;COUNT=2", patient),
        an_object("DTSTART:20261123T100000Z", "RRULE:FREQ=DAILY", patient),
        an_object("DUE:20261123T100000Z", patient, kind="VTODO"),
    ):
        assert facts_of(text).slot is None
        assert not facts_of(text).is_appointment


# Edges of ranges (RFC 4791 9.9)


@pytest.mark.parametrize(
    ("kind", "lines", "touches_before", "touches_after"),
    [
        ("VEVENT", ("DTSTART:20261123T100000Z", "DTEND:20261123T110000Z"), False, False),
        ("VEVENT", ("DTSTART:20261123T100000Z", "DURATION:PT1H"), False, False),
        ("VTODO", ("DTSTART:20261123T100000Z", "DURATION:PT1H"), False, True),
        ("VTODO", ("DTSTART:20261123T100000Z", "DUE:20261123T110000Z"), False, False),
    ],
)
def test_a_range_that_only_touches_finds_what_the_standard_says(
    kind: str, lines: tuple[str, ...], touches_before: bool, touches_after: bool
) -> None:
    (found,) = facts_of(an_object(*lines, kind=kind)).occurrences

    def overlaps(start: int, end: int) -> bool:
        return found.start < end and found.end > start

    assert overlaps(TEN - HOUR, TEN) is touches_before
    assert overlaps(TEN - HOUR, TEN + 1)
    assert overlaps(TEN + HOUR, TEN + 2 * HOUR) is touches_after
    assert overlaps(TEN + HOUR - 1, TEN + 2 * HOUR)


@pytest.mark.parametrize(
    ("kind", "lines", "ends_there", "begins_there"),
    [
        ("VEVENT", ("DTSTART:20261123T100000Z",), False, True),
        ("VEVENT", ("DTSTART:20261123T100000Z", "DURATION:PT0S"), False, True),
        ("VEVENT", ("DTSTART:20261123T100000Z", "DTEND:20261123T100000Z"), False, True),
        ("VTODO", ("DTSTART:20261123T100000Z",), False, True),
        ("VTODO", ("DUE:20261123T100000Z",), True, False),
        ("VTODO", ("DTSTART:20261123T100000Z", "DUE:20261123T100000Z"), True, True),
        ("VJOURNAL", ("DTSTART:20261123T100000Z",), False, True),
    ],
)
def test_what_takes_no_time_is_found_by_a_range_that_holds_its_moment(
    kind: str, lines: tuple[str, ...], ends_there: bool, begins_there: bool
) -> None:
    (found,) = facts_of(an_object(*lines, kind=kind)).occurrences
    assert found.start < TEN + HOUR
    assert found.end > TEN - HOUR
    assert (found.start < TEN) is ends_there
    assert (found.end > TEN) is begins_there


def test_a_task_without_dates_is_found_at_any_time() -> None:
    (found,) = facts_of(an_object(kind="VTODO")).occurrences
    assert found.start < 0
    assert found.end > TEN + 100 * 365 * 86_400


# Refused


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", InvalidText),
        ("Guten Tag", InvalidText),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", InvalidText),
        (wrapped(), InvalidObject),
        (wrapped("METHOD:REQUEST", "BEGIN:VEVENT", "UID:a", "END:VEVENT"), InvalidObject),
        (an_object("DTSTART:20261123T100000Z").replace("END:VEVENT\r\n", ""), InvalidText),
        (an_object("DTSTART:20261123T100000Z") * 2, InvalidObject),
        (an_object("DTSTART:20261123T100000Z").replace("UID:eins\r\n", ""), InvalidObject),
        (an_object("DTSTART:20261123T100000Z", "UID:zwei"), InvalidObject),
        (an_object("SUMMARY:ohne Zeit"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "DTSTART:20261124T100000Z"), InvalidText),
        (an_object("DTSTART:gestern"), InvalidText),
        (an_object("DTSTART:20261323T100000Z"), InvalidText),
        (an_object("DTSTART:00000101T000000Z"), InvalidText),
        (an_object("DTSTART:00010101T000000Z"), TooEarly),
        (an_object("DTSTART:99991231T235959Z"), TooLate),
        (an_object("DTSTART:20261123T100000Z", "DTEND:20261101T100000Z"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "DTEND;VALUE=DATE:20261124"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "DURATION:lange"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "DURATION:P99999999999D"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "RRULE:FREQ"), Invalid),
        (an_object("DTSTART:20261123T100000Z", "SUMMARY:\x00"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "SUMMARY:\x0b"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "SUMMARY:\ud800"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "SUMMARY:\uffff"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", "Zeile ohne Doppelpunkt"), InvalidText),
        (an_object("DTSTART:20261123T100000Z", 'X-A;B="c:d'), InvalidText),
        (an_object(kind="VALARM"), UnsupportedComponent),
        (an_object(kind="X-PRAXIS"), UnsupportedComponent),
        (an_object("DTSTART:20261123T100000Z", uid="u" * 1001), InvalidObject),
        (an_object("DTSTART:20261123T100000Z", "DESCRIPTION:" + "x" * 1_000_000), TooLarge),
        (wrapped(*["BEGIN:VEVENT"] * 3000, *["END:VEVENT"] * 3000), InvalidObject),
        (
            wrapped(
                *("BEGIN:VEVENT", "UID:a", "DTSTART:20261123T100000Z", "END:VEVENT"),
                *("BEGIN:VTODO", "UID:a", "END:VTODO"),
            ),
            InvalidObject,
        ),
        (
            wrapped(
                *("BEGIN:VEVENT", "UID:a", "DTSTART:20261123T100000Z", "END:VEVENT"),
                *("BEGIN:VEVENT", "UID:a", "DTSTART:20261124T100000Z", "END:VEVENT"),
            ),
            InvalidObject,
        ),
    ],
)
def test_what_is_no_calendar_object_is_refused_for_its_reason(
    text: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        facts_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + an_object("DTSTART:20261123T100000Z"),
        an_object("DTSTART:20261123T100000Z").replace("\r\n", "\n"),
        an_object("DTSTART:20261123T100000Z").replace("\r\n", "\r\n\r\n"),
        an_object("DTSTART:2026\r\n 1123T10\r\n\t0000Z"),
        an_object("dtstart:20261123T100000Z").replace("BEGIN:VEVENT", "begin:vevent"),
        an_object("DTSTART:20261123T100000Z").rstrip(),
        an_object('DTSTART;X-A="b:c;d,e":20261123T100000Z'),
        an_object("DTSTART:20261123T100000Z", "RECURRENCE-ID:20261123T090000Z"),
        an_object(
            *("DTSTART:20261123T100000Z", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M"),
            *("DURATION:PT1S", "REPEAT:99999999", "DESCRIPTION:x", "END:VALARM"),
        ),
        an_object("DTSTART:20261123T100000Z", "IMAGE;ENCODING=BASE64;VALUE=BINARY:AAAA"),
        an_object("DTSTART:20261123T100000Z", "X-APPLE-STRUCTURED-LOCATION;X=1:geo:52.5,13.4"),
        an_object("DTSTART:20261123T100000Z", "SUMMARY:Zeile\u2028Trenner\u0085"),
    ],
)
def test_what_clients_really_write_is_taken(text: str) -> None:
    assert spans(text) == [(0, 0)]
    assert facts_of(text).occurrences[0].start == TEN


# Nothing is slow: each shape at its size and at twice that

_START = "DTSTART:20261123T100000Z"
SHAPES: dict[str, Callable[[int], str]] = {
    "parameters without a colon": lambda n: an_object(
        _START, "SUMMARY" + ";ENCODING=b" * (n // 11)
    ),
    "parameters": lambda n: an_object(_START, "SUMMARY" + ";ENCODING=b" * (n // 11) + ":x"),
    "a long TZID": lambda n: an_object(f"DTSTART;TZID={'a' * n}:20261123T100000"),
    "a TZID of slashes": lambda n: an_object(f"DTSTART;TZID={'a/' * (n // 2)}:20261123T100000"),
    "a TZID with blanks": lambda n: an_object(f"DTSTART;TZID={'= ' * (n // 2)}:20261123T100000"),
    "open quotes": lambda n: an_object(_START, 'X-A;B="' + '""' * (n // 2) + ":x"),
    "semicolons": lambda n: an_object(_START, f"X-A{';' * n}:x"),
    "folds": lambda n: an_object(_START, "X-A:" + "1\r\n " * (n // 4)),
    "backslashes": lambda n: an_object(_START, f"SUMMARY:{chr(92) * n}"),
    "lines": lambda n: an_object(_START, *["X-A:1"] * (n // 30)),
    "an attachment": lambda n: an_object(_START, f"ATTACH;ENCODING=BASE64;VALUE=BINARY:{'A' * n}"),
    "one word": lambda n: an_object(_START, "X" * n),
    "alarms": lambda n: an_object(
        _START, *["BEGIN:VALARM", "ACTION:AUDIO", "TRIGGER:-PT5M", "END:VALARM"] * (n // 80)
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_reading_costs_no_more_than_the_size_of_the_text(shape: str) -> None:
    def cost(size: int) -> float:
        text = SHAPES[shape](size)
        begin = time.process_time()
        with suppress(Invalid):
            facts_of(text)
        return time.process_time() - begin

    small, large = min(cost(400_000) for _ in range(2)), cost(800_000)
    assert large < 2
    assert large < 3 * small + 0.1


# Whatever is taken can be worked with

_PIECES = st.sampled_from(
    [
        *("BEGIN:VEVENT", "END:VEVENT", "BEGIN:VALARM", "END:VALARM", "BEGIN:VTODO", "END:VTODO"),
        *("UID:a", "UID:", "DTSTART:20261123T100000Z", "DTSTART;VALUE=DATE:20261123", "DTSTART:"),
        *("DTSTART;TZID=Europe/Berlin:20261123T100000", "DTSTART;TZID=:20261123T100000"),
        *("DTSTART;TZID=X;TZID=Y:20261123T100000", "DTSTART;VALUE=PERIOD:20261123T100000Z/PT1H"),
        *("DTEND:20261123T110000", "DTEND;VALUE=DATE:20261124", "DURATION:PT1H", "DURATION:-PT1H"),
        *("RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY;UNTIL=20261201"),
        *("RRULE:FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=1", "RRULE:FREQ=DAILY;UNTIL=morgen", "RRULE:X"),
        *("RRULE:FREQ=YEARLY;COUNT=0", "RRULE:COUNT=1;COUNT=2;FREQ=DAILY", "RRULE:FREQ=;BYDAY=,"),
        *("EXDATE:20261124T100000Z", "EXDATE;VALUE=DATE:20261124", "EXDATE:", "EXDATE:x,y"),
        *("RDATE:20261130T100000Z", "RDATE;VALUE=PERIOD:20261130T100000Z/PT1H", "RDATE:20261130"),
        *("RDATE;VALUE=PERIOD:20261130T100000Z/20261101T100000Z", "EXRULE:FREQ=DAILY"),
        *("RECURRENCE-ID:20261124T100000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261124T100000Z"),
        *("RECURRENCE-ID;VALUE=DATE:20261124", "STATUS:CANCELLED", "STATUS:", "TRANSP:TRANSPARENT"),
        *("DUE:20261123T120000Z", "DUE;VALUE=DATE:20261123", "COMPLETED:20261123T100000Z"),
        *("SEQUENCE:x", "GEO:1;2", "GEO:x", "CATEGORIES:a,b", "TRIGGER:-PT5M", "TRIGGER:x"),
        *("ATTACH;VALUE=BINARY:%%%", "X-PATIENT-ID:1\\,2", "X-PATIENT-ID;X=1:47,11", "SUMMARY:\\"),
        *("ATTENDEE:", 'ORGANIZER;CN="a":mailto:b', "DTSTAMP:x", "CLASS:", "REQUEST-STATUS:x"),
        *("PRIORITY:99999999999999999999", "PERCENT-COMPLETE:x", "RRULE;X=1:FREQ=DAILY;COUNT=2"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(("VEVENT", "VTODO", "VJOURNAL")), st.lists(_PIECES, max_size=12))
def test_any_text_is_refused_in_our_words_or_can_be_asked_for_everything(
    kind: str, pieces: list[str]
) -> None:
    text = an_object(*pieces, kind=kind)
    try:
        facts = facts_of(text)
    except Invalid:
        return
    _work_with(text, facts)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_text_is_refused_in_our_words_or_can_be_asked_for_everything(
    data: st.DataObject,
) -> None:
    text = an_object(
        *("DTSTART;TZID=Europe/Berlin:20261123T100000", "DTEND;TZID=Europe/Berlin:20261123T103000"),
        *("RRULE:FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20270101T000000Z", "EXDATE:20261126T090000Z"),
        *("SUMMARY:Frau Probe\\, Kontrolle", "X-PATIENT-ID:P-1", "STATUS:CONFIRMED"),
    )
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 12))
    damage = data.draw(
        st.text(alphabet=st.sampled_from(list(';:,="\\\r\n \t09TZäX/-+')), max_size=6)
    )
    text = text[:at] + damage + text[at + length :]
    try:
        facts = facts_of(text)
    except Invalid:
        return
    _work_with(text, facts)


def _work_with(text: str, facts: Facts) -> None:
    """Do what queries, reports and exports do with a stored text."""
    asked = CompFilter("VCALENDAR", comps=(CompFilter(facts.component),))
    assert matches(text, asked, BERLIN)
    assert might_match(text, asked)
    summary = PropFilter("SUMMARY", text=TextMatch("probe"))
    named = CompFilter("VCALENDAR", comps=(CompFilter(facts.component, props=(summary,)),))
    assert not matches(text, named, BERLIN) or might_match(text, named)
    try:
        found = occurs(text, WEEK, zone=BERLIN) if facts.coverage else None
        data = expanded(text, WEEK, zone=BERLIN, limits=Limits())
    except Invalid:
        pytest.fail("what was taken cannot be expanded")
    assert data.startswith("BEGIN:VCALENDAR")
    assert found is None or found.end > (WEEK.start or 0)
    # Not by the library alone: it takes the zone "Europe" for a file, and it is a folder.
    whole = "\r\n".join(unfold(merge([text], "Alle", BERLIN))) + "\r\n"
    assert read_by_the_library(whole).subcomponents


# Texts of our own

#: What a person or a booking tool can write: any text but control characters.
_marks = st.sampled_from(["\n", ";", ",", "\\", ":", '"', "BEGIN:VEVENT", "\u2028", "\\n", " "])
_plain = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
#: Without the letters \\N, which the library takes for a line end.
said = (
    st.lists(st.text(_plain, max_size=40) | _marks, max_size=6)
    .map("".join)
    .filter(lambda text: "\\N" not in text)
)
word = st.text(alphabet=st.sampled_from("abcÄÖß XYZ-1'"), min_size=1, max_size=20).map(str.strip)


@st.composite
def events(draw: st.DrawFn) -> Event:
    start = draw(st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001
    start = start.replace(microsecond=0, tzinfo=UTC)
    name = draw(word)
    return Event(
        uid=f"booking-{draw(st.integers(1, 10**9))}@example.org",
        slot=Slot(start, start + timedelta(minutes=draw(st.integers(1, 600)))),
        stamp=NOW,
        summary=draw(said),
        description=draw(said),
        location=draw(said),
        status=draw(st.sampled_from(list(Status))),
        organizer=("Praxis am Park", "praxis@example.org"),
        attendee=(name, "patient@example.org"),
        categories=("APPOINTMENT", "FOLLOWUP"),
        color="steelblue",
        extra={"X-PATIENT-ID": draw(word) or "P-1", "X-APPOINTMENT-TYPE": "ERSTBESUCH"},
    )


def the_event(text: str) -> Any:
    """Return the one event of a text, as another program reads it."""
    (found,) = ICalendar.from_ical(text).walk("VEVENT")
    assert found.errors == []
    return found


@settings(max_examples=100, deadline=None)
@given(events())
def test_what_we_write_is_read_back_as_it_was_meant(event: Event) -> None:
    text = write(event, BERLIN)
    assert "\r\n" in text
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    found, facts = the_event(text), facts_of(text)
    for name in ("summary", "description", "location"):
        assert str(found.get(name.upper(), "")) == getattr(event, name)
    assert str(found["X-PATIENT-ID"]) == event.extra["X-PATIENT-ID"]
    assert str(found["ATTENDEE"]) == "mailto:patient@example.org"
    assert found["ATTENDEE"].params.get("CN", "") == event.attendee[0]
    assert (facts.uid, facts.slot, facts.status) == (event.uid, event.slot, event.status)
    assert [c.name for c in ICalendar.from_ical(text).subcomponents] == ["VTIMEZONE", "VEVENT"]


@settings(max_examples=50, deadline=None)
@given(events(), events())
def test_a_change_keeps_what_the_practice_added(first: Event, second: Event) -> None:
    assume(first.slot != second.slot)
    second = replace(second, uid=first.uid)
    mine = ("X-PRAXIS-NOTIZ:bleibt", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M")
    added = "\r\n".join((*mine, "DESCRIPTION:x", "END:VALARM", "END:VEVENT"))
    text = revise(write(first, BERLIN).replace("END:VEVENT", added), second, BERLIN)
    found, facts = the_event(text), facts_of(text)
    assert str(found["X-PRAXIS-NOTIZ"]) == "bleibt"
    assert [part.name for part in found.subcomponents] == ["VALARM"]
    assert found["SEQUENCE"] == 1
    assert str(found.get("SUMMARY", "")) == second.summary
    assert (facts.slot, facts.status) == (second.slot, second.status)
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_a_hostile_name_does_not_become_a_property() -> None:
    base = Event(
        uid="b@example.org",
        slot=Slot(NOW, NOW + timedelta(minutes=30)),
        stamp=NOW,
        summary="a\r\nATTENDEE:mailto:x@example.com",
        description="b\nEND:VEVENT\nBEGIN:VEVENT",
        location="c\rX-EVIL:1",
        status=Status.CONFIRMED,
        organizer=('Praxis "am" Park;X=1', "praxis@example.org"),
        attendee=("Eva\nX-EVIL:2", "eva@example.org\r\nX-EVIL:5"),
        categories=("APPOINTMENT", "a,b"),
        color="",
        extra={"X-PATIENT-ID": "1\r\nX-EVIL:3", "X-APPOINTMENT-TYPE": "A\u2028B\nX-EVIL:4"},
    )
    text = write(base, BERLIN)
    found = the_event(text)
    assert "X-EVIL" not in found
    assert str(found["X-PATIENT-ID"]) == "1 X-EVIL:3"
    assert str(found["ATTENDEE"]) == "mailto:eva@example.org X-EVIL:5"
    assert set(found["CATEGORIES"].cats) == {"APPOINTMENT", "a,b"}


# Many objects as one file


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(events(), said), min_size=1, max_size=5))
def test_a_merged_file_has_every_component_and_each_zone_once(
    held: list[tuple[Event, str]],
) -> None:
    texts = [write(replace(event, uid=f"{n}"), BERLIN) for n, (event, _) in enumerate(held)]
    texts.append(an_object("DTSTART;VALUE=DATE:20261224", uid="geschlossen"))
    texts.append(an_object("DUE:20261123T100000Z", kind="VTODO", uid="aufgabe"))
    merged = ICalendar.from_ical(merge(texts, held[0][1], BERLIN))
    names = [part.name for part in merged.subcomponents]
    assert names.count("VTIMEZONE") == 1
    assert sorted(str(part["UID"]) for part in merged.walk() if "UID" in part) == sorted(
        [*map(str, range(len(held))), "geschlossen", "aufgabe"]
    )
    told = {str(part["UID"]): str(part.get("SUMMARY", "")) for part in merged.walk("VEVENT")}
    assert all(told[f"{n}"] == event.summary for n, (event, _) in enumerate(held))


@pytest.mark.parametrize(
    "line",
    [
        "DESCRIPTION:erste Zeile\r\n BEGIN:VEVENT",
        "DESCRIPTION:erste Zeile\r\n END:VEVENT",
        "DESCRIPTION:Zeile\u2028BEGIN:VEVENT",
        "DESCRIPTION:Zeile\u0085END:VCALENDAR",
        "X-A:1\r\n\r\nX-B:2",
    ],
)
def test_a_text_that_looks_like_a_component_is_merged_as_text(line: str) -> None:
    first = an_object("DTSTART:20261123T100000Z", line, uid="a")
    merged = merge([first, an_object("DTSTART:20261123T110000Z", uid="b")], "Alle", BERLIN)
    found = ICalendar.from_ical(merged).walk("VEVENT")
    assert [str(part["UID"]) for part in found] == ["a", "b"]
    assert found[0].get("DESCRIPTION") == ICalendar.from_ical(first).walk("VEVENT")[0].get(
        "DESCRIPTION"
    )


def test_a_merged_file_tells_known_zones_rightly_and_unknown_ones_as_they_came() -> None:
    wrong = (
        *("BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:19700101T000000"),
        *("TZOFFSETFROM:-0500", "TZOFFSETTO:-0500", "END:STANDARD", "END:VTIMEZONE"),
    )
    own = [line.replace("Europe/Berlin", "Praxiszeit") for line in wrong]
    event = (
        "BEGIN:VEVENT",
        "UID:a",
        "DTSTAMP:20261101T080000Z",
        "DTSTART;TZID=Praxiszeit:20261123T100000",
    )
    merged = merge([wrapped(*wrong, *own, *event, "END:VEVENT")], "Alle", BERLIN)
    zones = {str(z["TZID"]): z for z in ICalendar.from_ical(merged).walk("VTIMEZONE")}
    assert set(zones) == {"Europe/Berlin", "Praxiszeit"}
    assert "TZOFFSETTO:+0200" in zones["Europe/Berlin"].to_ical().decode()
    assert "TZOFFSETTO:-0500" in zones["Praxiszeit"].to_ical().decode()
