"""Setting properties: of calendars, of objects, and what an account keeps for itself alone.

All of one request or none: whoever calls puts them in one unit of work. Names and values are those
of `practice.properties`; None removes. The door says which properties are protected, since only it
knows what it tells of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.access import may_set_properties
from practice.errors import (
    Invalid,
    NotAllowed,
    ObjectNotFound,
    PracticeError,
    PropertiesRefused,
    PropertiesTooLong,
)
from practice.properties import PERSONAL, changed, checked
from practice.use_cases.follow_zone import follow_zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.access import Account
    from practice.calendars import ObjectHead
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.views import View

__all__ = [
    "HOME",
    "INBOX",
    "PRINCIPAL",
    "check_properties",
    "set_calendar_properties",
    "set_object_properties",
    "set_own_properties",
]

#: Places, beside calendars, of which an account keeps properties for itself.
PRINCIPAL, HOME, INBOX = 0, -1, -2


def check_properties(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the changes with values as they are kept; raises PropertiesRefused for all faults."""
    kept: dict[str, str | None] = {}
    reasons: dict[str, PracticeError] = {}
    for name, value in changes.items():
        try:
            kept[name] = None if value is None else checked(name, value)
        except Invalid as error:
            reasons[name] = error
    if reasons:
        raise PropertiesRefused(reasons)
    return kept


def set_calendar_properties(
    uow: UnitOfWork,
    account: Account,
    view: View,
    changes: Mapping[str, str | None],
    profile: Profile,
) -> None:
    """Set properties of a calendar: everybody's (one change in the log), and the account's own.

    Raises NotAllowed for everybody's where the account may not, PropertiesRefused otherwise.
    """
    shared = {name: value for name, value in changes.items() if name not in PERSONAL}
    own = {name: value for name, value in changes.items() if name not in shared}
    if shared and not may_set_properties(account, view.calendar):
        raise NotAllowed("You may not set properties of this calendar.")
    kept = check_properties(changes)
    if shared:
        before = view.calendar.properties
        after = _after(before, {name: kept[name] for name in shared})
        if after != before:
            uow.calendars.set_properties(view.calendar, after)
            follow_zone(uow, view.calendar, after, profile)
    if own:
        set_own_properties(uow, account, view.calendar.id, own)


def set_object_properties(
    uow: UnitOfWork,
    account: Account,
    view: View,
    head: ObjectHead,
    changes: Mapping[str, str | None],
) -> None:
    """Set dead properties of an object; its text and its ETag stay, so no number is taken."""
    source = next((one for one in view.sources if one.id == head.calendar_id), None)
    if source is None:
        raise ObjectNotFound("There is no such object in the calendar.")
    foreign = view.owner_id is not None and head.owner_id != view.owner_id
    if foreign or not may_set_properties(account, source):
        raise NotAllowed("You may not set properties of this object.")
    before = uow.properties.of_objects(view, [head]).get(head.id, {})
    after = _after(before, check_properties(changes))
    if after != before:
        uow.properties.set_of_object(head.id, after)


def set_own_properties(
    uow: UnitOfWork, account: Account, place: int, changes: Mapping[str, str | None]
) -> None:
    """Set what the account alone sees: of a calendar, or of another of these places."""
    before = uow.properties.of_account(account, [place]).get(place, {})
    after = _after(before, check_properties(changes))
    if after != before:
        uow.properties.set_of_account(account, place, after)


def _after(before: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    try:
        return changed(before, changes)
    except PropertiesTooLong as error:
        reasons = {name: error for name, value in changes.items() if value is not None}
        raise PropertiesRefused(reasons) from error
