"""Slots kept for somebody who is about to book, in a table."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, select

from practice.database.keeping import store
from practice.database.tables import holds
from practice.details import Held

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from practice.appointments import Slot

__all__ = ["SqlHolds"]

_COLUMNS = [holds.c[field.name] for field in fields(Held)]


class SqlHolds:
    """The Holds port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._alive = holds.c.until > now

    def add(self, held: Held) -> Held:
        """See the port."""
        values = {name: value for name, value in asdict(held).items() if name != "id"}
        return replace(held, id=store(self._connection, holds, 0, values))

    def by_secret(self, secret: str) -> Held | None:
        """See the port."""
        found = self._found(holds.c.secret == secret)
        return found[0] if found else None

    def within(self, slot: Slot) -> list[Held]:
        """See the port."""
        return self._found(holds.c.start < slot.end, holds.c.end > slot.start)

    def count(self, network: str) -> int:
        """See the port."""
        query = select(func.count()).select_from(holds)
        counted = query.where(self._alive, holds.c.network == network)
        return int(self._connection.execute(counted).scalar_one())

    def remove(self, ids: Collection[int]) -> None:
        """See the port."""
        self._connection.execute(delete(holds).where(holds.c.id.in_(ids)))

    def forget(self) -> None:
        """See the port."""
        self._connection.execute(delete(holds).where(~self._alive))

    def _found(self, *conditions: Any) -> list[Held]:
        query = select(*_COLUMNS).where(self._alive, *conditions).order_by(holds.c.id)
        return [Held(*row) for row in self._connection.execute(query)]
