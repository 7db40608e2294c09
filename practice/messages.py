"""What happened to an appointment, and who hears of it.

Not here: posting and delivering (`practice.ports.Outbox`, the booking adapter).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from practice.appointments import Status

if TYPE_CHECKING:
    from practice.appointments import Appointment

__all__ = ["Message", "Receiver", "difference", "hears"]


class Message(StrEnum):
    """What happened, in past participles."""

    BOOKED = "AppointmentBooked"
    MOVED = "AppointmentMoved"
    CONFIRMED = "AppointmentConfirmed"
    CANCELLED = "AppointmentCancelled"


class Receiver(StrEnum):
    """Who can be told."""

    PATIENT = "patient"
    BOOKING_TOOL = "booking_tool"


def difference(before: Appointment | None, after: Appointment | None) -> Message | None:
    """Name what happened between two states of one appointment; None when nothing to tell."""
    was = before is not None and before.status is not Status.CANCELLED
    if after is None or after.status is Status.CANCELLED:
        return Message.CANCELLED if was else None
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


def hears(appointment: Appointment) -> list[Receiver]:
    """Say who is told of what the practice does.

    The booking tool hears all of its own bookings, also that a cancelled one is back.
    """
    receivers = []
    if appointment.patient_id is not None:
        receivers.append(Receiver.PATIENT)
    if appointment.booking_id is not None:
        receivers.append(Receiver.BOOKING_TOOL)
    return receivers
