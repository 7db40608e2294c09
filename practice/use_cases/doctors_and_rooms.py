"""Who works in the practice and where: doctors and rooms made, changed and removed by its people.

Each change is noted among the acts. What appointments need is not removed. Not here: what is
booked with them (`practice.use_cases.offers`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.calendars import CalendarKind
from practice.errors import Invalid, OfferNotFound, StillNeeded
from practice.properties import DISPLAYNAME
from practice.schedule import WorkingHours
from practice.use_cases.entered import entered
from practice.use_cases.house import add_doctor, add_room
from practice.use_cases.setting_acts import note_act, there
from practice.views import View

if TYPE_CHECKING:
    from practice.accounts import Doctor, Room
    from practice.ports import UnitOfWork

__all__ = [
    "change_doctor",
    "change_room",
    "make_doctor",
    "make_room",
    "remove_doctor",
    "remove_room",
]


def make_doctor(uow: UnitOfWork, doctor: Doctor) -> Doctor:
    """Make a doctor and the calendar; raises Invalid, NameTaken or InvalidName."""
    made = add_doctor(uow, _named(doctor))
    note_act(uow, Kind.DOCTOR, made.id, None, made)
    return made


def change_doctor(uow: UnitOfWork, doctor: Doctor) -> Doctor:
    """Change a doctor's name, specialty or hours; the calendar is called like the doctor.

    Raises OfferNotFound or Invalid: the short name stays, it is the calendar's address.
    """
    WorkingHours.parse(doctor.hours)
    before = there(doctor.id, {known.id: known for known in uow.house.doctors()})
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
    note_act(uow, Kind.DOCTOR, saved.id, before, saved)
    return saved


def remove_doctor(uow: UnitOfWork, doctor_id: int) -> None:
    """Remove a doctor who never had anything in the calendar, and the calendar.

    Raises OfferNotFound, or StillNeeded: whoever was here stays, with hours of "" or an exception.
    """
    before = there(doctor_id, {known.id: known for known in uow.house.doctors()})
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
    note_act(uow, Kind.DOCTOR, doctor_id, before, None)


def make_room(uow: UnitOfWork, room: Room) -> Room:
    """Make a room; raises Invalid, NameTaken or InvalidName."""
    made = add_room(uow, replace(room, name=entered("name", room.name, 255, needed=True)))
    note_act(uow, Kind.ROOM, made.id, None, made)
    return made


def change_room(uow: UnitOfWork, room: Room) -> Room:
    """Change a room's name; raises OfferNotFound, Invalid or StillNeeded."""
    before = there(room.id, {known.id: known for known in uow.house.rooms()})
    if before is None:
        raise OfferNotFound("There is no such room.")
    used = any(before.slug in kind.rooms for kind in uow.house.types())
    if used and before.slug != room.slug:
        raise StillNeeded("Appointment types name this room by its short name.")
    saved = uow.house.save_room(replace(room, name=entered("name", room.name, 255, needed=True)))
    note_act(uow, Kind.ROOM, saved.id, before, saved)
    return saved


def remove_room(uow: UnitOfWork, room_id: int) -> None:
    """Remove a room; raises OfferNotFound, or StillNeeded if a type or an appointment to come
    needs it. Those of the past are in no room then, but their calendar objects still say so.
    """
    before = there(room_id, {known.id: known for known in uow.house.rooms()})
    if before is None:
        raise OfferNotFound("There is no such room.")
    if any(before.slug in kind.rooms for kind in uow.house.types()):
        raise StillNeeded("Appointment types need this room.")
    if uow.details.to_come(uow.now, room_id=room_id):
        raise StillNeeded("There are appointments to come in this room.")
    uow.house.remove_room(room_id)
    note_act(uow, Kind.ROOM, room_id, before, None)


def _named(doctor: Doctor) -> Doctor:
    name = entered("name", doctor.name, 255, needed=True)
    return replace(doctor, name=name, specialty=entered("specialty", doctor.specialty, 255))
