"""Where calendars and the house stand now, for answers that are given again.

Saves what a snapshot costs: a connection of its own is kept for this, and one statement is all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, bindparam, select

from practice.database.prepared import Prepared
from practice.database.tables import calendars, house
from practice.footing import HOUSE, Footing
from practice.log import mark_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Glances"]

_STANDING = select(
    house.c.outside,
    house.c.forgotten,
    house.c.number,
    house.c.seal,
    calendars.c.id,
    calendars.c.number,
    calendars.c.mark,
)
_ONE = Prepared(
    _STANDING.select_from(house.outerjoin(calendars, calendars.c.id == bindparam("place")))
)
_SOME = _STANDING.select_from(
    house.outerjoin(calendars, calendars.c.id.in_(bindparam("places", expanding=True)))
)


class Glances:
    """Asked by one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._rows: Sequence[Any] = ()
        self._found: Mapping[int, Footing] = {}

    def at(self, places: Sequence[int]) -> Mapping[int, Footing]:
        """See the port."""
        connection = self._connected()
        try:
            if len(places) == 1:
                rows = _ONE.all(connection, {"place": places[0]})
            else:
                rows = connection.execute(_SOME, {"places": places}).all()
        except BaseException:
            self.close()
            raise
        if rows == self._rows:  # mostly nothing has changed since the last question
            return self._found
        found = {}
        for outside, forgotten, number, seal, place, of_place, mark in rows:
            found[HOUSE] = Footing(HOUSE, outside, forgotten, number, mark_of(seal))
            if place is not None:
                found[place] = Footing(place, outside, forgotten, of_place, mark)
        self._rows, self._found = rows, found
        return found

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.detach()  # the pool's are for those who wait in threads
            if self._engine.dialect.name == "sqlite":
                # Recovering the file after a crash locks it; who asks here has no time to wait.
                self._connection.exec_driver_sql("PRAGMA busy_timeout=0")
        return self._connection

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
