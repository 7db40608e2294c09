"""Any tool with a JSON API, by a mapping of its addresses, fields and words.

Not here: what a mapping can say (`generic_mapping`), how a list goes on (`generic_paging`), what a
row is (`generic_rows`), how it is told (`generic_telling`).
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from booking_adapter.failures import Failed, Refused
from booking_adapter.outgoing import Http
from booking_adapter.protocol import Days, Event, NotAuthentic, Power, Told, Unreadable
from booking_adapter.signatures import secret_of, verify
from booking_adapter.times import is_on, midnight
from booking_adapter.tools.generic_mapping import Hooks, Rest
from booking_adapter.tools.generic_paging import all_rows
from booking_adapter.tools.generic_rows import Rows, at, json_of, written
from booking_adapter.tools.generic_telling import GONE, Telling, number_in
from booking_adapter.tools.generic_templates import filled_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from booking_adapter.protocol import Hook, State
    from practice.patients import PatientRecord

__all__ = ["GenericRest"]


class GenericRest:
    """See the Protocol. `http` asks below the API's root, with what it lets in by.

    Raises ValueError for a secret that is none. Where moving makes another booking, and the answer
    to that was lost, the next try finds a cancelled one; what took its place is known by the id
    that it had before, if the list tells that.
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
        for row in all_rows(self._http, listing, path):
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
            if refused.status in GONE:
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
        mentioned = self._mentioned(body, hooks)
        if hooks.about and not mentioned:
            raise Failed("a webhook about no booking", permanent=True)
        found = [
            self._event(booking_id, row, removed=word in hooks.removed)
            for booking_id, row in mentioned.items()
        ]
        return [event for event in found if event is not None]

    def tell(self, state: State) -> str:
        """See the Protocol."""
        return Telling(self._http, self._rest, self._rows, self).tell(state)

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
        its_id = told.booking.id if isinstance(told, Told) else booking_id
        return Event(its_id, told, removed=removed)


def _powers(rest: Rest) -> Power:
    there = {
        Power.LISTS: rest.listing,
        Power.FINDS: rest.one,
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


def _rows_at(body: Any, path: str) -> list[Any]:
    """Return the rows that stand at a path of a webhook; none if something else does."""
    told = at(body, path)
    return [row for row in (told if isinstance(told, list) else [told]) if isinstance(row, dict)]


def _read(hook: Hook) -> Any:
    try:
        return json.loads(hook.body)
    except (ValueError, RecursionError) as error:
        raise Failed("not what a webhook says", permanent=True) from error


def _only(booking_id: str) -> Callable[[str], str | int]:
    return lambda name: booking_id if name == "id" else number_in(booking_id)
