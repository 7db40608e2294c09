"""What is offered: buffers, rooms, the grid, holds, lead time; and what it costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from practice.appointments import Slot
from practice.errors import Invalid
from practice.schedule import (
    AppointmentType,
    BookingRules,
    DoctorTime,
    FreeSlot,
    Hold,
    Taken,
    Wanted,
    WorkingHours,
    free_slots,
    openings,
)
from tests.building import BERLIN

MONDAY = datetime(2026, 11, 23, tzinfo=BERLIN)
WEEK = Slot(MONDAY, MONDAY + timedelta(days=7))
KIND = AppointmentType(
    "kontrolle", "Kontrolle", minutes=30, min_minutes=10, max_minutes=60, step=30
)


def at(text: str, day: datetime = MONDAY) -> datetime:
    hour, minute = text.split(":")
    return day.replace(hour=int(hour), minute=int(minute))


def a_span(start: str, end: str) -> tuple[int, int]:
    return int(at(start).timestamp()), int(at(end).timestamp())


def a_doctor(
    hours: str, *busy: tuple[int, int], kept: tuple[tuple[int, int], ...] = ()
) -> DoctorTime:
    until = MONDAY.date() + timedelta(days=7)
    there = openings(WorkingHours.parse(hours), (), (), MONDAY.date(), until, BERLIN)
    return DoctorTime(there, Taken(busy, kept))


def a_search(kind: AppointmentType = KIND, within: Slot = WEEK, minutes: int = 0) -> Wanted:
    return Wanted(kind, within, BERLIN, MONDAY, minutes)


def starts(found: Iterator[FreeSlot]) -> list[str]:
    return [f"{free.slot.start:%H:%M}" for free in found]


# Buffers


def test_buffers_keep_off_other_appointments_but_may_reach_over_the_edge_of_the_opening() -> None:
    kind = replace(KIND, buffer_before=15, buffer_after=15)
    assert starts(free_slots(a_search(kind), {1: a_doctor("mo 08:00-09:00")})) == ["08:00", "08:30"]
    busy = a_doctor("mo 08:00-10:30", a_span("09:00", "09:30"))
    assert starts(free_slots(a_search(kind), {1: busy})) == ["08:00", "10:00"]
    just_outside = a_doctor("mo 08:00-09:00", a_span("09:10", "09:30"))
    assert starts(free_slots(a_search(kind), {1: just_outside})) == ["08:00"]


def test_between_two_appointments_is_the_longer_of_their_buffers_not_both() -> None:
    kind = replace(KIND, buffer_before=20, step=5)
    other = a_span("08:00", "08:30")
    longer = a_doctor("mo 08:00-09:30", other, kept=(a_span("08:00", "08:55"),))
    assert starts(free_slots(a_search(kind), {1: longer}))[0] == "08:55"
    shorter = a_doctor("mo 08:00-09:30", other, kept=(a_span("08:00", "08:40"),))
    assert starts(free_slots(a_search(kind), {1: shorter}))[0] == "08:50"


def test_the_patient_needs_no_buffer() -> None:
    kind = replace(KIND, buffer_before=30, buffer_after=30)
    elsewhere = Taken([a_span("09:00", "09:30")])
    found = free_slots(a_search(kind), {1: a_doctor("mo 08:00-10:00")}, patient=elsewhere)
    assert starts(found) == ["08:00", "08:30", "09:30"]


# The grid


@pytest.mark.parametrize(
    ("step", "hours", "expected"),
    [
        (30, "mo 08:10-10:00", ["08:30", "09:00", "09:30"]),
        (40, "mo 08:00-10:00", ["08:00", "08:40", "09:20"]),
        (45, "mo 08:00-10:00", ["08:00", "08:45", "09:30"]),
        (45, "mo 08:01-10:00", ["08:15", "09:00"]),
        (60, "mo 08:30-10:30", ["09:00", "10:00"]),
    ],
)
def test_the_grid_begins_at_the_openings_start_rounded_to_the_step(
    step: int, hours: str, expected: list[str]
) -> None:
    kind = replace(KIND, step=step)
    assert starts(free_slots(a_search(kind), {1: a_doctor(hours)})) == expected


def test_the_grid_is_that_of_the_wall_clock_when_the_clock_changes() -> None:
    kind = replace(KIND, minutes=10, step=45)
    for day, expected in (
        (date(2026, 3, 29), ["01:30", "03:00"]),
        (date(2026, 10, 25), ["01:30", "02:15", "02:15", "03:00"]),
    ):
        there = openings(
            WorkingHours.parse("su 01:30-03:30"), (), (), day, day + timedelta(days=1), BERLIN
        )
        within = Slot(there[0].start, there[0].end)
        found = list(free_slots(a_search(kind, within), {1: DoctorTime(there)}))
        assert starts(iter(found)) == expected
        assert len({free.slot.start.timestamp() for free in found}) == len(expected)


# Rooms and doctors


def test_the_first_free_room_is_told_and_without_any_there_is_nothing() -> None:
    kind = replace(KIND, rooms=("zimmer-1", "zimmer-2"))
    doctor = {1: a_doctor("mo 08:00-09:30")}
    first, second = Taken([a_span("08:00", "09:00")]), Taken([a_span("08:30", "09:00")])
    found = list(free_slots(a_search(kind), doctor, {5: first, 6: second}))
    assert [(f.room_id, f"{f.slot.start:%H:%M}") for f in found] == [(6, "08:00"), (5, "09:00")]
    assert list(free_slots(a_search(kind), doctor, {})) == []
    assert list(free_slots(a_search(kind), doctor)) == []


def test_a_type_that_needs_no_room_waits_for_none() -> None:
    taken = {5: Taken([a_span("00:00", "23:00")])}
    found = list(free_slots(a_search(), {1: a_doctor("mo 08:00-09:00")}, taken))
    assert [f.room_id for f in found] == [None, None]


def test_a_buffer_may_reach_into_the_time_a_room_is_closed() -> None:
    kind = replace(KIND, rooms=("zimmer-1",), buffer_after=30)
    doctor = {1: a_doctor("mo 08:00-09:00")}
    closed = {5: Taken(kept=[a_span("08:30", "12:00")])}
    assert starts(free_slots(a_search(kind), doctor, closed)) == ["08:00"]
    used = {5: Taken([a_span("08:30", "12:00")])}
    assert starts(free_slots(a_search(kind), doctor, used)) == []


def test_slots_come_in_order_of_time_and_doctors_in_the_order_given() -> None:
    doctors = {9: a_doctor("mo 08:00-09:00"), 2: a_doctor("mo 08:00-09:30")}
    found = [(f.doctor_id, f"{f.slot.start:%H:%M}") for f in free_slots(a_search(), doctors)]
    assert found == [(9, "08:00"), (2, "08:00"), (9, "08:30"), (2, "08:30"), (2, "09:00")]


def test_no_doctors_offer_nothing() -> None:
    assert list(free_slots(a_search(), {})) == []


# Holds


def test_a_hold_keeps_its_slot_with_its_buffers_until_it_expires() -> None:
    slot = Slot(at("08:30"), at("09:00"))
    hold = Hold(1, None, slot, MONDAY + timedelta(minutes=5), buffer_after=10)
    doctors = {1: a_doctor("mo 08:00-10:00"), 2: a_doctor("mo 08:30-09:00")}
    assert starts(free_slots(a_search(), doctors, holds=[hold])) == ["08:00", "08:30", "09:30"]
    over = replace(hold, expires=MONDAY)
    assert len(starts(free_slots(a_search(), doctors, holds=[over]))) == 5


def test_a_hold_keeps_its_room_from_other_doctors() -> None:
    kind = replace(KIND, rooms=("zimmer-1",))
    hold = Hold(1, 5, Slot(at("08:00"), at("08:30")), MONDAY + timedelta(minutes=5))
    doctors = {2: a_doctor("mo 08:00-09:00")}
    assert starts(free_slots(a_search(kind), doctors, {5: Taken()}, holds=[hold])) == ["08:30"]


# Length, lead time, window


def test_another_length_is_offered_within_the_bounds_and_refused_beyond_them() -> None:
    doctor = {1: a_doctor("mo 08:00-09:00")}
    assert starts(free_slots(a_search(minutes=60), doctor)) == ["08:00"]
    for minutes in (9, 61, -1):
        with pytest.raises(Invalid, match="10 to 60 minutes"):
            free_slots(a_search(minutes=minutes), doctor)


def test_patients_book_after_the_lead_time_and_to_the_end_of_the_windows_last_day() -> None:
    rules = BookingRules(lead_minutes=120, window_days=1)
    wanted = replace(a_search(), now=at("07:01"), rules=rules)
    found = list(free_slots(wanted, {1: a_doctor("mo-su 08:00-10:00")}))
    assert [f"{f.slot.start:%a %H:%M}" for f in found] == [
        "Mon 09:30",
        *(f"Tue {hour}" for hour in ("08:00", "08:30", "09:00", "09:30")),
    ]


def test_staff_wait_for_nothing() -> None:
    wanted = replace(a_search(), now=at("09:29"))
    assert starts(free_slots(wanted, {1: a_doctor("mo 08:00-10:00")}))[0] == "08:00"


@pytest.mark.parametrize(
    "changes",
    [
        {"minutes": 5},
        {"minutes": 61},
        {"min_minutes": 0, "minutes": 0},
        {"max_minutes": 7 * 24 * 60 + 1},
        {"buffer_before": -1},
        {"buffer_before": 1441},
        {"buffer_after": -1},
        {"step": 0},
        {"step": 1441},
    ],
)
def test_a_type_that_makes_no_sense_is_refused_in_a_sentence(changes: dict[str, int]) -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        replace(KIND, **changes)  # type: ignore[arg-type]


def test_rules_below_nothing_or_beyond_all_dates_are_refused() -> None:
    for name in ("lead_minutes", "window_days", "late_cancel_hours", "hold_minutes"):
        for wrong in (-1, 1_000_001):
            with pytest.raises(Invalid, match=name):
                BookingRules(**{name: wrong})  # type: ignore[arg-type]
    far = BookingRules(window_days=1_000_000).latest(MONDAY, BERLIN)
    assert far.year == 4764


# What it costs


def test_the_first_slots_read_no_more_than_they_need() -> None:
    read = 0

    def busy() -> Iterator[tuple[int, int]]:
        nonlocal read
        for n in range(100_000):
            read += 1
            begin = int(at("08:00").timestamp()) + n * 3600
            yield begin, begin + 1800

    doctor = DoctorTime(a_doctor("mo-su 08:00-17:00").openings, Taken(busy()))
    found = free_slots(a_search(), {1: doctor})
    assert [f"{next(found).slot.start:%H:%M}" for _ in range(3)] == ["08:30", "09:30", "10:30"]
    assert read < 8


def test_spans_out_of_order_are_noticed() -> None:
    spans = [a_span("09:00", "09:30"), a_span("08:00", "08:30")]
    with pytest.raises(ValueError, match="not in order"):
        list(free_slots(a_search(), {1: a_doctor("mo 08:00-12:00", *spans)}))
    doctor = a_doctor("mo 08:00-10:00")
    fine = replace(doctor, taken=Taken.in_any_order(spans))
    assert starts(free_slots(a_search(), {1: fine})) == ["08:30", "09:30"]
    backwards = replace(a_doctor("mo-tu 08:00-10:00"))
    with pytest.raises(ValueError, match="not in order"):
        list(free_slots(a_search(), {1: DoctorTime(list(backwards.openings)[::-1])}))


def test_a_year_of_twenty_doctors_takes_seconds_at_most() -> None:
    first, last = date(2026, 1, 1), date(2027, 1, 1)
    there = openings(WorkingHours.parse("mo-fr 08:00-17:00"), (), (), first, last, BERLIN)
    doctors = {}
    for number in range(20):
        # Twenty minutes of every 23 are taken, nights as well: until the end of March nothing fits.
        begin = int(there[0].start.timestamp()) + number * 60
        spans = [(s, s + 1200) for s in range(begin, begin + 5000 * 1380, 1380)]
        doctors[number] = DoctorTime(there, Taken(spans))
    within = Slot(there[0].start, there[-1].end)
    started = time.process_time()
    found = sum(1 for _ in free_slots(a_search(replace(KIND, step=5), within), doctors))
    assert found > 100_000  # then everything is free
    assert time.process_time() - started < 20
