"""Patient lists by command: planned, applied, taken back.

Single doubtful rows are decided in the API. Not here: how lists are read
(`praxis_caldav.patient_lists`).
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from practice.database import SqlDatabase
from practice.errors import PracticeError
from practice.imports import Import, ImportRow, Policy, RowVerdict
from practice.ports import UnitOfWork
from practice.use_cases.import_applying import Application
from practice.use_cases.import_starts import begin_import, fail, told_progress
from practice.use_cases.import_undoing import TakingBack
from practice.use_cases.import_work import Came_co, Work, in_steps
from practice.use_cases.imports import ShownRow, counts_of, rows_shown
from praxis_caldav.commands.context import COMMAND_LINE, connected, with_settings
from praxis_caldav.commands.patients import WIDTH, patient
from praxis_caldav.commands.progress import bar
from praxis_caldav.commands.tables import Table, print_table
from praxis_caldav.composition import outside_of, profile_of
from praxis_caldav.importing import BREATH, make_plan
from praxis_caldav.patient_lists import FILE, Read, from_file, from_tool, told_as
from praxis_caldav.settings import Settings

__all__ = ["commands"]

#: Rows shown on the screen, of those that are asked about and of those that could not be read.
SHOWN = 20
#: Rows judged between two signs of life in the database.
_SOME = 5_000
_LARGEST = 26_000_000
_WORDS = {
    RowVerdict.NEW: "new patients",
    RowVerdict.SAME: "known, nothing new",
    RowVerdict.UPDATE: "known, tell something new",
    RowVerdict.ASK: "to be decided by a person",
    RowVerdict.UNREADABLE: "could not be read",
}


@patient.command("import")
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--source", metavar="NAME", help="Ask this booking tool for its patients instead.")
@click.option("--dry-run", is_flag=True, help="Show the plan, and keep nothing.")
@click.option("--apply", "at_once", is_flag=True, help="Apply the plan.")
@click.option("--overwrite", is_flag=True, help="Take the list's values where they differ.")
@click.option("--planned", type=int, metavar="ID", help="A plan made before, instead of a list.")
@click.option("--undo", "taken_back", type=int, metavar="ID", help="Take an import back.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@with_settings
def import_list(
    settings: Settings,
    file: Path | None,
    source: str | None,
    dry_run: bool,
    at_once: bool,
    overwrite: bool,
    planned: int | None,
    taken_back: int | None,
    quiet: bool,
) -> None:
    """Take over a patient list: FILE (CSV in any dialect, or GDT), or a booking tool's.

    A plan is made and shown, which changes nothing; --apply does what it says. What the practice
    knows stays, and only what it does not know is filled in. Doubtful rows are left for a person to
    decide. The same list again changes nothing.
    """
    given = [one for one in (file, source, planned, taken_back) if one is not None]
    if len(given) != 1:
        raise click.UsageError("Give one of FILE, --source, --planned and --undo.")
    if dry_run and (at_once or planned is not None or taken_back is not None):
        raise click.UsageError("--dry-run is for a new list, and applies nothing.")
    policy = Policy.OVERWRITE if overwrite else Policy.FILL
    with connected(settings) as database:
        if taken_back is not None:
            _undo(database, taken_back, quiet)
            return
        import_id = planned
        if import_id is None:
            read = _read(settings, file, source)
            if dry_run:
                _show_dry(database, read, quiet)
                return
            name = file.name if file else str(source)
            import_id = _plan(database, name, source or FILE, read, quiet).id
            _show(database, import_id)
        if at_once or planned is not None:
            _apply(database, import_id, policy, quiet)
        else:
            click.echo(f"Apply it with: praxis-caldav patient import --planned {import_id}")


def _unit(database: SqlDatabase, read_only: bool) -> AbstractContextManager[UnitOfWork]:
    return database.begin(actor=COMMAND_LINE, now=datetime.now(UTC), read_only=read_only)


def _read(settings: Settings, file: Path | None, source: str | None) -> Read:
    if file is not None:
        if file.stat().st_size > _LARGEST:
            raise click.ClickException("The file is larger than 25 MB.")
        return from_file(file.name, file.read_bytes(), {}, profile_of(settings).zone)
    from booking_adapter.protocol import Power

    outside = outside_of(settings, profile_of(settings))
    tool = outside.tools.get(str(source)) if outside else None
    if outside is None or tool is None:
        raise click.ClickException(f"There is no booking tool '{source}' in the settings.")
    try:
        if Power.PATIENTS not in tool.powers:
            raise click.ClickException("This booking tool does not tell its patients.")
        return from_tool(tool)
    finally:
        outside.close()


def _plan(database: SqlDatabase, name: str, source: str, read: Read, quiet: bool) -> Import:
    units = partial(_unit, database)
    with units(False) as uow:
        made = begin_import(uow, name, source)
    try:
        with bar("Comparing", len(read[0]), quiet) as told:

            def progress(done: int, total: int) -> None:
                told(done)
                if done % _SOME == 0:
                    with units(False) as uow:
                        told_progress(uow, made.id, done, total)

            return make_plan(units, made.id, read, progress)
    except BaseException as error:
        # Also when it is interrupted.
        sentence = str(error) if isinstance(error, PracticeError) else "Reading was stopped."
        with units(False) as uow:
            fail(uow, made.id, sentence)
        raise


def _apply(database: SqlDatabase, import_id: int, policy: Policy, quiet: bool) -> None:
    done = _in_steps(database, "Applying", Application(import_id, policy), quiet)
    click.echo(
        f"Import {import_id}: {done.made} patients made, {done.changed} changed,"
        f" {done.waiting} rows wait for a decision."
    )


def _in_steps(database: SqlDatabase, title: str, work: Work[Came_co], quiet: bool) -> Came_co:
    """Do what is done in steps; between them, others write."""
    with bar(title, 1, quiet) as told:

        def between(done: int, total: int) -> None:
            told(done, total)
            time.sleep(BREATH)

        return in_steps(partial(_unit, database), work, between, told_as("work_stopped"))


def _undo(database: SqlDatabase, import_id: int, quiet: bool) -> None:
    done = _in_steps(database, "Taking back", TakingBack(import_id), quiet)
    click.echo(f"Import {import_id}: {done.removed} patients removed, {done.restored} restored.")
    for kept in done.kept[:SHOWN]:
        why = kept.why.replace("_", " ")
        click.echo(f"  line {kept.line} stays (patient {kept.patient_id}): {why}", err=True)
    if len(done.kept) > SHOWN:
        click.echo(f"  ... and {len(done.kept) - SHOWN} more", err=True)


# --- Showing ------------------------------------------------------------------------------------


def _show(database: SqlDatabase, import_id: int) -> None:
    with _unit(database, True) as uow:
        counts = Counter(counts_of(uow, import_id).by_verdict)
        asked = rows_shown(uow, import_id, 0, SHOWN, RowVerdict.ASK)
        bad = uow.imports.rows(import_id, 0, SHOWN, RowVerdict.UNREADABLE)
    _counts(f"import {import_id}", counts)
    if asked:
        _asked(asked)
    _bad(bad, counts[RowVerdict.UNREADABLE])


def _show_dry(database: SqlDatabase, read: Read, quiet: bool) -> None:
    from practice.use_cases.import_judging import judged
    from practice.use_cases.import_plans import known_of

    with _unit(database, True) as uow:
        known = known_of(uow, read[0])
    with bar("Comparing", len(read[0]), quiet) as told:
        rows = judged(read[0], known, lambda done, _: told(done))
    counts = Counter(row.verdict for row in rows)
    _counts("plan, not kept", counts)
    bad = [row for row in rows if row.verdict is RowVerdict.UNREADABLE]
    _bad(bad[:SHOWN], len(bad))


def _counts(title: str, counts: Counter[RowVerdict]) -> None:
    table = Table(title, "rows")
    for verdict, words in _WORDS.items():
        table.add_row(words, str(counts[verdict]))
    print_table(table, WIDTH)


def _asked(rows: list[ShownRow]) -> None:
    table = Table("line", "the list says", "may be", "probability", "because", title="To decide")
    for shown in rows:
        record = shown.row.record
        if record is None:
            continue
        first = shown.beside[0] if shown.beside else None
        table.add_row(
            str(shown.row.line),
            f"{record.last_name}, {record.first_name} {record.birth_date}",
            f"{first.patient.number}: {first.patient.record.last_name},"
            f" {first.patient.record.first_name} {first.patient.record.birth_date}"
            if first
            else "",
            f"{first.candidate.probability:.0%}" if first else "",
            ", ".join((*shown.row.warnings, *(first.candidate.reasons[:2] if first else ()))),
        )
    print_table(table, WIDTH)


def _bad(rows: list[ImportRow], times: int) -> None:
    for row in rows:
        doubts = ", ".join(row.listed.doubts) if row.listed else ""
        click.echo(f"  line {row.line} could not be read: {doubts}", err=True)
    if times > len(rows):
        click.echo(f"  ... and {times - len(rows)} more", err=True)


commands: tuple[click.Command, ...] = (patient,)
