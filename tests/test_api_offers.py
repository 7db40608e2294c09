"""The practice's people set by the API what it offers, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.acts import ActQuestion, Kind
from tests.arranging import TEN, Surgery
from tests.bookings import everything
from tests.dav import HOME
from tests.in_api import Doors, api_of
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

ROOT = "/api/settings"
RULES = f"{ROOT}/booking-rules"
DOCTOR = {"slug": "dr-neu", "name": "Dr. Neu", "specialty": "Labor", "hours": "mo-do 08:00-12:00"}
ROOM = {"slug": "labor", "name": "Labor"}
TYPE = {"slug": "blut", "name": "Blutabnahme", "name_en": "Blood sample", "minutes": 10}
CATEGORY = {"slug": "proben", "name": "Proben", "color": "teal"}
EXCEPTION: dict[str, Any] = {
    "doctor_id": None,
    "start": "2026-12-24T00:00:00+01:00",
    "end": "2026-12-28T00:00:00+01:00",
    "open": False,
    "reason": "Weihnachten",
}
THINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "doctors": (DOCTOR, {"name": "Dr. Alt"}),
    "rooms": (ROOM, {"name": "Kleines Labor"}),
    "types": (TYPE, {"minutes": 15}),
    "categories": (CATEGORY, {"color": ""}),
    "exceptions": (EXCEPTION, {"reason": "Urlaub"}),
}
KINDS = {
    "doctors": Kind.DOCTOR,
    "rooms": Kind.ROOM,
    "categories": Kind.CATEGORY,
    "exceptions": Kind.EXCEPTION,
}


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


@pytest.fixture
def doors(surgery: Surgery) -> Iterator[Doors]:
    with api_of(surgery.database) as made:
        yield made


@pytest.fixture
def admin(doors: Doors) -> TestClient:
    return doors.api("admin")


def made(admin: TestClient, what: str, **more: Any) -> dict[str, Any]:
    """Make something, which has to be possible."""
    answer = admin.post(f"{ROOT}/{what}", json=THINGS[what][0] | more)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("what", THINGS)
def test_what_is_made_is_read_listed_changed_and_removed(
    surgery: Surgery, admin: TestClient, what: str
) -> None:
    before = admin.get(f"{ROOT}/{what}").json()["items"]
    first = made(admin, what)
    address = f"{ROOT}/{what}/{first['id']}"
    seen = admin.get(address)
    assert seen.json() == first
    assert first in admin.get(f"{ROOT}/{what}").json()["items"]
    sent = THINGS[what][0] | THINGS[what][1]
    etag = {"If-Match": seen.headers["etag"]}
    changed = admin.put(address, json=sent, headers=etag)
    assert changed.status_code == 200, changed.text
    assert changed.json().items() >= THINGS[what][1].items()
    assert changed.headers["etag"] == admin.get(address).headers["etag"]
    problem(admin.put(address, json=sent, headers=etag), 412)
    if what == "types":  # are retired
        problem(admin.delete(address), 405)
        return
    assert admin.delete(address).status_code == 204
    problem(admin.get(address), 404)
    for again in (admin.delete(address), admin.put(address, json=sent)):
        assert problem(again, 404)["type"].endswith("#problem-offer-not-found")
    assert admin.get(f"{ROOT}/{what}").json()["items"] == before
    with surgery.reading() as uow:
        acts = [(act.action, act.actor) for act in uow.acts.search(ActQuestion(kind=KINDS[what]))]
    assert acts == [(action, "admin") for action in ("made", "changed", "removed")]


def test_a_doctor_who_is_made_has_a_calendar_and_slots(doors: Doors, admin: TestClient) -> None:
    made(admin, "doctors")
    software = doors.caldav("albis")
    address = f"{HOME}dr-neu/"
    assert software.request("PROPFIND", address, headers={"Depth": "0"}).status_code == 207
    asked = {"type": "kontrolle", "doctor": "dr-neu", "from": "2026-11-23", "limit": "500"}
    asked["until"] = "2026-11-29"
    told = doors.nobody.get("/api/patient-portal/available-slots", params=asked).json()["items"]
    assert {slot["start"][11:13] for slot in told} == {"08", "09", "10", "11"}
    assert {slot["start"][:10] for slot in told} == {f"2026-11-{day}" for day in range(23, 27)}


def test_a_type_is_retired_and_brought_back(doors: Doors, admin: TestClient) -> None:
    kind = made(admin, "types", online=True, rooms=["raum-1"], doctors=["dr-mueller"])
    assert (kind["min_minutes"], kind["max_minutes"], kind["active"]) == (10, 10, True)
    address = f"{ROOT}/types/{kind['id']}"

    def offered() -> set[str]:
        told = doors.nobody.get("/api/patient-portal/types").json()["items"]
        return {one["slug"] for one in told}

    assert "blut" in offered()
    assert admin.post(f"{address}/retire").json() == kind | {"active": False}
    assert "blut" not in offered()
    problem(admin.post(f"{address}/retire"), 404)
    assert admin.put(address, json=TYPE | {"online": True}).json()["active"] is False
    assert admin.post(f"{address}/bring-back").json()["active"] is True
    assert "blut" in offered()


def test_rules_are_read_set_and_hold(doors: Doors, admin: TestClient) -> None:
    seen = admin.get(RULES)
    assert seen.json()["window_days"] == 90
    sent = seen.json() | {"land": "BY", "window_days": 5, "lead_minutes": 0}
    changed = admin.put(RULES, json=sent, headers={"If-Match": seen.headers["etag"]})
    assert changed.json() == sent
    problem(admin.put(RULES, json=sent, headers={"If-Match": seen.headers["etag"]}), 412)
    asked = {"type": "kontrolle", "from": "2026-11-20", "until": "2026-12-20", "limit": "500"}
    told = doors.nobody.get("/api/patient-portal/available-slots", params=asked).json()["items"]
    assert told[0]["start"] == "2026-11-20T10:00:00+01:00"  # now
    assert told[-1]["start"] < "2026-11-26"
    for wrong in ({"land": "XX"}, {"land": "Bayern"}, {"window_days": 401}, {"hold_minutes": 0}):
        problem(admin.put(RULES, json=sent | wrong), 422)
    problem(admin.put(RULES, json={"land": "BY"}), 422)
    assert admin.get(RULES).json() == sent


def test_the_holidays_are_those_of_the_land(admin: TestClient) -> None:
    address = f"{ROOT}/holidays"
    names = {one["name"] for one in admin.get(address, params={"year": "2027"}).json()["items"]}
    assert "Neujahr" in names
    assert "Heilige Drei Könige" not in names
    admin.put(RULES, json=admin.get(RULES).json() | {"land": "BY"})
    told = admin.get(address).json()
    assert (told["year"], told["land"], told["closed"]) == (2026, "BY", True)
    assert {"date": "2026-01-06", "name": "Heilige Drei Könige"} in told["items"]
    for year in ("1990", "2101", "x"):
        problem(admin.get(address, params={"year": year}), 422)


def test_exceptions_of_some_days_are_told(surgery: Surgery, admin: TestClient) -> None:
    mueller = surgery.doctors["dr-mueller"]
    made(admin, "exceptions")
    extra = {"start": "2026-11-28T09:00:00+01:00", "end": "2026-11-28T12:00:00+01:00"}
    made(admin, "exceptions", doctor_id=mueller, open=True, reason="Impftag", **extra)

    def reasons(**query: str) -> list[str]:
        told = admin.get(f"{ROOT}/exceptions", params=query).json()["items"]
        return [one["reason"] for one in told]

    assert reasons() == ["Impftag", "Weihnachten"]
    assert reasons(**{"from": "2026-11-29"}) == ["Weihnachten"]
    assert reasons(until="2026-11-28") == ["Impftag"]
    assert reasons(until="2026-11-27") == []
    assert reasons(**{"from": "2026-12-27", "until": "2026-12-27"}) == ["Weihnachten"]
    assert reasons(**{"from": "2026-12-28"}) == []


@pytest.mark.parametrize(
    ("what", "changed", "status"),
    [
        ("doctors", {"hours": "mo-fr von acht bis zwölf"}, 422),
        ("doctors", {"hours": "mo 12:00-08:00"}, 422),
        ("doctors", {"name": " "}, 422),
        ("doctors", {"slug": "dr-mueller"}, 409),
        ("doctors", {"slug": "praxis"}, 409),
        ("doctors", {"slug": "Dr Neu"}, 422),
        ("rooms", {"name": " "}, 422),
        ("rooms", {"slug": "raum-1"}, 409),
        ("types", {"minutes": 0}, 422),
        ("types", {"minutes": "10"}, 422),
        ("types", {"min_minutes": 20}, 422),
        ("types", {"max_minutes": 1440, "buffer_after": 1}, 422),
        ("types", {"rooms": ["keller"]}, 422),
        ("types", {"doctors": ["dr-no"]}, 422),
        ("types", {"category": "nichts"}, 422),
        ("types", {"color": "#12"}, 422),
        ("types", {"slug": "kontrolle"}, 409),
        ("categories", {"name": ""}, 422),
        ("exceptions", {"end": "2026-12-24T00:00:00+01:00"}, 422),
        ("exceptions", {"doctor_id": 99}, 404),
        ("exceptions", {"room_id": 99}, 404),
        ("exceptions", {"doctor_id": 1, "room_id": 1}, 422),
        ("exceptions", {"room_id": 1, "open": True}, 422),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    surgery: Surgery, admin: TestClient, what: str, changed: dict[str, Any], status: int
) -> None:
    admin.get(f"{ROOT}/{what}")
    before = everything(surgery.database)
    problem(admin.post(f"{ROOT}/{what}", json=THINGS[what][0] | changed), status)
    assert everything(surgery.database) == before


def test_hours_that_cannot_be_read_are_told_in_a_sentence(admin: TestClient) -> None:
    answer = admin.post(f"{ROOT}/doctors", json=DOCTOR | {"hours": "mo-fr acht"})
    assert problem(answer, 422)["detail"] == "'acht' is no range of hours like 08:00-12:00."


def test_what_is_needed_is_not_removed(surgery: Surgery, admin: TestClient) -> None:
    surgery.book(TEN)
    saturday = TEN + timedelta(days=5)
    span = {"start": saturday.isoformat(), "end": (saturday + timedelta(hours=2)).isoformat()}
    extra = made(admin, "exceptions", open=True, **span)
    surgery.book(saturday)
    made(admin, "categories")
    made(admin, "types", category="proben")
    (category,) = admin.get(f"{ROOT}/categories").json()["items"]
    for needed in (
        f"doctors/{surgery.doctors['dr-mueller']}",
        f"rooms/{surgery.rooms['raum-1']}",
        f"categories/{category['id']}",
        f"exceptions/{extra['id']}",
    ):
        told = problem(admin.delete(f"{ROOT}/{needed}"), 409)
        assert told["type"].endswith("#problem-still-needed")
    renamed = {"slug": "raum-9", "name": "Raum 9"}
    problem(admin.put(f"{ROOT}/rooms/{surgery.rooms['raum-1']}", json=renamed), 409)


def test_nobody_but_an_admin_sets_anything(surgery: Surgery, doors: Doors) -> None:
    for account in ("empfang", "mueller", "albis", "buchung", "gast"):
        assert doors.api(account).get("/api/me").status_code == 200  # the password is known now
    before = everything(surgery.database)
    for account in ("empfang", "mueller", "albis", "buchung", "gast"):
        client = doors.api(account)
        for what in THINGS:
            problem(client.get(f"{ROOT}/{what}"), 403)
            problem(client.post(f"{ROOT}/{what}", json=THINGS[what][0]), 403)
        problem(client.get(RULES), 403)
        problem(client.put(RULES, json={}), 403)
    problem(doors.nobody.get(RULES), 401)
    assert everything(surgery.database) == before
