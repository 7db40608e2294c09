"""Letters, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, insert, select, update

from practice.database.prepared import Prepared
from practice.database.tables import letters
from practice.messages import Message, Receiver

if TYPE_CHECKING:
    from practice.appointments import Appointment
    from practice.database.ledger import Ledger

__all__ = ["SqlOutbox"]

_WAITING, _SUPERSEDED = "waiting", "superseded"

_POSTED = Prepared(
    insert(letters), *(column.key for column in letters.columns if not column.primary_key)
)
_WITHDRAWN = Prepared(
    update(letters)
    .where(letters.c.appointment_id == bindparam("appointment"), letters.c.state == _WAITING)
    .values(state=_SUPERSEDED)
    .returning(letters.c.id, letters.c.before)
)


class SqlOutbox:
    """The Outbox port."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self._connection = connection
        self._ledger = ledger

    def post(self, to: Receiver, message: Message, appointment: Appointment, before: str) -> None:
        """See the port."""
        values = {
            "number": self._ledger.number,
            "posted": self._ledger.now,
            "to": str(to),
            "message": str(message),
            "appointment_id": appointment.id,
            "state": _WAITING,
            "before": before,
        }
        _POSTED.later(self._connection, values)

    def withdraw(self, appointment_id: int) -> str | None:
        """See the port."""
        rows = _WITHDRAWN.along(self._connection, {"appointment": appointment_id})
        return min(rows, key=lambda row: row.id).before if rows else None

    def waiting(self) -> list[tuple[Receiver, Message, int]]:
        """See the port."""
        columns = (letters.c.to, letters.c.message, letters.c.appointment_id)
        rows = self._connection.execute(
            select(*columns).where(letters.c.state == _WAITING).order_by(letters.c.id)
        )
        return [(Receiver(row.to), Message(row.message), row.appointment_id) for row in rows]
