"""One patient's appointments of one day by command, from CallDoc. Not: everybody's (`sync run`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from praxis_caldav import logs
from praxis_caldav.commands.context import COMMAND_LINE, connected, with_settings
from praxis_caldav.commands.progress import bar
from praxis_caldav.composition import outside_of, profile_of
from praxis_caldav.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from booking_adapter.single_patient import SinglePatientSync

__all__ = ["patient"]

#: Seconds between two looks at how far it is.
_PAUSE = 0.05
_RUNNING = "running"


@click.command()
@click.argument("piz")
@click.argument("date")
@click.option("--type", "kind", default="24", show_default=True, help="CallDoc's type of them.")
@click.option("--source", default="", help="The booking tool, if there are several CallDocs.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@with_settings
def patient(settings: Settings, piz: str, date: str, kind: str, source: str, quiet: bool) -> None:
    """Fetch one patient's appointments of a day from CallDoc, by their number (PIZ).

    DATE is written as 2026-11-24. Nothing is deleted, and no other patient is touched.
    """
    profile = profile_of(settings)
    outside = outside_of(settings, profile)
    with connected(settings) as database, logs.shown():
        single = outside.single_patient(database, profile, source) if outside else None
        if outside is None or single is None:
            raise click.ClickException(
                f"There is no CallDoc '{source}' in the settings."
                if source
                else "There is no CallDoc in the settings: see [booking]."
            )
        try:
            task = single.start(piz, date, kind, made_by=COMMAND_LINE)
            with bar("Fetching", 4, quiet) as told:
                status = _followed(single, task.id, told)
        finally:
            outside.close()
    _print(status)
    if status["error"]:
        raise click.ClickException(status["error"])


def _followed(
    single: SinglePatientSync, task_id: str, told: Callable[[int], None]
) -> Mapping[str, Any]:
    """Return how a task ended, and tell how far it is meanwhile."""
    while (status := single.status(task_id))["status"] == _RUNNING:
        told(status["progress"]["step"])
        time.sleep(_PAUSE)
    return status


def _print(status: Mapping[str, Any]) -> None:
    count, result = status["appointments"], status["result"]
    click.echo(f"{count['found']} found, {count['processed']} taken over.")
    for one in (result.get("all") or [result]) if result else []:
        click.echo(f"appointment {one['id']}: {one['action'].replace('_', ' ')}")
    if result and result["review"]:
        click.echo("Who the patient is, somebody has to look at.")
    click.echo(f"{status['status']} in {status['execution_time_ms'] / 1000:.1f} s")
