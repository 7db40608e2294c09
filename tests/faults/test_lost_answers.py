"""A commit that PostgreSQL made while its answer got lost is not told to have failed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event

from practice.database import SqlDatabase, libpq, prepared
from practice.errors import DatabaseUnavailable
from tests.building import a_draft, an_event, reading, the_view, writing


class LostAnswer:
    """Ends the connection at the next COMMIT: after it was made, or before."""

    def __init__(self, database: SqlDatabase, *, made: bool) -> None:
        self._made = made
        self._left = 1
        event.listen(database.engine, "before_cursor_execute", self._before)

    def _before(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement != "COMMIT" or not self._left:
            return
        self._left = 0
        driver: Any = connection.connection.dbapi_connection
        if not self._made:
            end(driver)
        elif prepared.STRAIGHT and prepared.DIRECT:
            lose_the_answer()
        else:
            driver.execute("COMMIT")
            end(driver)


def lose_the_answer() -> None:
    """End the connection after what is handed to libpq next, with all that goes with it."""

    def run_and_lose(driver: Any, *args: Any, **more: Any) -> Any:
        patch.undo()
        run(driver, *args, **more)
        end(driver)
        return run(driver, "SELECT 1", {}, has_rows=False)  # which finds out

    run, patch = libpq.run, pytest.MonkeyPatch()
    patch.setattr(libpq, "run", run_and_lose)


def end(driver: Any) -> None:
    """End a connection at the server's side."""
    with psycopg.connect(driver.info.dsn, autocommit=True) as other:
        ended = ("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))
        other.execute(*ended)


def save(database: SqlDatabase) -> None:
    with writing(database) as uow:
        calendar = uow.calendars.find("dr-mueller")
        assert calendar is not None
        uow.calendars.save(calendar, a_draft("a", an_event()))


def names(database: SqlDatabase) -> set[str]:
    with reading(database) as uow:
        return {head.href for head in uow.calendars.listing(the_view(uow, "admin", "dr-mueller"))}


def test_what_was_done_is_not_refused_when_the_answer_of_the_database_is_lost(
    postgresql: SqlDatabase,
) -> None:
    LostAnswer(postgresql, made=True)
    save(postgresql)
    assert names(postgresql) == {"a"}


def test_what_was_not_done_is_refused_when_the_database_goes_at_the_commit(
    postgresql: SqlDatabase,
) -> None:
    LostAnswer(postgresql, made=False)
    with pytest.raises(DatabaseUnavailable):
        save(postgresql)
    assert names(postgresql) == set()
