"""Doctors and rooms, made by command and without questions, so that scripts can.

Not here: the accounts of doctors (`praxis_caldav.commands.accounts`).
"""

from __future__ import annotations

import click

from practice.accounts import Doctor, Room
from practice.schedule import USUAL_HOURS
from practice.use_cases import house
from praxis_caldav.commands.context import unit, with_settings
from praxis_caldav.commands.tables import Table, print_table
from praxis_caldav.settings import Settings

__all__ = ["commands"]


@click.group()
def doctor() -> None:
    """Doctors; each has a calendar of the same name."""


@doctor.command("add")
@click.argument("slug")
@click.option("--name", help="As people say it: 'Dr. Müller'. Default: the slug.")
@click.option("--specialty", default="", help="Shown as the calendar's description.")
@click.option("--hours", default=USUAL_HOURS, show_default=True, help="Working hours.")
@with_settings
def add_doctor(settings: Settings, slug: str, name: str | None, specialty: str, hours: str) -> None:
    """Add a doctor and the calendar SLUG (such as dr-mueller)."""
    with unit(settings) as uow:
        made = house.add_doctor(uow, Doctor(slug, name or slug, specialty, hours))
    click.echo(f"Doctor {made.slug} added; calendar /caldav/calendars/{made.slug}/")
    click.echo(f"Working hours: {made.hours}. Other ones: --hours, or /api/settings/doctors.")


@doctor.command("list")
@with_settings
def list_doctors(settings: Settings) -> None:
    """List the doctors."""
    table = Table("calendar", "name", "specialty", "hours")
    with unit(settings, read_only=True) as uow:
        for one in uow.house.doctors():
            table.add_row(one.slug, one.name, one.specialty, one.hours)
    print_table(table)


@click.group()
def room() -> None:
    """Rooms and chairs."""


@room.command("add")
@click.argument("slug")
@click.option("--name", help="As people say it. Default: the slug.")
@with_settings
def add_room(settings: Settings, slug: str, name: str | None) -> None:
    """Add a room SLUG (such as raum-1)."""
    with unit(settings) as uow:
        house.add_room(uow, Room(slug, name or slug))
    click.echo(f"Room {slug} added.")


@room.command("list")
@with_settings
def list_rooms(settings: Settings) -> None:
    """List the rooms."""
    table = Table("room", "name")
    with unit(settings, read_only=True) as uow:
        for one in uow.house.rooms():
            table.add_row(one.slug, one.name)
    print_table(table)


commands = (doctor, room)
