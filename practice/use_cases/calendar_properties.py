"""Setting the properties of a calendar. When its zone changes, its place in time follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.calendar_zone import floats, with_zone, zone_of
from practice.calendars import View
from practice.use_cases.appointments import object_saved
from practice.vevent import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.calendars import Calendar
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["follow_zone", "set_properties"]


def set_properties(
    uow: UnitOfWork, calendar: Calendar, properties: Mapping[str, str], profile: Profile
) -> None:
    """Replace the properties of a calendar; takes the next change number.

    A new calendar-timezone (or calendar-timezone-id; the calendar keeps the last told) moves the
    whole days and floating times of the calendar's objects in the index, and their appointments,
    in the same transaction. Raises InvalidTimezone or UnknownTimezone, having changed nothing.
    """
    kept = with_zone(calendar.properties, properties)
    uow.calendars.set_properties(calendar, kept)
    follow_zone(uow, calendar, kept, profile)


def follow_zone(
    uow: UnitOfWork, before: Calendar, properties: Mapping[str, str], profile: Profile
) -> None:
    """Index the calendar anew if its properties, set by now, name another zone than `before`."""
    calendar = replace(before, properties=properties)
    zone = zone_of(calendar, profile)
    if zone is zone_of(before, profile):
        return
    view = View(calendar, (calendar,), uow.epoch)
    floating = [item for item in uow.calendars.texts(view) if floats(item.text)]
    for item in floating:
        # As of when it was written, like the index it has: `verify` makes it anew and compares.
        facts = read(item.text, zone=zone, now=item.changed, limits=profile.limits)
        uow.calendars.reindex(item, facts)
        appointment = uow.appointments.by_uid(item.uid) if facts.slot else None
        if appointment is not None and appointment.calendar_id == calendar.id:
            object_saved(uow, calendar, facts)
