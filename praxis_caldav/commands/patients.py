"""What a patient has agreed to and understands, set by command."""

from __future__ import annotations

from dataclasses import replace

import click

from practice.use_cases.patients import save_patient
from praxis_caldav.commands.context import unit, with_settings
from praxis_caldav.settings import Settings

__all__ = ["commands"]


@click.group()
def patient() -> None:
    """Patients: their consent to reminders, their language."""


@patient.command("set")
@click.argument("number")
@click.option("--reminders/--no-reminders", default=None, help="Whether the patient agreed.")
@click.option("--language", type=click.Choice(["de", "en"]), help="Language of e-mails.")
@with_settings
def set_patient(
    settings: Settings, number: str, reminders: bool | None, language: str | None
) -> None:
    """Set what the patient with this NUMBER (X-PATIENT-ID) agreed to and understands."""
    with unit(settings) as uow:
        found = uow.patients.by_number(number)
        if found is None:
            raise click.ClickException("No patient has this number.")
        agreed = found.reminders
        if reminders is not None:
            agreed = (agreed or uow.now) if reminders else None
        changed = replace(found, reminders=agreed, language=language or found.language)
        save_patient(uow, changed, found)
    since = f"agreed on {agreed:%Y-%m-%d}" if agreed else "no"
    click.echo(f"Patient {number}: reminders {since}, language {changed.language or 'default'}.")


commands = (patient,)
