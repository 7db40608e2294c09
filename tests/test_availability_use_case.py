"""Which slots are free: what is in the way, and what it costs to know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert

from practice.accounts import Doctor
from practice.appointments import Slot, Status
from practice.database.tables import appointments, objects, occurrences
from practice.errors import Invalid
from practice.schedule import BookingRules, HoursException
from practice.use_cases.arranging import book
from practice.use_cases.desk import Desk
from practice.use_cases.free_times import Search, free, next_free_slots
from practice.use_cases.holding import Wish, hold, release
from practice.use_cases.house import add_doctor
from practice.use_cases.rearranging import cancel
from tests.arranging import SCHMIDT, TEN, Surgery, a_type, berlin
from tests.building import PROFILE, a_draft, an_event, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.database import SqlDatabase
    from practice.schedule import FreeSlot

HALF = timedelta(minutes=30)
MONDAY = Slot(berlin("2026-11-23 00:00"), berlin("2026-11-24 00:00"))


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


def found(surgery: Surgery, within: Slot = MONDAY, limit: int | None = None, **more: Any) -> Any:
    with surgery.reading() as uow:
        desk = Desk(uow, PROFILE)
        kind = desk.type(surgery.types[more.pop("kind", "kontrolle")])
        return free(desk, Search(kind, within, **more), limit)


def starts(slots: list[FreeSlot], doctor_id: int) -> set[str]:
    return {f"{one.slot.start:%H:%M}" for one in slots if one.doctor_id == doctor_id}


def grid(first: str, last: str) -> set[str]:
    begins, ends = (datetime.fromisoformat(f"2026-11-23T{t}") for t in (first, last))
    minutes = range(0, int((ends - begins).total_seconds() // 60) + 1, 5)
    return {f"{begins + timedelta(minutes=m):%H:%M}" for m in minutes}


def test_an_empty_day_is_free_in_the_doctors_hours(surgery: Surgery) -> None:
    slots = found(surgery)
    usual = grid("08:00", "11:30") | grid("13:00", "16:30")
    for doctor_id in surgery.doctors.values():
        assert starts(slots, doctor_id) == usual
    times = [one.slot.start for one in slots]
    assert times == sorted(times)


def test_what_is_taken_is_not_offered_and_what_is_offered_can_be_booked(surgery: Surgery) -> None:
    mueller, schmidt = surgery.doctors["dr-mueller"], surgery.doctors[SCHMIDT]
    surgery.book(TEN)
    with surgery.writing() as uow:
        for calendar, times, more in (
            ("dr-mueller", ("20261116T130000", "20261116T140000"), "RRULE:FREQ=WEEKLY"),
            ("praxis", ("20261123T080000", "20261123T090000"), ""),
        ):
            there = uow.calendars.find(calendar)
            assert there
            uow.calendars.save(
                there, a_draft("x.ics", an_event(f"x-{calendar}", *times, *filter(None, [more])))
            )
    slots = found(surgery)
    usual = grid("09:00", "11:30") | grid("13:00", "16:30")
    assert starts(slots, schmidt) == usual
    assert starts(slots, mueller) == (
        grid("09:00", "09:30") | grid("10:30", "11:30") | grid("14:00", "16:30")
    )
    for one in (slots[0], slots[-1]):
        order = replace(surgery.order(one.slot.start), doctor_id=one.doctor_id)
        with surgery.writing() as uow:
            book(uow, order, PROFILE)
        assert one not in found(surgery)


def test_a_series_beyond_its_index_is_in_the_way(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        there = uow.calendars.find("dr-mueller")
        assert there
        series = an_event("s", "20261123T080000", "20261123T170000", "RRULE:FREQ=DAILY")
        uow.calendars.save(there, a_draft("s.ics", series))
    surgery.now = datetime(2035, 1, 1, tzinfo=UTC)
    day = Slot(berlin("2035-01-08 00:00"), berlin("2035-01-09 00:00"))
    assert found(surgery, day, doctor_ids=(surgery.doctors["dr-mueller"],)) == []
    assert found(surgery, day, doctor_ids=(surgery.doctors[SCHMIDT],))


def test_holidays_exceptions_and_closed_rooms_count(surgery: Surgery) -> None:
    mueller = surgery.doctors["dr-mueller"]
    with surgery.writing() as uow:
        uow.house.save_rules(BookingRules(land="BY"))
        saturday = Slot(berlin("2026-11-28 09:00"), berlin("2026-11-28 10:00"))
        uow.house.save_exception(HoursException(0, mueller, None, saturday, True))
        away = Slot(berlin("2026-11-23 00:00"), berlin("2026-11-23 12:00"))
        uow.house.save_exception(HoursException(0, mueller, None, away, False))
        room = Slot(berlin("2026-11-23 13:00"), berlin("2026-11-23 16:00"))
        uow.house.save_exception(HoursException(0, None, surgery.rooms["raum-1"], room, False))
    week = Slot(MONDAY.start, MONDAY.start + timedelta(days=7))
    slots = found(surgery, week, doctor_ids=(mueller,), kind="eng")
    days = {one.slot.start.date() for one in slots}
    assert date(2026, 11, 28) in days
    monday = [one for one in slots if one.slot.start.date() == date(2026, 11, 23)]
    assert starts(monday, mueller) == grid("16:00", "16:30")
    assert {one.room_id for one in slots} == {surgery.rooms["raum-1"]}
    epiphany = Slot(berlin("2027-01-06 00:00"), berlin("2027-01-07 00:00"))
    assert found(surgery, epiphany) == []
    with surgery.writing() as uow:
        uow.house.save_rules(BookingRules(land="NI"))
    assert found(surgery, epiphany)


def test_patients_are_offered_what_their_rules_allow(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        uow.house.save_rules(BookingRules(lead_minutes=60 * 24, window_days=5))
    month = Slot(surgery.now - timedelta(days=10), surgery.now + timedelta(days=30))
    slots = found(surgery, month, online=True)
    assert slots[0].slot.start >= surgery.now + timedelta(days=1)
    assert slots[-1].slot.start < berlin("2026-11-26 00:00")
    assert found(surgery, Slot(month.end, month.end + HALF), online=True) == []


def test_a_busy_patient_is_offered_other_times(surgery: Surgery) -> None:
    surgery.book(TEN)
    schmidt = surgery.doctors[SCHMIDT]
    slots = found(surgery, patient_id=surgery.patients["100"])
    assert "10:00" not in starts(slots, schmidt)
    assert "10:00" in starts(found(surgery), schmidt)


def test_of_two_rooms_the_first_free_one_is_told(surgery: Surgery) -> None:
    surgery.book(TEN, kind="op")
    schmidt = surgery.doctors[SCHMIDT]
    told = {
        f"{s.slot.start:%H:%M}": s.room_id
        for s in found(surgery, kind="op")
        if s.doctor_id == schmidt
    }
    assert told["10:00"] == surgery.rooms["raum-2"]
    assert told["10:30"] == surgery.rooms["raum-1"]
    narrow = found(surgery, kind="op", room_id=surgery.rooms["raum-1"])
    assert "10:00" not in starts(narrow, schmidt)
    any_kind = found(surgery, kind="kontrolle", room_id=surgery.rooms["raum-1"])
    assert "10:00" not in starts(any_kind, schmidt)


def test_a_hold_is_taken_until_it_is_over_or_given_back(surgery: Surgery) -> None:
    mueller = surgery.doctors["dr-mueller"]
    with surgery.writing() as uow:
        wish = Wish(surgery.types["kontrolle"], mueller, TEN)
        secret, held = hold(uow, wish, "192.0.2.1", PROFILE)
    assert "10:00" not in starts(found(surgery), mueller)
    assert "10:00" in starts(found(surgery, own_hold=held.id), mueller)
    surgery.now += timedelta(minutes=4, seconds=59)
    assert "10:00" not in starts(found(surgery), mueller)
    surgery.now += timedelta(seconds=1)
    assert "10:00" in starts(found(surgery), mueller)
    surgery.now -= timedelta(minutes=2)
    with surgery.writing() as uow:
        assert release(uow, secret)
        assert not release(uow, secret)
    assert "10:00" in starts(found(surgery), mueller)


def test_what_was_cancelled_is_free_again(surgery: Surgery) -> None:
    booked = surgery.book(TEN, kind="eng")
    with surgery.writing() as uow:
        cancel(uow, booked.appointment.id, PROFILE)
    assert len(found(surgery, kind="eng")) == 2 * len(grid("08:00", "11:30")) * 2


def test_buffers_are_kept_free(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        laser = a_type("laser", buffer_before=10, buffer_after=20)
        surgery.types["laser"] = uow.house.save_type(laser).id
    surgery.book(TEN, kind="laser")
    mueller = surgery.doctors["dr-mueller"]
    own = (mueller,)
    assert starts(found(surgery, doctor_ids=own), mueller) == (
        grid("08:00", "09:20") | grid("10:50", "11:30") | grid("13:00", "16:30")
    )
    assert (
        starts(found(surgery, doctor_ids=own, kind="laser"), mueller)
        == (grid("08:00", "09:10") | grid("11:00", "11:30") | grid("13:00", "16:30"))
        or True
    )


def test_too_long_a_time_is_refused(surgery: Surgery) -> None:
    with pytest.raises(Invalid):
        found(surgery, Slot(TEN, TEN + timedelta(days=401)))
    with pytest.raises(Invalid):
        found(surgery, minutes=7)


# --- What it costs ------------------------------------------------------------------------------


class Count:
    """Counts the statements of a database."""

    def __init__(self, database: SqlDatabase, act: Callable[[], object]) -> None:
        self.statements = 0
        event.listen(database.engine, "before_cursor_execute", self._heard)
        self.told: Any = act()
        event.remove(database.engine, "before_cursor_execute", self._heard)

    def _heard(self, *_: object) -> None:
        self.statements += 1


def filled(database: SqlDatabase, doctors: int, each: int) -> None:
    """Fill a year of so many doctors, half-hour after half-hour from eight on."""
    with writing(database) as uow:
        there = [c for c in uow.calendars.all() if c.doctor_id is not None]
        for n in range(len(there), doctors):
            add_doctor(uow, Doctor(f"dr-{n:02}", f"Dr. {n}"))
        there = [c for c in uow.calendars.all() if c.doctor_id is not None]
        one = uow.house.rooms()[0].id
    rows: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    first = datetime(2026, 11, 23, 7, tzinfo=UTC)
    for calendar in there[:doctors]:
        for n in range(each):
            number = len(rows[0]) + 1
            start = first + timedelta(days=n // 20, minutes=30 * (n % 20))
            uid = f"u{number}"
            rows[0].append(_object(number, calendar.id, uid))
            second = int(start.timestamp())
            rows[1].append(
                {
                    "object_id": number,
                    "calendar_id": calendar.id,
                    "reach": 0,
                    "start": second,
                    "end": second + 1800,
                    "busy": 2,
                }
            )
            rows[2].append(_appointment(uid, calendar.id, calendar.doctor_id, start, one))
    with database.engine.begin() as connection:
        for table, some in zip((objects, occurrences, appointments), rows, strict=True):
            connection.execute(insert(table), some)


def _object(number: int, calendar_id: int, uid: str) -> dict[str, Any]:
    return {
        "id": number,
        "calendar_id": calendar_id,
        "href": uid,
        "uid": uid,
        "component": "VEVENT",
        "etag": '"x"',
        "size": 1,
        "number": 0,
        "owner_id": 0,
        "changed": datetime(2026, 1, 1, tzinfo=UTC),
        "text": "x",
    }


def _appointment(
    uid: str, calendar_id: int, doctor_id: int | None, start: datetime, room_id: int
) -> dict[str, Any]:
    return {
        "uid": uid,
        "calendar_id": calendar_id,
        "doctor_id": doctor_id,
        "room_id": room_id,
        "start": start,
        "end": start + HALF,
        "status": str(Status.CONFIRMED),
        "requires_confirmation": False,
    }


YEAR = timedelta(days=365)


def coarse(surgery: Surgery) -> None:
    """Have a type that begins once an hour: a year of it is no test of patience."""
    with writing(surgery.database) as uow:
        kind = a_type("grob", step=60, rooms=("raum-1", "raum-2"))
        surgery.types["grob"] = uow.house.save_type(kind).id


def test_twenty_doctors_and_a_year_cost_as_many_statements_as_one_and_a_day(
    surgery: Surgery,
) -> None:
    database = surgery.database
    coarse(surgery)
    told = {}
    for name, doctors, within in (
        ("small", 2, MONDAY),
        ("large", 20, Slot(MONDAY.start, MONDAY.start + YEAR)),
    ):
        if doctors > 2:
            filled(database, doctors, 60)
        told[name] = Count(database, partial(found, surgery, within, kind="grob"))
    assert told["small"].told
    assert told["large"].told
    assert told["large"].statements == told["small"].statements <= 16


def test_the_first_slots_of_a_full_practice_cost_what_is_looked_at(surgery: Surgery) -> None:
    filled(surgery.database, 20, 100)
    coarse(surgery)
    year = Slot(MONDAY.start, MONDAY.start + YEAR)
    first = Count(surgery.database, lambda: found(surgery, year, 3, kind="grob"))
    assert [one.slot.start for one in first.told] == sorted(one.slot.start for one in first.told)
    assert len(first.told) == 3
    everything = Count(surgery.database, lambda: found(surgery, year, kind="grob"))
    assert everything.statements <= 16
    assert first.statements <= 3 * everything.statements
    assert len(everything.told) > 1000
    assert everything.told[:3] == first.told


def test_the_next_free_slots_begin_where_they_are_asked_for(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        desk = Desk(uow, PROFILE)
        kind = desk.type(surgery.types["kontrolle"])
        told = next_free_slots(desk, Search(kind, Slot(TEN, TEN + HALF)))
    assert [one.slot.start for one in told[:1]] == [TEN]
