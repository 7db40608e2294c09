"""Nobody gives by the API what he has not got himself, and no token makes an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from practice.access import Account, Role
from practice.accounts import CredentialKind
from practice.scopes import Scope, allowed
from practice.use_cases.accounts import add_account, find_account, give_secret
from practice.use_cases.giving import Giver
from tests.bookings import everything
from tests.building import PASSWORD, writing
from tests.in_api import Doors, api_of
from tests.test_api_door import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

ALL = "/api/accounts"
NEW = {"password": "ein anderes Passwort"}
STAFF = (*(str(scope) for scope in allowed(Account(0, "", Role.STAFF), None)), "accounts")


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    with writing(practice) as uow:
        add_account(uow, Account(0, "chefin", Role.ADMIN))  # who is not the last
    with api_of(practice) as made:
        yield made


def with_token(doors: Doors, practice: SqlDatabase, *scopes: str) -> TestClient:
    """Return a program with a token of the admin's; without scopes it is for everything."""
    with writing(practice) as uow:
        account, _ = find_account(uow, "admin")
        secret, _ = give_secret(uow, account, CredentialKind.TOKEN, "Programm", scopes)
    return doors.token(secret)


def an_account(role: str, **more: str) -> dict[str, Any]:
    return {"role": role, "doctor": None, "display_name": "", "email": "", **more}


#: By which an administrator would be made, become a program's own, or be kept out.
OF_ADMINS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "a new one": ("POST", ALL, {"name": "neu", "role": "admin"}),
    "of staff": ("PUT", f"{ALL}/empfang", an_account("admin")),
    "another address": ("PUT", f"{ALL}/chefin", an_account("admin", email="x@example.org")),
    "one no more": ("PUT", f"{ALL}/chefin", an_account("staff")),
    "a password": ("PUT", f"{ALL}/chefin/password", NEW),
    "the own password": ("PUT", f"{ALL}/admin/password", NEW),
    "a device": ("POST", f"{ALL}/chefin/devices", {"label": "Tablet"}),
    "a token": ("POST", f"{ALL}/admin/tokens", {"label": "Mehr"}),
    "a token of no more": ("POST", f"{ALL}/admin/tokens", {"label": "a", "scopes": ["accounts"]}),
    "disabled": ("POST", f"{ALL}/chefin/disable", None),
    "enabled": ("POST", f"{ALL}/chefin/enable", None),
    "a grant": ("PUT", f"{ALL}/chefin/grants/all", {"level": "write"}),
    "no grant": ("DELETE", f"{ALL}/chefin/grants/all", None),
    "no password": ("DELETE", f"{ALL}/admin/credentials/1", None),
    "a session": ("POST", "/api/session", None),
}


@pytest.mark.parametrize("way", OF_ADMINS)
def test_no_token_makes_changes_or_keeps_out_an_administrator(
    doors: Doors, practice: SqlDatabase, way: str
) -> None:
    method, address, told = OF_ADMINS[way]
    for scopes in (["accounts"], [str(scope) for scope in Scope], []):
        program = with_token(doors, practice, *scopes)
        before = everything(practice)
        problem(program.request(method, address, json=told), 403)
        assert everything(practice) == before


#: What somebody would have by it who has more than the program.
BEYOND: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "a role": ("POST", ALL, {"name": "neu", "role": "staff"}),
    "a password": ("PUT", f"{ALL}/empfang/password", NEW),
    "a device": ("POST", f"{ALL}/empfang/devices", {"label": "Tablet"}),
    "a token for all": ("POST", f"{ALL}/empfang/tokens", {"label": "Mehr"}),
    "a token": (
        "POST",
        f"{ALL}/albis/tokens",
        {"label": "Mehr", "scopes": ["caldav", "patients:read"]},
    ),
    "an address by which the provider knows somebody": (
        "PUT",
        f"{ALL}/empfang",
        an_account("staff", email="x@example.org"),
    ),
    "a role for who signs in already": ("PUT", f"{ALL}/gast", an_account("staff")),
    "writing by a role": ("PUT", f"{ALL}/gast", an_account("pvs")),
    "somebody let in again": ("POST", f"{ALL}/empfang/enable", None),
}


@pytest.mark.parametrize("way", BEYOND)
def test_a_token_gives_nothing_that_it_has_not_got(
    doors: Doors, practice: SqlDatabase, way: str
) -> None:
    method, address, told = BEYOND[way]
    program = with_token(doors, practice, "accounts", "caldav")
    before = everything(practice)
    told_so = problem(program.request(method, address, json=told), 403)
    assert told_so["type"].endswith("not-allowed")
    assert everything(practice) == before


def test_no_calendar_is_shown_by_a_token_that_does_not_see_any(
    doors: Doors, practice: SqlDatabase
) -> None:
    program = with_token(doors, practice, "accounts")
    before = everything(practice)
    grant, level = f"{ALL}/gast/grants/dr-mueller", {"level": "read"}
    problem(program.put(grant, json=level), 403)
    feed = {"calendar": "dr-mueller", "label": "Tafel", "level": "read"}
    problem(program.post("/api/feeds", json=feed), 403)
    assert everything(practice) == before
    assert program.delete(grant).status_code == 204
    seeing = with_token(doors, practice, "accounts", "caldav")
    assert seeing.put(grant, json=level).status_code == 200
    assert seeing.post("/api/feeds", json=feed).status_code == 201


def test_a_token_gives_what_it_has(doors: Doors, practice: SqlDatabase) -> None:
    program = with_token(doors, practice, *STAFF)
    assert program.post(ALL, json={"name": "neu", "role": "staff"}).status_code == 201
    assert program.put(f"{ALL}/neu/password", json=NEW).status_code == 204
    assert program.put(f"{ALL}/neu", json=an_account("reader")).status_code == 200
    assert program.post(f"{ALL}/neu/disable").status_code == 200
    assert program.post(f"{ALL}/neu/enable").status_code == 200
    told = {"label": "Webseite", "scopes": ["booking:create_appointment"]}
    assert program.post(f"{ALL}/buchung/tokens", json=told).status_code == 201
    problem(program.post(f"{ALL}/albis/tokens", json={**told, "scopes": ["imports"]}), 403)
    # What it has is for those who were made for it: nobody rises by a token.
    problem(program.put(f"{ALL}/neu", json=an_account("staff")), 403)


def test_an_administrator_gives_everything_by_a_password_or_in_a_browser(
    doors: Doors, practice: SqlDatabase
) -> None:
    admin = doors.api("admin")
    made = admin.post(f"{ALL}/chefin/devices", json={"label": "Tablet"}).json()
    device = doors.api("chefin")
    device.auth = ("chefin", made["password"])
    assert device.put(f"{ALL}/empfang", json=an_account("admin")).status_code == 200
    answer = doors.nobody.post("/api/session", auth=("empfang", PASSWORD))
    browser = doors.api("empfang")
    browser.auth = None
    browser.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
    browser.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    assert browser.post(f"{ALL}/chefin/disable").status_code == 200
    assert browser.post(f"{ALL}/admin/tokens", json={"label": "Alles"}).status_code == 201


def test_who_is_no_program_has_what_his_account_may() -> None:
    everything_there_is = Giver(frozenset(Scope))
    for role in Role:
        account = Account(1, "x", role)
        everything_there_is.refuse_giving_all_of(account)
        everything_there_is.refuse_token(account, ())
        everything_there_is.refuse_change(Account(1, "x", Role.READER), account)
