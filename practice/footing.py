"""What an answer rests on: as long as it is the same, so is the answer.

Every change of a calendar takes a number of the log. Of what else answers tell (who may see what,
how somebody signs in, the properties that clients set for themselves) the database notes that it
changed, in one value that it draws anew, by triggers. Not here: answers that are given again
(`caldav_server.remembering`).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOUSE", "Footing"]

#: The place of an answer that tells of more than one calendar.
HOUSE = 0


@dataclass(frozen=True, slots=True)
class Footing:
    """What an answer rests on: one calendar (by its id), or HOUSE, and where that stood.

    `number` and `mark` are those of the last change there. Footings that are equal are those of
    equal answers to one request; they need not be equal where nothing has changed.
    """

    place: int
    outside: int
    forgotten: int
    number: int
    mark: str
