"""Who may see and do what: accounts, roles, grants, and one pure table.

Not here: passwords (`practice.passwords`) and how an account proves who it is
(`practice.use_cases.sign_in`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.calendars import Calendar, CalendarKind
from practice.views import Level, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "JUST_MADE",
    "PEOPLE",
    "SYSTEM",
    "Account",
    "Actor",
    "Level",
    "Role",
    "feed_view",
    "level",
    "may_change",
    "may_create",
    "may_decide",
    "may_delete",
    "may_find",
    "may_manage_calendars",
    "may_read_acl",
    "may_see",
    "may_set_properties",
    "may_settle",
    "may_take_back",
    "view",
    "visible",
]


class Role(StrEnum):
    """What an account is for.

    | role | without a grant | with a grant |
    |---|---|---|
    | admin | everything, calendars included | - |
    | staff | reads and writes every calendar | - |
    | doctor | writes the own calendar, reads the main one | as granted |
    | pvs | nothing | as granted |
    | booking | nothing | creates, reads and changes its own objects; deletes nothing |
    | reader | nothing | reads, whatever was granted |
    """

    ADMIN = "admin"
    STAFF = "staff"
    DOCTOR = "doctor"
    PVS = "pvs"
    BOOKING = "booking"
    READER = "reader"


#: The roles of people who work together.
PEOPLE = frozenset({Role.ADMIN, Role.STAFF, Role.DOCTOR})
#: How long an own change can be taken back by who may not take back anybody's.
JUST_MADE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Account:
    """Someone, or some program, that signs in.

    `grants` maps calendar ids to levels; `everywhere` is granted in every calendar, also in
    those made later. `may_import` is what an administrator lets staff do besides: patient lists.
    """

    id: int
    name: str
    role: Role
    doctor_id: int | None = None
    display_name: str = ""
    email: str = ""
    disabled: bool = False
    everywhere: Level = Level.NONE
    may_import: bool = False
    grants: Mapping[int, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who causes a change, as the log names it. `account_id` 0 is the program itself."""

    account_id: int
    name: str


#: The program itself: imports, migrations, periodic jobs.
SYSTEM = Actor(0, "system")


def level(account: Account, calendar: Calendar) -> Level:
    """Tell what the account may do in the calendar's own objects (not those the union shows)."""
    if account.role in {Role.ADMIN, Role.STAFF}:
        return Level.WRITE
    granted = max(account.everywhere, account.grants.get(calendar.id, Level.NONE))
    if account.role is Role.DOCTOR:
        if calendar.doctor_id is not None and calendar.doctor_id == account.doctor_id:
            return Level.WRITE
        if calendar.kind is CalendarKind.UNION:
            return max(granted, Level.READ)
    if account.role is Role.READER:
        return min(granted, Level.READ)
    return granted


def view(account: Account, calendar: Calendar, everything: Sequence[Calendar], epoch: str) -> View:
    """Return what the account sees of `calendar`; without sources it sees nothing.

    `everything` are all calendars of the practice, `epoch` names this database's log.
    """
    candidates = _shown_in(calendar, everything)
    levels = {c.id: level(account, c) for c in candidates}
    sources = tuple(c for c in candidates if levels[c.id] > Level.NONE)
    own = account.id if account.role is Role.BOOKING else None
    return View(calendar, sources, epoch, own, levels)


def feed_view(calendar: Calendar, everything: Sequence[Calendar], shown: Level, epoch: str) -> View:
    """Return what a feed of `calendar` shows; the main calendar's shows every doctor's."""
    sources = tuple(_shown_in(calendar, everything))
    return View(calendar, sources, epoch, levels={source.id: shown for source in sources})


def _shown_in(calendar: Calendar, everything: Sequence[Calendar]) -> Sequence[Calendar]:
    if calendar.kind is not CalendarKind.UNION:
        return (calendar,)
    return (calendar, *(c for c in everything if c.kind is CalendarKind.DOCTOR))


def visible(account: Account, everything: Sequence[Calendar], epoch: str) -> list[View]:
    """Return the calendars the account sees anything of."""
    views = (view(account, calendar, everything, epoch) for calendar in everything)
    return [v for v in views if v.sources]


def may_create(account: Account, calendar: Calendar) -> bool:
    """Tell whether the account may put a new object into the calendar."""
    return level(account, calendar) >= Level.WRITE


def may_change(account: Account, calendar: Calendar, owner_id: int) -> bool:
    """Tell whether the account may overwrite an object that `owner_id` created there."""
    if account.role is Role.BOOKING and owner_id != account.id:
        return False
    return level(account, calendar) >= Level.WRITE


def may_delete(account: Account, calendar: Calendar) -> bool:
    """Tell whether the account may delete objects from the calendar, or move them out of it."""
    return account.role is not Role.BOOKING and level(account, calendar) >= Level.WRITE


def may_see(account: Account, calendar: Calendar, *, own: bool) -> bool:
    """Tell whether the account may see all of an appointment in the calendar; `own` is whether it
    has booked that itself.
    """
    if account.role is Role.BOOKING and not own:
        return False
    return level(account, calendar) >= Level.READ


def may_decide(account: Account) -> bool:
    """Tell whether the account may confirm and decline what was asked for, and note who came: not
    the program that asked for it.
    """
    return account.role not in {Role.BOOKING, Role.READER}


def may_take_back(account: Account, calendar: Calendar, *, by: str, age: timedelta) -> bool:
    """Tell whether the account may take back what account `by` did to an appointment in the
    calendar so long ago: its own change, just made, where it may write; not what a program did.
    """
    is_own = by == account.name and age <= JUST_MADE
    return is_own and account.role in PEOPLE and level(account, calendar) >= Level.WRITE


def may_set_properties(account: Account, calendar: Calendar) -> bool:
    """Tell whether the account may set properties of the calendar, and of the objects in it.

    A doctor writes into the own calendar through the main one, and must not rename that; programs
    rename nothing.
    """
    return account.role in PEOPLE and level(account, calendar) >= Level.WRITE


def may_manage_calendars(account: Account) -> bool:
    """Tell whether the account may make and delete calendars."""
    return account.role is Role.ADMIN


def may_find(account: Account, other: Account) -> bool:
    """Tell whether the account may know of the other: its name, address and when it is busy.

    People of the practice find each other and an administrator finds everybody. Programs and
    readers find only themselves: who works here is none of a booking tool's business.
    """
    if account.id == other.id:
        return True
    if other.disabled:
        return False
    return account.role is Role.ADMIN or {account.role, other.role} <= PEOPLE


def may_read_acl(account: Account) -> bool:
    """Tell whether the account may see what others may do."""
    return account.role is Role.ADMIN


def may_settle(account: Account) -> bool:
    """Tell whether the account may see and decide what waits for a person: letters, conflicts,
    webhooks. They are of everybody's appointments, which no program sees.
    """
    return account.role in {Role.ADMIN, Role.STAFF}
