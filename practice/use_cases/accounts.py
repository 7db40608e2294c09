"""Accounts made, changed, granted and equipped with passwords, app passwords and tokens.

All of it is noted in the acts, secrets never. `by` is whose doing it is, where that is limited;
what he may not give raises NotAllowed. Not here: who may do it (`practice.scopes`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from practice.access import Account, Level, Role
from practice.accounts import Credential, CredentialKind
from practice.acts import Kind
from practice.errors import AccountNotFound, CalendarNotFound, Invalid, InvalidName, LastAdmin
from practice.passwords import digest, new_secret
from practice.scopes import checked_scopes
from practice.use_cases.sessions import end_others

if TYPE_CHECKING:
    from collections.abc import Iterable

    from practice.ports import UnitOfWork
    from practice.use_cases.giving import Giver

__all__ = [
    "EVERYWHERE",
    "add_account",
    "change_account",
    "find_account",
    "give_secret",
    "grant",
    "revoke_credential",
    "set_disabled",
    "set_password",
    "told_of_account",
]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
#: Names that are addresses of the server, below which principals live.
RESERVED = frozenset({"calendars", "principals", "system"})
#: What stands for every calendar, those made later included.
EVERYWHERE = "all"
#: Characters of what people and devices are called.
LONGEST = 255


def add_account(uow: UnitOfWork, account: Account, by: Giver | None = None) -> Account:
    """Add an account without credentials; raises InvalidName, NameTaken or Invalid."""
    if not _NAME.fullmatch(account.name) or account.name in RESERVED:
        raise InvalidName(
            "An account's name has 1 to 64 of a-z, 0-9 and ._@-, starts and ends with a letter or"
            f" digit, and is none of: {', '.join(sorted(RESERVED))}."
        )
    if by is not None:
        by.refuse_giving_all_of(account)
    made = uow.accounts.save(_checked(uow, account))
    uow.acts.note("made", Kind.ACCOUNT, made.id, None, told_of_account(made))
    return made


def change_account(uow: UnitOfWork, wanted: Account, by: Giver | None = None) -> Account:
    """Change what an account is: its role, doctor, name as people say it, address, and whether it
    is disabled. Grants stay as they are, and so does its name, which is an address. Whoever is
    disabled is signed out everywhere.

    Raises AccountNotFound, Invalid, or LastAdmin if nobody would be left to administer.
    """
    there, _ = find_account(uow, wanted.name)
    if by is not None:
        by.refuse_change(there, wanted)
    wanted = replace(_checked(uow, wanted), id=there.id, everywhere=there.everywhere)
    if told_of_account(wanted) == told_of_account(there):
        return there
    if _administers(there) and not _administers(wanted):
        others = (one for one in uow.accounts.all() if one.id != there.id)
        if not any(map(_administers, others)):
            raise LastAdmin("This is the last account that may administer; make another one first.")
    saved = uow.accounts.save(wanted)
    action = "changed"
    if saved.disabled != there.disabled:
        action = "disabled" if saved.disabled else "enabled"
    if saved.disabled:
        uow.sessions.end_all(account_id=there.id)
    uow.acts.note(action, Kind.ACCOUNT, there.id, told_of_account(there), told_of_account(saved))
    return replace(saved, grants=there.grants)


def set_disabled(uow: UnitOfWork, name: str, disabled: bool, by: Giver | None = None) -> Account:
    """Keep an account from signing in, or let it again; raises as `change_account` does."""
    there, _ = find_account(uow, name)
    if by is not None:
        by.refuse_touching(there) if disabled else by.refuse_giving_all_of(there)
    return change_account(uow, replace(there, disabled=disabled))


def find_account(uow: UnitOfWork, name: str) -> tuple[Account, list[Credential]]:
    """Return an account and its credentials; raises AccountNotFound."""
    found = uow.accounts.by_name(name)
    if found is None:
        raise AccountNotFound(f"There is no account '{name}'.")
    return found


def set_password(uow: UnitOfWork, account: Account, hashed: str, by: Giver | None = None) -> None:
    """Make `hashed` (from `practice.passwords`) the account's only password.

    Whoever is signed in with a browser has to sign in again: it may be somebody who knew the old
    one. Hashing takes a while and is done before the unit of work is opened.
    """
    if by is not None:
        by.refuse_giving_all_of(account)
    held = uow.accounts.by_name(account.name)
    for credential in held[1] if held else []:
        if credential.kind is CredentialKind.PASSWORD:
            uow.accounts.revoke(account, credential.id)
    made = uow.accounts.add_credential(account, CredentialKind.PASSWORD, "", hashed)
    uow.sessions.end_all(account_id=account.id)
    uow.acts.note("given a password", Kind.ACCOUNT, account.id, None, _told_of(account, made))


def give_secret(
    uow: UnitOfWork,
    account: Account,
    kind: CredentialKind,
    label: str,
    scopes: Iterable[str] = (),
    by: Giver | None = None,
) -> tuple[str, Credential]:
    """Make an app password or token; the first of what is returned is shown once, never again.

    A token without `scopes` is for all that its account may do; app passwords have none. Raises
    Invalid.
    """
    if kind is CredentialKind.PASSWORD:
        raise Invalid("A password is set, not given out.")
    _check_text("A label", label, least=1)
    told = checked_scopes(account.role, scopes)
    if told and kind is not CredentialKind.TOKEN:
        raise Invalid("Only a token has scopes.")
    if by is not None:
        by.refuse_token(account, told)
    secret = new_secret()
    made = uow.accounts.add_credential(account, kind, label, digest(secret), told)
    uow.acts.note(f"given {_NAMED[kind]}", Kind.ACCOUNT, account.id, None, _told_of(account, made))
    return secret, made


def revoke_credential(
    uow: UnitOfWork,
    account: Account,
    credential_id: int,
    by: Giver | None = None,
    session: str = "",
) -> None:
    """Take a password, app password or token away, from the next request on.

    Whoever is signed in with a browser has to sign in again, but for who does it in this `session`
    (its secret): it may have been by this one. Raises AccountNotFound when the account has none
    such.
    """
    if by is not None:
        by.refuse_touching(account)
    _, held = find_account(uow, account.name)
    credential = next((one for one in held if one.id == credential_id), None)
    if credential is None:
        raise AccountNotFound(f"'{account.name}' has no credential {credential_id}.")
    uow.accounts.revoke(account, credential_id)
    end_others(uow, account, session)
    told = _told_of(account, credential)
    uow.acts.note(f"denied {_NAMED[credential.kind]}", Kind.ACCOUNT, account.id, told, None)


def grant(
    uow: UnitOfWork, account: Account, calendar: str, level: Level, by: Giver | None = None
) -> None:
    """Set what the account may do in a calendar, or in all of them ("all"); NONE takes it away.

    Raises CalendarNotFound.
    """
    there, _ = find_account(uow, account.name)
    if by is not None:
        by.refuse_granting(there) if level else by.refuse_touching(there)
    if calendar == EVERYWHERE:
        before = there.everywhere
        uow.accounts.save(replace(there, everywhere=level))
    else:
        found = uow.calendars.find(calendar)
        if found is None:
            raise CalendarNotFound(f"There is no calendar '{calendar}'.")
        before = there.grants.get(found.id, Level.NONE)
        uow.accounts.grant(there, found.id, level)
    if before is not level:
        was, now = (_granted(there, calendar, one) for one in (before, level))
        uow.acts.note("granted", Kind.ACCOUNT, there.id, was, now)


_NAMED = {
    CredentialKind.PASSWORD: "a password",
    CredentialKind.APP_PASSWORD: "an app password",
    CredentialKind.TOKEN: "a token",
}


def _administers(account: Account) -> bool:
    return account.role is Role.ADMIN and not account.disabled


def _checked(uow: UnitOfWork, account: Account) -> Account:
    """Return an account as it can be kept; of a doctor alone it is known which one, and of staff
    alone whether it may import.
    """
    _check_text("A name", account.display_name)
    _check_text("An e-mail address", account.email)
    if account.role is not Role.STAFF:
        account = replace(account, may_import=False)
    if account.role is not Role.DOCTOR:
        return replace(account, doctor_id=None)
    if account.doctor_id is None:
        raise Invalid("An account with the role doctor needs to know which doctor.")
    if all(doctor.id != account.doctor_id for doctor in uow.house.doctors()):
        raise Invalid(f"There is no doctor {account.doctor_id}.")
    return account


def _check_text(what: str, text: str, least: int = 0) -> None:
    # Of letters that can be seen: these stand in lists, and some databases take no others.
    if not least <= len(text.strip()) or len(text) > LONGEST or not (text or " ").isprintable():
        raise Invalid(f"{what} has {least} to {LONGEST} characters, in one line.")


def told_of_account(account: Account) -> dict[str, Any]:
    """Return what acts tell of an account."""
    more = {"may_import": True} if account.may_import else {}
    return more | {
        "name": account.name,
        "role": str(account.role),
        "doctor": account.doctor_id,
        "display_name": account.display_name,
        "email": account.email,
        "disabled": account.disabled,
    }


def _told_of(account: Account, credential: Credential) -> dict[str, Any]:
    """Return what acts tell of a credential: nothing that opens anything."""
    told = {"name": account.name, "credential": credential.id, "label": credential.label}
    return {**told, "scopes": list(credential.scopes)} if credential.scopes else told


def _granted(account: Account, calendar: str, level: Level) -> dict[str, str]:
    return {"name": account.name, "calendar": calendar, "level": Level(level).name.lower()}
