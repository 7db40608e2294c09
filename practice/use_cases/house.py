"""Setting the practice up: the main calendar, doctors with their calendars, rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.accounts import Doctor, Room
from practice.calendars import CalendarKind
from practice.properties import COLOR, DESCRIPTION, DISPLAYNAME
from practice.schedule import WorkingHours

if TYPE_CHECKING:
    from practice.ports import UnitOfWork

__all__ = ["add_doctor", "add_room", "ensure_main_calendar"]

_COLORS = ("#1F77B4FF", "#2CA02CFF", "#9467BDFF", "#D62728FF", "#8C564BFF", "#17BECFFF")


def ensure_main_calendar(uow: UnitOfWork, name: str, title: str) -> bool:
    """Make the union calendar unless there is one; tell whether it was made."""
    if any(calendar.kind is CalendarKind.UNION for calendar in uow.calendars.all()):
        return False
    properties = {DISPLAYNAME: title, COLOR: "#555555FF"}
    uow.calendars.create(name, CalendarKind.UNION, properties, None)
    return True


def add_doctor(uow: UnitOfWork, doctor: Doctor) -> Doctor:
    """Add a doctor and the doctor's calendar; raises NameTaken, InvalidName or Invalid."""
    WorkingHours.parse(doctor.hours)
    made = uow.house.save_doctor(doctor)
    count = len(uow.house.doctors())
    properties = {
        DISPLAYNAME: doctor.name,
        COLOR: _COLORS[count % len(_COLORS)],
    }
    if doctor.specialty:
        properties[DESCRIPTION] = doctor.specialty
    uow.calendars.create(doctor.slug, CalendarKind.DOCTOR, properties, made.id)
    return made


def add_room(uow: UnitOfWork, room: Room) -> Room:
    """Add a room; raises NameTaken or InvalidName."""
    return uow.house.save_room(room)
