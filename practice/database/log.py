"""What the log says of calendars: their changes since a number, and its rows."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)

from practice.calendars import Change, ChangeKind, Changes, ObjectHead, Page
from practice.database.ledger import SEAL, Ledger
from practice.database.prepared import Prepared
from practice.database.rows import (
    HEAD,
    Shape,
    change_of,
    head_of,
    of_shape,
    owned,
    shape_of,
    values_of,
)
from practice.database.tables import changes, objects
from practice.errors import ChangesForgotten
from practice.log import mark_of
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from practice.log import LogQuestion

__all__ = ["CHUNK", "SqlLog"]

#: Rows in one go, and names in one statement; databases bound the number of parameters.
CHUNK = 500
#: Writers that waited for each other took their times before: those of the log may go back a bit.
_SKEW = timedelta(minutes=10)


class SqlLog:
    """The part of the Calendars port that is about the log."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self._connection = connection
        self._ledger = ledger

    def changes_since(self, view: View, number: int, mark: str | None = None) -> Changes:
        """See the port."""
        if number == view.number and mark in {None, view.mark}:
            return Changes(number, (), ())
        query = _changes_from(shape_of(view))
        rows = iter(query.all(self._connection, {**values_of(view), "from": number}))
        row, known = next(rows, None), None
        if row is not None and row[0] == number:
            known, row = mark_of(row[1]), next(rows, None)
        self._refuse_forgotten(number, mark, known)
        first: dict[tuple[int, str], str] = {}
        last: dict[tuple[int, str], tuple[str, ObjectHead | None]] = {}
        while row is not None:
            _, _, kind, *key, object_id = row[:6]
            place = (key[0], key[1])
            first.setdefault(place, kind)
            last[place] = kind, None if object_id is None else head_of(row[5:])
            row = next(rows, None)
        here = [h for kind, h in last.values() if kind != ChangeKind.REMOVED and h is not None]
        gone = (
            key
            for key, (kind, _) in last.items()
            if kind == ChangeKind.REMOVED and first[key] != ChangeKind.CREATED
        )
        return Changes(view.number, tuple(here), tuple(gone))

    def changes_page(self, view: View, number: int, mark: str | None, limit: int) -> Page:
        """See the port.

        The log is not walked: what is there is found by its last number, and what is gone by the
        removals whose objects are not there again.
        """
        if number == view.number and mark in {None, view.mark}:
            return Page(number, (), (), view.mark, more=False)
        self._refuse_forgotten(number, mark)
        heads = self._by_number(view, number, self._ledger.number, limit + 1)
        gone = self._removals(view, number, limit + 1)
        merged = sorted([(head.number, head) for head in heads] + gone, key=lambda one: one[0])
        told = merged[:limit]
        if len(merged) <= limit:
            end, mark_of_end = view.number, view.mark
        else:
            end = told[-1][0]
            mark_of_end = self._mark(end)
        return Page(
            end,
            tuple(one for _, one in told if isinstance(one, ObjectHead)),
            tuple(dict.fromkeys(one for _, one in told if isinstance(one, tuple))),
            mark_of_end,
            len(merged) > limit,
        )

    def listing_page(self, view: View, after: int, until: int, limit: int) -> Page:
        """See the port."""
        heads = self._by_number(view, after, until, limit + 1)
        told, more = heads[:limit], len(heads) > limit
        return Page(told[-1].number if more else until, tuple(told), (), "", more)

    def _by_number(self, view: View, after: int, until: int, limit: int) -> list[ObjectHead]:
        """Return the objects of the view that changed last between two numbers, in order."""
        query = _first_by_number(len(view.sources), shape_of(view).own)
        values = {**values_of(view), "after": after, "until": until, "limit": limit}
        rows = query.all(self._connection, values)
        return sorted((head_of(row) for row in rows), key=lambda head: head.number)[:limit]

    def _removals(
        self, view: View, number: int, limit: int
    ) -> list[tuple[int, ObjectHead | tuple[int, str]]]:
        """Return what was removed after a number and is gone, with the numbers, in order."""
        query = _first_removals(len(view.sources), shape_of(view).own)
        values = {**values_of(view), "after": number, "limit": limit}
        rows = query.all(self._connection, values)
        return [(row.number, (row.calendar_id, row.href)) for row in rows]

    def _refuse_forgotten(self, number: int, mark: str | None, known: str | None = None) -> None:
        """Refuse a number that the log does not reach back to, or that had another mark.

        `known` is the mark it has, where that has been read already.
        """
        if not self._ledger.forgotten <= number <= self._ledger.number or (
            mark is not None and mark != (known or self._mark(number))
        ):
            raise ChangesForgotten("The log does not reach back to this sync-token.")

    def _mark(self, number: int) -> str:
        if number == self._ledger.forgotten and self._ledger.forgotten_seal:
            return mark_of(self._ledger.forgotten_seal)
        seal = self._connection.execute(SEAL, {"of": number}).scalar_one_or_none()
        return mark_of(seal) if seal is not None else ""

    def log(self, after: int, limit: int) -> list[Change]:
        """See the port."""
        rows = self._connection.execute(
            select(changes).where(changes.c.number > after).order_by(changes.c.number).limit(limit)
        )
        return [change_of(row) for row in rows]

    def search_log(
        self, question: LogQuestion, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[Change]:
        """See the port."""
        order = changes.c.number.desc() if newest_first else changes.c.number
        query = select(changes).where(*_conditions(question)).order_by(order).limit(limit)
        # Closed by itself only at the end, to which not everybody goes.
        with self._connection.execute(query.execution_options(yield_per=CHUNK)) as rows:
            for row in rows:
                yield change_of(row)

    def number_at(self, moment: datetime) -> int | None:
        """See the port."""
        latest = self._connection.execute(
            select(changes.c.time)
            .where(changes.c.time <= moment)
            .order_by(changes.c.time.desc())
            .limit(1)
        ).scalar_one_or_none()
        if latest is None:
            return None if self._ledger.forgotten else 0
        near = changes.c.time.between(latest - _SKEW, moment)
        return int(
            self._connection.execute(select(func.max(changes.c.number)).where(near)).scalar_one()
        )

    def older_than(self, moment: datetime) -> int:
        """See the port."""
        query = select(func.min(changes.c.number)).where(changes.c.time >= moment)
        first = self._connection.execute(query).scalar_one()
        return int(first) - 1 if first is not None else self._ledger.number

    def forget(self, number: int) -> None:
        """See the port."""
        self._ledger.forget(number)


def _conditions(question: LogQuestion) -> Iterator[ColumnElement[bool]]:
    row = changes.c
    if question.first is not None:
        yield row.number >= question.first
    if question.last is not None:
        yield row.number <= question.last
    if question.actor:
        yield row.actor == question.actor
    if question.since is not None:
        yield row.time >= question.since
    if question.before is not None:
        yield row.time < question.before
    if question.calendars:
        ids = question.calendars
        yield row.calendar_id == ids[0] if len(ids) == 1 else row.calendar_id.in_(ids)
    if question.name:
        yield or_(row.href == question.name, row.uid == question.name)
    if question.calendar_rows:
        yield row.href == ""


@lru_cache
def _changes_from(shape: Shape) -> Prepared:
    """Return the query of what happened to objects of a view after a number, each with the object
    as it is now; before it comes the change of that number, if it is one of the view.
    """
    now = and_(objects.c.calendar_id == changes.c.calendar_id, objects.c.href == changes.c.href)
    number: BindParameter[int] = bindparam("from")
    told = (changes.c.number, changes.c.seal, changes.c.kind, changes.c.calendar_id, changes.c.href)
    query = select(*told, *HEAD).select_from(changes.outerjoin(objects, now))
    asked = or_(and_(changes.c.number > number, changes.c.href != ""), changes.c.number == number)
    query = query.where(of_shape(changes, shape), changes.c.number >= number, asked)
    return Prepared(owned(query, changes, shape.own).order_by(changes.c.number))


@lru_cache
def _first_by_number(sources: int, own: bool) -> Prepared:
    """Return the query of the objects of so many sources that changed first after a number."""
    query = select(*HEAD).where(
        objects.c.number > bindparam("after"), objects.c.number <= bindparam("until")
    )
    return _first_of_each(owned(query, objects, own), objects, sources)


@lru_cache
def _first_removals(sources: int, own: bool) -> Prepared:
    """Return the query of the first removals after a number of what is not there again."""
    there = and_(objects.c.calendar_id == changes.c.calendar_id, objects.c.href == changes.c.href)
    query = select(changes.c.number, changes.c.calendar_id, changes.c.href).where(
        changes.c.number > bindparam("after"),
        changes.c.kind == str(ChangeKind.REMOVED),
        ~owned(select(objects.c.id).where(there), objects, own).exists(),
    )
    return _first_of_each(owned(query, changes, own), changes, sources)


def _first_of_each(query: Select[Any], table: Any, sources: int) -> Prepared:
    """Return the query of the first rows of each source by number, each from its own part of an
    index and no further.
    """
    parts = (
        query.where(table.c.calendar_id == bindparam(f"source_{one}"))
        .order_by("number")
        .limit(bindparam("limit"))
        .subquery()
        for one in range(sources)
    )
    return Prepared(union_all(*(select(part) for part in parts)))
