"""A token does what it was made for and nothing else; a role bounds what that can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from practice.access import Account, Role
from practice.accounts import CredentialKind
from practice.claims import Admitted, Claim, Refused
from practice.errors import Invalid
from practice.scopes import Scope, allowed, checked_scopes, most_of
from practice.use_cases.accounts import change_account, find_account, give_secret, revoke_credential
from practice.use_cases.sign_in import Gate
from tests.bookings import a_client, command
from tests.building import ACCOUNTS, an_event, reading, writing

if TYPE_CHECKING:
    from practice.database import SqlDatabase

POLL = "/caldav/calendars/dr-mueller/"
BOOKING = {scope for scope in Scope if scope.startswith("booking:")}


def a_token(database: SqlDatabase, name: str, *scopes: str) -> str:
    with writing(database) as uow:
        account, _ = find_account(uow, name)
        return give_secret(uow, account, CredentialKind.TOKEN, "Telefonanlage", scopes)[0]


def the_admitted(database: SqlDatabase, token: str) -> Admitted | Refused:
    with reading(database) as uow:
        outcome = Gate().decide(uow, Claim("", token, "192.0.2.1"))
    assert isinstance(outcome, Admitted | Refused)
    return outcome


def polled(database: SqlDatabase, token: str) -> tuple[int, str]:
    with a_client(database) as client:
        client.auth = None
        headers = {"Authorization": f"Bearer {token}", "Depth": "0"}
        answers = [client.request("PROPFIND", POLL, headers=headers) for _ in range(2)]
    assert answers[0].status_code == answers[1].status_code
    return answers[0].status_code, answers[0].headers.get("www-authenticate", "")


# --- What a role may do -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.ADMIN, set(Scope)),
        (
            Role.STAFF,
            {
                Scope.CALDAV,
                *BOOKING,
                Scope.READ_PATIENTS,
                Scope.WRITE_PATIENTS,
                Scope.DASHBOARD,
                Scope.SYNC,
            },
        ),
        (Role.DOCTOR, {Scope.CALDAV, *BOOKING} - {Scope.OVERRIDE}),
        (Role.PVS, {Scope.CALDAV}),
        (Role.BOOKING, {Scope.CALDAV}),
        (Role.READER, {Scope.CALDAV}),
    ],
)
def test_without_a_scoped_token_the_role_says_what_may_be_done(role: Role, may: set[Scope]) -> None:
    assert allowed(Account(1, "a", role), None) == may


def test_no_role_but_admin_can_have_a_token_that_erases_undoes_or_gives_rights() -> None:
    reserved = {
        Scope.ERASE_PATIENTS,
        Scope.UNDO,
        Scope.READ_AUDIT,
        Scope.ACCOUNTS,
        Scope.SETTINGS,
    }
    for role in set(Role) - {Role.ADMIN}:
        assert not most_of(role) & reserved
        for scope in reserved:
            with pytest.raises(Invalid):
                checked_scopes(role, [scope])


def test_a_token_allows_its_scopes_as_far_as_the_role_can_have_them() -> None:
    tool = Account(1, "buchung", Role.BOOKING)
    assert allowed(tool, ["booking:create_appointment"]) == {Scope.CREATE_APPOINTMENT}
    assert allowed(tool, ["accounts", "booking:view_calendar"]) == {Scope.VIEW_CALENDAR}
    assert allowed(Account(1, "a", Role.ADMIN), ["dashboard"]) == {Scope.DASHBOARD}


def test_scopes_nobody_knows_allow_nothing() -> None:
    admin = Account(1, "a", Role.ADMIN)
    assert allowed(admin, ["everything", "CALDAV", "caldav "]) == frozenset()
    assert allowed(admin, []) == frozenset()


def test_an_unknown_scope_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match=r"no scope 'admin'; there are: caldav, booking:view"):
        checked_scopes(Role.ADMIN, ["admin", "caldav"])


def test_scopes_are_kept_once_and_in_order() -> None:
    assert checked_scopes(Role.ADMIN, ["sync", "caldav", "sync"]) == ("caldav", "sync")


# --- Tokens -------------------------------------------------------------------------------------


def test_a_token_comes_back_with_its_scopes(practice: SqlDatabase) -> None:
    token = a_token(practice, "buchung", "booking:create_appointment", "booking:view_calendar")
    outcome = the_admitted(practice, token)
    assert isinstance(outcome, Admitted)
    assert outcome.scopes == ("booking:view_calendar", "booking:create_appointment")
    assert outcome.allows(Scope.CREATE_APPOINTMENT)
    assert not outcome.allows(Scope.CANCEL_APPOINTMENT)
    with reading(practice) as uow:
        _, held = find_account(uow, "buchung")
    assert [c.scopes for c in held if c.kind is CredentialKind.TOKEN] == [outcome.scopes]


def test_a_token_without_scopes_is_for_all_that_its_account_may_do(practice: SqlDatabase) -> None:
    outcome = the_admitted(practice, a_token(practice, "empfang"))
    assert isinstance(outcome, Admitted)
    assert outcome.scopes is None
    assert outcome.allows(Scope.WRITE_PATIENTS)
    assert not outcome.allows(Scope.ACCOUNTS)


def test_what_a_role_loses_its_tokens_lose(practice: SqlDatabase) -> None:
    token = a_token(practice, "empfang", "patients:write", "caldav")
    with writing(practice) as uow:
        there, _ = find_account(uow, "empfang")
        change_account(uow, replace(there, role=Role.READER))
    outcome = the_admitted(practice, token)
    assert isinstance(outcome, Admitted)
    assert not outcome.allows(Scope.WRITE_PATIENTS)
    assert outcome.allows(Scope.CALDAV)


def test_an_app_password_has_no_scopes(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        account, _ = find_account(uow, "admin")
        for kind in (CredentialKind.APP_PASSWORD, CredentialKind.PASSWORD):
            with pytest.raises(Invalid):
                give_secret(uow, account, kind, "iPhone", ["caldav"])


# --- CalDAV -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_token_without_scopes_opens_the_calendars_of_every_role(
    practice: SqlDatabase, name: str
) -> None:
    assert polled(practice, a_token(practice, name))[0] == 207


def test_a_token_for_caldav_opens_the_calendars(practice: SqlDatabase) -> None:
    assert polled(practice, a_token(practice, "empfang", "caldav", "sync"))[0] == 207


@pytest.mark.parametrize("name", ["admin", "empfang", "mueller", "buchung"])
def test_a_token_for_something_else_opens_no_calendar(practice: SqlDatabase, name: str) -> None:
    status, asked = polled(practice, a_token(practice, name, "booking:create_appointment"))
    assert status == 403
    assert 'error="insufficient_scope"' in asked
    assert 'scope="caldav"' in asked


def test_a_token_for_something_else_changes_nothing_by_caldav(practice: SqlDatabase) -> None:
    token = a_token(practice, "admin", "booking:create_appointment")
    with a_client(practice) as client:
        client.auth = None
        headers = {"Authorization": f"Bearer {token}"}
        put = client.put(POLL + "a.ics", content=an_event("a"), headers=headers)
        assert put.status_code == 403
        for method in ("GET", "REPORT", "MKCALENDAR", "DELETE", "PROPPATCH", "POST"):
            assert client.request(method, POLL, headers=headers).status_code == 403
    with reading(practice) as uow:
        assert uow.calendars.uid_holders("a") == []


def test_an_answer_is_not_remembered_from_one_token_for_another(practice: SqlDatabase) -> None:
    """The answer that one token got must not be given to another of the same account."""
    good = a_token(practice, "empfang", "caldav")
    other = a_token(practice, "empfang", "sync")
    with a_client(practice) as client:
        client.auth = None
        told = []
        for token in (good, other, good, other):
            headers = {"Authorization": f"Bearer {token}", "Depth": "0"}
            told.append(client.request("PROPFIND", POLL, headers=headers).status_code)
    assert told == [207, 403, 207, 403]


def test_a_remembered_answer_ends_with_the_token_and_with_the_role(practice: SqlDatabase) -> None:
    token = a_token(practice, "empfang", "caldav")
    with a_client(practice) as client:
        client.auth = None
        headers = {"Authorization": f"Bearer {token}", "Depth": "0"}

        def asked() -> int:
            return int(client.request("PROPFIND", POLL, headers=headers).status_code)

        assert [asked(), asked()] == [207, 207]
        with writing(practice) as uow:
            account, held = find_account(uow, "empfang")
            (mine,) = (c for c in held if c.kind is CredentialKind.TOKEN)
            revoke_credential(uow, account, mine.id)
        assert asked() == 401


def test_the_command_makes_a_token_for_something_and_lists_it(practice: SqlDatabase) -> None:
    options = ("--label", "Telefonanlage", "--scope", "sync", "--scope", "dashboard")
    made = command("account", "token", "empfang", *options, database=practice)
    assert made.code == 0
    outcome = the_admitted(practice, made.out.strip())
    assert isinstance(outcome, Admitted)
    assert outcome.scopes == ("sync", "dashboard")
    listed = command("account", "credentials", "empfang", database=practice).out
    assert "sync" in listed
    assert "everything" in listed
    refused = command(
        "account", "token", "empfang", "--label", "x", "--scope", "accounts", database=practice
    )
    assert refused.code == 1
    assert "The role staff cannot have: accounts." in refused.err
