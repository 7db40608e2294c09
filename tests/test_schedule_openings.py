"""When a doctor is there: hours, holidays, exceptions, and days on which the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from practice.appointments import Slot
from practice.errors import Invalid
from practice.schedule import (
    HoursException,
    WorkingHours,
    closures_of_room,
    concerning,
    openings,
)
from practice.schedule.holidays import closed_days
from tests.building import BERLIN

MONDAY = date(2026, 11, 23)
FORWARD = date(2026, 3, 29)
BACK = date(2026, 10, 25)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """Return a time in Berlin: "2026-11-23 10:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def an_exception(
    start: str, end: str, *, opens: bool = False, doctor: int | None = None, room: int | None = None
) -> HoursException:
    return HoursException(1, doctor, room, Slot(at(start), at(end)), opens, "anders")


def told(
    hours: str,
    *exceptions: HoursException,
    day: date = MONDAY,
    days: int = 1,
    holidays: tuple[date, ...] = (),
) -> list[str]:
    """Return the openings as "Mon 08:00-12:00 4:00:00", the last the time that passes."""
    found = openings(WorkingHours.parse(hours), exceptions, holidays, day, day + days * DAY, BERLIN)
    return [
        f"{s.start:%a %H:%M}-{s.end:%H:%M} {s.end.astimezone(UTC) - s.start.astimezone(UTC)}"
        for s in found
    ]


def test_a_day_has_the_hours_of_its_weekday_and_no_others() -> None:
    assert told("mo 08:00-12:00 13:00-17:00, we 09:00-10:00", days=7) == [
        "Mon 08:00-12:00 4:00:00",
        "Mon 13:00-17:00 4:00:00",
        "Wed 09:00-10:00 1:00:00",
    ]


def test_hours_that_touch_or_overlap_are_one_opening_over_midnight_as_well() -> None:
    assert told("mo 08:00-12:00 11:00-13:00 13:00-14:00") == ["Mon 08:00-14:00 6:00:00"]
    assert told("mo 22:00-24:00, tu 00:00-02:00", days=2) == ["Mon 22:00-02:00 4:00:00"]


def test_what_goes_on_after_the_last_day_is_cut_off_there() -> None:
    night = an_exception("2026-11-23 20:00", "2026-11-24 04:00", opens=True)
    assert told("", night) == ["Mon 20:00-00:00 4:00:00"]
    assert told("", night, day=MONDAY + DAY) == ["Tue 00:00-04:00 4:00:00"]


def test_no_days_have_no_hours() -> None:
    assert told("mo-su 08:00-12:00", days=0) == []
    assert told("mo-su 08:00-12:00", days=-3) == []


def test_a_closure_cuts_a_hole_and_may_last_for_weeks() -> None:
    noon = an_exception("2026-11-23 10:00", "2026-11-23 10:30")
    assert told("mo 08:00-12:00", noon) == ["Mon 08:00-10:00 2:00:00", "Mon 10:30-12:00 1:30:00"]
    holiday = an_exception("2026-11-10 00:00", "2026-11-30 10:00")
    assert told("mo-fr 08:00-12:00", holiday, days=8) == ["Mon 10:00-12:00 2:00:00"]


def test_a_holiday_has_extra_hours_only() -> None:
    christmas = date(2026, 12, 25)
    names = closed_days("NI", 2026)
    usual = "mo-su 08:00-12:00"
    emergency = an_exception("2026-12-25 10:00", "2026-12-25 11:00", opens=True)
    found = openings(
        WorkingHours.parse(usual), [emergency], names, christmas - DAY, christmas + 3 * DAY, BERLIN
    )
    assert [f"{s.start:%d %H:%M}" for s in found] == ["24 08:00", "25 10:00", "27 08:00"]


def test_extra_hours_of_the_same_outweigh_closures() -> None:
    closed = an_exception("2026-11-23 00:00", "2026-11-24 00:00", doctor=1)
    extra = an_exception("2026-11-23 09:00", "2026-11-23 10:00", opens=True, doctor=1)
    assert told("mo 08:00-12:00", extra, closed) == ["Mon 09:00-10:00 1:00:00"]


def test_what_is_said_of_the_doctor_outweighs_what_is_said_of_the_practice() -> None:
    open_saturday = an_exception("2026-11-28 08:00", "2026-11-28 12:00", opens=True)
    on_leave = an_exception("2026-11-23 00:00", "2026-12-07 00:00", doctor=1)
    assert told("mo-fr 08:00-12:00", open_saturday, on_leave, days=7) == []
    works = concerning([open_saturday, on_leave], 2)
    assert told("", *works, days=7) == ["Sat 08:00-12:00 4:00:00"]

    closed_week = an_exception("2026-11-23 00:00", "2026-11-30 00:00")
    on_duty = an_exception("2026-11-24 10:00", "2026-11-24 11:00", opens=True, doctor=1)
    assert told("mo-fr 08:00-12:00", on_duty, closed_week, days=7) == ["Tue 10:00-11:00 1:00:00"]


def test_a_closed_room_closes_no_doctor() -> None:
    room = an_exception("2026-11-23 08:00", "2026-11-23 12:00", room=4)
    assert told("mo 08:00-12:00", room) == ["Mon 08:00-12:00 4:00:00"]
    assert concerning([room], 1) == []
    begin = int(at("2026-11-23 08:00").timestamp())
    assert closures_of_room([room, room], 4) == [(begin, begin + 4 * 3600)]
    assert closures_of_room([room], 5) == []


def test_a_second_that_is_closed_in_part_is_closed() -> None:
    odd = HoursException(
        1,
        None,
        None,
        Slot(
            at("2026-11-23 09:00") - timedelta(milliseconds=1),
            at("2026-11-23 10:00") + timedelta(milliseconds=1),
        ),
        open=False,
    )
    first, second = openings(
        WorkingHours.parse("mo 08:00-12:00"), [odd], (), MONDAY, MONDAY + DAY, BERLIN
    )
    assert (f"{first.end:%H:%M:%S}", f"{second.start:%H:%M:%S}") == ("08:59:59", "10:00:01")


@pytest.mark.parametrize(
    ("day", "hours", "expected"),
    [
        (FORWARD, "01:30-03:30", "Sun 01:30-03:30 1:00:00"),
        (BACK, "01:30-03:30", "Sun 01:30-03:30 3:00:00"),
        (FORWARD, "02:15-04:00", "Sun 03:00-04:00 1:00:00"),
        (FORWARD, "01:00-02:30", "Sun 01:00-03:00 1:00:00"),
        (FORWARD, "02:15-02:45", None),
        (BACK, "02:15-02:45", "Sun 02:15-02:45 0:30:00"),
        (BACK, "02:00-03:00", "Sun 02:00-03:00 2:00:00"),
        (FORWARD, "00:00-24:00", "Sun 00:00-00:00 23:00:00"),
        (BACK, "00:00-24:00", "Sun 00:00-00:00 1 day, 1:00:00"),
    ],
)
def test_hours_on_the_days_the_clock_is_changed_last_as_long_as_time_passes(
    day: date, hours: str, expected: str | None
) -> None:
    assert told(f"su {hours}", day=day) == ([expected] if expected else [])


def test_an_exception_is_of_one_and_a_room_is_never_opened() -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        an_exception("2026-11-23 08:00", "2026-11-23 12:00", doctor=1, room=1)
    with pytest.raises(Invalid, match=r"\.$"):
        an_exception("2026-11-23 08:00", "2026-11-23 12:00", opens=True, room=1)
