"""Alembic, called by the program instead of by hand, and loaded only where it is needed.

A server that starts asks which revision its database is at, and that is one small table.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column, inspect, select, table

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

__all__ = ["head_revision", "stored_revision", "upgrade"]

_MIGRATIONS = Path(__file__).with_name("migrations")
_VERSION = table("alembic_version", column("version_num"))


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


@lru_cache(maxsize=1)
def head_revision() -> str:
    """Return the revision this version of the program needs: that of the last file."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*.py")
    return max(path.name for path in files).partition("_")[0]


def stored_revision(connection: Connection) -> str | None:
    """Return the revision the database is at; None when it is empty."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(select(_VERSION.c.version_num)).scalar()


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision, all in one transaction.

    Several processes may start at once: the second waits, then finds nothing to do.
    """
    from alembic import command  # noqa: PLC0415 - see above

    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # It changes some tables only by making them anew; what refers to them would be in the way.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
    try:
        if not sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5232)")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if sqlite:
            _check_references(connection)
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    else:
        connection.exec_driver_sql("COMMIT")
    finally:
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        message = f"row {broken[1]} of {broken[0]} refers to a row of {broken[2]} that is missing"
        raise RuntimeError(message)
