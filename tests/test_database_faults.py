"""A database that stops, is locked, is full or has no connection left: refused, then as before."""

from __future__ import annotations

import itertools
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Connection, event, text

from practice.access import Account, Role
from practice.database import SqlDatabase
from practice.errors import DatabaseUnavailable, StorageFull
from tests.building import a_draft, a_practice, an_event, reading, the_view, writing
from tests.dav import HOME
from tests.in_process import clients
from tests.postgres import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from practice.database.unit_of_work import SqlUnitOfWork


def save(uow: SqlUnitOfWork, name: str, *more: str) -> None:
    calendar = uow.calendars.find("dr-mueller")
    assert calendar is not None
    times = ("20261123T100000", "20261123T103000")
    uow.calendars.save(calendar, a_draft(name, an_event(name, *times, *more)))


def number_of(database: SqlDatabase) -> int:
    with reading(database) as uow:
        return uow.log_state().number


def names(database: SqlDatabase) -> set[str]:
    with reading(database) as uow:
        return {head.href for head in uow.calendars.listing(the_view(uow, "admin", "dr-mueller"))}


def url_of(database: SqlDatabase) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def settings_of(database: SqlDatabase, *pragmas: str) -> list[object]:
    with database.engine.connect() as connection:
        return [connection.execute(text(f"PRAGMA {one}")).scalar() for one in pragmas]


# --- No connection left -------------------------------------------------------------------------


def test_when_every_connection_is_busy_the_next_is_told_to_come_back(practice: SqlDatabase) -> None:
    with (
        closing(SqlDatabase(url_of(practice), pool_size=1, busy_timeout=0.1)) as small,
        ExitStack() as busy,
    ):
        for _ in range(2):  # one, and one beyond the pool
            busy.enter_context(reading(small))
        with pytest.raises(DatabaseUnavailable), reading(small):
            raise AssertionError("there was a third connection")
        with pytest.raises(DatabaseUnavailable), writing(small):
            raise AssertionError("there was a third connection")
        busy.close()
        assert names(small) == set()
        with writing(small) as uow:
            save(uow, "a")


def test_a_writer_does_not_wait_forever_for_another(practice: SqlDatabase) -> None:
    with closing(SqlDatabase(url_of(practice), busy_timeout=0.1)) as impatient:
        with writing(practice) as uow:
            save(uow, "a")
            with pytest.raises(DatabaseUnavailable), writing(impatient):
                raise AssertionError("two writers at once")
            assert names(impatient) == set()  # reading goes on
        with writing(impatient) as uow:
            save(uow, "b")
        assert names(practice) == {"a", "b"}


# --- SQLite -------------------------------------------------------------------------------------


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[SqlDatabase]:
    """A practice in a file."""
    path = tmp_path / "praxis.db"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(SqlDatabase(f"sqlite:///{path}", busy_timeout=0.2)) as database:
        a_practice(database)
        yield database


@contextmanager
def another_process(path: str, *statements: str) -> Iterator[None]:
    """Run statements on one connection of another process, and keep it open."""
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for statement in sys.argv[2:]: connection.execute(statement)\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path, *statements],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield
        process.communicate()
    assert process.returncode == 0


def test_sqlite_flushes_every_commit_and_keeps_its_references(sqlite: SqlDatabase) -> None:
    full = 2
    wanted: list[object] = ["wal", full, 1]
    for _ in range(2):  # a pooled connection, too
        with reading(sqlite):  # and one beside it
            assert settings_of(sqlite, "journal_mode", "synchronous", "foreign_keys") == wanted


def test_a_row_without_what_it_refers_to_is_refused(practice: SqlDatabase) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), writing(practice) as uow:
        uow.accounts.save(Account(0, "eva", Role.DOCTOR, doctor_id=4711))


def test_a_file_that_another_process_writes_to_is_read_and_written_later(
    sqlite: SqlDatabase,
) -> None:
    path = sqlite.engine.url.database
    assert path is not None
    with another_process(path, "BEGIN IMMEDIATE", "UPDATE house SET number = 99"):
        assert names(sqlite) == set()
        with pytest.raises(DatabaseUnavailable), writing(sqlite):
            raise AssertionError("two writers at once")
    with writing(sqlite) as uow:  # its process ended without a COMMIT
        save(uow, "a")
        assert uow.log_state().number < 99
    assert names(sqlite) == {"a"}


def test_a_file_that_another_process_keeps_to_itself_is_refused_and_comes_back(
    tmp_path: Path, sqlite_template: Path
) -> None:
    path = tmp_path / "praxis.db"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(SqlDatabase(f"sqlite:///{path}", busy_timeout=0.2)) as database:
        exclusive = ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE")
        with another_process(str(path), *exclusive):
            with pytest.raises(DatabaseUnavailable), reading(database):
                raise AssertionError("another process has it to itself")
            with pytest.raises(DatabaseUnavailable):
                database.ready()
        assert database.ready()


def test_a_full_disk_refuses_the_write_and_leaves_nothing_of_it(sqlite: SqlDatabase) -> None:
    with writing(sqlite) as uow:
        save(uow, "a")
    (pages,) = settings_of(sqlite, "page_count")

    @event.listens_for(sqlite.engine, "checkout")
    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={room}")  # type: ignore[attr-defined]

    room = pages
    with pytest.raises(StorageFull), writing(sqlite) as uow:
        save(uow, "b", f"DESCRIPTION:{'x' * 200_000}")
    assert names(sqlite) == {"a"}
    room = 0x7FFFFFFE
    with writing(sqlite) as uow:
        save(uow, "b", f"DESCRIPTION:{'x' * 200_000}")
        assert [c.href for c in uow.calendars.log(0, 100)][-2:] == ["a", "b"]
    assert names(sqlite) == {"a", "b"}


# --- PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that may be stopped."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgresql(own_server: PostgresServer) -> Iterator[SqlDatabase]:
    """A practice in a PostgreSQL that may be stopped."""
    with closing(SqlDatabase(own_server.new_database())) as database:
        database.upgrade()
        a_practice(database)
        yield database


def fill_the_pool(database: SqlDatabase) -> None:
    with ExitStack() as several:
        for _ in range(5):
            several.enter_context(reading(database)).log_state()


def kill_connection(uow: SqlUnitOfWork, database: SqlDatabase) -> None:
    """End a unit of work's connection, as a restarting server does."""
    own = uow.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with database.engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})


def test_a_stopped_server_is_told_and_a_started_one_works_at_once(
    own_server: PostgresServer, postgresql: SqlDatabase
) -> None:
    with writing(postgresql) as uow:
        save(uow, "before")
    fill_the_pool(postgresql)
    own_server.stop()
    for _ in range(7):
        with pytest.raises(DatabaseUnavailable), reading(postgresql) as uow:
            uow.log_state()
        with pytest.raises(DatabaseUnavailable), writing(postgresql):
            raise AssertionError("the server is down")
        with pytest.raises(DatabaseUnavailable):
            postgresql.ready()
    own_server.start()
    assert postgresql.ready()
    with writing(postgresql) as uow:
        save(uow, "after")
    assert names(postgresql) == {"before", "after"}


def test_a_restart_that_nobody_saw_costs_at_most_one_refusal(
    own_server: PostgresServer, postgresql: SqlDatabase
) -> None:
    fill_the_pool(postgresql)
    own_server.restart()
    with suppress(DatabaseUnavailable), reading(postgresql) as uow:
        uow.log_state()
    with ExitStack() as several:
        for _ in range(6):
            several.enter_context(reading(postgresql)).log_state()
    with writing(postgresql) as uow:
        save(uow, "a")


def test_a_server_that_goes_in_the_midst_of_a_transaction_keeps_nothing_of_it(
    postgresql: SqlDatabase,
) -> None:
    with pytest.raises(DatabaseUnavailable), writing(postgresql) as uow:  # noqa: PT012
        save(uow, "a")
        kill_connection(uow, postgresql)
        save(uow, "b")
    with pytest.raises(DatabaseUnavailable), writing(postgresql) as uow:  # noqa: PT012
        save(uow, "a")
        kill_connection(uow, postgresql)  # found out by the COMMIT alone
    assert names(postgresql) == set()
    with writing(postgresql) as uow:
        save(uow, "a")


def test_a_server_that_goes_in_the_midst_of_a_snapshot_is_told_even_if_somebody_swallows_it(
    postgresql: SqlDatabase,
) -> None:
    with pytest.raises(DatabaseUnavailable), reading(postgresql) as uow:  # noqa: PT012
        kill_connection(uow, postgresql)
        uow.calendars.all()
    with pytest.raises(DatabaseUnavailable), reading(postgresql) as uow:  # noqa: PT012
        kill_connection(uow, postgresql)
        with suppress(DatabaseUnavailable):
            uow.calendars.all()
    with pytest.raises(DatabaseUnavailable), writing(postgresql) as uow:  # noqa: PT012
        kill_connection(uow, postgresql)
        with suppress(DatabaseUnavailable):
            save(uow, "a")
    assert names(postgresql) == set()


def test_an_error_of_ours_is_told_even_if_the_server_is_gone(postgresql: SqlDatabase) -> None:
    with pytest.raises(ZeroDivisionError), writing(postgresql) as uow:  # noqa: PT012
        kill_connection(uow, postgresql)
        raise ZeroDivisionError
    assert names(postgresql) == set()


def test_a_server_that_became_read_only_is_told_to_be_unavailable(postgresql: SqlDatabase) -> None:
    name = postgresql.engine.url.database
    with closing(SqlDatabase(url_of(postgresql))) as other, other.engine.connect() as owner:
        owner.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        with closing(SqlDatabase(url_of(postgresql))) as fresh:
            with pytest.raises(DatabaseUnavailable), writing(fresh) as uow:
                save(uow, "a")
            assert names(fresh) == set()
        owner.execute(text("SET default_transaction_read_only = off"))
        owner.execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
    with writing(postgresql) as uow:
        save(uow, "a")


# --- What a client is told ----------------------------------------------------------------------

OBJECTS = f"{HOME}dr-mueller/"
SYNC = """<sync-collection xmlns="DAV:"><sync-token/><prop><getetag/></prop></sync-collection>"""


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PROPFIND", HOME, ""),
        ("PROPFIND", OBJECTS, ""),
        ("REPORT", OBJECTS, SYNC),
        ("GET", f"{OBJECTS}old.ics", ""),
        ("PUT", f"{OBJECTS}new.ics", an_event("new", "20261124T100000", "20261124T103000")),
        ("DELETE", f"{OBJECTS}old.ics", ""),
        ("MKCALENDAR", f"{HOME}labor/", ""),
    ],
)
def test_wherever_in_a_request_the_server_goes_the_client_is_told_to_come_back(
    postgresql: SqlDatabase, method: str, path: str, body: str
) -> None:
    with writing(postgresql) as uow:
        save(uow, "old.ics")
    before, number = names(postgresql), number_of(postgresql)
    with clients(postgresql, "admin") as (client,):
        statements = Cut(postgresql)
        for statement in itertools.count(1):
            statements.cut_before(statement)
            reply = client.request(method, path, content=body, headers={"Depth": "1"})
            if not statements.was_cut:
                break
            assert (reply.status_code, reply.headers.get("retry-after")) == (503, "5")
            assert names(postgresql) == before
            assert number_of(postgresql) == number
    assert statements.cut[-1] in {"COMMIT", "ROLLBACK"}  # from the first to the last
    assert reply.status_code in {200, 201, 204, 207}


class Cut:
    """Ends the connection just before it is handed its n-th statement from now."""

    def __init__(self, database: SqlDatabase) -> None:
        self._left = 0
        self.cut: list[str] = []
        event.listen(database.engine, "before_cursor_execute", self._before)

    def cut_before(self, statement: int) -> None:
        self._left = statement

    @property
    def was_cut(self) -> bool:
        return self._left <= 0

    def _before(self, connection: Connection, _cursor: object, text: str, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            self.cut.append(text)
            driver: Any = connection.connection.dbapi_connection
            with psycopg.connect(driver.info.dsn, autocommit=True) as other:
                ended = ("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))
                other.execute(*ended)
