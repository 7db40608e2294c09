"""Connections to a database: how they are made and set up."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from practice.database.faults import translate
from practice.database.prepared import catch_up, command

__all__ = ["engine_of", "roll_back"]

#: Seconds in which processes that start at once on a new file are done with it.
_PATIENCE, _PAUSE = 4.0, 0.02


def engine_of(url: str, dialect: str, pool_size: int, busy_timeout: float) -> Engine:
    """Return an engine; nothing is connected yet."""
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
    else:
        event.listen(engine, "before_execute", _send_what_waits)
    return engine


def roll_back(connection: Connection) -> None:
    """Roll back, unless the connection is gone and the database has done so itself."""
    if not connection.invalidated and not connection.closed:
        try:
            command(connection, "ROLLBACK")
        except Exception:  # noqa: BLE001 - the first error is the one to tell
            connection.invalidate()


def _send_what_waits(connection: Connection, *_: object) -> None:
    """What SQLAlchemy runs itself comes after what waits, as it was said."""
    catch_up(connection)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    _use_wal(cursor)
    # FULL flushes the log at every commit: what was answered survives a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # Else what a savepoint could undo, patients' data too, is put into files in the system's
    # temporary folder, some of which stay there when the process is killed.
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a new file to its write-ahead log.

    SQLite does not always wait for the lock of this one statement: processes that start at once
    on a new file would fail, though the other is done in a moment.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
