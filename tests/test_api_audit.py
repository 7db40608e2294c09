"""The audit trail by the API, and taking changes back by what it tells, from door to door."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import update

from admin_api.resources import audit
from practice.acts import Kind
from practice.database.tables import acts as act_table
from practice.database.tables import changes as change_table
from practice.errors import Invalid
from practice.use_cases import chains
from practice.use_cases.chains import newest
from tests.bookings import everything
from tests.building import NOW, an_event, reading, writing
from tests.dav import HOME
from tests.in_api import Clock, Doors, api_of
from tests.steps import House
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

AUDIT, UNDO = "/api/audit", "/api/undo"
MUELLER = HOME + "dr-mueller/"
#: Later than what CalDAV, which has a clock of its own, does meanwhile.
LATER = Clock(datetime(2199, 1, 1, tzinfo=UTC))


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """All addresses, over a practice."""
    with api_of(practice, clock=LATER) as made:
        yield made


@pytest.fixture
def house(practice: SqlDatabase) -> House:
    """A practice in which three steps were taken."""
    made = House(practice)
    made.put("dr-mueller", "a", "SUMMARY:Geheimrat")
    made.put("dr-mueller", "a", "SUMMARY:Geheimrat", at="noon")
    made.put("dr-schmidt", "b", "SUMMARY:Verschwiegen", who="albis")
    return made


def entries(doors: Doors, **query: str) -> list[dict[str, Any]]:
    answer = doors.api("admin").get(AUDIT, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def put(client: TestClient, name: str, *more: str, **headers: str) -> httpx.Response:
    told = {"Content-Type": "text/calendar", **headers}
    answer: httpx.Response = client.put(
        MUELLER + name, content=an_event("a", *more).encode(), headers=told
    )
    return answer


# --- The trail ----------------------------------------------------------------------------------


def test_what_a_client_of_caldav_does_is_seen(doors: Doors) -> None:
    assert put(doors.caldav("empfang"), "a.ics").status_code == 201
    (entry,) = entries(doors, kind="object", of="a")
    assert (entry["actor"], entry["action"], entry["calendar"]) == (
        "empfang",
        "created",
        "dr-mueller",
    )
    assert entry["before"] is None
    assert entry["after"]["start"].startswith("2026-11-23T")
    assert (entry["chain"], entry["hidden"]) == ("log", True)


@pytest.mark.usefixtures("house")
def test_the_trail_is_asked_by_who_what_and_when(doors: Doors) -> None:
    assert len(entries(doors, actor="albis")) == 1
    assert len(entries(doors, kind="object", action="changed")) == 1
    assert len(entries(doors, kind="object", of="a")) == 2
    since = (NOW + timedelta(minutes=2)).isoformat()
    assert len(entries(doors, kind="object", since=since)) == 2
    assert len(entries(doors, kind="object", before=since)) == 1


@pytest.mark.usefixtures("house")
def test_pages_have_every_entry_once(doors: Doors) -> None:
    whole = entries(doors, limit="500")
    admin, found, cursor = doors.api("admin"), [], ""
    for _ in range(100):
        page = admin.get(AUDIT, params={"limit": 4, "cursor": cursor}).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == whole
    assert len(whole) > 8


def test_what_nobody_can_answer_is_refused(doors: Doors) -> None:
    for query in (
        "cursor=zzz",
        "cursor=../..",
        "limit=0",
        "limit=501",
        "kind=unsinn",
        "since=gestern",
        "since=0.5",
        "since=2026-11-20T10:00:00",
        "since=0001-01-01T00:00:00Z",
        "actor=a%00b",
        "texts=ja",
        "wer=admin",
        "actor=a&actor=b",
    ):
        problem(doors.api("admin").get(f"{AUDIT}?{query}"), 422)


@pytest.mark.usefixtures("house")
def test_what_may_be_a_patients_is_told_to_who_may_read_patients(doors: Doors) -> None:
    admin = doors.api("admin")
    assert "Geheimrat" not in admin.get(AUDIT).text
    assert "Geheimrat" in admin.get(AUDIT, params={"texts": True}).text
    told = {"label": "Prüfer", "scopes": ["audit:read"]}
    auditor = doors.token(admin.post("/api/accounts/admin/tokens", json=told).json()["token"])
    assert auditor.get(AUDIT).status_code == 200
    for address in (AUDIT, f"{AUDIT}/export"):
        answer = auditor.get(address, params={"texts": True})
        assert "'patients:read'" in problem(answer, 403)["detail"]


# --- As a file ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_the_trail_is_a_file_for_people_and_for_programs(doors: Doors) -> None:
    admin, whole = doors.api("admin"), entries(doors, limit="500")
    answer = admin.get(f"{AUDIT}/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-2199-01-01.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["chain"], int(row["number"])) for row in rows] == [
        (entry["chain"], entry["number"]) for entry in whole
    ]
    lines = admin.get(f"{AUDIT}/export?format=jsonl&kind=object").text.splitlines()
    assert [json.loads(line)["of"] for line in lines] == ["b", "a", "a"]
    problem(admin.get(f"{AUDIT}/export?format=pdf"), 422)


@pytest.mark.usefixtures("house")
def test_a_part_of_the_trail_does_not_pass_for_all(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, count = doors.api("admin"), len(entries(doors, limit="500"))
    monkeypatch.setattr(audit, "LONGEST_FILE", count)
    assert admin.get(f"{AUDIT}/export").status_code == 200
    monkeypatch.setattr(audit, "LONGEST_FILE", count - 1)
    told = problem(admin.get(f"{AUDIT}/export"), 422)
    assert "ask for a shorter time" in told["detail"]
    assert admin.get(f"{AUDIT}/export?kind=object").status_code == 200


# --- Whether it is whole ------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_nobody_has_tampered_with_the_trail(doors: Doors) -> None:
    told = doors.api("admin").get(f"{AUDIT}/verify").json()
    assert (told["sound"], told["faults"]) == (True, [])
    assert told["log"]["is_whole"]
    assert told["acts"]["is_whole"]
    assert told["log"]["first"] == 1
    told = doors.api("admin").get(f"{AUDIT}/verify?most=2").json()
    assert told["sound"]
    assert [told[chain]["is_whole"] for chain in ("log", "acts")] == [False, False]
    assert [told[chain]["last"] - told[chain]["first"] for chain in ("log", "acts")] == [1, 1]


def tamper(database: SqlDatabase, statement: Any) -> None:
    with database.engine.begin() as connection:
        connection.execute(statement)


def test_what_was_tampered_with_is_told(doors: Doors, house: House) -> None:
    last, log, acts = house.number, change_table, act_table
    with reading(house.database) as uow:
        act, _ = uow.acts.head()
    tamper(house.database, update(log).where(log.c.number == last).values(actor="niemand"))
    tamper(house.database, update(acts).where(acts.c.number == act).values(action="erdacht"))
    for most in (1, 2, 3, chains.MOST):
        told = doors.api("admin").get(f"{AUDIT}/verify?most={most}").json()
        assert not told["sound"]
        assert f"The seal of change {last} is broken." in told["faults"]
        assert f"The seal of act {act} is broken." in told["faults"]


def test_what_was_cut_off_or_out_is_told(doors: Doors, house: House) -> None:
    log, last = change_table, house.number
    tamper(house.database, log.delete().where(log.c.number == last - 1))
    faults = doors.api("admin").get(f"{AUDIT}/verify?most=2").json()["faults"]
    assert f"The log has no change {last - 1}." in faults
    # Of the row before the first that is looked at nothing is known.
    assert doors.api("admin").get(f"{AUDIT}/verify?most=1").json()["sound"]
    tamper(house.database, log.delete().where(log.c.number == last))
    faults = doors.api("admin").get(f"{AUDIT}/verify?most=1").json()["faults"]
    assert any("the log ends at" in fault for fault in faults)


def test_a_forgotten_log_is_whole_as_far_as_it_is_kept(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        uow.calendars.forget(2)
    with reading(practice) as uow:
        found = newest(uow)
        assert (found.faults, found.log.first, found.log.is_whole) == ((), 3, True)
        for wrong in (0, -1, chains.MOST + 1):
            with pytest.raises(Invalid):
                newest(uow, wrong)


def test_what_was_erased_by_nobody_is_told(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for _ in range(3):
            uow.acts.note("changed", Kind.PATIENT, 7, None, {"phone": "030 1"})
        last, _ = uow.acts.head()
    acts = act_table
    tamper(practice, update(acts).where(acts.c.number == last).values(after=None))
    with reading(practice) as uow:
        assert newest(uow, 1).faults == (
            f"What act {last} told is gone, and nobody has erased it.",
        )


# --- Taking back --------------------------------------------------------------------------------


def test_what_a_client_did_is_looked_at_and_taken_back(doors: Doors) -> None:
    client, admin = doors.caldav("empfang"), doors.api("admin")
    put(client, "a.ics")
    first = client.get(MUELLER + "a.ics").text
    put(client, "a.ics", "20261124T090000", "20261124T093000")
    number = entries(doors, kind="object")[0]["number"]
    asked = {"numbers": [number]}
    seen = admin.post(f"{UNDO}/preview", json=asked).json()
    assert (seen["possible"], seen["step_count"], seen["in_the_way"]) == (True, 1, [])
    (step,) = seen["steps"]
    assert (step["act"], step["calendar"], step["name"]) == (
        "changed back",
        "dr-mueller",
        "a.ics",
    )
    assert step["start"].startswith("2026-11-23T10:00")
    done = admin.post(UNDO, json={**asked, "mark": seen["mark"]})
    assert done.json() == {"first": number + 1, "last": number + 1}
    assert client.get(MUELLER + "a.ics").text == first
    noted = [entry for entry in entries(doors) if entry["action"] == "taken back"]
    assert [entry["actor"] for entry in noted] == ["admin"]


def test_looking_changes_nothing_even_with_a_key(doors: Doors, house: House) -> None:
    before = everything(house.database)
    asked, key = {"numbers": [house.number]}, {"Idempotency-Key": "x"}
    for _ in range(2):
        answer = doors.api("admin").post(f"{UNDO}/preview", json=asked, headers=key)
        assert answer.status_code == 200
    assert everything(house.database) == before


def test_what_stands_in_the_way_is_told_with_numbers(doors: Doors, house: House) -> None:
    admin, made = doors.api("admin"), house.number - 2
    asked: dict[str, Any] = {"numbers": [made]}
    seen = admin.post(f"{UNDO}/preview", json=asked).json()
    assert (seen["possible"], seen["in_the_way"], seen["mark"]) == (False, [made + 1], "")
    before = everything(house.database)
    answer = admin.post(UNDO, json={**asked, "mark": "0" * 32})
    assert problem(answer, 409)["numbers"] == [made + 1]
    assert everything(house.database) == before
    asked["also_later"] = True
    mark = admin.post(f"{UNDO}/preview", json=asked).json()["mark"]
    assert admin.post(UNDO, json={**asked, "mark": mark}).status_code == 200
    assert house.get("dr-mueller", "a.ics") is None


def test_what_would_do_something_else_by_now_is_refused(doors: Doors, house: House) -> None:
    admin = doors.api("admin")
    asked = {"since": NOW.isoformat(), "actor": "empfang"}
    mark = admin.post(f"{UNDO}/preview", json=asked).json()["mark"]
    house.put("dr-mueller", "c")
    before = everything(house.database)
    problem(admin.post(UNDO, json={**asked, "mark": mark}), 409)
    assert everything(house.database) == before


def test_all_that_somebody_did_in_a_calendar_since_then_is_taken_back(
    doors: Doors, house: House
) -> None:
    admin = doors.api("admin")
    asked = {"since": (NOW + timedelta(seconds=30)).isoformat(), "calendar": "dr-schmidt"}
    mark = admin.post(f"{UNDO}/preview", json=asked).json()["mark"]
    done = admin.post(UNDO, json={**asked, "mark": mark}).json()
    assert done["first"] == done["last"] == house.number
    assert house.get("dr-schmidt", "b.ics") is None
    assert house.get("dr-mueller", "a.ics") is not None
    again = admin.post(f"{UNDO}/preview", json={"numbers": [house.number - 1]}).json()
    assert (again["possible"], again["steps"]) == (False, [])


def test_changes_that_are_none_are_not_taken_back(doors: Doors, practice: SqlDatabase) -> None:
    before, admin = everything(practice), doors.api("admin")
    none: tuple[tuple[dict[str, Any], int], ...] = (
        ({}, 422),
        ({"numbers": []}, 422),
        ({"numbers": [1], "since": NOW.isoformat()}, 422),
        ({"numbers": [1], "actor": "empfang"}, 422),
        ({"numbers": [0]}, 422),
        ({"numbers": ["1"]}, 422),
        ({"numbers": [1] * 501}, 422),
        ({"numbers": [10**17]}, 404),
        ({"since": NOW.isoformat(), "calendar": "dr-niemand"}, 404),
        ({"since": NOW.isoformat(), "actor": "niemand"}, 404),
    )
    for asked, status in none:
        problem(admin.post(f"{UNDO}/preview", json=asked), status)
        problem(admin.post(UNDO, json={**asked, "mark": "0" * 32}), status)
    assert everything(practice) == before


def test_changes_that_are_forgotten_are_gone(doors: Doors, practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        uow.calendars.forget(2)
    problem(doors.api("admin").post(f"{UNDO}/preview", json={"numbers": [1]}), 410)
    query = {"moment": "2020-01-01T00:00:00Z"}
    problem(doors.api("admin").get("/api/calendars/praxis/at", params=query), 410)


# --- A calendar as it was -----------------------------------------------------------------------


def test_a_calendar_is_had_as_it_was(doors: Doors, house: House) -> None:
    house.delete("dr-mueller", "a.ics")
    admin = doors.api("admin")

    def at(minutes: int, name: str = "dr-mueller") -> httpx.Response:
        moment = (NOW + timedelta(minutes=minutes)).isoformat()
        told = admin.get(f"/api/calendars/{name}/at", params={"moment": moment})
        assert isinstance(told, httpx.Response)
        return told

    assert at(1).headers["content-type"] == "text/calendar; charset=utf-8"
    assert "DTSTART;TZID=Europe/Berlin:20261123T100000" in at(1).text
    assert "DTSTART;TZID=Europe/Berlin:20261123T120000" in at(3).text
    assert "BEGIN:VEVENT" not in at(4).text
    assert at(3, "praxis").text.count("BEGIN:VEVENT") == 2
    problem(at(3, "dr-niemand"), 404)
    problem(at(-5), 404)
    problem(admin.get("/api/calendars/praxis/at"), 422)
    told = {"label": "Aufräumer", "scopes": ["audit:undo"]}
    token = admin.post("/api/accounts/admin/tokens", json=told).json()["token"]
    query = {"moment": NOW.isoformat()}
    problem(doors.token(token).get("/api/calendars/praxis/at", params=query), 403)
