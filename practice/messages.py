"""What happened to an appointment, and who hears of it.

Not here: posting and delivering (`practice.ports.Outbox`, the booking adapter).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from practice.appointments import Status

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.appointments import Appointment

__all__ = ["USUAL", "Message", "Receiver", "difference", "hears"]


class Message(StrEnum):
    """What happened, in past participles."""

    BOOKED = "AppointmentBooked"
    MOVED = "AppointmentMoved"
    CONFIRMED = "AppointmentConfirmed"
    CANCELLED = "AppointmentCancelled"
    #: Cancelled before it was ever confirmed.
    DECLINED = "AppointmentDeclined"
    #: It is soon; nothing happened to it.
    REMINDED = "AppointmentReminded"
    #: To the practice itself: practice and tool have changed it, it is gone in the tool, or a
    #: letter about it was given up.
    DISPUTED = "AppointmentDisputed"
    VANISHED = "AppointmentVanished"
    UNDELIVERED = "LetterUndelivered"


class Receiver(StrEnum):
    """Who can be told."""

    PATIENT = "patient"
    BOOKING_TOOL = "booking_tool"
    ADMIN = "admin"
    PRACTICE_SOFTWARE = "pvs_rest"
    WEBHOOK = "webhook"


#: Who is told where nothing else is said: where a practice is, there are patients.
USUAL = frozenset({Receiver.PATIENT, Receiver.BOOKING_TOOL})


def difference(before: Appointment | None, after: Appointment | None) -> Message | None:
    """Name what happened between two states of one appointment; None when nothing to tell."""
    was = before is not None and before.status is not Status.CANCELLED
    if after is None or after.status is Status.CANCELLED:
        if not was:
            return None
        asked = before is not None and before.status is Status.TENTATIVE
        return Message.DECLINED if asked else Message.CANCELLED
    if before is None or not was:
        return Message.BOOKED
    if (before.slot, before.doctor_id, before.room_id) != (
        after.slot,
        after.doctor_id,
        after.room_id,
    ):
        return Message.MOVED
    if before.status is Status.TENTATIVE and after.status is Status.CONFIRMED:
        return Message.CONFIRMED
    return None


def hears(
    appointment: Appointment, receivers: Collection[Receiver], *, by_booking_tool: bool = False
) -> list[Receiver]:
    """Say who of the practice's receivers is told of what happened to an appointment.

    The booking tool hears all of its own bookings, also that a cancelled one is back. Of what it
    has done itself it is told nothing, and tells its patients itself.
    """
    told = {
        Receiver.PATIENT: appointment.patient_id is not None and not by_booking_tool,
        Receiver.BOOKING_TOOL: appointment.booking_id is not None and not by_booking_tool,
        Receiver.PRACTICE_SOFTWARE: appointment.patient_id is not None,
        Receiver.WEBHOOK: True,
    }
    return [receiver for receiver, hears_it in told.items() if hears_it and receiver in receivers]
