"""A statement as one driver takes it: its text, and what goes in and comes out.

Not here: running it (`practice.database.prepared`).
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, UpdateBase
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import CompoundSelect, Delete, Dialect, Select, Update

    Statement = Select[Any] | CompoundSelect[Any] | Insert | Update | Delete
    _Process = Callable[[Any], Any]

__all__ = ["Plan", "planned"]


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement as one driver takes it."""

    text: str
    #: The names of its values in their order, those that stand in the statement itself, and what
    #: has to be made of which before the driver takes it.
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    going_in: tuple[tuple[int, _Process], ...]
    by_name: bool
    #: What makes a row of its columns, and what has to be made of which before.
    row: Callable[[Iterable[Any]], Any]
    coming_out: tuple[tuple[int, _Process], ...]
    has_rows: bool
    #: Where it writes, if it does, and whether it does nothing but add rows.
    table: Any
    inserts: bool

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them."""
        if self.fixed:
            values = {**self.fixed, **values}
        taken = [values[name] for name in self.names]
        for at, process in self.going_in:
            taken[at] = process(taken[at])
        return dict(zip(self.names, taken, strict=True)) if self.by_name else tuple(taken)

    def told(self, rows: Iterable[Any]) -> list[Any]:
        """Return the driver's rows as rows of this statement."""
        if not self.coming_out:
            return [self.row(columns) for columns in rows]
        told = []
        for columns in map(list, rows):
            for at, process in self.coming_out:
                columns[at] = process(columns[at])
            told.append(self.row(columns))
        return told


def planned(statement: Statement, columns: Sequence[str], dialect: Dialect) -> Plan | None:
    """Return how a statement is run; None if that depends on its values."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what is no text of SQL is no statement
    if compiled.post_compile_params or compiled.prefetch or compiled.escaped_bind_names:
        return None
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    # What SQLAlchemy would write into the text at every execution is written once.
    written = compiled.construct_expanded_state({n: None for n, b in binds.items() if b.required})
    names = tuple(written.positiontup or written.parameters)
    process_in = (binds[n].type.dialect_impl(dialect).bind_processor(dialect) for n in names)
    told = statement.exported_columns
    process_out = (one.type.dialect_impl(dialect).result_processor(dialect, None) for one in told)
    labels = [one.key or "" for one in told]
    return Plan(
        text=written.statement,
        names=names,
        fixed={name: binds[name].effective_value for name in names if not binds[name].required},
        going_in=tuple((at, process) for at, process in enumerate(process_in) if process),
        by_name=not compiled.positional,
        row=partial(tuple.__new__, namedtuple("row", labels, rename=True)),
        coming_out=tuple((at, process) for at, process in enumerate(process_out) if process),
        has_rows=bool(told),
        table=statement.table if isinstance(statement, UpdateBase) else None,
        inserts=isinstance(statement, Insert),
    )
