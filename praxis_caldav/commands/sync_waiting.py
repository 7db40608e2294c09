"""What waits, by command: letters not delivered and webhooks not understood, tried again.

Not here: the booking tools themselves (`praxis_caldav.commands.sync`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from practice.letters import UNSETTLED, LetterState
from practice.ports import UnitOfWork
from practice.sources import ReceiptState
from practice.use_cases.letters import retry as try_again
from practice.use_cases.receipts import replay as work_on_again
from praxis_caldav import logs
from praxis_caldav.commands.context import connected, everybody_outside, unit, with_settings
from praxis_caldav.commands.tables import Table, print_whole, when
from praxis_caldav.composition import profile_of
from praxis_caldav.settings import Settings

__all__ = ["letters", "replay"]

_LETTERS = {
    "undelivered": (*UNSETTLED, LetterState.FAILED),
    "open": UNSETTLED,
    "failed": (LetterState.FAILED,),
    "all": tuple(LetterState),
}


@click.command("letters")
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
        due = when(one.due, zone) if one.state in UNSETTLED else "–"
        about = (str(one.to), str(one.message), str(one.appointment_id), str(one.state))
        table.add_row(
            str(one.id), when(one.posted, zone), *about, str(one.attempts), due, one.error
        )
    if not found:
        click.echo("There are no such letters.")
        return
    print_whole(table)
    if any(one.state is LetterState.FAILED for one in found):
        click.echo("Try one again that was given up with --retry ID.")


@click.command("replay")
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

    outside = everybody_outside(settings)
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
        received = when(one.received, zone)
        table.add_row(str(one.id), received, one.source, str(one.attempts), one.reason)
    if not found:
        click.echo("No webhook is in quarantine.")
        return
    print_whole(table)
    click.echo("Work one off again with `praxis-caldav sync replay ID`.")


def _now() -> datetime:
    return datetime.now(UTC)
