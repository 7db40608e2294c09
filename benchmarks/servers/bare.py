"""The physical reference (see `benchmarks.servers.bare_app`), started and filled."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import httpx

from benchmarks.client import drive
from benchmarks.requests import put
from benchmarks.servers.bare_app import make_tables
from benchmarks.servers.base import Place, basic
from benchmarks.servers.database import postgres_ids
from tests.postgres import PostgresServer
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Bare", "BareOnPostgres"]


class Bare:
    """uvicorn with the bare application, on a new file unless a database is given."""

    cannot: ClassVar[Mapping[str, str]] = {
        "expand": "expands nothing",
        "free-busy": "is no calendar server",
    }
    most = 100_000

    def __init__(self, title: str, database_url: str = "", *, workers: int = 1) -> None:
        self.title = title
        self._workers = workers
        self._folder = tempfile.TemporaryDirectory(prefix="bare-bench-")
        self._url = database_url or f"{self._folder.name}/bare.db"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """See the Protocol."""
        make_tables(self._url)
        self.restart()

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """See the Protocol."""
        place = Place(self._port, f"/{name}/", basic("bare", "bare"))
        requests = (put(place, one) for one in events)
        drive(self._port, requests, connections=16, seconds=600)
        return place

    def restart(self) -> float:
        """See the Protocol."""
        self._end()
        begin = time.perf_counter()
        program = ("benchmarks.servers.bare_app:application", "--factory")
        options = ("--port", str(self._port), "--workers", str(self._workers))
        quiet = ("--no-access-log", "--log-level", "critical")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", *program, *options, *quiet],
            env={**os.environ, "BARE_DATABASE": self._url},
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
        while time.perf_counter() < begin + 30:
            try:
                httpx.request("PROPFIND", f"http://127.0.0.1:{self._port}/lesen/")
            except httpx.HTTPError:
                time.sleep(0.02)
            else:
                return time.perf_counter() - begin
        raise AssertionError("the bare reference did not start")

    def processes(self) -> Sequence[int]:
        """See the Protocol."""
        assert self._process is not None
        command = ["ps", "-o", "pid=", "-g", str(self._process.pid)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        return [int(pid) for pid in found.stdout.split()]

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    def stop(self) -> None:
        """See the Protocol."""
        self._end()
        self._folder.cleanup()


class BareOnPostgres(Bare):
    """The same with two processes on a PostgreSQL that flushes every commit to the disk."""

    def __init__(self, title: str) -> None:
        self._postgres = PostgresServer(durable=True)
        self._postgres.start()
        url = self._postgres.new_database().replace("postgresql+psycopg", "postgresql")
        super().__init__(title, url, workers=2)

    def processes(self) -> Sequence[int]:
        """See the Protocol."""
        return [*super().processes(), *postgres_ids(self._postgres)]

    def stop(self) -> None:
        """See the Protocol."""
        super().stop()
        self._postgres.close()
