"""What a database reports, in the practice's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exc

from practice.errors import DatabaseUnavailable, StorageFull

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

__all__ = ["translate"]

_FULL = ("disk is full", "disk full", "no space left", "disk i/o error")
#: What a person can mend, by what the driver says of it.
_TOLD = (
    ("password authentication failed", "The database refuses this user or password."),
    ("unable to open database file", "The database file cannot be opened; is there such a folder?"),
    ("file is not a database", "The database file is not one."),
    ("permission denied", "The database role lacks a right that this needs."),
)
#: PostgreSQL classes: connection, resources, shutdown, serialization; read-only after failover.
_LATER = ("08", "53", "57", "40", "25006", "55P03")


def translate(context: ExceptionContext) -> None:
    """Raise Unavailable for what is nobody's fault; let bugs through. An engine's listener."""
    error = context.sqlalchemy_exception
    if error is None:
        return
    text = str(context.original_exception).lower()
    state = str(getattr(context.original_exception, "sqlstate", None) or "")
    if state == "53100" or any(sign in text for sign in _FULL):
        raise StorageFull("The disk of the database is full.") from context.original_exception
    sentence = next((words for sign, words in _TOLD if sign in text), None)
    if sentence:
        raise DatabaseUnavailable(sentence) from context.original_exception
    if context.is_disconnect or _passing(error, text, state):
        raise DatabaseUnavailable("The database does not answer.") from context.original_exception


def _passing(error: exc.StatementError, text: str, state: str) -> bool:
    if state.startswith(_LATER):
        return True
    # psycopg tells a connection that broke off without an SQLSTATE; SQLite a lock not got.
    of_sqlite = "sqlite" in type(error.orig).__module__
    return isinstance(error, exc.OperationalError) and (
        not state and (not of_sqlite or "locked" in text or "unable to open" in text)
    )
