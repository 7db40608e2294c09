"""What the tests of faults may ask for."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from practice.database import SqlDatabase
from tests.building import a_practice
from tests.conftest import BACKENDS
from tests.faults.arena import an_arena
from tests.postgres import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.arena import Arena


@pytest.fixture(scope="package")
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that keeps what it has acknowledged, and may be killed."""
    with PostgresServer(durable=True) as server:
        yield server


@pytest.fixture
def postgresql(own_postgres: PostgresServer) -> Iterator[SqlDatabase]:
    """A practice on it."""
    url = own_postgres.new_database()
    with closing(SqlDatabase(url)) as database:
        database.upgrade()
        a_practice(database)
        yield database
    own_postgres.drop_database(url)


@pytest.fixture(params=BACKENDS)
def arena(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Arena]:
    """A served practice to be broken, on each backend."""
    if request.param == "sqlite":
        with an_arena(tmp_path, sqlite_template=sqlite_template) as made:
            yield made
    else:
        with an_arena(tmp_path, postgres=request.getfixturevalue("own_postgres")) as made:
            yield made
