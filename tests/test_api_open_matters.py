"""What waits for a person, by the API: letters, conflicts and webhooks, listed and acted on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from practice.appointments import Status
from practice.conflicts import Dispute, DisputeKind, Terms
from practice.database.tables import letters
from practice.letters import LetterState
from practice.messages import Receiver
from tests.bookings import everything
from tests.building import NOW, reading, writing
from tests.in_api import Doors, api_of
from tests.steps import OF_PATIENT, House
from tests.test_api_door import problem
from tests.test_open_matters import NOBODYS, open_matters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database import SqlDatabase

__all__ = ["open_matters"]

LETTERS, CONFLICTS, QUARANTINE = "/api/letters", "/api/conflicts", "/api/quarantine"
AUDIT = "/api/audit"


@pytest.fixture
def doors(open_matters: SqlDatabase) -> Iterator[Doors]:
    """All addresses, over a practice in which much is open."""
    with api_of(open_matters) as made:
        yield made


def items(doors: Doors, address: str, **query: str) -> list[dict[str, Any]]:
    answer = doors.api("empfang").get(address, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


# --- Lists --------------------------------------------------------------------------------------


def test_lists_are_told_by_state_a_page_at_a_time(doors: Doors) -> None:
    for address, state, count in (
        (LETTERS, None, 6),
        (LETTERS, "all", 6),
        (LETTERS, "failed", 5),
        (LETTERS, "open", 1),
        (LETTERS, "waiting", 1),
        (LETTERS, "delivered", 0),
        (CONFLICTS, None, 1),
        (CONFLICTS, "open", 1),
        (CONFLICTS, "kept", 1),
        (CONFLICTS, "all", 2),
        (QUARANTINE, None, 5),
        (QUARANTINE, "done", 0),
        (QUARANTINE, "all", 5),
    ):
        asked = {"state": state} if state else {}
        whole = items(doors, address, **asked)
        assert len(whole) == count
        found = walked(doors, address, asked)
        assert found == whole
        ids = [one["id"] for one in found]
        assert ids == sorted(set(ids), reverse=True)


def walked(doors: Doors, address: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Return all pages, of two each, as one list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(10):
        query = {**asked, "limit": "2", "cursor": cursor}
        page = doors.api("empfang").get(address, params=query).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    return found


def test_a_page_that_is_none_is_refused(doors: Doors) -> None:
    wrong = "state=unsinn limit=0 limit=501 cursor=x cursor=-1 cursor=0 of=1"
    for query in (*wrong.split(), f"cursor={'9' * 19}"):
        for address in (LETTERS, CONFLICTS, QUARANTINE):
            problem(doors.api("empfang").get(f"{address}?{query}"), 422)


def test_nothing_is_told_of_what_stands_in_a_webhook_or_letter(doors: Doors) -> None:
    (webhook, *_) = items(doors, QUARANTINE)
    assert (webhook["source"], webhook["reason"]) == ("calcom", "Kein Termin.")
    assert not {"headers", "body", "key"} & set(webhook)
    (letter, *_) = items(doors, LETTERS)
    assert not {"before", "text"} & set(letter)


# --- Actions ------------------------------------------------------------------------------------


def due(database: SqlDatabase) -> list[int]:
    """Return the letters that a worker has to send."""
    now, minute = NOW + timedelta(minutes=1), timedelta(minutes=1)
    with writing(database, now=now) as uow:
        return [one.id for one in uow.outbox.claim(Receiver.PATIENT, now, minute, minute, 10)]


def test_a_letter_that_was_given_up_is_tried_again(doors: Doors, open_matters: SqlDatabase) -> None:
    with open_matters.engine.begin() as connection:  # what waits would supersede it
        waiting = update(letters).where(letters.c.state == "waiting")
        connection.execute(waiting.values(state="delivered", settled=NOW))
    letter = items(doors, LETTERS, state="failed")[0]
    assert due(open_matters) == []
    answer = doors.api("empfang").post(f"{LETTERS}/{letter['id']}/retry")
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["state"]) == (letter["id"], "tried")
    assert len(items(doors, LETTERS, state="failed")) == 4
    assert due(open_matters) == [letter["id"]]
    problem(doors.api("empfang").post(f"{LETTERS}/{letter['id']}/retry"), 404)
    (noted,) = doors.api("admin").get(f"{AUDIT}?kind=letter").json()["items"]
    assert (noted["actor"], noted["action"]) == ("empfang", "tried again")


def test_a_webhook_is_worked_on_again(doors: Doors) -> None:
    webhook = items(doors, QUARANTINE)[0]
    answer = doors.api("empfang").post(f"{QUARANTINE}/{webhook['id']}/replay")
    assert (answer.status_code, answer.content) == (204, b"")
    assert [one["id"] for one in items(doors, QUARANTINE, state="waiting")] == [webhook["id"]]


def test_what_nobody_has_is_not_found(doors: Doors, open_matters: SqlDatabase) -> None:
    before, staff = everything(open_matters), doors.api("empfang")
    for number in NOBODYS:
        problem(staff.post(f"{LETTERS}/{number}/retry"), 404)
        problem(staff.post(f"{QUARANTINE}/{number}/replay"), 404)
        problem(staff.post(f"{CONFLICTS}/{number}/resolve", json={"take": "ours"}), 404)
    assert everything(open_matters) == before


def test_the_address_of_a_webhook_is_not_that_where_they_come_in(doors: Doors) -> None:
    paths = doors.nobody.get("/api/openapi.json").json()["paths"]
    assert not [path for path in paths if path.startswith("/api/webhooks/booking")]


# --- Conflicts ----------------------------------------------------------------------------------


@pytest.fixture
def disputed(practice: SqlDatabase) -> tuple[House, int]:
    """An appointment of ten o'clock that the tool has at noon, with Dr. Schmidt."""
    house = House(practice)
    house.put("dr-mueller", "a", *OF_PATIENT)
    appointment = house.appointment("a")
    ours = Terms(
        appointment.slot.start.isoformat(),
        appointment.slot.end.isoformat(),
        "dr-mueller",
        "",
        str(Status.CONFIRMED),
    )
    noon = "2026-11-23T12:00:00+01:00", "2026-11-23T12:30:00+01:00"
    theirs = replace(ours, start=noon[0], end=noon[1], doctor="dr-schmidt")
    with writing(practice) as uow:
        known = Dispute(0, appointment.id, "calcom", DisputeKind.CHANGED, NOW, ours, theirs)
        made = uow.disputes.save(known)
    return house, made.id


def test_the_tools_side_is_taken_over(disputed: tuple[House, int]) -> None:
    house, number = disputed
    with api_of(house.database) as doors:
        (shown,) = items(doors, CONFLICTS)
        assert (shown["ours"]["doctor"], shown["theirs"]["doctor"]) == ("dr-mueller", "dr-schmidt")
        address = f"{CONFLICTS}/{number}/resolve"
        answer = doors.api("empfang").post(address, json={"take": "theirs"})
        assert (answer.json()["state"], answer.json()["resolved_by"]) == ("taken", "empfang")
        assert items(doors, CONFLICTS) == []
        problem(doors.api("empfang").post(address, json={"take": "ours"}), 404)
    assert house.get("dr-mueller", "a.ics") is None
    moved = house.get("dr-schmidt", "a.ics")
    assert moved is not None
    assert "DTSTART;TZID=Europe/Berlin:20261123T120000" in moved.text
    house.agrees()


def test_the_practices_side_stands(disputed: tuple[House, int]) -> None:
    house, number = disputed
    before = house.get("dr-mueller", "a.ics")
    with api_of(house.database) as doors:
        answer = doors.api("admin").post(f"{CONFLICTS}/{number}/resolve", json={"take": "ours"})
        assert answer.json()["state"] == "kept"
    assert house.get("dr-mueller", "a.ics") == before


def test_a_side_that_cannot_be_taken_any_more_leaves_the_conflict_open(
    disputed: tuple[House, int],
) -> None:
    house, number = disputed
    house.put("dr-schmidt", "b", name="a.ics")
    before = everything(house.database)
    with api_of(house.database) as doors:
        address = f"{CONFLICTS}/{number}/resolve"
        answer = doors.api("empfang").post(address, json={"take": "theirs"})
        assert "something else has its name" in problem(answer, 409)["detail"]
        for wrong in ({"take": "both"}, {}, {"take": "ours", "also": 1}):
            problem(doors.api("empfang").post(address, json=wrong), 422)
    assert everything(house.database) == before


# --- Programs -----------------------------------------------------------------------------------


def test_a_program_sees_none_of_it_even_with_the_permission(
    doors: Doors, open_matters: SqlDatabase
) -> None:
    told = {"label": "Programm", "scopes": ["sync"]}
    with reading(open_matters) as uow:
        letter = uow.outbox.find([LetterState.FAILED])[0].id
    for name in ("albis", "buchung"):
        made = doors.api("admin").post(f"/api/accounts/{name}/tokens", json=told).json()
        program = doors.token(made["token"])
        assert program.get("/api/me").json()["scopes"] == ["sync"]
        before = everything(open_matters)
        for address in (LETTERS, CONFLICTS, QUARANTINE):
            problem(program.get(address), 403)
        problem(program.post(f"{LETTERS}/{letter}/retry"), 403)
        problem(program.post(f"{QUARANTINE}/1/replay"), 403)
        problem(program.post(f"{CONFLICTS}/1/resolve", json={"take": "ours"}), 403)
        assert everything(open_matters) == before
