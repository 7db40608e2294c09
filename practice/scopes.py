"""What a token may be for. Not here: who an account is and which calendars it sees."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from practice.access import Role

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.access import Account

__all__ = ["Scope", "scopes_of"]


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


def scopes_of(account: Account, told: Collection[str] | None = None) -> frozenset[Scope]:
    """Return what somebody may do who signed in with a token of these scopes (None: all)."""
    own = frozenset(Scope) if account.role is Role.ADMIN else frozenset()
    return own if told is None else own & {Scope(one) for one in told}
