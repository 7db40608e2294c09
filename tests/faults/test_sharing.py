"""Several server processes on one SQLite file, and two hundred clients at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from tests.faults.arena import an_arena
from tests.faults.checking import aftermath
from tests.faults.replicas import kept, replicas_of
from tests.faults.speaking import Speaker
from tests.faults.writers import Writer, at_work, some_writers, totals, wait_for
from tests.servers import RunningServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.arena import Arena

WRITERS = 8


def share(arena: Arena, ports: list[int], writes: int) -> None:
    """Write through several ports; then hold the first to what everybody was told."""
    writers = some_writers(arena.port, WRITERS, seed=writes)
    for writer in writers:
        port = ports[writer.number % len(ports)]
        writer.speaker = Speaker(port, writer.account)
    replicas = replicas_of(arena)
    with at_work(writers), kept(replicas):
        wait_for(writers, writes, seconds=600)
    print(f"\n{len(ports)} ports: {aftermath(arena, writers, replicas)}")
    assert totals(writers)["nobody there"] == 0


@pytest.mark.parametrize("writes", [50, pytest.param(2000, marks=pytest.mark.slow)])
def test_two_servers_share_one_file(tmp_path: Path, sqlite_template: Path, writes: int) -> None:
    with (
        an_arena(tmp_path, sqlite_template=sqlite_template) as arena,
        RunningServer(arena.url) as other,
    ):
        share(arena, [arena.port, other.port], writes)


@pytest.mark.parametrize("writes", [50, pytest.param(2000, marks=pytest.mark.slow)])
def test_two_workers_share_one_file(tmp_path: Path, sqlite_template: Path, writes: int) -> None:
    with an_arena(tmp_path, sqlite_template=sqlite_template, workers=2) as arena:
        share(arena, [arena.port], writes)


# --- Two hundred at once ------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_of_two_hundred_clients_at_once_none_is_lost(arena: Arena, rounds: int) -> None:
    """Each has a connection, and all of them ask at the same moment."""
    writers = some_writers(arena.port, 200, seed=rounds)
    start = Barrier(len(writers))

    def work(writer: Writer) -> None:
        with closing(writer.speaker):
            for _ in range(rounds):
                start.wait(120)
                writer.step()

    with ThreadPoolExecutor(len(writers)) as threads:
        list(threads.map(work, writers))
    longest = max(writer.speaker.longest for writer in writers)
    found = aftermath(arena, writers)
    print(f"\n200 at once, {rounds} times, longest answer {longest:.2f} s: {found}")
    assert {"unknown", "nobody there", "507"} & found.counts.keys() == set()
    assert sum(found.counts.values()) == 200 * rounds
    assert found.counts["acknowledged"] > 100 * rounds
