"""Patients by command: found, looked at, changed, merged.

Not here: what removes them, or tells all (`praxis_caldav.commands.patient_rights`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

import click

from practice.patient_checks import checked_date
from practice.patients import Patient
from practice.ports import UnitOfWork
from practice.use_cases import merging, patient_records
from practice.use_cases.patient_appointments import Known, Note, appointments_of
from practice.use_cases.patient_search import MOST_FOUND, page_of_patients, search_patients
from praxis_caldav.commands.context import unit, with_settings
from praxis_caldav.commands.patient_rights import confirm, removing, yes_option
from praxis_caldav.commands.tables import Table, print_table
from praxis_caldav.composition import profile_of
from praxis_caldav.settings import Settings

__all__ = ["patient"]

#: As wide as a table is in a file.
WIDTH = 160
_NOTES = {
    Note.UNREACHABLE: "Booking tool {name} does not answer; what it told is {age} hours old.",
    Note.STALE: "Booking tool {name} was last heard of {age} hours ago; there may be others.",
    Note.NEVER: "Booking tool {name} has never answered; there may be others.",
}


@click.group()
def patient() -> None:
    """Patients: found, changed, merged, deleted, erased.

    NUMBER is the practice's own, which calendar objects carry as X-PATIENT-ID.
    """


# --- Looking ------------------------------------------------------------------------------------


@patient.command("list")
@click.argument("words", nargs=-1)
@click.option("--to-review", is_flag=True, help="Only those made from a booking alone.")
@click.option("--linked/--not-linked", default=None, help="Whether a booking tool knows them.")
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_FOUND),
    default=50,
    show_default=True,
    help="Show at most so many.",
)
@click.option("--after", default="", help="Go on behind the last page, as it said.")
@with_settings
def list_patients(
    settings: Settings,
    words: tuple[str, ...],
    to_review: bool,
    linked: bool | None,
    limit: int,
    after: str,
) -> None:
    """List patients by name, or those that WORDS may mean, the best first.

    WORDS are parts of names in any order, also misspelled; dates of birth, telephone numbers,
    e-mail addresses, numbers.
    """
    if words and (to_review or linked is not None or after):
        raise click.UsageError("WORDS are looked for among all patients, without other options.")
    with unit(settings, read_only=True) as uow:
        if words:
            found = [one.patient for one in search_patients(uow, " ".join(words), limit)]
            cursor = ""
        else:
            reviewed = True if to_review else None
            page = page_of_patients(uow, limit, after, to_review=reviewed, linked=linked)
            found, cursor = list(page.patients), page.cursor
    table = Table("number", "last name", "first name", "born", "phone", "e-mail", "state")
    for one in found:
        record = one.record
        table.add_row(
            one.number,
            record.last_name,
            record.first_name,
            record.birth_date,
            record.phone,
            record.email,
            _state(one),
        )
    print_table(table, WIDTH)
    if cursor:
        click.echo(f"There are more: --after '{cursor}'", err=True)


def _state(one: Patient) -> str:
    told = {
        "to review": one.to_review,
        "linked": bool(one.record.booking_system_id),
        f"kept until {one.held_until}": bool(one.held_until),
    }
    return ", ".join(word for word, so in told.items() if so)


@patient.command("show")
@click.argument("number")
@click.option("--past", is_flag=True, help="The appointments that are over, too.")
@with_settings
def show(settings: Settings, number: str, past: bool) -> None:
    """Show the patient with this NUMBER and the appointments to come."""
    zone = profile_of(settings).zone
    with unit(settings, read_only=True) as uow:
        found = patient_records.patient_numbered(uow, number)
        pages = [appointments_of(uow, found, cancelled=True, limit=MOST_FOUND)]
        if past:
            pages.append(appointments_of(uow, found, past=True, cancelled=True, limit=MOST_FOUND))
    about = Table("what", "is")
    for name, value in patient_records.as_told(found).items():
        if value not in {"", None, False}:
            about.add_row(name.replace("_", " "), str(value))
    print_table(about, WIDTH)
    table = Table("when", "doctor", "room", "kind", "status", "booked with", "booking")
    for known in (known for page in pages for known in page.appointments):
        table.add_row(*_told(known, zone))
    print_table(table, WIDTH)
    for source in pages[0].sources:
        if source.note is not Note.FRESH:
            hours = int(source.age.total_seconds() // 3600) if source.age else 0
            click.echo(_NOTES[source.note].format(name=source.source, age=hours), err=True)


def _told(known: Known, zone: ZoneInfo) -> Iterable[str]:
    one = known.appointment
    start, end = (moment.astimezone(zone) for moment in (one.slot.start, one.slot.end))
    yield f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}"
    yield known.doctor.name if known.doctor else ""
    yield known.room.name if known.room else ""
    yield one.kind or ""
    yield one.status.lower()
    yield one.booking_source or "practice"
    yield one.booking_id or ""


# --- Changing -----------------------------------------------------------------------------------


@patient.command("set")
@click.argument("number")
@click.option("--reminders/--no-reminders", default=None, help="Whether the patient agreed.")
@click.option("--language", type=click.Choice(["de", "en"]), help="Language of e-mails.")
@click.option("--held-until", metavar="DATE", help="Not to be removed before, like 2036-11-20.")
@click.option("--treated", metavar="DATE", help="The same: ten years after (§ 630f BGB).")
@click.option("--why", default="§ 630f BGB", show_default=True, help="Why it is kept.")
@click.option("--not-held", is_flag=True, help="Nothing is to be kept any more.")
@click.option("--reviewed", is_flag=True, help="Somebody has looked.")
@with_settings
def set_patient(
    settings: Settings,
    number: str,
    reminders: bool | None,
    language: str | None,
    held_until: str | None,
    treated: str | None,
    why: str,
    not_held: bool,
    reviewed: bool,
) -> None:
    """Set what the patient with this NUMBER agreed to and understands, and how long it is kept."""
    if sum(map(bool, (held_until, treated, not_held))) > 1:
        raise click.UsageError("Say one of --held-until, --treated and --not-held.")
    with unit(settings) as uow:
        found = patient_records.patient_numbered(uow, number)
        agreed = found.reminders
        if reminders is not None:
            agreed = (agreed or uow.now) if reminders else None
        changed = replace(
            found,
            reminders=agreed,
            language=language or found.language,
            to_review=found.to_review and not reviewed,
        )
        changed = patient_records.change(uow, found, changed)
        if treated:
            day = checked_date(treated, "date of the treatment")
            held_until = patient_records.ten_years_after(day)
        if held_until:
            changed = patient_records.hold(uow, changed, held_until, why)
        elif not_held:
            changed = patient_records.clear_hold(uow, changed)
    since = f"agreed on {agreed:%Y-%m-%d}" if agreed else "no"
    kept = f", kept until {changed.held_until}" if changed.held_until else ""
    said = f"reminders {since}, language {changed.language or 'default'}{kept}"
    click.echo(f"Patient {changed.number}: {said}.")


@patient.command("merge")
@click.argument("number")
@click.argument("into")
@yes_option
@with_settings
def merge(settings: Settings, number: str, into: str, yes: bool) -> None:
    """Have the patient with this NUMBER be the one with the number INTO.

    Appointments go over, and what that one lacks is filled in. NUMBER leads to INTO from then on.
    This is not taken back by a command.
    """
    with unit(settings, read_only=True) as uow:
        for one in (_plainly(uow, number), patient_records.patient_numbered(uow, into)):
            record = one.record
            click.echo(
                f"{one.number}: {record.last_name}, {record.first_name} {record.birth_date}",
                err=True,
            )
    confirm(yes, "Are these one and the same?")
    with unit(settings) as uow:
        one, other = _plainly(uow, number), patient_records.patient_numbered(uow, into)
        merged = merging.merge(uow, one, other)
    click.echo(f"{number} is {merged.patient.number} now, {merged.appointments} appointments too.")


def _plainly(uow: UnitOfWork, number: str) -> Patient:
    """Return the patient with a number itself, also one that was merged; raises as others do."""
    return uow.patients.by_number(number) or patient_records.patient_numbered(uow, number)


for one in removing:
    patient.add_command(one)
