"""What every command shares: its settings, its database, a unit of work."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from practice.access import Actor
from practice.database import SqlDatabase
from practice.errors import DatabaseUnavailable
from practice.ports import UnitOfWork
from praxis_caldav.composition import open_database, outside_of, profile_of
from praxis_caldav.setting_sources import load
from praxis_caldav.settings import Settings

if TYPE_CHECKING:
    from praxis_caldav.outside import Outside

__all__ = [
    "COMMAND_LINE",
    "connected",
    "everybody_outside",
    "moment",
    "password_from",
    "unit",
    "with_settings",
]

#: Who the log names for what a command did.
COMMAND_LINE = Actor(0, "command line")


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--config` and `--database`, and pass it the settings they lead to."""

    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="Settings file (TOML); else PRAXIS_CALDAV_CONFIG, else none.",
    )
    @click.option("--database", "url", help="Database URL or path of a SQLite file.")
    @functools.wraps(command)
    def with_them(config: Path | None, url: str | None, **rest: Any) -> Any:
        settings = load(config, overrides={"database.url": url})
        return command(settings=settings, **rest)

    return with_them


@contextmanager
def connected(settings: Settings) -> Iterator[SqlDatabase]:
    """Open the database; tell what to do when it is not there or not set up. None is made."""
    database = open_database(settings)
    file = database.file
    try:
        if file is not None and not file.exists():
            # SQLite would make an empty one of any name that was mistyped.
            raise DatabaseUnavailable(
                f"There is no database at {file.absolute()}. Run `praxis-caldav init` first, or"
                f" name the one that is meant by --database or --config{_demo_beside(file)}."
            )
        if not database.ready():
            where = "" if file is None else f" at {file}"
            raise DatabaseUnavailable(
                f"The database{where} is empty or from another version."
                " Run `praxis-caldav init` first."
            )
        yield database
    finally:
        database.close()


def _demo_beside(file: Path) -> str:
    """Return how to name the demo's database, where there is one."""
    demo = Path("demo", "praxis.db")
    return f"; the demo's is --database {demo}" if demo.exists() and demo != file else ""


@contextmanager
def unit(settings: Settings, *, read_only: bool = False) -> Iterator[UnitOfWork]:
    """Open the database for one unit of work."""
    with (
        connected(settings) as database,
        database.begin(actor=COMMAND_LINE, now=datetime.now(UTC), read_only=read_only) as uow,
    ):
        yield uow


def password_from(file: Path | None) -> str:
    """Return a password: the first line of a file ("-" is standard input), else asked for."""
    if file is None:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    if str(file) == "-":
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return file.read_text("utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"The password file {file} cannot be read.") from error


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Return a moment given as 2026-11-20T10:42, in the practice's time or with an offset."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"'{text}' is no time like 2026-11-20T10:42.") from error
    return told if told.tzinfo else told.replace(tzinfo=zone)


def everybody_outside(settings: Settings) -> Outside:
    """Return booking tools and those who are told; say what is missing where there is nobody."""
    outside = outside_of(settings, profile_of(settings))
    if outside is None:
        raise click.ClickException(
            "The settings have neither booking tools nor anybody to tell: see [booking], [mail]."
        )
    return outside
