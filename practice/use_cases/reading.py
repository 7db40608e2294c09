"""Reading calendars: what overlaps a range of time, when somebody is busy, a calendar as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.errors import TooManyInstances
from practice.vevent import Busy, Occupied, merge, occupies, occurs

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from practice.calendars import CalendarObject, Span, View
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["as_file", "busy_times", "overlapping"]

#: Busy times in one answer; a year of five-minute appointments has fewer.
MOST_BUSY = 50_000


def overlapping(
    uow: UnitOfWork,
    view: View,
    span: Span,
    component: str | None,
    zone: ZoneInfo,
    uid_part: str = "",
) -> list[CalendarObject]:
    """Return the objects with an occurrence in `span`, in the order of the index.

    Costs what it returns: only endless series outside their coverage are read one by one.
    """
    found = uow.calendars.within(view, span, component, uid_part)
    certain = {item.id for item in found}
    beyond = uow.calendars.beyond(view, span, component, uid_part)
    found += [o for o in beyond if o.id not in certain and occurs(o.text, span, zone=zone)]
    return found


def busy_times(
    uow: UnitOfWork, view: View, span: Span, profile: Profile, *, leave_out: int = 0
) -> list[Occupied]:
    """Return the times in `span`, which has two ends, that are not free, by start.

    Costs what it returns: only endless series outside their coverage are read one by one. Where
    that ends within `span`, occurrences of theirs come twice.
    """
    found = uow.calendars.occupied(view, span, leave_out=leave_out)
    if len(found) > MOST_BUSY:
        raise TooManyInstances("The range has too many busy times; ask for a shorter one.")
    for item in uow.calendars.beyond(view, span, "VEVENT"):
        if item.id != leave_out:
            more = occupies(item.text, span, zone=profile.zone, limits=profile.limits)
            found += [o for o in more if o.busy is not Busy.FREE]
    return sorted(found, key=lambda occurrence: occurrence.start)


def as_file(uow: UnitOfWork, view: View, profile: Profile) -> str:
    """Return everything in the view as one iCalendar text."""
    title = view.calendar.properties.get("D:displayname", view.calendar.name)
    return merge((item.text for item in uow.calendars.texts(view)), title, profile.zone)
