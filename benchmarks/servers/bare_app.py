"""The physical reference: what this machine does for the same bytes after one indexed query.

No signing in, no rules, no log: an application under uvicorn that knows the benchmark's requests by
their shape and sends answers that are stored as they go out. A server that does its work cannot be
as fast; how near it comes is what is told. Started by `benchmarks.servers.bare`.
"""

from __future__ import annotations

import os
import re
import sqlite3
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["application", "make_tables"]

_HREF = re.compile(rb"<href>[^<]*/([^/<]+)</href>")
_TIMES = re.compile(rb'time-range start="(\w+)" end="(\w+)"')
_TOKEN = re.compile(rb"<sync-token>t(\d+)<")
_XML = (b"content-type", b"application/xml; charset=utf-8")
_TEXT = (b"content-type", b"text/calendar; charset=utf-8")
_HEAD = '<?xml version="1.0" encoding="utf-8"?><multistatus xmlns="DAV:" xmlns:C="caldav">'
#: The calendars that are measured, a table each.
_CALENDARS = ("lesen", "schreiben", "serien")
_TABLES = (
    "CREATE TABLE {0} (name TEXT PRIMARY KEY, start TEXT, number BIGINT, head TEXT, xml TEXT,"
    " text TEXT)",
    "CREATE INDEX {0}_start ON {0} (start)",
    "CREATE INDEX {0}_number ON {0} (number)",
)
_COUNTER = ("CREATE TABLE counter (number BIGINT)", "INSERT INTO counter VALUES (0)")
_PUT = (
    "INSERT INTO {0} VALUES ({1}, {1}, (SELECT number FROM counter), {1}, {1}, {1})"
    " ON CONFLICT (name) DO UPDATE SET text = excluded.text, number = excluded.number"
)


class _Store(Protocol):
    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...

    async def change(self, query: str, values: Sequence[object]) -> None: ...


class _Sqlite:
    mark = "?"

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()

    async def change(self, query: str, values: Sequence[object]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("UPDATE counter SET number = number + 1")
        self._connection.execute(query, values)
        self._connection.execute("COMMIT")


class _Postgresql:
    mark = "%s"

    def __init__(self, url: str) -> None:
        import psycopg

        self._url = url
        self._connection = psycopg.connect(url, autocommit=True)
        self._free: list[Any] = []

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()

    async def change(self, query: str, values: Sequence[object]) -> None:
        import psycopg

        if self._free:
            connection = self._free.pop()
        else:
            connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        async with connection.pipeline():
            await connection.execute("BEGIN")
            await connection.execute("UPDATE counter SET number = number + 1")
            await connection.execute(query, values)
            await connection.execute("COMMIT")
        self._free.append(connection)


class _Bare:
    """The ASGI application."""

    def __init__(self, store: _Sqlite | _Postgresql) -> None:
        self._store: _Store = store
        self._mark = store.mark

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, headers, content = await self._answer(scope, body)
        headers = [*headers, (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, scope: Message, body: bytes) -> tuple[int, list[Any], bytes]:
        method, (_, table, name) = scope["method"], scope["path"].split("/")
        if table not in _CALENDARS:
            return 404, [], b""
        if method == "PUT":
            await self._put(table, name, body.decode())
            return 201 if b"if-none-match" in dict(scope["headers"]) else 204, [], b""
        if method == "DELETE":
            await self._store.change(f"DELETE FROM {table} WHERE name = {self._mark}", (name,))
            return 204, [], b""
        if method == "GET":
            return 200, [_TEXT], self._get(table, name)
        if method == "PROPFIND":
            listing = dict(scope["headers"]).get(b"depth") == b"1"
            return 207, [_XML], (self._listing(table) if listing else self._poll()).encode()
        return 207, [_XML], self._report(table, body).encode()

    async def _put(self, table: str, name: str, text: str) -> None:
        start = text.partition("DTSTART;TZID=Europe/Berlin:")[2][:15]
        etag = f"<getetag>&quot;{name}&quot;</getetag>"
        head = f"<response><href>/{table}/{name}</href><propstat><prop>{etag}"
        tail = "</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
        xml = f"{head}<C:calendar-data>{text.replace(chr(13), '&#13;')}</C:calendar-data>{tail}"
        values = (name, start, head + tail, xml, text)
        await self._store.change(_PUT.format(table, self._mark), values)

    def _get(self, table: str, name: str) -> bytes:
        if name:
            query = f"SELECT text FROM {table} WHERE name = {self._mark}"
            return bytes(self._store.rows(query, (name,))[0][0].encode())
        return "".join(text for (text,) in self._store.rows(f"SELECT text FROM {table}")).encode()

    def _poll(self) -> str:
        number = self._store.rows("SELECT number FROM counter")[0][0]
        told = f"<C:getctag>{number}</C:getctag><sync-token>t{number}</sync-token>"
        return f"{_HEAD}<response><prop>{told}</prop></response></multistatus>"

    def _listing(self, table: str) -> str:
        found = self._store.rows(f"SELECT head FROM {table}")
        return _HEAD + "".join(xml for (xml,) in found) + "<response></response></multistatus>"

    def _report(self, table: str, body: bytes) -> str:
        rows, mark = self._store.rows, self._mark
        if token := _TOKEN.search(body):
            found = rows(f"SELECT head FROM {table} WHERE number > {mark}", (int(token[1]),))
            number = rows("SELECT number FROM counter")[0][0]
            tail = f"<sync-token>t{number}</sync-token></multistatus>"
            return _HEAD + "".join(xml for (xml,) in found) + tail
        if times := _TIMES.search(body):
            span = (times[1].decode(), times[2].decode())
            query = f"SELECT xml FROM {table} WHERE start >= {mark} AND start < {mark}"
            return _HEAD + "".join(xml for (xml,) in rows(query, span)) + "</multistatus>"
        names = [name.decode() for name in _HREF.findall(body)]
        marks = ", ".join([mark] * len(names))
        found = rows(f"SELECT xml FROM {table} WHERE name IN ({marks})", names)
        return _HEAD + "".join(xml for (xml,) in found) + "</multistatus>"


def application() -> _Bare:
    """Return the application over the database in BARE_DATABASE."""
    url = os.environ["BARE_DATABASE"]
    return _Bare(_Postgresql(url) if url.startswith("postgresql") else _Sqlite(url))


def make_tables(url: str) -> None:
    """Make the tables in an empty database."""
    statements = [
        *(statement.format(table) for table in _CALENDARS for statement in _TABLES),
        *_COUNTER,
    ]
    if url.startswith("postgresql"):
        import psycopg

        with psycopg.connect(url) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    with sqlite3.connect(url) as file:
        for statement in statements:
            file.execute(statement)
