"""Who may ask what: every address, every role, and every permission of a token.

Made of the declarations, so that no address is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from admin_api.resources import ENDPOINTS
from practice.access import Account, Role
from practice.accounts import CredentialKind
from practice.scopes import Scope, allowed, most_of
from practice.use_cases.accounts import find_account, give_secret
from tests.building import ACCOUNTS, PASSWORD, a_practice, reading, writing
from tests.conftest import a_database
from tests.in_api import api_of
from tests.steps import OF_PATIENT, House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from admin_api.endpoint import Endpoint
    from practice.database import SqlDatabase
    from tests.in_api import Doors

#: Of what waits for a person, programs see nothing whatever they were given.
PEOPLES = frozenset({"letters", "conflicts", "quarantine"})
PEOPLE = frozenset({Role.ADMIN, Role.STAFF})
#: What only one account may know of: its own appointments, its name.
SECRETS = ("Zarnekow", "Wiebke", "Geheimrat", "verschwiegen", "0170 5550199")


@pytest.fixture(scope="module")
def practice(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlDatabase]:
    """A practice with a patient; who may ask is no matter of the database."""
    with a_database("sqlite", request, tmp_path_factory.mktemp("rights")) as made:
        a_practice(made)
        house = House(made)
        house.put("dr-schmidt", "a", *OF_PATIENT, "SUMMARY:Geheimrat, verschwiegen")
        yield made


@pytest.fixture(scope="module")
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """All addresses."""
    with api_of(practice) as made:
        yield made


def address_of(endpoint: Endpoint) -> str:
    """Return an address of nothing that is there."""
    path = endpoint.public_path
    for name, kind in endpoint.parts:
        path = path.replace(f"{{{name}}}", "4711" if kind == "id" else "niemand")
    return path


def named(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.public_path}"


def role_of(database: SqlDatabase, name: str) -> Role:
    with reading(database) as uow:
        return find_account(uow, name)[0].role


def a_token(database: SqlDatabase, name: str, *scopes: str) -> str:
    with writing(database) as uow:
        account, _ = find_account(uow, name)
        return give_secret(uow, account, CredentialKind.TOKEN, "Programm", scopes)[0]


def is_refused(client: TestClient, endpoint: Endpoint) -> bool:
    """Tell whether somebody is refused for what he may not, with nothing but a sentence."""
    answer = client.request(endpoint.method, address_of(endpoint))
    if endpoint.of_patient:
        assert answer.status_code == 401, answer.text
        return True
    assert answer.status_code not in {401, 405, 429, 500}, answer.text
    if answer.status_code == 403:
        assert set(answer.json()) == {"type", "title", "status", "detail"}
    return bool(answer.status_code == 403)


def may(endpoint: Endpoint, role: Role, scopes: frozenset[Scope]) -> bool:
    if endpoint.of_patient:
        return False  # whoever signs in so is no patient
    if endpoint.tag in PEOPLES and role not in PEOPLE:
        return False
    if endpoint.only is not None and not endpoint.only(Account(0, "", role)):
        return False
    if named(endpoint) == "POST /api/session":  # one is for everything
        return allowed(Account(0, "", role), None) <= scopes
    return endpoint.scope is None or endpoint.scope in scopes


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=named)
def test_who_has_not_signed_in_is_asked_to(doors: Doors, endpoint: Endpoint) -> None:
    answer = doors.nobody.request(endpoint.method, address_of(endpoint))
    assert (answer.status_code == 401) is not endpoint.open


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_role_may_do_what_it_is_for(doors: Doors, practice: SqlDatabase, name: str) -> None:
    client = doors.api(name)
    with reading(practice) as uow:
        account, _ = find_account(uow, name)
    scopes = allowed(account, None)
    refused = {named(one) for one in ENDPOINTS if is_refused(client, one)}
    assert refused == {named(one) for one in ENDPOINTS if not may(one, account.role, scopes)}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_token_may_do_what_it_was_made_for(
    doors: Doors, practice: SqlDatabase, name: str
) -> None:
    role = role_of(practice, name)
    for scope in sorted(most_of(role)):
        client = doors.token(a_token(practice, name, scope))
        refused = {named(one) for one in ENDPOINTS if is_refused(client, one)}
        told = frozenset({scope})
        assert refused == {named(one) for one in ENDPOINTS if not may(one, role, told)}, scope


def test_only_administrators_reach_accounts_the_trail_and_taking_back(
    doors: Doors, practice: SqlDatabase
) -> None:
    guarded = {Scope.ACCOUNTS, Scope.READ_AUDIT, Scope.UNDO, Scope.SETTINGS}
    ours = [one for one in ENDPOINTS if one.scope in guarded]
    assert len(ours) > 15
    for name in ACCOUNTS[1:]:
        most = [str(scope) for scope in most_of(role_of(practice, name))]
        for client in (doors.api(name), doors.token(a_token(practice, name, *most))):
            assert [named(one) for one in ours if not is_refused(client, one)] == []


@pytest.mark.parametrize("name", ["mueller", "albis", "buchung", "gast"])
def test_nothing_of_others_is_told_to_who_is_not_an_administrator(
    doors: Doors, practice: SqlDatabase, name: str
) -> None:
    """Of a patient of Dr. Schmidt's, by any address of this file's that can be read."""
    most = [str(scope) for scope in most_of(role_of(practice, name))]
    readable = [one for one in ENDPOINTS if one.method == "GET" and one.tag in OURS]
    for client in (doors.api(name), doors.token(a_token(practice, name, *most))):
        for one in readable:
            answer = client.get(address_of(one))
            assert not [word for word in SECRETS if word in answer.text], named(one)
            if one.scope not in {None, Scope.DASHBOARD}:
                assert answer.status_code == 403, named(one)


OURS = PEOPLES | {"accounts", "audit", "credentials", "dashboard", "feeds", "me", "session", "undo"}


def test_a_token_for_something_opens_no_session_for_everything(
    doors: Doors, practice: SqlDatabase
) -> None:
    limited = doors.token(a_token(practice, "admin", Scope.DASHBOARD))
    answer = limited.post("/api/session")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert doors.nobody.post("/api/session", auth=("admin", PASSWORD)).status_code == 201
