"""The server's clock jumps: numbers stay in order, replicas whole, and nothing is lost."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from practice.database import SqlDatabase
from tests.building import reading
from tests.conftest import BACKENDS
from tests.faults.arena import an_arena
from tests.faults.checking import aftermath
from tests.faults.disk import Shim, build
from tests.faults.replicas import kept, replicas_of
from tests.faults.writers import at_work, some_writers, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import PostgresServer

pytestmark = pytest.mark.slow

HOUR, DAY = 3600, 86_400
JUMPS = (HOUR, -HOUR, DAY, -DAY, 400 * DAY, -400 * DAY, 1, -1, 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_lost_when_the_clock_jumps(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path, backend: str
) -> None:
    dice = random.Random(11)
    shim = Shim(build(tmp_path), tmp_path / "control", tmp_path / "served", None)
    (tmp_path / "served").mkdir()
    postgres: PostgresServer | None = None
    if backend == "postgresql":
        postgres = request.getfixturevalue("own_postgres")
    with an_arena(
        tmp_path / "served",
        sqlite_template=sqlite_template,
        postgres=postgres,
        options=shim.options,
    ) as arena:
        writers = some_writers(arena.port, 8, seed=11)
        replicas = replicas_of(arena)
        jumps = [*JUMPS, *(dice.randrange(-400 * DAY, 400 * DAY) for _ in range(21)), 0]
        with at_work(writers), kept(replicas):
            for seconds in jumps:
                shim.set_clock_ahead(seconds)
                wait_for(writers, 40)
        assert len(_days(arena.url)) > 20  # the server's clock did jump
        found = aftermath(arena, writers, replicas)
        longest = max(writer.speaker.longest for writer in writers)
        print(f"\n{backend}: {len(jumps)} jumps, longest answer {longest:.2f} s: {found}")


def _days(url: str) -> set[str]:
    """Return the days on which the log says it was written."""
    with closing(SqlDatabase(url)) as database, reading(database) as uow:
        return {f"{change.time:%Y%m%d}" for change in uow.calendars.log(0, 1_000_000)}
