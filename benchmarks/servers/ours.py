"""This server, as its README says it is run: SQLite, or PostgreSQL with two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from benchmarks import bulk
from benchmarks.client import Wrong
from benchmarks.servers.base import Place, basic
from benchmarks.servers.database import Postgres, new_url
from benchmarks.servers.launched import HERE, Launched
from practice.access import SYSTEM, Account, Role
from practice.accounts import Doctor
from practice.database import SqlDatabase
from practice.passwords import hash_password
from practice.use_cases.accounts import add_account, set_password
from practice.use_cases.house import add_doctor, ensure_main_calendar
from praxis_caldav.setting_sources import variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from benchmarks.data import Event

__all__ = ["NOTHING_REMEMBERED", "Ours"]

#: Settings with which every answer is made anew.
NOTHING_REMEMBERED = {"caldav.remembered_megabytes": "0"}
_PASSWORD = "ein langes Passwort"


class Ours(Launched):
    """`praxis-caldav serve` on a new SQLite file, or with two processes on a PostgreSQL.

    The PostgreSQL flushes every commit to the disk, as it does by default.
    """

    cannot: ClassVar[Mapping[str, str]] = {}
    most = 1_000_000

    def __init__(
        self, title: str, *, postgresql: bool = False, settings: Mapping[str, str] | None = None
    ) -> None:
        self.title = title
        super().__init__(postgres=Postgres() if postgresql else None)
        self._workers = 2 if postgresql else 1
        settings = {variable(name): value for name, value in (settings or {}).items()}
        self._environment = {**HERE, **settings}
        self._url = ""

    @property
    def url(self) -> str:
        """The database's address."""
        return self._url

    def read_files(self) -> None:
        """Read the database's files once, so that the system has them in memory."""
        folder = self._postgres.folder if self._postgres else self._programs.folder
        for path in folder.rglob("*"):
            with suppress(OSError), path.open("rb") as file:  # PostgreSQL removes some meanwhile
                while file.read(1 << 20):
                    pass

    def start(self) -> None:
        """See the Protocol."""
        self._url = new_url(self._postgres, self._programs.folder)
        database = SqlDatabase(self._url)
        database.upgrade()
        with database.begin(actor=SYSTEM, now=datetime.now(UTC)) as uow:
            ensure_main_calendar(uow, "praxis", "Praxis")
            account = add_account(uow, Account(0, "empfang", Role.STAFF))
            set_password(uow, account, hash_password(_PASSWORD))
        database.close()
        self._launch()

    def _launch(self) -> None:
        self._programs.launch(
            *(sys.executable, "-m", "praxis_caldav.main", "serve"),
            *("--port", str(self._port), "--database", self._url),
            *("--workers", str(self._workers)),
            env=self._environment,
        )
        self._programs.wait_for(self._port, "/readyz", "GET")

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
            env={**os.environ, **self._environment},
            check=False,
        )
        if ran.returncode != 0:
            last = ran.stderr.strip().rpartition("\n")[2]
            raise Wrong(f"import-bookings ended with {ran.returncode}: {last}")
