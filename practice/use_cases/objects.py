"""Putting, deleting and moving calendar objects: every rule that a change must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.access import Account, Role, may_change, may_create, may_delete, may_manage_calendars
from practice.calendar_zone import zone_of
from practice.calendars import UNION_SEPARATOR, CalendarKind, Draft, check_object_name
from practice.errors import (
    NotAllowed,
    ObjectNotFound,
    SlotTaken,
    TargetExists,
    UidChanged,
    UidTaken,
    UnsupportedComponent,
)
from practice.rules import NoDoubleBooking
from practice.use_cases.appointments import object_removed, object_saved
from practice.use_cases.instead_of_taken import instead_of_taken
from practice.use_cases.taken import doctor_is_busy, kept_of_doctor
from practice.vevent import Busy, Facts, Occupied, read
from practice.views import Level, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from practice.calendars import Calendar, CalendarObject, Condition, ObjectHead, Place
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = [
    "Saved",
    "delete",
    "drop_calendar",
    "move",
    "put",
    "refuse_ambiguous_name",
    "refuse_unseen",
]


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved object, and whether it is new."""

    head: ObjectHead
    created: bool


def put(
    uow: UnitOfWork,
    account: Account,
    view: View,
    draft: Draft,
    *,
    condition: Condition,
    profile: Profile,
) -> Saved:
    """Create or overwrite what stands under the name `draft.href` in the view.

    1. The account sees the calendar as it is.
    2. It is the object the client last saw, and the account may do it.
    3. The calendar takes such components, and the UID is not there under another name.
    4. A booking finds its slot free.
    5. Object, appointment and letters change together.
    """
    calendar, href = view.locate(draft.href)
    refuse_unseen(view, calendar)
    check_object_name(href)  # its own name, since the union's is longer
    facts = draft.facts
    place = uow.calendars.place(calendar, href, facts.uid, facts.patient_number)
    head, holders = place.there, place.holders
    _check(condition, head, view)
    allowed = (
        may_change(account, calendar, head.owner_id) if head else may_create(account, calendar)
    )
    if not allowed:
        raise NotAllowed("You may not write this object.")
    _check_place(uow, (view, calendar, href), head, facts)
    _refuse_uid_seen_elsewhere(holders, view, calendar, href)
    by_tool = account.role is Role.BOOKING
    if by_tool:
        _refuse_taken_slot(uow, calendar, facts, place, profile)
    saved = uow.calendars.save(calendar, Draft(href, draft.text, facts), place)
    away = _out_of_reach(uow, account, [h for h in holders if h.calendar_id != calendar.id])
    object_saved(uow, calendar, facts, by_booking_tool=by_tool, out_of_reach=away, place=place)
    return Saved(saved, created=head is None)


def delete(uow: UnitOfWork, account: Account, view: View, name: str, condition: Condition) -> None:
    """Delete what stands under `name` in the view; its appointment is cancelled."""
    calendar, href = view.locate(name)
    refuse_unseen(view, calendar)
    place = uow.calendars.standing(calendar, href)
    item = place.there if place else None
    if item is None or not _visible(item, view):
        raise ObjectNotFound("There is no such object in the calendar.")
    _check(condition, item, view)
    if not may_delete(account, calendar):
        raise NotAllowed("You may not delete this object.")
    uow.calendars.remove(calendar, href, item)
    object_removed(uow, calendar, item.uid, place=place)


def move(
    uow: UnitOfWork,
    account: Account,
    source: tuple[View, str],
    target: tuple[View, str],
    *,
    overwrite: bool,
    condition: Condition,
    profile: Profile,
) -> Saved:
    """Move an object to another name or calendar: one change of the appointment, one message.

    `overwrite` allows an object under the new name to be replaced, if it has the same UID.
    """
    from_calendar, from_href = source[0].locate(source[1])
    to_view, to_name = target
    to_calendar, to_href = to_view.locate(to_name)
    refuse_unseen(source[0], from_calendar)
    refuse_unseen(to_view, to_calendar)
    item = _the_object(uow, *source)
    _check(condition, item, source[0])
    check_object_name(to_href)
    if not (may_delete(account, from_calendar) and may_create(account, to_calendar)):
        raise NotAllowed("You may not move this object there.")
    replaced = uow.calendars.head(to_calendar, to_href)
    if replaced is not None and not overwrite:
        raise TargetExists("There is already an object under the new name.")
    _check_place(uow, (to_view, to_calendar, to_href), replaced, item)
    if (from_calendar.id, from_href) == (to_calendar.id, to_href):
        return Saved(item, created=False)
    if to_view.calendar.kind is CalendarKind.UNION:
        staying = [one for one in uow.calendars.uid_holders(item.uid) if one.id != item.id]
        _refuse_uid_seen_elsewhere(staying, to_view, to_calendar, to_href)
    facts = read(item.text, zone=zone_of(to_calendar, profile), now=uow.now, limits=profile.limits)
    kept = uow.properties.of_objects(source[0], [item]).get(item.id, {})
    uow.calendars.remove(from_calendar, from_href)
    saved = uow.calendars.save(to_calendar, Draft(to_href, item.text, facts, item.owner_id))
    if kept or replaced is not None:
        uow.properties.set_of_object(saved.id, kept)
    object_saved(uow, to_calendar, facts)
    return Saved(saved, created=replaced is None)


def _check_place(
    uow: UnitOfWork,
    place: tuple[View, Calendar, str],
    there: ObjectHead | None,
    new: Facts | ObjectHead,
) -> None:
    """Refuse what the calendar does not take, and a name that stands for something else."""
    view, calendar, href = place
    if new.component not in calendar.components:
        raise UnsupportedComponent(f"The calendar takes {', '.join(calendar.components)} only.")
    if there is None:
        refuse_ambiguous_name(uow, calendar, href)
    elif there.uid != new.uid:  # RFC 4791 5.3.2.1, no-uid-conflict
        raise UidChanged(view.name_of(calendar.id, href))


def drop_calendar(uow: UnitOfWork, account: Account, view: View) -> None:
    """Delete a calendar of no doctor, with what is in it; appointments there are cancelled."""
    if not may_manage_calendars(account):
        raise NotAllowed("You may not delete calendars.")
    if view.calendar.kind is not CalendarKind.PLAIN:
        raise NotAllowed("The main calendar and those of doctors are not deleted over CalDAV.")
    for head in list(uow.calendars.listing(view)):
        uow.calendars.remove(view.calendar, head.href)
        object_removed(uow, view.calendar, head.uid)
    uow.calendars.drop(view.calendar)


def refuse_unseen(view: View, calendar: Calendar) -> None:
    """Refuse a change where the account sees less than everything, before anything is compared:
    the kind of refusal would tell which names and ETags there are.
    """
    if Level.NONE < view.level_of(calendar.id) < Level.READ:
        raise NotAllowed("You may not write this object.")


def _the_object(uow: UnitOfWork, view: View, name: str) -> CalendarObject:
    item = uow.calendars.get(view, [name]).get(name)
    if item is None:
        raise ObjectNotFound("There is no such object in the calendar.")
    return item


def _visible(head: ObjectHead, view: View) -> bool:
    sources = {source.id for source in view.sources if view.shows_all_of(source.id)}
    return head.calendar_id in sources and view.owner_id in {None, head.owner_id}


def _check(condition: Condition, head: ObjectHead | None, view: View) -> None:
    """Hold the condition to what the account sees; what it cannot see is not there for it."""
    seen = head if head is not None and _visible(head, view) else None
    condition.check(seen.etag if seen else None, seen.changed if seen else None)


def refuse_ambiguous_name(uow: UnitOfWork, calendar: Calendar, href: str) -> None:
    """Raise NotAllowed for an object of the union's own that is called like one of a doctor's."""
    prefix, separator, _ = href.partition(UNION_SEPARATOR)
    if separator and calendar.kind is CalendarKind.UNION and uow.calendars.find(prefix):
        raise NotAllowed("This name stands for an object of another calendar.")


def _out_of_reach(
    uow: UnitOfWork, account: Account, holders: Sequence[ObjectHead]
) -> frozenset[int]:
    """Return the calendars with objects the account may not change: a UID that somebody knows
    must not carry an appointment off from there.
    """
    if not holders:
        return frozenset()
    calendars = {calendar.id: calendar for calendar in uow.calendars.all()}
    return frozenset(
        h.calendar_id
        for h in holders
        if not may_change(account, calendars[h.calendar_id], h.owner_id)
    )


def _refuse_uid_seen_elsewhere(
    holders: Sequence[ObjectHead], view: View, calendar: Calendar, href: str
) -> None:
    """Refuse a UID that stands in the calendar under another name, or in another calendar of
    the union: a client that sees all doctors as one calendar must not find one UID twice.

    The other name is told only to those who see it.
    """
    of_union = view.calendar.kind is CalendarKind.UNION
    for holder in holders:
        if (holder.calendar_id, holder.href) == (calendar.id, href):
            continue
        if _visible(holder, view) and (of_union or holder.calendar_id == calendar.id):
            raise UidTaken(view.name_of(holder.calendar_id, holder.href))
        if holder.calendar_id == calendar.id:
            raise UidTaken("")


def _refuse_taken_slot(
    uow: UnitOfWork, calendar: Calendar, facts: Facts, place: Place, profile: Profile
) -> None:
    own_id = place.there.id if place.there else 0
    taken = doctor_is_busy(uow, calendar, facts.occurrences, profile, own_id=own_id)
    if not taken and facts.slot is not None:
        appointment_id = place.appointment.id if place.appointment else 0
        types = uow.house.types_with_buffers()
        kept = kept_of_doctor(uow, calendar.doctor_id, types, facts.slot, appointment_id)
        spans = [Occupied(*span, Busy.BUSY) for span in kept]
        taken = NoDoubleBooking(spans).broken_by(facts.occurrences)
    if taken:
        raise SlotTaken(instead_of_taken(uow, calendar, facts, profile, place))
