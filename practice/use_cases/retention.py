"""Forgetting the oldest part of the log; calendars and appointments stay as they are.

What is forgotten can be neither taken back nor exported as it was, and calendar programs that
have not asked since fetch everything anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from practice.ports import UnitOfWork

__all__ = ["BATCH", "forget_some", "forgettable"]

#: Rows forgotten in one transaction: few enough that others wait for a blink only.
BATCH = 1000


def forgettable(uow: UnitOfWork, before: datetime) -> int:
    """Return the number up to which every change was made before a moment, but for the last one.

    The last row always stays: it tells how far back the log reaches.
    """
    return min(uow.calendars.older_than(before), uow.log_state().number - 1)


def forget_some(uow: UnitOfWork, number: int) -> int:
    """Forget the next rows up to a number, at most BATCH; return how many, 0 when all are."""
    forgotten = uow.log_state().forgotten
    until = min(number, forgotten + BATCH)
    if until <= forgotten:
        return 0
    uow.calendars.forget(until)
    return until - forgotten
