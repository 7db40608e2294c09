"""The log and the acts by time, a part at a time, from indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Table, and_, case, literal, or_, select, tuple_

from practice.calendars import ChangeKind
from practice.database.acts import act_of
from practice.database.rows import change_of
from practice.database.tables import Moment, acts, changes
from practice.trail import CALENDAR, OBJECT, Chain, Key, Part, TrailQuestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from practice.acts import Act
    from practice.calendars import Change

__all__ = ["LOOK", "SqlTrail"]

#: Rows looked through at once for those that are asked for: what has no index of its own (who did
#: it, which object) costs no more than that, and the next part goes on from there.
LOOK = 20_000
#: See `practice.trail.action_of`.
_ACTION = case(
    (and_(changes.c.href == "", changes.c.before.is_(None)), str(ChangeKind.CREATED)),
    (and_(changes.c.href == "", changes.c.after.is_(None)), str(ChangeKind.REMOVED)),
    else_=changes.c.kind,
)
_OF_LOG = (
    *(changes.c[name] for name in ("number", "time", "actor", "calendar_id", "href", "uid")),
    _ACTION.label("action"),
)
_OF_ACTS = tuple(acts.c[name] for name in ("number", "time", "actor", "action", "kind", "of"))


class SqlTrail:
    """The Trail port."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def changes(self, asked: TrailQuestion, after: Key | None, limit: int) -> Part[Change]:
        """See the port."""
        if not asked.asks(Chain.LOG):
            return Part(())
        within = _within(changes, Chain.LOG, asked, after)
        rows, looked = self._looked(changes, _OF_LOG, within, _of_log, asked, limit)
        looked_to = Key(looked.time, Chain.LOG.rank, looked.number) if looked else None
        return Part([change_of(row) for row in rows], looked_to)

    def acts(self, asked: TrailQuestion, after: Key | None, limit: int) -> Part[Act]:
        """See the port."""
        if not asked.asks(Chain.ACTS):
            return Part(())
        within = _within(acts, Chain.ACTS, asked, after)
        if asked.kind and asked.of:  # has an index: what was done to one thing is not much
            these = [*within, *_of_acts(acts.c, asked)]
            query = select(acts).where(*these).order_by(*_newest(acts.c)).limit(limit)
            return Part([act_of(row) for row in self._connection.execute(query)])
        rows, looked = self._looked(acts, _OF_ACTS, within, _of_acts, asked, limit)
        looked_to = Key(looked.time, Chain.ACTS.rank, looked.number) if looked else None
        return Part([act_of(row) for row in rows], looked_to)

    def _looked(
        self,
        table: Table,
        columns: Sequence[ColumnElement[Any]],
        within: list[ColumnElement[bool]],
        conditions: Callable[[Any, TrailQuestion], Iterator[ColumnElement[bool]]],
        asked: TrailQuestion,
        limit: int,
    ) -> tuple[list[Any], Any]:
        """Return the first rows that are asked for, and which row was the last looked at, if not
        all were.
        """
        order = _newest(table.c)
        if not (asked.actor or asked.action or asked.kind or asked.of):
            query = select(table).where(*within).order_by(*order).limit(limit)
            return list(self._connection.execute(query)), None
        looked = select(*columns).where(*within).order_by(*order)
        some = looked.limit(LOOK).subquery()
        these = select(some.c.number).where(*conditions(some.c, asked))
        these = these.order_by(*_newest(some.c)).limit(limit)
        query = select(table).where(table.c.number.in_(these)).order_by(*order)
        rows = list(self._connection.execute(query))
        if len(rows) == limit:
            return rows, None
        last = select(table.c.time, table.c.number).where(*within).order_by(*order)
        return rows, self._connection.execute(last.offset(LOOK - 1).limit(1)).first()


def _newest(columns: Any) -> tuple[Any, Any]:
    return columns.time.desc(), columns.number.desc()


def _within(
    table: Table, chain: Chain, asked: TrailQuestion, after: Key | None
) -> list[ColumnElement[bool]]:
    """Return what bounds the rows of a chain: times, and where the part before has ended."""
    found: list[ColumnElement[bool]] = []
    if asked.since is not None:
        found.append(table.c.time >= asked.since)
    if asked.before is not None:
        found.append(table.c.time < asked.before)
    if after is None:
        return found
    if chain.rank == after.rank:
        # As a pair, which an index finds at once however many rows are of one moment.
        end = tuple_(literal(after.time, Moment()), literal(after.number))
        found.append(tuple_(table.c.time, table.c.number) < end)
    elif chain.rank < after.rank:
        found.append(table.c.time <= after.time)
    else:
        found.append(table.c.time < after.time)
    return found


def _of_log(row: Any, asked: TrailQuestion) -> Iterator[ColumnElement[bool]]:
    if asked.actor:
        yield row.actor == asked.actor
    if asked.action:
        yield row.action == asked.action
    if asked.kind == OBJECT:
        yield row.href != ""
    if asked.kind == CALENDAR:
        yield row.href == ""
    if asked.of and asked.kind == CALENDAR:
        known = asked.of.isascii() and asked.of.isdecimal() and len(asked.of) <= 18
        yield row.calendar_id == (int(asked.of) if known else -1)
    elif asked.of:
        yield and_(row.href != "", or_(row.uid == asked.of, row.href == asked.of))


def _of_acts(row: Any, asked: TrailQuestion) -> Iterator[ColumnElement[bool]]:
    if asked.actor:
        yield row.actor == asked.actor
    if asked.action:
        yield row.action == asked.action
    if asked.kind:
        yield row.kind == asked.kind
    if asked.of:
        yield row.of == asked.of
