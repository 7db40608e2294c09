"""What the practice offers, as its people set it: types, categories, other hours, rules, doctors,
rooms.

Each change is noted among the acts. What appointments to come need is not removed; a type is never
removed but retired, since what was booked goes on naming it. Not here: looking any of it up
(`practice.use_cases.offered`).
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from practice.acts import Kind
from practice.appointments import Status
from practice.calendars import CalendarKind, View
from practice.details import Category, Question
from practice.errors import Invalid, OfferNotFound, StillNeeded
from practice.properties import DISPLAYNAME
from practice.schedule import AppointmentType, BookingRules, HoursException, WorkingHours
from practice.schedule.holidays import closed_days
from practice.use_cases.entered import entered
from practice.use_cases.house import add_doctor, add_room

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from practice.accounts import Doctor, Room
    from practice.ports import UnitOfWork

__all__ = [
    "bring_back_type",
    "change_doctor",
    "change_room",
    "make_doctor",
    "make_room",
    "remove_category",
    "remove_doctor",
    "remove_exception",
    "remove_room",
    "retire_type",
    "save_category",
    "save_exception",
    "save_rules",
    "save_type",
]

#: Minutes: nothing that is booked by the minute takes longer than a day, buffers included.
_LONGEST = 24 * 60
#: Bounds of the rules, since a number is easily typed twice.
_MOST = {
    "lead_minutes": 60 * 24 * 90,
    "window_days": 400,
    "late_cancel_hours": 24 * 90,
    "hold_minutes": 60,
}


def save_type(uow: UnitOfWork, kind: AppointmentType) -> AppointmentType:
    """Store an appointment type, new (id 0) or changed; a retired one stays so.

    Raises Invalid, NameTaken, InvalidName, or OfferNotFound for an id that is not there.
    """
    kind = replace(
        kind,
        name=entered("name", kind.name, 255, needed=True),
        name_en=entered("English name", kind.name_en, 255),
        specialty=entered("specialty", kind.specialty, 255),
        color=_color(kind.color),
    )
    if kind.max_minutes + kind.buffer_before + kind.buffer_after > _LONGEST:
        raise Invalid(f"An appointment takes {_LONGEST} minutes at most, buffers included.")
    _known("room", kind.rooms, (room.slug for room in uow.house.rooms()))
    _known("doctor", kind.doctors, (doctor.slug for doctor in uow.house.doctors()))
    if kind.category:
        _known("category", (kind.category,), (c.slug for c in uow.house.categories()))
    active = {known.id: known for known in uow.house.types()}
    retired = {known.id: known for known in uow.house.retired_types()}
    before = _there(kind.id, active | retired)
    if before is not None and before.slug != kind.slug:
        raise Invalid("The short name of a type stays: calendars name it.")
    saved = uow.house.save_type(kind, active=kind.id not in retired)
    _note(uow, Kind.TYPE, saved.id, before, saved)
    return saved


def retire_type(uow: UnitOfWork, type_id: int) -> None:
    """Have a type booked no more; appointments that have it keep it. Raises OfferNotFound."""
    kind = _there(type_id, {known.id: known for known in uow.house.types()})
    if kind is None:
        raise OfferNotFound("There is no such appointment type.")
    uow.house.save_type(kind, active=False)
    uow.acts.note("retired", Kind.TYPE, type_id)


def bring_back_type(uow: UnitOfWork, type_id: int) -> None:
    """Have a retired type booked again; raises OfferNotFound."""
    kind = _there(type_id, {known.id: known for known in uow.house.retired_types()})
    if kind is None:
        raise OfferNotFound("There is no such appointment type.")
    uow.house.save_type(kind, active=True)
    uow.acts.note("brought back", Kind.TYPE, type_id)


def save_category(uow: UnitOfWork, category: Category) -> Category:
    """Store a category, new (id 0) or changed; raises as `save_type` does."""
    name = entered("name", category.name, 255, needed=True)
    category = replace(category, name=name, color=_color(category.color))
    before = _there(category.id, {known.id: known for known in uow.house.categories()})
    used = any(before and kind.category == before.slug for kind in uow.house.types())
    if before is not None and used and before.slug != category.slug:
        raise StillNeeded("Appointment types name this category by its short name.")
    saved = uow.house.save_category(category)
    _note(uow, Kind.CATEGORY, saved.id, before, saved)
    return saved


def remove_category(uow: UnitOfWork, category_id: int) -> None:
    """Remove a category; raises OfferNotFound, or StillNeeded if a type has it."""
    before = _there(category_id, {known.id: known for known in uow.house.categories()})
    if before is None:
        raise OfferNotFound("There is no such category.")
    if any(kind.category == before.slug for kind in uow.house.types()):
        raise StillNeeded("Appointment types have this category.")
    uow.house.remove_category(category_id)
    _note(uow, Kind.CATEGORY, category_id, before, None)


def save_exception(uow: UnitOfWork, exception: HoursException) -> HoursException:
    """Store other hours than usual, new (id 0) or changed; raises Invalid or OfferNotFound.

    Appointments that are then already stay: whoever closes the practice looks for them.
    """
    if exception.doctor_id is not None:
        _refuse_unknown(exception.doctor_id, (doctor.id for doctor in uow.house.doctors()))
    if exception.room_id is not None:
        _refuse_unknown(exception.room_id, (room.id for room in uow.house.rooms()))
    exception = replace(exception, reason=entered("reason", exception.reason, 255))
    before = _there(exception.id, {known.id: known for known in uow.house.exceptions()})
    saved = uow.house.save_exception(exception)
    _note(uow, Kind.EXCEPTION, saved.id, before, saved)
    return saved


def remove_exception(uow: UnitOfWork, exception_id: int) -> None:
    """Remove other hours; raises OfferNotFound, or StillNeeded for extra hours in which there are
    appointments to come.
    """
    before = _there(exception_id, {known.id: known for known in uow.house.exceptions()})
    if before is None:
        raise OfferNotFound("There is no such exception.")
    if before.open and before.span.end > uow.now and _is_used(uow, before):
        raise StillNeeded("There are appointments in these hours.")
    uow.house.remove_exception(exception_id)
    _note(uow, Kind.EXCEPTION, exception_id, before, None)


def save_rules(uow: UnitOfWork, rules: BookingRules) -> None:
    """Set the rules of booking; raises Invalid."""
    for name, most in _MOST.items():
        if getattr(rules, name) > most:
            raise Invalid(f"'{name}' is at most {most}.")
    if not rules.hold_minutes:
        raise Invalid("'hold_minutes' is at least 1.")
    closed_days(rules.land, uow.now.year)  # raises for a Land that there is not
    before = uow.house.rules()
    uow.house.save_rules(rules)
    _note(uow, Kind.RULES, "booking", before, rules)


def make_doctor(uow: UnitOfWork, doctor: Doctor) -> Doctor:
    """Make a doctor and the calendar; raises Invalid, NameTaken or InvalidName."""
    made = add_doctor(uow, _named(doctor))
    _note(uow, Kind.DOCTOR, made.id, None, made)
    return made


def change_doctor(uow: UnitOfWork, doctor: Doctor) -> Doctor:
    """Change a doctor's name, specialty or hours; the calendar is called like the doctor.

    Raises OfferNotFound or Invalid: the short name stays, it is the calendar's address.
    """
    WorkingHours.parse(doctor.hours)
    before = _there(doctor.id, {known.id: known for known in uow.house.doctors()})
    if before is None:
        raise OfferNotFound("There is no such doctor.")
    if before.slug != doctor.slug:
        raise Invalid("The short name of a doctor stays: it is the calendar's address.")
    doctor = _named(doctor)
    saved = uow.house.save_doctor(doctor)
    for calendar in uow.calendars.all():
        named = calendar.properties.get(DISPLAYNAME)
        if calendar.doctor_id == doctor.id and named == before.name != doctor.name:
            called = {**calendar.properties, DISPLAYNAME: doctor.name}
            uow.calendars.set_properties(calendar, called)
    _note(uow, Kind.DOCTOR, saved.id, before, saved)
    return saved


def remove_doctor(uow: UnitOfWork, doctor_id: int) -> None:
    """Remove a doctor who never had anything in the calendar, and the calendar.

    Raises OfferNotFound, or StillNeeded: whoever was here stays, with hours of "" or an exception.
    """
    before = _there(doctor_id, {known.id: known for known in uow.house.doctors()})
    if before is None:
        raise OfferNotFound("There is no such doctor.")
    if uow.accounts.of_doctor(doctor_id):
        raise StillNeeded("The doctor has an account.")
    if any(before.slug in kind.doctors for kind in uow.house.types()):
        raise StillNeeded("Appointment types name this doctor.")
    if uow.details.to_come(None, doctor_id=doctor_id):
        raise StillNeeded("The doctor has appointments, in the past or to come.")
    for calendar in uow.calendars.all():
        if calendar.doctor_id == doctor_id and calendar.kind is CalendarKind.DOCTOR:
            whole = View(calendar, (calendar,), uow.epoch)
            if next(uow.calendars.listing(whole), None) is not None:
                raise StillNeeded("The doctor's calendar is not empty.")
            uow.calendars.drop(calendar)
    uow.house.remove_doctor(doctor_id)
    _note(uow, Kind.DOCTOR, doctor_id, before, None)


def make_room(uow: UnitOfWork, room: Room) -> Room:
    """Make a room; raises Invalid, NameTaken or InvalidName."""
    made = add_room(uow, replace(room, name=entered("name", room.name, 255, needed=True)))
    _note(uow, Kind.ROOM, made.id, None, made)
    return made


def change_room(uow: UnitOfWork, room: Room) -> Room:
    """Change a room's name; raises OfferNotFound, Invalid or StillNeeded."""
    before = _there(room.id, {known.id: known for known in uow.house.rooms()})
    if before is None:
        raise OfferNotFound("There is no such room.")
    used = any(before.slug in kind.rooms for kind in uow.house.types())
    if used and before.slug != room.slug:
        raise StillNeeded("Appointment types name this room by its short name.")
    saved = uow.house.save_room(replace(room, name=entered("name", room.name, 255, needed=True)))
    _note(uow, Kind.ROOM, saved.id, before, saved)
    return saved


def remove_room(uow: UnitOfWork, room_id: int) -> None:
    """Remove a room; raises OfferNotFound, or StillNeeded if a type or an appointment to come
    needs it. Those of the past are in no room then, but their calendar objects still say so.
    """
    before = _there(room_id, {known.id: known for known in uow.house.rooms()})
    if before is None:
        raise OfferNotFound("There is no such room.")
    if any(before.slug in kind.rooms for kind in uow.house.types()):
        raise StillNeeded("Appointment types need this room.")
    if uow.details.to_come(uow.now, room_id=room_id):
        raise StillNeeded("There are appointments to come in this room.")
    uow.house.remove_room(room_id)
    _note(uow, Kind.ROOM, room_id, before, None)


def _named(doctor: Doctor) -> Doctor:
    name = entered("name", doctor.name, 255, needed=True)
    return replace(doctor, name=name, specialty=entered("specialty", doctor.specialty, 255))


def _is_used(uow: UnitOfWork, exception: HoursException) -> bool:
    since = max(exception.span.start, uow.now)
    asked = Question(since, exception.span.end, exception.doctor_id)
    wanted = (replace(asked, status=one) for one in (Status.TENTATIVE, Status.CONFIRMED))
    return any(uow.details.search(one, None, 1) for one in wanted)


def _there(row_id: int, known: Mapping[int, Any]) -> Any:
    """Return what is stored under an id, None for a new one; raises OfferNotFound."""
    if row_id and row_id not in known:
        raise OfferNotFound("There is nothing with this number.")
    return known.get(row_id)


def _refuse_unknown(row_id: int, known: Iterable[int]) -> None:
    if row_id not in set(known):
        raise OfferNotFound("There is no such doctor or room.")


def _known(what: str, slugs: Iterable[str], known: Iterable[str]) -> None:
    there = set(known)
    for slug in slugs:
        if slug not in there:
            raise Invalid(f"The practice has no {what} '{slug}'.")


def _color(text: str) -> str:
    """Return a CSS3 colour name as calendars take it (RFC 7986 5.9)."""
    color = entered("colour", text, 32).lower()
    if color and not (color.isascii() and color.isalpha()):
        raise Invalid("A colour is told by its name, such as 'teal'.")
    return color


def _note(uow: UnitOfWork, kind: Kind, of: object, before: Any, after: Any) -> None:
    """Note what was made, changed or removed; what is the same is no act."""
    if before == after:
        return
    action = "made" if before is None else "removed" if after is None else "changed"
    told = [None if one is None else asdict(one) for one in (before, after)]
    uow.acts.note(action, kind, of, *told)
