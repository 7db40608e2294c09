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

__all__ = ["LONGEST_PAGE", "find_appointments"]

LONGEST_PAGE = 500


def find_appointments(
    uow: UnitOfWork, question: Question, *, after: Key | None = None, limit: int = 100
) -> tuple[list[Booked], Key | None]:
    """Return a page of what is asked for, by start and id, and what to ask for the next one
    `after`; None if there is none. Two statements, and the cost of the page.

    Raises Invalid for a page that is too long, or times without a zone.
    """
    if not 1 <= limit <= LONGEST_PAGE:
        raise Invalid(f"A page has 1 to {LONGEST_PAGE} appointments.")
    for moment in (question.since, question.until, after and after[0]):
        if moment is not None and moment.tzinfo is None:
            raise Invalid("A time is told without its zone.")
    found = uow.details.search(question, after, limit + 1)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1].appointment
    return found[:limit], (last.slot.start, last.id)
