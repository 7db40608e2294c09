"""Feeds, in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, select

from practice.database.keeping import store
from practice.database.tables import feeds
from practice.errors import FeedNotFound
from practice.feeds import Feed
from practice.views import Level

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["SqlFeeds"]


class SqlFeeds:
    """The Feeds port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def all(self) -> list[Feed]:
        """See the port."""
        return [_feed(row) for row in self._connection.execute(select(feeds).order_by(feeds.c.id))]

    def add(self, calendar_id: int, level: Level, label: str, secret: str) -> Feed:
        """See the port."""
        values = {
            "calendar_id": calendar_id,
            "level": int(level),
            "label": label,
            "secret": secret,
            "created": self._now,
        }
        made = store(self._connection, feeds, 0, values)
        return Feed(made, calendar_id, level, label, self._now)

    def by_secret(self, secret: str) -> Feed | None:
        """See the port."""
        row = self._connection.execute(select(feeds).where(feeds.c.secret == secret)).first()
        return _feed(row) if row else None

    def remove(self, feed_id: int) -> None:
        """See the port."""
        done = self._connection.execute(delete(feeds).where(feeds.c.id == feed_id))
        if not done.rowcount:
            raise FeedNotFound(f"There is no feed {feed_id}.")


def _feed(row: Row[Any]) -> Feed:
    return Feed(row.id, row.calendar_id, Level(row.level), row.label, row.created)
