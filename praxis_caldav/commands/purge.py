"""Shortening the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from practice.use_cases.retention import forget_some, forgettable
from praxis_caldav.commands.context import COMMAND_LINE, connected, with_settings
from praxis_caldav.commands.progress import bar
from praxis_caldav.settings import Settings

__all__ = ["commands"]


@click.command()
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(1, 36_500),
    help="Days to keep; else the setting history.keep_days.",
)
@click.option("--dry-run", is_flag=True, help="Only tell how much would be forgotten.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@with_settings
def purge(settings: Settings, days: int | None, dry_run: bool, quiet: bool) -> None:
    """Forget the oldest changes in the log, for good.

    Those are the changes from before the log is to be kept. They can no longer be taken back, nor
    calendars exported as they were before. Calendars and appointments stay as they are; programs
    that have not asked since fetch everything anew. May run while the server does, and from a
    timer.
    """
    now = datetime.now(UTC)
    before = now - timedelta(days=settings.history.keep_days if days is None else days)
    with connected(settings) as database:
        with database.begin(actor=COMMAND_LINE, now=now, read_only=True) as uow:
            number, forgotten = forgettable(uow, before), uow.log_state().forgotten
        count = max(0, number - forgotten)
        if not dry_run:
            with bar("Forgetting", count, quiet) as told:
                done = 0
                more = count
                while more:
                    with database.begin(actor=COMMAND_LINE, now=datetime.now(UTC)) as uow:
                        more = forget_some(uow, number)
                    done += more
                    told(done)
    would = "would be forgotten" if dry_run else "forgotten"
    click.echo(f"{count} changes made before {before:%Y-%m-%d} {would}.")


commands: tuple[click.Command, ...] = (purge,)
