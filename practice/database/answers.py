"""Answers that may be given again, in a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from practice.answers import KEPT, GivenAnswer
from practice.database.tables import answers

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["SqlAnswers"]


class SqlAnswers:
    """The Answers port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def find(self, key: str) -> GivenAnswer | None:
        """See the port."""
        young = (answers.c.key == key) & (answers.c.kept >= self._now - KEPT)
        row = self._connection.execute(select(answers).where(young)).first()
        if row is None:
            return None
        return GivenAnswer(row.fingerprint, row.status, json.loads(row.headers), row.body)

    def keep(self, key: str, answer: GivenAnswer) -> None:
        """See the port."""
        self.forget_old()
        values = {
            "key": key,
            "fingerprint": answer.fingerprint,
            "status": answer.status,
            "headers": json.dumps(dict(answer.headers)),
            "body": answer.body,
            "kept": self._now,
        }
        self._connection.execute(insert(answers), values)

    def forget_old(self) -> None:
        """See the port."""
        self._connection.execute(delete(answers).where(answers.c.kept < self._now - KEPT))

    def forget(self) -> int:
        """See the port."""
        return self._connection.execute(delete(answers)).rowcount
