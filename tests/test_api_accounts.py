"""Accounts and feeds by the API: made, changed, equipped, and shut out, from door to door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from caldav_server.feeds import Feeds
from practice.access import Account, Level, Role
from practice.accounts import CredentialKind
from practice.acts import ActQuestion, Kind
from practice.passwords import hash_password
from practice.use_cases.accounts import (
    add_account,
    give_secret,
    grant,
    set_disabled,
    set_password,
)
from practice.use_cases.feeds import FeedWindow
from practice.use_cases.sessions import begin_session, signed_in
from tests.bookings import everything
from tests.building import ACCOUNTS, PASSWORD, PROFILE, an_event, reading, the_account, writing
from tests.dav import HOME
from tests.in_api import Doors, api_of
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from practice.database import SqlDatabase

ALL = "/api/accounts"
NEW = "ein anderes Passwort"
MUELLER = HOME + "dr-mueller/"


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """All addresses, over a practice."""
    with api_of(practice, public_url="https://kalender.example.org") as made:
        yield made


def shown(doors: Doors, name: str) -> dict[str, Any]:
    answer = doors.api("admin").get(f"{ALL}/{name}")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def sees(doors: Doors, name: str, password: str) -> int:
    """Return what CalDAV answers somebody who looks at Dr. Müller's calendar."""
    client = doors.caldav(name)
    client.auth = (name, password)
    return int(client.request("PROPFIND", MUELLER, headers={"Depth": "0"}).status_code)


def sees_with(doors: Doors, token: str) -> int:
    client = doors.caldav("nobody")
    client.auth = None
    told = {"Authorization": f"Bearer {token}", "Depth": "0"}
    return int(client.request("PROPFIND", MUELLER, headers=told).status_code)


# --- Accounts -----------------------------------------------------------------------------------


def test_accounts_are_listed_without_what_opens_anything(
    doors: Doors, practice: SqlDatabase
) -> None:
    given = doors.api("admin").post(f"{ALL}/empfang/tokens", json={"label": "Telefon"}).json()
    answer = doors.api("admin").get(ALL)
    told = {one["name"]: one for one in answer.json()["items"]}
    assert set(told) == set(ACCOUNTS)
    assert told["mueller"]["doctor"] == "dr-mueller"
    assert told["gast"]["grants"] == [{"calendar": "dr-mueller", "level": "read"}]
    assert told["albis"]["grants"] == [{"calendar": "all", "level": "write"}]
    kinds = [one["kind"] for one in told["empfang"]["credentials"]]
    assert kinds == ["password", "token"]
    assert "argon2" not in answer.text
    with reading(practice) as uow:
        for name in ACCOUNTS:
            found = uow.accounts.by_name(name)
            assert found
            assert not [one for one in found[1] if one.secret in answer.text]
    assert given["token"] not in answer.text


def test_a_list_of_many_accounts_costs_as_many_statements_as_one_of_few(
    doors: Doors, practice: SqlDatabase
) -> None:
    admin = doors.api("admin")
    assert admin.get(ALL).status_code == 200  # knows the password from now on

    def cost() -> tuple[int, int]:
        heard: list[str] = []

        def hear(_: object, __: object, statement: str, *___: object) -> None:
            heard.append(statement)

        event.listen(practice.engine, "before_cursor_execute", hear)
        try:
            items = admin.get(ALL).json()["items"]
        finally:
            event.remove(practice.engine, "before_cursor_execute", hear)
        return len(items), len(heard)

    few, statements = cost()
    with writing(practice) as uow:
        for n in range(30):
            made = add_account(uow, Account(0, f"praktikum-{n}", Role.READER))
            give_secret(uow, made, CredentialKind.TOKEN, "Telefon")
            grant(uow, made, "dr-mueller", Level.READ)
    assert cost() == (few + 30, statements)
    assert statements <= 10
    one = shown(doors, "praktikum-7")
    assert one in admin.get(ALL).json()["items"]


def test_an_account_is_made_given_a_password_and_signs_in(doors: Doors) -> None:
    admin = doors.api("admin")
    wanted = {"name": "zweite", "role": "staff", "display_name": "Zweiter Platz"}
    made = admin.post(ALL, json=wanted)
    assert (made.status_code, made.headers["location"]) == (201, f"{ALL}/zweite")
    assert made.json() == shown(doors, "zweite")
    assert sees(doors, "zweite", NEW) == 401
    assert admin.put(f"{ALL}/zweite/password", json={"password": NEW}).status_code == 204
    assert sees(doors, "zweite", NEW) == 207
    problem(admin.post(ALL, json=wanted), 409)


def test_an_account_that_cannot_be_is_not_made(doors: Doors, practice: SqlDatabase) -> None:
    before = everything(practice)
    for wrong in (
        {"name": "Groß"},
        {"name": "a/b"},
        {"name": "calendars"},
        {"name": ""},
        {"name": "x\x00"},
        {"role": "king"},
        {"role": "doctor"},
        {"role": "doctor", "doctor": "dr-niemand"},
        {"email": "keine"},
        {"display_name": "a\nb"},
        {"password": "gehört nicht hierher"},
    ):
        problem(doors.api("admin").post(ALL, json={"name": "neu", "role": "staff", **wrong}), 422)
    assert everything(practice) == before


def test_an_account_is_changed_as_it_was_seen(doors: Doors) -> None:
    admin = doors.api("admin")
    seen = admin.get(f"{ALL}/empfang").headers["etag"]
    wanted = {"role": "staff", "doctor": None, "display_name": "Empfang", "email": ""}
    first = admin.put(f"{ALL}/empfang", json=wanted, headers={"If-Match": seen})
    assert (first.status_code, first.json()["display_name"]) == (200, "Empfang")
    assert first.headers["etag"] == admin.get(f"{ALL}/empfang").headers["etag"]
    problem(admin.put(f"{ALL}/empfang", json=wanted, headers={"If-Match": seen}), 412)
    problem(admin.put(f"{ALL}/niemand", json=wanted), 404)
    problem(admin.put(f"{ALL}/empfang", json={"role": "staff"}), 422)  # half of it


def test_a_change_keeps_passwords_grants_and_whether_it_is_disabled(doors: Doors) -> None:
    admin = doors.api("admin")
    admin.post(f"{ALL}/gast/disable")
    before = shown(doors, "gast")
    wanted = {"role": "reader", "doctor": None, "display_name": "Gast", "email": ""}
    assert admin.put(f"{ALL}/gast", json=wanted).json() == {**before, "display_name": "Gast"}
    assert before["disabled"] is True


def test_the_last_administrator_stays_one(doors: Doors, practice: SqlDatabase) -> None:
    admin, before = doors.api("admin"), everything(practice)
    problem(admin.post(f"{ALL}/admin/disable"), 409)
    wanted = {"role": "staff", "doctor": None, "display_name": "", "email": ""}
    problem(admin.put(f"{ALL}/admin", json=wanted), 409)
    assert everything(practice) == before


def test_nobody_is_not_found_whatever_the_name(doors: Doors) -> None:
    admin = doors.api("admin")
    for name in ("niemand", "%00", "a%00b", "%0a", "ü" * 255, "x" * 5000, "%ff"):
        problem(admin.get(f"{ALL}/{name}"), 404)
        problem(admin.post(f"{ALL}/{name}/disable"), 404)
        problem(admin.put(f"{ALL}/{name}/password", json={"password": NEW}), 404)
        problem(admin.delete(f"{ALL}/gast/grants/{name}"), 404)


# --- Shut out -----------------------------------------------------------------------------------


def test_who_is_disabled_is_out_at_every_door_and_comes_back(doors: Doors) -> None:
    admin = doors.api("admin")
    assert sees(doors, "empfang", PASSWORD) == 207
    assert admin.post(f"{ALL}/empfang/disable").json()["disabled"] is True
    assert sees(doors, "empfang", PASSWORD) == 401
    problem(doors.api("empfang").get("/api/me"), 401)
    assert admin.post(f"{ALL}/empfang/enable").json()["disabled"] is False
    assert sees(doors, "empfang", PASSWORD) == 207


def a_browser(doors: Doors, name: str, password: str = PASSWORD) -> TestClient:
    """Return a browser in which somebody has signed in."""
    answer = doors.nobody.post("/api/session", auth=(name, password))
    assert answer.status_code == 201
    client = doors.api(name)
    client.auth = None
    client.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
    assert client.get("/api/me").status_code == 200
    return client


def test_a_new_password_ends_the_old_one_and_what_was_signed_in_with_it(doors: Doors) -> None:
    browser, other = a_browser(doors, "empfang"), a_browser(doors, "admin")
    told = {"password": NEW}
    assert doors.api("admin").put(f"{ALL}/empfang/password", json=told).status_code == 204
    problem(browser.get("/api/me"), 401)
    assert other.get("/api/me").status_code == 200
    assert (sees(doors, "empfang", PASSWORD), sees(doors, "empfang", NEW)) == (401, 207)


def test_a_browser_of_somebody_disabled_stays_out_when_that_is_over(doors: Doors) -> None:
    browser, admin = a_browser(doors, "empfang"), doors.api("admin")
    admin.post(f"{ALL}/empfang/disable")
    admin.post(f"{ALL}/empfang/enable")
    problem(browser.get("/api/me"), 401)


def test_what_was_signed_in_by_a_device_ends_with_the_device(doors: Doors) -> None:
    admin = doors.api("admin")
    made = admin.post(f"{ALL}/empfang/devices", json={"label": "Tablet"}).json()
    browser = a_browser(doors, "empfang", made["password"])
    admin.delete(f"{ALL}/empfang/credentials/{made['id']}")
    problem(browser.get("/api/me"), 401)


def test_sessions_end_with_the_password_and_with_the_account(practice: SqlDatabase) -> None:
    hashed = hash_password(NEW)
    with writing(practice) as uow:
        for name, act in (
            ("empfang", lambda: set_password(uow, the_account(uow, "empfang"), hashed)),
            ("gast", lambda: set_disabled(uow, "gast", True)),
        ):
            mine = [begin_session(uow, the_account(uow, name)) for _ in range(2)]
            others = begin_session(uow, the_account(uow, "admin"))
            act()
            assert [uow.sessions.end_all(account_id=the_account(uow, name).id)] == [0]
            assert [signed_in(uow, secret) for secret in mine] == [None, None]
            assert signed_in(uow, others)


def test_a_password_that_nobody_should_have_is_refused(doors: Doors, practice: SqlDatabase) -> None:
    before = everything(practice)
    for password in ("kurz", "x" * 11, "x" * 1025, "a\x00" * 12, "", 1):
        answer = doors.api("admin").put(f"{ALL}/empfang/password", json={"password": password})
        assert "xxx" not in str(problem(answer, 422))
    assert everything(practice) == before


def test_a_password_is_hashed_before_anybody_has_to_wait(
    doors: Doors, practice: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_then = []

    def hashed(password: str) -> str:
        with writing(practice):  # would wait for the request's own transaction
            open_then.append(password)
        return hash_password(password)

    monkeypatch.setattr("admin_api.resources.credentials.hash_password", hashed)
    told = {"password": NEW}
    assert doors.api("admin").put(f"{ALL}/empfang/password", json=told).status_code == 204
    assert open_then == [NEW]


# --- Devices and tokens -------------------------------------------------------------------------


def test_a_device_gets_in_until_its_password_is_taken_away(doors: Doors) -> None:
    admin = doors.api("admin")
    answer = admin.post(f"{ALL}/empfang/devices", json={"label": "iPhone Empfang"})
    told = answer.json()
    assert answer.status_code == 201
    assert told["address"] == "https://kalender.example.org/caldav/"
    assert (told["principal"], told["user_name"]) == ("/caldav/empfang/", "empfang")
    assert sees(doors, told["user_name"], told["password"]) == 207
    (held,) = (one for one in shown(doors, "empfang")["credentials"] if one["id"] == told["id"])
    assert (held["kind"], held["label"]) == ("app-password", "iPhone Empfang")
    address = f"{ALL}/empfang/credentials/{told['id']}"
    problem(admin.delete(f"{ALL}/gast/credentials/{told['id']}"), 404)  # somebody else's
    assert admin.delete(address).status_code == 204
    assert sees(doors, "empfang", told["password"]) == 401
    problem(admin.delete(address), 404)


def test_a_token_does_what_it_was_made_for_and_nothing_else(doors: Doors) -> None:
    admin = doors.api("admin")
    told = {"label": "Webseite", "scopes": ["booking:view_calendar"]}
    made = admin.post(f"{ALL}/admin/tokens", json=told).json()
    assert made["scopes"] == ["booking:view_calendar"]
    client = doors.token(made["token"])
    assert client.get("/api/me").json()["scopes"] == ["booking:view_calendar"]
    assert sees_with(doors, made["token"]) == 403
    for address in ("/api/audit", ALL, "/api/dashboard", "/api/letters"):
        problem(client.get(address), 403)
    whole = admin.post(f"{ALL}/admin/tokens", json={"label": "Alles"}).json()["token"]
    assert sees_with(doors, whole) == 207
    assert doors.token(whole).get("/api/audit").status_code == 200


def test_a_token_cannot_be_made_for_more_than_its_account_may(
    doors: Doors, practice: SqlDatabase
) -> None:
    before = everything(practice)
    for scopes in (["accounts"], ["unsinn"], "sync", [1], ["caldav"] * 65):
        told = {"label": "Praxissoftware", "scopes": scopes}
        problem(doors.api("admin").post(f"{ALL}/albis/tokens", json=told), 422)
    assert everything(practice) == before


def test_who_signs_in_for_accounts_alone_gives_nobody_more(
    doors: Doors, practice: SqlDatabase
) -> None:
    admin = doors.api("admin")
    told = {"label": "Personalprogramm", "scopes": ["accounts"]}
    program = doors.token(admin.post(f"{ALL}/admin/tokens", json=told).json()["token"])
    before = everything(practice)
    for method, address, body in (
        ("POST", "admin/tokens", {"label": "Alles"}),
        ("POST", "admin/tokens", {"label": "Mehr", "scopes": ["accounts", "audit:read"]}),
        ("POST", "empfang/devices", {"label": "iPhone"}),
        ("PUT", "admin/password", {"password": "ein ganz anderes Passwort"}),
        ("PUT", "gast", {"role": "staff", "doctor": None, "display_name": "", "email": ""}),
    ):
        problem(program.request(method, f"{ALL}/{address}", json=body), 403)
    assert everything(practice) == before
    assert program.post(f"{ALL}/gast/disable").status_code == 200
    told = {"label": "Personal", "scopes": ["accounts", "caldav"]}
    program = doors.token(admin.post(f"{ALL}/admin/tokens", json=told).json()["token"])
    assert program.post(ALL, json={"name": "neu", "role": "reader"}).status_code == 201
    problem(program.post(ALL, json={"name": "mehr", "role": "staff"}), 403)


def test_a_secret_is_told_once_and_the_request_not_done_twice(
    doors: Doors, practice: SqlDatabase
) -> None:
    admin, key = doors.api("admin"), {"Idempotency-Key": "einmal"}
    for address, told in (
        (f"{ALL}/empfang/devices", {"label": "iPhone"}),
        (f"{ALL}/empfang/tokens", {"label": "Telefon"}),
        ("/api/feeds", {"calendar": "dr-mueller", "label": "Telefon"}),
    ):
        first = admin.post(address, json=told, headers=key)
        assert first.status_code == 201
        before = everything(practice)
        problem(admin.post(address, json=told, headers=key), 409)
        assert everything(practice) == before
        told_once = first.json()
        secret = told_once.get("password") or told_once.get("token") or told_once["address"]
        assert secret.rpartition("/")[2].removesuffix(".ics") not in repr(before)


# --- Grants -------------------------------------------------------------------------------------


def test_a_grant_counts_from_the_next_request_on(doors: Doors) -> None:
    admin, address = doors.api("admin"), f"{ALL}/gast/grants/dr-schmidt"
    schmidt = HOME + "dr-schmidt/"
    gast = doors.caldav("gast")

    def looks() -> int:
        return int(gast.request("PROPFIND", schmidt, headers={"Depth": "0"}).status_code)

    assert looks() == 404
    answer = admin.put(address, json={"level": "busy"})
    assert answer.json() == {"calendar": "dr-schmidt", "level": "busy"}
    assert looks() == 207
    assert {"calendar": "dr-schmidt", "level": "busy"} in shown(doors, "gast")["grants"]
    assert admin.delete(address).status_code == 204
    assert looks() == 404
    problem(admin.put(f"{ALL}/gast/grants/dr-niemand", json={"level": "busy"}), 404)
    problem(admin.put(address, json={"level": "none"}), 422)
    assert admin.put(f"{ALL}/gast/grants/all", json={"level": "read"}).status_code == 200
    assert looks() == 207


# --- Feeds --------------------------------------------------------------------------------------


def fetched(practice: SqlDatabase, address: str) -> httpx.Response:
    """Fetch a feed as somebody who has signed in nowhere."""
    door = Feeds(practice, PROFILE, FeedWindow())
    try:
        answer: httpx.Response = TestClient(door).get(
            address.removeprefix("https://kalender.example.org")
        )
    finally:
        door.close()
    return answer


def test_a_feed_is_read_until_it_is_revoked(doors: Doors, practice: SqlDatabase) -> None:
    admin = doors.api("admin")
    text = an_event("a", "20261123T100000", "20261123T103000", "SUMMARY:Geheimrat")
    put = doors.caldav("empfang").put(
        MUELLER + "a.ics", content=text.encode(), headers={"Content-Type": "text/calendar"}
    )
    assert put.status_code == 201
    told = {"calendar": "dr-mueller", "label": "Telefon Dr. Müller"}
    made = admin.post("/api/feeds", json=told).json()
    assert made["level"] == "busy"
    answer = fetched(practice, made["address"])
    assert answer.status_code == 200
    assert "BEGIN:VEVENT" in answer.text
    assert "Geheimrat" not in answer.text
    (listed,) = admin.get("/api/feeds").json()["items"]
    assert listed == {name: made[name] for name in made if name != "address"}
    assert admin.delete(f"/api/feeds/{made['id']}").status_code == 204
    assert fetched(practice, made["address"]).status_code == 404
    problem(admin.delete(f"/api/feeds/{made['id']}"), 404)


def test_a_feed_that_cannot_be_is_not_made(doors: Doors, practice: SqlDatabase) -> None:
    before = everything(practice)
    for wrong, status in (
        ({"calendar": "dr-niemand"}, 404),
        ({"level": "write"}, 422),
        ({"label": "  "}, 422),
        ({"label": ""}, 422),
        ({"calendar": "x\x00"}, 422),
    ):
        told = {"calendar": "dr-mueller", "label": "Telefon", **wrong}
        problem(doors.api("admin").post("/api/feeds", json=told), status)
    assert everything(practice) == before


# --- What is noted ------------------------------------------------------------------------------


def test_who_did_it_is_noted_and_no_secret_is(doors: Doors, practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        uow.accounts.save(replace(the_account(uow, "empfang"), role=Role.ADMIN))
    doors.clock.now += timedelta(minutes=1)
    chief = doors.api("empfang")
    secret = chief.post(f"{ALL}/gast/devices", json={"label": "Tafel"}).json()["password"]
    chief.put(f"{ALL}/gast/password", json={"password": NEW})
    chief.post(f"{ALL}/gast/disable")
    with reading(practice) as uow:
        noted = [
            act for act in uow.acts.search(ActQuestion(kind=Kind.ACCOUNT)) if act.actor == "empfang"
        ]
    assert [act.action for act in noted] == [
        "given an app password",
        "given a password",
        "disabled",
    ]
    assert {act.time for act in noted} == {doors.clock.now}
    assert secret not in repr(noted)
    assert NEW not in repr(noted)
