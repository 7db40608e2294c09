"""What clients have set of objects, and accounts for themselves, in tables."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select

from practice.database.log import CHUNK
from practice.database.rows import Shape, of_shape, shape_of, values_of
from practice.database.tables import account_properties, object_properties, objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from practice.access import Account
    from practice.calendars import ObjectHead
    from practice.views import View

__all__ = ["SqlProperties"]

_OF_OBJECT = select(
    object_properties.c.object_id.label("of"), object_properties.c.name, object_properties.c.value
)
_OF_OBJECTS = _OF_OBJECT.where(
    object_properties.c.object_id.in_(bindparam("objects", expanding=True))
)
_OF_ACCOUNT = select(
    account_properties.c.calendar_id.label("of"),
    account_properties.c.name,
    account_properties.c.value,
).where(account_properties.c.account_id == bindparam("account"))
_OF_PLACES = _OF_ACCOUNT.where(
    account_properties.c.calendar_id.in_(bindparam("places", expanding=True))
)


@lru_cache
def _of_view(shape: Shape) -> Select[Any]:
    joined = objects.c.id == object_properties.c.object_id
    return _OF_OBJECT.join(objects, joined).where(of_shape(objects, shape))


class SqlProperties:
    """The Properties port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_objects(
        self, view: View, objects_: Sequence[ObjectHead]
    ) -> Mapping[int, Mapping[str, str]]:
        """See the port."""
        if len(objects_) <= CHUNK:
            ids = [one.id for one in objects_]
            return _by_owner(self._connection.execute(_OF_OBJECTS, {"objects": ids}))
        query = _of_view(shape_of(view))
        return _by_owner(self._connection.execute(query, values_of(view)))

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
        query = _OF_ACCOUNT if places is None else _OF_PLACES
        values = {"account": account.id, "places": places}
        return _by_owner(self._connection.execute(query, values))

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
