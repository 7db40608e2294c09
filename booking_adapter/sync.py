"""Asking a booking tool for its bookings: what it says, and what it no longer says.

An answer that failed, is empty or lacks too much removes nothing: what is known stays, with its
age. Not here: how a booking is taken over (`booking_adapter.taking`).
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from booking_adapter.failures import Failed
from booking_adapter.protocol import Days, Power, Unreadable
from booking_adapter.taking import log_unreadable, names, take
from practice.access import SYSTEM, Actor
from practice.appointments import Slot, Status, Told
from practice.conflicts import DisputeKind
from practice.use_cases.booking_base import Base, terms_of
from practice.use_cases.disputes import is_noted, note_vanished

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import tzinfo

    from booking_adapter.protocol import BookingTool
    from practice.appointments import Appointment
    from practice.ports import Database, UnitOfWork
    from practice.profile import Profile
    from practice.sources import SourceState

__all__ = ["Source", "pull", "warn_of_stale"]

log = logging.getLogger(__name__)

#: Bookings of one transaction.
_BATCH = 200
#: Bookings that may be missing from an answer one by one; of more, half of all.
_FEW = 5
#: Bookings that cannot be read and are logged one by one; the number of all of them is kept.
_SHOWN = 50
#: Bookings that may be asked for one by one.
_LOOKED_FOR = 50


@dataclass(frozen=True, slots=True)
class Source:
    """A booking tool of the practice under the name that the practice has for it.

    It is asked for the bookings from `past` ago until `ahead`.
    """

    name: str
    tool: BookingTool
    past: timedelta = timedelta(days=1)
    ahead: timedelta = timedelta(days=180)

    @property
    def actor(self) -> Actor:
        """Who causes what it changes."""
        return Actor(0, f"tool:{self.name}")

    def days(self, now: datetime) -> Days:
        """Return the days for which it is asked."""
        return Days((now - self.past).date(), (now + self.ahead).date())


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a tool told of some days when it was asked: the ids, and whether there are bookings
    without one that can be read.
    """

    days: Days
    asked: datetime
    named: frozenset[str]
    nameless: bool


class _Doubtful(Exception):
    """An answer from which too much is missing to believe it."""


def pull(
    database: Database,
    source: Source,
    profile: Profile,
    clock: Callable[[], datetime],
    on_taken: Callable[[int], None] = lambda _: None,
) -> SourceState:
    """Ask a tool for its bookings and take them over; return how it went, which is kept, too.

    `on_taken` is called with the number of bookings after each batch.
    """
    begun = clock()
    with database.begin(actor=source.actor, now=begun, read_only=True) as uow:
        state = replace(uow.sources.find(source.name), attempted=begun)
    try:
        counts = _pulled(database, source, profile, clock, state.succeeded, on_taken)
    except (Failed, _Doubtful) as error:
        state = replace(state, error=str(error))
        log.warning("source.failed", extra={"source": source.name, "reason": str(error)})
    else:
        state = replace(state, succeeded=begun, error="", counts=counts)
        log.info("source.asked", extra={"source": source.name, **counts})
    with database.begin(actor=source.actor, now=clock()) as uow:
        uow.sources.save(state)
    return state


def _pulled(
    database: Database,
    source: Source,
    profile: Profile,
    clock: Callable[[], datetime],
    heard: datetime | None,
    on_taken: Callable[[int], None],
) -> dict[str, int]:
    if Power.LISTS not in source.tool.powers:
        raise Failed("it cannot be asked for its bookings", permanent=True)
    asked = clock()
    days = source.days(asked.astimezone(profile.zone))
    # Whole before anything is taken over: what comes after an error is not known to be missing.
    rows = list(source.tool.bookings(days))
    told = [one for one in rows if isinstance(one, Told)]
    unreadable = [one for one in rows if isinstance(one, Unreadable)]
    here = [one for one in unreadable if not one.elsewhere]
    counts: Counter[str] = Counter(unreadable=len(here), elsewhere=len(unreadable) - len(here))
    for one in here[:_SHOWN]:
        log_unreadable(source, one)
    # What became of one that was moved counts, not that it is cancelled under its old id.
    moved = {booking_id for one in told for booking_id in one.before}
    for batch in _batches([one for one in told if one.booking.id not in moved]):
        with database.begin(actor=source.actor, now=clock()) as uow:
            for taken in take(uow, source, batch, profile, heard, asked):
                counts[taken.outcome.name.lower()] += 1
                counts["double"] += taken.double
        on_taken(len(batch))
    named = {one.booking.id for one in told} | {one.id for one in here}
    answer = _Answer(days, asked, frozenset(named - {""}), nameless="" in named)
    counts["vanished"] = _look_for_missing(database, source, profile, clock, answer)
    return {name: number for name, number in sorted(counts.items()) if number}


def warn_of_stale(
    database: Database,
    names: Collection[str],
    now: datetime,
    tell: Callable[[SourceState, datetime], None] | None = None,
) -> list[str]:
    """Warn of the tools that were not heard of for long, and return their names.

    `tell` is told once of each that falls silent, and once when it is back; what cannot be told
    is told next time. Who dies in between has told it twice.
    """
    with database.begin(actor=SYSTEM, now=now) as uow:
        states = [uow.sources.find(name) for name in names]
        for state in states:
            if state.since is None:
                uow.sources.save(state)  # from now on it counts, even if asking it never ends
    stale = []
    for state in states:
        silent = state.is_stale(now)
        if silent:
            stale.append(state.name)
            log.warning("source.stale", extra={"source": state.name})
        if tell is not None and silent is (state.warned is None):
            _tell_of(database, state, now, tell)
    return stale


def _tell_of(
    database: Database,
    state: SourceState,
    now: datetime,
    tell: Callable[[SourceState, datetime], None],
) -> None:
    try:
        tell(state, now)
    except Failed as failed:
        log.warning("source.untold", extra={"source": state.name, "reason": str(failed)})
        return
    with database.begin(actor=SYSTEM, now=now) as uow:
        uow.sources.note_warned(state.name, None if state.warned else now)


def _look_for_missing(
    database: Database,
    source: Source,
    profile: Profile,
    clock: Callable[[], datetime],
    answer: _Answer,
) -> int:
    """Look for bookings that are known and were not told, and ask about those that are gone."""
    with database.begin(actor=source.actor, now=clock(), read_only=True) as uow:
        window = _window(answer.days, profile.zone)
        of_source = uow.appointments.of_source(source.name, window)
        known = [one for one in of_source if _is_due(one, window, answer.asked, uow.now)]
        missing = [one for one in known if one.booking_id not in answer.named]
        new = [one for one in missing if not is_noted(uow, one.id)]
    if new and not answer.named:
        raise _Doubtful(
            f"it told of no booking that can be read; {len(known)} are known, and stay as they are"
        )
    if len(new) > max(_FEW, len(known) // 2):
        raise _Doubtful(
            f"it told nothing of {len(new)} of {len(known)} bookings, which stay as they are"
        )
    if answer.nameless and Power.FINDS not in source.tool.powers:
        return 0  # each of them may be one of those
    return sum(_is_gone(database, source, profile, clock, one) for one in new[:_LOOKED_FOR])


def _window(days: Days, zone: tzinfo) -> Slot:
    first, last = (datetime.combine(day, time(), zone) for day in (days.first, days.last))
    return Slot(first, last + timedelta(days=1))


def _is_due(appointment: Appointment, window: Slot, asked: datetime, now: datetime) -> bool:
    """Tell whether a booking should be in a list: by when the tool has it, whenever the practice
    does, and unless it was heard of since the tool was asked.
    """
    base = Base.of(appointment)
    begins = datetime.fromisoformat(base.start) if base.start else appointment.slot.start
    return window.start <= begins < window.end and base.is_older(asked, now)


def _is_gone(
    database: Database,
    source: Source,
    profile: Profile,
    clock: Callable[[], datetime],
    missing: Appointment,
) -> bool:
    """Ask the tool for one booking; take over what it says, or note that it has none."""
    asked, booking_id = clock(), missing.booking_id or ""
    finds = Power.FINDS in source.tool.powers
    told = source.tool.booking(booking_id) if finds else None
    kind = DisputeKind.VANISHED if finds else DisputeKind.UNLISTED
    if isinstance(told, Unreadable):
        if not told.elsewhere:
            return False
        told, kind = None, DisputeKind.UNLISTED
    with database.begin(actor=source.actor, now=clock()) as uow:
        if told is not None:
            take(uow, source, [told], profile, uow.sources.find(source.name).succeeded, asked)
        now = uow.appointments.get(missing.id)
        if now is None or now.booking_id != booking_id or not Base.of(now).is_older(asked, uow.now):
            return False  # it was heard of meanwhile
        if now.status is Status.CANCELLED or (told and not _has_another(uow, source, told, now)):
            return False
        return note_vanished(uow, source.name, now, terms_of(now, *names(uow)), kind)


def _has_another(uow: UnitOfWork, source: Source, told: Told, appointment: Appointment) -> bool:
    """Tell whether a booking is another appointment than the one that it was looked for."""
    known = uow.appointments.by_booking(source.name, [told.booking.id])
    return any(one.id != appointment.id for one in known.values())


def _batches(told: Sequence[Told]) -> Iterator[list[Told]]:
    rest = iter(told)
    while batch := list(islice(rest, _BATCH)):
        yield batch
