"""Somebody who signed in with a browser stays so for a while, and nobody else can use that."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from admin_api.resources import own_access
from admin_api.resources import session as session_resource
from practice.accounts import CredentialKind
from practice.acts import Kind
from practice.database import SqlDatabase
from practice.database.tables import sessions
from practice.use_cases.accounts import give_secret
from practice.use_cases.sessions import begin_session
from tests.building import PASSWORD, the_account, writing
from tests.in_api import Clock, Doors, api_of
from tests.test_api_door import A_ROOM, ROOMS, TRIED, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

SESSION = "/api/session"


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """Addresses that are tried, and those of sessions."""
    endpoints = (*TRIED, *session_resource.ENDPOINTS, *own_access.ENDPOINTS)
    with api_of(practice, endpoints=endpoints, clock=Clock()) as made:
        yield made


def browser(doors: Doors) -> tuple[TestClient, dict[str, str]]:
    """Return a browser that has signed in, and what its pages send along."""
    answer = doors.nobody.post(SESSION, auth=("admin", PASSWORD))
    assert answer.status_code == 201
    cookie = answer.headers["set-cookie"].partition(";")[0]
    client = doors.nobody
    client.headers["Cookie"] = cookie
    return client, {"X-CSRF-Token": answer.json()["csrf_token"]}


def test_a_cookie_is_for_this_host_alone_and_no_script_reads_it(doors: Doors) -> None:
    answer = doors.nobody.post(SESSION, auth=("admin", PASSWORD))
    name, *rest = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-session=")
    assert len(name.partition("=")[2]) >= 43  # 256 bits
    assert set(rest) == {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"}


def test_whoever_has_signed_in_is_known_until_signing_out(doors: Doors) -> None:
    client, proof = browser(doors)
    assert client.post(ROOMS, json=A_ROOM, headers=proof).status_code == 201
    assert client.get(f"{ROOMS}/1").status_code == 200
    answer = client.delete(SESSION, headers=proof)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    problem(client.get(f"{ROOMS}/1"), 401)  # with the same cookie


def test_each_log_in_has_a_secret_of_its_own_that_is_not_kept(
    doors: Doors, practice: SqlDatabase
) -> None:
    told = {
        doors.nobody.post(SESSION, auth=("admin", PASSWORD)).headers["set-cookie"] for _ in "12"
    }
    assert len(told) == 2
    with practice.engine.connect() as connection:
        kept = connection.execute(select(sessions.c.secret)).scalars().all()
    assert len(kept) == 2
    assert not any(secret in text for secret in kept for text in told)


def test_how_somebody_signed_in_is_told_with_the_session(
    doors: Doors, practice: SqlDatabase
) -> None:
    with writing(practice) as uow:
        guest = the_account(uow, "gast")
        device, _ = give_secret(uow, guest, CredentialKind.APP_PASSWORD, "Tablet")
        token, _ = give_secret(uow, guest, CredentialKind.TOKEN, "Anzeige")
        begin_session(uow, guest)  # as before ways were noted
    for password in (PASSWORD, device):
        assert doors.nobody.post(SESSION, auth=("gast", password)).status_code == 201
    bearer = {"Authorization": f"Bearer {token}"}
    assert doors.nobody.post(SESSION, headers=bearer).status_code == 201
    shown = doors.nobody.get("/api/me/sessions", auth=("gast", PASSWORD)).json()["items"]
    assert sorted(one["way"] for one in shown) == ["", "app-password", "password", "token"]


def test_a_session_left_alone_ends(doors: Doors) -> None:
    client, _ = browser(doors)
    for _ in range(3):
        doors.clock.now += timedelta(minutes=14)
        assert client.get("/api/calendar").status_code == 200
    doors.clock.now += timedelta(minutes=16)
    problem(client.get("/api/calendar"), 401)


def test_a_session_ends_after_half_a_day_however_it_is_used(doors: Doors) -> None:
    client, _ = browser(doors)
    codes = []
    for _ in range(12 * 6 + 1):
        doors.clock.now += timedelta(minutes=10)
        codes.append(client.get("/api/calendar").status_code)
    assert codes.index(401) == 12 * 6 - 1


def test_who_only_reads_is_answered_while_somebody_writes_for_long(practice: SqlDatabase) -> None:
    """That a session is used is noted now and then, and nobody has to wait for that in vain."""
    url = practice.engine.url.render_as_string(hide_password=False)
    endpoints = (*TRIED, *session_resource.ENDPOINTS)
    with (
        closing(SqlDatabase(url, busy_timeout=0.1)) as impatient,
        api_of(impatient, endpoints=endpoints, clock=Clock()) as doors,
    ):
        client, _ = browser(doors)
        doors.clock.now += timedelta(minutes=2)
        with writing(practice) as uow:
            uow.acts.note("made", Kind.ROOM, 1)
            assert client.get("/api/calendar").status_code == 200
        doors.clock.now += timedelta(minutes=14)
        problem(client.get("/api/calendar"), 401)  # it was not noted, and lasts no longer for that


def test_a_session_of_a_disabled_account_is_over(doors: Doors, practice: SqlDatabase) -> None:
    client, _ = browser(doors)
    with writing(practice) as uow:
        uow.accounts.save(replace(the_account(uow, "admin"), disabled=True))
    problem(client.get("/api/calendar"), 401)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"right": "", "Origin": "https://elsewhere.example"},
        {"right": "", "Origin": "null"},
        {"right": "", "Sec-Fetch-Site": "cross-site"},
        {"right": "", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_nothing_is_changed_by_a_page_of_somebody_else(doors: Doors, told: dict[str, str]) -> None:
    client, proof = browser(doors)
    headers = {name: value for name, value in told.items() if name != "right"}
    headers |= proof if "right" in told else {}
    problem(client.post(ROOMS, json=A_ROOM, headers=headers), 403)
    problem(client.delete(SESSION, headers=headers), 403)
    problem(client.get(f"{ROOMS}/1"), 404)


def test_a_page_of_ours_may_change_things(doors: Doors) -> None:
    client, proof = browser(doors)
    headers = {**proof, "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post(ROOMS, json=A_ROOM, headers=headers).status_code == 201


def test_a_made_up_cookie_is_nobody(doors: Doors) -> None:
    for secret in ("", "x", "a" * 10_000):
        doors.nobody.headers["Cookie"] = f"__Host-session={secret}"
        problem(doors.nobody.get("/api/calendar"), 401)
