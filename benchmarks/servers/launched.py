"""What every measured server has in common: programs in a folder, perhaps a PostgreSQL."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.servers.running import Programs
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.servers.database import Postgres

__all__ = ["HERE", "Launched"]

#: With which Python finds what belongs to this repository, whatever folder a program is in.
HERE = {"PYTHONPATH": str(Path(__file__).parents[2])}


class Launched:
    """Programs that are launched and ended together, as `account`, beside a database that stays.

    A server's own class adds how they are launched and how the database is set up and started.
    """

    filled = ""

    def __init__(self, account: str = "", postgres: Postgres | None = None) -> None:
        self._postgres = postgres
        self._programs = Programs(account)
        self._port = free_port()

    def _launch(self) -> None:
        """Start the programs and wait until they answer."""
        raise NotImplementedError

    def restart(self) -> float:
        """Restart all but the database; see the Protocol."""
        self._programs.end()
        begin = time.perf_counter()
        self._launch()
        return time.perf_counter() - begin

    def processes(self) -> Sequence[int]:
        """See the Protocol."""
        return [*self._programs.ids(), *(self._postgres.ids() if self._postgres else ())]

    def stop(self) -> None:
        """See the Protocol."""
        self._programs.remove()
        if self._postgres:
            self._postgres.close()
