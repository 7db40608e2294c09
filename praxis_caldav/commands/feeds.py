"""Feeds, made and revoked by command."""

from __future__ import annotations

import click

from practice.use_cases import feeds
from practice.views import Level
from praxis_caldav.commands.context import unit, with_settings
from praxis_caldav.commands.tables import Table, print_table
from praxis_caldav.settings import Settings

__all__ = ["commands"]

_LEVELS = {level.name.lower(): level for level in feeds.LEVELS}


@click.group()
def feed() -> None:
    """Feeds: secret addresses under which a calendar is read without signing in."""


@feed.command("add")
@click.argument("calendar")
@click.option("--level", type=click.Choice(list(_LEVELS)), default="busy", show_default=True)
@click.option("--label", required=True, help="Who it is for: 'Telefon Dr. Müller'.")
@with_settings
def add(settings: Settings, calendar: str, level: str, label: str) -> None:
    """Make an address for CALENDAR; it is shown once.

    busy shows when somebody is busy, pseudonym initials and the patient's number as well, read
    everything. Whoever knows the address sees it.
    """
    with unit(settings) as uow:
        token, made = feeds.make(uow, calendar, _LEVELS[level], label)
    # The address alone on standard output, so that a script can take it.
    click.echo(f"feed {made.id} of {calendar} ({level}) for '{label}', shown this once:", err=True)
    click.echo(f"{_base(settings)}/feeds/{token}.ics")


def _base(settings: Settings) -> str:
    server = settings.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    scheme = "https" if server.tls_cert else "http"
    return server.public_url or f"{scheme}://{host}:{server.port}"


@feed.command("list")
@with_settings
def list_feeds(settings: Settings) -> None:
    """List the feeds.

    Their addresses are nowhere but with those who use them.
    """
    table = Table("id", "calendar", "level", "label", "made")
    with unit(settings, read_only=True) as uow:
        names = {calendar.id: calendar.name for calendar in uow.calendars.all()}
        for one in uow.feeds.all():
            level, made = Level(one.level).name.lower(), f"{one.created:%Y-%m-%d %H:%M}"
            table.add_row(str(one.id), names[one.calendar_id], level, one.label, made)
    print_table(table)


@feed.command("revoke")
@click.argument("feed_id", metavar="ID", type=int)
@with_settings
def revoke(settings: Settings, feed_id: int) -> None:
    """Revoke the feed ID (as in `list`).

    Its address stops working at once.
    """
    with unit(settings) as uow:
        feeds.revoke(uow, feed_id)
    click.echo(f"Feed {feed_id} revoked.")


commands = (feed,)
