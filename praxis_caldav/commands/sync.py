"""Booking tools by command: asking, looking, deciding, and working all the time.

Not here: what waits to be tried again (`praxis_caldav.commands.sync_waiting`).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from practice.conflicts import Dispute, DisputeKind, DisputeState, Terms
from practice.letters import LetterState
from practice.sources import ReceiptState, SourceState
from practice.use_cases.disputes import resolve
from praxis_caldav import logs
from praxis_caldav.commands.context import connected, everybody_outside, unit, with_settings
from praxis_caldav.commands.progress import bar
from praxis_caldav.commands.sync_patient import patient
from praxis_caldav.commands.sync_waiting import letters, replay
from praxis_caldav.commands.tables import Table, print_whole, when
from praxis_caldav.composition import profile_of, working
from praxis_caldav.settings import Settings

__all__ = ["commands"]


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

    outside, profile = everybody_outside(settings), profile_of(settings)
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
    print_whole(table)
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
    print_whole(table)
    click.echo("Decide with --keep ID (the practice's side) or --take ID (the tool's).")


@click.command()
@with_settings
def work(settings: Settings) -> None:
    """Deliver letters, ask booking tools and work off webhooks, until told to stop.

    For machines that do only this; set worker.run = "work" for the servers then.
    """
    logs.set_up(settings.logging.level, settings.logging.format)
    profile, outside = profile_of(settings), everybody_outside(settings)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with connected(settings) as database, working(outside, database, profile):
        click.echo("Working. Stop with Ctrl-C.", err=True)
        ended.wait()


def _now() -> datetime:
    return datetime.now(UTC)


def _print_states(states: Sequence[SourceState], zone: ZoneInfo) -> None:
    table = Table("tool", "last attempt", "last success", "bookings", "state")
    now = _now()
    for state in states:
        counts = ", ".join(f"{number} {name}" for name, number in state.counts.items())
        old = "old: nothing heard for a day" if state.is_stale(now) else ""
        told = state.error or old or ("ok" if state.succeeded else "not asked yet")
        times = (when(at, zone) for at in (state.attempted, state.succeeded))
        table.add_row(state.name, *times, counts or "–", told)
    print_whole(table)


def _dispute_row(one: Dispute, settings: Settings, zone: ZoneInfo) -> tuple[str, ...]:
    theirs = {
        DisputeKind.VANISHED: "nothing any more",
        DisputeKind.UNLISTED: f"not in its list{_days_asked(one, settings, zone)}",
    }.get(one.kind)
    return (
        str(one.id),
        when(one.noted, zone),
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


for command in (letters, replay, patient):
    sync.add_command(command)
commands: tuple[click.Command, ...] = (sync, work)
