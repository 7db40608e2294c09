"""What patients booked themselves, to count by, in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, insert, select, update

from practice.appointments import Status
from practice.database.tables import appointments, self_bookings

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["SqlSelfBookings"]

_THIS = self_bookings.c


class SqlSelfBookings:
    """The SelfBookings port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def add(self, about: str, network: str, appointment_id: int) -> None:
        """See the port."""
        values = {
            "about": about,
            "network": network,
            "appointment_id": appointment_id,
            "booked": self._now,
        }
        self._connection.execute(insert(self_bookings), values)

    def count(self, since: datetime, network: str = "") -> int:
        """See the port."""
        query = select(func.count()).select_from(self_bookings).where(_THIS.booked > since)
        if network:
            query = query.where(_THIS.network == network)
        return int(self._connection.execute(query).scalar_one())

    def to_come(self, about: str) -> int:
        """See the port."""
        joined = self_bookings.join(appointments, appointments.c.id == _THIS.appointment_id)
        query = select(func.count()).select_from(joined)
        alive = appointments.c.status != str(Status.CANCELLED)
        to_come = appointments.c.start > self._now
        found = self._connection.execute(query.where(_THIS.about == about, alive, to_come))
        return int(found.scalar_one())

    def forget(self, before: datetime) -> None:
        """See the port."""
        old = _THIS.booked <= before
        over = select(appointments.c.id).where(
            appointments.c.id == _THIS.appointment_id, appointments.c.start <= self._now
        )
        self._connection.execute(delete(self_bookings).where(old, over.exists()))
        named = update(self_bookings).where(old, _THIS.network != "")
        self._connection.execute(named.values(network=""))
