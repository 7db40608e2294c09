"""The text of an event without its content: the same times, and nothing else of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from practice.disguise import Disguise, alias_in, alias_of, pseudonym
from practice.errors import Invalid
from practice.patients import Patient, PatientRecord
from practice.vevent import disguised, expanded, read
from tests.building import BERLIN, NOW, an_event
from tests.marked import MARK, MARKED, a_marked_event

if TYPE_CHECKING:
    from practice.facts import Facts

from practice.calendars import Span
from practice.vevent import Limits
from practice.views import Level


def facts(text: str) -> Facts:
    return read(text, zone=BERLIN, now=NOW, limits=Limits())


def is_told_alike(text: str) -> None:
    """The disguised text is valid, takes the same time, and tells no other fact."""
    told = disguised(text, "u-1", "M. S. · 4711")
    before, after = facts(text), facts(told)
    assert (after.occurrences, after.coverage) == (before.occurrences, before.coverage)
    assert (after.uid, after.component) == ("u-1", "VEVENT")
    assert (after.patient_number, after.kind, after.insurance, after.source) == ("", "", "", "")
    assert disguised(told, "u-1", "M. S. · 4711") == told


@pytest.mark.parametrize("name", MARKED)
def test_the_times_are_told_and_not_a_word_else(name: str) -> None:
    text = MARKED[name]
    assert text.count(MARK) > 30
    told = disguised(text, "u-1")
    assert MARK.lower() not in told.lower()
    assert "4711" not in told
    is_told_alike(text)


def test_every_line_is_known() -> None:
    lines = {
        line.partition(":")[0].partition(";")[0]
        for text in MARKED.values()
        for line in disguised(text, "u-1").split("\r\n")
        if not line.startswith(" ")
    }
    assert lines == {
        *("", "BEGIN", "END", "VERSION", "PRODID", "CALSCALE"),
        *("TZID", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"),
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"),
        *("RRULE", "RDATE", "EXDATE", "TRANSP", "STATUS", "SUMMARY"),
    }


@pytest.mark.parametrize(
    ("more", "who", "summary"),
    [
        ("", "", "Belegt"),
        ("STATUS:CONFIRMED\n", "", "Belegt"),
        ("STATUS:TENTATIVE\n", "", "Belegt"),
        ("TRANSP:TRANSPARENT\n", "", "Frei"),
        ("STATUS:CANCELLED\n", "", "Abgesagt"),
        ("STATUS:CANCELLED\n", "M. S. · 4711", "M. S. · 4711"),
        ("", "a,b;c\\d\ne", "a\\,b\\;c\\\\de"),
    ],
)
def test_it_is_called_busy_free_cancelled_or_as_said(more: str, who: str, summary: str) -> None:
    told = disguised(a_marked_event(more=more), "u-1", who)
    assert f"\r\nSUMMARY:{summary}\r\n" in told


STARTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
RULES = st.builds(
    lambda freq, interval, end, days, more: f"FREQ={freq};INTERVAL={interval}{end}{days}{more}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "weekly", "HOURLY"]),
    st.integers(1, 5),
    st.sampled_from(["", ";COUNT=7", ";UNTIL=20281231", ";UNTIL=20281231T120000Z", ";Count=+3"]),
    st.sampled_from(["", ";BYDAY=MO,FR", ";BYDAY=-1SU,2MO", ";BYMONTHDAY=-1, 15", ";BYMONTH=2,7"]),
    st.sampled_from(["", ";WKST=SU", ";BYHOUR=9,15", ";BYSETPOS=-1", ";"]),
)


@settings(max_examples=150, deadline=None)
@given(
    start=STARTS,
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "W. Europe Standard Time", "UTC", "Nirgendwo"]
    ),
    rule=RULES,
    skipped=st.lists(st.integers(0, 20), max_size=3),
    minutes=st.integers(0, 3000),
)
@example(datetime(2026, 3, 29, 2, 30), "Europe/Berlin", "FREQ=DAILY", [0, 2], 30)  # noqa: DTZ001
def test_any_series_takes_the_same_times(
    start: datetime, zone: str, rule: str, skipped: list[int], minutes: int
) -> None:
    first, last = (f"{t:%Y%m%dT%H%M%S}" for t in (start, start + timedelta(minutes=minutes)))
    days = [f"{start + timedelta(days=n):%Y%m%dT%H%M%S}" for n in skipped]
    more = [f"RRULE:{rule}"]
    if days:
        more.append(f"EXDATE;TZID={zone}:{','.join(days)}")
        more.append(f"RDATE;TZID={zone}:{days[0]}")
    text = an_event("u", first, last, *more, tzid=zone)
    try:
        facts(text)
    except Invalid:
        assume(False)
    is_told_alike(text)


def test_nothing_is_left_of_a_rule_but_what_is_known() -> None:
    """Also of one that today's door would refuse, and an older one may have taken."""
    rule = f"rrule;X={MARK}:Freq=daily;X-{MARK}=1;BYDAY={MARK};COUNT=3;INTERVAL=x;UNTIL={MARK}"
    told = disguised(an_event("u", "20261123T100000", "20261123T103000", rule), "u-1")
    assert "\r\nRRULE:FREQ=DAILY;COUNT=3\r\n" in told


def test_a_foreign_zone_is_told_by_its_times() -> None:
    series = next(text for name, text in MARKED.items() if name.startswith("series"))
    span = Span(1_790_000_000, 1_830_000_000)

    def starts(text: str) -> list[str]:
        told = expanded(text, span, zone=BERLIN, limits=Limits())
        return sorted(line for line in told.split("\r\n") if line.startswith("DTSTART"))

    assert starts(disguised(series, "u")) == starts(series)
    assert len(starts(series)) > 5


def test_names_are_keyed_and_the_same_every_time() -> None:
    one, other = Disguise(b"1" * 32), Disguise(b"2" * 32)
    assert one.name(1, "a.ics") == one.name(1, "a.ics")
    shown = {d.name(c, h) for d in (one, other) for c in (1, 2) for h in ("a.ics", "b.ics")}
    assert len(shown) == 8
    assert alias_in(one.name(1, "a.ics")) == alias_of(b"1" * 32, 1, "a.ics")
    assert alias_in("a.ics") is None
    assert alias_in(one.name(1, "a.ics").upper()) is None
    assert one.uid("u") not in {other.uid("u"), one.uid("v")}
    etags = {one.etag(e, level, who) for e in '"x"' for level in Level for who in ("", "M. S.")}
    assert len(etags) == 2 * len(Level) * len(set('"x"'))


@pytest.mark.parametrize(
    ("first", "last", "number", "called"),
    [
        ("Max", "Schmidt", "4711", "M. S. · 4711"),
        ("", "von der Aa", "4711", "V. · 4711"),
        ("(özgür)", "ßen", "P1", "Ö. S. · P1"),
        ("", "", "4711", "4711"),
        ("Max", "S", "", "M. S."),
        ("Max", "S", "47\r\n11", "M. S. · 4711"),
    ],
)
def test_a_patient_is_called_by_initials_and_number(
    first: str, last: str, number: str, called: str
) -> None:
    assert pseudonym(Patient(number, PatientRecord(last, first))) == called
