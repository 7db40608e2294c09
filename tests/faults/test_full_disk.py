"""A full disk refuses writes with 507, damages nothing, and takes them as soon as there is room."""

from __future__ import annotations

import base64
import os
import random
import resource
import subprocess
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.building import an_event
from tests.dav import HOME, listing
from tests.faults.arena import an_arena
from tests.faults.checking import check_database, verified
from tests.faults.speaking import Speaker
from tests.postgres import SUPERUSER, PostgresServer
from tests.workers import worker_pids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.arena import Arena

MUELLER = f"{HOME}dr-mueller/"
REFUSALS = 20
#: Of a text that no database can make smaller.
LARGE = f"DESCRIPTION:{base64.b64encode(random.Random(5).randbytes(150_000)).decode()}"


def large(name: str) -> str:
    return an_event(name, "20261123T100000", "20261123T103000", "X-APPOINTMENT-TYPE:A", LARGE)


def put_until_full(speaker: Speaker, most: int) -> list[str]:
    """Put objects until one is refused; return the names of those that were taken."""
    taken: list[str] = []
    for n in range(most):
        reply = speaker.ask("PUT", f"{MUELLER}{n}.ics", large(f"{n}"))
        if reply.status != 201:
            assert reply.status == 507, reply
            return taken
        taken.append(f"{n}.ics")
    raise AssertionError("the disk is not full")


def survive_full(arena: Arena, most: int, make_room: Callable[[], None]) -> None:
    with closing(Speaker(arena.port, "empfang")) as speaker, arena.server.client() as client:
        taken = put_until_full(speaker, most)
        before = listing(client, MUELLER)
        assert set(before) == {MUELLER + name for name in taken}
        told = [speaker.ask("PUT", f"{MUELLER}no{n}.ics", large(f"n{n}")) for n in range(REFUSALS)]
        assert {reply.status for reply in told} == {507}
        assert listing(client, MUELLER) == before  # reading goes on
        for name in taken:
            assert speaker.ask("GET", MUELLER + name).content == large(name[:-4]).encode()
        make_room()
        for n in range(REFUSALS):
            assert speaker.ask("PUT", f"{MUELLER}yes{n}.ics", large(f"y{n}")).status == 201
        assert len(listing(client, MUELLER)) == len(taken) + REFUSALS
    check_database(arena.url)
    verified(arena.url)
    print(f"\n{len(taken)} taken, {len(told)} refused with 507, then {REFUSALS} taken")


def test_a_file_that_may_not_grow_refuses_writes_and_takes_them_again(
    tmp_path: Path, sqlite_template: Path
) -> None:
    """Short of a disk of its own: the kernel lets the server's files become no larger."""
    with an_arena(tmp_path, sqlite_template=sqlite_template) as arena:
        (pid,) = worker_pids(arena.server)
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        with closing(Speaker(arena.port, "empfang")) as speaker:
            assert speaker.ask("PROPFIND", MUELLER, Depth="0").status == 207  # signed in
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (6_000_000, hard))

        def make_room() -> None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

        survive_full(arena, 100, make_room)


# --- Disks of their own -------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Callable[[], None]]:
    """Mount a file system in memory; call what is given to make it larger."""
    assert os.geteuid() == 0, (
        "this slow test mounts a small file system in memory, which only root may: run it with"
        " sudo, or in a container as root with CAP_SYS_ADMIN"
    )
    size = f"size={megabytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "praxis-small", folder], check=True)

    def enlarge() -> None:
        larger = f"remount,size={4 * megabytes + 64}m"
        subprocess.run(["mount", "-o", larger, folder], check=True)

    try:
        yield enlarge
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.slow
def test_a_full_disk_under_sqlite(tmp_path: Path, sqlite_template: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    with (
        small_disk(folder, 8) as enlarge,
        an_arena(folder, sqlite_template=sqlite_template) as arena,
    ):
        survive_full(arena, 100, enlarge)


@pytest.mark.slow
def test_a_full_disk_that_is_restarted_on_still_answers(
    tmp_path: Path, sqlite_template: Path
) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    with (
        small_disk(folder, 8) as enlarge,
        an_arena(folder, sqlite_template=sqlite_template) as arena,
    ):
        with closing(Speaker(arena.port, "empfang")) as speaker:
            taken = put_until_full(speaker, 100)
            filler = folder / "filler"
            with suppress_full(), filler.open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
        arena.kill("app")
        arena.come_back("app")
        with arena.server.client() as client:
            assert {p.rsplit("/", 1)[1] for p in listing(client, MUELLER)} == set(taken)
        filler.unlink()
        enlarge()
        with closing(Speaker(arena.port, "empfang")) as speaker:
            assert speaker.ask("PUT", f"{MUELLER}neu.ics", large("neu")).status == 201
        verified(arena.url)


@contextmanager
def suppress_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        assert error.errno == 28  # noqa: PT017 - ENOSPC, and nothing else


@pytest.mark.slow
def test_a_full_disk_under_postgresql(tmp_path: Path) -> None:
    """Its tables lie on a small disk, its log on another: with a full log it stops altogether."""
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(durable=True))
        space = postgres.folder / "space"
        space.mkdir()
        enlarge = stack.enter_context(small_disk(space, 24))
        owner = postgres.folder.stat()
        os.chown(space, owner.st_uid, owner.st_gid)
        place = {"host": "127.0.0.1", "port": postgres.port, "user": SUPERUSER}
        with psycopg.connect(**place, dbname="postgres", autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
            connection.execute("ALTER SYSTEM SET default_tablespace = small")
            connection.execute("SELECT pg_reload_conf()")
        with an_arena(tmp_path, postgres=postgres) as arena:
            survive_full(arena, 1000, enlarge)
        postgres.stop("immediate")
