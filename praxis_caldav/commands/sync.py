"""Booking tools and letters by command: asking, looking, deciding, trying again."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from practice.conflicts import Dispute, DisputeKind, DisputeState, Terms
from practice.letters import UNSETTLED, LetterState
from practice.ports import UnitOfWork
from practice.sources import ReceiptState, SourceState
from practice.use_cases.disputes import resolve
from practice.use_cases.letters import retry as try_again
from practice.use_cases.receipts import replay as work_on_again
from praxis_caldav import logs
from praxis_caldav.commands.context import connected, unit, with_settings
from praxis_caldav.commands.progress import bar
from praxis_caldav.commands.sync_patient import patient
from praxis_caldav.composition import outside_of, profile_of, working
from praxis_caldav.settings import Settings

if TYPE_CHECKING:
    from praxis_caldav.outside import Outside

__all__ = ["commands"]

#: Characters of a line that nobody looks at on a screen.
_WHOLE = 240
_LETTERS = {
    "undelivered": (*UNSETTLED, LetterState.FAILED),
    "open": UNSETTLED,
    "failed": (LetterState.FAILED,),
    "all": tuple(LetterState),
}


@click.group()
def sync() -> None:
    """Booking tools: ask them, see what is open, decide conflicts, try letters again."""


@sync.command("run")
@click.argument("source", required=False)
@click.option("--quiet", is_flag=True, help="No progress bar.")
@with_settings
def run(settings: Settings, source: str | None, quiet: bool) -> None:
    """Ask the booking tools now, or SOURCE alone, and deliver the letters that are due."""
    # Not loaded where it is not used: it brings an HTTP client.
    from booking_adapter.protocol import Power
    from booking_adapter.sync import pull

    outside, profile = _outside(settings), profile_of(settings)
    if source is not None and source not in outside.sources:
        raise click.ClickException(f"There is no booking tool '{source}' in the settings.")
    states = []
    with connected(settings) as database, logs.shown():
        for name, one in outside.sources.items():
            if source not in {None, name}:
                continue
            if Power.LISTS not in one.tool.powers:
                click.echo(f"{name} only sends webhooks; there is nothing to ask.")
                continue
            with database.begin(actor=one.actor, now=datetime.now(UTC), read_only=True) as uow:
                expected = sum(uow.sources.find(name).counts.values())
            with bar(f"Asking {name}", expected, quiet) as told:
                done = 0

                def on_taken(more: int) -> None:
                    nonlocal done
                    done += more
                    told(done)

                states.append(pull(database, one, profile, _now, on_taken))
        letters = outside.worker(database, profile).deliver_all()
    outside.close()
    _print_states(states, profile.zone)
    click.echo(f"{letters} letters and webhooks worked off.")
    if any(state.error for state in states):
        raise SystemExit(1)


@sync.command("status")
@with_settings
def status(settings: Settings) -> None:
    """Show how the booking tools were last asked, and what waits."""
    zone = ZoneInfo(settings.practice.zone)
    with unit(settings, read_only=True) as uow:
        known = {state.name: state for state in uow.sources.all()}
        names = sorted({*known, *settings.booking.sources})
        states = [known.get(name) or SourceState(name) for name in names]
        counts = uow.outbox.count()
        disputes = len(uow.disputes.find([DisputeState.OPEN]))
        quarantined = len(uow.receipts.find([ReceiptState.QUARANTINED]))
    _print_states(states, zone)
    table = Table("letters to", *(str(state) for state in LetterState))
    for receiver in sorted({to for to, _ in counts}):
        row = (str(counts.get((receiver, state), 0)) for state in LetterState)
        table.add_row(str(receiver), *row)
    _print(table)
    if disputes:
        click.echo(f"{disputes} conflicts are open: praxis-caldav sync conflicts")
    if quarantined:
        click.echo(f"{quarantined} webhooks are in quarantine: praxis-caldav sync replay")


@sync.command("conflicts")
@click.option("--keep", type=int, metavar="ID", help="Decide: the practice's side stands.")
@click.option("--take", type=int, metavar="ID", help="Decide: the booking tool's side is taken.")
@with_settings
def conflicts(settings: Settings, keep: int | None, take: int | None) -> None:
    """List what practice and booking tool both changed, or decide one by its ID."""
    if keep is not None and take is not None:
        raise click.UsageError("Give --keep or --take, not both.")
    chosen = keep if keep is not None else take
    if chosen is not None:
        with unit(settings) as uow:
            resolve(uow, chosen, theirs=take is not None, profile=profile_of(settings))
        side = "the booking tool's" if take is not None else "the practice's"
        click.echo(f"Conflict {chosen}: {side} side stands.")
        return
    zone = ZoneInfo(settings.practice.zone)
    table = Table("id", "since", "tool", "appointment", "the practice has", "the tool has")
    with unit(settings, read_only=True) as uow:
        found = uow.disputes.find([DisputeState.OPEN])
        for one in found:
            table.add_row(*_dispute_row(one, settings, zone))
    if not found:
        click.echo("Practice and booking tools agree on everything.")
        return
    _print(table)
    click.echo("Decide with --keep ID (the practice's side) or --take ID (the tool's).")


@sync.command("letters")
@click.option("--show", type=click.Choice(list(_LETTERS)), default="undelivered", show_default=True)
@click.option("--retry", type=int, metavar="ID", help="Try a letter again that was given up.")
@with_settings
def letters(settings: Settings, show: str, retry: int | None) -> None:
    """List letters that are not delivered, or have one tried again by its ID.

    Those are the ones under way (open) and the ones that were given up (failed).
    """
    if retry is not None:
        with unit(settings) as uow:
            try_again(uow, retry)
        click.echo(f"Letter {retry} is tried again.")
        return
    zone = ZoneInfo(settings.practice.zone)
    table = Table("id", "posted", "to", "message", "appointment", "state", "tries", "next", "why")
    with unit(settings, read_only=True) as uow:
        found = uow.outbox.find(_LETTERS[show])
    for one in found:
        due = _when(one.due, zone) if one.state in UNSETTLED else "–"
        about = (str(one.to), str(one.message), str(one.appointment_id), str(one.state))
        table.add_row(
            str(one.id), _when(one.posted, zone), *about, str(one.attempts), due, one.error
        )
    if not found:
        click.echo("There are no such letters.")
        return
    _print(table)
    if any(one.state is LetterState.FAILED for one in found):
        click.echo("Try one again that was given up with --retry ID.")


@sync.command("replay")
@click.argument("receipt", type=int, required=False)
@with_settings
def replay(settings: Settings, receipt: int | None) -> None:
    """List webhooks that nobody understood, or work RECEIPT off again."""
    if receipt is None:
        _list_quarantine(settings)
        return
    with unit(settings) as uow:
        work_on_again(uow, receipt)
    from booking_adapter.webhooks import work_off

    outside = _outside(settings)
    with connected(settings) as database, logs.shown():
        work_off(database, outside.sources, profile_of(settings), _now)
        states = [*ReceiptState]
        with database.begin(
            actor=next(iter(outside.sources.values())).actor, now=_now(), read_only=True
        ) as uow:
            found = _receipt(uow, receipt, states)
    outside.close()
    click.echo(f"Webhook {receipt}: {found}")


def _receipt(uow: UnitOfWork, receipt_id: int, states: Sequence[ReceiptState]) -> str:
    for one in uow.receipts.find(states):
        if one.id == receipt_id:
            return f"{one.state}{f' ({one.reason})' if one.reason else ''}"
    return "gone"


def _list_quarantine(settings: Settings) -> None:
    zone = ZoneInfo(settings.practice.zone)
    table = Table("id", "received", "tool", "tries", "why")
    with unit(settings, read_only=True) as uow:
        found = uow.receipts.find([ReceiptState.QUARANTINED])
    for one in found:
        received = _when(one.received, zone)
        table.add_row(str(one.id), received, one.source, str(one.attempts), one.reason)
    if not found:
        click.echo("No webhook is in quarantine.")
        return
    _print(table)
    click.echo("Work one off again with `praxis-caldav sync replay ID`.")


@click.command()
@with_settings
def work(settings: Settings) -> None:
    """Deliver letters, ask booking tools and work off webhooks, until told to stop.

    For machines that do only this; set worker.run = "work" for the servers then.
    """
    logs.set_up(settings.logging.level, settings.logging.format)
    profile, outside = profile_of(settings), _outside(settings)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with connected(settings) as database, working(outside, database, profile):
        click.echo("Working. Stop with Ctrl-C.", err=True)
        ended.wait()


def _outside(settings: Settings) -> Outside:
    outside = outside_of(settings, profile_of(settings))
    if outside is None:
        raise click.ClickException(
            "The settings have neither booking tools nor anybody to tell: see [booking], [mail]."
        )
    return outside


def _now() -> datetime:
    return datetime.now(UTC)


def _print_states(states: Sequence[SourceState], zone: ZoneInfo) -> None:
    table = Table("tool", "last attempt", "last success", "bookings", "state")
    now = _now()
    for state in states:
        counts = ", ".join(f"{number} {name}" for name, number in state.counts.items())
        old = "old: nothing heard for a day" if state.is_stale(now) else ""
        told = state.error or old or ("ok" if state.succeeded else "not asked yet")
        times = (_when(at, zone) for at in (state.attempted, state.succeeded))
        table.add_row(state.name, *times, counts or "–", told)
    _print(table)


def _dispute_row(one: Dispute, settings: Settings, zone: ZoneInfo) -> tuple[str, ...]:
    theirs = {
        DisputeKind.VANISHED: "nothing any more",
        DisputeKind.UNLISTED: f"not in its list{_days_asked(one, settings, zone)}",
    }.get(one.kind)
    return (
        str(one.id),
        _when(one.noted, zone),
        one.source,
        str(one.appointment_id),
        _terms(one.ours, zone),
        theirs or _terms(one.theirs, zone),
    )


def _days_asked(one: Dispute, settings: Settings, zone: ZoneInfo) -> str:
    """Return for which days the tool was asked when it did not tell of an appointment."""
    tool = settings.booking.sources.get(one.source)
    if tool is None:
        return ""
    noted = one.noted.astimezone(zone).date()
    first, last = noted - timedelta(tool.past_days), noted + timedelta(tool.ahead_days)
    return f" from {first} to {last}"


def _terms(terms: Terms | None, zone: ZoneInfo) -> str:
    if terms is None:
        return "–"
    start = datetime.fromisoformat(terms.start).astimezone(zone)
    end = datetime.fromisoformat(terms.end).astimezone(zone)
    told = f"{start:%Y-%m-%d %H:%M}-{end:%H:%M} {terms.doctor}"
    return told if terms.status == "CONFIRMED" else f"{told} {terms.status.lower()}"


def _when(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "never"


def _print(table: Table) -> None:
    # Into a file or another program whole, whatever the width of the screen.
    width = None if sys.stdout.isatty() else _WHOLE
    Console(markup=False, emoji=False, highlight=False, width=width).print(table)


sync.add_command(patient)
commands: tuple[click.Command, ...] = (sync, work)
