"""Reading calendars: objects, what overlaps a range of time, when somebody is busy, a file.

Whoever hands anything of an object out asks here and not the repository: this is where a view of
less detail gets other texts and other ETags.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.calendar_zone import floats, own_zone_of, zone_of
from practice.calendars import Span
from practice.errors import TooManyInstances
from practice.properties import COLOR, DISPLAYNAME
from practice.use_cases.showing import found_by_name, shown, shown_changes
from practice.vevent import Busy, Occupied, is_in, merge, occupies, occurs, unavailable
from practice.views import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from practice.calendars import CalendarObject, Changes, ObjectHead, Page
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import HoldsOf
    from practice.views import View

__all__ = [
    "as_file",
    "busy_or_away",
    "busy_times",
    "changes_page",
    "changes_since",
    "listing",
    "listing_page",
    "objects_named",
    "overlapping",
    "properties_of",
    "texts",
]

#: Busy times in one answer; a year of five-minute appointments has fewer.
MOST_BUSY = 50_000
_AVAILABILITY = "VAVAILABILITY"
#: Seconds between the clocks of any two zones: they are from 12 hours behind UTC to 14 ahead.
WIDEST_OFFSET = 27 * 3600


def objects_named(
    uow: UnitOfWork, view: View, names: Iterable[str]
) -> Mapping[str, CalendarObject]:
    """Return the objects that stand under these names in the view, as it shows them."""
    return found_by_name(uow, view, names)


def listing(uow: UnitOfWork, view: View) -> Iterator[ObjectHead]:
    """Yield every object of the view, without texts."""
    return shown(uow, view, uow.calendars.listing(view))


def texts(uow: UnitOfWork, view: View, component: str | None = None) -> Iterator[CalendarObject]:
    """Yield every object of the view, or of one kind, with its text, a few at a time."""
    return shown(uow, view, uow.calendars.texts(view, component))


def changes_since(uow: UnitOfWork, view: View, number: int, mark: str | None = None) -> Changes:
    """Return what changed after `number`; raises ChangesForgotten (see the port)."""
    return shown_changes(uow, view, uow.calendars.changes_since(view, number, mark))


def changes_page(uow: UnitOfWork, view: View, number: int, mark: str | None, limit: int) -> Page:
    """Return the first changes after `number`; raises ChangesForgotten (see the port)."""
    return shown_changes(uow, view, uow.calendars.changes_page(view, number, mark, limit))


def listing_page(uow: UnitOfWork, view: View, after: int, until: int, limit: int) -> Page:
    """Return the first objects by their last change (see the port)."""
    page = uow.calendars.listing_page(view, after, until, limit)
    return replace(page, changed=tuple(shown(uow, view, page.changed)))


def properties_of(
    uow: UnitOfWork, view: View, heads: Sequence[ObjectHead]
) -> Mapping[int, Mapping[str, str]]:
    """Return what clients have set of objects, by id; nothing where the view hides details."""
    found = uow.properties.of_objects(view, heads)
    return {
        head.id: found[head.id]
        for head in heads
        if head.id in found and view.level_of(head.calendar_id) >= Level.READ
    }


def overlapping(
    uow: UnitOfWork,
    view: View,
    span: Span,
    component: str | None,
    zone: tzinfo,
    uid_part: str = "",
    *,
    asked: tzinfo | None = None,
) -> list[CalendarObject]:
    """Return the objects with an occurrence in `span`, in the order of the index.

    Whole days and floating times are those of each calendar's zone (`zone` where it has none of
    its own), or of the zone `asked` for. Costs what it returns: only endless series outside their
    coverage, and floating times in another zone than the calendar's, are read one by one. In a
    view of less detail nothing is narrowed by `uid_part`: that is for the caller to match.
    """
    if view.is_disguised:
        uid_part = ""  # the UIDs that are asked for are not those of the index
    zones = {source.id: own_zone_of(source) or zone for source in view.sources}
    found = uow.calendars.within(view, span, component, uid_part)
    certain = {item.id for item in found}
    beyond = uow.calendars.beyond(view, span, component, uid_part)
    found += [
        o
        for o in beyond
        if o.id not in certain and occurs(o.text, span, zone=asked or zones[o.calendar_id])
    ]
    if asked is not None and span != Span() and any(z is not asked for z in zones.values()):
        certain = {item.id for item in found if not floats(item.text)}
        wide = uow.calendars.within(view, _widened(span), component, uid_part)
        near = {item.id: item for item in [*found, *wide]}.values()
        found = [
            o
            for o in near
            if o.id in certain or (floats(o.text) and is_in(o.text, span, zone=asked))
        ]
    return list(shown(uow, view, found))


def _widened(span: Span) -> Span:
    """Return a span with every floating time that is in `span` by any other zone's clock."""
    start = None if span.start is None else span.start - WIDEST_OFFSET
    return Span(start, None if span.end is None else span.end + WIDEST_OFFSET)


def busy_times(
    uow: UnitOfWork,
    view: View,
    span: Span,
    profile: Profile,
    *,
    leave_out: int = 0,
    held: HoldsOf | None = None,
) -> list[Occupied]:
    """Return the times in `span`, which has two ends, that are not free, by start.

    Costs what it returns: only endless series outside their coverage are read one by one. Where
    that ends within `span`, occurrences of theirs come twice.
    """
    found = uow.calendars.occupied(view, span, leave_out=leave_out, held=held)
    if len(found) > MOST_BUSY:
        raise TooManyInstances("The range has too many busy times; ask for a shorter one.")
    zones = {source.id: zone_of(source, profile) for source in view.sources}
    for item in uow.calendars.beyond(view, span, "VEVENT"):
        if item.id != leave_out:
            zone = zones[item.calendar_id]
            more = occupies(item.text, span, zone=zone, limits=profile.limits)
            found += [o for o in more if o.busy is not Busy.FREE]
    return sorted(found, key=lambda occurrence: occurrence.start)


def busy_or_away(uow: UnitOfWork, view: View, span: Span, profile: Profile) -> list[Occupied]:
    """Return the times in `span`, which has two ends, at which nobody can be reached, by start:
    those that are taken, and those outside of the availability that stands in the calendars.

    Source: RFC 7953 5.
    """
    taken = busy_times(uow, view, span, profile)
    if not any(_AVAILABILITY in source.components for source in view.sources):
        return taken
    zones = {source.id: zone_of(source, profile) for source in view.sources}
    hours = uow.calendars.within(view, span, _AVAILABILITY)
    away = unavailable(((item.text, zones[item.calendar_id]) for item in hours), span)
    return sorted([*taken, *away], key=lambda occurrence: occurrence.start)


def as_file(uow: UnitOfWork, view: View, profile: Profile, span: Span | None = None) -> str:
    """Return everything in the view as one iCalendar text; with a span, what has a part in it."""
    title = view.calendar.properties.get(DISPLAYNAME, view.calendar.name)
    color = view.calendar.properties.get(COLOR, "")
    if span is None:
        items: Iterable[CalendarObject] = texts(uow, view)
    else:
        items = overlapping(uow, view, span, None, profile.zone)
    return merge((item.text for item in items), title, profile.zone, color)
