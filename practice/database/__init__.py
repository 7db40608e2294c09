"""The practice's ports over SQLite and PostgreSQL: the only importer of `sqlalchemy`."""

from practice.database.unit_of_work import SqlDatabase

__all__ = ["SqlDatabase"]
