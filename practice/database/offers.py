"""What can be booked and when, in tables: types, categories, exceptions, the rules of booking."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from practice.appointments import Slot
from practice.calendars import check_slug
from practice.database.keeping import store
from practice.database.tables import categories, exceptions, preferences, types
from practice.details import Category
from practice.errors import NameTaken
from practice.schedule import AppointmentType, BookingRules, HoursException

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["SqlOffers"]

_RULES = "booking_rules"
_LISTS = ("rooms", "doctors")
_TYPE = tuple(field.name for field in fields(AppointmentType))
_TYPES = select(types).order_by(types.c.slug)
_CATEGORIES = select(categories).order_by(categories.c.slug)
_EXCEPTIONS = select(exceptions).order_by(exceptions.c.start, exceptions.c.id)


class SqlOffers:
    """The part of the House port that says what can be booked and when."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def types(self) -> list[AppointmentType]:
        """See the port."""
        return [_type(r) for r in self._connection.execute(_TYPES.where(types.c.active))]

    def retired_types(self) -> list[AppointmentType]:
        """See the port."""
        return [_type(r) for r in self._connection.execute(_TYPES.where(~types.c.active))]

    def types_with_buffers(self) -> list[AppointmentType]:
        """See the port."""
        kept = (types.c.buffer_before > 0) | (types.c.buffer_after > 0)
        return [_type(r) for r in self._connection.execute(_TYPES.where(kept))]

    def save_type(self, kind: AppointmentType, *, active: bool = True) -> AppointmentType:
        """See the port."""
        values = {name: getattr(kind, name) for name in _TYPE if name != "id"}
        values |= {name: json.dumps(values[name]) for name in _LISTS} | {"active": active}
        return replace(kind, id=self._named(types, kind.id, values))

    def categories(self) -> list[Category]:
        """See the port."""
        rows = self._connection.execute(_CATEGORIES)
        return [Category(r.slug, r.name, r.color, r.id) for r in rows]

    def save_category(self, category: Category) -> Category:
        """See the port."""
        values = {"slug": category.slug, "name": category.name, "color": category.color}
        return replace(category, id=self._named(categories, category.id, values))

    def remove_category(self, category_id: int) -> None:
        """See the port."""
        self._connection.execute(delete(categories).where(categories.c.id == category_id))

    def exceptions(self, since: datetime | None = None) -> list[HoursException]:
        """See the port."""
        query = _EXCEPTIONS if since is None else _EXCEPTIONS.where(exceptions.c.end > since)
        return [
            HoursException(r.id, r.doctor_id, r.room_id, Slot(r.start, r.end), r.open, r.reason)
            for r in self._connection.execute(query)
        ]

    def save_exception(self, exception: HoursException) -> HoursException:
        """See the port."""
        values = {
            "doctor_id": exception.doctor_id,
            "room_id": exception.room_id,
            "start": exception.span.start,
            "end": exception.span.end,
            "open": exception.open,
            "reason": exception.reason,
        }
        return replace(exception, id=store(self._connection, exceptions, exception.id, values))

    def remove_exception(self, exception_id: int) -> None:
        """See the port."""
        self._connection.execute(delete(exceptions).where(exceptions.c.id == exception_id))

    def rules(self) -> BookingRules:
        """See the port."""
        stored = select(preferences.c.value).where(preferences.c.name == _RULES)
        told = json.loads(self._connection.execute(stored).scalar() or "{}")
        known = {field.name for field in fields(BookingRules)}
        return BookingRules(**{name: value for name, value in told.items() if name in known})

    def save_rules(self, rules: BookingRules) -> None:
        """See the port."""
        value = json.dumps(asdict(rules))
        there = update(preferences).where(preferences.c.name == _RULES).values(value=value)
        if not self._connection.execute(there).rowcount:
            self._connection.execute(insert(preferences).values(name=_RULES, value=value))

    def _named(self, table: Table, row_id: int, values: Mapping[str, Any]) -> int:
        """Store what has a slug of its own; return its id."""
        check_slug(values["slug"])
        taken = self._connection.execute(
            select(table.c.id).where(table.c.slug == values["slug"], table.c.id != row_id)
        ).first()
        if taken:
            raise NameTaken(f"There is already one called '{values['slug']}'.")
        return store(self._connection, table, row_id, values)


def _type(row: Any) -> AppointmentType:
    values = {name: getattr(row, name) for name in _TYPE}
    values |= {name: tuple(json.loads(values[name])) for name in _LISTS}
    return AppointmentType(**values)
