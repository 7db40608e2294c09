"""The rules that refuse a booking, each alone, at its edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.accounts import Doctor, Room
from practice.appointments import Slot
from practice.rules import (
    BookingWindow,
    Broken,
    Code,
    LateCancellation,
    LeadTime,
    OnlineOnly,
    RightSpecialty,
    RoomFits,
    WithinDuration,
    WithinHours,
)
from practice.schedule import (
    AppointmentType,
    BookingRules,
    DoctorTime,
    Wanted,
    WorkingHours,
    free_slots,
    openings,
)
from tests.building import BERLIN

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
KIND = AppointmentType("kontrolle", "Kontrolle", minutes=30, min_minutes=10, max_minutes=60)
RULES = BookingRules()
SECOND = timedelta(seconds=1)


def a_slot(start: datetime, minutes: int = 30) -> Slot:
    return Slot(start, start + timedelta(minutes=minutes))


def code(broken: Broken | None) -> str | None:
    """Return the code, having looked at the sentence."""
    if broken is None:
        return None
    assert broken.sentence.endswith(".")
    return broken.code


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(9, "too-short"), (10, None), (30, None), (60, None), (61, "too-long")],
)
def test_an_appointment_is_as_long_as_its_type_allows(minutes: int, expected: str | None) -> None:
    assert code(WithinDuration(KIND).broken_by(a_slot(NOW, minutes))) == expected


def test_the_length_is_the_time_that_passes_when_the_clock_is_set_back() -> None:
    start = datetime(2026, 10, 25, 2, 50, tzinfo=BERLIN)
    end = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)  # twenty minutes later
    assert WithinDuration(KIND).broken_by(Slot(start, end)) is None
    assert code(WithinDuration(replace(KIND, min_minutes=25)).broken_by(Slot(start, end))) == (
        "too-short"
    )


def test_the_lead_time_is_kept_to_the_second() -> None:
    rule = LeadTime(BookingRules(lead_minutes=120), NOW)
    edge = NOW + timedelta(hours=2)
    assert rule.broken_by(a_slot(edge)) is None
    assert code(rule.broken_by(a_slot(edge - SECOND))) == "too-soon"
    assert code(LeadTime(BookingRules(lead_minutes=0), NOW).broken_by(a_slot(NOW - SECOND))) == (
        "too-soon"
    )


def test_the_window_ends_with_its_last_day() -> None:
    rule = BookingWindow(BookingRules(window_days=2), NOW, BERLIN)
    midnight = datetime(2026, 11, 26, tzinfo=BERLIN)
    assert rule.broken_by(a_slot(midnight - SECOND)) is None
    assert code(rule.broken_by(a_slot(midnight))) == "too-far-ahead"


def test_a_window_of_no_days_is_today() -> None:
    rule = BookingWindow(BookingRules(window_days=0), NOW, BERLIN)
    assert rule.broken_by(a_slot(NOW.replace(hour=23))) is None
    assert code(rule.broken_by(a_slot(NOW + timedelta(days=1)))) == "too-far-ahead"


def test_patients_book_what_is_offered_online() -> None:
    offered = replace(KIND, online=True)
    assert OnlineOnly(RULES).broken_by(offered) is None
    assert code(OnlineOnly(RULES).broken_by(KIND)) == "not-online"
    assert code(OnlineOnly(BookingRules(online=False)).broken_by(offered)) == "online-closed"


def test_a_cancellation_is_late_when_less_is_left_than_asked_for() -> None:
    rule = LateCancellation(BookingRules(late_cancel_hours=24), NOW)
    edge = NOW + timedelta(hours=24)
    assert not rule.is_late(a_slot(edge))
    assert rule.is_late(a_slot(edge - SECOND))
    assert rule.is_late(a_slot(NOW - timedelta(hours=1)))
    lenient = LateCancellation(BookingRules(late_cancel_hours=0), NOW)
    assert not lenient.is_late(a_slot(NOW))
    assert lenient.is_late(a_slot(NOW - SECOND))


def test_a_day_before_a_change_of_the_clock_is_24_hours() -> None:
    start = datetime(2026, 10, 25, 12, 0, tzinfo=BERLIN)
    rule = BookingRules(late_cancel_hours=24)
    noon_before = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)  # 25 hours
    assert not LateCancellation(rule, noon_before + timedelta(hours=1)).is_late(a_slot(start))
    assert LateCancellation(rule, noon_before + timedelta(hours=1, seconds=1)).is_late(
        a_slot(start)
    )


def test_an_appointment_lies_within_one_opening() -> None:
    day = date(2026, 11, 23)
    there = openings(
        WorkingHours.parse("mo 08:00-12:00 13:00-17:00"), (), (), day, day + timedelta(1), BERLIN
    )
    rule = WithinHours(there)
    assert rule.broken_by(a_slot(NOW.replace(hour=8))) is None
    assert rule.broken_by(a_slot(NOW.replace(hour=11, minute=30))) is None
    for start in (NOW.replace(hour=7, minute=59), NOW.replace(hour=11, minute=31)):
        assert code(rule.broken_by(a_slot(start))) == "outside-hours"
    assert code(rule.broken_by(a_slot(NOW.replace(hour=11), 180))) == "outside-hours"
    assert code(WithinHours(()).broken_by(a_slot(NOW))) == "outside-hours"


def test_a_doctor_has_the_specialty_among_others_however_it_is_written() -> None:
    rule = RightSpecialty(replace(KIND, specialty="Kardiologie"))
    both = Doctor("dr-a", "Dr. A", "Innere Medizin,  KARDIOLOGIE")
    assert rule.broken_by(both) is None
    assert code(rule.broken_by(replace(both, specialty="Innere Medizin"))) == "wrong-specialty"
    assert code(rule.broken_by(replace(both, specialty=""))) == "wrong-specialty"
    assert RightSpecialty(KIND).broken_by(replace(both, specialty="")) is None
    whole = RightSpecialty(replace(KIND, specialty="Innere Medizin,  Kardiologie"))
    assert whole.broken_by(both) is None


def test_a_type_may_be_some_doctors_only() -> None:
    rule = RightSpecialty(replace(KIND, doctors=("dr-a",)))
    assert rule.broken_by(Doctor("dr-a", "Dr. A")) is None
    assert code(rule.broken_by(Doctor("dr-b", "Dr. B"))) == "wrong-doctor"


def test_a_type_may_need_a_room_and_not_any_will_do() -> None:
    rule = RoomFits(replace(KIND, rooms=("ultraschall",)))
    assert rule.broken_by(Room("ultraschall", "Ultraschall")) is None
    assert code(rule.broken_by(Room("labor", "Labor"))) == "wrong-room"
    assert code(rule.broken_by(None)) == "room-needed"
    assert RoomFits(KIND).broken_by(None) is None
    assert RoomFits(KIND).broken_by(Room("labor", "Labor")) is None


def test_the_codes_stay_as_they_are() -> None:
    assert {str(c) for c in Code} == {
        "too-short",
        "too-long",
        "past",
        "too-soon",
        "too-far-ahead",
        "online-closed",
        "not-online",
        "outside-hours",
        "wrong-doctor",
        "wrong-specialty",
        "room-needed",
        "wrong-room",
        "too-late",
    }


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 3), st.integers(-5000, 5000))
def test_what_is_offered_breaks_no_rule(lead: int, days: int, minutes: int) -> None:
    """The search and the rules are two, and say the same about time."""
    now = NOW + timedelta(minutes=minutes)
    rules = BookingRules(lead_minutes=lead, window_days=days)
    day = NOW.date() - timedelta(days=7)
    there = openings(
        WorkingHours.parse("mo-su 08:00-24:00"), (), (), day, day + timedelta(days=14), BERLIN
    )
    within = Slot(there[0].start, there[-1].end)
    offered = free_slots(Wanted(KIND, within, BERLIN, now, 0, rules), {1: DoctorTime(there)})
    starts = {free.slot.start.timestamp() for free in offered}
    lead_time, window = LeadTime(rules, now), BookingWindow(rules, now, BERLIN)
    for opening in there:
        for n in range(0, 16 * 60 - 30 + 1, 5):
            slot = a_slot(opening.start + timedelta(minutes=n))
            allowed = lead_time.broken_by(slot) is None and window.broken_by(slot) is None
            assert (slot.start.timestamp() in starts) is allowed
