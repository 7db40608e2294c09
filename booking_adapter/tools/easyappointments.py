"""Easy!Appointments from 1.5 on, by its API v1 and its webhooks.

Observed on 1.6.0: times are local ones of the provider; what it does not like is a 500, whose text
repeats all it was sent; patients get a mail for whatever is saved, even if it is the same; a
webhook has a token in clear, no patient, and is sent once; it takes overlapping appointments.

Not here: what an appointment's fields mean (`booking_adapter.tools.easyappointments_rows`).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from booking_adapter.failures import Failed, Refused
from booking_adapter.protocol import Event, NotAuthentic, Power, Told, Unreadable
from booking_adapter.times import as_local, from_local, is_on, not_later
from booking_adapter.tools.easyappointments_rows import Installation, record_in, status_in, told_in
from booking_adapter.tools.values import fields_in, id_in, parsed, text_in, with_query
from practice.appointments import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from booking_adapter.outgoing import Http
    from booking_adapter.protocol import Days, Hook, State
    from practice.patients import PatientRecord

__all__ = ["EasyAppointments", "Installation"]

#: Appointments in one answer: of 100 requests in two minutes a year of 6,000 takes 25.
_AT_ONCE = 500
#: As many come in one answer if nobody says how many. Fewer are certainly the last.
_UNASKED = 20
_DAY = timedelta(days=1)
_HOOKS = frozenset({"appointment_save", "appointment_delete"})


class EasyAppointments:
    """See the Protocol. `http` asks below `/index.php/api/v1/`, with the token."""

    powers = (
        Power.LISTS
        | Power.FINDS
        | Power.HOOKS
        | Power.MOVES
        | Power.CANCELS
        | Power.CONFIRMS
        | Power.PATIENTS
        | Power.LINKS
    )

    def __init__(self, http: Http, installation: Installation, *, at_once: int = _AT_ONCE) -> None:
        self._http = http
        self._its = installation
        self._at_once = at_once
        self._zones: dict[str, ZoneInfo] = {}

    def bookings(self, days: Days) -> Iterator[Told | Unreadable]:
        """See the Protocol."""
        self._zones = self._read_zones()
        # Its days are those of the provider, and it asks on which an appointment ends.
        first, last = days.first - _DAY, days.last + 2 * _DAY
        span = {"from": first.isoformat(), "till": last.isoformat()}
        for row in self._all("appointments", span, {"with": "customer"}):
            told = told_in(row, self._its, self._zones)
            if isinstance(told, Unreadable) or is_on(told.booking.slot.start, days, self._its.zone):
                yield told

    def booking(self, booking_id: str) -> Told | Unreadable | None:
        """See the Protocol."""
        row = self._one(booking_id)
        return None if row is None else told_in(row, self._its, self._zones)

    def key(self, hook: Hook) -> str:
        """See the Protocol."""
        told = hook.headers.get(self._its.hook_header.lower(), "").encode("latin-1", "replace")
        secret = self._its.hook_secret.encode()
        if not secret or not hmac.compare_digest(told, secret):
            raise NotAuthentic("Its token is not the one that was agreed.")
        _payload(hook)
        # Its own time of a change is to the second, and two changes may be made within one.
        return hashlib.sha256(hook.body).hexdigest()

    def events(self, hook: Hook) -> Sequence[Event]:
        """See the Protocol."""
        action, row = _payload(hook)
        if action not in _HOOKS:
            return []
        booking_id = _id(row)
        if not booking_id:
            raise Failed("a webhook about no appointment", permanent=True)
        # Asked for even when it says so: it may be late, and the patient is not in it.
        told = self.booking(booking_id)
        if isinstance(told, Told):
            told = replace(told, changed=_changed(row, hook))
        return [Event(booking_id, told, removed=action == "appointment_delete")]

    def tell(self, state: State) -> str:
        """See the Protocol."""
        row = self._one(state.booking_id)
        if row is None and state.status is Status.CANCELLED:
            return state.booking_id
        if row is None:
            raise Failed("no such appointment: it has to be made there, by hand", permanent=True)
        if told := self._differing(row, state):
            path = f"appointments/{state.booking_id}"
            answer = self._http.ask("PUT", path, json=told, once=True)  # each sends a mail
            if self._differing(parsed(answer.content, dict), state):
                raise Failed("it does not have it as it was told")
        return state.booking_id

    def patients(self) -> Iterator[PatientRecord]:
        """See the Protocol."""
        for row in self._all("customers", {}, {}):
            if its_id := _id(row):
                yield replace(record_in(row, self._its), booking_system_id=its_id)

    def link(self, record: PatientRecord) -> str:
        """See the Protocol."""
        known = {
            "first_name": record.first_name,
            "last_name": record.last_name,
            "email": record.email,
            "phone": record.phone,
        }
        return with_query(self._its.page, known)

    def _all(
        self, resource: str, filters: Mapping[str, str], more: Mapping[str, str]
    ) -> Iterator[Any]:
        """Yield all of a list, by id: what is added meanwhile comes at the end."""
        read, last, full = 0, "", False
        for page in count(1):
            paging = {"page": str(page), "length": str(self._at_once), "sort": "+id"}
            rows = self._rows(resource, {**filters, **more, **paging})
            if read and (rows or full):
                self._check_place(resource, filters, read, last)
            yield from rows
            if len(rows) < min(_UNASKED, self._at_once):
                return
            read += len(rows)
            last, full = _id(rows[-1]), len(rows) == self._at_once

    def _check_place(self, resource: str, filters: Mapping[str, str], read: int, last: str) -> None:
        """Raise a Failed unless the last one read is where it was.

        If one before it was removed, the next page has begun too late.
        """
        one = {"page": str(read), "length": "1", "sort": "+id", "fields": "id"}
        if [_id(row) for row in self._rows(resource, {**filters, **one})] != [last]:
            raise Failed("a list that changed while it was read")

    def _rows(self, resource: str, query: Mapping[str, str]) -> list[Any]:
        return parsed(self._http.ask("GET", resource, query=query).content, list)

    def _one(self, booking_id: str) -> dict[str, Any] | None:
        """Return an appointment, with its provider's zone known; None if there is none."""
        if not (booking_id.isascii() and booking_id.isdecimal()):
            return None
        path, query = f"appointments/{booking_id}", {"with": "customer"}
        try:
            row = parsed(self._http.ask("GET", path, query=query).content, dict)
        except Refused as refused:
            if refused.status != 404:
                raise
            # Whatever else may be at this address says so, too.
            self._rows("appointments", {"length": "1", "fields": "id"})
            return None
        if _id(row) != booking_id:
            raise Failed("not what was asked for")
        if id_in(row.get("providerId")) not in self._zones:
            self._zones = self._read_zones()
        return row

    def _read_zones(self) -> dict[str, ZoneInfo]:
        """Return the time zone of each provider; of all they have, nothing else is asked for."""
        zones = {}
        for row in self._all("providers", {}, {"fields": "id,timezone"}):
            try:
                zones[_id(row)] = ZoneInfo(text_in(fields_in(row).get("timezone")))
            except (ValueError, OSError, KeyError):
                zones[_id(row)] = self._its.zone
        return zones

    def _differing(self, row: Mapping[str, Any], state: State) -> dict[str, Any]:
        """Return what of an appointment is not as the practice has it."""
        status = status_in(row, self._its)
        if state.status is Status.CANCELLED:
            return {} if status is Status.CANCELLED else {"status": self._its.cancelled}
        provider = self._provider_of(state.doctor, id_in(row.get("providerId")))
        zone = self._zones[provider]
        told: dict[str, Any] = {
            "start": as_local(state.slot.start, zone),
            "end": as_local(state.slot.end, zone),
            "providerId": int(provider),
        }
        if state.status is Status.CONFIRMED and status is not Status.CONFIRMED:
            told["status"] = self._its.confirmed
        elif status is Status.CANCELLED:
            told["status"] = self._its.tentative
        return {name: value for name, value in told.items() if str(row.get(name)) != str(value)}

    def _provider_of(self, doctor: str, now: str) -> str:
        """Return the provider that is a doctor, rather the one it is now; raises a Failed."""
        for its_id in (now, *self._its.doctors):
            if self._its.doctors.get(its_id) == doctor and its_id in self._zones:
                return its_id
        raise Failed("no provider of this doctor", permanent=True)


def _id(row: Any) -> str:
    """Return the id of a row, always a number here; empty if it has none."""
    told = id_in(fields_in(row).get("id"))
    return told if told.isdecimal() else ""


def _payload(hook: Hook) -> tuple[str, dict[str, Any]]:
    """Return action and row of a webhook; raises a Failed."""
    told = parsed(hook.body, dict, permanent=True)
    action, row = told.get("action"), told.get("payload")
    if not isinstance(action, str) or not isinstance(row, dict):
        raise Failed("not what a webhook says", permanent=True)
    return action, row


def _changed(row: Mapping[str, Any], hook: Hook) -> datetime | None:
    """Return when a row was changed; its own times, unlike those of appointments, are UTC."""
    try:
        told = from_local(row["update_datetime"], UTC)
    except (KeyError, TypeError, ValueError):
        return None
    return not_later(told, hook.received)
