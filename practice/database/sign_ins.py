"""Patients who want to sign in by e-mail, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from practice.database.tables import sign_in_links, sign_ins
from practice.sign_ins import SignIn

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

__all__ = ["SqlSignIns"]


class SqlSignIns:
    """The SignIns port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._due = sign_ins.c.due <= now

    def ask(
        self, email: str, about: str, network: str, language: str, due: datetime | None
    ) -> None:
        """See the port."""
        values = {
            "email": email if due is not None else "",
            "about": about,
            "network": network,
            "language": language,
            "asked": self._now,
            "due": due,
            "attempts": 0,
        }
        self._connection.execute(insert(sign_ins), values)

    def count(self, about: str, network: str, since: datetime) -> tuple[int, int]:
        """See the port."""
        asked = sign_ins.c
        columns = [func.count().filter(c) for c in (asked.about == about, asked.network == network)]
        row = self._connection.execute(select(*columns).where(asked.asked > since)).one()
        return int(row[0]), int(row[1])

    def forget(self, before: datetime) -> None:
        """See the port."""
        self._connection.execute(delete(sign_ins).where(sign_ins.c.asked <= before))
        over = sign_in_links.c.until <= self._now
        self._connection.execute(delete(sign_in_links).where(over))

    def due(self) -> bool:
        """See the port."""
        query = select(sign_ins.c.id).where(self._due).limit(1)
        return self._connection.execute(query).first() is not None

    def claim(self, until: datetime) -> SignIn | None:
        """See the port."""
        query = select(sign_ins).where(self._due).order_by(sign_ins.c.due, sign_ins.c.id).limit(1)
        row = self._connection.execute(query.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        taken = _sign_in(row, row.attempts + 1)
        self._keep(taken, due=until, attempts=taken.attempts)
        return taken

    def settle(self, asked: SignIn, due: datetime | None) -> None:
        """See the port."""
        if due is None:
            self._keep(asked, due=None, email="")
        else:
            self._keep(asked, due=due)

    def add_link(self, secret: str, patient_id: int, until: datetime) -> None:
        """See the port."""
        values = {"secret": secret, "patient_id": patient_id, "until": until}
        self._connection.execute(insert(sign_in_links), values)

    def use_link(self, secret: str) -> int | None:
        """See the port."""
        this = sign_in_links.c
        # Of several who use it at once, the row is deleted by one.
        used = delete(sign_in_links).where(this.secret == secret)
        row = self._connection.execute(used.returning(this.patient_id, this.until)).first()
        return row.patient_id if row is not None and row.until > self._now else None

    def _keep(self, asked: SignIn, **values: Any) -> None:
        this = update(sign_ins).where(sign_ins.c.id == asked.id)
        self._connection.execute(this.values(values))


def _sign_in(row: Row[Any], attempts: int) -> SignIn:
    return SignIn(row.id, row.email, row.language, row.asked, attempts)
