"""Appointments, in tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, bindparam, exists, func, insert, or_, select, update

from practice.appointments import Status
from practice.database.prepared import Prepared, only
from practice.database.rows import APPOINTMENT, appointment_of
from practice.database.tables import appointments, details, patients, reminders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from practice.appointments import Appointment, Slot

__all__ = ["SqlAppointments"]

_PLAIN = (
    "uid",
    "calendar_id",
    "doctor_id",
    "room_id",
    "patient_id",
    "kind",
    "insurance",
    "requires_confirmation",
    "booking_source",
    "booking_id",
    "booking_base",
)
_SET = (*_PLAIN, "start", "end", "status")

_OF_ID = Prepared(select(*APPOINTMENT).where(appointments.c.id == bindparam("id")))
_OF_UID = Prepared(select(*APPOINTMENT).where(appointments.c.uid == bindparam("uid")))
_OF_BOOKINGS = select(*APPOINTMENT).where(
    appointments.c.booking_source == bindparam("source"),
    appointments.c.booking_id.in_(bindparam("ids", expanding=True)),
)
_MADE = Prepared(insert(appointments).returning(appointments.c.id), *_SET)
_CHANGED = Prepared(update(appointments).where(appointments.c.id == bindparam("this")), *_SET)
#: Longer than any appointment: so far before a time one is looked for that reaches into it.
_LONGEST = timedelta(days=8)


class SqlAppointments:
    """The Appointments port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, appointment_id: int) -> Appointment | None:
        """See the port."""
        row = _OF_ID.first(self._connection, {"id": appointment_id})
        return appointment_of(row) if row else None

    def by_uid(self, uid: str) -> Appointment | None:
        """See the port."""
        row = _OF_UID.first(self._connection, {"uid": uid})
        return appointment_of(row) if row else None

    def by_booking(self, source: str, ids: Sequence[str]) -> Mapping[str, Appointment]:
        """See the port."""
        rows = self._connection.execute(_OF_BOOKINGS, {"source": source, "ids": ids})
        return {row.booking_id: appointment_of(row) for row in rows}

    def of_source(self, source: str, window: Slot) -> Iterator[Appointment]:
        """See the port."""
        query = select(*APPOINTMENT).where(
            appointments.c.booking_source == source,
            appointments.c.start >= window.start,
            appointments.c.start < window.end,
            appointments.c.status != str(Status.CANCELLED),
        )
        for row in self._connection.execute(query.execution_options(yield_per=500)):
            yield appointment_of(row)

    def of_patient(
        self,
        patient_id: int,
        moment: datetime,
        limit: int,
        after: tuple[datetime, int] | None = None,
        *,
        past: bool = False,
        cancelled: bool = False,
    ) -> list[Appointment]:
        """See the port."""
        this = appointments.c
        ended = this.end <= moment
        query = select(*APPOINTMENT).where(this.patient_id == patient_id, ended if past else ~ended)
        if not cancelled:
            query = query.where(this.status != str(Status.CANCELLED))
        if after is not None:
            start, one = after
            at = this.start == start
            behind = and_(at, this.id < one) if past else and_(at, this.id > one)
            query = query.where(or_(this.start < start if past else this.start > start, behind))
        order = (this.start.desc(), this.id.desc()) if past else (this.start, this.id)
        rows = self._connection.execute(query.order_by(*order).limit(limit))
        return [appointment_of(row) for row in rows]

    def next_of_patients(
        self, patient_ids: Collection[int], moment: datetime
    ) -> Mapping[int, Appointment]:
        """See the port."""
        this = appointments.c
        nth = func.row_number().over(partition_by=this.patient_id, order_by=(this.start, this.id))
        to_come = (
            select(*APPOINTMENT, nth.label("nth"))
            .where(
                this.patient_id.in_(patient_ids),
                this.end > moment,
                this.status != str(Status.CANCELLED),
            )
            .subquery()
        )
        rows = self._connection.execute(select(to_come).where(to_come.c.nth == 1))
        found = (appointment_of(tuple(row)[:-1]) for row in rows)
        return {one.patient_id: one for one in found if one.patient_id is not None}

    def in_rooms(self, room_ids: Collection[int], slot: Slot) -> list[Appointment]:
        """See the port."""
        query = select(*APPOINTMENT).where(appointments.c.room_id.in_(room_ids), _overlapping(slot))
        return [appointment_of(row) for row in self._connection.execute(query)]

    def all_of_patient(self, patient_id: int, slot: Slot | None = None) -> list[Appointment]:
        """See the port."""
        query = select(*APPOINTMENT).where(appointments.c.patient_id == patient_id)
        if slot is not None:
            query = query.where(_overlapping(slot))
        query = query.order_by(appointments.c.start, appointments.c.id)
        return [appointment_of(row) for row in self._connection.execute(query)]

    def of_types(self, type_ids: Collection[int], slot: Slot) -> list[tuple[Appointment, int]]:
        """See the port."""
        query = (
            select(*APPOINTMENT, details.c.type_id)
            .join(details, details.c.appointment_id == appointments.c.id)
            .where(details.c.type_id.in_(type_ids), _overlapping(slot))
        )
        rows = [tuple(row) for row in self._connection.execute(query)]
        return [(appointment_of(row[:-1]), row[-1]) for row in rows]

    def to_remind(self, window: Slot) -> list[Appointment]:
        """See the port."""
        reminded = exists().where(
            reminders.c.appointment_id == appointments.c.id,
            reminders.c.start == appointments.c.start,
        )
        query = (
            select(*APPOINTMENT)
            .join(patients, patients.c.id == appointments.c.patient_id)
            .where(
                appointments.c.start >= window.start,
                appointments.c.start < window.end,
                appointments.c.status == str(Status.CONFIRMED),
                patients.c.reminders.is_not(None),
                ~reminded,
            )
        )
        return [appointment_of(row) for row in self._connection.execute(query)]

    def note_reminded(self, appointment: Appointment) -> None:
        """See the port."""
        values = {"appointment_id": appointment.id, "start": appointment.slot.start}
        self._connection.execute(insert(reminders).values(values))

    def save(self, appointment: Appointment) -> Appointment:
        """See the port."""
        values = {name: getattr(appointment, name) for name in _PLAIN}
        values |= {
            "start": appointment.slot.start,
            "end": appointment.slot.end,
            "status": str(appointment.status),
        }
        if appointment.id:
            _CHANGED.later(self._connection, {**values, "this": appointment.id})
            return appointment
        return replace(appointment, id=only(_MADE.along(self._connection, values)).id)

    def all(self) -> Iterator[Appointment]:
        """See the port."""
        query = select(*APPOINTMENT).order_by(appointments.c.id)
        for row in self._connection.execute(query.execution_options(yield_per=500)):
            yield appointment_of(row)


def _overlapping(slot: Slot) -> ColumnElement[bool]:
    """Return the condition that an appointment is on and takes a part of a slot."""
    return and_(
        appointments.c.status != str(Status.CANCELLED),
        appointments.c.start < slot.end,
        appointments.c.start > slot.start - _LONGEST,
        appointments.c.end > slot.start,
    )
