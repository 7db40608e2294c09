"""Commits whose answer was lost on the way: the log tells whether they were made.

Not here: what the database refused, which was not made. A transaction that wrote nothing into the
log cannot be found again, and counts as not made.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, select, text

from practice.database.prepared import command
from practice.database.tables import changes, house
from practice.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from practice.log import LogState

__all__ = ["commit", "refuse_failed"]

#: Seconds that a database gets to come back, which mostly it does in one or two. Only the one
#: writer that had the counter's lock waits for it.
_PATIENCE, _PAUSE = 6.0, 0.1


def refuse_failed(connection: Connection) -> None:
    """Raise DatabaseUnavailable if a statement of the transaction has failed, and nobody said so:
    PostgreSQL takes its COMMIT for a ROLLBACK then, and does not say so either.
    """
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" and driver.info.transaction_status.name == "INERROR":
        raise DatabaseUnavailable("The database refused a part of this.")


def commit(connection: Connection, written: LogState | None) -> None:
    """Commit; `written` is where the log is with this transaction's rows, None if it has none.

    Raises DatabaseUnavailable if it was not made, or if nobody could be asked in time.
    """
    try:
        command(connection, "COMMIT")
    except DatabaseUnavailable:
        if (
            written is None
            or not connection.invalidated
            or not _was_made(connection.engine, written)
        ):
            raise


def _was_made(engine: Engine, written: LogState) -> bool:
    """Look for the transaction's last row; no other row has its seal."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with engine.connect() as other:
                return _is_logged(other, written)
        except (DatabaseUnavailable, exc.TimeoutError):
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _is_logged(connection: Connection, written: LogState) -> bool:
    connection.execute(text("BEGIN"))
    # The old connection's process may be committing still; it holds this lock until it is done.
    connection.execute(select(house.c.number).with_for_update())
    query = select(changes.c.seal).where(changes.c.number == written.number)
    seal = connection.execute(query).scalar()
    connection.execute(text("ROLLBACK"))
    return seal == written.seal
