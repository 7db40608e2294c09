"""A database that test after test is given is each time as it was at first."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy import text

from practice.database import SqlDatabase
from tests.bookings import everything, rows_a_day, take
from tests.put_back import PutBack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import PostgresServer


def test_what_one_test_leaves_the_next_does_not_find(
    postgres: PostgresServer, postgres_practice: str, tmp_path: Path
) -> None:
    with closing(PutBack(postgres, postgres_practice)) as again:
        with again.one() as first, closing(SqlDatabase(first)) as database:
            new = everything(database)
            take(database, tmp_path / "b.csv", *rows_a_day(6))
            assert everything(database) != new
            numbers = _numbers(database)
        with again.one() as second, closing(SqlDatabase(second)) as database:
            assert second == first
            assert everything(database) == new
            take(database, tmp_path / "b.csv", *rows_a_day(6))
            assert _numbers(database) == numbers


def _numbers(database: SqlDatabase) -> dict[str, list[object]]:
    """Return the first column of every table's rows, which is the id where there is one."""
    return {name: [row[0] for row in rows] for name, rows in everything(database).items()}


def test_a_database_that_was_altered_or_is_still_used_is_not_given_again(
    postgres: PostgresServer, postgres_practice: str
) -> None:
    with closing(PutBack(postgres, postgres_practice)) as again:
        with (
            again.one() as altered,
            closing(SqlDatabase(altered)) as database,
            database.engine.begin() as connection,
        ):
            connection.execute(text("ALTER TABLE rooms ADD COLUMN floor INTEGER"))
        with again.one() as other:
            assert other != altered
            used = SqlDatabase(other)
            used.engine.connect().close()  # which its pool keeps
        with again.one() as third:
            assert third != other
        used.close()
