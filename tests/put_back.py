"""A PostgreSQL database that test after test is given, put back in between as it was at first.

To make one takes three times as long as to take a few rows away. A database in which more was
changed than rows, or of which somebody has not let go, is not given again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.postgres import PostgresServer

__all__ = ["PutBack"]

#: How often one is given: rows that were taken away stay in its files.
OFTEN = 200
#: What a change of tables, columns, indexes or triggers changes, or of the database's settings, or
#: somebody who is still there.
_SHAPE = """
SELECT (SELECT concat(count(*), ' ', sum(xmin::text::bigint)) FROM pg_class),
    (SELECT count(*) FROM pg_trigger),
    (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND backend_type = 'client backend'),
    (SELECT count(*) FROM pg_db_role_setting AS s
        JOIN pg_database AS d ON d.oid = s.setdatabase WHERE d.datname = current_database())
"""
#: Bytes of a binary copy of no rows: its head and its end.
_EMPTY = 21
_TABLES = """
SELECT format('%I', relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_NUMBERS = "SELECT format('%I', sequencename), coalesce(last_value, 0) FROM pg_sequences"


class _Given:
    """One database, and what it was at first; a connection to it stays open, which is quicker."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self.url = server.new_database(like=template)
        self.times = 0
        plain = self.url.replace("postgresql+psycopg", "postgresql")
        self._own = psycopg.connect(plain, options="-c lock_timeout=1s", autocommit=True)
        self._shape = self._own.execute(_SHAPE).fetchone()
        self._numbers = _numbers(self._own)
        self._tables = [str(name) for (name,) in self._own.execute(_TABLES)]
        self._rows = {one: rows for one in self._tables if (rows := _rows(self._own, one))}

    def close(self) -> None:
        self._own.close()

    def put_back(self) -> bool:
        """Put it back; False if that cannot be done."""
        try:
            if self._own.execute(_SHAPE).fetchone() != self._shape:
                return False
            with self._own.transaction():
                self._put_back()
        except psycopg.Error:
            return False
        return True

    def _put_back(self) -> None:
        self._own.execute("SET LOCAL session_replication_role = replica")  # no trigger, no check
        filled = " UNION ALL ".join(
            f"SELECT '{one}' WHERE EXISTS (SELECT FROM {one})" for one in self._tables
        )
        found = [str(name) for (name,) in self._own.execute(filled.encode())]
        numbers = _numbers(self._own)
        steps = [f"DELETE FROM {one}" for one in found]
        steps += [
            f"SELECT setval('{one}', {max(was, 1)}, {was > 0})"
            for one, was in self._numbers.items()
            if numbers[one] != was
        ]
        if steps:
            self._own.execute("; ".join(steps).encode())
        for one, rows in self._rows.items():
            with self._own.cursor().copy(f"COPY {one} FROM STDIN (FORMAT binary)".encode()) as into:
                into.write(rows)


def _numbers(connection: psycopg.Connection) -> dict[str, int]:
    """Return where each sequence stands, 0 where it has not begun."""
    return {str(name): int(last) for name, last in connection.execute(_NUMBERS)}


def _rows(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as out:
        rows = b"".join(bytes(part) for part in out)
    return rows if len(rows) > _EMPTY else b""


class PutBack:
    """Databases like a template, each for one test at a time."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server, self._template = server, template
        self._free: list[_Given] = []

    @contextmanager
    def one(self) -> Iterator[str]:
        """Give the URL of a database that is like the template."""
        given = self._free.pop() if self._free else _Given(self._server, self._template)
        try:
            yield given.url
        finally:
            given.times += 1
            if given.times < OFTEN and given.put_back():
                self._free.append(given)
            else:
                self._drop(given)

    def _drop(self, given: _Given) -> None:
        given.close()
        self._server.drop_database(given.url)

    def close(self) -> None:
        """Drop those that are kept."""
        for one in self._free:
            self._drop(one)
        self._free = []
