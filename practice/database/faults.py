"""What a database reports, in the practice's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from practice.errors import DatabaseUnavailable, StorageFull

__all__ = ["translated"]

_FULL = ("disk is full", "disk full", "no space left")
#: PostgreSQL classes: connection, resources, shutdown, serialization; read-only after failover.
_LATER = ("08", "53", "57", "40", "25006", "55P03")


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the driver that are nobody's fault into Unavailable; let bugs through."""
    try:
        yield
    except exc.DBAPIError as error:
        text = str(error.orig).lower()
        state = str(getattr(error.orig, "sqlstate", None) or "")
        if state == "53100" or any(sign in text for sign in _FULL):
            raise StorageFull("The disk of the database is full.") from error
        if _passing(error, text, state):
            raise DatabaseUnavailable("The database does not answer.") from error
        raise
    except exc.TimeoutError as error:
        raise DatabaseUnavailable("All connections to the database are busy.") from error


def _passing(error: exc.DBAPIError, text: str, state: str) -> bool:
    if error.connection_invalidated or state.startswith(_LATER):
        return True
    # psycopg tells a connection that broke off without an SQLSTATE; SQLite a lock not got.
    return isinstance(error, exc.OperationalError) and (
        not state and ("sqlite" not in type(error.orig).__module__ or "locked" in text)
    )
