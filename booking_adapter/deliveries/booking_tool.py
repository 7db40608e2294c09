"""Telling the booking tool that a booking came from how the practice has it.

Not here: how each tool is told (`booking_adapter.tools`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from booking_adapter.failures import Failed
from booking_adapter.protocol import Power, State
from practice.appointments import Status
from practice.letters import BY_HAND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from booking_adapter.deliveries.dispatch import Dispatch
    from booking_adapter.sync import Source

__all__ = ["BookingTools"]

_TELLS = Power.MOVES | Power.CANCELS | Power.CONFIRMS


class BookingTools:
    """The booking tools of the practice, by the names that the practice has for them."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def tell(self, dispatch: Dispatch) -> str:
        """Tell a tool how its booking stands; return the id that it has there then.

        Raises Failed; permanent where the tool takes no changes and a person has to make them.
        """
        appointment = dispatch.appointment
        source = self._sources.get(appointment.booking_source or "")
        if source is None or not source.tool.powers & _TELLS:
            raise Failed(BY_HAND, permanent=True)
        cancelled = appointment.status is Status.CANCELLED
        if not source.tool.powers & (Power.CANCELS if cancelled else Power.MOVES):
            raise Failed("the tool takes no such change; make it there by hand", permanent=True)
        if not cancelled and dispatch.doctor is None:
            raise Failed("no doctor has it any more; change it there by hand", permanent=True)
        state = State(
            booking_id=appointment.booking_id or "",
            slot=appointment.slot,
            status=appointment.status,
            doctor=dispatch.doctor.slug if dispatch.doctor else "",
        )
        return source.tool.tell(state)
