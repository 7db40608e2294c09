"""What has been done, and taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count, groupby
from zoneinfo import ZoneInfo

import click

from practice.access import Actor
from practice.database import SqlDatabase
from practice.errors import InTheWay
from practice.log import LogQuestion
from practice.ports import UnitOfWork
from practice.use_cases.history import Entry, Glance, calendar_ids
from practice.use_cases.history import history as changes_of
from practice.use_cases.undo import undo as take_back
from practice.use_cases.undo_plans import Act, Plan, plan_undo
from praxis_caldav.commands.context import COMMAND_LINE, connected, moment, unit, with_settings
from praxis_caldav.commands.progress import bar
from praxis_caldav.commands.tables import Table, print_whole
from praxis_caldav.composition import profile_of
from praxis_caldav.settings import Settings

__all__ = ["commands"]

#: Lines of what an undo will do; there may be thousands.
SHOWN = 50
_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")
_TIME = "2026-11-20T10:42, in the practice's time or with an offset."


class _Numbers(click.ParamType[LogQuestion]):
    """A change's number, or a range of them: 12 or 12-20."""

    name = "NUMBER[-NUMBER]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> LogQuestion:
        if isinstance(value, LogQuestion):
            return value
        found = _RANGE.fullmatch(str(value))
        first = int(found[1]) if found else 0
        last = int(found[2] or first) if found else 0
        if not 1 <= first <= last:
            self.fail(f"'{value}' is no number of a change, nor a range like 12-20.", param, ctx)
        return LogQuestion(first=first, last=last)


@click.command()
@click.option("--calendar", help="Only this calendar's; also one that is no more.")
@click.option("--actor", default="", help="Only those by this account ('command line': commands).")
@click.option("--since", metavar="TIME", help=f"Not before {_TIME}")
@click.option("--until", metavar="TIME", help="Before then.")
@click.option("--object", "name", default="", help="Only those of an object: its name or UID.")
@click.option("--number", "numbers", type=_Numbers(), help="Only this one, or a range: 12-20.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Show at most so many."
)
@click.option("--texts", is_flag=True, help="Titles, too: they name patients.")
@with_settings
def history(
    settings: Settings,
    calendar: str | None,
    actor: str,
    since: str | None,
    until: str | None,
    name: str,
    numbers: LogQuestion | None,
    limit: int,
    texts: bool,
) -> None:
    """List the newest changes, the last one at the end."""
    profile = profile_of(settings)
    with unit(settings, read_only=True) as uow:
        asked = numbers or LogQuestion()
        question = LogQuestion(
            asked.first,
            asked.last,
            actor,
            moment(since, profile.zone) if since else None,
            moment(until, profile.zone) if until else None,
            _calendar(uow, settings, calendar),
            name,
        )
        found = changes_of(uow, question, limit, profile)
    table = Table("number", "time", "actor", "calendar", "name", "kind", "what")
    for one in found:
        change = one.change
        table.add_row(
            str(change.number),
            _local(change.time, profile.zone),
            change.actor,
            one.calendar,
            change.href,
            str(change.kind),
            _what(one, profile.zone, texts),
        )
    print_whole(table)


def _calendar(uow: UnitOfWork, settings: Settings, name: str | None) -> tuple[int, ...]:
    return calendar_ids(uow, settings.caldav.aliases.get(name, name)) if name else ()


def _local(time: datetime, zone: ZoneInfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _what(entry: Entry, zone: ZoneInfo, texts: bool) -> str:
    """Say what changed in an object or calendar, without titles unless they are wanted."""
    if entry.properties:
        return ", ".join(entry.properties)
    sides = [_glance(side, zone, texts) for side in (entry.before, entry.after) if side]
    return " -> ".join(side for side, _ in groupby(sides))


def _glance(glance: Glance, zone: ZoneInfo, texts: bool) -> str:
    words = [glance.component.removeprefix("V").lower()] if glance.slot is None else []
    if glance.slot is not None:
        start, end = (t.astimezone(zone) for t in (glance.slot.start, glance.slot.end))
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
        words.append(f"{start:%Y-%m-%d %H:%M}-{until}")
    if glance.status is not None:
        words.append(str(glance.status).lower())
    if texts and glance.title:
        words.append(f"'{' '.join(glance.title.split())}'")
    return " ".join(words)


@click.command()
@click.argument("numbers", nargs=-1, type=_Numbers())
@click.option("--actor", default="", help="Without numbers: what this account has done.")
@click.option("--since", metavar="TIME", help=f"Without numbers: what was done from {_TIME}")
@click.option("--until", metavar="TIME", help="Without numbers: what was done before then.")
@click.option("--calendar", help="Without numbers: what was done in this calendar.")
@click.option("--force", is_flag=True, help="Take later changes of the same objects back, too.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--as", "name", help="Who does it, as the log will name it.")
@with_settings
def undo(
    settings: Settings,
    numbers: tuple[LogQuestion, ...],
    actor: str,
    since: str | None,
    until: str | None,
    calendar: str | None,
    force: bool,
    dry_run: bool,
    yes: bool,
    name: str | None,
) -> None:
    """Take changes back, by NUMBERS or by who and when.

    NUMBERS are those in `history` (12 or 12-20). Without them, all that was done since a time is
    taken back, or what of it one account did, or in one calendar.

    All of them or none. What was changed again afterwards is refused, unless --force takes that
    back as well. Taking back is a change like any other: patients and booking tools hear of it,
    and it can be taken back.
    """
    if bool(numbers) == bool(since) or (numbers and (actor or until or calendar)):
        raise click.UsageError("Say which changes: their numbers, or --since (and --actor, ...).")
    with connected(settings) as database:
        with database.begin(actor=COMMAND_LINE, now=datetime.now(UTC), read_only=True) as uow:
            who = _actor(uow, name)
            questions = numbers or (_done(uow, settings, actor, since or "", until, calendar),)
            plan = _planned(uow, questions, settings, force)
        for line in _told(plan, profile_of(settings).zone):
            click.echo(line)
        if dry_run or not plan.steps:
            return
        if not yes:
            click.confirm("Take this back?", abort=True)
        again = partial(_planned, questions=questions, settings=settings, force=force)
        new = _carried_out(database, who, plan, again)
    click.echo(f"Taken back by change {new}. To have it again: praxis-caldav undo {new}")


def _carried_out(
    database: SqlDatabase, who: Actor, plan: Plan, again: Callable[[UnitOfWork], Plan]
) -> str:
    """Do what was shown, unless it would be something else by now; return the numbers it took."""
    with (
        bar("Taking back", len(plan.steps), False) as told,
        database.begin(actor=who, now=datetime.now(UTC)) as uow,
    ):
        if again(uow) != plan:
            raise click.ClickException("Something was changed meanwhile; look again.")
        steps = count(1)
        first, last = take_back(uow, plan, lambda: told(next(steps)))
    return str(first) if first == last else f"{first}-{last}"


def _done(
    uow: UnitOfWork,
    settings: Settings,
    actor: str,
    since: str,
    until: str | None,
    calendar: str | None,
) -> LogQuestion:
    """Return what was done since a time up to now, by one account or in one calendar if told."""
    zone = ZoneInfo(settings.practice.zone)
    return LogQuestion(
        last=uow.log_state().number,
        actor=actor,
        since=moment(since, zone),
        before=moment(until, zone) if until else None,
        calendars=_calendar(uow, settings, calendar),
    )


def _actor(uow: UnitOfWork, name: str | None) -> Actor:
    """Return who takes back: an account if there is one of this name."""
    if name is None:
        return COMMAND_LINE
    if not (name.isprintable() and 0 < len(name) <= 255):
        raise click.BadParameter("--as takes a name of 1 to 255 characters.")
    found = uow.accounts.by_name(name)
    return Actor(found[0].id if found else 0, name)


def _planned(
    uow: UnitOfWork, questions: tuple[LogQuestion, ...], settings: Settings, force: bool
) -> Plan:
    try:
        return plan_undo(uow, questions, profile_of(settings), also_later=force)
    except InTheWay as error:
        raise click.ClickException(f"{error} Take them back as well: --force.") from error


def _told(plan: Plan, zone: ZoneInfo) -> Iterator[str]:
    """Yield in words what will be done."""
    yield f"Changes to take back: {_listed(plan.asked)}"
    if plan.together:
        yield f"  and what belongs to them (moves, dropped calendars): {_listed(plan.together)}"
    if plan.later:
        yield f"  and what came later: {_listed(plan.later)}"
    if not plan.steps:
        yield "Nothing to do: everything is as it was before them."
        return
    for step in plan.steps[:SHOWN]:
        change = step.change
        where = f"{step.calendar}/{change.href}" if change.href else step.calendar
        yield (
            f"  {where}: {step.act}, as before change {change.number}"
            f" ({change.actor}, {_local(change.time, zone)})"
        )
    if len(plan.steps) > SHOWN:
        yield f"  ... and {len(plan.steps) - SHOWN} more"
    if any(step.act is Act.MAKE_CALENDAR for step in plan.steps):
        yield "Grants and feeds of a calendar that was dropped are gone: give them again."


def _listed(numbers: tuple[int, ...]) -> str:
    """Return numbers as ranges: 3, 5-9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:SHOWN]]
    return ", ".join(shown) + (", ..." if len(runs) > SHOWN else "")


commands: tuple[click.Command, ...] = (history, undo)
