"""Transactions of one thread that are committed at once: one lock, one commit, one flush for all.

Each has a savepoint instead of a transaction, so that it still takes effect as a whole or not at
all, and the counter and the numbers of the calendars are put back once for all of them. What it
saves stands in `caldav_server.batches`; one alone runs the statements it always did.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

from sqlalchemy import exc

from practice.database.commits import commit, refuse_failed
from practice.database.connections import roll_back
from practice.database.ledger import Ledger
from practice.database.prepared import command, send
from practice.database.unit_of_work import SqlUnitOfWork
from practice.errors import DatabaseUnavailable, PracticeError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Connection

    from practice.access import Actor
    from practice.database.known_calendars import KnownCalendars
    from practice.messages import Receiver

__all__ = ["Together"]

_BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}
_LOST = "The database does not answer."


def _is_answer(error: Exception) -> bool:
    """Tell whether an error says something of the practice, and nothing of the database."""
    return isinstance(error, PracticeError) and not isinstance(error, Unavailable)


class Together:
    """Made by SqlDatabase.together alone.

    `lend` gives a connection that may write; `read` opens a unit that reads on another one.
    """

    def __init__(
        self,
        lend: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[Actor, datetime, bool], AbstractContextManager[SqlUnitOfWork]],
        known_calendars: KnownCalendars,
        receivers: frozenset[Receiver],
    ) -> None:
        self._known_calendars = known_calendars
        self._receivers = receivers
        self._lend = lend
        self._read = read
        self._lent = ExitStack()
        self._connection: Connection | None = None
        self._last: Ledger | None = None
        self._units = 0
        self._committed = False
        self._failure: Unavailable | None = None

    @property
    def failed(self) -> bool:
        """See the port."""
        return self._failure is not None

    @contextmanager
    def begin(
        self, *, actor: Actor, now: datetime, read_only: bool = False, snapshot: bool = True
    ) -> Iterator[SqlUnitOfWork]:
        """See the port of a database."""
        if self._failure is not None:
            raise self._failure
        try:
            with self._unit(actor, now, read_only, snapshot) as unit:
                yield unit
        except exc.PendingRollbackError as error:
            # The connection was lost, and whoever was told of it went on.
            self._failure = DatabaseUnavailable(_LOST)
            raise self._failure from error
        except Exception as error:
            if isinstance(error, DatabaseUnavailable):
                self._failure = error
            elif read_only and self._connection is not None and not _is_answer(error):
                self._failure = DatabaseUnavailable(_LOST)  # its transaction is that of all
            raise

    def _unit(
        self, actor: Actor, now: datetime, read_only: bool, snapshot: bool
    ) -> AbstractContextManager[SqlUnitOfWork]:
        connection, last = self._connection, self._last
        if not read_only:
            if connection is None or last is None:
                return self._first(actor, now)
            return self._next(connection, actor, now)
        if connection is None:
            return self._read(actor, now, snapshot)
        return nullcontext(
            SqlUnitOfWork(connection, self._ledger(connection, actor, now, lock=False))
        )

    def _ledger(self, connection: Connection, actor: Actor, now: datetime, *, lock: bool) -> Ledger:
        return Ledger(
            connection,
            actor,
            now,
            lock=lock,
            known_calendars=self._known_calendars,
            receivers=self._receivers,
            after=self._last,
        )

    @contextmanager
    def _first(self, actor: Actor, now: datetime) -> Iterator[SqlUnitOfWork]:
        """Open the unit that begins the transaction; without it, there is none."""
        connection = self._connection = self._lent.enter_context(self._lend())
        kept = False
        try:
            command(connection, _BEGIN[connection.dialect.name])
            unit = SqlUnitOfWork(connection, self._ledger(connection, actor, now, lock=True))
            yield unit
            if not unit.doomed:
                send(connection)
                kept = True
        finally:
            if kept:
                self._last = unit.ledger
            else:
                self.close()

    @contextmanager
    def _next(self, connection: Connection, actor: Actor, now: datetime) -> Iterator[SqlUnitOfWork]:
        """Open a unit after others, which stay if it fails."""
        made = False
        self._units += 1
        try:
            # Of a name of its own: one that was not made undoes nothing of another unit.
            command(connection, f"SAVEPOINT unit_{self._units}")
            made = True
            unit = SqlUnitOfWork(connection, self._ledger(connection, actor, now, lock=True))
            yield unit
            if not unit.doomed:
                send(connection)
        except BaseException as error:
            self._roll_back_one(connection, made, error)
            raise
        if unit.doomed:
            self._roll_back_one(connection, made, None)
        else:
            self._last = unit.ledger

    def _roll_back_one(
        self, connection: Connection, made: bool, error: BaseException | None
    ) -> None:
        """Roll back to the savepoint; where that is not to be had, give all of it up."""
        try:
            if not made or connection.invalidated:
                raise DatabaseUnavailable(_LOST)
            command(connection, f"ROLLBACK TO SAVEPOINT unit_{self._units}")
            refuse_failed(connection)
        except Exception as gone:  # noqa: BLE001 - SQLite undoes all of it when the disk is full
            told = next((one for one in (error, gone) if isinstance(one, Unavailable)), None)
            self._failure = told or DatabaseUnavailable(_LOST)

    def commit(self) -> None:
        """Make all of it durable, or nothing; raises what has failed."""
        if self._failure is not None:
            raise self._failure
        connection, last = self._connection, self._last
        if connection is None or last is None:
            return
        try:
            refuse_failed(connection)
            last.close()
            commit(connection, last.state if last.has_written else None)
        except exc.PendingRollbackError as error:
            raise DatabaseUnavailable(_LOST) from error
        self._committed = True
        last.keep_calendars()

    def close(self) -> None:
        """Give the connection back; what was not committed is undone."""
        connection, self._connection = self._connection, None
        if connection is not None and not self._committed:
            roll_back(connection)
        self._lent.close()
