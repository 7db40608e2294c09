"""What days are drawn with: the doctors' hours, and word of every change, to who may see it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.access import SYSTEM
from practice.appointments import Slot
from practice.schedule import HoursException
from practice.use_cases.news import standing
from practice.use_cases.offers import save_exception
from practice.use_cases.rearranging import Changes, change
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery
from tests.building import NOW, PROFILE, the_account
from tests.in_api import Doors, api_of
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase

HOURS, EVENTS = "/api/booking/hours", "/api/booking/events"
MONDAY = {"from": "2026-11-23", "until": "2026-11-23"}


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


@pytest.fixture
def doors(surgery: Surgery) -> Iterator[Doors]:
    def look() -> Any:
        return surgery.database.begin(actor=SYSTEM, now=NOW, read_only=True, snapshot=False)

    with api_of(surgery.database, look=look) as made:
        yield made


def absent(surgery: Surgery, doctor: str | None, hour: int, reason: str) -> None:
    """Have a doctor away for an hour of Monday; None: the practice is closed."""
    start = TEN.replace(hour=hour)
    span = Slot(start, start + timedelta(hours=1))
    doctor_id = surgery.doctors[doctor] if doctor else None
    with surgery.writing() as uow:
        save_exception(uow, HoursException(0, doctor_id, None, span, open=False, reason=reason))


def test_hours_are_told_as_absences_and_holidays_leave_them(surgery: Surgery, doors: Doors) -> None:
    absent(surgery, MUELLER, 10, "Fortbildung")
    told = doors.api("empfang").get(HOURS, params=MONDAY).json()
    hours = {one["doctor"]["slug"]: one["openings"] for one in told["items"]}
    mueller = [(one["start"][11:16], one["end"][11:16]) for one in hours[MUELLER]]
    assert mueller == [("08:00", "10:00"), ("11:00", "12:00"), ("13:00", "17:00")]
    assert len(hours[SCHMIDT]) == 2
    (closed,) = told["closed"]
    assert (closed["doctor"]["slug"], closed["reason"]) == (MUELLER, "Fortbildung")
    christmas = {"from": "2026-12-25", "until": "2026-12-25"}
    told = doors.api("empfang").get(HOURS, params=christmas).json()
    assert all(one["openings"] == [] for one in told["items"])
    assert [one["date"] for one in told["holidays"]] == ["2026-12-25"]


def test_hours_are_told_of_doctors_whose_calendars_one_sees(surgery: Surgery, doors: Doors) -> None:
    absent(surgery, SCHMIDT, 10, "Arzttermin")
    told = doors.api("mueller").get(HOURS, params=MONDAY).json()
    assert [one["doctor"]["slug"] for one in told["items"]] == [MUELLER]
    assert told["closed"] == []
    backwards = {"from": "2026-11-24", "until": "2026-11-23"}
    problem(doors.api("empfang").get(HOURS, params=backwards), 422)
    years = {"from": "2026-11-24", "until": "2028-11-23"}
    problem(doors.api("empfang").get(HOURS, params=years), 422)


def test_a_stream_begins_with_where_things_stand(surgery: Surgery, doors: Doors) -> None:
    surgery.book()
    answer = doors.api("empfang").get(EVENTS, params={"seconds": 1})
    assert answer.headers["content-type"].startswith("text/event-stream")
    event, data = answer.text.strip().splitlines()[:2]
    with surgery.reading() as uow:
        now = standing(uow, the_account(uow, "empfang"))
    assert event == "event: change"
    assert json.loads(data.removeprefix("data: ")) == {"number": now.number, "act": now.act}
    problem(doors.nobody.get(EVENTS), 401)


def test_only_changes_of_what_one_sees_are_news(surgery: Surgery) -> None:
    mine, other = surgery.book(), surgery.book(doctor=SCHMIDT, patient="200")
    with surgery.reading() as uow:
        account, everybody = the_account(uow, "mueller"), the_account(uow, "empfang")
        was, all_was = standing(uow, account), standing(uow, everybody)

    def noted(booked: Any, text: str) -> tuple[bool, bool]:
        """Note something only the practice knows; return whether doctor and staff hear of it."""
        with surgery.writing() as uow:
            change(uow, booked.appointment.id, Changes(note=text), PROFILE)
        with surgery.reading() as uow:
            now, all_now = standing(uow, account, was), standing(uow, everybody, all_was)
        return now.act != was.act, all_now.act != all_was.act

    assert noted(other, "ruft an") == (False, True)
    assert noted(mine, "kommt später") == (True, True)
    with surgery.reading() as uow:
        was = standing(uow, account, was)
    surgery.book(TEN + timedelta(hours=3), doctor=SCHMIDT, patient="300")
    with surgery.reading() as uow:
        now = standing(uow, account, was)
    assert (now.number, now.act) == (was.number, was.act)
    surgery.book(TEN + timedelta(hours=4), patient="300")
    with surgery.reading() as uow:
        assert standing(uow, account, now).number > now.number


def test_what_keeps_everybody_away_is_told_of_no_doctor(surgery: Surgery, doors: Doors) -> None:
    absent(surgery, None, 10, "Wasserrohrbruch")
    told = doors.api("mueller").get(HOURS, params=MONDAY).json()
    assert [(one["doctor"], one["room"]) for one in told["closed"]] == [(None, None)]
    assert told["closed"][0]["start"] == "2026-11-23T10:00:00+01:00"
