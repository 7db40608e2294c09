"""One database, and the transactions on it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from practice.database.accounts import SqlAccounts
from practice.database.appointments import SqlAppointments
from practice.database.calendars import SqlCalendars
from practice.database.commits import commit
from practice.database.faults import translate
from practice.database.feeds import SqlFeeds
from practice.database.glances import Glances
from practice.database.house import SqlHouse
from practice.database.ledger import Ledger
from practice.database.migrate import head_revision, stored_revision, upgrade
from practice.database.outbox import SqlOutbox
from practice.database.patients import SqlPatients
from practice.database.properties import SqlProperties
from practice.errors import DatabaseUnavailable
from practice.footing import HOUSE, Footing
from practice.log import mark_of

if TYPE_CHECKING:
    from datetime import datetime

    from practice.access import Actor
    from practice.calendars import Calendar
    from practice.log import LogState

__all__ = ["SqlDatabase", "SqlUnitOfWork"]

_SWITCHES, _PAUSE = 200, 0.02  # seconds
_BEGIN = {
    ("sqlite", True): "BEGIN",
    ("sqlite", False): "BEGIN IMMEDIATE",
    ("postgresql", True): "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    ("postgresql", False): "BEGIN",
}


class SqlUnitOfWork:
    """One snapshot or transaction. Made by SqlDatabase.begin alone."""

    def __init__(self, connection: Connection, actor: Actor, now: datetime, lock: bool) -> None:
        ledger = Ledger(connection, actor, now, lock)
        self._ledger = ledger
        self.connection = connection
        self.actor = actor
        self.now = now
        self.doomed = False
        self.calendars = SqlCalendars(connection, ledger)
        self.properties = SqlProperties(connection)
        self.appointments = SqlAppointments(connection)
        self.patients = SqlPatients(connection)
        self.accounts = SqlAccounts(connection, now)
        self.outbox = SqlOutbox(connection, ledger)
        self.house = SqlHouse(connection)
        self.feeds = SqlFeeds(connection, now)

    @property
    def epoch(self) -> str:
        """See the port."""
        return self._ledger.epoch

    @property
    def secret(self) -> bytes:
        """See the port."""
        return self._ledger.secret

    def doom(self) -> None:
        """See the port."""
        self.doomed = True

    def log_state(self) -> LogState:
        """See the port."""
        return self._ledger.state

    def footing(self, calendar: Calendar | None) -> Footing:
        """See the port."""
        ledger = self._ledger
        if calendar is None:
            place, number, mark = HOUSE, ledger.number, mark_of(ledger.state.seal)
        else:
            place, number, mark = calendar.id, calendar.number, calendar.mark
        return Footing(place, ledger.outside, ledger.forgotten, number, mark)

    @property
    def written(self) -> LogState | None:
        """Where the log is with what this transaction wrote into it; None if it wrote nothing."""
        return self._ledger.state if self._ledger.has_written else None

    def close(self) -> None:
        """Write what is written once at the end."""
        self._ledger.close()


class SqlDatabase:
    """The Database port over SQLite (a file) or PostgreSQL."""

    def __init__(self, url: str, *, pool_size: int = 10, busy_timeout: float = 10.0) -> None:
        self.dialect = make_url(url).get_backend_name()
        self.engine = _engine(url, self.dialect, pool_size, busy_timeout)
        self._busy_timeout = busy_timeout
        # SQLite lets writers poll for its lock, asleep most of the time; within one process they
        # queue here instead and go on the moment it is free.
        self._writers = threading.Lock() if self.dialect == "sqlite" else None
        self._glances = Glances(self.engine)
        self.glance = self._glances.at
        #: A file of this machine; what reads from it never waits for who writes.
        self.glances_at_once = self.dialect == "sqlite"

    @contextmanager
    def begin(
        self, *, actor: Actor, now: datetime, read_only: bool = False, snapshot: bool = True
    ) -> Iterator[SqlUnitOfWork]:
        """See the port."""
        with self._turn(read_only), self._connected() as connection:
            if read_only and not snapshot:
                yield SqlUnitOfWork(connection, actor, now, lock=False)
                return
            connection.exec_driver_sql(_BEGIN[self.dialect, read_only])
            try:
                unit = SqlUnitOfWork(connection, actor, now, lock=not read_only)
                yield unit
                unit.close()
                keep = not (unit.doomed or read_only)
                if keep:
                    commit(self.engine, connection, unit.written)
                else:
                    connection.exec_driver_sql("ROLLBACK")
            except exc.PendingRollbackError as error:
                # The connection was lost, and whoever was told of it went on.
                raise DatabaseUnavailable("The database does not answer.") from error
            except BaseException:
                _roll_back(connection)
                raise

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            connection = self.engine.connect()
        except exc.TimeoutError as error:
            raise DatabaseUnavailable("All connections to the database are busy.") from error
        with connection:
            yield connection

    @contextmanager
    def _turn(self, read_only: bool) -> Iterator[None]:
        if read_only or self._writers is None:
            yield
            return
        if not self._writers.acquire(timeout=self._busy_timeout):
            raise DatabaseUnavailable("Too many writers are waiting.")
        try:
            yield
        finally:
            self._writers.release()

    def ready(self) -> bool:
        """See the port."""
        with self._connected() as connection:
            return stored_revision(connection) == head_revision()

    def upgrade(self) -> None:
        """Bring the tables to this version; makes them in an empty database."""
        path = self.engine.url.database
        if self.dialect == "sqlite" and path and not Path(path).exists():
            with suppress(OSError):  # opening it will tell
                # Patients are in it: nobody else on the machine may read it.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._connected() as connection:
            upgrade(connection)

    def close(self) -> None:
        """See the port."""
        self._glances.close()
        self.engine.dispose()


def _roll_back(connection: Connection) -> None:
    """Roll back, unless the connection is gone and the database has done so itself."""
    if not connection.invalidated and not connection.closed:
        try:
            connection.exec_driver_sql("ROLLBACK")
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            connection.invalidate()


def _engine(url: str, dialect: str, pool_size: int, busy_timeout: float) -> Engine:
    arguments: dict[str, Any] = {"check_same_thread": False, "timeout": busy_timeout}
    if dialect == "postgresql":
        arguments = {
            "connect_timeout": 5,
            "application_name": "praxis-caldav",
            # A writer that waits longer is told to come back, as on SQLite.
            "options": f"-c lock_timeout={int(busy_timeout * 1000)}",
        }
    # Transactions are begun by hand: each says itself whether it writes.
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=busy_timeout,
        connect_args=arguments,
        hide_parameters=True,  # errors are logged, patients are not
    )
    event.listen(engine, "handle_error", translate)
    if dialect == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    _use_wal(cursor)
    # FULL flushes the log at every commit: what was answered survives a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a new file to its write-ahead log.

    SQLite does not wait for the lock of this one statement: processes that start at once on a
    new file would fail, though the other is done in a moment.
    """
    for _ in range(_SWITCHES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_PAUSE)
    cursor.execute("PRAGMA journal_mode=WAL")
