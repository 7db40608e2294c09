"""The practice's ports over SQLite and PostgreSQL: the only importer of `sqlalchemy`."""

from practice.database.sql_database import SqlDatabase

__all__ = ["SqlDatabase"]
