"""The demo's booking tool: a page where invented patients book, and an API for the practice.

Not here: the practice's side of it (`booking_adapter`), nor any text (`tool.html`). Everything is
kept in memory and forgotten at the end.

The API wants `Authorization: Bearer <token>`, tells a fault as `{"error": sentence}`, and has

- `GET /api/bookings?from=2026-11-23&to=2026-11-24`: `{"bookings": [...], "total": 2}`, all that
  start on these days, both included and both optional, cancelled ones too;
- `POST /api/bookings` (201), `GET /api/bookings/{id}`;
- `PATCH /api/bookings/{id}` with any of start, end, status, doctor; a start alone keeps the length.

What is done on the page, and only that, is told by a webhook, signed as Standard Webhooks has it:
`{"type": "booking.moved", "timestamp": ..., "data": {a booking as in the API}}`; the type is
`booking.booked`, `booking.moved` or `booking.cancelled`.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from booking_adapter.signatures import signed
from practice.appointments import Booking, Slot, Status

__all__ = ["DOCTORS", "ZONE", "Setup", "app", "invented", "run"]

ZONE = ZoneInfo("Europe/Berlin")
DOCTORS = (("dr-mueller", "Dr. Müller"), ("dr-schmidt", "Dr. Schmidt"))
_LOG = logging.getLogger(__name__)
#: How long what is booked on the page is, and when it may start: no demo practice is busy then.
_LENGTH = timedelta(minutes=30)
_TIMES = tuple(time(hour, minute) for hour in (17, 18, 19) for minute in (0, 30))
_OFFERED = tuple((f"{each:%H:%M}",) * 2 for each in _TIMES)
_AHEAD = timedelta(days=365)
_LONGEST = timedelta(hours=12)
_LARGEST = 20_000
_LENGTHS = {"first_name": 80, "last_name": 80, "email": 254, "reason": 200}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_BOTH = re.compile(r"\[\[(.*?)\|(.*?)\]\]", re.DOTALL)
_PART = re.compile(r"<!-- part: (\w+) -->\n")
_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What the tool has to know; `doctors` are ids and names. Without `hook_url` nobody is told."""

    token: str = field(repr=False)
    hook_url: str = ""
    hook_secret: bytes = field(default=b"", repr=False)
    bookings: Sequence[Booking] = ()
    doctors: Sequence[tuple[str, str]] = DOCTORS
    zone: ZoneInfo = ZONE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        if not self.token or (self.hook_url and not self.hook_secret):
            raise ValueError("a booking tool needs a token, and a secret for its webhook")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A booking and its last change: by whom, what, and when it was before."""

    booking: Booking
    changed: datetime
    by: str
    what: str
    before: Slot | None = None


class _Refusal(Exception):
    """Not done; `word` names the sentence that says why."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status, self.word = status, word


class _Bookings:
    """All bookings; no two that are not cancelled overlap with one doctor."""

    def __init__(self, bookings: Sequence[Booking], now: datetime) -> None:
        self._lock = threading.Lock()
        self._entries = {each.id: _Entry(each, now, "patient", "booked") for each in bookings}

    def all(self) -> list[_Entry]:
        with self._lock:
            entries = list(self._entries.values())
        return sorted(entries, key=lambda each: (each.booking.slot.start.timestamp(), each.changed))

    def one(self, booking_id: str) -> _Entry:
        try:
            return self._entries[booking_id]
        except KeyError:
            raise _Refusal(404, "unknown") from None

    def book(self, booking: Booking, by: str, now: datetime) -> _Entry:
        with self._lock:
            return self._put(_Entry(booking, now, by, "booked"))

    def change(self, booking_id: str, by: str, now: datetime, **changes: Any) -> _Entry | None:
        """Change what is not so already; returns None where all is."""
        with self._lock:
            was = self.one(booking_id)
            before, booking = was.booking, replace(was.booking, **changes)
            if by == "patient" and before.status is Status.CANCELLED:
                raise _Refusal(409, "over")
            if booking == before:
                return None
            moved = (booking.slot, booking.doctor) != (before.slot, before.doctor)
            what = "moved" if booking.status is before.status else booking.status.value.lower()
            return self._put(_Entry(booking, now, by, what, before.slot if moved else None))

    def _put(self, entry: _Entry) -> _Entry:
        booking = entry.booking
        for other in (each.booking for each in self._entries.values()):
            if (
                other.id != booking.id
                and other.doctor == booking.doctor
                and Status.CANCELLED not in {other.status, booking.status}
                and other.slot.overlaps(booking.slot)
            ):
                raise _Refusal(409, "taken")
        self._entries[booking.id] = entry
        return entry


def invented(today: date, zone: ZoneInfo = ZONE) -> list[Booking]:
    """Return some bookings of the next working days; whoever they are of is made up."""
    people = (
        ("Marlies", "Sonnenbrink", "1951-04-09", "Kontrolle Krampfadern"),
        ("Cem", "Weidenkamp", "1987-11-30", "Befundbesprechung"),
        ("Zoë", "Tannhuber", "1996-02-29", "Schwere Beine, Erstvorstellung"),
        ("Karl-Heinz", "Ostermöller", "1944-08-17", "Kontrolle Nabelbruch"),
        ("Yasemin", "Fichtenrath", "1979-06-03", "Nachsorge nach Stent"),
    )
    ahead = (today + timedelta(days=count) for count in range(1, 14))
    days = [day for day in ahead if day.weekday() < 5]
    made = []
    for place, (first, last, born, reason) in enumerate(people):
        start = datetime.combine(days[place // 2], _TIMES[place], zone)
        doctor = DOCTORS[place % 2][0]
        made.append(
            Booking(
                id=f"B-{start:%m%d}-{place + 1}",
                doctor=doctor,
                slot=Slot(start, start + _LENGTH),
                status=Status.CONFIRMED,
                last_name=last,
                first_name=first,
                birth_date=born,
                email=f"patient{place + 1}@example.org",
                reason=reason,
            )
        )
    return made


# --- What is asked for ----------------------------------------------------------------------------


def _person(given: Mapping[str, Any], today: date) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, most in _LENGTHS.items():
        value = given.get(name) or ""
        text = " ".join(value.split()) if isinstance(value, str) else "\0"
        if len(text) > most or not text.isprintable() or not (text or name == "reason"):
            raise _Refusal(400, name)
        told[name] = text
    if not _EMAIL.fullmatch(told["email"]):
        raise _Refusal(400, "email")
    born = _day(given.get("birth_date"), "birth_date")
    if not date(1900, 1, 1) <= born <= today:
        raise _Refusal(400, "birth_date")
    return told | {"birth_date": born.isoformat()}


def _day(given: Any, word: str) -> date:
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise _Refusal(400, word) from None


def _status(given: Any) -> Status:
    try:
        return Status(str(given).upper())
    except ValueError:
        raise _Refusal(400, "status") from None


def _moment(given: Any, zone: ZoneInfo) -> datetime:
    try:
        told = datetime.fromisoformat(str(given))
        if told.tzinfo is not None and 1970 <= told.year < 2200:
            return told.astimezone(zone)
    except ValueError:
        pass
    raise _Refusal(400, "slot")


def _slot(start: datetime, end: datetime) -> Slot:
    try:
        slot = Slot(start, end)
    except ValueError:
        raise _Refusal(400, "slot") from None
    if end.timestamp() - start.timestamp() > _LONGEST.total_seconds():
        raise _Refusal(400, "slot")
    return slot


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise _Refusal(413, "long")
    return body


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise _Refusal(403, "elsewhere")
    try:
        return dict(parse_qsl((await _body(request)).decode(), max_num_fields=20))
    except ValueError:
        raise _Refusal(400, "form") from None


async def _object(request: Request) -> dict[str, Any]:
    try:
        told = json.loads(await _body(request))
    except (ValueError, RecursionError):
        raise _Refusal(400, "json") from None
    if not isinstance(told, dict):
        raise _Refusal(400, "json")
    return told


# --- What is shown --------------------------------------------------------------------------------


class _Language:
    """The parts of `tool.html` in one language."""

    def __init__(self, place: int) -> None:
        text = Path(__file__).with_name("tool.html").read_text("utf-8")
        parts = _PART.split(_BOTH.sub(lambda found: found[1 + place], text))[1:]
        self.parts = dict(zip(parts[::2], parts[1::2], strict=True))
        lines = self.parts.pop("words").splitlines()
        self.words: dict[str, str] = dict(line.split(" = ", 1) for line in lines)
        self.name = ("de", "en")[place]

    def part(self, part: str, raw: Mapping[str, str] | None = None, /, **values: str) -> str:
        """Return a part with values in it, escaped but for the `raw` ones."""
        safe = {each: escape(value) for each, value in values.items()}
        return Template(self.parts[part]).substitute(safe, lang=self.name, **(raw or {})).strip()

    def day(self, moment: datetime) -> str:
        return f"{self.words['days'].split()[moment.weekday()]} {moment:{self.words['date']}}"

    def when(self, slot: Slot) -> str:
        return f"{self.day(slot.start)}, {slot.start:%H:%M}–{slot.end:%H:%M}"

    def born(self, told: str) -> str:
        """Return what follows a name; nothing where no date is known."""
        if not told:
            return ""
        return f", {self.words['born']} {date.fromisoformat(told):{self.words['date']}}"

    def change(self, entry: _Entry) -> str:
        words, then = self.words, entry.changed
        told = f"{words[entry.by]}: {words[entry.what]}, {self.day(then)}, {then:%H:%M:%S}"
        return f"{told} ({words['before']} {self.when(entry.before)})" if entry.before else told


def _options(pairs: Sequence[tuple[str, str]], chosen: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(label)}</option>"
        for value, label in pairs
    )


# --- What is answered -----------------------------------------------------------------------------


class _Tool:
    """What is answered at each address."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._doctors = dict(setup.doctors)
        told = [replace(each, slot=self._here(each.slot)) for each in setup.bookings]
        self._bookings = _Bookings(told, self._now())
        self._languages = {"de": _Language(0), "en": _Language(1)}
        # One at a time: the practice hears of things in their order, and the page waits for none.
        self._pool = ThreadPoolExecutor(1, "telling the practice")

    def routes(self) -> list[Route]:
        one = "/api/bookings/{id}"
        return [
            Route("/", self.page),
            Route("/bookings", self.rows),
            Route("/bookings", self.book, methods=["POST"]),
            Route("/bookings/{id}/move", self.move, methods=["POST"]),
            Route("/bookings/{id}/cancel", self.cancel, methods=["POST"]),
            Route("/api/bookings", self._guarded(self.api_list)),
            Route("/api/bookings", self._guarded(self.api_book), methods=["POST"]),
            Route(one, self._guarded(self.api_one)),
            Route(one, self._guarded(self.api_change), methods=["PATCH"]),
        ]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def page(self, request: Request) -> Response:
        return self._page(request, {})

    async def rows(self, request: Request) -> Response:
        rows, latest = self._listed(self._language(request))
        return JSONResponse({"rows": rows, "latest": latest}, headers=_HEADERS)

    async def book(self, request: Request) -> Response:
        def action(given: Mapping[str, str], now: datetime) -> _Entry:
            doctor, slot = self._doctor(given.get("doctor")), self._offered(given, now)
            booking = _new(doctor, slot, Status.CONFIRMED, _person(given, now.date()))
            return self._bookings.book(booking, "patient", now)

        return await self._done(request, "booked", action)

    async def move(self, request: Request) -> Response:
        def action(given: Mapping[str, str], now: datetime) -> _Entry | None:
            slot = self._offered(given, now)
            return self._bookings.change(request.path_params["id"], "patient", now, slot=slot)

        return await self._done(request, "moved", action)

    async def cancel(self, request: Request) -> Response:
        def action(_: Mapping[str, str], now: datetime) -> _Entry | None:
            status = Status.CANCELLED
            return self._bookings.change(request.path_params["id"], "patient", now, status=status)

        return await self._done(request, "cancelled", action)

    async def _done(
        self,
        request: Request,
        what: str,
        action: Callable[[Mapping[str, str], datetime], _Entry | None],
    ) -> Response:
        given: dict[str, str] = {}
        try:
            given = await _form(request)
            entry = action(given, self._now())
        except _Refusal as refusal:
            return self._page(request, given, refusal)
        if entry is not None and self._setup.hook_url:
            changed = entry.changed.isoformat()
            event = {"type": f"booking.{what}", "timestamp": changed, "data": self._json(entry)}
            self._pool.submit(_send, self._setup, event)
        there = f"/?lang={self._language(request).name}&said={what}"
        return RedirectResponse(there, 303, _HEADERS)

    def _page(
        self, request: Request, given: Mapping[str, str], refusal: _Refusal | None = None
    ) -> Response:
        told, nonce = self._language(request), secrets.token_urlsafe(16)
        said, notice = told.words.get(f"said_{request.query_params.get('said')}"), ""
        if refusal is not None:
            sentence = told.words[refusal.word]
            notice = told.part("notice", kind="wrong", role="alert", sentence=sentence)
        elif said:
            notice = told.part("notice", kind="done", role="status", sentence=said)
        rows, latest = self._listed(told)
        parts = {"notice": notice, "form": self._form(told, request, given), "rows": rows}
        page = told.part("page", parts, nonce=nonce, latest=latest)
        policy = f"{_POLICY}; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:"
        policy += "; connect-src 'self'; form-action 'self'"
        headers = _HEADERS | {"Content-Security-Policy": policy}
        return HTMLResponse(page, refusal.status if refusal else 200, headers)

    def _form(self, told: _Language, request: Request, given: Mapping[str, str]) -> str:
        """Return the form to move the booking that is asked for, else the one to book."""
        today = self._now().date()
        span = {"first": today.isoformat(), "last": (today + _AHEAD).isoformat()}
        booking_id = request.path_params.get("id") or request.query_params.get("move", "")
        entries = {entry.booking.id: entry for entry in self._bookings.all()}
        entry = entries.get(booking_id)
        if entry is not None and entry.booking.status is not Status.CANCELLED:
            start = entry.booking.slot.start
            span["day"] = given.get("day") or start.date().isoformat()
            times = _options(_OFFERED, given.get("time") or f"{start:%H:%M}")
            return told.part("move", {"times": times}, **self._values(told, entry), **span)
        ahead = (today + timedelta(days=count) for count in range(1, 4))
        soon = next(day for day in ahead if day.weekday() < 5)
        span |= {"today": today.isoformat(), "day": given.get("day") or soon.isoformat()}
        lists = {
            "doctors": _options(self._setup.doctors, given.get("doctor", "")),
            "times": _options(_OFFERED, given.get("time", "")),
        }
        person = {name: given.get(name, "") for name in (*_LENGTHS, "birth_date")}
        return told.part("book", lists, **span, **person)

    def _listed(self, told: _Language) -> tuple[str, str]:
        """Return all bookings in HTML, and the last change as a text."""
        entries, rows = self._bookings.all(), []
        for entry in entries:
            values, buttons = self._values(told, entry), ""
            if entry.booking.status is not Status.CANCELLED:
                buttons = told.part("buttons", **values)
            rows.append(told.part("booking", {"buttons": buttons}, **values))
        if not entries:
            return "", told.words["nothing"]
        latest = self._values(told, max(entries, key=lambda each: each.changed))
        return "\n".join(rows), f"{told.words['latest']}: {latest['name']} – {latest['change']}"

    def _values(self, told: _Language, entry: _Entry) -> dict[str, str]:
        booking, status = entry.booking, entry.booking.status.value.lower()
        return {
            "id": booking.id,
            "name": f"{booking.first_name} {booking.last_name}".strip(),
            "born": told.born(booking.birth_date),
            "doctor": self._doctors.get(booking.doctor, booking.doctor),
            "when": told.when(booking.slot),
            "status": status,
            "word": told.words[status],
            "reason": f" · {booking.reason}" if booking.reason else "",
            "changed": entry.changed.isoformat(),
            "by": entry.by,
            "change": told.change(entry),
        }

    # The API

    def _guarded(
        self, answer: Callable[[Request], Awaitable[tuple[int, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        due = f"Bearer {self._setup.token}".encode()

        async def endpoint(request: Request) -> Response:
            headers = _HEADERS
            try:
                given = request.headers.get("authorization", "").encode()
                if not hmac.compare_digest(given, due):
                    headers = _HEADERS | {"WWW-Authenticate": "Bearer"}
                    raise _Refusal(401, "token")
                status, told = await answer(request)
            except _Refusal as refusal:
                words = self._language(request).words
                status, told = refusal.status, {"error": words[refusal.word]}
            return JSONResponse(told, status, headers)

        return endpoint

    async def api_list(self, request: Request) -> tuple[int, Any]:
        first = _day(request.query_params.get("from") or date.min, "range")
        last = _day(request.query_params.get("to") or date.max, "range")
        entries = self._bookings.all()
        listed = [
            self._json(entry)
            for entry in entries
            if first <= entry.booking.slot.start.date() <= last
        ]
        return 200, {"bookings": listed, "total": len(listed)}

    async def api_one(self, request: Request) -> tuple[int, Any]:
        return 200, self._json(self._bookings.one(request.path_params["id"]))

    async def api_book(self, request: Request) -> tuple[int, Any]:
        given, now = await _object(request), self._now()
        doctor, status = (
            self._doctor(given.get("doctor")),
            _status(given.get("status", "confirmed")),
        )
        slot = _slot(*(_moment(given.get(name), self._setup.zone) for name in ("start", "end")))
        booking = _new(doctor, slot, status, _person(given, now.date()))
        return 201, self._json(self._bookings.book(booking, "practice", now))

    async def api_change(self, request: Request) -> tuple[int, Any]:
        given, booking_id = await _object(request), request.path_params["id"]
        if given.keys() - {"start", "end", "status", "doctor"}:
            raise _Refusal(400, "json")
        slot, changes = self._bookings.one(booking_id).booking.slot, dict[str, Any]()
        if "doctor" in given:
            changes["doctor"] = self._doctor(given["doctor"])
        if "status" in given:
            changes["status"] = _status(given["status"])
        start, end = slot.start, slot.end
        if "start" in given:
            start = _moment(given["start"], self._setup.zone)
            end = self._after(start, timedelta(seconds=end.timestamp() - slot.start.timestamp()))
        if "end" in given:
            end = _moment(given["end"], self._setup.zone)
        changes["slot"] = _slot(start, end)
        self._bookings.change(booking_id, "practice", self._now(), **changes)
        return 200, self._json(self._bookings.one(booking_id))

    def _json(self, entry: _Entry) -> dict[str, str]:
        booking = entry.booking
        return {
            "id": booking.id,
            "doctor": booking.doctor,
            "start": booking.slot.start.isoformat(),
            "end": booking.slot.end.isoformat(),
            "status": booking.status.value.lower(),
            "last_name": booking.last_name,
            "first_name": booking.first_name,
            "birth_date": booking.birth_date,
            "email": booking.email,
            "reason": booking.reason,
            "changed": entry.changed.isoformat(),
            "changed_by": entry.by,
        }

    # What both need

    def _now(self) -> datetime:
        return self._setup.now().astimezone(self._setup.zone)

    def _here(self, slot: Slot) -> Slot:
        return Slot(*(each.astimezone(self._setup.zone) for each in (slot.start, slot.end)))

    def _after(self, start: datetime, length: timedelta) -> datetime:
        return (start.astimezone(UTC) + length).astimezone(self._setup.zone)

    def _language(self, request: Request) -> _Language:
        return self._languages.get(request.query_params.get("lang", ""), self._languages["de"])

    def _doctor(self, given: Any) -> str:
        if not isinstance(given, str) or given not in self._doctors:
            raise _Refusal(400, "doctor")
        return given

    def _offered(self, given: Mapping[str, str], now: datetime) -> Slot:
        """Return the slot that a form asks for, one that is offered."""
        day, told = _day(given.get("day"), "when"), given.get("time")
        start = next((each for each in _TIMES if f"{each:%H:%M}" == told), None)
        if start is None or not now.date() <= day <= now.date() + _AHEAD:
            raise _Refusal(400, "when")
        begin = datetime.combine(day, start, self._setup.zone)
        if begin <= now:
            raise _Refusal(400, "when")
        return Slot(begin, self._after(begin, _LENGTH))


def _new(doctor: str, slot: Slot, status: Status, person: Mapping[str, Any]) -> Booking:
    return Booking(f"B-{secrets.token_hex(4)}", doctor, slot, status, **person)


def _send(setup: Setup, event: Mapping[str, Any]) -> None:
    """Tell the practice, once: what does not arrive it finds in the list."""
    body = json.dumps(event, ensure_ascii=False).encode()
    headers = signed(setup.hook_secret, f"evt_{secrets.token_hex(12)}", body, setup.now())
    headers["Content-Type"] = "application/json"
    try:
        answer = httpx.post(
            setup.hook_url, content=body, headers=headers, timeout=3, trust_env=False
        )
        outcome = "" if answer.is_success else f"status {answer.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        outcome = type(error).__name__
    if outcome:
        _LOG.warning("The practice did not take a webhook: %s", outcome)


def app(setup: Setup) -> Starlette:
    """Return the tool as an ASGI application."""
    tool = _Tool(setup)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        tool.close()

    return Starlette(routes=tool.routes(), lifespan=lifespan)


def run(setup: Setup, port: int = 5233, host: str = "127.0.0.1") -> tuple[int, Callable[[], None]]:
    """Serve in a thread of its own; returns the port, also of 0 (any free one), and what stops it.

    Raises OSError where somebody else listens. It answers from the moment that it returns.
    """
    listening = socket.create_server((host, port))
    bound: int = listening.getsockname()[1]
    config = uvicorn.Config(
        app(setup), log_config=None, access_log=False, timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, args=([listening],), name="booking tool", daemon=True
    )
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(10)

    return bound, stop
