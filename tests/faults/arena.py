"""A served practice whose processes may be killed: the server's, its workers', the database's."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Literal

import httpx

from practice.database import SqlDatabase
from tests.building import a_practice
from tests.postgres import PostgresServer
from tests.servers import RunningServer
from tests.workers import worker_pids

__all__ = ["KILLS", "Arena", "Kill", "an_arena"]

Kill = Literal["worker", "app", "database", "both"]
#: What can be killed; SQLite lives within the app's only process.
KILLS: dict[str, tuple[Kill, ...]] = {
    "sqlite": ("app",),
    "postgresql": ("worker", "app", "database", "both"),
}
#: Seconds until a killed server has to answer again.
PATIENCE = 60.0


class Arena:
    """The server, its database's URL, and for SQLite the file alone in `folder`."""

    def __init__(
        self, server: RunningServer, folder: Path, postgres: PostgresServer | None
    ) -> None:
        self.server = server
        self.folder = folder
        self.postgres = postgres
        self.kills = 0
        #: Seconds from a start until the server said it was ready, by what had been killed.
        self.restarts: dict[str, list[float]] = {}
        self._clients = ExitStack()

    def client(self, account: str) -> httpx.Client:
        """Return a client that is closed with the arena."""
        return self._clients.enter_context(self.server.client(account))

    def close(self) -> None:
        self._clients.close()

    @property
    def url(self) -> str:
        return self.server.database_url

    @property
    def port(self) -> int:
        return self.server.port

    def kill(self, what: Kill) -> None:
        """Kill something with SIGKILL."""
        self.kills += 1
        if what == "worker":
            os.kill(worker_pids(self.server)[self.kills % 2], signal.SIGKILL)
        if what in {"app", "both"}:
            self.server.kill()
        if what in {"database", "both"}:
            assert self.postgres is not None
            if self.kills % 8 < 4:
                self.postgres.kill()
            else:
                self.postgres.stop("immediate")

    def come_back(self, what: Kill) -> None:
        """Start what was killed, as a service manager does, and wait until the server is ready."""
        begin = time.monotonic()
        if what in {"database", "both"}:
            assert self.postgres is not None
            self.postgres.start()
        if what in {"app", "both"}:
            self.server.start()
        self.wait_until_ready()
        self.restarts.setdefault(what, []).append(time.monotonic() - begin)
        if what == "worker":
            self._wait_for_workers()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        with self.server.client(None) as client:
            while True:
                try:
                    if client.get("/readyz").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                assert time.monotonic() < deadline, f"not ready:\n{self.server.log()[-3000:]}"
                time.sleep(0.01)

    def _wait_for_workers(self) -> None:
        """Wait until the killed worker has a successor: the next kill is to find it."""
        deadline = time.monotonic() + PATIENCE
        while len(worker_pids(self.server)) < 2:
            assert time.monotonic() < deadline, "the worker has no successor"
            time.sleep(0.01)

    def litter(self) -> list[str]:
        """Return the names of files and folders that the running server does not need."""
        beside = {path.name for path in self.folder.iterdir()} - {"tmp"}
        if self.postgres is None:
            beside -= {"praxis.db", "praxis.db-wal", "praxis.db-shm"}
        temporary = sorted(path.name for path in (self.folder / "tmp").iterdir())
        if len(worker_pids(self.server)) > 1:
            temporary = temporary[1:]  # where its workers count into
        return [*sorted(beside), *temporary]


@contextmanager
def an_arena(
    folder: Path,
    *,
    sqlite_template: Path | None = None,
    postgres: PostgresServer | None = None,
    workers: int | None = None,
    options: Mapping[str, str] | None = None,
) -> Iterator[Arena]:
    """Serve a practice from a file in `folder`, or from a database of a PostgreSQL of our own."""
    with ExitStack() as stack:
        if postgres is not None:
            url = postgres.new_database()
            stack.callback(_drop, postgres, url)
        else:
            assert sqlite_template is not None
            shutil.copy(sqlite_template, folder / "praxis.db")
            url = f"sqlite:///{folder / 'praxis.db'}"
        with closing(SqlDatabase(url)) as database:
            database.upgrade()
            a_practice(database)
        (folder / "tmp").mkdir()
        env = {"TMPDIR": str(folder / "tmp"), **(options or {})}
        number = workers or (1 if postgres is None else 2)
        server = stack.enter_context(RunningServer(url, workers=number, options=env))
        yield stack.enter_context(closing(Arena(server, folder, postgres)))


def _drop(postgres: PostgresServer, url: str) -> None:
    postgres.drop_database(url)
