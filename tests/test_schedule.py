"""Working hours and free slots: pure, and always in the practice's own time."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.appointments import Slot
from practice.errors import Invalid
from practice.schedule import USUAL_HOURS, WorkingHours, next_free
from tests.building import BERLIN

MONDAY = datetime(2026, 11, 23, tzinfo=BERLIN)


def at(text: str, day: datetime = MONDAY) -> datetime:
    """Return a time of the day: "10:30"."""
    hour, minute = text.split(":")
    return day.replace(hour=int(hour), minute=int(minute))


def a_slot(start: str, end: str, day: datetime = MONDAY) -> Slot:
    return Slot(at(start, day), at(end, day))


def offered(
    wanted: Slot, *busy: Slot, hours: str = USUAL_HOURS, count: int = 3
) -> list[tuple[str, str]]:
    """Return the free slots as (day and start, end) in the practice's own time."""
    found = next_free(WorkingHours.parse(hours), busy, wanted, BERLIN, count)
    return [
        (f"{s.start.astimezone(BERLIN):%a %H:%M}", f"{s.end.astimezone(BERLIN):%H:%M}")
        for s in found
    ]


# Working hours


def test_the_usual_hours_are_five_days_of_two_halves() -> None:
    parsed = WorkingHours.parse(USUAL_HOURS).hours
    assert len(parsed) == 10
    assert {day for day, _, _ in parsed} == {0, 1, 2, 3, 4}
    assert parsed[0] == (0, time(8), time(12))
    assert parsed[1] == (0, time(13), time(17))


def test_parts_of_a_week_differ_and_case_and_spaces_do_not_matter() -> None:
    parsed = WorkingHours.parse(" MO-Th 08:00-12:00,  fr   09:30-11:45 ,").hours
    assert parsed[-1] == (4, time(9, 30), time(11, 45))
    assert [day for day, _, _ in parsed] == [0, 1, 2, 3, 4]


def test_german_weekdays_are_read_too() -> None:
    german = WorkingHours.parse("mo 08:00-09:00, di-mi 08:00-09:00, do 08:00-09:00, so 10:00-11:00")
    english = WorkingHours.parse("mo-th 08:00-09:00, su 10:00-11:00")
    assert german == english


def test_no_hours_at_all_are_no_hours() -> None:
    assert WorkingHours.parse("").hours == ()
    assert offered(a_slot("10:00", "10:30"), hours="") == []


def test_a_day_may_end_at_24_00() -> None:
    hours = WorkingHours.parse("mo 00:00-24:00, fr 22:00-24:00")
    assert hours.hours == ((0, time(0), time(0)), (4, time(22), time(0)))
    (monday,) = hours.on(MONDAY, BERLIN)
    assert monday == Slot(MONDAY, MONDAY + timedelta(days=1))


@pytest.mark.parametrize(
    "text",
    [
        "mo",
        "08:00-12:00",
        "montag 08:00-12:00",
        "mo-di-mi 08:00-12:00",
        "fr-mo 08:00-12:00",
        "mo 8:00-12:00",
        "mo 08:00",
        "mo 12:00-08:00",
        "mo 08:00-08:00",
        "mo 22:00-00:00",
        "mo 00:00-00:00",
        "mo 24:00-24:00",
        "mo 08:00-24:01",
        "mo 08:00-25:00",
        "mo 08:60-09:00",
        "mo ٠٨:00-12:00x",
        "- 08:00-12:00",
    ],
)
def test_hours_that_make_no_sense_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        WorkingHours.parse(text)


def test_the_hours_of_a_day_are_those_of_its_local_date() -> None:
    hours = WorkingHours.parse("tu 08:00-12:00")
    late_monday_in_utc = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # Tuesday 00:30 in Berlin
    (opening,) = hours.on(late_monday_in_utc, BERLIN)
    assert opening == a_slot("08:00", "12:00", MONDAY + timedelta(days=1))


@pytest.mark.parametrize("day", [datetime(2026, 3, 29), datetime(2026, 10, 25)])  # noqa: DTZ001
def test_the_hours_stay_where_the_clock_is_when_it_changes(day: datetime) -> None:
    (opening,) = WorkingHours.parse("su 08:00-12:00").on(day.replace(tzinfo=BERLIN), BERLIN)
    assert (f"{opening.start:%H:%M}", f"{opening.end:%H:%M}") == ("08:00", "12:00")


def test_hours_that_the_clock_leaves_out_are_no_hours() -> None:
    day = datetime(2026, 3, 29, tzinfo=BERLIN)
    assert list(WorkingHours.parse("su 02:10-02:40").on(day, BERLIN)) == []
    (rest,) = WorkingHours.parse("su 02:10-03:30").on(day, BERLIN)
    assert rest == Slot(day.replace(hour=3), day.replace(hour=3, minute=30))


# Free slots


def test_the_next_slots_follow_each_other_from_the_wanted_start_on() -> None:
    assert offered(a_slot("10:00", "10:30")) == [
        ("Mon 10:00", "10:30"),
        ("Mon 10:30", "11:00"),
        ("Mon 11:00", "11:30"),
    ]


def test_taken_time_is_left_out_and_touching_ends_are_not_taken() -> None:
    assert offered(
        a_slot("10:00", "10:30"), a_slot("10:00", "10:40"), a_slot("11:10", "11:30")
    ) == [
        ("Mon 10:40", "11:10"),
        ("Mon 11:30", "12:00"),
        ("Mon 13:00", "13:30"),
    ]


def test_a_slot_never_runs_over_noon_or_over_the_end_of_the_day() -> None:
    assert offered(a_slot("11:30", "12:15"), count=6) == [
        ("Mon 13:00", "13:45"),
        ("Mon 13:45", "14:30"),
        ("Mon 14:30", "15:15"),
        ("Mon 15:15", "16:00"),
        ("Mon 16:00", "16:45"),
        ("Tue 08:00", "08:45"),
    ]


def test_after_friday_comes_monday() -> None:
    friday = MONDAY + timedelta(days=4)
    assert offered(a_slot("16:45", "17:15", friday), count=1) == [("Mon 08:00", "08:30")]


def test_slots_begin_on_the_five_minutes_after_an_odd_time() -> None:
    busy = a_slot("10:00", "10:32")
    assert offered(a_slot("10:00", "10:30"), busy, count=1) == [("Mon 10:35", "11:05")]
    assert offered(Slot(at("10:01") + timedelta(seconds=30), at("10:31")), count=1)[0][0] == (
        "Mon 10:05"
    )


def test_a_closed_fortnight_offers_nothing() -> None:
    assert offered(a_slot("10:00", "10:30"), Slot(MONDAY, MONDAY + timedelta(days=20))) == []


def test_a_slot_longer_than_any_opening_is_not_offered() -> None:
    assert offered(a_slot("08:00", "14:00")) == []


def test_taken_time_told_in_utc_does_not_make_the_offer_utc() -> None:
    busy = a_slot("10:00", "10:30")
    in_utc = Slot(busy.start.astimezone(UTC), busy.end.astimezone(UTC))
    found = next_free(WorkingHours.parse(USUAL_HOURS), [in_utc], busy, BERLIN)
    assert [str(slot.start.tzinfo) for slot in found] == ["Europe/Berlin"] * 3
    assert [str(slot.end.tzinfo) for slot in found] == ["Europe/Berlin"] * 3


minutes = st.integers(0, 14 * 24 * 60)


@given(
    st.lists(st.tuples(minutes, st.integers(1, 600)), max_size=20),
    minutes,
    st.integers(1, 180),
    st.integers(1, 5),
)
def test_every_offer_is_free_in_working_hours_in_order_and_as_long_as_wanted(
    taken: list[tuple[int, int]], start: int, length: int, count: int
) -> None:
    begin = MONDAY.astimezone(UTC)
    busy = [
        Slot(begin + timedelta(minutes=a), begin + timedelta(minutes=a + long)) for a, long in taken
    ]
    wanted = Slot(begin + timedelta(minutes=start), begin + timedelta(minutes=start + length))
    hours = WorkingHours.parse("mo-fr 08:00-12:00 13:00-17:00, sa 09:00-12:00")
    found = next_free(hours, busy, wanted, BERLIN, count)
    assert len(found) <= count
    for slot in found:
        assert slot.end - slot.start == timedelta(minutes=length)
        assert slot.start >= wanted.start
        assert slot.start.minute % 5 == 0
        assert not any(slot.overlaps(other) for other in busy)
        openings = hours.on(slot.start, BERLIN)
        assert any(o.start <= slot.start and slot.end <= o.end for o in openings)
    for earlier, later in itertools.pairwise(found):
        assert earlier.end <= later.start


@given(st.lists(st.tuples(minutes, st.integers(1, 600)), max_size=12), minutes, st.integers(1, 48))
def test_the_first_offer_is_the_first_there_is(
    taken: list[tuple[int, int]], start: int, five_minutes: int
) -> None:
    """Compare with trying every five minutes of a fortnight."""
    begin = MONDAY.astimezone(UTC)
    busy = [
        Slot(begin + timedelta(minutes=a), begin + timedelta(minutes=a + long)) for a, long in taken
    ]
    wanted_start = begin + timedelta(minutes=start)
    length = timedelta(minutes=5 * five_minutes)
    hours = WorkingHours.parse(USUAL_HOURS)
    found = next_free(hours, busy, Slot(wanted_start, wanted_start + length), BERLIN, 1)

    def free(moment: datetime) -> bool:
        slot = Slot(moment, moment + length)
        return any(o.start <= moment and slot.end <= o.end for o in hours.on(moment, BERLIN)) and (
            not any(slot.overlaps(other) for other in busy)
        )

    grid = (begin + timedelta(minutes=5 * n) for n in range(14 * 24 * 12))
    first = next((m for m in grid if m >= wanted_start and free(m)), None)
    if first is not None:
        assert [slot.start for slot in found] == [first]


def test_hours_that_are_stored_and_nobody_can_read_are_none() -> None:
    assert WorkingHours.kept("vormittags") == WorkingHours(())
    assert WorkingHours.kept(USUAL_HOURS) == WorkingHours.parse(USUAL_HOURS)
