"""Both sides changed an appointment since they last agreed: whose change stands. Pure.

1. The practice's side stands.
2. A change of the booking tool that is younger than five minutes is overwritten without a word:
   whoever made it sees at once what became of it.
3. Any other is kept for a person to look at, who is told.

Not here: what a conflict does to the appointment (`practice.use_cases.taking_over`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.appointments import Status

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

__all__ = ["YOUNG", "Decision", "Dispute", "DisputeKind", "DisputeState", "Terms", "decide"]

#: Younger than this, a change of the tool is overwritten without a word.
YOUNG = timedelta(minutes=5)
#: What is changed together: another doctor at the same time is another appointment, too.
_WHEN = frozenset({"start", "end", "doctor"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What practice and tool both know of an appointment; times and names as they compare them."""

    start: str
    end: str
    doctor: str
    room: str
    status: str

    def differing(self, other: Terms) -> set[str]:
        """Return the names of what is not the same."""
        return {name for name in self.__slots__ if getattr(self, name) != getattr(other, name)}


@dataclass(frozen=True, slots=True)
class Decision:
    """What of the tool's change is taken over, what the practice's side holds against, and
    whether a person is to look at that.
    """

    taken: frozenset[str]
    held: frozenset[str]
    conflict: bool


class DisputeKind(StrEnum):
    """What a person is asked about."""

    #: Practice and tool have both changed it; the practice's side stands.
    CHANGED = "changed"
    #: The tool does not have it any more; it stands here as it was.
    VANISHED = "vanished"
    #: A list that should have it has not: it may have been moved out of the days that were asked
    #: for, by a tool that cannot be asked for one booking, or to a doctor of nobody here.
    UNLISTED = "unlisted"

    @property
    def is_absence(self) -> bool:
        """Tell whether it is that the tool does not tell of a booking any more."""
        return self is not DisputeKind.CHANGED


class DisputeState(StrEnum):
    """What was decided."""

    OPEN = "open"
    #: The practice's side stands.
    KEPT = "kept"
    #: The tool's side was taken over.
    TAKEN = "taken"
    #: Both sides came to the same again, before anybody decided.
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Dispute:
    """One question to the practice; `theirs` is None where the tool has nothing any more."""

    id: int
    appointment_id: int
    source: str
    kind: DisputeKind
    noted: datetime
    ours: Terms
    theirs: Terms | None
    state: DisputeState = DisputeState.OPEN
    resolved: datetime | None = None
    resolved_by: str = ""


def decide(base: Terms, ours: Terms, theirs: Terms, age: timedelta | None) -> Decision:
    """Decide what becomes of the tool's change; `age` is that of the change, None if not told.

    A change of one side to what the other has by now is none. What the practice did not touch
    follows the tool, unless one side has cancelled what the other has changed.
    """
    told = theirs.differing(base) & theirs.differing(ours)
    done = ours.differing(base) & theirs.differing(ours)
    held = set().union(
        *(part & told for part in _parts(told | done) if part & told and part & done)
    )
    if told and done and Status.CANCELLED in {ours.status, theirs.status}:
        held = told
    old = age is None or age >= YOUNG
    return Decision(frozenset(told - held), frozenset(held), bool(held) and old)


def _parts(names: AbstractSet[str]) -> list[frozenset[str]]:
    """Return the names in parts that stand or fall together."""
    return [_WHEN, *(frozenset({name}) for name in names - _WHEN)]
