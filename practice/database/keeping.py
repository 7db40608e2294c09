"""Rows that have an id: inserted, or changed where they are."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, Update, bindparam, insert, update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.sql.dml import ReturningInsert

__all__ = ["store"]


def store(connection: Connection, table: Table, row_id: int, values: Mapping[str, Any]) -> int:
    """Insert a row (id 0) or change the one with this id; return its id."""
    if row_id:
        connection.execute(_changed(table), {**values, "this": row_id})
        return row_id
    return int(connection.execute(_made(table), values).scalar_one())


@lru_cache
def _made(table: Table) -> ReturningInsert[Any]:
    return insert(table).returning(table.c.id)


@lru_cache
def _changed(table: Table) -> Update:
    return update(table).where(table.c.id == bindparam("this"))
