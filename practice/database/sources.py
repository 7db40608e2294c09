"""How the booking tools were last asked, and what is done again and again, in tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from practice.database.tables import jobs, sources
from practice.sources import SourceState

if TYPE_CHECKING:
    from datetime import datetime, timedelta

__all__ = ["SqlSources"]


class SqlSources:
    """The Sources port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def all(self) -> list[SourceState]:
        """See the port."""
        return [_state(row) for row in self._connection.execute(select(sources).order_by("name"))]

    def find(self, name: str) -> SourceState:
        """See the port."""
        row = self._connection.execute(select(sources).where(sources.c.name == name)).first()
        return _state(row) if row else SourceState(name)

    def save(self, state: SourceState) -> None:
        """See the port."""
        values = {
            "attempted": state.attempted,
            "succeeded": state.succeeded,
            "error": state.error[:255],
            "counts": json.dumps(dict(state.counts)),
        }
        changed = update(sources).where(sources.c.name == state.name).values(values)
        if not self._connection.execute(changed).rowcount:
            new = insert(sources).values(name=state.name, since=self._now, **values)
            self._connection.execute(new)

    def note_warned(self, name: str, warned: datetime | None) -> None:
        """See the port."""
        this = update(sources).where(sources.c.name == name)
        self._connection.execute(this.values(warned=warned))

    def begin_job(self, name: str, every: timedelta) -> bool:
        """See the port."""
        this = update(jobs).where(jobs.c.name == name)
        due = this.where(jobs.c.begun <= bindparam("before")).values(begun=self._now)
        if self._connection.execute(due, {"before": self._now - every}).rowcount:
            return True
        there = self._connection.execute(select(jobs.c.begun).where(jobs.c.name == name)).first()
        if there is None:
            self._connection.execute(insert(jobs).values(name=name, begun=self._now))
        elif there.begun > self._now:  # the clock was set back
            self._connection.execute(this.values(begun=self._now))
        return there is None


def _state(row: Any) -> SourceState:
    counts = json.loads(row.counts)
    return SourceState(
        row.name, row.attempted, row.succeeded, row.error, counts, row.since, row.warned
    )
