"""Letters: what somebody outside is to be told of an appointment, once it has happened here.

A letter holds ids only. Its text is made when it is sent, from what is then.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from practice.messages import Message, Receiver

__all__ = ["BY_HAND", "UNSETTLED", "Letter", "LetterState"]


#: Why a letter is given up that nobody can deliver: somebody has to do it. No fault of anybody's.
BY_HAND = "the tool takes no changes; make it there by hand"


class LetterState(StrEnum):
    """Where a letter is. Only one that nobody has tried to send yet can be taken back."""

    WAITING = "waiting"
    SENDING = "sending"
    #: It was tried, and may have arrived.
    TRIED = "tried"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    #: Given up; a person has to look.
    FAILED = "failed"
    #: A person has said that nobody needs to be told.
    DROPPED = "dropped"


UNSETTLED = (LetterState.WAITING, LetterState.SENDING, LetterState.TRIED)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. `number` is that of the change it was posted with, `before` the appointment as
    the receiver knew it (see `practice.use_cases.appointments`); `due` is when it is tried next,
    or, while it is being sent, when whoever sends it is taken for dead. `error` says why it did not
    arrive, without anything of the patient.
    """

    id: int
    number: int
    posted: datetime
    to: Receiver
    message: Message
    appointment_id: int
    before: str
    state: LetterState
    due: datetime
    attempts: int = 0
    error: str = ""
    settled: datetime | None = None
