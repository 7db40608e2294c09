"""Doctors and rooms, in tables."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, Update, bindparam, insert, select, update

from practice.accounts import Doctor, Room
from practice.calendars import check_slug
from practice.database.tables import doctors, rooms
from practice.errors import NameTaken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.sql.dml import ReturningInsert

__all__ = ["SqlHouse", "store"]

_DOCTORS = select(doctors).order_by(doctors.c.slug)
_ROOMS = select(rooms).order_by(rooms.c.slug)


class SqlHouse:
    """The House port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        check_slug(doctor.slug)
        values = {
            "slug": doctor.slug,
            "name": doctor.name,
            "specialty": doctor.specialty,
            "hours": doctor.hours,
        }
        made = self._store(doctors, doctor.id, values)
        return Doctor(doctor.slug, doctor.name, doctor.specialty, doctor.hours, made)

    def save_room(self, room: Room) -> Room:
        """See the port."""
        check_slug(room.slug)
        made = self._store(rooms, room.id, {"slug": room.slug, "name": room.name})
        return Room(room.slug, room.name, made)

    def _store(self, table: Table, row_id: int, values: Mapping[str, Any]) -> int:
        taken = self._connection.execute(
            select(table.c.id).where(table.c.slug == values["slug"], table.c.id != row_id)
        ).first()
        if taken:
            raise NameTaken(f"There is already one called '{values['slug']}'.")
        return store(self._connection, table, row_id, values)


def store(connection: Connection, table: Table, row_id: int, values: Mapping[str, Any]) -> int:
    """Insert a row (id 0) or change the one with this id; return its id."""
    if row_id:
        connection.execute(_changed(table), {**values, "this": row_id})
        return row_id
    return int(connection.execute(_made(table), values).scalar_one())


@lru_cache
def _made(table: Table) -> ReturningInsert[Any]:
    return insert(table).returning(table.c.id)


@lru_cache
def _changed(table: Table) -> Update:
    return update(table).where(table.c.id == bindparam("this"))
