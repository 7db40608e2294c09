"""Statements made once, and handed to the driver without SQLAlchemy in between.

Not another way to write them: they stay SQLAlchemy's expressions, which makes their text for each
database and knows how values go in and come out (`practice.database.plans`). Left out is what it
does again at every execution: finding the text in its cache, setting up a context and a result. Of
the processor time that a PUT of a new appointment takes, that saves 0.4 of 1.8 ms on SQLite (14
statements) and 0.55 of 1.9 ms on PostgreSQL; of a GET that is not remembered, about a quarter.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import exc

from practice.database.plans import planned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from sqlalchemy import Connection, Dialect

    from practice.database.libpq import Waiting
    from practice.database.plans import Plan, Statement

__all__ = ["Prepared", "catch_up", "command", "only", "send"]

#: Off, every statement is executed by SQLAlchemy. It comes to the same.
DIRECT = True
#: Off, what goes to PostgreSQL goes by a cursor of psycopg.
STRAIGHT = True
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Prepared:
    """A statement that is run often.

    It may be any; one whose text depends on its values, because one of them is a list, is left to
    SQLAlchemy. Rows are tuples whose columns have names, too. What the driver raises is told as
    SQLAlchemy tells it, and who listens for statements hears of these as of any other.
    """

    def __init__(self, statement: Statement, *columns: str) -> None:
        """Take a statement, and the columns that it sets if it is an INSERT or UPDATE."""
        self.statement = statement
        self._columns = columns
        self._plans: dict[str, Plan | None] = {}

    def all(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> Sequence[Any]:
        """Run it with values by name, and return its rows."""
        plan = self._plan(connection.dialect) if DIRECT else None
        if plan is None:
            return connection.execute(self.statement, values).all()
        return plan.told(_planned_run(connection, plan, values))

    def first(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> Any:
        """Run it with values by name, and return its first row; None if there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def one(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> Any:
        """Run it with values by name, and return the one row that there is."""
        return only(self.all(connection, values))

    def along(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run what writes with values by name, along with what waits; return its rows."""
        plan = self._plan(connection.dialect) if DIRECT else None
        if plan is None or not _goes_straight(connection):
            return self.all(connection, values)
        waiting = _waits(connection, plan, values)
        return plan.told(_executed(connection, *waiting.taken(), has_rows=True))

    def run(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> None:
        """Run it with values by name, for what it does."""
        plan = self._plan(connection.dialect) if DIRECT else None
        if plan is None:
            connection.execute(self.statement, values)
        else:
            _planned_run(connection, plan, values)

    def later(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Run it with values by name, for what it does: at once, or (PostgreSQL) along with what
        is run next; see `practice.database.libpq`. An INSERT, UPDATE or DELETE without rows.
        """
        plan = self._plan(connection.dialect) if DIRECT else None
        if plan is None or not _goes_straight(connection):
            self.run(connection, values)
            return
        _waits(connection, plan, values)

    def _plan(self, dialect: Dialect) -> Plan | None:
        try:
            return self._plans[dialect.name]
        except KeyError:
            plan = self._plans[dialect.name] = planned(self.statement, self._columns, dialect)
            return plan


def only(rows: Sequence[Any]) -> Any:
    """Return the one row that there is."""
    if len(rows) != 1:
        raise exc.InvalidRequestError(f"There are {len(rows)} rows where one was to be.")
    return rows[0]


def _planned_run(connection: Connection, plan: Plan, values: Mapping[str, Any]) -> Sequence[Any]:
    said, reads = plan.parameters(values), plan.table is None
    return _executed(connection, plan.text, said, has_rows=plan.has_rows, reads=reads)


def _waits(connection: Connection, plan: Plan, values: Mapping[str, Any]) -> Waiting:
    waiting = _waiting(connection)
    if not waiting.takes(plan.table, inserts=plan.inserts):
        send(connection)
    _start(connection)
    waiting.add(plan.text, plan.parameters(values), plan.table)
    return waiting


def send(connection: Connection) -> None:
    """Run what waits (see `Prepared.later`)."""
    if _goes_straight(connection) and (waiting := _waiting(connection)):
        _executed(connection, *waiting.taken(), has_rows=False)


def catch_up(connection: Connection) -> None:
    """Run what waits, a BEGIN or SAVEPOINT too: what comes next is not run from here."""
    if _goes_straight(connection):
        send(connection)
        _start(connection)
        _libpq().finish(connection.connection.dbapi_connection)


def command(connection: Connection, text: str) -> None:
    """Run a statement that has neither values nor rows, as `exec_driver_sql` does.

    What waits is run before; a ROLLBACK gives it up. BEGIN and SAVEPOINT wait for what comes.
    """
    if DIRECT:
        if not connection.in_transaction():
            connection.begin()  # of SQLAlchemy alone: a lost connection is not replaced unseen
        if _goes_straight(connection):
            if not text.startswith("ROLLBACK"):
                send(connection)
            if _is_settled(_waiting(connection), text):
                return
        nothing: Any = () if connection.dialect.positional else {}
        _executed(connection, text, nothing, has_rows=False)
    else:
        connection.exec_driver_sql(text)


def _is_settled(waiting: Waiting, text: str) -> bool:
    """Tell whether a command need not be run now: BEGIN and SAVEPOINT wait for what comes, and a
    ROLLBACK has nothing to undo while they do.
    """
    unsent = bool(waiting.opening)
    if text.startswith("ROLLBACK"):
        waiting.clear()
        return unsent
    waiting.opening = text if text.startswith(("BEGIN", "SAVEPOINT")) else ""
    return bool(waiting.opening)


def _executed(
    connection: Connection, text: str, parameters: Any, *, has_rows: bool, reads: bool = False
) -> Sequence[Any]:
    """Hand a statement to the driver; return the rows it tells."""
    # Of a connection that was lost within a transaction this raises, as any use of it does.
    driver: Any = connection.connection.dbapi_connection
    cursor: Any = None
    try:
        straight = _goes_straight(connection)
        if straight:
            send(connection)
            text = _opened(connection, text, parameters, reads=reads)
        else:
            cursor = driver.cursor()
        _tell_listeners(connection, cursor, text, parameters)
        if straight:
            rows: Sequence[Any] = _libpq().run(driver, text, parameters, has_rows=has_rows)
            return rows
        cursor.execute(text, parameters)
        return cursor.fetchall() if has_rows else ()
    except BaseException as error:  # noqa: BLE001 - SQLAlchemy raises it again
        _raise(connection, error, text, parameters, cursor)


def _opened(connection: Connection, text: str, parameters: Any, *, reads: bool) -> str:
    """Return a statement with the command that waits to go before it, or start that: values go
    with one statement only. A SAVEPOINT is not for what reads, of which nothing can be undone.
    """
    waiting = _waiting(connection)
    if reads and waiting.opening.startswith("SAVEPOINT"):
        return text
    if parameters:
        _start(connection)
        return text
    opening, waiting.opening = waiting.opening, ""
    return f"{opening}; {text}" if opening else text


def _start(connection: Connection) -> None:
    """Start the command that waits, while what comes after it is still being made."""
    waiting = _waiting(connection)
    opening, waiting.opening = waiting.opening, ""
    if not opening:
        return
    try:
        _tell_listeners(connection, None, opening, {})
        _libpq().start(connection.connection.dbapi_connection, opening)
    except BaseException as error:  # noqa: BLE001 - SQLAlchemy raises it again
        _raise(connection, error, opening, {}, None)


def _tell_listeners(connection: Connection, cursor: Any, text: str, parameters: Any) -> None:
    if hears := connection.dispatch.before_cursor_execute:  # as mostly nobody does
        for hear in hears:
            hear(connection, cursor, text, parameters, None, False)


def _goes_straight(connection: Connection) -> bool:
    return STRAIGHT and DIRECT and connection.dialect.name == "postgresql"


def _waiting(connection: Connection) -> Waiting:
    driver: Any = connection.connection.dbapi_connection
    waiting: Waiting = _libpq().waiting(driver)
    return waiting


@cache
def _libpq() -> ModuleType:
    """Return the module; with SQLite, psycopg is not loaded."""
    return import_module("practice.database.libpq")


def _raise(
    connection: Connection, error: BaseException, text: str, parameters: Any, cursor: Any
) -> NoReturn:
    """Raise what was raised at a statement as if SQLAlchemy had run it: its listeners translate
    it, and a connection that was lost is invalidated, with all of its time in the pool.

    There is no public way to that. Without the text, SQLAlchemy lets through what is no error of
    the driver.
    """
    dbapi: Any = connection.dialect.dbapi
    said = text if isinstance(error, dbapi.Error) else None
    connection._handle_dbapi_exception(error, said, parameters, cursor, None)
