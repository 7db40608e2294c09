"""Killed at every single call to the disk, a write is there wholly or not at all."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from practice.calendars import etag_of
from practice.database import SqlDatabase
from tests.bookings import faults
from tests.building import an_event
from tests.dav import HOME, listing
from tests.faults.arena import an_arena
from tests.faults.checking import check_database, verified
from tests.faults.disk import Shim, build
from tests.faults.speaking import Broken, Reply, Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.arena import Arena
    from tests.faults.disk import Mode

pytestmark = pytest.mark.slow

MUELLER, SCHMIDT = f"{HOME}dr-mueller/", f"{HOME}dr-schmidt/"
LARGE = "x" * 800_000


@dataclass
class Bench:
    """A served SQLite practice whose disk is watched, and one client of it."""

    arena: Arena
    shim: Shim
    speaker: Speaker
    #: ETags that have to stand, by address.
    stands: dict[str, str]
    made: int = 0

    def text(self, *more: str) -> str:
        self.made += 1
        times = (f"{2000 + self.made}0105T100000", f"{2000 + self.made}0105T103000")
        kind = "X-APPOINTMENT-TYPE:Kontrolle"
        return an_event(f"u{self.made}", *times, kind, f"SUMMARY:{self.made}", *more)

    def signed_in(self) -> None:
        """Have the password remembered, so that the next request writes what it is about only."""
        assert self.speaker.ask("PROPFIND", HOME, Depth="0").status == 207


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def bench(tmp_path: Path, sqlite_template: Path, library: Path) -> Iterator[Bench]:
    folder = tmp_path / "served"
    folder.mkdir()
    shim = Shim(library, tmp_path / "control", folder, tmp_path / "flushed")
    with an_arena(folder, sqlite_template=sqlite_template, options=shim.options) as arena:
        # The file as set up was closed, and so flushed, before anybody watched.
        shutil.copy(folder / "praxis.db", tmp_path / "flushed")
        made = Bench(arena, shim, Speaker(arena.port, "empfang"), {})
        with closing(made.speaker):
            made.signed_in()
            yield made


@dataclass(frozen=True)
class Write:
    """One request, and what stands afterwards, by address; None is nothing."""

    ask: Callable[[], Reply]
    after: dict[str, str | None]


def a_create(bench: Bench, *more: str) -> Write:
    text = bench.text(*more)
    path = f"{MUELLER}{bench.made}.ics"
    return Write(lambda: bench.speaker.ask("PUT", path, text), {path: etag_of(text)})


def an_overwrite(bench: Bench) -> Write:
    created = a_create(bench)
    assert created.ask().status == 201
    ((path, _),) = created.after.items()
    bench.stands[path] = created.after[path] or ""
    new = an_event(f"u{bench.made}", "20261124T100000", "20261124T103000", "SUMMARY:Neu")
    return Write(lambda: bench.speaker.ask("PUT", path, new), {path: etag_of(new)})


def a_delete(bench: Bench) -> Write:
    created = a_create(bench)
    assert created.ask().status == 201
    ((path, etag),) = created.after.items()
    bench.stands[path] = etag or ""
    return Write(lambda: bench.speaker.ask("DELETE", path), {path: None})


def a_move(bench: Bench) -> Write:
    created = a_create(bench)
    assert created.ask().status == 201
    ((path, etag),) = created.after.items()
    bench.stands[path] = etag or ""
    there = path.replace(MUELLER, SCHMIDT)
    ask = lambda: bench.speaker.ask("MOVE", path, Destination=there)  # noqa: E731
    return Write(ask, {path: None, there: etag})


WRITES = {"create": a_create, "overwrite": an_overwrite, "delete": a_delete, "move": a_move}


def killed(bench: Bench, write: Write, call: int, mode: Mode) -> bool:
    """Send a request during which the server is killed; False if it had no such call."""
    bench.shim.kill_at(call, mode)
    try:
        reply = write.ask()
    except Broken:
        assert bench.arena.server.process is not None
        bench.arena.server.process.wait(30)
        check_power_cut(bench, write)
        bench.shim.kill_at(0)
        bench.arena.come_back("app")
        bench.signed_in()
        check_either(bench, write)
        return True
    bench.shim.kill_at(0)
    assert reply.status in {201, 204}
    settle(bench, write.after)
    check_power_cut(bench, write)  # what was acknowledged was flushed, too
    return False


def settle(bench: Bench, state: dict[str, str | None]) -> None:
    for path, etag in state.items():
        bench.stands.pop(path, None)
        if etag is not None:
            bench.stands[path] = etag


def check_either(bench: Bench, write: Write) -> bool:
    """Hold the restarted server to before or after; True if the write was done."""
    with bench.arena.server.client() as client:
        found = listing(client, MUELLER) | listing(client, SCHMIDT)
    done = all(found.get(path) == etag for path, etag in write.after.items())
    if done:
        settle(bench, write.after)
    assert found == bench.stands
    return done


def check_power_cut(bench: Bench, write: Write) -> None:
    """Hold what had been flushed, and that alone, to before or after."""
    assert bench.shim.flushed is not None
    cut = bench.arena.folder.parent / "cut"
    shutil.rmtree(cut, ignore_errors=True)
    shutil.copytree(bench.shim.flushed, cut)
    with closing(SqlDatabase(f"sqlite:///{cut / 'praxis.db'}")) as database:
        assert faults(database) == []
        with database.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT c.name, o.href, o.etag FROM objects o JOIN calendars c ON"
                " c.id = o.calendar_id"
            )
            found = {f"{HOME}{row[0]}/{row[1]}": row[2] for row in rows}
    after = {p: e for p, e in {**bench.stands, **write.after}.items() if e is not None}
    assert found in (bench.stands, after)


@pytest.mark.parametrize("mode", ["before", "halfway", "after"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_write_killed_at_any_call_to_the_disk_is_whole_or_nothing(
    bench: Bench, kind: str, mode: Mode
) -> None:
    call = 1
    while killed(bench, WRITES[kind](bench), call, mode):
        call += 1
    assert call > 3  # log frames, and a flush
    check_database(bench.arena.url)
    verified(bench.arena.url)
    print(f"\n{kind}: killed {mode} each of {call - 1} calls, 0 half")


def test_a_checkpoint_killed_at_some_calls_leaves_everything_whole(bench: Bench) -> None:
    """A write so large that the log is copied into the file, which takes hundreds of calls."""
    dice = random.Random(7)
    kills, call = 0, 1
    while call < 1600:
        mode: Mode = dice.choice(["before", "halfway", "after"])
        kills += killed(bench, a_create(bench, f"DESCRIPTION:{LARGE}"), call, mode)
        call += dice.randrange(1, 80)
    assert kills > 10
    check_database(bench.arena.url)
    verified(bench.arena.url)
    print(f"\nlarge writes and checkpoints: {kills} kills, 0 damaged")


# --- Flushes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITES)
def test_every_acknowledged_write_was_flushed(bench: Bench, kind: str) -> None:
    counted = []
    for _ in range(20):
        write = WRITES[kind](bench)
        before = bench.shim.flushes
        assert write.ask().status in {201, 204}
        counted.append(bench.shim.flushes - before)
        settle(bench, write.after)
        check_power_cut(bench, Write(write.ask, {}))
    assert min(counted) >= 1
    print(f"\n{kind}: {min(counted)} to {max(counted)} flushes a write")
