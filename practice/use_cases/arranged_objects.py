"""The calendar objects of appointments that are arranged here: written anew, and changed.

Not here: those of bookings that a tool tells of (`practice.use_cases.booking_objects`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.appointments import Booking, Status
from practice.calendars import Place
from practice.errors import NotInCalendar
from practice.use_cases.booking_event import event_of
from practice.use_cases.booking_objects import BookedObjects
from practice.vevent import revise, summary_of, write

if TYPE_CHECKING:
    from collections.abc import Container

    from practice.appointments import Appointment
    from practice.calendars import CalendarObject, ObjectHead
    from practice.details import Details
    from practice.patients import Patient
    from practice.schedule import AppointmentType
    from practice.use_cases.desk import Desk
    from practice.vevent import Event

__all__ = ["Told", "create", "new_uid", "object_of", "rewrite"]

_STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED"})
_TITLE = frozenset({"SUMMARY"})
#: What in a text tells of what; everything else in it is left as it is.
_TELLS = {
    "slot": frozenset({"DTSTART", "DTEND", "DURATION"}),
    "status": frozenset({"STATUS", "X-REQUIRES-CONFIRMATION"}) | _TITLE,
    "room_id": frozenset({"LOCATION"}),
    "kind": frozenset({"CATEGORIES", "COLOR", "X-APPOINTMENT-TYPE"}) | _TITLE,
    "reason": frozenset({"DESCRIPTION"}),
    "patient_id": frozenset({"ATTENDEE", "X-PATIENT-ID", "X-INSURANCE-TYPE", "DESCRIPTION"})
    | _TITLE,
}


@dataclass(frozen=True, slots=True)
class Told:
    """All that the object of an appointment tells of."""

    appointment: Appointment
    details: Details
    patient: Patient | None
    kind: AppointmentType


def new_uid(desk: Desk) -> str:
    """Return a UID that nobody has."""
    return f"termin-{secrets.token_hex(16)}@{desk.profile.uid_domain}"


def create(desk: Desk, told: Told) -> ObjectHead:
    """Write the object of a new appointment into its calendar."""
    calendar = desk.calendars[told.appointment.calendar_id]
    uid = told.appointment.uid
    text = write(_event(desk, told), desk.profile.zone)
    draft = _objects(desk).draft(calendar, f"{uid.partition('@')[0]}.ics", text)
    place = Place(None, ())  # nobody has the name and the UID: they are random
    return desk.uow.calendars.save(calendar, draft, place)


def object_of(desk: Desk, appointment: Appointment) -> CalendarObject:
    """Return an appointment's object; raises NotInCalendar if it is not there any more."""
    item = _objects(desk).of(appointment)
    if item is None:
        raise NotInCalendar("The appointment is not in the calendar any more.")
    return item


def rewrite(desk: Desk, before: Told, after: Told, item: CalendarObject) -> str:
    """Write into an appointment's object what has changed, in another calendar if that has; return
    its ETag.

    Raises NotInCalendar if it is to have another time and is a series, or takes whole days.
    """
    changed = _changed(before, after)
    was, now = before.appointment, after.appointment
    if not changed and was.calendar_id == now.calendar_id:
        return item.etag
    objects, calendars = _objects(desk), desk.uow.calendars
    old, new = (desk.calendars[one.calendar_id] for one in (was, now))
    told = {name for field in changed for name in _TELLS[field]} | _STAMPS
    event = _event(desk, after)
    if not changed & {"kind", "patient_id"}:
        event = replace(event, summary=_retitled(desk, item.text, now.status))
    text = revise(item.text, event, desk.profile.zone, _AllBut(told))
    href = item.href if new.id == old.id else objects.name_in(new, item)
    draft = replace(objects.draft(new, href, text), owner_id=item.owner_id)
    slot = draft.facts.slot
    if "slot" in changed and (slot is None or slot.start.timestamp() != now.slot.start.timestamp()):
        raise NotInCalendar("A series is changed in the calendar only.")
    if new.id != old.id:
        calendars.remove(old, item.href)
    return calendars.save(new, draft).etag


def _changed(before: Told, after: Told) -> set[str]:
    was, now = before.appointment, after.appointment
    names = {
        name
        for name in ("slot", "status", "room_id", "kind", "patient_id", "insurance")
        if getattr(was, name) != getattr(now, name)
    }
    if was.requires_confirmation != now.requires_confirmation:
        names.add("status")
    if before.details.reason != after.details.reason:
        names.add("reason")
    return names & _TELLS.keys()


class _AllBut:
    """The names of properties that stay as they are."""

    def __init__(self, told: Container[str]) -> None:
        self._told = told

    def __contains__(self, name: object) -> bool:
        return name not in self._told


def _event(desk: Desk, told: Told) -> Event:
    """Return the event that tells an appointment."""
    known, kind, profile = told.appointment, told.kind, desk.profile
    record = told.patient.record if told.patient else None
    category = desk.categories.get(kind.category)
    booking = Booking(
        id="",
        doctor="",
        slot=known.slot,
        status=known.status,
        last_name=record.last_name if record else "",
        first_name=record.first_name if record else "",
        birth_date=record.birth_date if record else "",
        email=record.email if record else "",
        phone=record.phone if record else "",
        insurance=known.insurance or "",
        kind=known.kind or "",
        reason=told.details.reason,
        category=category.name if category else kind.category,
        source=str(told.details.source),
        requires_confirmation=known.requires_confirmation,
    )
    number = told.patient.number if told.patient else ""
    room = desk.rooms.get(known.room_id or 0)
    event = event_of(booking, known.uid, number, room, profile, desk.uow.now)
    name = f"{booking.first_name} {booking.last_name}".strip()
    title = " - ".join(filter(None, (name, kind.name or known.kind or "Termin")))
    prefix = profile.tentative_prefix if known.status is Status.TENTATIVE else ""
    color = kind.color or (category.color if category else "") or event.color
    return replace(event, summary=prefix + title, color=color)


def _retitled(desk: Desk, text: str, status: Status) -> str:
    """Return the title of a text with the mark of a request, or without."""
    prefix = desk.profile.tentative_prefix
    title = summary_of(text).removeprefix(prefix)
    return (prefix if status is Status.TENTATIVE else "") + title


def _objects(desk: Desk) -> BookedObjects:
    by_slug = {room.slug: room for room in desk.rooms.values()}
    return BookedObjects(desk.uow, desk.profile, list(desk.calendars.values()), by_slug)
