"""What clients have set of objects, and accounts for themselves, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from practice.database.log import CHUNK
from practice.database.rows import of_view
from practice.database.tables import account_properties, object_properties, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from practice.access import Account
    from practice.calendars import ObjectHead, View

__all__ = ["SqlProperties"]


class SqlProperties:
    """The Properties port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_objects(
        self, view: View, objects_: Sequence[ObjectHead]
    ) -> Mapping[int, Mapping[str, str]]:
        """See the port."""
        table = object_properties
        query = select(table.c.object_id.label("of"), table.c.name, table.c.value)
        if len(objects_) <= CHUNK:
            query = query.where(table.c.object_id.in_([one.id for one in objects_]))
        else:
            joined = objects.c.id == table.c.object_id
            query = query.join(objects, joined).where(of_view(objects, view))
        return _by_owner(self._connection.execute(query))

    def set_of_object(self, object_id: int, properties: Mapping[str, str]) -> None:
        """See the port."""
        table = object_properties
        self._connection.execute(delete(table).where(table.c.object_id == object_id))
        rows = [{"object_id": object_id, "name": n, "value": v} for n, v in properties.items()]
        if rows:
            self._connection.execute(insert(table), rows)

    def of_account(
        self, account: Account, places: Sequence[int] | None = None
    ) -> Mapping[int, Mapping[str, str]]:
        """See the port."""
        table = account_properties
        query = select(table.c.calendar_id.label("of"), table.c.name, table.c.value)
        query = query.where(table.c.account_id == account.id)
        if places is not None:
            query = query.where(table.c.calendar_id.in_(places))
        return _by_owner(self._connection.execute(query))

    def set_of_account(self, account: Account, place: int, properties: Mapping[str, str]) -> None:
        """See the port."""
        table = account_properties
        here = (table.c.account_id == account.id) & (table.c.calendar_id == place)
        self._connection.execute(delete(table).where(here))
        rows = [
            {"account_id": account.id, "calendar_id": place, "name": n, "value": v}
            for n, v in properties.items()
        ]
        if rows:
            self._connection.execute(insert(table), rows)


def _by_owner(rows: Iterable[Any]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.of, {})[row.name] = row.value
    return found
