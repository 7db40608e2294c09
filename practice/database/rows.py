"""Rows to records, and which rows a view is made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from practice.calendars import (
    Calendar,
    CalendarKind,
    CalendarObject,
    Change,
    ChangeKind,
    ObjectHead,
)
from practice.database.tables import objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Row, Select

    from practice.calendars import View

__all__ = [
    "HEAD",
    "WHOLE",
    "calendar_of",
    "change_of",
    "head_of",
    "object_of",
    "of_view",
    "owned",
    "stored",
]

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


def of_view(table: Any, view: View) -> ColumnElement[bool]:
    """Return the condition that a row belongs to a source of the view."""
    ids = [source.id for source in view.sources]
    condition: ColumnElement[bool] = (
        table.c.calendar_id == ids[0] if len(ids) == 1 else table.c.calendar_id.in_(ids)
    )
    return condition


def owned(query: Select[Any], table: Any, view: View) -> Select[Any]:
    """Narrow a query to what the view may show of its sources."""
    return query if view.owner_id is None else query.where(table.c.owner_id == view.owner_id)


def calendar_of(row: Row[Any]) -> Calendar:
    """Return a row as a record."""
    return Calendar(
        id=row.id,
        name=row.name,
        kind=CalendarKind(row.kind),
        doctor_id=row.doctor_id,
        number=row.number,
        changed=row.changed,
        mark=row.mark,
        components=tuple(row.components.split(",")),
        properties=json.loads(row.properties),
    )


def head_of(row: Any) -> ObjectHead:
    """Return a row of HEAD as a record."""
    return ObjectHead(*row)


def object_of(row: Any) -> CalendarObject:
    """Return a row of WHOLE as a record."""
    return CalendarObject(*row)


def stored(properties: Mapping[str, str]) -> str:
    """Return properties as they are stored."""
    return json.dumps(dict(properties), ensure_ascii=False, sort_keys=True)


def change_of(row: Row[Any]) -> Change:
    """Return a row of the log as a record."""
    return Change(
        number=row.number,
        time=row.time,
        actor=row.actor,
        calendar_id=row.calendar_id,
        href=row.href,
        uid=row.uid,
        kind=ChangeKind(row.kind),
        owner_id=row.owner_id,
        before=row.before,
        after=row.after,
        seal=row.seal,
    )
