"""A PostgreSQL for a server that needs one: commits wait for the disk, as they do by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.servers.base import NotHere
from benchmarks.servers.running import descendants, find
from tests.postgres import SUPERUSER, PostgresMissing, PostgresServer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.servers.running import Programs

__all__ = ["Database", "Postgres", "new_url"]


class Postgres:
    """An empty PostgreSQL, to be started; on 127.0.0.1 it trusts everybody. Raises NotHere."""

    user = SUPERUSER

    def __init__(self) -> None:
        try:
            self._server = PostgresServer(durable=True)
        except PostgresMissing as missing:
            raise NotHere(str(missing)) from missing

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        return self._server.port

    def start(self) -> None:
        """Start it and wait for it."""
        self._server.start()

    def new_database(self) -> str:
        """Create a database and return its SQLAlchemy URL."""
        return self._server.new_database()

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._server.folder

    def ids(self) -> Sequence[int]:
        """Return its processes."""
        lines = (self._server.folder / "data" / "postmaster.pid").read_text().splitlines()
        return list(descendants(int(lines[0])))

    def close(self) -> None:
        """End it and remove it."""
        self._server.close()


class Database(Postgres):
    """The same, to be set up with PostgreSQL's own programs."""

    def __init__(self) -> None:
        self._psql, _ = find("postgresql", "psql", "createdb")
        super().__init__()

    @property
    def environment(self) -> dict[str, str]:
        """What PostgreSQL's own programs have to be told."""
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": self.user}

    def run(self, programs: Programs, name: str, *orders: str | Path) -> None:
        """Run psql with these options on the database `name`, stopping at the first error."""
        options = ("-v", "ON_ERROR_STOP=1", "-d", name)
        programs.call(self._psql, *options, *orders, **self.environment)


def new_url(postgres: Postgres | None, folder: Path) -> str:
    """Return the SQLAlchemy URL of an empty database: a file, or on a PostgreSQL, then started."""
    if postgres is None:
        return f"sqlite:///{folder}/bench.db"
    postgres.start()
    return postgres.new_database()
