"""What is noted of an appointment that is cancelled, whichever door that comes through.

Not here: who may cancel (`practice.use_cases.rearranging`, `.portal`), nor who is told of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.appointments import Status
from practice.details import Details
from practice.rules import LateCancellation

if TYPE_CHECKING:
    from datetime import datetime

    from practice.appointments import Appointment
    from practice.ports import UnitOfWork
    from practice.schedule import BookingRules

__all__ = ["as_cancelled", "note_cancelled"]


def as_cancelled(
    details: Details,
    was: Appointment,
    rules: BookingRules,
    now: datetime,
    *,
    reason: str = "",
    since: datetime | None = None,
) -> Details:
    """Return the details of an appointment that is cancelled now, as it `was` before.

    It is late where the rules of booking call it so; a mere request never is. `since` is when it
    may have been cancelled at the earliest: nobody is marked for what was heard of late.
    """
    late = LateCancellation(rules, min(since or now, now)).is_late(was.slot)
    return replace(
        details,
        cancelled=now,
        cancel_reason=reason,
        late=late and was.status is Status.CONFIRMED,
    )


def note_cancelled(
    uow: UnitOfWork, was: Appointment, after: Appointment, since: datetime | None = None
) -> None:
    """Note of an appointment of which a calendar or a booking tool says so that it is cancelled,
    or is not any more.
    """
    gone = after.status is Status.CANCELLED
    if gone is (was.status is Status.CANCELLED):
        return
    known = uow.details.of(after.id)
    if gone:
        details = known or Details.unknown_of(after)
        details = as_cancelled(details, was, uow.house.rules(), uow.now, since=since)
    elif known is not None and known.cancelled is not None:
        details = replace(known, cancelled=None, cancel_reason="", late=False)
    else:
        return
    uow.details.save(replace(details, changed=uow.now))
