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

__all__ = ["Database", "postgres_ids"]


class Database:
    """An empty PostgreSQL, to be started; on 127.0.0.1 it trusts everybody."""

    user = SUPERUSER

    def __init__(self) -> None:
        self._psql, _ = find("postgresql", "psql", "createdb")
        try:
            self._server = PostgresServer(durable=True)
        except PostgresMissing as missing:
            raise NotHere(str(missing)) from missing

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        return self._server.port

    @property
    def environment(self) -> dict[str, str]:
        """What PostgreSQL's own programs have to be told."""
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": self.user}

    def start(self) -> None:
        """Start it and wait for it."""
        self._server.start()

    def run(self, programs: Programs, name: str, *orders: str | Path) -> None:
        """Run psql with these options on the database `name`, stopping at the first error."""
        options = ("-v", "ON_ERROR_STOP=1", "-d", name)
        programs.call(self._psql, *options, *orders, **self.environment)

    def ids(self) -> Sequence[int]:
        """Return its processes."""
        return postgres_ids(self._server)

    def close(self) -> None:
        """End it and remove it."""
        self._server.close()


def postgres_ids(server: PostgresServer) -> list[int]:
    """Return the processes of a PostgreSQL."""
    lines = (server.folder / "data" / "postmaster.pid").read_text().splitlines()
    return list(descendants(int(lines[0])))
