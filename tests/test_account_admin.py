"""Accounts, their passwords, grants and feeds: changed with care, and all of it noted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from practice.access import Account, Level, Role
from practice.accounts import CredentialKind
from practice.acts import Act, ActQuestion, Kind
from practice.errors import (
    AccountNotFound,
    CalendarNotFound,
    FeedNotFound,
    Invalid,
    LastAdmin,
)
from practice.passwords import hash_password
from practice.use_cases import feeds
from practice.use_cases.accounts import (
    add_account,
    change_account,
    find_account,
    give_secret,
    grant,
    revoke_credential,
    set_disabled,
    set_password,
)
from tests.bookings import command, everything
from tests.building import reading, the_account, writing

if TYPE_CHECKING:
    from practice.database import SqlDatabase


def acts(database: SqlDatabase, kind: Kind = Kind.ACCOUNT, of: object = "") -> list[Act]:
    with reading(database) as uow:
        return list(uow.acts.search(ActQuestion(kind=kind, of=str(of))))


def told(text: str | None) -> dict[str, object]:
    found: dict[str, object] = json.loads(text or "{}")
    found.pop("_", None)
    return found


def the_id(database: SqlDatabase, name: str) -> int:
    with reading(database) as uow:
        return the_account(uow, name).id


# --- Changing -----------------------------------------------------------------------------------


def test_an_account_is_changed_and_keeps_its_grants(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        there = the_account(uow, "albis")
        grant(uow, there, "dr-mueller", Level.BUSY)
        there = the_account(uow, "albis")
        saved = change_account(
            uow, replace(there, display_name="Albis Empfang", everywhere=Level.NONE)
        )
    with reading(practice) as uow:
        now = the_account(uow, "albis")
    assert now == saved
    assert (now.display_name, now.everywhere) == ("Albis Empfang", Level.WRITE)
    assert list(now.grants.values()) == [Level.BUSY]


def test_a_change_is_noted_with_what_was_before(practice: SqlDatabase) -> None:
    of = the_id(practice, "empfang")
    with writing(practice) as uow:
        change_account(uow, replace(the_account(uow, "empfang"), email="empfang@example.org"))
    act = acts(practice, of=of)[-1]
    assert act.action == "changed"
    assert (told(act.before)["email"], told(act.after)["email"]) == ("", "empfang@example.org")


def test_a_change_to_the_same_is_none(practice: SqlDatabase) -> None:
    before = everything(practice)
    with writing(practice) as uow:
        change_account(uow, the_account(uow, "empfang"))
        grant(uow, the_account(uow, "gast"), "dr-mueller", Level.READ)
    assert {**everything(practice), "house": []} == {**before, "house": []}


def test_an_account_of_a_doctor_knows_which_one_and_others_do_not(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        staff, mueller = the_account(uow, "empfang"), the_account(uow, "mueller")
        for doctor_id in (None, 4711):
            with pytest.raises(Invalid):
                change_account(uow, replace(staff, role=Role.DOCTOR, doctor_id=doctor_id))
        assert change_account(uow, replace(mueller, role=Role.READER)).doctor_id is None


@pytest.mark.parametrize(
    "wrong", [{"display_name": "a\x00b"}, {"display_name": "x" * 256}, {"email": "a@b\r\nBcc: c"}]
)
def test_what_stands_in_no_list_is_refused(practice: SqlDatabase, wrong: dict[str, str]) -> None:
    before = everything(practice)
    with writing(practice) as uow:
        empfang = the_account(uow, "empfang")
        with pytest.raises(Invalid):
            change_account(uow, replace(empfang, **wrong))  # type: ignore[arg-type]
        with pytest.raises(Invalid):
            add_account(uow, Account(0, "neu", Role.STAFF, None, **wrong))  # type: ignore[arg-type]
    assert everything(practice) == before


def test_nobody_who_is_not_there_is_changed(practice: SqlDatabase) -> None:
    nobody = Account(0, "niemand", Role.STAFF)
    with writing(practice) as uow:
        for run in (
            lambda: change_account(uow, nobody),
            lambda: set_disabled(uow, "niemand", True),
            lambda: grant(uow, nobody, "all", Level.READ),
            lambda: revoke_credential(uow, nobody, 1),
        ):
            with pytest.raises(AccountNotFound):
                run()


# --- The last administrator ---------------------------------------------------------------------


def test_the_last_administrator_is_neither_disabled_nor_demoted(practice: SqlDatabase) -> None:
    before = everything(practice)
    for wanted in ({"disabled": True}, {"role": Role.STAFF}):
        with writing(practice) as uow, pytest.raises(LastAdmin):
            change_account(uow, replace(the_account(uow, "admin"), **wanted))
    assert everything(practice) == before


def test_of_two_administrators_one_can_go_and_then_the_other_cannot(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        add_account(uow, Account(0, "chefin", Role.ADMIN))
        set_disabled(uow, "admin", True)
        with pytest.raises(LastAdmin):
            set_disabled(uow, "chefin", True)
        set_disabled(uow, "admin", False)
        set_disabled(uow, "chefin", True)


def test_the_last_administrator_can_be_renamed_for_people(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        change_account(uow, replace(the_account(uow, "admin"), display_name="Frau Dr. Beispiel"))
        assert the_account(uow, "admin").display_name == "Frau Dr. Beispiel"


def test_the_command_refuses_to_disable_the_last_one(practice: SqlDatabase) -> None:
    ran = command("account", "disable", "admin", database=practice)
    assert ran.code == 1
    assert "last account that may administer" in ran.err
    ran = command("account", "change", "admin", "--role", "reader", database=practice)
    assert ran.code == 1
    changed = ("--display-name", "Chefin", "--email", "chefin@example.org")
    assert command("account", "change", "admin", *changed, database=practice).code == 0
    with reading(practice) as uow:
        now = the_account(uow, "admin")
    assert (now.role, now.display_name, now.email) == (Role.ADMIN, "Chefin", "chefin@example.org")


# --- Secrets ------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_stands_nowhere(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        account = the_account(uow, "empfang")
        given = [
            give_secret(uow, account, kind, "iPhone Empfang")
            for kind in (CredentialKind.APP_PASSWORD, CredentialKind.TOKEN)
        ]
        set_password(uow, account, hash_password("ein anderes Passwort"))
        feed, _ = feeds.make(uow, "dr-mueller", Level.BUSY, "Telefon")
    kept = repr(everything(practice))
    noted = repr(acts(practice) + acts(practice, Kind.FEED))
    for secret, credential in given:
        assert secret not in kept
        assert credential.secret not in noted
    assert feed not in kept
    assert "argon2" not in noted


def test_what_is_given_and_taken_is_noted(practice: SqlDatabase) -> None:
    of = the_id(practice, "empfang")
    with writing(practice) as uow:
        account = the_account(uow, "empfang")
        _, made = give_secret(uow, account, CredentialKind.APP_PASSWORD, "iPhone Empfang")
        _, token = give_secret(uow, account, CredentialKind.TOKEN, "Telefonanlage", ["sync"])
        revoke_credential(uow, account, made.id)
        set_password(uow, account, hash_password("ein anderes Passwort"))
    noted = acts(practice, of=of)[-4:]
    assert [act.action for act in noted] == [
        "given an app password",
        "given a token",
        "denied an app password",
        "given a password",
    ]
    assert told(noted[1].after) == {
        "name": "empfang",
        "credential": token.id,
        "label": "Telefonanlage",
        "scopes": ["sync"],
    }
    assert told(noted[2].before)["label"] == "iPhone Empfang"


def test_a_credential_of_somebody_else_is_not_revoked(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        _, held = find_account(uow, "admin")
        with pytest.raises(AccountNotFound):
            revoke_credential(uow, the_account(uow, "empfang"), held[0].id)
    with reading(practice) as uow:
        assert find_account(uow, "admin")[1] == held


@pytest.mark.parametrize("label", ["", "   ", "x" * 256, "a\nb", "a\x00b"])
def test_a_device_has_a_name(practice: SqlDatabase, label: str) -> None:
    with writing(practice) as uow, pytest.raises(Invalid):
        give_secret(uow, the_account(uow, "empfang"), CredentialKind.APP_PASSWORD, label)


# --- Grants and feeds ---------------------------------------------------------------------------


def test_grants_are_given_changed_and_taken_away(practice: SqlDatabase) -> None:
    of = the_id(practice, "gast")
    with writing(practice) as uow:
        gast = the_account(uow, "gast")
        grant(uow, gast, "dr-mueller", Level.BUSY)
        grant(uow, gast, "dr-mueller", Level.NONE)
        grant(uow, gast, "all", Level.PSEUDONYM)
        with pytest.raises(CalendarNotFound):
            grant(uow, gast, "dr-niemand", Level.READ)
        now = the_account(uow, "gast")
    assert (now.grants, now.everywhere) == ({}, Level.PSEUDONYM)
    noted = [act for act in acts(practice, of=of) if act.action == "granted"][-3:]
    assert [(told(a.before)["level"], told(a.after)["level"]) for a in noted] == [
        ("read", "busy"),
        ("busy", "none"),
        ("none", "pseudonym"),
    ]


def test_a_feed_is_made_listed_and_revoked_and_noted(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        _, made = feeds.make(uow, "dr-mueller", Level.PSEUDONYM, "Telefon Dr. Müller")
        assert uow.feeds.all() == [made]
        feeds.revoke(uow, made.id)
        for gone in (made.id, 4711, 10**30, -1):
            with pytest.raises(FeedNotFound):
                feeds.revoke(uow, gone)
    noted = acts(practice, Kind.FEED, made.id)
    assert [act.action for act in noted] == ["made", "revoked"]
    assert told(noted[0].after) == told(noted[1].before)
    assert told(noted[0].after) == {
        "calendar": "dr-mueller",
        "level": "pseudonym",
        "label": "Telefon Dr. Müller",
    }
