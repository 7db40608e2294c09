"""Making calendars of no doctor.

Not here: doctors and their calendars (`practice.use_cases.house`), dropping one
(`practice.use_cases.objects`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.access import may_manage_calendars
from practice.calendars import CalendarKind
from practice.errors import InvalidName, NotAllowed, PropertiesRefused, PropertiesTooLong
from practice.properties import changed
from practice.use_cases.properties import check_properties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.access import Account
    from practice.calendars import Calendar
    from practice.ports import UnitOfWork

__all__ = ["make_calendar"]


def make_calendar(
    uow: UnitOfWork,
    account: Account,
    name: str,
    properties: Mapping[str, str | None],
    components: tuple[str, ...],
) -> Calendar:
    """Make a calendar with these properties; its colour is the one all see who set none.

    Raises NotAllowed, InvalidName, NameTaken, or PropertiesRefused; then there is none. A name
    that differs from another calendar's in upper and lower case alone is another one, unless that
    is a doctor's or the main one: people would take the one for the other.
    """
    if not may_manage_calendars(account):
        raise NotAllowed("You may not make calendars.")
    for calendar in uow.calendars.all():
        same = calendar.name.casefold() == name.casefold()
        if same and calendar.kind is not CalendarKind.PLAIN:
            raise InvalidName("This name is kept for another calendar.")
    kept = check_properties(properties)
    try:
        values = changed({}, kept)
    except PropertiesTooLong as error:
        raise PropertiesRefused(dict.fromkeys(kept, error)) from error
    return uow.calendars.create(name, CalendarKind.PLAIN, values, components=components)
