"""Patients by command: told of themselves, deleted, erased.

Not here: finding and changing them (`praxis_caldav.commands.patients`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from practice.patients import Patient
from practice.ports import UnitOfWork
from practice.use_cases import erasure
from practice.use_cases.disclosure import calendar_file, disclose
from practice.use_cases.patient_records import patient_numbered
from praxis_caldav.commands.context import unit, with_settings
from praxis_caldav.composition import profile_of
from praxis_caldav.settings import Settings

__all__ = ["confirm", "removing", "yes_option"]

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
_also_future = click.option(
    "--also-future", is_flag=True, help="Though there are appointments to come."
)


@click.command("delete")
@click.argument("number")
@_also_future
@yes_option
@with_settings
def delete(settings: Settings, number: str, also_future: bool, yes: bool) -> None:
    """Delete the patient with this NUMBER; appointments stay, and are nobody's.

    The booking tool hears nothing of it. What is to be erased from everywhere is not deleted but
    erased.
    """
    confirm(yes, f"Delete patient {number}?")
    with unit(settings) as uow:
        found = patient_numbered(uow, number)
        removed = erasure.delete(uow, found, also_future=also_future)
    click.echo(
        f"Patient {found.number} deleted; {removed.appointments} appointments are nobody's now,"
        f" {removed.letters} letters withdrawn."
    )


@click.command("export")
@click.argument("number")
@click.option(
    "--output", type=click.File("wb", lazy=True), default="-", help="File; else standard output."
)
@click.option("--ics", is_flag=True, help="The appointments as one iCalendar file instead.")
@with_settings
def export(settings: Settings, number: str, output: BinaryIO, ics: bool) -> None:
    """Write everything stored of the patient with this NUMBER as JSON (Art. 15 DSGVO)."""
    with unit(settings, read_only=True) as uow:
        found = patient_numbered(uow, number)
        text = calendar_file(uow, found, profile_of(settings)) if ics else _json(uow, found)
    output.write(text.encode("utf-8", "surrogatepass"))
    if output.name != "-":
        click.echo(f"Patient {found.number} written to {output.name}.")


def _json(uow: UnitOfWork, found: Patient) -> str:
    def plain(value: Any) -> str:
        return value.isoformat() if isinstance(value, datetime) else str(value)

    return json.dumps(disclose(uow, found), ensure_ascii=False, indent=2, default=plain) + "\n"


@click.command("erase")
@click.argument("numbers", metavar="NUMBER...", nargs=-1)
@_also_future
@click.option(
    "--again",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="After an older backup: whoever is there of the numbers in this file, one a line.",
)
@click.option(
    "--override",
    default="",
    metavar="REASON",
    help="With --again: erase also those who have to be kept, for this reason; it is noted.",
)
@yes_option
@with_settings
def erase(
    settings: Settings,
    numbers: tuple[str, ...],
    also_future: bool,
    file: Path | None,
    override: str,
    yes: bool,
) -> None:
    """Erase the patient with this NUMBER from everything, the log included (Art. 17 DSGVO).

    Objects of appointments that are over become blocks of time that say nothing; with
    --also-future, those to come are removed and the booking tool hears that they are cancelled.
    Backups still have everything: keep the output of `erasures` apart from them.
    """
    if bool(numbers) == bool(file):
        raise click.UsageError("Say which: the numbers, or --again and a file of them.")
    if override and file is None:
        raise click.UsageError("--override goes with --again alone.")
    profile, held = profile_of(settings), list[erasure.StillHeld]()
    if file is not None:
        told = [line.split("\t")[0].strip() for line in file.read_text("utf-8").splitlines()]
        confirm(yes, f"Erase again whoever is there of {len(told)} numbers?")
        with unit(settings) as uow:
            again = erasure.re_erase(uow, filter(None, told), profile, override)
            done, held = again.done, again.held
    else:
        confirm(yes, f"Erase {', '.join(numbers)}? Nothing brings them back.")
        with unit(settings) as uow:
            people = [patient_numbered(uow, number) for number in numbers]
            # Two of the numbers may be one patient's.
            once = {one.id: one for one in people}.values()
            done = [erasure.erase(uow, one, profile, also_future=also_future) for one in once]
    _tell(done, held)


def _tell(done: Sequence[erasure.Erased], held: Sequence[erasure.StillHeld]) -> None:
    """Say who was erased, and fail if somebody has to be kept."""
    for one in done:
        click.echo(
            f"Patient {one.number} erased: {one.appointments} appointments,"
            f" {one.rewritten} objects rewritten, {one.removed} removed,"
            f" {one.changes} rows of the log."
        )
    for kept in held:
        click.echo(
            f"Patient {kept.number} has to be kept until {kept.until}: not erased.", err=True
        )
    if held:
        click.get_current_context().exit(1)
    if not done:
        click.echo("Nobody of them is there.")


@click.command("erasures")
@with_settings
def erasures(settings: Settings) -> None:
    """List who was erased: number, when and by whom, apart by tabs, as `erase --again` takes it."""
    with unit(settings, read_only=True) as uow:
        for one in erasure.erasures(uow):
            click.echo(f"{one.number}\t{one.erased:%Y-%m-%dT%H:%M:%SZ}\t{one.erased_by}")


def confirm(yes: bool, question: str) -> None:
    """Ask, unless there is a yes already; abort where the answer is no."""
    if not yes:
        click.confirm(question, abort=True, err=True)


removing: tuple[click.Command, ...] = (delete, export, erase, erasures)
