"""Any tool with a JSON API, by a mapping of its addresses, fields and words.

Not here: what a mapping can say (`generic_mapping`), how a list goes on (`generic_paging`), what a
row is (`generic_rows`).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from booking_adapter.failures import Failed, Refused
from booking_adapter.outgoing import Http
from booking_adapter.protocol import Event, NotAuthentic, Power, Told, Unreadable
from booking_adapter.signatures import secret_of, verify
from booking_adapter.times import is_on, midnight
from booking_adapter.tools.generic_mapping import Call, Hooks, Rest
from booking_adapter.tools.generic_paging import all_rows
from booking_adapter.tools.generic_rows import Rows, at, json_of, written
from booking_adapter.tools.generic_templates import filled, filled_address
from practice.appointments import Booking, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from booking_adapter.protocol import Days, Hook, State
    from practice.patients import PatientRecord

__all__ = ["GenericRest"]

_GONE = frozenset({404, 410})


class GenericRest:
    """See the Protocol. `http` asks below the API's root, with what it lets in by.

    Raises ValueError for a secret that is none. Where moving makes another booking, and the answer
    to that was lost, the next try finds a cancelled one, and fails for good.
    """

    powers: Power

    def __init__(self, http: Http, rest: Rest) -> None:
        self._http = http
        self._rest = rest
        self._rows = Rows(rest)
        self._zone = ZoneInfo(rest.times.zone)
        self._secret = secret_of(rest.hooks.secret) if rest.hooks else b""
        self.powers = _powers(rest)

    def bookings(self, days: Days) -> Iterator[Told | Unreadable]:
        """See the Protocol."""
        listing = self._rest.listing
        if listing is None:
            raise Failed("it has no list", permanent=True)
        span = {"first": days.first, "last": days.last, "after": days.last + timedelta(days=1)}
        how = self._rest.times.days
        path = filled_address(
            listing.path, lambda name: written(midnight(span[name], self._zone), how, self._zone)
        )
        for row in all_rows(self._http, listing, self._rest.base, path):
            told = self._rows.told(row)
            if isinstance(told, Unreadable) or is_on(told.booking.slot.start, days, self._zone):
                yield told

    def booking(self, booking_id: str) -> Told | Unreadable | None:
        """See the Protocol. Without an address for it, none is known but those of the list."""
        if not self._rest.one or not booking_id.strip("."):
            return None
        try:
            answer = self._http.ask("GET", filled_address(self._rest.one, _only(booking_id)))
        except Refused as refused:
            if refused.status in _GONE:
                return None
            raise
        row = at(json_of(answer), self._rest.one_row)
        if not isinstance(row, dict):
            raise Failed("not what was asked for")
        return self._rows.told(row)

    def key(self, hook: Hook) -> str:
        """See the Protocol."""
        hooks = self._rest.hooks
        if hooks is None:
            raise NotAuthentic("No webhooks were agreed.")
        window = timedelta(seconds=hooks.window)
        return verify(self._secret, hook.headers, hook.body, hook.received, window=window)

    def events(self, hook: Hook) -> Sequence[Event]:
        """See the Protocol."""
        hooks = self._rest.hooks
        if hooks is None:
            raise Failed("no webhooks were agreed", permanent=True)
        body = _read(hook)
        word = at(body, hooks.event) if hooks.event else None
        if hooks.about and word not in (*hooks.about, *hooks.removed):
            return []
        found = [
            self._event(booking_id, row, removed=word in hooks.removed)
            for booking_id, row in self._mentioned(body, hooks).items()
        ]
        return [event for event in found if event is not None]

    def tell(self, state: State) -> str:
        """See the Protocol."""
        if not state.booking_id.strip("."):
            raise Failed("no such booking", permanent=True)
        now = self._now(state)
        if state.status is Status.CANCELLED:
            if now is None or now.status is not Status.CANCELLED:
                self._cancel(state)
            return state.booking_id
        if now is not None and now.status is Status.CANCELLED:
            if not self._rest.revives:
                raise Failed("cancelled there, and cannot be had back", permanent=True)
            now = None
        booking_id = self._moved(state, now)
        self._confirm(replace(state, booking_id=booking_id), now)
        return booking_id

    def patients(self) -> Iterator[PatientRecord]:
        """See the Protocol. It is not asked for a list of them."""
        return iter(())

    def link(self, record: PatientRecord) -> str:
        """See the Protocol."""
        if not self._rest.page:
            raise Failed("it has no page", permanent=True)
        known = {
            "last_name": record.last_name,
            "first_name": record.first_name,
            "name": f"{record.first_name} {record.last_name}".strip(),
            "birth_date": record.birth_date,
            "email": record.email,
            "phone": record.phone,
            "insurance": record.insurance,
            "number": record.number,
        }
        return filled_address(self._rest.page, known.__getitem__)

    # --- webhooks ---------------------------------------------------------------------------------

    def _mentioned(self, body: Any, hooks: Hooks) -> dict[str, Any]:
        """Return the ids that a webhook mentions, each with its row, None where it has none."""
        rows = next(filter(None, (_rows_at(body, path) for path in hooks.rows)), [])
        if hooks.id:
            booking_id = self._rows.id_at(body, hooks.id)
            mentioned = {booking_id: rows[0] if rows else None}
        else:
            mentioned = {self._rows.id_of(row): row for row in rows}
        return {booking_id: row for booking_id, row in mentioned.items() if booking_id}

    def _event(self, booking_id: str, row: Any, *, removed: bool) -> Event | None:
        told: Told | Unreadable | None
        if self._rest.one:
            # Asked for even when it says so: it may be late, or come before an earlier one.
            told = self.booking(booking_id)
        elif removed:
            told = None
        elif row is None:
            return None
        else:
            told = self._rows.told(row)
        return Event(told.booking.id if isinstance(told, Told) else booking_id, told)

    # --- telling ----------------------------------------------------------------------------------

    def _now(self, state: State) -> Booking | None:
        """Return how it is there; None if nobody looks, or it cannot be read."""
        if not (self._rest.one and self._rest.precheck):
            return None
        told = self.booking(state.booking_id)
        if told is None and state.status is not Status.CANCELLED:
            raise Failed("no such booking", permanent=True)
        return told.booking if isinstance(told, Told) else None

    def _cancel(self, state: State) -> None:
        if self._rest.cancel is None:
            raise Failed("cannot be cancelled there", permanent=True)
        try:
            self._call(self._rest.cancel, state)
        except Refused as refused:
            if refused.status not in _GONE or self._stands(state.booking_id):
                raise

    def _stands(self, booking_id: str) -> bool:
        """Tell whether a booking is still there, as far as anybody can ask.

        A mistake in the address to cancel by is answered as one that is gone.
        """
        told = self.booking(booking_id) if self._rest.one else None
        if isinstance(told, Told):
            return told.booking.status is not Status.CANCELLED
        return told is not None

    def _moved(self, state: State, now: Booking | None) -> str:
        """Have it at its time, with its doctor; returns the id it has then."""
        call = self._rest.move
        if now is not None:
            if _is_so(now, state):
                return state.booking_id
            if call is None:
                raise Failed("cannot be moved there", permanent=True)
            if now.doctor != state.doctor and not call.tells("doctor", "doctor_number"):
                raise Failed("another doctor cannot be told", permanent=True)
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
        return self._http.ask(call.method, filled_address(call.path, value), json=body)

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
            "id_number": lambda: _number(state.booking_id),
            "start": lambda: written(start, times.format, self._zone),
            "end": lambda: written(end, times.format, self._zone),
            "date": lambda: written(start, times.date, self._zone),
            "time": lambda: written(start, times.time, self._zone),
            "duration": lambda: round((end.timestamp() - start.timestamp()) / 60),
            "doctor": lambda: its(words.doctors, state.doctor),
            "doctor_number": lambda: _number(its(words.doctors, state.doctor)),
            "status": lambda: its(words.statuses, state.status),
            "reason": lambda: state.reason,
        }
        return lambda name: values[name]()


def _powers(rest: Rest) -> Power:
    there = {
        Power.LISTS: rest.listing,
        Power.HOOKS: rest.hooks,
        Power.MOVES: rest.move,
        Power.CANCELS: rest.cancel,
        Power.CONFIRMS: rest.confirm,
        Power.LINKS: rest.page,
    }
    powers = Power(0)
    for power, what in there.items():
        if what:
            powers |= power
    return powers


def _is_so(now: Booking, state: State) -> bool:
    """Tell whether a booking is at the time and with the doctor it should be."""
    there, due = now.slot, state.slot
    # As instants: times of one zone would be compared by a clock that is set back once a year.
    starts = there.start.timestamp() == due.start.timestamp()
    ends = there.end.timestamp() == due.end.timestamp()
    return starts and ends and now.doctor == state.doctor


def _only(booking_id: str) -> Callable[[str], str | int]:
    return lambda name: booking_id if name == "id" else _number(booking_id)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise Failed("an id that is no number", permanent=True)
    return int(text)


def _rows_at(body: Any, path: str) -> list[Any]:
    """Return the rows that stand at a path of a webhook; none if something else does."""
    told = at(body, path)
    return [row for row in (told if isinstance(told, list) else [told]) if isinstance(row, dict)]


def _read(hook: Hook) -> Any:
    try:
        return json.loads(hook.body)
    except (ValueError, RecursionError) as error:
        raise Failed("not what a webhook says", permanent=True) from error
