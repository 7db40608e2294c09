"""What the log says of calendars: their changes since a number, and its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, or_, select

from practice.calendars import Change, ChangeKind, Changes, ObjectHead, View
from practice.database.rows import HEAD, change_of, head_of, of_view, owned
from practice.database.tables import changes, objects
from practice.errors import ChangesForgotten
from practice.log import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database.ledger import Ledger

__all__ = ["CHUNK", "SqlLog"]

#: Names in one statement; databases bound the number of parameters.
CHUNK = 500


class SqlLog:
    """The part of the Calendars port that reads the log."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self._connection = connection
        self._ledger = ledger

    def changes_since(self, view: View, number: int, mark: str | None = None) -> Changes:
        """See the port."""
        if number == view.number and mark in {None, view.mark}:
            return Changes(number, (), ())
        if not self._ledger.forgotten <= number <= self._ledger.number or (
            mark is not None and mark != self._mark(number)
        ):
            raise ChangesForgotten("The log does not reach back to this sync-token.")
        columns = (changes.c.calendar_id, changes.c.href, changes.c.kind)
        query = select(*columns).where(
            of_view(changes, view), changes.c.number > number, changes.c.href != ""
        )
        rows = self._connection.execute(owned(query, changes, view).order_by(changes.c.number))
        first: dict[tuple[int, str], str] = {}
        last: dict[tuple[int, str], str] = {}
        for row in rows:
            first.setdefault((row.calendar_id, row.href), row.kind)
            last[row.calendar_id, row.href] = row.kind
        here = [key for key, kind in last.items() if kind != ChangeKind.REMOVED]
        gone = (
            key
            for key, kind in last.items()
            if kind == ChangeKind.REMOVED and first[key] != ChangeKind.CREATED
        )
        return Changes(view.number, tuple(self._heads(here)), tuple(gone))

    def _heads(self, keys: list[tuple[int, str]]) -> Iterator[ObjectHead]:
        for start in range(0, len(keys), CHUNK):
            hrefs: dict[int, list[str]] = {}
            for calendar_id, href in keys[start : start + CHUNK]:
                hrefs.setdefault(calendar_id, []).append(href)
            named = (
                and_(objects.c.calendar_id == calendar_id, objects.c.href.in_(some))
                for calendar_id, some in hrefs.items()
            )
            for row in self._connection.execute(select(*HEAD).where(or_(*named))):
                yield head_of(row)

    def _mark(self, number: int) -> str:
        query = select(changes.c.seal).where(changes.c.number == number)
        seal = self._connection.execute(query).scalar_one_or_none()
        return mark_of(seal) if seal is not None else ""

    def log(self, after: int, limit: int) -> list[Change]:
        """See the port."""
        rows = self._connection.execute(
            select(changes).where(changes.c.number > after).order_by(changes.c.number).limit(limit)
        )
        return [change_of(row) for row in rows]
