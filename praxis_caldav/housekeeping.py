"""What is forgotten again and again, whoever the practice works with outside.

Apart from `praxis_caldav.outside`, which is loaded only where there is anybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from booking_adapter.jobs import Job
from practice.access import SYSTEM
from practice.use_cases.crowds import forget_old

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.database import SqlDatabase

__all__ = ["housekeeping"]

_EVERY = timedelta(hours=1)
#: A server that has just begun has better things to do.
_FIRST = timedelta(minutes=10)


def housekeeping(database: SqlDatabase, clock: Callable[[], datetime]) -> list[Job]:
    """Return the jobs that forget what nobody needs any more."""
    return [Job("forget", _EVERY, partial(_forget, database, clock), _FIRST)]


def _forget(database: SqlDatabase, clock: Callable[[], datetime]) -> None:
    """Forget answers that are not given again, and who booked online a day ago."""
    with database.begin(actor=SYSTEM, now=clock()) as uow:
        uow.answers.forget_old()
        forget_old(uow)
