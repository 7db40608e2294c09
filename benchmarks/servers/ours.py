"""This server, as its README says it is run: SQLite, or PostgreSQL with two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import httpx

from benchmarks import bulk
from benchmarks.client import Wrong
from benchmarks.servers.base import Place, basic
from benchmarks.servers.database import postgres_ids
from practice.access import SYSTEM, Account, Role
from practice.accounts import Doctor
from practice.database import SqlDatabase
from practice.passwords import hash_password
from practice.use_cases.accounts import add_account, set_password
from practice.use_cases.house import add_doctor, ensure_main_calendar
from praxis_caldav.setting_sources import variable
from tests.postgres import PostgresServer
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["NOTHING_REMEMBERED", "Ours", "OursOnPostgres"]

#: Settings with which every answer is made anew.
NOTHING_REMEMBERED = {"caldav.remembered_megabytes": "0"}
_PASSWORD = "ein langes Passwort"
_DEADLINE = 60.0


class Ours:
    """`praxis-caldav serve` on a database of its own: a new file, unless one is given."""

    cannot: ClassVar[Mapping[str, str]] = {}
    most = 1_000_000

    def __init__(
        self,
        title: str,
        database_url: str = "",
        *,
        workers: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.title = title
        self._workers = workers
        self._settings = {variable(name): value for name, value in (settings or {}).items()}
        self._folder = tempfile.TemporaryDirectory(prefix="praxis-bench-")
        self._url = database_url or f"sqlite:///{self._folder.name}/praxis.db"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """See the Protocol."""
        database = SqlDatabase(self._url)
        database.upgrade()
        with database.begin(actor=SYSTEM, now=datetime.now(UTC)) as uow:
            ensure_main_calendar(uow, "praxis", "Praxis")
            account = add_account(uow, Account(0, "empfang", Role.STAFF))
            set_password(uow, account, hash_password(_PASSWORD))
        database.close()
        self._launch()

    def _launch(self) -> float:
        begin = time.perf_counter()
        with (Path(self._folder.name) / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "praxis_caldav.main", "serve"),
                    *("--port", str(self._port), "--database", self._url),
                    *("--workers", str(self._workers)),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, **self._settings},
                start_new_session=True,
            )
        while time.perf_counter() < begin + _DEADLINE:
            try:
                httpx.get(f"http://127.0.0.1:{self._port}/readyz").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.02)
            else:
                return time.perf_counter() - begin
        told = (Path(self._folder.name) / "log").read_text("utf-8", "replace")
        raise AssertionError(f"the server was not ready in time:\n{told}")

    def fill(self, name: str, events: Iterable[Event]) -> Place:
        """See the Protocol."""
        now = datetime.now(UTC)
        database = SqlDatabase(self._url)
        with database.begin(actor=SYSTEM, now=now) as uow:
            add_doctor(uow, Doctor(name, name))
        bulk.fill(database, name, events)
        database.close()
        path = f"/caldav/calendars/{name}/"
        return Place(self._port, path, basic("empfang", _PASSWORD))

    def import_bookings(self, file: Path) -> None:
        """See `benchmarks.importing`."""
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "praxis_caldav.main", "import-bookings"),
                *("--database", self._url, "--quiet", str(file)),
            ],
            capture_output=True,
            text=True,
            env={**os.environ, **self._settings},
            check=False,
        )
        if ran.returncode != 0:
            raise Wrong(f"import-bookings ended with {ran.returncode}: {ran.stderr[-500:]}")

    def restart(self) -> float:
        """See the Protocol."""
        self._end()
        return self._launch()

    def processes(self) -> Sequence[int]:
        """See the Protocol."""
        assert self._process is not None
        found = subprocess.run(
            ["ps", "-o", "pid=", "-g", str(self._process.pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        return [int(pid) for pid in found.stdout.split()]

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def stop(self) -> None:
        """See the Protocol."""
        self._end()
        self._folder.cleanup()


class OursOnPostgres(Ours):
    """The same with two processes on a PostgreSQL that flushes every commit to the disk."""

    def __init__(self, title: str, settings: Mapping[str, str] | None = None) -> None:
        self._postgres = PostgresServer(durable=True)
        self._postgres.start()
        url = self._postgres.new_database()
        super().__init__(title, url, workers=2, settings=settings)

    def processes(self) -> Sequence[int]:
        """See the Protocol."""
        return [*super().processes(), *postgres_ids(self._postgres)]

    def stop(self) -> None:
        """See the Protocol."""
        super().stop()
        self._postgres.close()
