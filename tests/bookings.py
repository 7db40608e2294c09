"""A booking tool's exports, the program's commands, and a client, each in a line."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from sqlalchemy import Row, select
from starlette.testclient import TestClient

from practice.accounts import Room
from practice.database import SqlDatabase
from practice.database.tables import metadata
from practice.profile import Profile
from practice.use_cases.house import add_room
from practice.use_cases.verify import verify
from praxis_caldav import main
from praxis_caldav.commands.data import ImportResult, import_file
from praxis_caldav.composition import compose, profile_of
from praxis_caldav.setting_sources import load
from tests.building import PASSWORD, reading, writing

SETTINGS = load(environ={})
#: As the commands have it where nothing is configured.
PROFILE: Profile = profile_of(SETTINGS)


def a_row(booking_id: str = "B-1", **cells: str) -> dict[str, str]:
    """Return a good row of an export, half an hour with Dr. Müller; `cells` by column name."""
    return {
        "booking_id": booking_id,
        "doctor": "dr-mueller",
        "start": "2026-11-24 10:00",
        "end": "2026-11-24 10:30",
        "status": "confirmed",
        "last_name": "Ährenthaler",
        "first_name": "Zoë",
        "birth_date": "1966-02-03",
        **cells,
    }


def rows_a_day(count: int, *, reason: str = "Kontrolle") -> Iterator[dict[str, str]]:
    """Yield rows of different patients that do not overlap, both doctors in turn."""
    for n in range(count):
        month, day, quarter = 1 + n // 1120 % 12, 1 + n // 40 % 28, n // 2 % 20
        at = f"{2027 + n // 13440}-{month:02}-{day:02} {8 + quarter // 2:02}:{quarter % 2 * 3}0"
        yield a_row(
            f"B-{n:06}",
            doctor=("dr-mueller", "dr-schmidt")[n % 2],
            start=at,
            end="",
            duration="30",
            last_name=f"Linden{n:06}",
            first_name="Thea",
            patient_id=f"{n % 5000:06}",
            reason=reason,
        )


def an_export(path: Path, *rows: Mapping[str, str]) -> Path:
    """Write an export; its columns are those of any row."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=";", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def take(database: SqlDatabase, path: Path, *rows: Mapping[str, str]) -> ImportResult:
    """Import an export with these rows, written to `path`."""
    return import_file(database, PROFILE, an_export(path, *rows), "csv")


def add_rooms(database: SqlDatabase, *slugs: str) -> None:
    """Add rooms: raum-1 is called Raum 1."""
    with writing(database) as uow:
        for slug in slugs:
            add_room(uow, Room(slug, slug.replace("-", " ").title()))


def url_of(database: SqlDatabase) -> str:
    """Return the URL with which others can connect, too."""
    return database.engine.url.render_as_string(hide_password=False)


def faults(database: SqlDatabase) -> list[str]:
    """Return what `verify` finds."""
    with reading(database) as uow:
        return list(verify(uow, PROFILE, lambda: None))


def everything(database: SqlDatabase) -> dict[str, Sequence[Row[Any]]]:
    """Return the rows of every table, but for when devices were last used: that is noted whenever a
    server comes to it, whatever else is done or refused.
    """
    with database.engine.connect() as connection:
        return {
            table.name: connection.execute(select(table).order_by(*table.primary_key)).all()
            for table in metadata.sorted_tables
            if table.name not in {"occurrences", "credential_uses"}
        } | {"occurrences": sorted(connection.execute(select(metadata.tables["occurrences"])))}


class Ran(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def command(*arguments: object, database: SqlDatabase | None = None, stdin: str = "") -> Ran:
    """Run a command of the program in this process, on a database, with a closed keyboard."""
    options = [] if database is None else ["--database", url_of(database)]
    argv = ["praxis-caldav", *map(str, arguments), *options]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code = 0
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(sys, "argv", argv),
        patch.object(sys, "stdin", io.StringIO(stdin)),
    ):
        try:
            main.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    told = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return Ran(code, *told)


@contextmanager
def a_client(
    database: SqlDatabase, account: str = "empfang", password: str = PASSWORD
) -> Iterator[TestClient]:
    """Serve a database within this process to a client signed in as an account."""
    settings = load(environ={}, overrides={"database.url": url_of(database)})
    with TestClient(compose(settings), raise_server_exceptions=False) as client:
        client.auth = (account, password)
        yield client
