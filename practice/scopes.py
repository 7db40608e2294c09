"""What a token may be for, and what each role may do with one and without: pure tables.

Not here: which calendars an account sees and changes (`practice.access`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from practice.access import Role
from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from practice.access import Account

__all__ = ["Scope", "allowed", "checked_scopes", "most_of"]


class Scope(StrEnum):
    """One thing that a token may be for."""

    CALDAV = "caldav"
    VIEW_CALENDAR = "booking:view_calendar"
    CREATE_APPOINTMENT = "booking:create_appointment"
    MODIFY_APPOINTMENT = "booking:modify_appointment"
    CANCEL_APPOINTMENT = "booking:cancel_appointment"
    OVERRIDE = "booking:override"
    READ_PATIENTS = "patients:read"
    WRITE_PATIENTS = "patients:write"
    ERASE_PATIENTS = "patients:erase"
    IMPORTS = "imports"
    SYNC = "sync"
    READ_AUDIT = "audit:read"
    UNDO = "audit:undo"
    SETTINGS = "settings"
    ACCOUNTS = "accounts"
    DASHBOARD = "dashboard"
    PORTAL = "portal"


#: Of a doctor these are for the own calendar; whose that is, `practice.access` says.
_OWN_BOOKINGS = frozenset(
    {
        Scope.VIEW_CALENDAR,
        Scope.CREATE_APPOINTMENT,
        Scope.MODIFY_APPOINTMENT,
        Scope.CANCEL_APPOINTMENT,
    }
)
_PATIENTS = frozenset({Scope.READ_PATIENTS, Scope.WRITE_PATIENTS})
_CALDAV = frozenset({Scope.CALDAV})

#: What a role may do, signed in by a password or by a token that is for everything. Whoever has
#: an account may use CalDAV: there the grants decide.
_OF_ROLE = {
    Role.ADMIN: frozenset(Scope),
    Role.STAFF: _CALDAV | _OWN_BOOKINGS | _PATIENTS | {Scope.OVERRIDE, Scope.DASHBOARD, Scope.SYNC},
    Role.DOCTOR: _CALDAV | _OWN_BOOKINGS,
    Role.PVS: _CALDAV,
    Role.BOOKING: _CALDAV,
    Role.READER: _CALDAV,
}
#: What a program's token may be made for beyond that: it is told each thing by name. None may
#: override, erase, undo, or change accounts and settings.
_OF_TOKEN = {
    Role.PVS: _OWN_BOOKINGS | _PATIENTS | {Scope.IMPORTS, Scope.SYNC, Scope.DASHBOARD},
    Role.BOOKING: _OWN_BOOKINGS | _PATIENTS | {Scope.SYNC, Scope.PORTAL},
    Role.READER: frozenset({Scope.VIEW_CALENDAR, Scope.DASHBOARD}),
}


def most_of(role: Role) -> frozenset[Scope]:
    """Return all that a token of an account with this role may be for."""
    return _OF_ROLE[role] | _OF_TOKEN.get(role, frozenset())


def allowed(account: Account, told: Collection[str] | None) -> frozenset[Scope]:
    """Return what an account may do that has signed in; `told` are its token's scopes.

    None: it has shown no token, or one for everything. What was taken from a role meanwhile is
    taken from its tokens; scopes that nobody knows allow nothing.
    """
    more = {Scope.IMPORTS} if account.may_import and account.role is Role.STAFF else set[Scope]()
    if told is None:
        return _OF_ROLE[account.role] | more
    return frozenset(scope for scope in most_of(account.role) | more if str(scope) in told)


def checked_scopes(role: Role, told: Iterable[str]) -> tuple[str, ...]:
    """Return scopes for a token of a role, each once and in order; raises Invalid."""
    wanted = {str(one) for one in told}
    unknown = sorted(wanted - {str(scope) for scope in Scope})
    if unknown:
        known = ", ".join(Scope)
        raise Invalid(f"There is no scope {', '.join(map(repr, unknown))}; there are: {known}.")
    beyond = sorted(wanted - {str(scope) for scope in most_of(role)})
    if beyond:
        raise Invalid(f"The role {role} cannot have: {', '.join(beyond)}.")
    return tuple(str(scope) for scope in Scope if str(scope) in wanted)
