"""Finding appointments: a page at a time, or one with everything about it.

Who may see which is said by the question's `calendars`. Not here: free slots
(`practice.use_cases.free_times`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.errors import Invalid

if TYPE_CHECKING:
    from practice.details import Booked, Key, Question
    from practice.ports import UnitOfWork

__all__ = ["LONGEST_PAGE", "MOST_LOOKED_AT", "find_appointments"]

LONGEST_PAGE = 500
#: A practice's bookings of some months: looked at in a few hundredths of a second.
MOST_LOOKED_AT = 5000


def find_appointments(
    uow: UnitOfWork, question: Question, *, after: Key | None = None, limit: int = 100
) -> tuple[list[Booked], Key | None]:
    """Return a page of what is asked for, by start and id, and what to ask for the next one
    `after`; None if there is none. Three statements at most.

    What is rare, and found by no index, is looked for among so many at a time (MOST_LOOKED_AT): a
    page may then have fewer than `limit`, or none, and there is a next one all the same.

    Raises Invalid for a page that is too long, or times without a zone.
    """
    if not 1 <= limit <= LONGEST_PAGE:
        raise Invalid(f"A page has 1 to {LONGEST_PAGE} appointments.")
    for moment in (question.since, question.until, after and after[0]):
        if moment is not None and moment.tzinfo is None:
            raise Invalid("A time is told without its zone.")
    horizon = uow.details.horizon(question, after, MOST_LOOKED_AT)
    found = uow.details.search(question, after, limit + 1, horizon)
    if len(found) <= limit:
        return found, horizon
    last = found[limit - 1].appointment
    return found[:limit], (last.slot.start, last.id)
