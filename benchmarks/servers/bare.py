"""The physical reference (see `benchmarks.servers.bare_app`), started and filled."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

from benchmarks.client import drive
from benchmarks.requests import put
from benchmarks.servers.bare_app import make_tables
from benchmarks.servers.base import Place, basic
from benchmarks.servers.database import Postgres, new_url
from benchmarks.servers.launched import HERE, Launched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Bare"]


class Bare(Launched):
    """uvicorn with the bare application on a new file, or with two processes on a PostgreSQL."""

    cannot: ClassVar[Mapping[str, str]] = {
        "expand": "expands nothing",
        "free-busy": "is no calendar server",
    }
    most = 100_000

    def __init__(self, title: str, *, postgresql: bool = False) -> None:
        self.title = title
        super().__init__(postgres=Postgres() if postgresql else None)
        self._workers = 2 if postgresql else 1
        self._url = ""

    def start(self) -> None:
        """See the Protocol."""
        url = new_url(self._postgres, self._programs.folder)
        self._url = url.removeprefix("sqlite:///").replace("postgresql+psycopg", "postgresql")
        make_tables(self._url)
        self._launch()

    def _launch(self) -> None:
        self._programs.launch(
            *(sys.executable, "-m", "uvicorn", "benchmarks.servers.bare_app:application"),
            *("--factory", "--port", str(self._port), "--workers", str(self._workers)),
            *("--no-access-log", "--log-level", "critical"),
            env={**HERE, "BARE_DATABASE": self._url},
        )
        self._programs.wait_for(self._port, "/lesen/", "PROPFIND")

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """See the Protocol."""
        place = Place(self._port, f"/{name}/", basic("bare", "bare"))
        requests = (put(place, one) for one in events)
        drive(self._port, requests, connections=16, seconds=600)
        return place
