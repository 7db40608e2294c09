"""One database, and the transactions on it."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import exc
from sqlalchemy.engine import make_url

from practice.database.connections import engine_of, roll_back
from practice.database.glances import Glances
from practice.database.known_calendars import KnownCalendars
from practice.database.ledger import Ledger
from practice.database.migrate import head_revision, stored_revision, upgrade
from practice.database.prepared import command
from practice.database.together import Together
from practice.database.unit_of_work import SqlUnitOfWork
from practice.errors import DatabaseUnavailable
from practice.messages import USUAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Connection

    from practice.access import Actor
    from practice.messages import Receiver

__all__ = ["SqlDatabase"]

_SNAPSHOT = {
    "sqlite": "BEGIN",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


class SqlDatabase:
    """The Database port over SQLite (a file) or PostgreSQL."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        busy_timeout: float = 10.0,
        receivers: frozenset[Receiver] = USUAL,
    ) -> None:
        self.dialect = make_url(url).get_backend_name()
        self.engine = engine_of(url, self.dialect, pool_size, busy_timeout)
        self._busy_timeout = busy_timeout
        # SQLite lets writers poll for its lock, asleep most of the time; within one process they
        # queue here instead and go on the moment it is free.
        self._writers = threading.Lock() if self.dialect == "sqlite" else None
        self._glances = Glances(self.engine)
        self._known_calendars = KnownCalendars()
        self._receivers = receivers
        self.glance = self._glances.at
        #: A file of this machine; what reads from it never waits for who writes.
        self.glances_at_once = self.dialect == "sqlite"

    def begin(
        self, *, actor: Actor, now: datetime, read_only: bool = False, snapshot: bool = True
    ) -> AbstractContextManager[SqlUnitOfWork]:
        """See the port."""
        return self._reading(actor, now, snapshot) if read_only else self._alone(actor, now)

    @contextmanager
    def _reading(self, actor: Actor, now: datetime, snapshot: bool) -> Iterator[SqlUnitOfWork]:
        with self._connected() as connection:
            if snapshot:
                command(connection, _SNAPSHOT[self.dialect])
            try:
                ledger = Ledger(
                    connection,
                    actor,
                    now,
                    lock=False,
                    known_calendars=self._known_calendars,
                    receivers=self._receivers,
                )
                yield SqlUnitOfWork(connection, ledger)
                if snapshot:
                    command(connection, "ROLLBACK")
            except exc.PendingRollbackError as error:
                # The connection was lost, and whoever was told of it went on.
                raise DatabaseUnavailable("The database does not answer.") from error
            except BaseException:
                if snapshot:
                    roll_back(connection)
                raise

    @contextmanager
    def _alone(self, actor: Actor, now: datetime) -> Iterator[SqlUnitOfWork]:
        with self.together() as one, one.begin(actor=actor, now=now) as unit:
            yield unit

    @contextmanager
    def together(self) -> Iterator[Together]:
        """See the port."""
        group = Together(self._lent, self._reading, self._known_calendars, self._receivers)
        try:
            yield group
            group.commit()
        finally:
            group.close()

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        with self._turn(), self._connected() as connection:
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            connection = self.engine.connect()
        except exc.TimeoutError as error:
            raise DatabaseUnavailable("All connections to the database are busy.") from error
        with connection:
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writers is None:
            yield
            return
        if not self._writers.acquire(timeout=self._busy_timeout):
            raise DatabaseUnavailable("Too many writers are waiting.")
        try:
            yield
        finally:
            self._writers.release()

    @property
    def file(self) -> Path | None:
        """The file of SQLite, whether it is there or not; PostgreSQL has none."""
        path = self.engine.url.database
        return Path(path) if self.dialect == "sqlite" and path else None

    def ready(self) -> bool:
        """See the port."""
        with self._connected() as connection:
            return stored_revision(connection) == head_revision()

    def upgrade(self) -> None:
        """Bring the tables to this version; makes them in an empty database."""
        path = self.file
        if path is not None and not path.exists():
            with suppress(OSError):  # opening it will tell
                # Patients are in it: nobody else on the machine may read it.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._connected() as connection:
            upgrade(connection)

    def close(self) -> None:
        """See the port."""
        self._glances.close()
        self.engine.dispose()
