"""Asking a booking tool for its bookings, and taking over what it says.

An answer that failed, is empty or lacks too much removes nothing: what is known stays, with its
age. Not here: which side stands where both have changed one (`practice.conflicts`).
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
from practice.access import SYSTEM, Actor
from practice.appointments import Slot, Told
from practice.use_cases.book import Outcome, take_told
from practice.use_cases.booking_base import terms_of
from practice.use_cases.disputes import cancelled_there, note_back, note_vanished

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from booking_adapter.protocol import BookingTool, Event
    from practice.appointments import Appointment
    from practice.ports import Database, UnitOfWork
    from practice.profile import Profile
    from practice.sources import SourceState

__all__ = ["Source", "pull", "take_events", "warn_of_stale"]

log = logging.getLogger(__name__)

#: Bookings of one transaction.
_BATCH = 200
#: Bookings that may be missing from an answer one by one; of more, half of all.
_FEW = 5
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
    days = source.days(clock().astimezone(profile.zone))
    # Whole before anything is taken over: what comes after an error is not known to be missing.
    answer = list(source.tool.bookings(days))
    told = [one for one in answer if isinstance(one, Told)]
    unreadable = [one for one in answer if isinstance(one, Unreadable)]
    counts: Counter[str] = Counter(unreadable=len(unreadable))
    for one in unreadable:
        extra = {"source": source.name, "booking": one.id, "reason": one.reason}
        log.warning("booking.unreadable", extra=extra)
    for batch in _batches(told):
        with database.begin(actor=source.actor, now=clock()) as uow:
            counts += _take(uow, source, batch, profile, heard)
        on_taken(len(batch))
    named = {one.booking.id for one in told} | {one.id for one in unreadable}
    counts["vanished"] = _look_for_missing(database, source, profile, clock, days, named)
    return {name: number for name, number in sorted(counts.items()) if number}


def take_events(
    database: Database,
    source: Source,
    events: Sequence[Event],
    profile: Profile,
    now: datetime,
    received: datetime,
) -> None:
    """Take over what a webhook tells; `received` is when, which is when it was changed if it does
    not say so.
    """
    told = [event.told for event in events if isinstance(event.told, Told)]
    dated = [replace(one, changed=one.changed or received) for one in told]
    with database.begin(actor=source.actor, now=now) as uow:
        _take(uow, source, dated, profile, None)
        for event in events:
            if event.told is None:
                _take_removed(uow, source, event.booking_id, profile, received)


def warn_of_stale(database: Database, names: Collection[str], now: datetime) -> list[str]:
    """Warn of the tools that were not heard of for long, and return their names."""
    with database.begin(actor=SYSTEM, now=now, read_only=True) as uow:
        stale = [name for name in names if uow.sources.find(name).is_stale(now)]
    for name in stale:
        log.warning("source.stale", extra={"source": name})
    return stale


def _take(
    uow: UnitOfWork,
    source: Source,
    told: Sequence[Told],
    profile: Profile,
    heard: datetime | None,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for taken in take_told(uow, source.name, told, profile, heard):
        counts[taken.outcome.name.lower()] += 1
        counts["double"] += taken.double
        if taken.outcome is Outcome.REFUSED:
            extra = {"source": source.name, "booking": taken.booking.id, "reason": taken.reason}
            log.warning("booking.refused", extra=extra)
    known = uow.appointments.by_booking(source.name, [one.booking.id for one in told])
    for appointment in known.values():
        note_back(uow, appointment.id)
    return counts


def _take_removed(
    uow: UnitOfWork, source: Source, booking_id: str, profile: Profile, received: datetime
) -> None:
    known = uow.appointments.by_booking(source.name, [booking_id]).get(booking_id)
    if known is not None:
        cancelled_there(uow, known, _names(uow), uow.now - received, profile)


def _look_for_missing(
    database: Database,
    source: Source,
    profile: Profile,
    clock: Callable[[], datetime],
    days: Days,
    named: set[str],
) -> int:
    """Look for bookings that are known and were not told, and ask about those that are gone."""
    zone = profile.zone
    first = datetime.combine(days.first, time(), zone)
    window = Slot(first, datetime.combine(days.last + timedelta(days=1), time(), zone))
    with database.begin(actor=source.actor, now=clock(), read_only=True) as uow:
        known = list(uow.appointments.of_source(source.name, window))
    missing = [one for one in known if one.booking_id not in named]
    if missing and not named:
        raise _Doubtful(f"it told of no booking; {len(known)} are known, and stay as they are")
    if len(missing) > max(_FEW, len(known) // 2):
        raise _Doubtful(
            f"it told nothing of {len(missing)} of {len(known)} bookings, which stay as they are"
        )
    return sum(_is_gone(database, source, profile, clock, one) for one in missing[:_LOOKED_FOR])


def _is_gone(
    database: Database,
    source: Source,
    profile: Profile,
    clock: Callable[[], datetime],
    appointment: Appointment,
) -> bool:
    """Ask the tool for one booking; take over what it says, or note that it has none."""
    told = source.tool.booking(appointment.booking_id or "")
    with database.begin(actor=source.actor, now=clock()) as uow:
        if isinstance(told, Told):
            _take(uow, source, [told], profile, uow.sources.find(source.name).succeeded)
            return False
        if isinstance(told, Unreadable):
            return False
        return note_vanished(uow, source.name, appointment, terms_of(appointment, *_names(uow)))


def _names(uow: UnitOfWork) -> tuple[dict[int, str], dict[int, str]]:
    doctors = {doctor.id: doctor.slug for doctor in uow.house.doctors()}
    return doctors, {room.id: room.slug for room in uow.house.rooms()}


def _batches(told: Sequence[Told]) -> Iterator[list[Told]]:
    rest = iter(told)
    while batch := list(islice(rest, _BATCH)):
        yield batch
