"""Bookings in, and whether everything is as it should be."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import click

from booking_adapter.tools.csv_file import BadRow, read_bookings
from practice.access import SYSTEM
from practice.appointments import Booking, Slot
from practice.database import SqlDatabase
from practice.profile import Profile
from practice.use_cases.book import take_bookings
from practice.use_cases.taking_over import Outcome, Taken
from practice.use_cases.verify import verify
from praxis_caldav.commands.context import COMMAND_LINE, connected, with_settings
from praxis_caldav.commands.progress import bar
from praxis_caldav.composition import profile_of
from praxis_caldav.settings import Settings

__all__ = ["ImportResult", "commands", "import_file"]

#: Bookings in one transaction: few enough that others wait for a blink only.
BATCH = 200
#: Lines of a listing on the screen; the rest goes to a file if one is named.
SHOWN = 50


@dataclass(slots=True)
class ImportResult:
    """What became of a file; everything in it is an id, a line or a number."""

    counts: Counter[str] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    removed_here: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@click.command("import-bookings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="csv", show_default=True, help="Name of the tool it comes from.")
@click.option(
    "--bad-rows",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write bad rows to this CSV file.",
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
@with_settings
def import_bookings(
    settings: Settings, file: Path, source: str, bad_rows: Path | None, quiet: bool
) -> None:
    """Take over a booking tool's CSV export FILE.

    Its bookings become appointments in the doctors' calendars. Running it again changes only what
    changed in the file. Bookings that left the file are reported and never deleted. Bad rows are
    listed with line and reason, good ones taken; then it exits with 1, with 0 if all were good.
    """
    if bad_rows is not None:
        _try_to_write(bad_rows, file)
    with connected(settings) as database, bar("Importing", file.stat().st_size, quiet) as told:
        result = import_file(database, profile_of(settings), file, source, told)
    _report(result, bad_rows)
    if result.bad:
        sys.exit(1)


def import_file(
    database: SqlDatabase,
    profile: Profile,
    file: Path,
    source: str,
    told: Callable[[int], None] | None = None,
) -> ImportResult:
    """Take over a file, a batch a transaction; `told` hears the bytes done so far."""
    result, seen = ImportResult(), _Seen()
    rows = read_bookings(file, profile.zone, told)
    while batch := list(islice(rows, BATCH)):
        bookings = [row for row in batch if isinstance(row, Booking)]
        result.bad += [row for row in batch if isinstance(row, BadRow)]
        for row in batch:
            seen.note(row)
        with database.begin(actor=COMMAND_LINE, now=datetime.now(UTC)) as uow:
            _count(result, take_bookings(uow, source, bookings, profile))
    if seen.window is not None:
        with database.begin(actor=SYSTEM, now=datetime.now(UTC), read_only=True) as uow:
            gone = (a.booking_id for a in uow.appointments.of_source(source, seen.window))
            result.left = [one for one in gone if one is not None and not seen.knows(one)]
    return result


class _Seen:
    """The booking ids of a file, as digests, and the time it tells of."""

    def __init__(self) -> None:
        self._ids: set[bytes] = set()
        self.window: Slot | None = None

    def note(self, row: Booking | BadRow) -> None:
        if isinstance(row, BadRow):
            self._ids.add(_digest(row.booking_id))
            return
        self._ids.add(_digest(row.id))
        start, end = row.slot.start, row.slot.start + timedelta(seconds=1)
        if self.window is None:
            self.window = Slot(start, end)
        else:
            self.window = Slot(min(self.window.start, start), max(self.window.end, end))

    def knows(self, booking_id: str) -> bool:
        return _digest(booking_id) in self._ids


def _digest(text: str) -> bytes:
    # The number of a bad row may hold bytes that could not be decoded.
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()


def _count(result: ImportResult, taken: Iterable[Taken]) -> None:
    for one in taken:
        if one.outcome is Outcome.REFUSED:
            result.bad.append(BadRow(one.booking.line, one.reason, one.booking.id))
        else:
            result.counts[one.outcome] += 1
        if one.double:
            result.double.append(one.booking.id)
        if one.outcome is Outcome.REMOVED_HERE:
            result.removed_here.append(one.booking.id)


def _report(result: ImportResult, bad_rows: Path | None) -> None:
    words = (Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.REMOVED_HERE)
    told = ", ".join(f"{result.counts[word]} {word}" for word in words if result.counts[word])
    click.echo(f"Bookings: {told or 'none'}; {len(result.bad)} bad rows.")
    result.bad.sort(key=lambda row: row.line)
    _listing("Bad rows", [f"line {row.line}: {row.reason}" for row in result.bad])
    _listing("Taken although the doctor has something else then", result.double)
    _listing("Changed by the tool, but removed in the practice's calendars", result.removed_here)
    _listing("No longer in the file, kept in the calendars", result.left)
    if bad_rows is not None:
        _write_bad_rows(result, bad_rows)


def _try_to_write(path: Path, file: Path) -> None:
    """Fail before anything is taken; and never write over the bookings themselves."""
    if path.exists() and path.samefile(file):
        raise click.BadParameter("--bad-rows names the bookings' own file.")
    try:
        path.open("a").close()
    except OSError as error:
        raise click.BadParameter(f"--bad-rows {path} cannot be written.") from error


def _write_bad_rows(result: ImportResult, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("line", "reason"))
        writer.writerows((row.line, row.reason) for row in result.bad)


def _listing(title: str, lines: list[str]) -> None:
    if not lines:
        return
    click.echo(f"{title} ({len(lines)}):", err=True)
    for line in lines[:SHOWN]:
        click.echo(f"  {line}", err=True)
    if len(lines) > SHOWN:
        click.echo(f"  ... and {len(lines) - SHOWN} more", err=True)


@click.command("verify")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@with_settings
def verify_command(settings: Settings, quiet: bool) -> None:
    """Check the whole database.

    That is the log, every object, its index and its appointment, and the acts. Exits with 1 if
    any is wrong.
    """
    with (
        connected(settings) as database,
        database.begin(actor=COMMAND_LINE, now=datetime.now(UTC), read_only=True) as uow,
    ):
        total = uow.log_state().number + uow.acts.head()[0]
        rows = 0
        with bar("Verifying", total, quiet) as told:

            def one_more() -> None:
                nonlocal rows
                rows += 1
                told(min(rows, total))

            faults = list(verify(uow, profile_of(settings), one_more))
    for fault in faults:
        click.echo(fault, err=True)
    click.echo(f"{rows} rows looked at, {len(faults)} faults.")
    if faults:
        sys.exit(1)


commands: tuple[click.Command, ...] = (import_bookings, verify_command)
