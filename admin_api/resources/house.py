"""Setting the practice up: its doctors with their hours, and its rooms."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Form, Nothing, Shown
from admin_api.shapes import Line, Name, Slug
from practice.accounts import Doctor, Room
from practice.schedule import USUAL_HOURS
from practice.scopes import Scope
from practice.use_cases.doctors_and_rooms import (
    change_doctor,
    change_room,
    make_doctor,
    make_room,
    remove_doctor,
    remove_room,
)
from practice.use_cases.offered import the_doctor, the_room

__all__ = ["ENDPOINTS"]


class DoctorForm(Form):
    """A doctor; the short name is the calendar's address and stays."""

    slug: Slug
    name: Name
    specialty: Line = Field("", description="One, or several by commas.")
    hours: Line = Field(USUAL_HOURS, description="Working hours; empty: none.")


class DoctorShown(Shown):
    """A doctor."""

    id: int
    slug: str
    name: str
    specialty: str
    hours: str


class DoctorsShown(Shown):
    """All doctors, by short name."""

    items: list[DoctorShown]


class RoomForm(Form):
    """A room or chair."""

    slug: Slug
    name: Name


class RoomShown(Shown):
    """A room or chair."""

    id: int
    slug: str
    name: str


class RoomsShown(Shown):
    """All rooms, by short name."""

    items: list[RoomShown]


def list_doctors(call: Call[Nothing, None]) -> DoctorsShown:
    """Return all doctors."""
    known = call.uow.house.doctors()
    return DoctorsShown(items=[DoctorShown.model_validate(one) for one in known])


def read_doctor(call: Call[Nothing, Any]) -> DoctorShown:
    """Return a doctor."""
    return DoctorShown.model_validate(the_doctor(call.uow, call.path["doctor_id"]))


def add_doctor(call: Call[Nothing, DoctorForm]) -> DoctorShown:
    """Make a doctor, and the calendar."""
    return DoctorShown.model_validate(make_doctor(call.uow, _doctor(call.body)))


def put_doctor(call: Call[Nothing, DoctorForm]) -> DoctorShown:
    """Change a doctor."""
    doctor = _doctor(call.body, call.path["doctor_id"])
    return DoctorShown.model_validate(change_doctor(call.uow, doctor))


def delete_doctor(call: Call[Nothing, None]) -> None:
    """Remove a doctor who never had anything in the calendar."""
    remove_doctor(call.uow, call.path["doctor_id"])


def list_rooms(call: Call[Nothing, None]) -> RoomsShown:
    """Return all rooms."""
    return RoomsShown(items=[RoomShown.model_validate(one) for one in call.uow.house.rooms()])


def read_room(call: Call[Nothing, Any]) -> RoomShown:
    """Return a room."""
    return RoomShown.model_validate(the_room(call.uow, call.path["room_id"]))


def add_room(call: Call[Nothing, RoomForm]) -> RoomShown:
    """Make a room."""
    return RoomShown.model_validate(make_room(call.uow, Room(call.body.slug, call.body.name)))


def put_room(call: Call[Nothing, RoomForm]) -> RoomShown:
    """Change a room."""
    room = Room(call.body.slug, call.body.name, call.path["room_id"])
    return RoomShown.model_validate(change_room(call.uow, room))


def delete_room(call: Call[Nothing, None]) -> None:
    """Remove a room that nothing to come needs."""
    remove_room(call.uow, call.path["room_id"])


def _doctor(form: DoctorForm, doctor_id: int = 0) -> Doctor:
    return Doctor(form.slug, form.name, form.specialty, form.hours, doctor_id)


_SETTINGS = Scope.SETTINGS
_DOCTORS, _ROOMS = "/api/settings/doctors", "/api/settings/rooms"
_DOCTOR, _ROOM = f"{_DOCTORS}/{{doctor_id:id}}", f"{_ROOMS}/{{room_id:id}}"
_HOURS = 'Working hours are told as "mo-fr 08:00-12:00 13:00-17:00", several parts by commas.'
ENDPOINTS = (
    Endpoint("GET", _DOCTORS, list_doctors, "The doctors", _SETTINGS, DoctorsShown),
    Endpoint(
        "POST",
        _DOCTORS,
        add_doctor,
        "Make a doctor and the calendar",
        _SETTINGS,
        DoctorShown,
        body=DoctorForm,
        status=201,
        problems=(409,),
        text=_HOURS,
    ),
    Endpoint("GET", _DOCTOR, read_doctor, "One doctor", _SETTINGS, DoctorShown),
    Endpoint(
        "PUT",
        _DOCTOR,
        put_doctor,
        "Change a doctor",
        _SETTINGS,
        DoctorShown,
        body=DoctorForm,
        current=read_doctor,
        text=_HOURS,
    ),
    Endpoint(
        "DELETE",
        _DOCTOR,
        delete_doctor,
        "Remove a doctor who never had anything in the calendar",
        _SETTINGS,
        problems=(409,),
    ),
    Endpoint("GET", _ROOMS, list_rooms, "The rooms", _SETTINGS, RoomsShown),
    Endpoint(
        "POST",
        _ROOMS,
        add_room,
        "Make a room",
        _SETTINGS,
        RoomShown,
        body=RoomForm,
        status=201,
        problems=(409,),
    ),
    Endpoint("GET", _ROOM, read_room, "One room", _SETTINGS, RoomShown),
    Endpoint(
        "PUT",
        _ROOM,
        put_room,
        "Change a room",
        _SETTINGS,
        RoomShown,
        body=RoomForm,
        current=read_room,
        problems=(409,),
    ),
    Endpoint(
        "DELETE",
        _ROOM,
        delete_room,
        "Remove a room that nothing to come needs",
        _SETTINGS,
        problems=(409,),
    ),
)
