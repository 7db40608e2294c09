"""Lists of patients, the rows of their plans, and what was decided of rows, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from practice.database.arrays import in_columns, told_as_arrays
from practice.database.import_values import (
    as_json,
    changeable_values,
    import_of,
    import_values,
    row_of,
    row_values,
)
from practice.database.log import CHUNK
from practice.database.tables import decisions, import_rows, imports
from practice.errors import ImportNotFound
from practice.imports import (
    Choice,
    Import,
    ImportRow,
    RowVerdict,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

__all__ = ["SqlImports"]

_THIS_ROW = (import_rows.c.import_id == bindparam("of_import")) & (
    import_rows.c.line == bindparam("of_line")
)
_ROW_CHANGED = update(import_rows).where(_THIS_ROW)
#: What of a row is changed once it is planned.
_CHANGEABLE = [
    one for one in import_rows.columns if one.name not in {"import_id", "line", "record"}
]
_ROWS_TOLD = told_as_arrays([import_rows.c.line, *_CHANGEABLE])
_ROWS_CHANGED = (
    update(import_rows)
    .where(
        import_rows.c.import_id == bindparam("of_import"),
        import_rows.c.line == _ROWS_TOLD.c.line,
    )
    .values({one: _ROWS_TOLD.c[one.name] for one in _CHANGEABLE})
)
_KNOWN_KEYS = select(decisions).where(decisions.c.key.in_(bindparam("keys", expanding=True)))
_LINES = select(import_rows.c.line, import_rows.c.patient_id).where(
    import_rows.c.import_id == bindparam("of_import"),
    import_rows.c.line.in_(bindparam("lines", expanding=True)),
)


#: What the column of lines can hold.
_LAST_LINE = 2**31 - 1


class SqlImports:
    """The Imports port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def add(self, new: Import) -> Import:
        """See the port."""
        made = self._connection.execute(
            insert(imports).values(import_values(new)).returning(imports.c.id)
        ).scalar_one()
        return self.get(made)

    def get(self, import_id: int) -> Import:
        """See the port."""
        row = self._connection.execute(select(imports).where(imports.c.id == import_id)).first()
        if row is None:
            raise ImportNotFound("There is no such import.")
        return import_of(row)

    def page(self, limit: int, before: int | None = None) -> list[Import]:
        """See the port."""
        query = select(imports).order_by(imports.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(imports.c.id < before)
        return [import_of(row) for row in self._connection.execute(query)]

    def save(self, changed: Import) -> None:
        """See the port."""
        self._connection.execute(
            update(imports).where(imports.c.id == changed.id).values(import_values(changed))
        )

    def remove(self, import_id: int) -> None:
        """See the port."""
        self._connection.execute(delete(imports).where(imports.c.id == import_id))

    def add_rows(self, import_id: int, rows: Sequence[ImportRow]) -> None:
        """See the port."""
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            self._connection.execute(
                insert(import_rows), [{"import_id": import_id, **row_values(row)} for row in some]
            )

    def save_rows(self, import_id: int, rows: Sequence[ImportRow]) -> None:
        """See the port."""
        if not rows:
            return
        if self._connection.dialect.name == "postgresql":
            told = [{"line": row.line, **changeable_values(row)} for row in rows]
            for start in range(0, len(told), CHUNK):
                some = in_columns(told[start : start + CHUNK])
                self._connection.execute(_ROWS_CHANGED, {"of_import": import_id, **some})
            return
        keys = ({"of_import": import_id, "of_line": row.line} for row in rows)
        values = [key | changeable_values(row) for key, row in zip(keys, rows, strict=True)]
        self._connection.execute(_ROW_CHANGED, values)

    def rows(
        self,
        import_id: int,
        after: int = 0,
        limit: int = CHUNK,
        verdict: RowVerdict | None = None,
        *,
        waiting: bool = False,
    ) -> list[ImportRow]:
        """See the port."""
        this = import_rows.c
        query = select(import_rows).where(this.import_id == import_id, this.line > after)
        if verdict is not None:
            query = query.where(this.verdict == str(verdict))
        if waiting:
            same = (this.verdict == str(RowVerdict.SAME)) & (this.decision == "")
            query = query.where(this.before.is_(None), ~(same & this.patient_id.is_not(None)))
        return [
            row_of(row) for row in self._connection.execute(query.order_by(this.line).limit(limit))
        ]

    def done_rows(self, import_id: int, before: int, limit: int = CHUNK) -> list[ImportRow]:
        """See the port."""
        this = import_rows.c
        query = select(import_rows).where(
            this.import_id == import_id, this.line < before, this.before.is_not(None)
        )
        rows = self._connection.execute(query.order_by(this.line.desc()).limit(limit))
        return [row_of(row) for row in rows]

    def row(self, import_id: int, line: int) -> ImportRow:
        """See the port."""
        found = self.rows(import_id, line - 1, 1) if line <= _LAST_LINE else []
        if not found or found[0].line != line:
            raise ImportNotFound("The import has no such row.")
        return found[0]

    def patients_of(self, import_id: int, lines: Collection[int]) -> Mapping[int, int | None]:
        """See the port."""
        if not lines:
            return {}
        values = {"of_import": import_id, "lines": sorted(lines)}
        return {row.line: row.patient_id for row in self._connection.execute(_LINES, values)}

    def count(self, import_id: int) -> Mapping[tuple[RowVerdict, Choice, bool], int]:
        """See the port."""
        this = import_rows.c
        done = this.before.is_not(None).label("done")
        query = (
            select(this.verdict, this.decision, done, func.count().label("times"))
            .where(this.import_id == import_id)
            .group_by(this.verdict, this.decision, done)
        )
        return {
            (RowVerdict(row.verdict), Choice(row.decision), bool(row.done)): row.times
            for row in self._connection.execute(query)
        }

    def forget(self, before: datetime) -> int:
        """See the port."""
        old = select(imports).where(imports.c.made < before, imports.c.told.not_like(_FORGOTTEN))
        found = [import_of(row) for row in self._connection.execute(old)]
        empty = {"record": "", "candidates": "[]", "before": None}
        for one in found:
            these = import_rows.c.import_id == one.id
            self._connection.execute(update(import_rows).where(these).values(empty))
            told = {**one.told, "forgotten": self._now.isoformat()}
            self._connection.execute(
                update(imports).where(imports.c.id == one.id).values(told=as_json(told))
            )
        return len(found)

    def decided(self, keys: Collection[str]) -> Mapping[str, tuple[int | None, str]]:
        """See the port."""
        wanted = sorted(set(keys))
        found: dict[str, tuple[int | None, str]] = {}
        for start in range(0, len(wanted), CHUNK):
            rows = self._connection.execute(_KNOWN_KEYS, {"keys": wanted[start : start + CHUNK]})
            found |= {row.key: (row.patient_id, row.decided_by) for row in rows}
        return found

    def decide(self, told: Mapping[str, tuple[int | None, str]]) -> None:
        """See the port."""
        self.forget_decisions(told)
        rows = [
            {"key": key, "patient_id": patient, "decided": self._now, "decided_by": who}
            for key, (patient, who) in told.items()
        ]
        if rows:
            self._connection.execute(insert(decisions), rows)

    def forget_decisions(self, keys: Iterable[str]) -> None:
        """See the port."""
        wanted = sorted(keys)
        for start in range(0, len(wanted), CHUNK):
            some = decisions.c.key.in_(wanted[start : start + CHUNK])
            self._connection.execute(delete(decisions).where(some))


_FORGOTTEN = '%"forgotten":%'
