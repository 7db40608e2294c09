"""Rows handed to PostgreSQL in one statement, each column an array; without it, one by one.

Sent one by one, each row costs the driver more than it costs the database. Not here: SQLite, which
has no wire between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Column, TableValuedAlias

__all__ = ["in_columns", "told_as_arrays"]


def told_as_arrays(columns: Iterable[Column[Any]]) -> TableValuedAlias:
    """Return rows "told" with these columns, to be read from; `in_columns` makes their values."""
    known = list(columns)
    arrays = (bindparam(f"all_{one.name}", type_=ARRAY(one.type)) for one in known)
    names = (column(one.name, one.type) for one in known)
    return func.unnest(*arrays).table_valued(*names, name="told").render_derived()


def in_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return the values of rows, one at least, which all have the same columns."""
    return {f"all_{name}": [row[name] for row in rows] for name in rows[0]}
