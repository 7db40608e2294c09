"""How acts on accounts are taken back: what they are, and what they may see.

Not here: passwords and tokens, which stay as they were given or taken away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.access import Level, Role
from practice.use_cases.accounts import EVERYWHERE, change_account, grant, told_of_account
from practice.use_cases.ways_back import told_of

if TYPE_CHECKING:
    from practice.access import Account
    from practice.acts import Act
    from practice.ports import UnitOfWork
    from practice.use_cases.ways_back import Told

__all__ = ["WaysOfAccounts"]

_GRANTED = "granted"


class WaysOfAccounts:
    """The ways back of accounts (see `Ways`)."""

    actions = frozenset({"changed", "disabled", "enabled", _GRANTED})

    def told(self, act: Act) -> tuple[Told, Told]:
        """See `Ways`."""
        return told_of(act)

    def now(self, uow: UnitOfWork, act: Act) -> Told:
        """See `Ways`."""
        account = _account(uow, act)
        if account is None:
            return None
        if act.action == _GRANTED:
            return _granted(uow, account, (told_of(act)[1] or {}).get("calendar", ""))
        return told_of_account(account)

    def take_back(self, uow: UnitOfWork, act: Act, before: Told) -> str:
        """See `Ways`."""
        account, told = _account(uow, act), before or {}
        assert account is not None  # noqa: S101 - somebody has looked
        if act.action == _GRANTED:
            grant(uow, account, told["calendar"], Level[told["level"].upper()])
            return "granted as before"
        was = replace(
            account,
            role=Role(told["role"]),
            doctor_id=told["doctor"],
            display_name=told["display_name"],
            email=told["email"],
            disabled=told["disabled"],
            may_import=told.get("may_import", False),
        )
        change_account(uow, was)
        return "changed back"


def _account(uow: UnitOfWork, act: Act) -> Account | None:
    return next((one for one in uow.accounts.all() if str(one.id) == act.of), None)


def _granted(uow: UnitOfWork, account: Account, calendar: str) -> Told:
    level: Level | None = account.everywhere
    if calendar != EVERYWHERE:
        found = uow.calendars.find(calendar)
        level = account.grants.get(found.id, Level.NONE) if found else None
    if level is None:
        return None
    return {"name": account.name, "calendar": calendar, "level": Level(level).name.lower()}
