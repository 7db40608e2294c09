"""Accounts: who may sign in, and what each may see. Not here: with what (`credentials`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import Field

from admin_api.endpoint import Answer, Call, Endpoint, Form, Nothing, Shown
from admin_api.shapes import AccountName, EMail, Line, Slug
from practice.access import Account, Level, Role
from practice.accounts import CredentialKind
from practice.errors import Invalid
from practice.scopes import Scope
from practice.use_cases import accounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from practice.accounts import Credential
    from practice.ports import UnitOfWork

__all__ = ["ENDPOINTS", "CredentialShown"]


class Granted(StrEnum):
    """How much of a calendar somebody sees or does."""

    BUSY = "busy"
    PSEUDONYM = "pseudonym"
    READ = "read"
    WRITE = "write"


class GrantForm(Form):
    """What somebody may do in a calendar."""

    level: Granted


class GrantShown(Shown):
    """What somebody may do in a calendar."""

    calendar: str = Field(description="Its name; 'all' is every calendar, later ones included.")
    level: str = Field(description="busy, pseudonym, read or write.")


class CredentialShown(Shown):
    """What somebody signs in with; its secret is not told."""

    id: int
    kind: CredentialKind
    label: str = Field(description="The device or program; empty for the password.")
    scopes: list[str] = Field(description="What a token is for; empty: all the account may do.")
    created: datetime


class AccountShown(Shown):
    """An account."""

    name: str = Field(description="What it signs in as.")
    role: Role
    doctor: str | None = Field(description="The slug of the doctor whose account it is.")
    display_name: str
    email: str
    disabled: bool
    may_import: bool = Field(description="Of staff: whether it was let import patient lists.")
    grants: list[GrantShown]
    credentials: list[CredentialShown]


class AccountsShown(Shown):
    """All accounts."""

    items: list[AccountShown]
    next: str | None = None


class AccountChange(Form):
    """What an account is from now on. Its grants, passwords and tokens stay."""

    role: Role
    doctor: Slug | None = Field(description="For the role doctor: whose account it is.")
    display_name: Line
    email: EMail
    may_import: bool | None = Field(
        None, description="For the role staff: whether it may import patient lists. None: as it is."
    )


class AccountForm(Form):
    """A new account; it cannot sign in before it is given a password or a token."""

    name: AccountName
    role: Role
    doctor: Slug | None = None
    display_name: Line = ""
    email: EMail = ""
    may_import: bool | None = Field(
        None, description="For the role staff: whether it may import patient lists."
    )


def list_accounts(call: Call[Nothing, None]) -> AccountsShown:
    """Return all accounts, by name."""
    told, held = _Teller(call.uow), call.uow.accounts.credentials()
    everybody = call.uow.accounts.all()
    return AccountsShown(items=[told.told(one, held.get(one.id, [])) for one in everybody])


def read_account(call: Call[Nothing, Any]) -> AccountShown:
    """Return an account."""
    return _Teller(call.uow).account(call.path["name"])


def add_account(call: Call[Nothing, AccountForm]) -> Answer:
    """Add an account."""
    made = accounts.add_account(call.uow, _wanted(call.uow, call.body.name, call.body), call.giver)
    shown = _Teller(call.uow).account(made.name)
    return Answer(shown, headers={"Location": f"/api/accounts/{made.name}"})


def change_account(call: Call[Nothing, AccountChange]) -> AccountShown:
    """Change what an account is."""
    there, _ = accounts.find_account(call.uow, call.path["name"])
    wanted = replace(
        _wanted(call.uow, there.name, call.body),
        disabled=there.disabled,
        may_import=there.may_import if call.body.may_import is None else call.body.may_import,
    )
    accounts.change_account(call.uow, wanted, call.giver)
    return _Teller(call.uow).account(there.name)


def disable_account(call: Call[Nothing, None]) -> AccountShown:
    """Keep an account from signing in."""
    accounts.set_disabled(call.uow, call.path["name"], True, call.giver)
    return _Teller(call.uow).account(call.path["name"])


def enable_account(call: Call[Nothing, None]) -> AccountShown:
    """Let an account sign in again."""
    accounts.set_disabled(call.uow, call.path["name"], False, call.giver)
    return _Teller(call.uow).account(call.path["name"])


def set_grant(call: Call[Nothing, GrantForm]) -> GrantShown:
    """Set what an account may do in a calendar."""
    there, _ = accounts.find_account(call.uow, call.path["name"])
    calendar, level = call.path["calendar"], call.body.level
    accounts.grant(call.uow, there, calendar, Level[level.name], call.giver)
    return GrantShown(calendar=calendar, level=level)


def take_grant(call: Call[Nothing, None]) -> None:
    """Take a grant away."""
    there, _ = accounts.find_account(call.uow, call.path["name"])
    accounts.grant(call.uow, there, call.path["calendar"], Level.NONE, call.giver)


def _wanted(uow: UnitOfWork, name: str, told: AccountForm | AccountChange) -> Account:
    doctor_id = None
    if told.doctor is not None:
        doctors = {doctor.slug: doctor.id for doctor in uow.house.doctors()}
        doctor_id = doctors.get(told.doctor)
        if doctor_id is None:
            raise Invalid(f"There is no doctor '{told.doctor}'.")
    may_import = bool(told.may_import)
    account = Account(0, name, told.role, doctor_id, told.display_name, told.email)
    return replace(account, may_import=may_import)


class _Teller:
    """Tells accounts, with names in place of ids."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._calendars = {calendar.id: calendar.name for calendar in uow.calendars.all()}
        self._doctors = {doctor.id: doctor.slug for doctor in uow.house.doctors()}

    def account(self, name: str) -> AccountShown:
        return self.told(*accounts.find_account(self._uow, name))

    def told(self, there: Account, held: Sequence[Credential]) -> AccountShown:
        return AccountShown(
            name=there.name,
            role=there.role,
            doctor=self._doctors.get(there.doctor_id or 0),
            display_name=there.display_name,
            email=there.email,
            disabled=there.disabled,
            may_import=there.may_import,
            grants=self._grants(there),
            credentials=[CredentialShown.model_validate(one) for one in held],
        )

    def _grants(self, account: Account) -> list[GrantShown]:
        by_name = {self._calendars[c]: level for c, level in account.grants.items()}
        told = sorted(by_name.items())
        if account.everywhere:
            told.insert(0, (accounts.EVERYWHERE, account.everywhere))
        return [GrantShown(calendar=name, level=level.name.lower()) for name, level in told]


_S = Scope.ACCOUNTS
_ALL = "/api/accounts"
_ONE = f"{_ALL}/{{name}}"
_GRANT = f"{_ONE}/grants/{{calendar}}"
_LAST = (409,)

ENDPOINTS = (
    Endpoint("GET", _ALL, list_accounts, "List accounts", _S, AccountsShown),
    Endpoint(
        "POST",
        _ALL,
        add_account,
        "Add an account",
        _S,
        AccountShown,
        body=AccountForm,
        status=201,
        problems=(409,),
        text="Its password is set afterwards.",
    ),
    Endpoint("GET", _ONE, read_account, "Show an account", _S, AccountShown),
    Endpoint(
        "PUT",
        _ONE,
        change_account,
        "Change an account",
        _S,
        AccountShown,
        body=AccountChange,
        current=read_account,
        problems=_LAST,
        text="The last account that may administer stays one.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/disable",
        disable_account,
        "Keep an account from signing in",
        _S,
        AccountShown,
        problems=_LAST,
        text="From the next request on, in browsers as well.",
    ),
    Endpoint(
        "POST", f"{_ONE}/enable", enable_account, "Let an account sign in again", _S, AccountShown
    ),
    Endpoint("PUT", _GRANT, set_grant, "Grant a calendar", _S, GrantShown, body=GrantForm),
    Endpoint("DELETE", _GRANT, take_grant, "Take a grant away", _S),
)
