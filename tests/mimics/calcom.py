"""Cal.com as others meet it, as its API v2 and webhook documentation say, and its public source.

Not observed: the order of a list without `sortStart`, the texts of most errors, and how far a
sequence number grows. Not here: recurring and seated events, payments, and availability (slots
are offered from 8 to 12, but whatever else is free can be booked as well).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.mimics.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from starlette.requests import Request

    View = Callable[[Request, dict[str, Any]], dict[str, Any]]

__all__ = ["BOOKINGS", "SLOTS", "TRIGGERS", "Booking", "CalCom", "Delivery", "EventType", "Refused"]

#: The `cal-api-version` of bookings and of slots.
BOOKINGS, SLOTS = "2024-08-13", "2024-09-04"
EVENTS = ("CREATED", "REQUESTED", "RESCHEDULED", "CANCELLED", "REJECTED", "NO_SHOW_UPDATED")
TRIGGERS = tuple(f"BOOKING_{event}" for event in EVENTS)
STATUSES = {"upcoming", "recurring", "past", "cancelled", "unconfirmed"}
ERRORS = {400: "BadRequest", 401: "Unauthorized", 404: "NotFound", 429: "Throttler"}
LABELS = {"name": "your_name", "email": "email_address", "attendeePhoneNumber": "phone_number"}
LABELS |= {"notes": "additional_notes", "guests": "additional_guests"}
LABELS |= {"rescheduleReason": "reschedule_reason"}
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


class Refused(Exception):
    """The tool does not do this; its API answers with the status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class EventType:
    """What can be booked, and with whom."""

    id: int
    slug: str
    title: str
    minutes: int
    host: str
    host_id: int
    requires_confirmation: bool
    location: str

    @property
    def host_email(self) -> str:
        """The host's address."""
        return f"host{self.host_id}@praxis.example"


@dataclass(slots=True)
class Booking:
    """A booking as it stands; `answers` are those to the practice's own questions, and `notes`."""

    id: int
    uid: str
    kind: EventType
    start: datetime
    end: datetime
    status: str  # accepted, pending, rejected, cancelled
    ical_uid: str
    name: str
    email: str
    phone: str | None = None
    time_zone: str = BERLIN.key
    language: str = "de"
    location: str = ""
    guests: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0
    cancellation_reason: str | None = None
    rescheduling_reason: str | None = None
    rescheduled_from: str | None = None
    absent: bool = False
    host_absent: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it was sent, or would have been."""

    url: str
    headers: dict[str, str]
    body: bytes


class CalCom(Tool):
    """What patients and hosts do in its pages are methods; the API is at `url`, with `key`."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(self._routes())
        self.now = now
        self.key = "cal_live_0123456789abcdef"
        self.limit: int | None = 120  # requests in 60 s with one key; None: as many as you like
        self.event_types: dict[int, EventType] = {}
        self.bookings: dict[str, Booking] = {}
        #: Address, secret and triggers of each.
        self.subscribers: list[tuple[str, str | None, Sequence[str]]] = []
        self.deliveries: list[Delivery] = []
        self.send_hooks = True
        self.zulu = True  # times in webhooks end in Z, else in +00:00
        self.destination_calendar: Any = None  # null, [] and an object all occur
        self._hosts: dict[str, int] = {}
        self._ids = count(101)
        self._windows: dict[str, tuple[datetime, int]] = {}
        self._lock = threading.RLock()

    def add_event_type(
        self,
        slug: str = "sprechstunde",
        minutes: int = 20,
        host: str = "Ada Beispiel",
        *,
        requires_confirmation: bool = False,
    ) -> int:
        """Return the id of a new event type; one name is one host."""
        with self._lock:
            host_id = self._hosts.setdefault(host, len(self._hosts) + 1)
            told = slug, slug.capitalize(), minutes, host, host_id, requires_confirmation
            kind = EventType(next(self._ids), *told, "Musterweg 1, 12345 Musterstadt")
            self.event_types[kind.id] = kind
            return kind.id

    def subscribe(
        self, url: str, secret: str | None = None, triggers: Sequence[str] = TRIGGERS
    ) -> None:
        """Send webhooks there from now on."""
        self.subscribers.append((url, secret, triggers))

    def book(
        self,
        event_type: int,
        start: datetime,
        name: str = "Erika Beispiel",
        email: str | None = "erika@example.org",
        *,
        minutes: int | None = None,
        **more: Any,
    ) -> str:
        """Return the uid; `more` are other fields of a `Booking`.

        Who gives a phone number only gets an address made of it.
        """
        uid = secrets.token_urlsafe(16)
        with self._lock:
            kind = self._kind(event_type)
            asks, end = kind.requires_confirmation, start + (minutes or kind.minutes) * MINUTE
            email = email or re.sub(r"\D", "", more["phone"]) + "@sms.cal.com"
            status, more = "pending" if asks else "accepted", {"location": kind.location} | more
            told = kind, start, end, status, f"{uid}@Cal.com", name, email
            booking = Booking(next(self._ids), uid, *told, **more)
            self._place(booking)
            payload = self._payload(booking)
        self.deliver("BOOKING_REQUESTED" if asks else "BOOKING_CREATED", payload)
        return uid

    def reschedule(
        self, uid: str, start: datetime, reason: str | None = None, *, by_host: bool = False
    ) -> str:
        """Return the uid of the booking that takes its place; of the old one's end no word is sent.

        What a host has to confirm he has to confirm again, unless he moved it himself.
        """
        with self._lock:
            old = self._open(uid)
            asks = old.kind.requires_confirmation and not (by_host and old.status == "accepted")
            new = replace(old, id=next(self._ids), uid=secrets.token_urlsafe(16), start=start)
            new.end, new.status = start + (old.end - old.start), "pending" if asks else "accepted"
            new.rescheduled_from, new.rescheduling_reason = uid, reason
            new.sequence, new.absent = old.sequence + 1, False
            self._place(new, old)
            old.status = "cancelled"
            payload = self._payload(new) | {
                "rescheduleId": old.id,
                "rescheduleUid": uid,
                "rescheduleStartTime": self._time(old.start),
                "rescheduleEndTime": self._time(old.end),
                "rescheduledBy": old.kind.host_email if by_host else old.email,
            }
        self.deliver("BOOKING_REQUESTED" if asks else "BOOKING_RESCHEDULED", payload)
        return new.uid

    def cancel(self, uid: str, reason: str | None = None, *, by_host: bool = False) -> None:
        """Cancel it, as the patient or as the host."""
        with self._lock:
            booking = self._open(uid)
            booking.cancellation_reason = reason
            payload = self._settled(booking, "cancelled") | {
                "cancellationReason": reason,
                "cancelledBy": booking.kind.host_email if by_host else booking.email,
                "requestReschedule": False,
            }
        self.deliver("BOOKING_CANCELLED", payload)

    def confirm(self, uid: str) -> None:
        """Accept what was requested: only now is it said to be created."""
        with self._lock:
            payload = self._settled(self._open(uid, "pending"), "accepted")
        self.deliver("BOOKING_CREATED", payload)

    def decline(self, uid: str, reason: str | None = None) -> None:
        """Reject what was requested. A destination calendar that is not there is [] here."""
        with self._lock:
            payload = self._settled(self._open(uid, "pending"), "rejected")
        payload["rejectionReason"] = reason
        if payload["destinationCalendar"] is None:
            payload["destinationCalendar"] = []
        self.deliver("BOOKING_REJECTED", payload)

    def no_show(self, uid: str, *, absent: bool = True) -> None:
        """Note that the patient did not come, or did."""
        with self._lock:
            booking = self._held(uid)
            booking.absent = absent
        message = f"{booking.email} {'marked' if absent else 'unmarked'} as no-show"
        payload: dict[str, Any] = {"message": message, "bookingUid": uid, "bookingId": booking.id}
        payload["attendees"] = [{"email": booking.email, "noShow": absent}]
        self.deliver("BOOKING_NO_SHOW_UPDATED", payload)

    def deliver(self, trigger: str, payload: Mapping[str, Any]) -> None:
        """Sign and send to whoever subscribed to it; only note it while `send_hooks` is off."""
        told = {"triggerEvent": trigger, "createdAt": _iso(self.now()), "payload": payload}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        for url, secret, triggers in self.subscribers:
            if trigger not in triggers:
                continue
            signature = "no-secret-provided"
            if secret:
                signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers = {"Content-Type": "application/json", "X-Cal-Signature-256": signature}
            delivery = Delivery(url, headers | {"x-cal-webhook-version": "2021-10-20"}, body)
            self.deliveries.append(delivery)
            if self.send_hooks:
                self.resend(delivery)

    def resend(self, delivery: Delivery) -> int:
        """Send it (again); returns the status, 0 when nobody answered."""
        return self.post_hook(delivery.url, delivery.body, delivery.headers)

    def _time(self, moment: datetime) -> str:
        told = moment.astimezone(UTC).isoformat(timespec="seconds")
        return told.replace("+00:00", "Z") if self.zulu else told

    def _payload(self, booking: Booking) -> dict[str, Any]:
        kind = booking.kind
        own = {slug: value for slug, value in booking.answers.items() if slug not in LABELS}
        return {
            "uid": booking.uid,
            "bookingId": booking.id,
            "iCalUID": booking.ical_uid,
            "iCalSequence": booking.sequence,
            "title": _title(booking),
            "type": kind.slug,
            "eventTypeId": kind.id,
            "eventTitle": kind.title,
            "length": kind.minutes,  # as the event type has it, however long the booking is
            "startTime": self._time(booking.start),
            "endTime": self._time(booking.end),
            "status": booking.status.upper(),
            "organizer": _organizer(booking),
            "attendees": [_attendee(booking)],
            "responses": _responses(_asked_of_all(booking) | own),
            "userFieldsResponses": _responses(own),
            "customInputs": {},
            "additionalNotes": booking.answers.get("notes", ""),
            "location": booking.location,
            "destinationCalendar": self.destination_calendar,
            "metadata": booking.metadata,
            "price": 0,
            "currency": "usd",
            "requiresConfirmation": kind.requires_confirmation or None,
            "seatsPerTimeSlot": None,
        }

    def _kind(self, number: Any) -> EventType:
        if not str(number).isdecimal() or int(number) not in self.event_types:
            raise Refused(404, f"Event type with id {number} not found.")
        return self.event_types[int(number)]

    def _held(self, uid: str) -> Booking:
        if uid not in self.bookings:
            raise Refused(404, f"Booking with uid={uid} was not found in the database")
        return self.bookings[uid]

    def _open(self, uid: str, *statuses: str) -> Booking:
        booking = self._held(uid)
        if booking.status not in (statuses or ("accepted", "pending")):
            raise Refused(400, f"Booking with uid={uid} is {booking.status} already")
        return booking

    def _settled(self, booking: Booking, status: str) -> dict[str, Any]:
        booking.status = status
        booking.sequence += 1
        return self._payload(booking)

    def _busy(
        self, kind: EventType, start: datetime, end: datetime, but: Booking | None = None
    ) -> bool:
        return any(
            one.kind.host_id == kind.host_id and one.start < end and start < one.end
            for one in self.bookings.values()
            if one.status == "accepted" and one is not but
        )

    def _place(self, booking: Booking, instead_of: Booking | None = None) -> None:
        if booking.start <= self.now():
            raise Refused(400, "Attempting to book a meeting in the past.")
        if self._busy(booking.kind, booking.start, booking.end, instead_of):
            raise Refused(400, "User either already has booking at this time or is not available")
        self.bookings[booking.uid] = booking

    def _routes(self) -> list[Route]:
        one, many = "/v2/bookings/{uid}", "GET POST PUT PATCH DELETE"
        return [
            self._route("GET", "/v2/slots", self._slots, version=SLOTS),
            self._route("GET", "/v2/bookings", self._list),
            self._route("POST", "/v2/bookings", self._create, status=201),
            self._route("GET", one, lambda request, _: self._told(request.path_params["uid"])),
            self._route("POST", one + "/reschedule", self._act, status=201),
            self._route("POST", one + "/{act}", self._act),
            self._route(many, "/{path:path}", self._act, version="none of them"),
        ]

    def _route(
        self, methods: str, path: str, view: View, *, version: str = BOOKINGS, status: int = 200
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            return await run_in_threadpool(self._answer, request, body, view, version, status)

        return Route(path, endpoint, methods=methods.split())

    def _answer(
        self, request: Request, body: bytes, view: View, version: str, status: int
    ) -> Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        left, headers = self._counted(key)
        try:
            if left < 0:
                raise Refused(429, "ThrottlerException: Too Many Requests")
            if request.headers.get("cal-api-version") != version:
                raise _no_route(request)
            if version != SLOTS and key != self.key:
                raise Refused(401, "Your api key is not valid.")
            answer = view(request, _object(body)) | {"status": "success"}
        except Refused as refused:
            status, code = refused.status, ERRORS[refused.status] + "Exception"
            answer = {"status": "error", "error": {"code": code, "message": str(refused)}}
        return JSONResponse(answer, status, headers)

    def _counted(self, key: str) -> tuple[int, dict[str, str]]:
        if self.limit is None:
            return 0, {}
        now = self.now()
        with self._lock:
            since, asked = self._windows.get(key, (now, 0))
            if now - since >= MINUTE:
                since, asked = now, 0
            self._windows[key] = since, asked + 1
        left, reset = self.limit - asked - 1, int((since + MINUTE).timestamp())
        told = {"Limit": self.limit, "Remaining": max(left, 0), "Reset": reset}
        return left, {f"X-RateLimit-{name}-Default": str(value) for name, value in told.items()}

    def _told(self, uid: str) -> dict[str, Any]:
        with self._lock:
            return {"data": _output(self._held(uid))}

    def _create(self, _: Request, body: dict[str, Any]) -> dict[str, Any]:
        if "recurrenceCount" in body:
            raise Refused(400, "The event type is not a recurring one.")
        names = ("location", "guests", "metadata")
        more = {name: body[name] for name in names if name in body}
        more |= {"answers": body.get("bookingFieldsResponses", {})} | _booker(body.get("attendee"))
        if not _is_metadata(body.get("metadata", {})):
            raise Refused(400, "metadata: 50 keys of 40 characters, values of 500, no more")
        start, minutes = _moment(body, "start"), body.get("lengthInMinutes")
        return self._told(self.book(body.get("eventTypeId", 0), start, minutes=minutes, **more))

    def _act(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        uid, act = request.path_params["uid"], request.url.path.rpartition("/")[2]
        if act == "cancel":
            self.cancel(uid, body.get("cancellationReason"), by_host=True)
        elif act == "reschedule":
            start, reason = _moment(body, "start"), body.get("reschedulingReason")
            uid = self.reschedule(uid, start, reason, by_host=True)
        elif act == "confirm":
            self.confirm(uid)
        elif act == "decline":
            self.decline(uid, body.get("reason"))
        elif act == "mark-absent":
            booking = self._held(uid)
            booking.host_absent = body.get("host", booking.host_absent)
            for one in body.get("attendees", ()):
                if one["email"] == booking.email:
                    self.no_show(uid, absent=one["absent"])
        else:
            raise _no_route(request)
        return self._told(uid)

    def _list(self, request: Request, _: dict[str, Any]) -> dict[str, Any]:
        query = dict(request.query_params)
        take, skip = _number(query, "take", 100, 1, 100), _number(query, "skip", 0, 0, 2**31)
        order, fits = query.get("sortStart"), self._filter(query)
        if order not in {None, "asc", "desc"}:
            raise Refused(400, 'SortStart must be either "asc" or "desc".')
        with self._lock:
            found = [booking for booking in self.bookings.values() if fits(booking)]
            if order:
                found.sort(key=lambda booking: booking.start, reverse=order == "desc")
            page, total = [_output(booking) for booking in found[skip : skip + take]], len(found)
        pagination = {
            "totalItems": total,
            "remainingItems": max(total - skip - take, 0),
            "returnedItems": len(page),
            "itemsPerPage": take,
            "currentPage": skip // take + 1,
            "totalPages": -(-total // take),
            "hasNextPage": skip + take < total,
            "hasPreviousPage": skip > 0,
        }
        return {"data": page, "pagination": pagination}

    def _filter(self, query: dict[str, str]) -> Callable[[Booking], bool]:
        statuses = query["status"].split(",") if "status" in query else []
        if not STATUSES.issuperset(statuses):
            raise Refused(400, f"Invalid status. Allowed are {', '.join(sorted(STATUSES))}")
        kinds, email = query.get("eventTypeIds", query.get("eventTypeId")), "attendeeEmail"
        after, before = ("afterStart", "fromDate"), ("beforeEnd", "toDate")
        first = max((_moment(query, name) for name in after if name in query), default=None)
        last = min((_moment(query, name) for name in before if name in query), default=None)

        def fits(booking: Booking) -> bool:
            return (
                (not statuses or any(self._is(booking, status) for status in statuses))
                and (kinds is None or str(booking.kind.id) in kinds.split(","))
                and query.get(email, booking.email) == booking.email
                and (first is None or booking.start >= first)
                and (last is None or booking.end <= last)
            )

        return fits

    def _is(self, booking: Booking, status: str) -> bool:
        over = booking.status in {"cancelled", "rejected"}
        if status == "cancelled":
            return over
        if status == "past":
            return not over and booking.end <= self.now()
        wanted = {"upcoming": {"accepted", "pending"}, "unconfirmed": {"pending"}}
        return booking.status in wanted.get(status, ()) and booking.end >= self.now()

    def _slots(self, request: Request, _: dict[str, Any]) -> dict[str, Any]:
        query = request.query_params
        kind, free = self._kind(query.get("eventTypeId")), dict[str, list[dict[str, str]]]()
        try:
            zone = ZoneInfo(query.get("timeZone", "UTC"))
            first, last = (date.fromisoformat(query[name]) for name in ("start", "end"))
        except (KeyError, ValueError, OSError) as error:
            raise Refused(400, "start and end must be dates, timeZone one of the IANA") from error
        for start in _offered(first, last, kind.minutes * MINUTE):
            day = start.astimezone(zone).date()
            with self._lock:
                busy = self._busy(kind, start, start + kind.minutes * MINUTE)
            if first <= day <= last and start > self.now() and not busy:
                free.setdefault(str(day), []).append({"start": _iso(start, zone)})
        return {"data": free}


def _offered(first: date, last: date, length: timedelta) -> Iterator[datetime]:
    """Give the starts from Monday to Friday, and a day more at both ends: zones differ."""
    for number in range(-1, (last - first).days + 2):
        day = first + timedelta(days=number)
        start, closes = (datetime.combine(day, time(hour), BERLIN) for hour in (8, 12))
        while day.weekday() < 5 and start + length <= closes:
            yield start
            start += length


def _no_route(request: Request) -> Refused:
    return Refused(404, f"Cannot {request.method} {request.url.path}")


def _iso(moment: datetime, zone: ZoneInfo | None = None) -> str:
    told = moment.astimezone(zone or UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def _title(booking: Booking) -> str:
    return f"{booking.kind.title} between {booking.kind.host} and {booking.name}"


def _zoned(booking: Booking, time_zone: str, locale: str) -> dict[str, Any]:
    offset = booking.start.astimezone(ZoneInfo(time_zone)).utcoffset() or timedelta()
    return {"timeZone": time_zone, "language": {"locale": locale}, "utcOffset": offset // MINUTE}


def _organizer(booking: Booking) -> dict[str, Any]:
    kind = booking.kind
    told = {"id": kind.host_id, "name": kind.host, "email": kind.host_email}
    return told | {"username": f"host{kind.host_id}"} | _zoned(booking, BERLIN.key, "de")


def _attendee(booking: Booking) -> dict[str, Any]:
    """Split the name at its first space, whatever stands there: "Dr." becomes a first name."""
    first, _, last = booking.name.partition(" ")
    told = {"name": booking.name, "firstName": first, "lastName": last, "email": booking.email}
    phone = {"phoneNumber": booking.phone} if booking.phone else {}
    return told | phone | _zoned(booking, booking.time_zone, booking.language)


def _asked_of_all(booking: Booking) -> dict[str, Any]:
    told = {"name": booking.name, "email": booking.email, "attendeePhoneNumber": booking.phone}
    told |= {"notes": booking.answers.get("notes"), "rescheduleReason": booking.rescheduling_reason}
    return told | {"guests": booking.guests or None}


def _responses(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return every question; one without an answer has no `value`."""
    return {
        slug: {"label": LABELS.get(slug, slug), "isHidden": False} | _given({"value": answer})
        for slug, answer in answers.items()
    }


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _output(booking: Booking) -> dict[str, Any]:
    """Return it as the API does: the patient's address is only among the responses."""
    kind = booking.kind
    attendee = {"name": booking.name, "timeZone": booking.time_zone, "language": booking.language}
    told = {
        "id": booking.id,
        "uid": booking.uid,
        "title": _title(booking),
        "description": booking.answers.get("notes", ""),
        "hosts": [{"id": kind.host_id, "name": kind.host, "timeZone": BERLIN.key}],
        "status": booking.status,
        "cancellationReason": booking.cancellation_reason,
        "reschedulingReason": booking.rescheduling_reason,
        "rescheduledFromUid": booking.rescheduled_from,
        "start": _iso(booking.start),
        "end": _iso(booking.end),
        "duration": (booking.end - booking.start) // MINUTE,
        "eventTypeId": kind.id,
        "eventType": {"id": kind.id, "slug": kind.slug},
        "location": booking.location,
        "meetingUrl": booking.location,
        "absentHost": booking.host_absent,
        "attendees": [attendee | {"absent": booking.absent}],
        "guests": booking.guests or None,
        "bookingFieldsResponses": _given(_asked_of_all(booking)) | booking.answers,
    }
    return _given(told)


def _object(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body or b"{}"))
    except (TypeError, ValueError) as error:
        raise Refused(400, f"Not an object in JSON: {error}") from error


def _moment(values: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(values[name])
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(400, f"{name} must be a valid ISO 8601 date.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    given = query.get(name, str(default))
    if not given.isdecimal() or not least <= int(given) <= most:
        raise Refused(400, f"{name} must be a number from {least} to {most}")
    return int(given)


def _booker(given: Any) -> dict[str, Any]:
    one = given if isinstance(given, dict) else {}
    told = {"name": one.get("name"), "email": one.get("email"), "phone": one.get("phoneNumber")}
    told |= {"time_zone": one.get("timeZone"), "language": one.get("language", "en")}
    if not told["name"] or not told["time_zone"] or not (told["email"] or told["phone"]):
        raise Refused(400, "attendee: name, timeZone, and email or phoneNumber must be given")
    if not re.fullmatch(r"\+[1-9]\d{6,14}", told["phone"] or "+4930123456"):
        raise Refused(400, "attendee.phoneNumber must be a valid phone number")
    return told


def _is_metadata(given: dict[str, str]) -> bool:
    fits = all(len(key) <= 40 and len(value) <= 500 for key, value in given.items())
    return fits and len(given) <= 50
