"""When the zone of a calendar changes, its place in time follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.calendar_zone import floats, zone_of
from practice.use_cases.appointments import object_saved
from practice.vevent import read
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.calendars import Calendar
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["follow_zone"]


def follow_zone(
    uow: UnitOfWork, before: Calendar, properties: Mapping[str, str], profile: Profile
) -> None:
    """Index the calendar anew if its properties, set by now, name another zone than `before`.

    Moves the whole days and floating times of its objects, and their appointments.
    """
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
