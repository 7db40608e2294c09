"""What every test may ask for."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, Page

from practice.database import SqlDatabase
from tests.browser import PATIENCE, a_browser
from tests.building import a_practice
from tests.people import People, people_of
from tests.postgres import PostgresMissing, PostgresServer, find_binaries, shared_server
from tests.put_back import PutBack
from tests.servers import RunningServer


def pytest_report_header() -> str:
    try:
        binaries = find_binaries()
    except PostgresMissing as problem:
        return f"PostgreSQL for the tests: {problem}"
    return (
        f"PostgreSQL for the tests: {binaries.release},"
        f" {binaries.origin} binaries {binaries.folder}"
    )


def pytest_collection_finish() -> None:
    """Leave what stays until the end out of every search for what may go: a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The PostgreSQL of this test run, one for all xdist workers."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # without xdist that would be the folder of every user's every run
    with shared_server(root) as server:
        yield server


BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of this version, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database = SqlDatabase(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of this version, to be copied."""
    url = postgres.new_database()
    database = SqlDatabase(url)
    database.upgrade()
    database.close()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def sqlite_practice(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice, to be copied (see `tests.building.a_practice`)."""
    path = tmp_path_factory.mktemp("template") / "practice.db"
    shutil.copy(sqlite_template, path)
    with closing(SqlDatabase(f"sqlite:///{path}")) as database:
        a_practice(database)
    return path


@pytest.fixture(scope="session")
def postgres_practice(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The URL of a practice, to be copied (see `tests.building.a_practice`)."""
    url = postgres.new_database(like=postgres_template)
    with closing(SqlDatabase(url)) as database:
        a_practice(database)
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def postgres_template_again(postgres: PostgresServer, postgres_template: str) -> Iterator[PutBack]:
    with closing(PutBack(postgres, postgres_template)) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_practice_again(postgres: PostgresServer, postgres_practice: str) -> Iterator[PutBack]:
    with closing(PutBack(postgres, postgres_practice)) as made:
        yield made


Copies: TypeAlias = Callable[[Path], AbstractContextManager[SqlDatabase]]


@contextmanager
def copies_of(
    backend: str,
    request: pytest.FixtureRequest,
    folder: Path,
    build: Callable[[SqlDatabase], object],
) -> Iterator[Copies]:
    """Make a practice be as `build` leaves it; give what makes copies of it, each in a folder."""
    if backend == "sqlite":
        with _a_file(request.getfixturevalue("sqlite_practice"), folder) as made:
            build(made)
        yield partial(_a_file, folder / "praxis.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.new_database(like=request.getfixturevalue("postgres_practice"))
    with closing(SqlDatabase(url)) as made:
        build(made)
    with closing(PutBack(server, url)) as again:
        yield lambda _: _one_of(again)
    server.drop_database(url)


@contextmanager
def _a_file(like: Path, folder: Path) -> Iterator[SqlDatabase]:
    path = folder / "praxis.db"
    shutil.copy(like, path)
    with closing(SqlDatabase(f"sqlite:///{path}")) as database:
        yield database


@contextmanager
def _one_of(again: PutBack) -> Iterator[SqlDatabase]:
    with again.one() as url, closing(SqlDatabase(url)) as database:
        yield database


@contextmanager
def a_database(
    backend: str, request: pytest.FixtureRequest, folder: Path, what: str = "template"
) -> Iterator[SqlDatabase]:
    """A database of this version on a backend: an empty one, or a "practice"."""
    if backend == "sqlite":
        made = _a_file(request.getfixturevalue(f"sqlite_{what}"), folder)
    else:
        made = _one_of(request.getfixturevalue(f"postgres_{what}_again"))
    with made as database:
        yield database


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlDatabase]:
    """An empty database, on each backend; of a test that asks for `practice`, that one."""
    what = "practice" if "practice" in request.fixturenames else "template"
    with a_database(request.param, request, tmp_path, what) as made:
        yield made


@pytest.fixture
def practice(database: SqlDatabase) -> SqlDatabase:
    """A database with doctors, calendars and accounts (see `tests.building.a_practice`)."""
    return database


@pytest.fixture(scope="module", params=BACKENDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A served practice, one a module, on each backend; two worker processes on PostgreSQL."""
    with a_served_practice(request, tmp_path_factory, forked=True) as running:
        yield running


@contextmanager
def a_served_practice(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, *, forked: bool
) -> Iterator[RunningServer]:
    """Serve a practice on the backend of a request."""
    folder = tmp_path_factory.mktemp("server")
    with a_database(request.param, request, folder, "practice") as made:
        url = made.engine.url.render_as_string(hide_password=False)
        workers = 2 if request.param == "postgresql" else 1
        with RunningServer(url, workers=workers, forked=forked) as running:
            yield running


@pytest.fixture(scope="module", params=BACKENDS)
def people(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[People]:
    """A practice and a client of everybody in it, one a module, on each backend."""
    folder = tmp_path_factory.mktemp("people")
    with a_database(request.param, request, folder) as made, people_of(made) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, one a module: while it is driven, nothing else of the process can use asyncio."""
    with a_browser() as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that remembers nothing; what goes wrong in its scripts fails the test."""
    context = browser.new_context(locale="de-DE", timezone_id="Europe/Berlin")
    context.set_default_timeout(PATIENCE)
    made = context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield made
    context.close()
    assert faults == []


@pytest.fixture(scope="module")
def practice_served(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[RunningServer]:
    """A served practice, one a module, on SQLite: which database it is, no page knows."""
    path = tmp_path_factory.mktemp("pages") / "praxis.db"
    shutil.copy(sqlite_template, path)
    with closing(SqlDatabase(f"sqlite:///{path}")) as made:
        a_practice(made)
    with RunningServer(f"sqlite:///{path}", forked=True) as running:
        yield running
