"""Doctors and rooms, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from practice.accounts import Doctor, Room
from practice.database.offers import SqlOffers
from practice.database.tables import appointments, doctors, exceptions, holds, rooms

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["SqlHouse"]

_DOCTORS = select(doctors).order_by(doctors.c.slug)
_ROOMS = select(rooms).order_by(rooms.c.slug)


class SqlHouse(SqlOffers):
    """The House port."""

    def doctors(self) -> list[Doctor]:
        """See the port."""
        rows = self._connection.execute(_DOCTORS)
        return [Doctor(r.slug, r.name, r.specialty, r.hours, r.id) for r in rows]

    def rooms(self) -> list[Room]:
        """See the port."""
        rows = self._connection.execute(_ROOMS)
        return [Room(r.slug, r.name, r.id) for r in rows]

    def save_doctor(self, doctor: Doctor) -> Doctor:
        """See the port."""
        values = {
            "slug": doctor.slug,
            "name": doctor.name,
            "specialty": doctor.specialty,
            "hours": doctor.hours,
        }
        made = self._named(doctors, doctor.id, values)
        return Doctor(doctor.slug, doctor.name, doctor.specialty, doctor.hours, made)

    def save_room(self, room: Room) -> Room:
        """See the port."""
        made = self._named(rooms, room.id, {"slug": room.slug, "name": room.name})
        return Room(room.slug, room.name, made)

    def remove_doctor(self, doctor_id: int) -> None:
        """See the port."""
        self._remove(doctors, doctor_id, "doctor_id")

    def remove_room(self, room_id: int) -> None:
        """See the port."""
        in_it = update(appointments).where(appointments.c.room_id == room_id)
        self._connection.execute(in_it.values(room_id=None))
        self._remove(rooms, room_id, "room_id")

    def _remove(self, table: Table, row_id: int, name: str) -> None:
        for other in (exceptions, holds):
            self._connection.execute(delete(other).where(other.c[name] == row_id))
        self._connection.execute(delete(table).where(table.c.id == row_id))
