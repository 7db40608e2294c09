"""Which time is not free, in tables: by the time index and by what is held.

Not here: the objects that take it (`practice.database.finding`), and how the index is asked
(`practice.database.time_index`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Select, bindparam, literal, select, type_coerce, union_all

from practice.database.log import SqlLog
from practice.database.prepared import Prepared
from practice.database.rows import Shape, owned, shape_of, values_of
from practice.database.tables import holds, objects, occurrences
from practice.database.time_index import bounds, overlapping
from practice.facts import Busy, Occupied, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.schedule import HoldsOf
    from practice.views import View

__all__ = ["SqlOccupied"]

_INDEX = Prepared(
    select(occurrences.c.start, occurrences.c.end, occurrences.c.busy)
    .where(occurrences.c.object_id == bindparam("object"))
    .order_by(occurrences.c.start, occurrences.c.end)
)


@lru_cache
def _occupied(shape: Shape, with_holds: bool) -> Prepared:
    """Return the query of occurrences in a span that are not free, and of a doctor's time that is
    held: in one statement, as a booking tool is answered while others wait to write.
    """
    columns = (occurrences.c.start, occurrences.c.end, occurrences.c.busy)
    busy = occurrences.c.busy != int(Busy.FREE)
    others = occurrences.c.object_id != bindparam("left_out")
    parts = (select(*columns).where(part, busy, others) for part in overlapping(shape))
    if shape.own:
        joined = objects.c.id == occurrences.c.object_id
        parts = (owned(part.join(objects, joined), objects, own=True) for part in parts)
    return Prepared(union_all(*parts, *([_held()] if with_holds else [])))


def _held() -> Select[Any]:
    """Return the query of holds of a doctor that are alive, in whole seconds."""
    start, end = (type_coerce(column, BigInteger) for column in (holds.c.start, holds.c.end))
    seconds = (start // 1_000_000, (end + 999_999) // 1_000_000)
    return select(*seconds, literal(int(Busy.BUSY), occurrences.c.busy.type)).where(
        holds.c.doctor_id == bindparam("held_of", type_=BigInteger),
        holds.c.until > bindparam("held_now", type_=holds.c.until.type),
        holds.c.id != bindparam("held_but", type_=BigInteger),
        start < bindparam("span_end", type_=BigInteger) * 1_000_000,
        end > bindparam("span_start", type_=BigInteger) * 1_000_000,
    )


@lru_cache
def _occupied_each(shape: Shape) -> Prepared:
    """Return the query of what is not free in a span, and in which calendar."""
    columns = (occurrences.c.calendar_id, occurrences.c.start, occurrences.c.end)
    busy = occurrences.c.busy != int(Busy.FREE)
    others = occurrences.c.object_id != bindparam("left_out")
    parts = (select(*columns).where(part, busy, others) for part in overlapping(shape))
    return Prepared(union_all(*parts))


class SqlOccupied(SqlLog):
    """The part of the Calendars port that tells which time is taken."""

    def occupied(
        self, view: View, span: Span, *, leave_out: int = 0, held: HoldsOf | None = None
    ) -> list[Occupied]:
        """See the port."""
        values = {**values_of(view), **bounds(span), "left_out": leave_out}
        if held is not None:
            more = {"held_of": held.doctor_id, "held_but": held.but, "held_now": self._ledger.now}
            values |= more
        rows = _occupied(shape_of(view), held is not None).all(self._connection, values)
        return sorted(
            (Occupied(row.start, row.end, Busy(row.busy)) for row in rows), key=lambda o: o.start
        )

    def occupied_each(
        self, view: View, span: Span, *, leave_out: int = 0
    ) -> Mapping[int, list[tuple[int, int]]]:
        """See the port."""
        values = {**values_of(view), **bounds(span), "left_out": leave_out}
        found: dict[int, list[tuple[int, int]]] = {source.id: [] for source in view.sources}
        for calendar_id, start, end in _occupied_each(shape_of(view)).all(self._connection, values):
            found[calendar_id].append((start, end))
        for spans in found.values():
            spans.sort()
        return found

    def index_of(self, object_id: int) -> list[Occupied]:
        """See the port."""
        rows = _INDEX.all(self._connection, {"object": object_id})
        return [Occupied(row.start, row.end, Busy(row.busy)) for row in rows]
