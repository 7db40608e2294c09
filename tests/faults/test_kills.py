"""Processes are killed at random under writers: nothing acknowledged is lost, all comes back."""

from __future__ import annotations

import os
import random
import signal
import statistics
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.arena import KILLS, an_arena
from tests.faults.checking import aftermath
from tests.faults.replicas import kept, replicas_of
from tests.faults.writers import at_work, some_writers, wait_for
from tests.workers import worker_pids

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.arena import Arena

WRITERS = 8
#: Seconds within which a killed server has to be back, in the middle of all times.
SOON = 5.0


def survive(arena: Arena, kills: int, seed: int) -> None:
    """Kill again and again under writers; then hold everything to what they were told."""
    dice = random.Random(seed)
    kinds = KILLS["postgresql" if arena.postgres else "sqlite"]
    writers = some_writers(arena.port, WRITERS, seed)
    replicas = replicas_of(arena)
    with at_work(writers), kept(replicas):
        for number in range(kills):
            wait_for(writers, dice.randrange(100))
            time.sleep(dice.uniform(0, 0.02))  # what is killed is killed at any moment
            what = kinds[number % len(kinds)]
            arena.kill(what)
            arena.come_back(what)
    found = aftermath(arena, writers, replicas)
    print(f"\n{arena.kills} kills, {sum(r.syncs for r in replicas)} syncs: {found}")
    for killed, seconds in arena.restarts.items():
        middle = statistics.median(seconds)
        print(f"{killed}: back after {middle:.2f} s, at most {max(seconds):.2f}")
        # One restart beside other tests says little of how long it takes.
        assert middle <= SOON or len(seconds) < 10
    assert arena.litter() == []
    assert found.counts["acknowledged"] > kills


def test_nothing_is_lost_when_the_server_is_killed(arena: Arena) -> None:
    survive(arena, 5, seed=1)


def test_a_killed_server_leaves_no_folders_behind_that_pile_up(
    tmp_path: Path, sqlite_template: Path
) -> None:
    with an_arena(tmp_path, sqlite_template=sqlite_template, workers=2) as arena:
        for _ in range(2):
            arena.kill("app")
            arena.come_back("app")
        assert arena.litter() == []


def test_a_worker_that_dies_while_it_is_busy_has_a_successor_at_once(
    tmp_path: Path, sqlite_template: Path
) -> None:
    with an_arena(tmp_path, sqlite_template=sqlite_template, workers=2) as arena:
        busy, other = worker_pids(arena.server)
        os.kill(busy, signal.SIGSTOP)
        time.sleep(1)  # longer than the half second after which the parent asks how it is
        begin = time.monotonic()
        os.kill(busy, signal.SIGKILL)
        while len(alive := set(worker_pids(arena.server)) - {busy}) < 2:
            assert time.monotonic() - begin < 30, "no successor"
            time.sleep(0.01)
        assert other in alive


@pytest.mark.slow
def test_nothing_is_lost_in_three_hundred_kills(arena: Arena) -> None:
    survive(arena, 300, seed=2)
