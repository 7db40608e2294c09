"""Cal.com by its API v2 and its webhooks.

A booking that is moved there becomes another one, with a new uid and the old one's in
`rescheduledFromUid`; the old one is cancelled, and only newer versions tell what became of it.

Not here: what a booking's fields mean (`booking_adapter.tools.calcom_rows`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from booking_adapter.failures import Failed, Refused
from booking_adapter.protocol import Event, NotAuthentic, Power, Told, Unreadable
from booking_adapter.times import as_utc, from_instant, midnight, not_later
from booking_adapter.tools.calcom_rows import (
    Team,
    address_in,
    earlier_in,
    is_within,
    told_in,
    uid_in,
    uid_in_hook,
)
from booking_adapter.tools.values import fields_in, id_in, parsed, with_query
from practice.appointments import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from booking_adapter.outgoing import Http
    from booking_adapter.protocol import Days, Hook, State
    from practice.appointments import Booking
    from practice.patients import PatientRecord

__all__ = ["CalCom", "Team"]

VERSION = {"cal-api-version": "2024-08-13"}
#: Bookings in one answer; no version gives more.
_AT_ONCE = 100
#: Times that a booking has been moved, beyond which nobody looks.
_MOVES = 50
#: The reason that a patient reads who is told none.
_CANCELLED = "Von der Praxis abgesagt"


class CalCom:
    """See the Protocol. `http` asks below the API's root, with the key.

    It can change neither the doctor of a booking nor how long it is, and some versions have a moved
    one be as long as its event type: a person has to see to that.
    """

    powers = ~Power.PATIENTS

    def __init__(self, http: Http, team: Team, *, at_once: int = _AT_ONCE) -> None:
        self._http = http
        self._team = team
        self._at_once = at_once
        #: The uid that each one had before; empty if none. It never changes.
        self._earlier: dict[str, str] = {}

    def bookings(self, days: Days) -> Iterator[Told | Unreadable]:
        """See the Protocol. One that was moved is told as what it is now, out of the days, too,
        unless it was moved to before them.
        """
        # Without an end: what was moved to later is not cancelled.
        span = {"afterStart": as_utc(midnight(days.first, self._team.zone))}
        rows = list(self._all(span))
        self._earlier.update({uid_in(row): earlier_in(row) for row in rows})
        moved = {earlier_in(row) for row in rows} - {""}
        within = {uid_in(row) for row in rows if is_within(row, days, self._team.zone)}
        for row in rows:
            uid = uid_in(row)
            if uid in moved:
                continue
            before = self._before(uid) if uid else ()
            if uid in within or not within.isdisjoint(before):
                yield from self._told(row, before)

    def _told(self, row: Any, before: tuple[str, ...]) -> Iterator[Told | Unreadable]:
        told = told_in(row, self._team, before)
        yield told
        if isinstance(told, Unreadable):  # its earlier ones are not gone for that
            yield from (replace(told, id=uid) for uid in before)

    def booking(self, booking_id: str) -> Told | Unreadable | None:
        """See the Protocol."""
        row = self._present(booking_id)
        if row is None:
            return None
        return told_in(row, self._team, self._before(uid_in(row)))

    def key(self, hook: Hook) -> str:
        """See the Protocol."""
        secret = self._team.hook_secret.encode()
        due = hmac.new(secret, hook.body, hashlib.sha256).hexdigest().encode()
        told = hook.headers.get("x-cal-signature-256", "").encode("latin-1", "replace")
        if not secret or not hmac.compare_digest(told, due):
            raise NotAuthentic("Its signature is not that of the secret that was agreed.")
        about, payload = _read(hook)
        uid = uid_in_hook(payload)
        if not uid:
            return hashlib.sha256(hook.body).hexdigest()
        created, sequence = about.get("createdAt"), payload.get("iCalSequence")
        names = [about["triggerEvent"], uid, created, sequence]
        told_once = json.dumps([name if isinstance(name, str | int) else None for name in names])
        return hashlib.sha256(told_once.encode()).hexdigest()

    def events(self, hook: Hook) -> Sequence[Event]:
        """See the Protocol."""
        about, payload = _read(hook)
        if not about["triggerEvent"].startswith("BOOKING_"):
            return []
        uid = uid_in_hook(payload)
        if not uid:
            raise Failed("a webhook about no booking", permanent=True)
        # Asked for even when it says so: it may be late, or come before an earlier one.
        told = self.booking(uid)
        if not isinstance(told, Told):
            return [Event(uid, told)]
        if told.changed is None:
            told = replace(told, changed=self._created(about, hook))
        return [Event(told.booking.id, told)]

    def tell(self, state: State) -> str:
        """See the Protocol."""
        try:
            return self._tell(state)
        except Refused as refused:
            if refused.status != 400:
                raise
        # It refuses also what it has done already, at a try whose answer was lost.
        return self._tell(state)

    def patients(self) -> Iterator[PatientRecord]:
        """Raise a Failed: it has no list of them."""
        raise Failed("no list of patients", permanent=True)

    def link(self, record: PatientRecord) -> str:
        """See the Protocol."""
        name = f"{record.first_name} {record.last_name}".strip()
        return with_query(self._team.page, {"name": name, "email": record.email})

    def _tell(self, state: State) -> str:
        row = self._present(state.booking_id)
        if row is None and state.status is Status.CANCELLED:
            return state.booking_id
        if row is None:
            raise Failed("no such booking: it has to be made there, by hand", permanent=True)
        now = _booking(told_in(row, self._team), permanent=True)
        if state.status is Status.CANCELLED:
            return self._cancel(now, state)
        if now.status is Status.CANCELLED:
            raise Failed("cancelled there: it has to be booked anew there, by hand", permanent=True)
        if state.doctor != now.doctor:
            raise Failed("takes no other doctor: make it there by hand", permanent=True)
        after = self._move(now, state)
        if state.status is Status.CONFIRMED and after.status is Status.TENTATIVE:
            self._post(after.id, "confirm", {})
        if after.slot.end.timestamp() != state.slot.end.timestamp():
            raise Failed("takes no other length: make it there by hand", permanent=True)
        return after.id

    def _cancel(self, now: Booking, state: State) -> str:
        if now.status is Status.TENTATIVE:
            self._post(now.id, "decline", {"reason": state.reason or _CANCELLED})
        elif now.status is Status.CONFIRMED:
            self._post(now.id, "cancel", {"cancellationReason": state.reason or _CANCELLED})
        return now.id

    def _move(self, now: Booking, state: State) -> Booking:
        # As instants: times of one zone would be compared by a clock that is set back once a year.
        if state.slot.start.timestamp() == now.slot.start.timestamp():
            return now
        told = {"start": as_utc(state.slot.start)}
        if state.reason:
            told["reschedulingReason"] = state.reason
        return _booking(told_in(self._post(now.id, "reschedule", told), self._team))

    def _all(self, query: Mapping[str, str]) -> Iterator[Any]:
        """Yield all of a list, by the time they were made: what is made meanwhile comes last."""
        seen, odd, read, total = set[str](), 0, 0, 0
        while True:
            paging = {"take": str(self._at_once), "skip": str(read), "sortCreated": "asc"}
            answer = self._get("bookings", {**query, **paging})
            rows, known = answer.get("data"), len(seen)
            if not isinstance(rows, list):
                raise Failed("not what was asked for")
            for row in rows:
                if (uid := uid_in(row)) not in seen:
                    yield row
                seen |= {uid} - {""}
                odd += not uid
            read += len(rows)
            told, total = total, _total(answer)
            if not rows or 0 < total <= read:
                break
            # Rows without ids may be the same ones again.
            further = len(seen) > known or read == len(rows)
            if total < told or not further:
                raise Failed("a list that does not go on")
        if len(seen) + odd < max(total, told):
            raise Failed("a list that changed while it was read")

    def _one(self, uid: str) -> dict[str, Any] | None:
        if not id_in(uid):
            return None
        try:
            row = self._get(f"bookings/{quote(uid, safe='')}", {}).get("data")
        except Refused as refused:
            if refused.status != 404:
                raise
            # Whatever else may be at this address says so, too.
            self._get("bookings", {"take": "1"})
            return None
        if uid_in(row) != uid:
            raise Failed("not what was asked for")
        self._earlier[uid] = earlier_in(row)
        return fields_in(row)

    def _present(self, uid: str) -> dict[str, Any] | None:
        """Return what became of a booking; None if there is none."""
        row = self._one(uid)
        for _ in range(_MOVES):
            after = self._one(self._successor(row)) if row is not None else None
            if after is None:
                return row
            row = after
        raise Failed("moved too often", permanent=True)

    def _successor(self, row: Mapping[str, Any]) -> str:
        """Return the uid of what a cancelled booking was moved to; empty if there is none."""
        if row.get("status") != "cancelled":
            return ""
        if told := id_in(row.get("rescheduledToUid")):
            return told
        address, kind = address_in(row), id_in(row.get("eventTypeId"))
        query = {"attendeeEmail": address} if address else {"eventTypeId": kind}
        last = ""
        for other in self._all(query) if address or kind else ():
            if earlier_in(other) == row["uid"]:
                last = uid_in(other)
        return last

    def _before(self, uid: str) -> tuple[str, ...]:
        """Return the uids that a booking had."""
        found: list[str] = []
        for _ in range(_MOVES):
            if uid not in self._earlier and self._one(uid) is None:
                self._earlier[uid] = ""
            uid = self._earlier[uid]
            if not uid or uid in found:
                break
            found.append(uid)
        return tuple(found)

    def _created(self, about: Mapping[str, Any], hook: Hook) -> datetime | None:
        """Return when the event of a webhook happened."""
        try:
            return not_later(from_instant(about["createdAt"], self._team.zone), hook.received)
        except (KeyError, TypeError, ValueError):
            return None

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        return parsed(self._http.ask("GET", path, query=query, headers=VERSION).content, dict)

    def _post(self, uid: str, what: str, told: Mapping[str, str]) -> Any:
        path = f"bookings/{quote(uid, safe='')}/{what}"
        answer = self._http.ask("POST", path, json=told, headers=VERSION)
        return parsed(answer.content, dict).get("data")


def _booking(told: Told | Unreadable, *, permanent: bool = False) -> Booking:
    if isinstance(told, Unreadable):
        raise Failed("a booking that cannot be read", permanent=permanent)
    return told.booking


def _read(hook: Hook) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a webhook says, and of it what it is about; raises a Failed."""
    about = parsed(hook.body, dict, permanent=True)
    if not isinstance(about.get("triggerEvent"), str):
        raise Failed("not what a webhook says", permanent=True)
    return about, fields_in(about.get("payload"))


def _total(answer: Mapping[str, Any]) -> int:
    """Return how many there are in all the pages of a list; 0 if it does not tell."""
    told = fields_in(answer.get("pagination")).get("totalItems")
    return told if isinstance(told, int) else 0
