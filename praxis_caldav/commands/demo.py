"""A demo practice: made, filled through the importer, and served."""

from __future__ import annotations

import csv
import fcntl
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from practice.passwords import hash_password
from praxis_caldav.commands.context import connected
from praxis_caldav.commands.data import import_file
from praxis_caldav.commands.server import run, set_up, try_address
from praxis_caldav.composition import profile_of
from praxis_caldav.demo.house import ACCOUNTS, furnish
from praxis_caldav.demo.make_bookings import ANCHOR, FILE
from praxis_caldav.setting_sources import load
from praxis_caldav.settings import Settings

__all__ = ["commands", "demo"]

_DATE_COLUMN = "Datum"


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--fresh", is_flag=True, help="Throw the demo practice away and make it anew.")
@click.option(
    "--tool-port", type=int, default=5233, show_default=True, help="Port of its booking tool."
)
@click.option("--no-serve", is_flag=True, help="Only make it.")
def demo(
    folder: Path,
    host: str | None,
    port: int | None,
    fresh: bool,
    tool_port: int,
    no_serve: bool,
) -> None:
    """Serve a demo practice with invented patients, and a booking tool for it.

    It is kept in FOLDER and made anew when that is empty. Never put real patients into it: its
    password is shown on the screen and kept in a file.
    """
    url = f"sqlite:///{(folder / 'praxis.db').absolute()}"
    given: dict[str, str | int | None] = {
        "database.url": url,
        "server.host": host,
        "server.port": port,
        "practice.name": "Praxis am Park (Demo)",
        "practice.address": "Parkstraße 1, 12345 Musterstadt",
        "logging.format": "text",
        "logging.level": "warning",
    }
    settings = load(overrides=given)
    # Before anything is written: another demo may run on this port, or in this folder.
    if not no_serve:
        try_address(settings.server.host, settings.server.port)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        _make_and_serve(settings, folder, given, tool_port, fresh=fresh, serving=not no_serve)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep others from making or serving a demo in this folder; the system ends it with us."""
    with (folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise click.ClickException(
                f"A demo runs in {folder} already. Stop it first, or take another --folder."
            ) from error
        yield


def _make_and_serve(
    settings: Settings,
    folder: Path,
    given: dict[str, str | int | None],
    tool_port: int,
    *,
    fresh: bool,
    serving: bool,
) -> None:
    password_file = folder / "password.txt"
    if fresh:
        for path in (*folder.glob("praxis.db*"), password_file):
            path.unlink(missing_ok=True)
    if not password_file.exists():
        _make(settings, folder, password_file)
    password = password_file.read_text("utf-8").strip()
    if not serving:
        _tell(settings, folder, password, "")
        return
    # Not loaded where it is not used: it brings an HTTP client.
    from praxis_caldav.demo.together import start_tool

    config = folder / "praxis-caldav.toml"
    with connected(settings) as database:
        page, stop = start_tool(database, settings, config, tool_port)
    _tell(settings, folder, password, page)
    try:
        run(load(config, overrides=given), config, given)
    finally:
        stop()


def _make(settings: Settings, folder: Path, password_file: Path) -> None:
    set_up(settings)
    bookings = folder / "buchungen.csv"
    profile = profile_of(settings)
    _write_shifted(bookings, datetime.now(profile.zone).date())
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    with connected(settings) as database:
        furnish(database, hash_password(password))
        click.echo("Importing about 1,500 invented appointments ...", err=True)
        result = import_file(database, profile, bookings, "csv")
    click.echo(f"{result.counts.total()} appointments imported from {bookings}.", err=True)
    # Written last: its absence says that the demo was not finished and is to be made again.
    password_file.write_text(password + "\n", "utf-8")
    password_file.chmod(0o600)


def _write_shifted(path: Path, today: date) -> None:
    """Write the invented export with its dates moved by whole weeks to around `today`."""
    weeks = (today - ANCHOR).days // 7
    with FILE.open(encoding="utf-8", newline="") as source:
        rows = list(_shifted(csv.reader(source, delimiter=";"), timedelta(weeks=weeks)))
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=";").writerows(rows)


def _shifted(rows: Iterator[list[str]], by: timedelta) -> Iterator[list[str]]:
    header = next(rows)
    place = header.index(_DATE_COLUMN)
    yield header
    for row in rows:
        day = datetime.strptime(row[place], "%d.%m.%Y").date() + by  # noqa: DTZ007 - a date
        yield [*row[:place], f"{day:%d.%m.%Y}", *row[place + 1 :]]


def _base(settings: Settings) -> str:
    return f"http://{settings.server.host}:{settings.server.port}"


def _tell(settings: Settings, folder: Path, password: str, tool: str) -> None:
    base = _base(settings)
    bookings = folder / "buchungen.csv"
    people = "\n".join(f"  {name:<16} {password}  {what}" for name, *_, what in ACCOUNTS)
    click.echo(
        f"""
Demo practice in {folder.absolute()}

Addresses
  staff, in the browser  {base}/admin
  patients, likewise     {base}/buchen
  in calendar programs   {base}/caldav/
  one doctor's calendar  {base}/caldav/calendars/dr-mueller/
  all doctors as one     {base}/caldav/calendars/praxis/
  the same as a file     {base}/caldav/calendars/praxis/appointments.ics
{f"  the booking tool       {tool}  (in the browser)" if tool else ""}

User name, password, what for
{people}

What to do next
  - Open {base}/admin as empfang: move an appointment, book one, undo it.
  - Thunderbird: New Calendar > On the Network; user name empfang, location {base}/caldav/
  - Change an appointment there: it is in every other program at its next sync.
  - Book in the booking tool: it is in the doctor's calendar at once. Move it in the calendar:
    the booking tool has the new time a moment later.
  - curl -u empfang {base}/caldav/calendars/praxis/appointments.ics
  - curl "{base}/api/patient-portal/available-slots?type=erstbesuch" has what patients may
    book; {base}/api/docs says how, and what else there is.
  - Change the booking tool's export, {bookings}, and take it over again:
    {sys.argv[0]} import-bookings --database {folder / "praxis.db"} {bookings}
  - Stop with Ctrl-C. --fresh makes the demo anew, around today.
"""
    )


commands: tuple[click.Command, ...] = (demo,)
