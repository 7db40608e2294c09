"""The counter and the log within one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from practice.calendars import Change, ChangeKind
from practice.database.tables import calendars, changes, house
from practice.log import LogState, mark_of, sealed

if TYPE_CHECKING:
    from datetime import datetime

    from practice.access import Actor

__all__ = ["SEAL", "Ledger"]

_HOUSE = select(house)
_LOCKED_HOUSE = _HOUSE.with_for_update()
_COUNTER_SET = update(house)
_CALENDAR_TOUCHED = update(calendars).where(calendars.c.id == bindparam("this"))
_LOGGED = insert(changes)
#: The seal of one row of the log.
SEAL = select(changes.c.seal).where(changes.c.number == bindparam("of"))


class Ledger:
    """The counter and the log within one transaction.

    A writing transaction reads the counter once, under its lock, counts in memory, and puts the
    last number back when it ends. Every row of the log carries a seal over itself and the row
    before, so that none can be edited, moved or cut out unseen.
    """

    def __init__(self, connection: Connection, actor: Actor, now: datetime, lock: bool) -> None:
        row = connection.execute(_LOCKED_HOUSE if lock else _HOUSE).one()
        self.number: int = row.number
        self.forgotten: int = row.forgotten
        self.forgotten_seal: bytes | None = row.forgotten_seal
        self.epoch: str = row.epoch
        self.secret: bytes = row.secret
        self.actor = actor
        self.now = now
        self._seal: bytes = row.seal
        self._first = row.number
        self._connection = connection
        self._locked = lock
        self._touched: dict[int, tuple[int, str]] = {}

    def append(
        self,
        kind: ChangeKind,
        calendar_id: int,
        *,
        href: str = "",
        uid: str = "",
        owner_id: int,
        before: str | None,
        after: str | None,
    ) -> int:
        """Write one row of the log under the next number; return the number."""
        if not self._locked:
            raise RuntimeError("A snapshot is read-only.")
        self.number += 1
        change = Change(
            number=self.number,
            time=self.now,
            actor=self.actor.name,
            calendar_id=calendar_id,
            href=href,
            uid=uid,
            kind=kind,
            owner_id=owner_id,
            before=before,
            after=after,
        )
        self._seal = sealed(self._seal, change)
        self._connection.execute(
            _LOGGED,
            {
                "number": change.number,
                "time": change.time,
                "actor": change.actor,
                "calendar_id": calendar_id,
                "href": href,
                "uid": uid,
                "kind": str(kind),
                "owner_id": owner_id,
                "before": before,
                "after": after,
                "seal": self._seal,
            },
        )
        self._touched[calendar_id] = (self.number, mark_of(self._seal))
        return self.number

    @property
    def state(self) -> LogState:
        """Where the log is."""
        return LogState(self.number, self.forgotten, self._seal, self.forgotten_seal)

    def forget(self, number: int) -> None:
        """Delete the rows up to a number that has one; its seal is kept for those that follow."""
        self.forgotten_seal = self._connection.execute(SEAL, {"of": number}).scalar_one()
        self.forgotten = number
        self._connection.execute(delete(changes).where(changes.c.number <= number))
        kept = {"forgotten": number, "forgotten_seal": self.forgotten_seal}
        self._connection.execute(update(house).values(**kept))

    def close(self) -> None:
        """Put the counter and the calendars' numbers back."""
        if self.number == self._first:
            return
        self._connection.execute(_COUNTER_SET, {"number": self.number, "seal": self._seal})
        for calendar_id, (number, mark) in self._touched.items():
            self._connection.execute(
                _CALENDAR_TOUCHED,
                {"this": calendar_id, "number": number, "mark": mark, "changed": self.now},
            )
