"""When the occurrences of a series are: the time index against a slow and obvious oracle.

The oracle follows a rule in local time, one start after the other, and puts each on the clock of
its zone. It knows nothing of coverage, limits or ends put into rules, which is what can go wrong.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.database import SqlDatabase
from practice.errors import InvalidText, TooEarly, TooLarge, TooManyInstances
from practice.facts import Busy, Facts, Limits, Occupied, Span
from practice.use_cases.reading import overlapping
from practice.vevent import expanded, occurs, read
from tests.building import BERLIN, NOW, a_draft, reading, the_view, writing

HORIZON = datetime(2042, 1, 1)  # noqa: DTZ001
MONTH = timedelta(days=31)


def a_text(*lines: str, kind: str = "VEVENT", overrides: tuple[tuple[str, ...], ...] = ()) -> str:
    """Return an object with these lines, and components of the same UID that override it."""
    parts = [lines, *overrides] if lines else list(overrides)
    stamp = ("UID:reihe", "DTSTAMP:20261101T080000Z")
    blocks = [[f"BEGIN:{kind}", *stamp, *part, f"END:{kind}"] for part in parts]
    inside = [line for block in blocks for line in block]
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//T//DE", *inside, "END:VCALENDAR", ""]
    )


def facts_of(text: str, now: datetime = NOW) -> Facts:
    return read(text, zone=BERLIN, now=now, limits=Limits())


def second(text: str, zone: tzinfo = UTC) -> int:
    """Return the second of a time like "2026-11-23 10:00" in a zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def starts(text: str, zone: tzinfo = BERLIN) -> list[str]:
    """Return the starts in the index, told in a zone."""
    return [told(o.start, zone) for o in facts_of(text).occurrences]


def told(moment: int, zone: tzinfo = BERLIN) -> str:
    return f"{datetime.fromtimestamp(moment, zone):%Y-%m-%d %H:%M}"


def is_found(text: str, span: Span) -> bool:
    """Tell whether a query would find the object: by the index, else where it does not reach."""
    facts = facts_of(text)
    assert span.start is not None
    assert span.end is not None
    if any(o.start < span.end and o.end > span.start for o in facts.occurrences):
        return True
    covered = facts.coverage
    outside = covered and (covered.end < span.end or covered.start > span.start)
    return bool(outside) and occurs(text, span, zone=BERLIN) is not None


# The oracle

_ZONES = {
    "Europe/Berlin": "Europe/Berlin",
    "W. Europe Standard Time": "Europe/Berlin",
    "/freeassociation.sourceforge.net/Europe/Berlin": "Europe/Berlin",
    "America/New_York": "America/New_York",
    "Pacific Standard Time": "America/Los_Angeles",
    "Australia/Sydney": "Australia/Sydney",
    "Asia/Kolkata": "Asia/Kolkata",
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Case:
    """A series as text, and its occurrences by the oracle: (start, end, end by the clock)."""

    text: str
    occurrences: tuple[tuple[int, int, int], ...] = field(repr=False)
    floats: bool

    def overlap(self, span: Span, *, by_clock: bool) -> bool:
        """Tell whether an occurrence overlaps (RFC 4791 9.9), by either meaning of its end."""
        assert span.start is not None
        assert span.end is not None
        return any(
            start < span.end
            and (
                span.start < max(end, by_the_clock if by_clock else end)
                or (start == end and span.start <= start)
            )
            for start, end, by_the_clock in self.occurrences
        )


def a_rule(rng: random.Random) -> str:
    """Return a rule without an end."""
    frequency = rng.choice(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
    parts = [f"FREQ={frequency}"]
    if rng.random() < 0.5:
        parts.append(f"INTERVAL={rng.randint(1, 12)}")
    days = rng.sample(_DAYS, rng.randint(1, 4))
    nth = rng.choice((1, 2, 3, 4, 5, -1, -2))
    month = f"BYMONTH={','.join(map(str, rng.sample(range(1, 13), rng.randint(1, 3))))}"
    monthday = f"BYMONTHDAY={rng.choice((1, 13, 28, 29, 30, 31, -1, -3))}"
    more = {
        "DAILY": ([], [f"BYDAY={','.join(days)}"], [month], ["BYHOUR=8,13"]),
        "WEEKLY": ([], [f"BYDAY={','.join(days)}"], [f"BYDAY={','.join(days)}", "WKST=SU"]),
        "MONTHLY": (
            [],
            [monthday],
            [f"BYDAY={nth}{days[0]}"],
            ["BYDAY=MO,TU,WE,TH,FR", f"BYSETPOS={rng.choice((1, -1))}"],
        ),
        "YEARLY": (
            [],
            [month, monthday],
            [month, f"BYDAY={nth}{days[0]}"],
            [f"BYYEARDAY={rng.choice((1, 100, -1))}"],
            [f"BYWEEKNO={rng.choice((1, 20, 52))}", f"BYDAY={days[0]}"],
        ),
    }[frequency]
    return ";".join([*parts, *rng.choice(more)])


def a_case(rng: random.Random) -> Case:
    """Return a random series."""
    kind = rng.choice((*_ZONES, "utc", "floating", "date"))
    zone: tzinfo = UTC if kind == "utc" else ZoneInfo(_ZONES.get(kind, "Europe/Berlin"))
    rule = a_rule(rng)
    first = datetime(2019, 1, 1) + timedelta(days=rng.randint(0, 4000))  # noqa: DTZ001
    if kind != "date":
        first += timedelta(minutes=15 * rng.randint(0, 95))
    else:
        rule = rule.replace(";BYHOUR=8,13", "")
    length = timedelta(days=rng.randint(1, 3))
    if kind != "date":
        length = timedelta(minutes=rng.choice((0, 1, 15, 30, 60, 24 * 60, 30 * 60)))
    # Near the last year there is, a rule that never matches is soon seen through.
    if next(iter(rrulestr(rule, dtstart=first.replace(year=first.year + 7600))), None) is None:
        return a_case(rng)
    first = next(iter(rrulestr(rule, dtstart=first)))
    found = list(takewhile(lambda at: at < HORIZON, rrulestr(rule, dtstart=first)))
    lines = [_line("DTSTART", first, kind), _line("DTEND", first + length, kind)]
    ending = rng.choice(("", "COUNT", "UNTIL"))
    if ending == "COUNT":
        count = rng.randint(1, 80)
        rule, found = f"{rule};COUNT={count}", found[:count]
    if ending == "UNTIL":
        until = first + timedelta(days=rng.randint(0, 1400), hours=rng.randint(0, 30))
        until = datetime.combine(until, datetime.min.time()) if kind == "date" else until
        found = [at for at in found if at <= until]
        rule = f"{rule};UNTIL={_until(until, kind, zone)}"
    lines.append(f"RRULE:{rule}")
    excluded = rng.sample(found[:20], min(len(found[:20]), rng.choice((0, 0, 1, 3))))
    lines += [_line("EXDATE", at, kind) for at in excluded]
    added = [first + timedelta(days=rng.randint(1, 9000)) for _ in range(rng.choice((0, 0, 2)))]
    lines += [_line("RDATE", at, kind) for at in added]
    whole = sorted(at for at in {*found, *added} - set(excluded) if at < HORIZON)
    seconds = tuple(_seconds(at, length, zone) for at in whole)
    return Case(a_text(*lines), seconds, kind in {"date", "floating"})


def _line(name: str, at: datetime, kind: str) -> str:
    if kind == "date":
        return f"{name};VALUE=DATE:{at:%Y%m%d}"
    if kind in {"utc", "floating"}:
        return f"{name}:{at:%Y%m%dT%H%M%S}{'Z' if kind == 'utc' else ''}"
    return f"{name};TZID={kind}:{at:%Y%m%dT%H%M%S}"


def _until(at: datetime, kind: str, zone: tzinfo) -> str:
    if kind == "date":
        return f"{at:%Y%m%d}"
    if kind == "floating":
        return f"{at:%Y%m%dT%H%M%S}"
    return f"{at.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _seconds(at: datetime, length: timedelta, zone: tzinfo) -> tuple[int, int, int]:
    start = int(at.replace(tzinfo=zone).timestamp())
    by_the_clock = int((at + length).replace(tzinfo=zone).timestamp())
    return start, start + int(length.total_seconds()), by_the_clock


cases = st.integers(0, 10**9).map(lambda seed: a_case(random.Random(seed)))


@settings(max_examples=60, deadline=None)
@given(cases)
def test_the_index_of_a_series_has_every_occurrence_and_no_other(case: Case) -> None:
    facts = facts_of(case.text)
    inside = second("1900-01-01"), second("2041-06-01")
    if facts.coverage is not None:
        inside = facts.coverage.start + 4 * 86_400, min(inside[1], facts.coverage.end - 4 * 86_400)
    wanted = [o for o in case.occurrences if inside[0] < o[0] < inside[1]]
    found = [o for o in facts.occurrences if inside[0] < o.start < inside[1]]
    assert [o.start for o in found] == [start for start, _, _ in wanted]
    for occurrence, (start, end, by_the_clock) in zip(found, wanted, strict=True):
        # The length that was told, or the time on the clock where it changes: the later one.
        whole_day = end - start >= 86_400 and "VALUE=DATE" in case.text
        longest = by_the_clock if whole_day else max(end, by_the_clock)
        assert occurrence.end == max(longest, start + 1)


@settings(max_examples=60, deadline=None)
@given(cases, st.data())
def test_a_query_finds_a_series_wherever_it_occurs_and_nowhere_else(
    case: Case, data: st.DataObject
) -> None:
    edges = [moment for occurrence in case.occurrences for moment in occurrence]
    anywhere = st.integers(second("2018-06-01"), second("2041-06-01"))
    begin = data.draw(st.one_of(anywhere, st.sampled_from(edges)) if edges else anywhere)
    lengths = st.sampled_from((1, 60, 900, 3600, 86_400, 7 * 86_400, 31 * 86_400))
    begin += data.draw(st.sampled_from((0, 0, -1, 1)))
    length = data.draw(lengths)
    span = data.draw(st.sampled_from((Span(begin, begin + length), Span(begin - length, begin))))
    answer = is_found(case.text, span)
    if case.overlap(span, by_clock=False) and "VALUE=DATE" not in case.text:
        assert answer
    if case.overlap(span, by_clock=True) and "VALUE=DATE" in case.text:
        assert answer or not case.overlap(span, by_clock=False)
    if answer:
        assert case.overlap(span, by_clock=True)


def test_the_database_finds_what_the_oracle_finds(practice: SqlDatabase) -> None:
    """Some 80 series in one calendar, asked for 30 ranges of time."""
    rng = random.Random(20261123)
    held = {f"reihe-{n}": a_case(rng) for n in range(80)}
    with writing(practice) as uow:
        calendar = uow.calendars.find("dr-mueller")
        assert calendar is not None
        for uid, case in held.items():
            text = case.text.replace("UID:reihe", f"UID:{uid}")
            uow.calendars.save(calendar, a_draft(f"{uid}.ics", text))
    with reading(practice) as uow:
        view = the_view(uow, "empfang", "dr-mueller")
        for _ in range(30):
            begin = rng.randint(second("2019-01-01"), second("2041-06-01"))
            span = Span(begin, begin + rng.choice((900, 86_400, 7 * 86_400)))
            found = {item.uid for item in overlapping(uow, view, span, "VEVENT", BERLIN)}
            surely = {uid for uid, c in held.items() if c.overlap(span, by_clock=False)}
            possibly = {uid for uid, c in held.items() if c.overlap(span, by_clock=True)}
            dates = {uid for uid, c in held.items() if "VALUE=DATE" in c.text}
            assert surely - dates <= found <= possibly


def test_an_object_without_any_occurrence_is_found_when_no_time_is_asked_for(
    practice: SqlDatabase,
) -> None:
    """Clients leave such objects behind when the last instance of a series is deleted."""
    text = a_text("DTSTART:20261123T090000Z", "RRULE:FREQ=DAILY;COUNT=1", "EXDATE:20261123T090000Z")
    with writing(practice) as uow:
        calendar = uow.calendars.find("dr-mueller")
        assert calendar is not None
        uow.calendars.save(calendar, a_draft("leer.ics", text))
    with reading(practice) as uow:
        view = the_view(uow, "empfang", "dr-mueller")
        everything = overlapping(uow, view, Span(), "VEVENT", BERLIN)
        of_a_day = overlapping(
            uow, view, Span(second("2026-11-23"), second("2026-11-24")), "VEVENT", BERLIN
        )
    assert [item.uid for item in everything] == ["reihe"]
    assert of_a_day == []


# Clocks that change


def test_a_series_keeps_its_time_on_the_clock_when_summer_ends() -> None:
    text = a_text(
        "DTSTART;TZID=Europe/Berlin:20261023T100000",
        "DTEND;TZID=Europe/Berlin:20261023T103000",
        "RRULE:FREQ=DAILY;COUNT=4",
    )
    assert starts(text) == [f"2026-10-{day} 10:00" for day in (23, 24, 25, 26)]
    assert [o.end - o.start for o in facts_of(text).occurrences] == [1800] * 4


def test_a_time_that_the_clock_leaves_out_is_an_hour_later_and_as_long() -> None:
    text = a_text(
        "DTSTART;TZID=Europe/Berlin:20260328T023000",
        "DTEND;TZID=Europe/Berlin:20260328T030000",
        "RRULE:FREQ=DAILY;COUNT=3",
    )
    assert starts(text) == ["2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30"]
    assert [o.end - o.start for o in facts_of(text).occurrences] == [1800] * 3


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    text = a_text(
        "DTSTART;TZID=Europe/Berlin:20261024T023000",
        "DTEND;TZID=Europe/Berlin:20261024T024500",
        "RRULE:FREQ=DAILY;COUNT=2",
    )
    assert starts(text, UTC) == ["2026-10-24 00:30", "2026-10-25 00:30"]


def test_whole_days_have_23_24_and_25_hours_and_no_second_more() -> None:
    text = a_text("DTSTART;VALUE=DATE:20260328", "RRULE:FREQ=DAILY;COUNT=2")
    assert [o.end - o.start for o in facts_of(text).occurrences] == [24 * 3600, 23 * 3600]
    text = a_text("DTSTART;VALUE=DATE:20261025", "RRULE:FREQ=DAILY;COUNT=2")
    assert [o.end - o.start for o in facts_of(text).occurrences] == [25 * 3600, 24 * 3600]


def test_a_duty_through_the_night_is_never_shorter_than_either_way_of_counting() -> None:
    night = a_text(
        "DTSTART;TZID=Europe/Berlin:20260327T220000",
        "DTEND;TZID=Europe/Berlin:20260328T060000",
        "RRULE:FREQ=DAILY;COUNT=3",
    )
    lengths = [(o.end - o.start) // 3600 for o in facts_of(night).occurrences]
    assert lengths == [8, 8, 8]  # the clock alone would say 7 in the second night
    assert [
        (o.end - o.start) // 3600
        for o in facts_of(
            night.replace("202603", "202610").replace("27T22", "23T22").replace("28T06", "24T06")
        ).occurrences
    ] == [8, 9, 8]


# Ends of rules, as clients write them


@pytest.mark.parametrize(
    "until", ["20261122", "20261122T200000", "20261123T010000Z", "20261123T120000Z"]
)
def test_until_means_the_same_day_however_it_is_written(until: str) -> None:
    text = a_text(
        "DTSTART;TZID=America/New_York:20261120T200000", f"RRULE:FREQ=DAILY;UNTIL={until}"
    )
    assert starts(text, ZoneInfo("America/New_York")) == [
        f"2026-11-{day} 20:00" for day in (20, 21, 22)
    ]


@pytest.mark.parametrize("until", ["20261122", "20261121T230000Z", "20261122T120000"])
def test_until_of_whole_days_is_a_day_of_the_practice(until: str) -> None:
    text = a_text("DTSTART;VALUE=DATE:20261120", f"RRULE:FREQ=DAILY;UNTIL={until}")
    assert starts(text) == [f"2026-11-{day} 00:00" for day in (20, 21, 22)]


def test_until_in_utc_ends_a_floating_series_at_the_practices_time() -> None:
    text = a_text("DTSTART:20261120T100000", "RRULE:FREQ=DAILY;UNTIL=20261122T090000Z")
    assert starts(text) == [f"2026-11-{day} 10:00" for day in (20, 21, 22)]


@pytest.mark.parametrize("until", ["99991231", "99991231T235959Z", "99990101T000000"])
def test_until_the_year_9999_is_without_an_end(until: str) -> None:
    text = a_text("DTSTART:20261120T100000Z", f"RRULE:FREQ=WEEKLY;UNTIL={until}")
    assert facts_of(text).coverage is not None
    assert is_found(text, Span(second("2091-01-01"), second("2091-01-10")))


def test_a_long_series_with_a_count_is_indexed_to_its_last_occurrence() -> None:
    text = a_text("DTSTART:20261120T100000Z", "RRULE:FREQ=DAILY;INTERVAL=10;COUNT=2000")
    facts = facts_of(text)
    last = datetime(2026, 11, 20, 10, tzinfo=UTC) + timedelta(days=19_990)
    assert (len(facts.occurrences), facts.coverage) == (2000, None)
    assert facts.occurrences[-1].start == int(last.timestamp())


def test_a_sparse_series_with_a_count_is_found_long_after_its_coverage_and_not_after_its_end() -> (
    None
):
    text = a_text("DTSTART:20240229T100000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=20")
    assert is_found(text, Span(second("2096-02-29"), second("2096-03-01")))
    assert is_found(text, Span(second("2104-02-29"), second("2104-03-01")))
    assert not is_found(text, Span(second("2108-02-29"), second("2108-03-01")))


# Overrides


MASTER = (
    "DTSTART;TZID=Europe/Berlin:20261123T100000",
    "DTEND;TZID=Europe/Berlin:20261123T103000",
    "RRULE:FREQ=DAILY;COUNT=5",
)


def an_override(of: str, start: str, end: str, *more: str) -> tuple[str, ...]:
    zone = ";TZID=Europe/Berlin"
    return (f"RECURRENCE-ID{zone}:{of}", f"DTSTART{zone}:{start}", f"DTEND{zone}:{end}", *more)


def test_a_moved_occurrence_is_where_it_was_moved_and_not_where_it_was() -> None:
    moved = an_override("20261125T100000", "20270301T150000", "20270301T160000")
    assert starts(a_text(*MASTER, overrides=(moved,))) == [
        "2026-11-23 10:00",
        "2026-11-24 10:00",
        "2026-11-26 10:00",
        "2026-11-27 10:00",
        "2027-03-01 15:00",
    ]


def test_a_cancelled_occurrence_takes_no_time_and_the_others_do() -> None:
    cancelled = an_override("20261124T100000", "20261124T100000", "20261124T103000")
    text = a_text(*MASTER, overrides=((*cancelled, "STATUS:CANCELLED"),))
    busy = {told(o.start): o.busy for o in facts_of(text).occurrences}
    assert busy["2026-11-24 10:00"] is Busy.FREE
    assert sorted(busy.values()) == [Busy.FREE, *[Busy.BUSY] * 4]


def test_an_override_of_this_and_the_future_moves_all_that_follow() -> None:
    moved = an_override("20261125T100000", "20261125T140000", "20261125T150000")
    text = a_text(
        *MASTER,
        overrides=(
            (moved[0].replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE"), *moved[1:]),
        ),
    )
    assert starts(text) == [
        "2026-11-23 10:00",
        "2026-11-24 10:00",
        "2026-11-25 14:00",
        "2026-11-26 14:00",
        "2026-11-27 14:00",
    ]


def test_overrides_without_their_series_stand_for_themselves() -> None:
    """What a practice software keeps of an invitation to single instances."""
    text = a_text(
        overrides=(
            an_override("20261125T100000", "20261125T140000", "20261125T150000"),
            an_override("20261202T100000", "20261202T090000", "20261202T093000"),
        )
    )
    assert starts(text) == ["2026-11-25 14:00", "2026-12-02 09:00"]
    span = Span(second("2026-11-01"), second("2026-12-31"))
    data = expanded(text, span, zone=BERLIN, limits=Limits())
    assert "DTSTART:20261125T130000Z" in data
    assert data.count("BEGIN:VEVENT") == 2


def test_an_occurrence_moved_far_out_of_an_endless_series_is_found_in_both_directions() -> None:
    endless = (*MASTER[:2], "RRULE:FREQ=WEEKLY")
    text = a_text(
        *endless,
        overrides=(
            an_override("20261130T100000", "20150105T120000", "20150105T130000"),
            an_override("20400102T100000", "20410615T120000", "20410615T130000"),
        ),
    )
    assert is_found(text, Span(second("2015-01-05"), second("2015-01-06")))
    assert is_found(text, Span(second("2041-06-15 09:00"), second("2041-06-15 12:00")))
    assert not is_found(text, Span(second("2040-01-02"), second("2040-01-03")))
    assert not is_found(text, Span(second("2026-11-30"), second("2026-12-01")))


# Dates beside the rule


def test_an_override_centuries_away_does_not_fill_the_index() -> None:
    far = ("RECURRENCE-ID:20261124T090000Z", "DTSTART:21990101T090000Z", "DURATION:PT5M")
    text = a_text("DTSTART:20261123T090000Z", "DURATION:PT5M", "RRULE:FREQ=DAILY", overrides=(far,))
    assert len(facts_of(text).occurrences) < 2500
    assert is_found(text, Span(second("2199-01-01 00:00"), second("2199-01-02 00:00")))
    assert not is_found(text, Span(second("2026-11-24 00:00"), second("2026-11-25 00:00")))


def test_added_dates_and_periods_take_the_time_they_tell() -> None:
    text = a_text(
        "DTSTART:20261120T100000Z",
        "DTEND:20261120T110000Z",
        "RDATE:20261121T100000Z",
        "RDATE;VALUE=PERIOD:20270101T100000Z/PT5H,20271101T100000Z/20271103T100000Z",
    )
    assert [
        (told(o.start, UTC), (o.end - o.start) // 3600) for o in facts_of(text).occurrences
    ] == [
        ("2026-11-20 10:00", 1),
        ("2026-11-21 10:00", 1),
        ("2027-01-01 10:00", 5),
        ("2027-11-01 10:00", 48),
    ]


def test_an_exception_in_another_zone_is_the_same_moment() -> None:
    text = a_text(*MASTER, "EXDATE:20261124T090000Z")
    assert len(starts(text)) == 4
    assert "2026-11-24 10:00" not in starts(text)


def test_dates_a_century_apart_are_all_in_the_index() -> None:
    text = a_text("DTSTART:20261120T100000Z", "RDATE:19500101T100000Z,20990101T100000Z")
    assert starts(text, UTC) == ["1950-01-01 10:00", "2026-11-20 10:00", "2099-01-01 10:00"]


# Endless series


def test_an_endless_series_is_found_a_hundred_years_from_now_and_not_before_it_begins() -> None:
    text = a_text(
        "DTSTART;TZID=Europe/Berlin:20261123T100000",
        "DTEND;TZID=Europe/Berlin:20261123T103000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
    )
    monday = datetime(2126, 11, 25, 10, tzinfo=BERLIN)
    assert monday.weekday() == 0
    at = int(monday.timestamp())
    assert occurs(text, Span(at, at + 60), zone=BERLIN) == Occupied(at, at + 1800, Busy.BUSY)
    assert occurs(text, Span(at + 1800, at + 3600), zone=BERLIN) is None
    assert occurs(text, Span(at - 3600, at), zone=BERLIN) is None
    assert not is_found(text, Span(second("2020-01-01"), second("2026-11-23 09:00")))


def test_what_is_asked_of_an_endless_series_may_be_open_on_either_side() -> None:
    text = a_text("DTSTART:20261123T100000Z", "RRULE:FREQ=YEARLY")
    found = occurs(text, Span(second("2090-01-01"), None), zone=BERLIN)
    assert found
    assert told(found.start, UTC) == "2090-11-23 10:00"
    found = occurs(text, Span(None, second("2090-01-01")), zone=BERLIN)
    assert found
    assert told(found.start, UTC) == "2026-11-23 10:00"


def test_an_endless_series_is_indexed_around_today_whenever_that_is() -> None:
    text = a_text("DTSTART:19900101T100000Z", "RRULE:FREQ=MONTHLY")
    for year in (2026, 2060):
        now = datetime(year, 6, 1, tzinfo=UTC)
        facts = facts_of(text, now)
        assert facts.coverage is not None
        assert facts.coverage.start <= second(f"{year - 2}-06-01")
        assert facts.coverage.end >= second(f"{year + 4}-06-01")
        months = {told(o.start, UTC)[:7] for o in facts.occurrences}
        assert {f"{year}-{month:02}" for month in range(1, 13)} <= months


@settings(max_examples=25, deadline=None)
@given(cases, st.integers(second("2019-01-01"), second("2041-06-01")), st.integers(1, 40))
def test_expanded_data_has_every_occurrence_in_the_range_and_no_other(
    case: Case, begin: int, days: int
) -> None:
    """RFC 4791 9.6.5: single components in UTC, without rules."""
    span = Span(begin, begin + days * 86_400)
    data = expanded(case.text, span, zone=BERLIN, limits=Limits())
    assert "RRULE" not in data
    assert "TZID" not in data
    if case.floats:
        return  # whole days and floating times keep their form
    found = {line.removeprefix("DTSTART:") for line in data.splitlines() if "DTSTART:" in line}
    assert span.end is not None
    surely = {
        f"{datetime.fromtimestamp(start, UTC):%Y%m%dT%H%M%SZ}"
        for start, end, _ in case.occurrences
        if start < span.end and end > begin and start >= begin
    }
    assert surely <= found


# Traps: refused, or taken, but never slow

_EVERY_MINUTE = ",".join(map(str, range(60)))
TRAPS: dict[str, tuple[str, type[Exception] | None]] = {
    "an interval of nothing": ("RRULE:FREQ=DAILY;INTERVAL=0", InvalidText),
    "an interval backwards": ("RRULE:FREQ=DAILY;INTERVAL=-1", InvalidText),
    "an interval of a billion days": ("RRULE:FREQ=DAILY;INTERVAL=1000000000", None),
    "every second": ("RRULE:FREQ=SECONDLY", TooManyInstances),
    "30 February every second": (
        "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
        TooManyInstances,
    ),
    "30 February by day": ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", InvalidText),
    "30 February by week": ("RRULE:FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30", InvalidText),
    "30 February by month": ("RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", InvalidText),
    "30 February by year, counted": (
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        InvalidText,
    ),
    "the third of two days of a week": (
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3",
        InvalidText,
    ),
    "the 32nd Monday of a month": ("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=32", InvalidText),
    "every minute, counted to a billion": (
        "RRULE:FREQ=MINUTELY;COUNT=1000000000",
        TooManyInstances,
    ),
    "every minute for four years": (
        "RRULE:FREQ=MINUTELY;UNTIL=20300101T000000Z",
        TooManyInstances,
    ),
    "every minute by lists": (
        f"RRULE:FREQ=DAILY;BYHOUR=8,9,10;BYMINUTE={_EVERY_MINUTE}",
        TooManyInstances,
    ),
    "every hour of every day": (
        f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}",
        TooManyInstances,
    ),
    "one more than allowed": ("RRULE:FREQ=DAILY;COUNT=3001", TooManyInstances),
    "as many as allowed": ("RRULE:FREQ=DAILY;COUNT=3000", None),
    "EXRULE equal to RRULE": ("RRULE:FREQ=DAILY\r\nEXRULE:FREQ=DAILY", None),
    "EXRULE every second": ("RRULE:FREQ=DAILY\r\nEXRULE:FREQ=SECONDLY", None),
    "six rules": ("\r\n".join(["RRULE:FREQ=DAILY;COUNT=2"] * 6), InvalidText),
    "five rules": ("\r\n".join(["RRULE:FREQ=DAILY;COUNT=3000"] * 5), None),
    "a second rule that counts too far": (
        "RRULE:FREQ=DAILY;COUNT=2\r\nRRULE:FREQ=MINUTELY;COUNT=9999",
        TooManyInstances,
    ),
    "a list of 100,000 days": (f"RRULE:FREQ=MONTHLY;BYMONTHDAY={'1,' * 100_000}1", TooLarge),
    "a count of 900,000 digits": (f"RRULE:FREQ=DAILY;COUNT={'9' * 900_000}", TooLarge),
    "no frequency": ("RRULE:COUNT=3", InvalidText),
    "an unknown frequency": ("RRULE:FREQ=FORTNIGHTLY", InvalidText),
    "an empty rule": ("RRULE:", InvalidText),
    "50,000 dates": (
        "RDATE:"
        + ",".join(
            f"20270{n % 9 + 1}{n // 9 % 28 + 1:02}T{n % 24:02}{n % 60:02}{n % 59:02}Z"
            for n in range(50_000)
        ),
        TooLarge,
    ),
    "3,001 lines of exceptions": (
        "RRULE:FREQ=DAILY;COUNT=2\r\n" + "\r\n".join(["EXDATE:20261124T090000Z"] * 3001),
        InvalidText,
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_rule_that_would_explode_is_refused_or_harmless_and_soon(trap: str) -> None:
    lines, refusal = TRAPS[trap]
    text = a_text("DTSTART:20261123T090000Z", "DTEND:20261123T093000Z", lines)
    begin = time.process_time()
    if refusal is not None:
        with pytest.raises(refusal):
            facts_of(text)
    else:
        facts_of(text)
        far = second("2150-03-01")
        occurs(text, Span(far, far + 30 * 86_400), zone=BERLIN)
        expanded(text, Span(far, far + 30 * 86_400), zone=BERLIN, limits=Limits())
    assert time.process_time() - begin < 2


def test_a_daily_series_since_1900_costs_no_more_than_one_since_this_year() -> None:
    begin = time.process_time()
    facts = facts_of(a_text("DTSTART:19000101T090000Z", "RRULE:FREQ=DAILY"))
    assert time.process_time() - begin < 2
    assert len(facts.occurrences) < 3100


def test_a_series_since_the_birth_of_christ_is_refused() -> None:
    with pytest.raises(TooEarly):
        facts_of(a_text("DTSTART:00010101T090000Z", "RRULE:FREQ=DAILY"))


def test_expanding_more_than_the_limit_is_refused() -> None:
    text = a_text("DTSTART:20261123T090000Z", "RRULE:FREQ=DAILY")
    span = Span(second("2027-01-01"), second("2047-01-01"))
    with pytest.raises(TooManyInstances):
        expanded(text, span, zone=BERLIN, limits=Limits())


def test_a_recurring_task_without_a_start_is_refused() -> None:
    with pytest.raises(InvalidText):
        facts_of(a_text("DUE:20261123T090000Z", "RRULE:FREQ=DAILY", kind="VTODO"))


def test_the_oracle_itself_agrees_with_a_calendar_on_the_wall() -> None:
    """The second Tuesday of the months, as printed."""
    rule = rrulestr("FREQ=MONTHLY;BYDAY=2TU", dtstart=datetime(2026, 9, 1))  # noqa: DTZ001
    assert [at.date() for at in islice(rule, 4)] == [
        date(2026, 9, 8),
        date(2026, 10, 13),
        date(2026, 11, 10),
        date(2026, 12, 8),
    ]


def test_an_exception_of_ten_oclock_leaves_nine_oclock_where_it_is() -> None:
    """Ten in Berlin is nine in UTC; the two must not be taken for each other."""
    text = a_text(*MASTER[:2], "RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=4", "EXDATE:20261124T090000Z")
    assert starts(text.replace("T100000\r\nDTEND", "T090000\r\nDTEND")) == [
        "2026-11-23 09:00",
        "2026-11-23 10:00",
        "2026-11-24 09:00",
    ]
