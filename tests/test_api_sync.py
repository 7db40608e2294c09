"""Whoever asks the API gets one patient synchronised, as from the program that was before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from practice.tasks import TaskState
from tests.building import reading
from tests.doors import until
from tests.in_api import Doors, api_of
from tests.single_patients import BENNO, DAY, RUTH, Desk, a_desk
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

START = "/api/sync/patient"
ASKED = {"piz": "4400127", "date": DAY}


@pytest.fixture
def desk(practice: SqlDatabase) -> Iterator[Desk]:
    """A practice beside a CallDoc."""
    with a_desk(practice) as made:
        yield made


@pytest.fixture
def doors(desk: Desk) -> Iterator[Doors]:
    """The API of that practice."""
    asked: list[str] = []

    def ask_now(name: str) -> bool:
        asked.append(name)
        return name == desk.source.name and desk.pull() is not None

    with api_of(desk.database, single_patients=desk.single, ask_now=ask_now) as made:
        yield made


def ended(client: TestClient, address: str) -> dict[str, Any]:
    """Return the status in which a task ends."""
    told: dict[str, Any] = {}

    def has_ended() -> bool:
        told.update(client.get(address).json())
        return bool(told["status"] != "running")

    until(has_ended, "the end of the task")
    return told


def test_a_task_is_answered_at_once_and_told_of_until_it_is_done(desk: Desk, doors: Doors) -> None:
    desk.book(RUTH)
    other = desk.book(BENNO)
    desk.pull()
    (before,) = desk.booked(other)
    client = doors.api("empfang")
    desk.book(RUTH, f"{DAY}T15:00:00")
    answer = client.post(START, json=ASKED)
    assert answer.status_code == 202
    begun = answer.json()
    assert begun["message"] == "Single patient synchronization started"
    assert begun["status_url"] == f"/api/sync/status/{begun['task_id']}"
    assert len(begun["task_id"]) >= 32
    status = ended(client, begun["status_url"])
    assert status["task_id"] == begun["task_id"]
    assert status["status"] == "completed"
    assert status["patient"] == {
        "piz": "4400127",
        "found": True,
        "name": "Öhrlein",
        "vorname": "Ruth",
    }
    assert status["appointments"] == {"found": 2, "processed": 2}
    assert {one["action"] for one in status["result"]["all"]} == {"created", "already_exists"}
    assert status["sqlhk_sync"]["untersuchung_id"] == status["result"]["id"]
    assert status["error"] is None
    assert desk.booked(other) == [before]


def test_a_patient_without_appointments_ends_in_words(desk: Desk, doors: Doors) -> None:
    client = doors.api("admin")
    status = ended(client, client.post(START, json=ASKED).json()["status_url"])
    assert (status["status"], status["error_code"]) == ("failed", "patient_not_found")
    assert status["error"].endswith(".")


def test_the_same_patient_asked_for_twice_is_one_task(desk: Desk, doors: Doors) -> None:
    desk.book(RUTH)
    client = doors.api("admin")
    with desk.held() as tool:
        first = client.post(START, json=ASKED).json()["task_id"]
        tool.asked()
        assert client.post(START, json=ASKED).json()["task_id"] == first
        told = problem(client.post(START, json={**ASKED, "date": "2026-11-25"}), 409)
        assert told["task_id"] == first
        running = client.get("/api/sync/tasks", params={"status": "running"}).json()["items"]
        assert [one["task_id"] for one in running] == [first]
    assert ended(client, f"/api/sync/status/{first}")["status"] == "completed"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"piz": "4400127"},
        {"piz": "", "date": DAY},
        {"piz": "000", "date": DAY},
        {"piz": 4400127, "date": DAY},
        {"piz": "4400127", "date": "24.11.2026"},
        {"piz": "4400127", "date": "2026-02-30"},
        {"piz": "4400127", "date": "1999-12-31"},
        {"piz": "4400127", "date": DAY, "appointment_type_id": -1},
        {"piz": "4400127", "date": DAY, "delete": True},
    ],
)
def test_what_cannot_be_meant_is_refused(doors: Doors, body: dict[str, Any]) -> None:
    problem(doors.api("admin").post(START, json=body), 422)


def test_a_task_that_nobody_started_is_not_found(doors: Doors) -> None:
    problem(doors.api("admin").get("/api/sync/status/patient_sync_1_2026-11-24"), 404)


def test_who_may_not_synchronise_learns_nothing(desk: Desk, doors: Doors) -> None:
    desk.book(RUTH)
    address = doors.api("admin").post(START, json=ASKED).json()["status_url"]
    ended(doors.api("admin"), address)
    for account in ("mueller", "albis", "buchung", "gast"):
        for answer in (
            doors.api(account).post(START, json=ASKED),
            doors.api(account).get(address),
            doors.api(account).get("/api/sync/tasks"),
            doors.api(account).get("/api/sync/sources"),
        ):
            problem(answer, 403)
            assert "hrlein" not in answer.text
    problem(doors.nobody.get(address), 401)


def test_without_such_a_program_there_is_nothing_to_synchronise(practice: SqlDatabase) -> None:
    with api_of(practice) as doors:
        problem(doors.api("admin").post(START, json=ASKED), 404)
        problem(doors.api("admin").post("/api/sync/sources/x/run"), 404)


def test_it_is_told_when_a_tool_was_asked_last(desk: Desk, doors: Doors) -> None:
    client = doors.api("admin")
    assert client.get("/api/sync/sources").json() == {"items": []}
    desk.book(RUTH)
    assert client.post(f"/api/sync/sources/{desk.source.name}/run").status_code == 202
    (shown,) = client.get("/api/sync/sources").json()["items"]
    assert (shown["name"], shown["stale"], shown["error"]) == (desk.source.name, False, "")
    assert shown["counts"]["created"] == 1
    problem(client.post("/api/sync/sources/elsewhere/run"), 404)


def test_a_task_is_kept_for_whoever_asks_another_process(desk: Desk, doors: Doors) -> None:
    desk.book(RUTH)
    status = ended(
        doors.api("admin"), doors.api("admin").post(START, json=ASKED).json()["status_url"]
    )
    with desk.other() as other, api_of(desk.database, single_patients=other) as elsewhere:
        again = elsewhere.api("admin").get(f"/api/sync/status/{status['task_id']}").json()
    assert again == status
    with reading(desk.database) as uow:
        assert [one.state for one in uow.tasks.find(list(TaskState))] == [TaskState.COMPLETED]
