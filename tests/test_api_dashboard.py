"""The dashboard by the API: the overview's figures, with names, seconds and rates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.access import Level
from practice.messages import Message, Receiver
from practice.sources import SourceState
from practice.use_cases.accounts import grant
from practice.use_cases.overview import overview, seen_by
from tests.building import NOW, PROFILE, reading, the_account, writing
from tests.in_api import Doors, api_of
from tests.test_api_door import problem
from tests.test_overview import CANCELLED, TENTATIVE, book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase

DASHBOARD = "/api/dashboard"
HOUR = timedelta(hours=1)
MUELLER = {"slug": "dr-mueller", "name": "Dr. Mueller"}
SCHMIDT = {"slug": "dr-schmidt", "name": "Dr. Schmidt"}


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """All addresses, over a practice."""
    with api_of(practice) as made:
        yield made


@pytest.fixture
def busy(practice: SqlDatabase) -> SqlDatabase:
    """A practice with a day's work, a request, a tool that is silent and a letter that waits."""
    with writing(practice) as uow:
        one = book(uow, "2026-11-20 09:00", minutes=90)
        book(uow, "2026-11-20 11:00", status=CANCELLED)
        book(uow, "2026-11-21 08:00", doctor="dr-schmidt", status=TENTATIVE)
        book(uow, "2026-11-19 08:00", doctor="dr-schmidt", progress="no_show")
        book(uow, "2026-11-03 08:00", progress="done")
        uow.sources.save(SourceState("calcom", NOW, NOW - 30 * HOUR, "Keine Antwort."))
    with writing(practice, now=NOW - 2 * HOUR) as uow:
        uow.outbox.post(Receiver.PATIENT, Message.MOVED, one, "{}")
    return practice


def dashboard(doors: Doors, account: str = "empfang") -> dict[str, Any]:
    answer = doors.api(account).get(DASHBOARD)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_an_empty_practice_has_noughts_and_no_rates(doors: Doors) -> None:
    told = dashboard(doors)
    assert told["at"] == "2026-11-20T10:00:00+01:00"
    assert [told[span]["count"] for span in ("today", "week", "month")] == [0, 0, 0]
    assert (told["letters"]["rate"], told["webhooks"]["rate"]) == (None, None)
    assert {month["rate"] for month in told["no_shows"]} == {None}
    assert len(told["no_shows"]) == 12
    assert {load["booked_seconds"] for load in told["load"]} == {0}


@pytest.mark.usefixtures("busy")
def test_figures_have_names_seconds_and_rates(doors: Doors) -> None:
    told = dashboard(doors)
    assert told["today"] == {
        "count": 1,
        "by_status": {"CONFIRMED": 1, "TENTATIVE": 0, "CANCELLED": 1},
        "by_doctor": [
            {"doctor": MUELLER, "count": 1, "by_status": {"CONFIRMED": 1, "CANCELLED": 1}}
        ],
    }
    assert [one["doctor"] for one in told["week"]["by_doctor"]] == [MUELLER, SCHMIDT]
    (source,) = told["sources"]
    assert (source["age_seconds"], source["is_stale"]) == (30 * 3600, True)
    (queue,) = told["queue"]
    assert (queue["to"], queue["waiting"], queue["oldest_seconds"]) == ("patient", 1, 2 * 3600)
    (request,) = told["requests"]
    assert (request["doctor"], told["requests_waiting"]) == (SCHMIDT, 1)
    november = told["no_shows"][-1]
    assert (november["first"], november["no_shows"], november["rate"]) == ("2026-11-01", 1, 0.5)
    (this_week,) = (
        load
        for load in told["load"]
        if load["monday"] == "2026-11-16" and load["doctor"] == MUELLER
    )
    assert this_week["booked_seconds"] == 90 * 60
    assert this_week["open_seconds"] % 3600 == 0
    assert this_week["rate"] == pytest.approx(90 * 60 / this_week["open_seconds"])


def test_it_is_what_the_overview_counts(doors: Doors, busy: SqlDatabase) -> None:
    told = dashboard(doors, "admin")
    with reading(busy) as uow:
        found = overview(uow, PROFILE)
    for span in ("today", "week", "month"):
        assert told[span]["count"] == getattr(found, span).count
    assert [load["booked_seconds"] for load in told["load"]] == [
        load.booked * 60 for load in found.load
    ]
    assert told["open_conflicts"] == found.open_conflicts
    assert told["patients_to_review"] == found.patients_to_review


def test_a_program_is_told_of_single_doctors_only_whose_calendars_it_sees(
    doors: Doors, busy: SqlDatabase
) -> None:
    told = {"label": "Wandtafel", "scopes": ["dashboard"]}
    token = doors.api("admin").post("/api/accounts/gast/tokens", json=told).json()["token"]
    answer = doors.token(token).get(DASHBOARD)
    assert answer.status_code == 200
    assert "schmidt" not in answer.text.lower()
    seen = answer.json()
    assert seen["requests"] == []
    assert {load["doctor"]["slug"] for load in seen["load"]} == {"dr-mueller"}
    assert seen["week"]["count"] == dashboard(doors)["week"]["count"]
    with writing(busy) as uow:
        grant(uow, the_account(uow, "gast"), "dr-schmidt", Level.BUSY)
    assert doors.token(token).get(DASHBOARD).json()["load"] == dashboard(doors)["load"]


def test_the_practices_own_people_see_all_of_it(busy: SqlDatabase) -> None:
    with reading(busy) as uow:
        whole = overview(uow, PROFILE)
        for name in ("admin", "empfang"):
            assert seen_by(uow, the_account(uow, name), whole) == whole
        for name in ("buchung", "albis"):  # granted everywhere
            assert seen_by(uow, the_account(uow, name), whole) == whole


def test_nobody_else_sees_it(doors: Doors) -> None:
    for name in ("mueller", "albis", "buchung", "gast"):
        problem(doors.api(name).get(DASHBOARD), 403)
    problem(doors.api("empfang").get(f"{DASHBOARD}?von=gestern"), 422)
