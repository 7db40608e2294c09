"""Statements handed to libpq, PostgreSQL's own client library, through psycopg's wrapper of it.

Saves what a cursor of psycopg does in Python for each statement; and statements that wait for the
next (`Waiting`), or are not waited for (`start`), save most of a change's questions: up to 1.8
times the changes a second where eight come at a time. The connection, its errors and how values
come back stay psycopg's (docs/decisions/0013). Values never stand in a text: PostgreSQL logs those.
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
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg import Connection
    from psycopg.pq.abc import PGresult
    from sqlalchemy import FromClause

__all__ = ["Waiting", "finish", "run", "start", "waiting"]

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
        #: The BEGIN or SAVEPOINT that is run before the first of them.
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
    driver: Connection, text: str, parameters: Mapping[str, Any], *, has_rows: bool
) -> Sequence[Any]:
    """Run a statement with `%(name)s` for its values; return the rows it tells.

    Raises psycopg's errors.
    """
    server, statement, state = driver.pgconn, _numbered(text), _state(driver)
    if not parameters:  # may be several, of which the last one is told
        return _told(driver, server.exec_(statement.text), has_rows=has_rows)
    if statement.name not in state.prepared:
        _told(driver, server.prepare(statement.name, statement.text), has_rows=False)
        state.prepared.add(statement.name)
    values: list[Any] = []
    formats: list[int] = []
    for name in statement.values:
        value = parameters[name]
        write, form = _WRITTEN.get(type(value)) or _inherited(value)
        values.append(write(value))
        formats.append(form)
    result = server.exec_prepared(statement.name, values, formats)
    return _told(driver, result, has_rows=has_rows)


def start(driver: Connection, command: str) -> None:
    """Have a command run that tells nothing, without waiting for it: `run` does, and finds out from
    the next one if it failed.
    """
    driver.pgconn.send_query(command.encode())


def finish(driver: Connection) -> None:
    """Wait for what was started, before psycopg itself uses the connection."""
    if driver.pgconn.transaction_status == TransactionStatus.ACTIVE:
        driver.pgconn.exec_(b"")


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
