"""A page of a table by state, the newest first. Not here: what its rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Table, select

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["newest"]


def newest(
    table: Table,
    states: Collection[str],
    before: int | None,
    limit: int,
    columns: Sequence[ColumnElement[Any]] = (),
) -> Select[Any]:
    """Return the query of rows in some states with ids below one; of all columns or of some."""
    query = select(*(columns or (table,))).where(table.c.state.in_([str(one) for one in states]))
    if before is not None:
        query = query.where(table.c.id < before)
    return query.order_by(table.c.id.desc()).limit(limit)
