"""Whoever sees a calendar in less detail than everything learns by the API when it is busy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from practice.access import Level
from practice.accounts import Doctor
from practice.use_cases.accounts import grant
from practice.use_cases.house import add_doctor
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery
from tests.building import an_event, the_account, writing
from tests.dav import HOME, put
from tests.in_api import Doors, api_of
from tests.test_api_door import problem
from tests.test_scopes import a_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

ADDRESS, APPOINTMENTS = "/api/booking/calendar", "/api/booking/appointments"
HALF = timedelta(minutes=30)
MONDAY = {"from": "2026-11-23", "until": "2026-11-23"}
AT_TEN = ("2026-11-23T10:00:00+01:00", "2026-11-23T10:30:00+01:00")


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    """A practice in which Dr. Müller is booked at ten and Dr. Schmidt at half past."""
    made = Surgery(practice)
    made.book(reason="verschwiegen")
    made.book(TEN + HALF, doctor=SCHMIDT, patient="200")
    return made


@pytest.fixture
def doors(surgery: Surgery) -> Iterator[Doors]:
    with api_of(surgery.database) as made:
        yield made


def program(doors: Doors, surgery: Surgery, account: str, **levels: Level) -> TestClient:
    """Return a program that sees doctors' calendars so."""
    with writing(surgery.database) as uow:
        for calendar in ("all", MUELLER, SCHMIDT):
            shown = levels.get(calendar.replace("-", "_"), Level.NONE)
            grant(uow, the_account(uow, account), calendar, shown)
    return doors.token(a_token(surgery.database, account, "booking:view_calendar"))


def busy(who: Any, **query: str) -> list[tuple[str, str, str | None]]:
    answer = who.get(ADDRESS, params=MONDAY | query)
    assert answer.status_code == 200, answer.text
    for word in ("hrenthaler", "verschwiegen", "Kontrolle", "100"):
        assert word not in answer.text
    return [
        (one["start"], one["end"], one["doctor"] and one["doctor"]["slug"])
        for one in answer.json()["items"]
    ]


@pytest.mark.parametrize("level", [Level.BUSY, Level.PSEUDONYM, Level.READ])
@pytest.mark.parametrize("account", ["gast", "albis"])
def test_who_sees_anything_of_a_calendar_is_told_when_it_is_busy(
    doors: Doors, surgery: Surgery, account: str, level: Level
) -> None:
    who = program(doors, surgery, account, dr_mueller=level)
    assert busy(who) == [(*AT_TEN, MUELLER)]
    assert busy(who, doctor=SCHMIDT) == []
    shown = who.get(APPOINTMENTS).json()["items"]
    assert len(shown) == (level is Level.READ)


def test_who_sees_no_calendar_is_told_nothing(doors: Doors, surgery: Surgery) -> None:
    assert busy(program(doors, surgery, "gast")) == []
    problem(doors.api("gast").get(ADDRESS, params=MONDAY), 403)
    problem(doors.nobody.get(ADDRESS, params=MONDAY), 401)


def test_the_staff_see_every_doctor_and_what_concerns_all(doors: Doors, surgery: Surgery) -> None:
    staff, caldav = doors.api("empfang"), doors.caldav("empfang")
    series = an_event("team", "20261109T120000", "20261109T130000", "RRULE:FREQ=WEEKLY")
    assert put(caldav, f"{HOME}praxis/", "team.ics", series).status_code == 201
    free = an_event("frei", "20261123T140000", "20261123T150000", "TRANSP:TRANSPARENT")
    assert put(caldav, f"{HOME}{MUELLER}/", "frei.ics", free).status_code == 201
    team = ("2026-11-23T12:00:00+01:00", "2026-11-23T13:00:00+01:00", None)
    half_past = ("2026-11-23T10:30:00+01:00", "2026-11-23T11:00:00+01:00", SCHMIDT)
    assert busy(staff) == [(*AT_TEN, MUELLER), half_past, team]
    assert busy(staff, doctor=SCHMIDT) == [half_past, team]
    # Years on, beyond what is indexed of a series without end.
    later = {"from": "2045-12-04", "until": "2045-12-04"}
    assert busy(staff, **later) == [
        ("2045-12-04T12:00:00+01:00", "2045-12-04T13:00:00+01:00", None)
    ]


def test_a_program_that_books_is_told_what_others_have_taken(
    doors: Doors, surgery: Surgery
) -> None:
    who = program(doors, surgery, "buchung", dr_mueller=Level.WRITE)
    assert busy(who) == [(*AT_TEN, MUELLER)]
    assert who.get(APPOINTMENTS).json()["items"] == []


def test_times_that_cannot_be_are_refused(doors: Doors) -> None:
    staff = doors.api("empfang")
    for wrong in (
        {"until": "2026-11-22"},
        {"until": "2027-01-23"},
        {"until": ""},
        {"from": "gestern"},
    ):
        problem(staff.get(ADDRESS, params=MONDAY | wrong), 422)
    problem(staff.get(ADDRESS), 422)
    problem(staff.get(ADDRESS, params=MONDAY | {"doctor": "dr-niemand"}), 404)


def test_many_doctors_cost_as_many_statements_as_few(doors: Doors, surgery: Surgery) -> None:
    staff = doors.api("empfang")
    busy(staff)

    def cost() -> int:
        heard: list[str] = []

        def hear(_: object, __: object, statement: str, *___: object) -> None:
            heard.append(statement)

        event.listen(surgery.database.engine, "before_cursor_execute", hear)
        try:
            busy(staff)
        finally:
            event.remove(surgery.database.engine, "before_cursor_execute", hear)
        return len(heard)

    few = cost()
    with writing(surgery.database) as uow:
        for n in range(10):
            add_doctor(uow, Doctor(f"dr-{n}", f"Dr. {n}"))
    assert cost() == few
