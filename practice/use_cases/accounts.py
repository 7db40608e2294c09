"""Accounts made, granted and equipped with passwords, app passwords and tokens."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from practice.access import Account, Level, Role
from practice.accounts import Credential, CredentialKind
from practice.errors import AccountNotFound, CalendarNotFound, Invalid, InvalidName
from practice.passwords import digest, new_secret

if TYPE_CHECKING:
    from practice.ports import UnitOfWork

__all__ = ["add_account", "find_account", "give_secret", "grant", "set_password"]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
#: Names that are addresses of the server, below which principals live.
RESERVED = frozenset({"calendars", "principals", "system"})
#: What stands for every calendar, those made later included.
EVERYWHERE = "all"


def add_account(uow: UnitOfWork, account: Account) -> Account:
    """Add an account without credentials; raises InvalidName, NameTaken or Invalid."""
    if not _NAME.fullmatch(account.name) or account.name in RESERVED:
        raise InvalidName(
            "An account's name has 1 to 64 of a-z, 0-9 and ._@-, starts and ends with a letter or"
            f" digit, and is none of: {', '.join(sorted(RESERVED))}."
        )
    if account.role is Role.DOCTOR and account.doctor_id is None:
        raise Invalid("An account with the role doctor needs to know which doctor.")
    return uow.accounts.save(account)


def find_account(uow: UnitOfWork, name: str) -> tuple[Account, list[Credential]]:
    """Return an account and its credentials; raises AccountNotFound."""
    found = uow.accounts.by_name(name)
    if found is None:
        raise AccountNotFound(f"There is no account '{name}'.")
    return found


def set_password(uow: UnitOfWork, account: Account, hashed: str) -> None:
    """Make `hashed` (from `practice.passwords`) the account's only password.

    Hashing takes a while and is done before the unit of work is opened.
    """
    held = uow.accounts.by_name(account.name)
    for credential in held[1] if held else []:
        if credential.kind is CredentialKind.PASSWORD:
            uow.accounts.revoke(account, credential.id)
    uow.accounts.add_credential(account, CredentialKind.PASSWORD, "", hashed)


def give_secret(
    uow: UnitOfWork, account: Account, kind: CredentialKind, label: str
) -> tuple[str, Credential]:
    """Make an app password or token; the first of what is returned is shown once, never again."""
    secret = new_secret()
    return secret, uow.accounts.add_credential(account, kind, label, digest(secret))


def grant(uow: UnitOfWork, account: Account, calendar: str, level: Level) -> None:
    """Set what the account may do in a calendar, or in all of them ("all")."""
    if calendar == EVERYWHERE:
        uow.accounts.save(replace(account, everywhere=level))
        return
    found = uow.calendars.find(calendar)
    if found is None:
        raise CalendarNotFound(f"There is no calendar '{calendar}'.")
    uow.accounts.grant(account, found.id, level)
