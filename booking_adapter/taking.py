"""Taking over what a booking tool says of some bookings, in a list or in a webhook.

Not here: asking it for a list (`booking_adapter.sync`), nor which side stands where both have
changed a booking (`practice.conflicts`).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from booking_adapter.protocol import Power, Unreadable
from practice.appointments import Status
from practice.conflicts import DisputeKind
from practice.use_cases.book import take_told
from practice.use_cases.booking_base import terms_of
from practice.use_cases.disputes import cancelled_there, note_told, note_vanished
from practice.use_cases.taking_over import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from booking_adapter.protocol import Event, Told
    from booking_adapter.sync import Source
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.use_cases.taking_over import Taken

__all__ = ["log_unreadable", "names", "take", "take_events"]

log = logging.getLogger(__name__)


def take(
    uow: UnitOfWork,
    source: Source,
    told: Sequence[Told],
    profile: Profile,
    heard: datetime | None,
    asked: datetime,
) -> list[Taken]:
    """Take over bookings as `take_told` does; of none of them is it asked any more where it is."""
    all_taken = take_told(uow, source.name, told, profile, heard, asked)
    for taken in all_taken:
        if taken.outcome is Outcome.REFUSED:
            extra = {"source": source.name, "booking": taken.booking.id, "reason": taken.reason}
            log.warning("booking.refused", extra=extra)
        elif taken.double:
            extra = {"source": source.name, "booking": taken.booking.id}
            log.warning("booking.double", extra=extra)
    known = uow.appointments.by_booking(source.name, [one.booking.id for one in told])
    for appointment in known.values():
        note_told(uow, appointment.id)
    return all_taken


def take_events(
    uow: UnitOfWork,
    source: Source,
    events: Sequence[Event],
    profile: Profile,
    received: datetime,
    asked: datetime,
) -> list[str]:
    """Take over what a webhook tells; return why, for each booking that was not taken over.

    `received` is when it came, which is when something was changed if it does not say so. `asked`
    is when the tool was asked about it, if it can be asked.
    """
    reasons = []
    for event in events:
        told = event.told
        if told is None or (isinstance(told, Unreadable) and told.elsewhere):
            _take_absent(uow, source, event, profile, received)
        elif isinstance(told, Unreadable):
            log_unreadable(source, told)
            reasons.append(told.reason)
        elif not _is_news(uow, source, told):
            continue
        else:
            dated = replace(told, changed=told.changed or received)
            as_of = asked if Power.FINDS in source.tool.powers else _heard(told, received)
            taken = take(uow, source, [dated], profile, None, as_of)
            reasons += [one.reason for one in taken if one.outcome is Outcome.REFUSED]
    return reasons


def log_unreadable(source: Source, one: Unreadable) -> None:
    """Log that a booking cannot be taken over."""
    extra = {"source": source.name, "reason": one.reason}
    if not one.guessed:
        extra["booking"] = one.id
    log.warning("booking.unreadable", extra=extra)


def names(uow: UnitOfWork) -> tuple[dict[int, str], dict[int, str]]:
    """Return the short names of doctors and rooms, by id."""
    doctors = {doctor.id: doctor.slug for doctor in uow.house.doctors()}
    return doctors, {room.id: room.slug for room in uow.house.rooms()}


def _is_news(uow: UnitOfWork, source: Source, told: Told) -> bool:
    """Tell whether there is anything to do: there is not for the end of what nobody knows.

    It may be that of one that was moved, and is another booking by now.
    """
    if told.booking.status is not Status.CANCELLED:
        return True
    return bool(uow.appointments.by_booking(source.name, [told.booking.id, *told.before]))


def _heard(told: Told, received: datetime) -> datetime:
    """Return when what a webhook tells was so; they come late, and out of order."""
    return min(told.changed or received, received)


def _take_absent(
    uow: UnitOfWork, source: Source, event: Event, profile: Profile, received: datetime
) -> None:
    """Take over that the tool has removed a booking; that it does not find one may be a mistake.

    One that is with a doctor of nobody here is asked about, too.
    """
    known = uow.appointments.by_booking(source.name, [event.booking_id]).get(event.booking_id)
    if known is None or known.status is Status.CANCELLED:
        return
    ours = terms_of(known, *names(uow))
    if event.told is not None:
        note_vanished(uow, source.name, known, ours, DisputeKind.UNLISTED)
    elif event.removed:
        cancelled_there(uow, known, names(uow), uow.now - received, profile)
    elif Power.LISTS not in source.tool.powers:  # else the next list will tell
        note_vanished(uow, source.name, known, ours, DisputeKind.VANISHED)
