"""What only the practice knows of appointments, in tables, and finding these by it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, and_, case, func, insert, or_, select, tuple_, update

from practice.appointments import Status
from practice.database.patients import SqlPatients
from practice.database.rows import APPOINTMENT, appointment_of
from practice.database.tables import appointments, details, objects, types
from practice.details import Booked, Details, Progress, Question, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from practice.details import Key

__all__ = ["SqlDetails"]

_NAMES = tuple(field.name for field in fields(Details))
_COLUMNS: tuple[Any, ...] = tuple(details.c[name] for name in _NAMES)
_OF = select(*_COLUMNS)
_ORDER = (appointments.c.start, appointments.c.id)
#: As `Details.unknown_of` has it where there is no row.
_SOURCE = func.coalesce(
    details.c.source,
    case((appointments.c.booking_source.is_(None), str(Source.STAFF)), else_=str(Source.ONLINE)),
)


class SqlDetails:
    """The AppointmentDetails port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, appointment_id: int) -> Details | None:
        """See the port."""
        query = _OF.where(details.c.appointment_id == appointment_id)
        row = self._connection.execute(query).first()
        return _details(row) if row else None

    def save(self, kept: Details) -> None:
        """See the port."""
        values = {name: getattr(kept, name) for name in _NAMES}
        values |= {
            "source": str(kept.source),
            "progress": str(kept.progress),
            "procedures": json.dumps(kept.procedures),
        }
        there = update(details).where(details.c.appointment_id == kept.appointment_id)
        if not self._connection.execute(there.values(values)).rowcount:
            self._connection.execute(insert(details).values(values))

    def booked(self, appointment_id: int) -> Booked | None:
        """See the port."""
        found = self._found(_whole().where(appointments.c.id == appointment_id))
        return found[0] if found else None

    def booked_all(self, ids: Collection[int]) -> Mapping[int, Booked]:
        """See the port."""
        found = self._found(_whole().where(appointments.c.id.in_(ids))) if ids else []
        return {one.appointment.id: one for one in found}

    def search(
        self, question: Question, after: Key | None, limit: int, last: Key | None = None
    ) -> list[Booked]:
        """See the port."""
        query = _whole().where(*_asked(question)).order_by(*_ORDER).limit(limit)
        return self._found(_following(query, after, last))

    def horizon(self, question: Question, after: Key | None, most: int) -> Key | None:
        """See the port."""
        if not _is_walked(question):
            return None
        query = select(*_ORDER).where(*_within(question), *_walked(question))
        query = _following(query, after).order_by(*_ORDER).offset(most - 1).limit(1)
        row = self._connection.execute(query).first()
        return None if row is None else (row.start, row.id)

    def to_come(
        self,
        since: datetime | None,
        *,
        doctor_id: int | None = None,
        room_id: int | None = None,
        type_ids: Collection[int] = (),
    ) -> int:
        """See the port."""
        query = select(func.count()).select_from(appointments)
        if type_ids:
            query = query.join(details, details.c.appointment_id == appointments.c.id)
            query = query.where(details.c.type_id.in_(type_ids))
        if doctor_id is not None:
            query = query.where(appointments.c.doctor_id == doctor_id)
        if room_id is not None:
            query = query.where(appointments.c.room_id == room_id)
        if since is not None:
            alive = appointments.c.status != str(Status.CANCELLED)
            query = query.where(alive, appointments.c.start >= since)
        return int(self._connection.execute(query).scalar_one())

    def _found(self, query: Select[Any]) -> list[Booked]:
        found = [_booked(row) for row in self._connection.execute(query)]
        ids = {b.appointment.patient_id for b in found if b.appointment.patient_id is not None}
        people = SqlPatients(self._connection).get(ids) if ids else {}
        return [replace(b, patient=people.get(b.appointment.patient_id or 0)) for b in found]


@lru_cache
def _whole() -> Select[Any]:
    """Return the query of appointments with everything about them."""
    here = and_(
        objects.c.uid == appointments.c.uid, objects.c.calendar_id == appointments.c.calendar_id
    )
    joined = appointments.outerjoin(
        details, details.c.appointment_id == appointments.c.id
    ).outerjoin(objects, here)
    # Some columns of one name are in two tables: they are told apart by where they stand.
    return select(*APPOINTMENT, *_COLUMNS, objects.c.etag, objects.c.owner_id).select_from(joined)


def _following(query: Select[Any], after: Key | None, last: Key | None = None) -> Select[Any]:
    """Return the query for what comes after one key, and up to another."""
    # The first condition each is for the index, which SQLite does not walk by a pair.
    if after is not None:
        query = query.where(appointments.c.start >= after[0], tuple_(*_ORDER) > after)
    if last is not None:
        query = query.where(appointments.c.start <= last[0], tuple_(*_ORDER) <= last)
    return query


def _is_walked(question: Question) -> bool:
    """Tell whether something is asked that has no index: one appointment after the other has to be
    looked at. What has one of its own is found by that, whatever else is asked.
    """
    if question.visit or question.treatment_plan:
        return False
    of_calendars = question.calendars is not None and len(question.calendars) != 1
    asked = (question.kind, question.progress, question.source, question.procedure, question.owner)
    return of_calendars or any(one is not None for one in asked)


def _walked(question: Question) -> list[ColumnElement[bool]]:
    """Return the condition whose index is walked: one with the start in it, if there is any."""
    for column, value in (
        (appointments.c.patient_id, question.patient_id),
        (appointments.c.room_id, question.room_id),
        (appointments.c.doctor_id, question.doctor_id),
        (appointments.c.status, question.status and str(question.status)),
    ):
        if value is not None:
            return [column == value]
    if question.calendars is not None and len(question.calendars) == 1:
        return [appointments.c.calendar_id == question.calendars[0]]
    return []


def _within(question: Question) -> list[ColumnElement[bool]]:
    conditions = []
    if question.since is not None:
        conditions.append(appointments.c.start >= question.since)
    if question.until is not None:
        conditions.append(appointments.c.start < question.until)
    return conditions


def _asked(question: Question) -> list[ColumnElement[bool]]:
    conditions = [
        _same(appointments.c.doctor_id, question.doctor_id),
        _same(appointments.c.room_id, question.room_id),
        _same(appointments.c.patient_id, question.patient_id),
        _same(appointments.c.status, question.status and str(question.status)),
        _same(details.c.visit, question.visit),
        _same(details.c.treatment_plan, question.treatment_plan),
        _same(_SOURCE, question.source and str(question.source)),
    ]
    if question.progress is not None:
        conditions.append(func.coalesce(details.c.progress, "") == str(question.progress))
    if question.procedure is not None:
        # Kept as a list of JSON, in which no part of another name looks like this. LIKE would
        # take small letters for great ones in one database, and not in the other.
        told = json.dumps(question.procedure.strip())
        conditions.append(func.replace(details.c.procedures, told, "") != details.c.procedures)
    conditions += _within(question)
    if question.calendars is not None:
        conditions.append(appointments.c.calendar_id.in_(question.calendars))
    if question.kind is not None:
        conditions.append(_is_of_type(question.kind))
    if question.owner is not None:
        account_id, name = question.owner
        noted = and_(objects.c.owner_id.is_(None), details.c.booked_by == name)
        conditions.append(or_(objects.c.owner_id == account_id, noted))
    return [condition for condition in conditions if condition is not None]


def _is_of_type(type_id: int) -> ColumnElement[bool]:
    """Of what came from a calendar or a booking tool nobody noted the type; it may be named."""
    slug = select(types.c.slug).where(types.c.id == type_id).scalar_subquery()
    named = and_(details.c.type_id.is_(None), appointments.c.kind == slug)
    return or_(details.c.type_id == type_id, named)


def _same(column: Any, value: object) -> Any:
    return None if value is None else column == value


def _details(row: Any) -> Details:
    values = dict(zip(_NAMES, row, strict=True))
    values |= {
        "source": Source(values["source"]),
        "progress": Progress(values["progress"]),
        "procedures": tuple(json.loads(values["procedures"])),
    }
    return Details(**values)


def _booked(row: Any) -> Booked:
    columns = tuple(row)
    appointment = appointment_of(columns[: len(APPOINTMENT)])
    *noted, etag, owner_id = columns[len(APPOINTMENT) :]
    known = Details.unknown_of(appointment) if noted[0] is None else _details(noted)
    return Booked(appointment, known, None, etag, owner_id)
