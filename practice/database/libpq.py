"""Statements handed to libpq, PostgreSQL's own client library, through psycopg's wrapper of it.

Saves what a cursor of psycopg does in Python for each statement; and statements that wait for the
next (`Waiting`), or go with a command in one turn (`run`), save most of a change's questions: up to
1.8 times the changes a second where eight come at a time. The connection, its errors and how values
come back stay psycopg's (docs/decisions/0013).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from psycopg import Binary, OperationalError, errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, Escaping, ExecStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg import Connection
    from psycopg.pq.abc import PGconn, PGresult
    from sqlalchemy import FromClause

__all__ = ["Waiting", "run", "waiting"]

_TEXT, _BINARY = 0, 1
#: What a value is to libpq, by its type: how it is written, and in which format; other types no
#: prepared statement has. Texts are binary, so that a NUL does not end them unseen.
_WRITTEN: dict[type, tuple[Callable[[Any], bytes | None], int]] = {
    type(None): (lambda _: None, _TEXT),
    bool: (lambda value: b"t" if value else b"f", _TEXT),
    int: (lambda value: b"%d" % value, _TEXT),
    str: (str.encode, _BINARY),
    bytes: (bytes, _BINARY),
    Binary: (lambda value: bytes(value.obj), _BINARY),  # SQLAlchemy wraps bytes
}
_VALUE = re.compile(r"%(?:\((\w+)\)s|%)")
_numbers = count()


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement with its values as `$1`; under its name it is prepared once a connection."""

    name: bytes
    text: bytes
    values: tuple[str, ...]


class _State:
    """What one connection knows: the statements prepared on it, and how to read its results."""

    def __init__(self, driver: Connection) -> None:
        self.prepared: set[bytes] = set()
        self.reader = Transformer(driver)
        self.waiting = Waiting()


class Waiting:
    """Statements that tell nothing, to be run along with the next as one (`WITH ... AS (...)`).

    Parts of one statement do not see what the others do. So nothing that reads is run along with
    them, and none is a part that could meet a row of another: an INSERT into a table without keys
    aside, each writes to a table of its own. The database holds rows to each other's keys when all
    is done.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[str, Mapping[str, Any]]] = []
        self._tables: set[FromClause] = set()
        #: The BEGIN or SAVEPOINT that goes with the first of them, in one turn.
        self.opening = ""

    def __len__(self) -> int:
        return len(self._parts)

    def takes(self, table: FromClause, *, inserts: bool) -> bool:
        """Tell whether a statement that writes to a table can be run along."""
        return table not in self._tables or (inserts and not table.primary_key)

    def add(self, text: str, parameters: Mapping[str, Any], table: FromClause) -> None:
        """Have a statement wait."""
        self._parts.append((text, parameters))
        self._tables.add(table)

    def opened(self, *, reads: bool) -> str:
        """Return the BEGIN or SAVEPOINT that has to go with a statement, and does not wait any
        more; a SAVEPOINT is not for what only reads, of which nothing can be undone.
        """
        if reads and self.opening.startswith("SAVEPOINT"):
            return ""
        opening, self.opening = self.opening, ""
        return opening

    def clear(self) -> None:
        """Give up what waits."""
        self.opening = ""
        self._parts.clear()
        self._tables.clear()

    def taken(self) -> tuple[str, Mapping[str, Any]]:
        """Return all that wait as one statement, which tells what the last one does; none waits
        any more.
        """
        parts, self._parts, self._tables = self._parts, [], set()
        if len(parts) == 1:
            return parts[0]
        values = {
            f"{at}_{name}": value
            for at, (_, parameters) in enumerate(parts)
            for name, value in parameters.items()
        }
        return _as_one(tuple(text for text, _ in parts)), values


_states: WeakKeyDictionary[Connection, _State] = WeakKeyDictionary()


def run(
    driver: Connection,
    text: str,
    parameters: Mapping[str, Any],
    *,
    has_rows: bool,
    before: str = "",
    after: str = "",
) -> Sequence[Any]:
    """Run a statement with `%(name)s` for its values; return the rows it tells.

    `before` and `after` are commands that go with it in one turn, with `after` for one without
    rows: none is run if one before it fails. Raises psycopg's errors.
    """
    server, statement = driver.pgconn, _numbered(text)
    if not parameters:
        said = _one_turn(before, statement.text, after)
        return _told(driver, server.exec_(said), has_rows=has_rows)
    _prepare(driver, statement)
    values, formats = _written(statement, parameters)
    if (before or after) and any(
        isinstance(one, str) and "\0" in one for one in parameters.values()
    ):
        # It would end the literal unseen. The database refuses it, so that `after` is not reached.
        if before:
            _told(driver, server.exec_(before.encode()), has_rows=False)
        before = after = ""
    if not before and not after:
        result = server.exec_prepared(statement.name, values, formats)
        return _told(driver, result, has_rows=has_rows)
    # Values are handed over with one statement alone, so here they stand in the text.
    literals = (
        _literal(server, parameters[name], value)
        for name, value in zip(statement.values, values, strict=True)
    )
    execute = b"EXECUTE %s(%s)" % (statement.name, b", ".join(literals))
    return _told(driver, server.exec_(_one_turn(before, execute, after)), has_rows=has_rows)


def _prepare(driver: Connection, statement: _Statement) -> None:
    prepared = _state(driver).prepared
    if statement.name not in prepared:
        _told(driver, driver.pgconn.prepare(statement.name, statement.text), has_rows=False)
        prepared.add(statement.name)


def _written(statement: _Statement, parameters: Mapping[str, Any]) -> tuple[list[Any], list[int]]:
    """Return the values as libpq takes them, and the format of each."""
    values: list[Any] = []
    formats: list[int] = []
    for name in statement.values:
        value = parameters[name]
        write, form = _WRITTEN.get(type(value)) or _inherited(value)
        values.append(write(value))
        formats.append(form)
    return values, formats


def _literal(server: PGconn, value: object, written: bytes | None) -> bytes:
    if written is None:
        return b"NULL"
    if isinstance(value, (bytes, Binary)):
        written = b"\\x" + written.hex().encode()
    return bytes(Escaping(server).escape_literal(written))


def _one_turn(before: str, text: bytes, after: str) -> bytes:
    return b"; ".join(part for part in (before.encode(), text, after.encode()) if part)


def waiting(driver: Connection) -> Waiting:
    """Return what waits to be run on a connection."""
    return _state(driver).waiting


def _state(driver: Connection) -> _State:
    try:
        return _states[driver]
    except KeyError:
        state = _states[driver] = _State(driver)
        return state


@lru_cache(maxsize=1000)
def _as_one(texts: tuple[str, ...]) -> str:
    parts = [text.replace("%(", f"%({at}_") for at, text in enumerate(texts)]
    along = ", ".join(f"part_{at} AS ({part})" for at, part in enumerate(parts[:-1]))
    return f"WITH {along} {parts[-1]}"


@lru_cache(maxsize=1000)
def _numbered(text: str) -> _Statement:
    values: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1]
        return "%" if name is None else f"${values.setdefault(name, len(values) + 1)}"

    numbered = _VALUE.sub(number, text)
    return _Statement(b"praxis_%d" % next(_numbers), numbered.encode(), tuple(values))


def _inherited(value: object) -> tuple[Callable[[Any], bytes | None], int]:
    """Return how the value of an enumeration is written."""
    for kind, form in _WRITTEN.items():
        if isinstance(value, kind):
            return form
    raise TypeError(f"A value of a statement is of type {type(value).__name__}.")


def _told(driver: Connection, result: PGresult, *, has_rows: bool) -> Sequence[Any]:
    if result.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        error = errors.error_from_result(result)
        if error.sqlstate is None and driver.pgconn.status == ConnStatus.BAD:
            raise OperationalError(str(error))
        raise error
    if not has_rows:
        return ()
    reader = _state(driver).reader
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)
