"""A letter as it is sent: what happened, and the appointment as it is now.

Not here: how any destination tells it on (the other modules of this folder).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from practice.accounts import Doctor, Room
    from practice.appointments import Appointment, Slot
    from practice.messages import Message
    from practice.patients import Patient

__all__ = ["Destination", "Dispatch", "Known", "Offered"]


@dataclass(frozen=True, slots=True)
class Known:
    """What a receiver knew of an appointment before: when it was, and the doctor's name."""

    slot: Slot
    doctor: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What is free in place of an appointment: when, and the doctor's name."""

    slot: Slot
    doctor: str


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One letter with all it is about, looked up when it is sent.

    `key` is the same at every try and no other letter's: a receiver that has seen it may leave it.
    `sequence` rises from letter to letter about one appointment. `known` is None to a receiver who
    has not heard of the appointment. `doctor`, `room` and `patient` are None where there is none.
    `again` is whether it was tried before, so that it may have arrived. `instead` is what a patient
    may book in place of what was declined, as it is free now.
    """

    key: str
    message: Message
    sequence: int
    posted: datetime
    appointment: Appointment
    known: Known | None = None
    patient: Patient | None = None
    doctor: Doctor | None = None
    room: Room | None = None
    again: bool = False
    instead: tuple[Offered, ...] = ()


class Destination(Protocol):
    """Where letters of one receiver go."""

    def deliver(self, dispatch: Dispatch, now: datetime) -> None:
        """Deliver a letter, or raise `failures.Failed`; `permanent` if it would fail again.

        It may come again with the same key, if nobody knows whether it arrived.
        """
