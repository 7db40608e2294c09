"""Acts are looked at and taken back by the API, as the trail tells them, by who may do both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from practice.acts import Kind
from tests.bookings import everything, faults
from tests.building import writing
from tests.in_api import Doors, api_of
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

AUDIT = "/api/audit"
PATIENT = {"last_name": "Ährenthaler", "phone": "030 1"}


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    with api_of(practice) as made:
        yield made


@pytest.fixture
def admin(doors: Doors) -> TestClient:
    return doors.api("admin")


def trail(admin: TestClient, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = admin.get(AUDIT, params=query).json()["items"]
    return items


def newest(admin: TestClient, kind: str) -> int:
    """Return the number of the last act on things of a kind."""
    number: int = trail(admin, kind=kind)[0]["number"]
    return number


def undo_of(number: int) -> str:
    return f"{AUDIT}/acts/{number}/undo"


def a_token(admin: TestClient, doors: Doors, *scopes: str) -> TestClient:
    told = {"label": "Aufräumer", "scopes": ["audit:undo", *scopes]}
    return doors.token(admin.post("/api/accounts/admin/tokens", json=told).json()["token"])


def a_changed_patient(admin: TestClient) -> str:
    """Return the address of a patient whose telephone was changed."""
    made = admin.post("/api/patients", json=PATIENT)
    address = str(made.headers["location"])
    shown = made.json()
    names = ("number", "birth_date", "email", "insurance", "insurance_number", "language")
    told = {name: shown[name] for name in names}
    more = {"first_name": "", "reminders": False, "to_review": False, "phone": "030 2"}
    answer = admin.put(address, json=PATIENT | told | more)
    assert answer.status_code == 200, answer.text
    return address


def test_a_patient_is_looked_at_and_changed_back(admin: TestClient, practice: SqlDatabase) -> None:
    address = a_changed_patient(admin)
    number = newest(admin, "patient")
    before = everything(practice)
    seen = admin.get(undo_of(number)).json()
    assert everything(practice) == before
    assert seen == {
        "number": number,
        "action": "changed",
        "kind": "patient",
        "of": address.rpartition("/")[2],
        "possible": True,
        "does": "changed back",
        "fields": [{"name": "phone", "before": "030 1", "now": "030 2", "after": "030 2"}],
        "refused": "",
        "instead": "",
        "taken_back_by": None,
    }
    done = admin.post(undo_of(number))
    assert done.json() == {"act": number, "does": "changed back", "by": [number + 1]}
    assert admin.get(address).json()["phone"] == "030 1"
    assert not faults(practice)


def test_nothing_is_taken_back_twice(admin: TestClient, practice: SqlDatabase) -> None:
    a_changed_patient(admin)
    number, key = newest(admin, "patient"), {"Idempotency-Key": "einmal"}
    done = admin.post(undo_of(number), headers=key)
    before = everything(practice)
    assert admin.post(undo_of(number), headers=key).json() == done.json()
    told = problem(admin.post(undo_of(number)), 409)
    assert told["type"].endswith("#problem-cannot-undo")
    assert told["detail"].endswith(f"it was taken back already, by act {number + 1}.")
    seen = admin.get(undo_of(number)).json()
    assert (seen["possible"], seen["taken_back_by"]) == (False, number + 1)
    assert everything(practice) == before


def test_the_trail_tells_what_was_taken_back_and_by_what(admin: TestClient) -> None:
    a_changed_patient(admin)
    number = newest(admin, "patient")
    admin.post(undo_of(number))
    told = {entry["number"]: entry for entry in trail(admin) if entry["chain"] == "acts"}
    assert told[number]["taken_back_by"] == number + 1
    assert told[number + 1]["taken_back_by"] is None
    noted = told[number + 2]
    assert (noted["actor"], noted["action"], noted["kind"], noted["of"], noted["after"]) == (
        "admin",
        "taken back",
        "act",
        str(number),
        {"by": number + 1},
    )
    assert f",{number + 1}\r\n" in admin.get(f"{AUDIT}/export").text
    assert admin.get(f"{AUDIT}/verify").json()["sound"]


def test_settings_are_taken_back_as_somebody_set_them(admin: TestClient) -> None:
    rules = "/api/settings/booking-rules"
    before = admin.get(rules).json()
    admin.put(rules, json=before | {"lead_minutes": 30})
    number = newest(admin, "rules")
    admin.put(rules, json=before | {"lead_minutes": 45})
    told = problem(admin.post(undo_of(number)), 409)
    assert "it was changed since (lead_minutes)" in told["detail"]
    seen = admin.get(undo_of(number)).json()
    field = next(one for one in seen["fields"] if one["name"] == "lead_minutes")
    assert (field["before"], field["now"], field["after"]) == (120, 45, 30)
    admin.post(undo_of(number + 1))
    assert admin.post(undo_of(number)).status_code == 200
    assert admin.get(rules).json() == before


def test_what_has_a_way_of_its_own_tells_its_address(
    admin: TestClient, practice: SqlDatabase
) -> None:
    ways = [
        (Kind.IMPORT, "applied", "/api/imports/7/undo"),
        (Kind.PATIENT, "imported", "/api/imports"),
        (Kind.CHANGE, "taken back", "/api/undo"),
        (Kind.ACCOUNT, "given a token", ""),
    ]
    with writing(practice) as uow:
        acts = [uow.acts.note(action, kind, 7, None, {"x": 1}) for kind, action, _ in ways]
    for act, (_, _, address) in zip(acts, ways, strict=True):
        seen = admin.get(undo_of(act.number)).json()
        assert (seen["possible"], seen["instead"], seen["fields"]) == (False, address, [])
        told = problem(admin.post(undo_of(act.number)), 409)
        assert told["detail"] == seen["refused"] + (f" See {address}." if address else "")


def test_what_nobody_did_is_not_there(admin: TestClient) -> None:
    problem(admin.get(undo_of(4711)), 404)
    problem(admin.post(undo_of(4711)), 404)


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [
        (Kind.PATIENT, ("patients:read", "patients:write")),
        (Kind.ROOM, ("settings",)),
    ],
)
def test_who_takes_back_may_do_the_same_by_hand(
    admin: TestClient, doors: Doors, kind: Kind, scopes: tuple[str, ...]
) -> None:
    if kind is Kind.PATIENT:
        a_changed_patient(admin)
    else:
        admin.post("/api/settings/rooms", json={"slug": "labor", "name": "Labor"})
    number = newest(admin, str(kind))
    tokens = [a_token(admin, doors, *scopes[:count]) for count in range(len(scopes) + 1)]
    for token in tokens[:-1]:
        for answer in (token.get(undo_of(number)), token.post(undo_of(number))):
            assert "This needs the permission" in problem(answer, 403)["detail"]
            assert "030" not in answer.text
    assert tokens[-1].get(undo_of(number)).json()["possible"]
    assert tokens[-1].post(undo_of(number)).status_code == 200


def test_what_was_done_to_an_account_no_token_takes_back(admin: TestClient, doors: Doors) -> None:
    """It could bring back a role that a token may not give."""
    admin.put("/api/accounts/gast/grants/dr-schmidt", json={"level": "read"})
    number = newest(admin, "account")
    problem(a_token(admin, doors, "accounts", "caldav").post(undo_of(number)), 403)
    assert admin.post(undo_of(number)).status_code == 200


def test_a_hold_of_the_law_needs_what_sets_it(admin: TestClient, doors: Doors) -> None:
    address = a_changed_patient(admin)
    told = {"until": "2036-01-01", "why": "Behandlung"}
    answer = admin.put(f"{address}/hold", json=told)
    assert answer.status_code == 200, answer.text
    number = newest(admin, "patient")
    problem(a_token(admin, doors, "patients:read", "patients:write").post(undo_of(number)), 403)
    assert admin.post(undo_of(number)).json()["does"] == "released"
    assert admin.get(address).json()["held_until"] == ""
