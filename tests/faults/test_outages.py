"""PostgreSQL goes and comes, connections are cut: clients are told so, and lose nothing."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.faults.arena import an_arena
from tests.faults.checking import aftermath
from tests.faults.replicas import kept, replicas_of
from tests.faults.speaking import Speaker
from tests.faults.writers import at_work, some_writers, totals, wait_for
from tests.postgres import SUPERUSER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.arena import Arena
    from tests.postgres import PostgresServer

WRITERS = 8
#: Seconds within which every request is answered, outage or not.
ANSWERED = 10.0


@pytest.fixture
def postgresql(tmp_path: Path, own_postgres: PostgresServer) -> Iterator[Arena]:
    with an_arena(tmp_path, postgres=own_postgres) as made:
        yield made


def survive(arena: Arena, rounds: int, outage: Callable[[Arena], None], *, refused: bool) -> None:
    """Have outages under writers, who are answered all the time; then hold all to what they say.

    `refused`: somebody must have been told to come back, or there was no outage.
    """
    writers = some_writers(arena.port, WRITERS, seed=rounds)
    replicas = replicas_of(arena)
    with at_work(writers), kept(replicas):
        for _ in range(rounds):
            wait_for(writers, 30)
            outage(arena)
        wait_for(writers, 30)
    found = aftermath(arena, writers, replicas)
    longest = max(writer.speaker.longest for writer in writers)
    print(f"\n{rounds} times {outage.__name__}, longest answer {longest:.2f} s: {found}")
    assert longest <= ANSWERED
    assert "unknown" not in found.counts  # the server was there, so it answered
    assert bool(found.counts.get("503")) or not refused


def stopped_and_started(arena: Arena) -> None:
    assert arena.postgres is not None
    arena.postgres.stop()
    _told_to_come_back(arena)
    arena.postgres.start()
    arena.wait_until_ready()


def _told_to_come_back(arena: Arena) -> None:
    with closing(Speaker(arena.port, "admin")) as speaker:
        for method, path in (("PROPFIND", "/caldav/"), ("GET", "/readyz")):
            reply = speaker.ask(method, path, Depth="0")
            assert reply.status == 503
            assert reply.headers.get("retry-after") or path == "/readyz"


def connections_cut(arena: Arena) -> None:
    """End every connection to the database, ten times within a second."""
    assert arena.postgres is not None
    name = urlsplit(arena.url).path.removeprefix("/")
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()"
    )
    place = {"host": "127.0.0.1", "port": arena.postgres.port, "user": SUPERUSER}
    with psycopg.connect(**place, dbname="postgres", autocommit=True) as connection:  # type: ignore[arg-type]
        for _ in range(10):
            connection.execute(cut, (name,))
            time.sleep(0.1)


def test_nothing_is_lost_when_postgresql_is_stopped_and_started(postgresql: Arena) -> None:
    survive(postgresql, 1, stopped_and_started, refused=True)


def test_nothing_is_lost_when_connections_are_cut(postgresql: Arena) -> None:
    survive(postgresql, 1, connections_cut, refused=False)


@pytest.mark.slow
def test_nothing_is_lost_in_many_outages(postgresql: Arena) -> None:
    survive(postgresql, 20, stopped_and_started, refused=True)


@pytest.mark.slow
def test_nothing_is_lost_when_connections_are_cut_many_times(postgresql: Arena) -> None:
    survive(postgresql, 30, connections_cut, refused=True)


@pytest.mark.slow
def test_every_write_that_postgresql_acknowledges_is_flushed(postgresql: Arena) -> None:
    """Its log is flushed at least once a write; and nobody has told it not to."""
    number = 200
    place = urlsplit(postgresql.url.replace("+psycopg", ""))
    with psycopg.connect(place.geturl(), autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)
        before = _flushes(connection)
        (writer,) = some_writers(postgresql.port, 1, seed=3)
        with at_work([writer]):
            wait_for([writer], number)
        deadline = time.monotonic() + 30  # it counts a while after it has flushed
        while _flushes(connection) - before < totals([writer])["acknowledged"]:
            assert time.monotonic() < deadline, "fewer flushes than writes"
            time.sleep(0.1)
        flushes, writes = _flushes(connection) - before, totals([writer])["acknowledged"]
    print(f"\n{flushes} flushes for {writes} acknowledged writes")


def _flushes(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT wal_sync FROM pg_stat_wal").fetchone()
    assert row
    return int(row[0])
