"""Overrides, added periods, tasks and alarms of series, against slow and obvious oracles.

The oracle lists the originals of a series by hand and then does to each what the overrides say.
It knows nothing of ranges, limits or coverage, which is what can go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.errors import InvalidText
from practice.facts import Limits, Span
from practice.vevent import CompFilter, DataRequest, is_in, matches, occurs, read, tell
from tests.building import NOW

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
#: On the clock of the series. Summer ends in between.
FIRST = datetime(2026, 10, 19, 9, 0)  # noqa: DTZ001
MINUTE, HOUR, DAY = 60, 3600, 86_400


def an_object(kind: str, *parts: tuple[str, ...]) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    for part in parts:
        lines += [f"BEGIN:{kind}", "UID:reihe", "DTSTAMP:20261101T080000Z", *part, f"END:{kind}"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def second(moment: datetime, zone: ZoneInfo) -> int:
    return int(moment.replace(tzinfo=zone).timestamp())


@dataclass(frozen=True)
class Override:
    """What is done to one original, and perhaps to those after it."""

    number: int
    shift: timedelta
    length: timedelta
    future: bool


@dataclass(frozen=True)
class Case:
    """A daily series with overrides; times float where `zone_told` is empty."""

    count: int
    length: timedelta
    overrides: tuple[Override, ...]
    excluded: frozenset[int]
    zone_told: str

    def text(self) -> str:
        shape = f";TZID={self.zone_told}:" if self.zone_told else ":"

        def at(name: str, moment: datetime, more: str = "") -> str:
            return f"{name}{more}{shape}{moment:%Y%m%dT%H%M%S}"

        master = (
            at("DTSTART", FIRST),
            at("DTEND", FIRST + self.length),
            f"RRULE:FREQ=DAILY;COUNT={self.count}",
            *(at("EXDATE", FIRST + timedelta(days=n)) for n in sorted(self.excluded)),
        )
        parts = [master]
        for one in self.overrides:
            original = FIRST + timedelta(days=one.number)
            start = original + one.shift
            future = ";RANGE=THISANDFUTURE" if one.future else ""
            parts.append(
                (
                    at("RECURRENCE-ID", original, future),
                    at("DTSTART", start),
                    at("DTEND", start + one.length),
                )
            )
        return an_object("VEVENT", *parts)

    def instances(self, zone: ZoneInfo) -> list[tuple[int, int]]:
        """Return the starts and ends, by the later meaning of an end where a clock changes."""
        zone = ZoneInfo(self.zone_told) if self.zone_told else zone
        found = []
        by_number = {one.number: one for one in self.overrides}
        for number in range(self.count):
            original = FIRST + timedelta(days=number)
            if number in self.excluded:
                continue
            rest = [one for one in self.overrides if one.future and one.number < number]
            own = by_number.get(number) or max(rest, key=lambda one: one.number, default=None)
            start = original + own.shift if own else original
            length = own.length if own else self.length
            begin = second(start, zone)
            by_clock = second(start + length, zone)
            found.append((begin, max(by_clock, begin + int(length.total_seconds()), begin + 1)))
        return sorted(found)


_shifts = st.sampled_from([0, 30, 60, -60, 24 * 60, -24 * 60, 20 * 24 * 60, -15 * 24 * 60])
_lengths = st.sampled_from([0, 15, 60, 25 * 60, 50 * 60])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    count = draw(st.integers(1, 14))
    numbers = draw(st.lists(st.integers(0, count - 1), max_size=3, unique=True))
    overrides = tuple(
        Override(
            number,
            timedelta(minutes=draw(_shifts)),
            timedelta(minutes=draw(_lengths)),
            draw(st.booleans()),
        )
        for number in numbers
    )
    others = sorted(set(range(count)) - set(numbers))
    excluded = draw(st.frozensets(st.sampled_from(others), max_size=2)) if others else frozenset()
    length = timedelta(minutes=draw(_lengths))
    zone = draw(st.sampled_from(["Europe/Berlin", "America/New_York", ""]))
    return Case(count, length, overrides, excluded, zone)


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from([BERLIN, NEW_YORK]))
def test_the_index_has_every_instance_where_its_override_put_it(case: Case, zone: ZoneInfo) -> None:
    facts = read(case.text(), zone=zone, now=NOW, limits=Limits())
    assert [(o.start, o.end) for o in facts.occurrences] == case.instances(zone)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(-25 * 24, 40 * 24), st.sampled_from([1, HOUR, DAY, 7 * DAY]))
def test_a_range_finds_what_overlaps_it_whatever_was_moved(
    case: Case, hours: int, length: int
) -> None:
    start = second(FIRST, BERLIN) + hours * HOUR
    span = Span(start, start + length)
    wanted = any(a < start + length and b > start for a, b in case.instances(BERLIN))
    assert is_in(case.text(), span, zone=BERLIN) == wanted
    assert (occurs(case.text(), span, zone=BERLIN) is not None) == wanted
    asked = CompFilter("VCALENDAR", comps=(CompFilter("VEVENT", span=span),))
    assert matches(case.text(), asked, BERLIN) == wanted
    data = tell(case.text(), DataRequest(expand=span), BERLIN, Limits())
    within = [a for a, b in case.instances(BERLIN) if a < start + length and b > start]
    assert data.count("BEGIN:VEVENT") == len(within)
    limited = tell(case.text(), DataRequest(limit_series=span), BERLIN, Limits())
    assert is_in(limited, span, zone=BERLIN) == wanted


@settings(max_examples=100, deadline=None)
@given(
    cases(),
    st.sampled_from([-90, -15, 0, 10, 3 * 24 * 60]),
    st.booleans(),
    st.sampled_from([(0, 0), (5, 1), (30, 4), (7 * 60, 5), (50 * 60, 2)]),
    st.data(),
)
def test_an_alarm_of_a_series_rings_when_it_says(
    case: Case, offset: int, by_end: bool, again: tuple[int, int], data: st.DataObject
) -> None:
    """The alarm is the series' own; overrides have none."""
    related = ";RELATED=END" if by_end else ""
    sign = "-" if offset < 0 else ""
    alarm = ["BEGIN:VALARM", "ACTION:AUDIO", f"TRIGGER{related}:{sign}PT{abs(offset)}M"]
    if again[1]:
        alarm += [f"REPEAT:{again[1]}", f"DURATION:PT{again[0]}M"]
    text = case.text().replace("END:VEVENT", "\r\n".join([*alarm, "END:VALARM", "END:VEVENT"]), 1)
    zone = ZoneInfo(case.zone_told) if case.zone_told else BERLIN
    rings = set()
    for number in range(case.count):
        overridden = any(
            one.number == number or (one.future and one.number < number) for one in case.overrides
        )
        if number in case.excluded or overridden:
            continue
        start = FIRST + timedelta(days=number)
        anchor = second(start + case.length if by_end else start, zone)
        rings |= {anchor + offset * MINUTE + n * again[0] * MINUTE for n in range(again[1] + 1)}
    anywhere = second(FIRST, BERLIN) + HOUR * data.draw(st.integers(-10 * 24, 30 * 24))
    near = sorted({at + aside for at in rings for aside in (0, -899, -900, 1)})
    begin = data.draw(st.sampled_from([anywhere, *near]))
    span = Span(begin, begin + 15 * MINUTE)
    within = CompFilter("VEVENT", comps=(CompFilter("VALARM", span=span),))
    asked = CompFilter("VCALENDAR", comps=(within,))
    assert matches(text, asked, BERLIN) == any(begin <= at < begin + 15 * MINUTE for at in rings)


def moments(text: str, zone: ZoneInfo = BERLIN) -> list[tuple[str, str]]:
    found = read(text, zone=zone, now=NOW, limits=Limits()).occurrences
    return [
        (
            f"{datetime.fromtimestamp(o.start, UTC):%m-%d %H:%M:%S}",
            f"{datetime.fromtimestamp(o.end, UTC):%m-%d %H:%M:%S}",
        )
        for o in found
    ]


def test_a_period_among_the_dates_has_its_own_length() -> None:
    text = an_object(
        "VEVENT",
        (
            *("DTSTART:20261019T080000Z", "DTEND:20261019T083000Z"),
            "RDATE;VALUE=PERIOD:20261020T080000Z/PT3H,20261021T080000Z/20261021T100000Z",
            "RDATE:20261022T080000Z",
        ),
    )
    assert moments(text) == [
        ("10-19 08:00:00", "10-19 08:30:00"),
        ("10-20 08:00:00", "10-20 11:00:00"),
        ("10-21 08:00:00", "10-21 10:00:00"),
        ("10-22 08:00:00", "10-22 08:30:00"),
    ]


TASKS = {
    "start and due": (
        ("DTSTART:20261019T080000Z", "DUE:20261019T090000Z"),
        ("08:00:00", "09:00:00"),
    ),
    "start and length": (
        ("DTSTART:20261019T080000Z", "DURATION:PT1H"),
        ("08:00:00", "09:00:01"),  # the end counts (RFC 4791 9.9)
    ),
    "start alone": (("DTSTART:20261019T080000Z",), ("08:00:00", "08:00:01")),
}


@pytest.mark.parametrize("case", TASKS)
def test_a_recurring_task_is_when_each_instance_is(case: str) -> None:
    lines, (start, end) = TASKS[case]
    text = an_object("VTODO", (*lines, "RRULE:FREQ=DAILY;COUNT=2"))
    assert moments(text) == [(f"10-{day} {start}", f"10-{day} {end}") for day in (19, 20)]


def test_a_recurring_note_of_a_day_takes_the_whole_day() -> None:
    text = an_object("VJOURNAL", ("DTSTART;VALUE=DATE:20261019", "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert moments(text) == [
        ("10-18 22:00:00", "10-19 22:00:00"),
        ("10-25 23:00:00", "10-26 23:00:00"),
    ]


def test_whole_days_and_floating_times_are_by_the_clock_they_are_read_with() -> None:
    text = an_object("VEVENT", ("DTSTART:20261019T080000", "RRULE:FREQ=DAILY;COUNT=1"))
    assert moments(text, BERLIN)[0][0] == "10-19 06:00:00"
    assert moments(text, NEW_YORK)[0][0] == "10-19 12:00:00"
    day = an_object("VEVENT", ("DTSTART;VALUE=DATE:20261019",))
    assert moments(day, NEW_YORK) == [("10-19 04:00:00", "10-20 04:00:00")]


def test_an_override_alone_is_where_it_says() -> None:
    text = an_object("VEVENT", ("RECURRENCE-ID:20261019T080000Z", "DTSTART:20261020T080000Z"))
    assert moments(text) == [("10-20 08:00:00", "10-20 08:00:01")]


def test_of_an_override_told_by_its_day_the_instance_of_that_day_is_gone() -> None:
    text = an_object(
        "VEVENT",
        ("DTSTART:20261019T080000Z", "RRULE:FREQ=DAILY;COUNT=2"),
        ("RECURRENCE-ID;VALUE=DATE:20261020", "DTSTART:20261020T120000Z"),
    )
    assert [start for start, _ in moments(text)] == ["10-19 08:00:00", "10-20 12:00:00"]


def test_an_override_of_what_was_excluded_counts_no_more() -> None:
    text = an_object(
        "VEVENT",
        ("DTSTART:20261019T080000Z", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20261020T080000Z"),
        ("RECURRENCE-ID:20261020T080000Z", "DTSTART:20261020T120000Z"),
    )
    assert [start for start, _ in moments(text)] == ["10-19 08:00:00"]


def test_of_two_versions_of_an_override_the_later_counts() -> None:
    text = an_object(
        "VEVENT",
        ("DTSTART:20261019T080000Z", "RRULE:FREQ=DAILY;COUNT=2"),
        ("RECURRENCE-ID:20261020T080000Z", "DTSTART:20261020T120000Z", "SEQUENCE:2"),
        ("RECURRENCE-ID:20261020T080000Z", "DTSTART:20261020T160000Z", "SEQUENCE:1"),
    )
    assert [start for start, _ in moments(text)] == ["10-19 08:00:00", "10-20 12:00:00"]


def test_an_endless_series_moved_from_now_on_is_found_far_ahead() -> None:
    text = an_object(
        "VEVENT",
        ("DTSTART:20261019T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"),
        (
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20261101T080000Z",
            *("DTSTART:20261111T120000Z", "DURATION:PT2H"),
        ),
    )
    for year in (2027, 2090):
        noon = int(datetime(year, 3, 1, 13, tzinfo=UTC).timestamp())
        assert is_in(text, Span(noon, noon + 60), zone=BERLIN)
        assert not is_in(text, Span(noon - 4 * HOUR, noon - 3 * HOUR), zone=BERLIN)


def test_a_weekly_task_of_years_ago_is_done_now_and_goes_on_from_here() -> None:
    """What python-caldav writes when such a task is completed, this and the future."""
    text = an_object(
        "VTODO",
        ("DTSTART:20200106T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
        (
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20200113T080000Z",
            *("DTSTART:20261123T080000Z", "DURATION:PT1H"),
        ),
    )
    facts = read(text, zone=BERLIN, now=NOW, limits=Limits())
    starts = [datetime.fromtimestamp(o.start, UTC) for o in facts.occurrences]
    assert min(starts) >= datetime(2020, 1, 6, 8, tzinfo=UTC)
    put_off = [start for start in starts if start > NOW]
    assert put_off[:3] == [datetime(2026, 11, day, 8, tzinfo=UTC) for day in (23, 30)] + [
        datetime(2026, 12, 7, 8, tzinfo=UTC)
    ]
    for year in (2027, 2090):
        monday = datetime(year, 3, 1, 8, 30, tzinfo=UTC)
        monday -= timedelta(days=monday.weekday())
        at = int(monday.timestamp())
        assert is_in(text, Span(at, at + 60), zone=BERLIN)


@pytest.mark.parametrize("years", [1, 9])
def test_an_endless_series_moved_back_is_known_as_far_as_its_coverage_says(years: int) -> None:
    """Its starts by the rule lie beyond what is covered, their instances within."""
    text = an_object(
        "VEVENT",
        ("DTSTART:20261019T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"),
        (
            f"RECURRENCE-ID;RANGE=THISANDFUTURE:{2026 + years}1101T080000Z",
            *("DTSTART:20261101T120000Z", "DURATION:PT1H"),
        ),
    )
    facts = read(text, zone=BERLIN, now=NOW, limits=Limits())
    assert facts.coverage is not None
    moved = [o.start for o in facts.occurrences if o.start % DAY == 12 * HOUR]
    assert facts.coverage.end - max(moved) < 2 * DAY
    assert moved == [*range(moved[0], moved[-1] + 1, DAY)]


def test_an_override_that_moves_the_rest_beyond_ten_years_is_refused() -> None:
    text = an_object(
        "VEVENT",
        ("DTSTART:20261019T080000Z", "RRULE:FREQ=DAILY"),
        ("RECURRENCE-ID;RANGE=THISANDFUTURE:20261020T080000Z", "DTSTART:20371020T080000Z"),
    )
    with pytest.raises(InvalidText):
        read(text, zone=BERLIN, now=NOW, limits=Limits())


@pytest.mark.parametrize("rule", ["RSCALE=CHINESE;FREQ=YEARLY", "FREQ=YEARLY;SKIP=FORWARD"])
def test_rules_by_another_calendar_are_refused(rule: str) -> None:
    text = an_object("VEVENT", ("DTSTART:20261019T080000Z", f"RRULE:{rule}"))
    with pytest.raises(InvalidText):
        read(text, zone=BERLIN, now=NOW, limits=Limits())
