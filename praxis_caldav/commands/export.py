"""Calendars out, as they are or as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import BinaryIO

import click

from practice.access import Account, Role, view
from practice.ports import UnitOfWork
from practice.use_cases.history import EVERYTHING, as_file_at
from practice.use_cases.reading import as_file
from praxis_caldav.commands.context import COMMAND_LINE, connected, moment, with_settings
from praxis_caldav.composition import profile_of
from praxis_caldav.settings import Settings

__all__ = ["commands"]


@click.command()
@click.argument("calendar")
@click.option(
    "--at",
    metavar="TIME",
    help="As it was then: 2026-11-20T10:42, in the practice's time or with an offset.",
)
@click.option(
    "--output", type=click.File("wb", lazy=True), default="-", help="File; else standard output."
)
@with_settings
def export(settings: Settings, calendar: str, at: str | None, output: BinaryIO) -> None:
    """Write CALENDAR as one iCalendar file.

    'praxis' has every doctor's and its own, 'all' also the calendars of no doctor. With --at it
    may be one that is no more.
    """
    profile = profile_of(settings)
    then = moment(at, profile.zone) if at else None
    name = settings.caldav.aliases.get(calendar, calendar)
    now = datetime.now(UTC)
    with (
        connected(settings) as database,
        database.begin(actor=COMMAND_LINE, now=now, read_only=True) as uow,
    ):
        if then is not None or (name == EVERYTHING and uow.calendars.find(name) is None):
            text = as_file_at(uow, name, then or now, profile)
        else:
            text = _as_it_is(uow, calendar, name, settings)
    output.write(text.encode())
    if output.name != "-":
        click.echo(f"{calendar} written to {output.name}.")


def _as_it_is(uow: UnitOfWork, calendar: str, name: str, settings: Settings) -> str:
    administrator = Account(0, "command line", Role.ADMIN)
    everything = uow.calendars.all()
    found = next((one for one in everything if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in everything)
        raise click.ClickException(f"There is no calendar '{calendar}'; there are: {names}.")
    seen = view(administrator, found, everything, uow.epoch)
    return as_file(uow, seen, profile_of(settings))


commands: tuple[click.Command, ...] = (export,)
