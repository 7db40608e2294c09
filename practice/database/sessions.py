"""Sessions, in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from practice.database.tables import sessions
from practice.sessions import LONGEST, Session, Way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["SqlSessions"]


class SqlSessions:
    """The Sessions port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def begin(
        self,
        secret: str,
        *,
        account_id: int | None,
        patient_id: int | None,
        network: str = "",
        way: Way = Way.UNKNOWN,
    ) -> Session:
        """See the port."""
        self._connection.execute(delete(sessions).where(sessions.c.begun < self._now - LONGEST))
        session = Session(account_id, patient_id, self._now, self._now, network, way)
        values = {
            "secret": secret,
            "account_id": account_id,
            "patient_id": patient_id,
            "begun": self._now,
            "used": self._now,
            "network": network,
            "way": str(way),
        }
        self._connection.execute(insert(sessions), values)
        return session

    def find(self, secret: str) -> Session | None:
        """See the port."""
        row = self._connection.execute(
            select(sessions).where(sessions.c.secret == secret)
        ).one_or_none()
        return None if row is None else _session(row)

    def of(self, account_id: int) -> Mapping[str, Session]:
        """See the port."""
        theirs = select(sessions).where(sessions.c.account_id == account_id)
        return {row.secret: _session(row) for row in self._connection.execute(theirs)}

    def note_used(self, secret: str) -> None:
        """See the port."""
        this = sessions.c.secret == secret
        self._connection.execute(update(sessions).where(this).values(used=self._now))

    def end(self, secret: str) -> bool:
        """See the port."""
        this = sessions.c.secret == secret
        return self._connection.execute(delete(sessions).where(this)).rowcount > 0

    def end_all(self, *, account_id: int | None = None, patient_id: int | None = None) -> int:
        """See the port."""
        theirs = (
            sessions.c.account_id == account_id
            if account_id is not None
            else sessions.c.patient_id == patient_id
        )
        return self._connection.execute(delete(sessions).where(theirs)).rowcount


def _session(row: Any) -> Session:
    told = row.account_id, row.patient_id, row.begun, row.used, row.network, Way(row.way)
    return Session(*told)
