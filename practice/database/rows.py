"""Rows to records, and which rows a view is made of."""

from __future__ import annotations

import json
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam

from practice.appointments import Appointment, Slot, Status
from practice.calendars import (
    Calendar,
    CalendarKind,
    CalendarObject,
    Change,
    ChangeKind,
    ObjectHead,
)
from practice.database.tables import appointments, calendars, objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Row, Select

    from practice.views import View

__all__ = [
    "APPOINTMENT",
    "CALENDAR",
    "HEAD",
    "WHOLE",
    "Shape",
    "appointment_of",
    "calendar_of",
    "change_of",
    "head_of",
    "object_of",
    "of_shape",
    "owned",
    "shape_of",
    "stored",
    "values_of",
]

APPOINTMENT: tuple[Any, ...] = (
    appointments.c.id,
    appointments.c.uid,
    appointments.c.start,
    appointments.c.end,
    appointments.c.status,
    appointments.c.doctor_id,
    appointments.c.calendar_id,
    appointments.c.patient_id,
    appointments.c.room_id,
    appointments.c.kind,
    appointments.c.insurance,
    appointments.c.requires_confirmation,
    appointments.c.booking_source,
    appointments.c.booking_id,
    appointments.c.booking_base,
)
CALENDAR: tuple[Any, ...] = (
    calendars.c.id,
    calendars.c.name,
    calendars.c.kind,
    calendars.c.doctor_id,
    calendars.c.number,
    calendars.c.mark,
    calendars.c.changed,
    calendars.c.components,
    calendars.c.properties,
)
HEAD: tuple[Any, ...] = (
    objects.c.id,
    objects.c.calendar_id,
    objects.c.href,
    objects.c.uid,
    objects.c.component,
    objects.c.etag,
    objects.c.size,
    objects.c.number,
    objects.c.owner_id,
    objects.c.changed,
)
WHOLE: tuple[Any, ...] = (*HEAD, objects.c.text)


class Shape(NamedTuple):
    """What the statements about two views may differ in. Making a statement costs more than
    running it, so each is made once for a shape; a view gives the values (`values_of`).
    """

    sources: int  # calendars it is made of
    own: bool  # one account's objects, not everybody's


def shape_of(view: View) -> Shape:
    """Return the shape of statements about the view."""
    return Shape(len(view.sources), view.owner_id is not None)


def values_of(view: View) -> dict[str, Any]:
    """Return the values of what `of_shape` and `owned` leave open."""
    ids = {f"source_{one}": source.id for one, source in enumerate(view.sources)}
    return {**ids, "owner": view.owner_id}


def of_shape(table: Any, shape: Shape) -> ColumnElement[bool]:
    """Return the condition that a row belongs to a source of the view."""
    calendar: ColumnElement[int] = table.c.calendar_id
    sources = [bindparam(f"source_{one}", type_=calendar.type) for one in range(shape.sources)]
    return calendar == sources[0] if len(sources) == 1 else calendar.in_(sources)


def owned(query: Select[Any], table: Any, own: bool) -> Select[Any]:
    """Narrow a query to what the view may show of its sources."""
    return query.where(table.c.owner_id == bindparam("owner")) if own else query


def calendar_of(row: Any) -> Calendar:
    """Return a row as a record; it begins with CALENDAR."""
    return _calendar(*row[: len(CALENDAR)])


@lru_cache(maxsize=1000)
def _calendar(*columns: Any) -> Calendar:
    """Return the columns of CALENDAR as a record. Every request reads every calendar, and few
    have changed since the last: of the same columns it is made once.
    """
    id_, name, kind, doctor_id, number, mark, changed, components, properties = columns
    return Calendar(
        id=id_,
        name=name,
        kind=CalendarKind(kind),
        doctor_id=doctor_id,
        number=number,
        changed=changed,
        mark=mark,
        components=tuple(components.split(",")),
        properties=MappingProxyType(json.loads(properties)),
    )


def appointment_of(row: Any) -> Appointment:
    """Return a row of APPOINTMENT as a record."""
    id_, uid, start, end, status, doctor_id, calendar_id, *more = row
    return Appointment(uid, Slot(start, end), Status(status), doctor_id, calendar_id, id_, *more)


def head_of(row: Any) -> ObjectHead:
    """Return a row of HEAD as a record."""
    return ObjectHead(*row)


def object_of(row: Any) -> CalendarObject:
    """Return a row of WHOLE as a record."""
    return CalendarObject(*row)


def stored(properties: Mapping[str, str]) -> str:
    """Return properties as they are stored."""
    return json.dumps(dict(properties), ensure_ascii=False, sort_keys=True)


_KINDS = frozenset(map(str, ChangeKind))


def change_of(row: Row[Any]) -> Change:
    """Return a row of the log as a record."""
    return Change(
        number=row.number,
        time=row.time,
        actor=row.actor,
        calendar_id=row.calendar_id,
        href=row.href,
        uid=row.uid,
        kind=ChangeKind(row.kind) if row.kind in _KINDS else ChangeKind.UNKNOWN,
        owner_id=row.owner_id,
        before=row.before,
        after=row.after,
        seal=row.seal,
    )
