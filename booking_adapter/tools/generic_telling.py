"""Telling a JSON API how the practice has a booking, as its mapping has it.

Not here: what the API tells (`booking_adapter.tools.generic_rest`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from booking_adapter.failures import Failed, Refused
from booking_adapter.protocol import Days, Told
from booking_adapter.tools.generic_rows import json_of, written
from booking_adapter.tools.generic_templates import filled, filled_address
from practice.appointments import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from booking_adapter.outgoing import Http
    from booking_adapter.protocol import BookingTool, State
    from booking_adapter.tools.generic_mapping import Call, Rest
    from booking_adapter.tools.generic_rows import Rows
    from practice.appointments import Booking, Slot

__all__ = ["GONE", "Telling", "number_in"]

#: Answers that say that there is none.
GONE = frozenset({404, 410})


class Telling:
    """Tells one tool; `tool` says how its bookings are now."""

    def __init__(self, http: Http, rest: Rest, rows: Rows, tool: BookingTool) -> None:
        self._http = http
        self._rest = rest
        self._rows = rows
        self._tool = tool
        self._zone = ZoneInfo(rest.times.zone)

    def tell(self, state: State) -> str:
        """Have the tool have a booking so; returns the id that it has then."""
        if not state.booking_id.strip("."):
            raise Failed("no such booking: it has to be made there, by hand", permanent=True)
        now = self._now(state)
        if state.status is Status.CANCELLED:
            if now is None or now.status is not Status.CANCELLED:
                self._cancel(state)
            return state.booking_id
        if now is not None and now.status is Status.CANCELLED:
            now = self._successor(state)
            state = replace(state, booking_id=now.id) if now else state
        booking_id = self._moved(state, now)
        self._confirm(replace(state, booking_id=booking_id), now)
        return booking_id

    def _now(self, state: State) -> Booking | None:
        """Return how it is there; None if nobody looks, or it cannot be read."""
        if not (self._rest.one and self._rest.precheck):
            return None
        told = self._tool.booking(state.booking_id)
        if told is None and state.status is not Status.CANCELLED:
            raise Failed("no such booking: it has to be made there, by hand", permanent=True)
        return told.booking if isinstance(told, Told) else None

    def _successor(self, state: State) -> Booking | None:
        """Return what took the place of a cancelled booking, None if it comes back by itself."""
        if self._rest.revives:
            return None
        if self._rest.move is None or not self._rest.move.new_id:
            raise Failed("cancelled there: it has to be booked anew there, by hand", permanent=True)
        if self._rest.listing and self._rest.fields.before:
            day = state.slot.start.astimezone(self._zone).date()
            for told in self._tool.bookings(Days(day, day)):
                if isinstance(told, Told) and state.booking_id in told.before and _is_on(told):
                    return told.booking
        raise Failed(
            "cancelled there, or moved to another booking: it has to be looked at there, by hand",
            permanent=True,
        )

    def _cancel(self, state: State) -> None:
        if self._rest.cancel is None:
            raise Failed("cannot be cancelled there", permanent=True)
        try:
            self._call(self._rest.cancel, state)
        except Refused as refused:
            if refused.status not in GONE or self._stands(state.booking_id):
                raise

    def _stands(self, booking_id: str) -> bool:
        """Tell whether a booking is still there, as far as anybody can ask.

        A mistake in the address to cancel by is answered as one that is gone.
        """
        told = self._tool.booking(booking_id) if self._rest.one else None
        return _is_on(told) if isinstance(told, Told) else told is not None

    def _moved(self, state: State, now: Booking | None) -> str:
        """Have it at its time, with its doctor; returns the id it has then."""
        call = self._rest.move
        if now is not None:
            if _is_so(now, state):
                return state.booking_id
            if call is None:
                raise Failed("cannot be moved there", permanent=True)
            if now.doctor != state.doctor and not call.tells("doctor", "doctor_number"):
                raise Failed("takes no other doctor: make it there by hand", permanent=True)
            if _length(now.slot) != _length(state.slot) and not call.tells("end", "duration"):
                raise Failed("takes no other length: make it there by hand", permanent=True)
        if call is None:
            return state.booking_id
        answer = self._call(call, state)
        told = self._rows.id_at(json_of(answer), call.new_id) if call.new_id else ""
        return told or state.booking_id

    def _confirm(self, state: State, before: Booking | None) -> None:
        call = self._rest.confirm
        if state.status is not Status.CONFIRMED or call is None:
            return
        # Asked for again if it was moved: it may have to be confirmed anew.
        now = before if before is not None and _is_so(before, state) else self._now(state)
        if now is None or now.status is not Status.CONFIRMED:
            self._call(call, state)

    def _call(self, call: Call, state: State) -> Any:
        value = self._values(state)
        body = None if call.body is None else filled(call.body, value)
        answer = self._http.ask(call.method, filled_address(call.path, value), json=body)
        if answer.content and "html" in answer.headers.get("Content-Type", ""):
            json_of(answer)  # else it is the page of somebody between
        return answer

    def _values(self, state: State) -> Callable[[str], str | int]:
        times, words = self._rest.times, self._rest.words
        start, end = state.slot.start, state.slot.end

        def its(meanings: Mapping[str, object], ours: str) -> str:
            for word, meaning in meanings.items():
                if word and meaning == ours:
                    return word
            raise Failed("it has no word for this", permanent=True)

        values: dict[str, Callable[[], str | int]] = {
            "id": lambda: state.booking_id,
            "id_number": lambda: number_in(state.booking_id),
            "start": lambda: written(start, times.format, self._zone),
            "end": lambda: written(end, times.format, self._zone),
            "date": lambda: written(start, times.date, self._zone),
            "time": lambda: written(start, times.time, self._zone),
            "duration": lambda: round(_length(state.slot) / 60),
            "doctor": lambda: its(words.doctors, state.doctor),
            "doctor_number": lambda: number_in(its(words.doctors, state.doctor)),
            "status": lambda: its(words.statuses, state.status),
            "reason": lambda: state.reason,
        }
        return lambda name: values[name]()


def _is_on(told: Told) -> bool:
    return told.booking.status is not Status.CANCELLED


def _is_so(now: Booking, state: State) -> bool:
    """Tell whether a booking is at the time and with the doctor it should be."""
    there, due = now.slot, state.slot
    # As instants: times of one zone would be compared by a clock that is set back once a year.
    starts = there.start.timestamp() == due.start.timestamp()
    ends = there.end.timestamp() == due.end.timestamp()
    return starts and ends and now.doctor == state.doctor


def _length(slot: Slot) -> float:
    return slot.end.timestamp() - slot.start.timestamp()


def number_in(text: str) -> int:
    """Return the number that an id is; raises a Failed if it is none."""
    if not (text.isascii() and text.isdecimal()):
        raise Failed("an id that is no number", permanent=True)
    return int(text)
