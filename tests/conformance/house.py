"""The server that the suites run against: real, empty, with accounts that may make calendars."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from practice.access import Account, Role
from practice.database import SqlDatabase
from practice.passwords import hash_password
from practice.use_cases.accounts import add_account, set_password
from tests.building import PASSWORD, a_practice, writing
from tests.postgres import PostgresServer
from tests.servers import RunningServer

__all__ = ["DATABASES", "Served", "served"]

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Served:
    """A running server and who may sign in; all have one password, and addresses of their own."""

    url: str
    database: str
    accounts: tuple[str, ...] = ("suite-1", "suite-2", "suite-3")
    password: str = PASSWORD

    @property
    def mount(self) -> str:
        """Where CalDAV begins."""
        return self.url + "/caldav/"

    @property
    def home(self) -> str:
        """Where the calendars are."""
        return self.mount + "calendars/"


@contextmanager
def served(database: str) -> Iterator[Served]:
    """Serve a practice that nobody has written to yet, on SQLite or PostgreSQL."""
    with _database(database) as url:
        told = Served("", database)
        made = SqlDatabase(url)
        made.upgrade()
        a_practice(made)
        _add_accounts(made, told)
        made.close()
        with RunningServer(url, workers=2 if database == "postgresql" else 1) as running:
            yield Served(running.url, database)


@contextmanager
def _database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="praxis-conformance-") as folder:
            yield f"sqlite:///{Path(folder) / 'praxis.db'}"
        return
    with PostgresServer() as server:
        yield server.new_database()


def _add_accounts(database: SqlDatabase, told: Served) -> None:
    hashed = hash_password(told.password)
    with writing(database) as uow:
        for name in told.accounts:
            account = Account(
                0, name, Role.ADMIN, display_name=name.title(), email=f"{name}@example.org"
            )
            set_password(uow, add_account(uow, account), hashed)
