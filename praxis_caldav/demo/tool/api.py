"""The booking tool's API for the practice, as the package describes it.

Not here: what the practice is told unasked (`hook`).
"""

from __future__ import annotations

import hmac
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from praxis_caldav.demo.tool import asked
from praxis_caldav.demo.tool.bookings import Refusal, after, made
from praxis_caldav.demo.tool.shown import HEADERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from praxis_caldav.demo.tool.bookings import Bookings, Entry
    from praxis_caldav.demo.tool.setup import Setup
    from praxis_caldav.demo.tool.shown import Language

__all__ = ["Api", "as_json"]


class Api:
    """What is answered below `/api`."""

    def __init__(self, setup: Setup, bookings: Bookings, languages: Mapping[str, Language]) -> None:
        self._setup, self._bookings, self._languages = setup, bookings, languages
        self._doctors = dict(setup.doctors)

    def routes(self) -> list[Route]:
        every, one = "/api/bookings", "/api/bookings/{id}"
        return [
            Route(every, self._guarded(self.all)),
            Route(every, self._guarded(self.book), methods=["POST"]),
            Route(one, self._guarded(self.one)),
            Route(one, self._guarded(self.change), methods=["PATCH"]),
        ]

    def _guarded(
        self, answer: Callable[[Request], Awaitable[tuple[int, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        due = f"Bearer {self._setup.token}".encode()

        async def endpoint(request: Request) -> Response:
            headers = HEADERS
            try:
                given = request.headers.get("authorization", "").encode()
                if not hmac.compare_digest(given, due):
                    headers = HEADERS | {"WWW-Authenticate": "Bearer"}
                    raise Refusal(401, "token")
                status, told = await answer(request)
            except Refusal as refusal:
                words = self._languages[asked.language(request)].words
                status, told = refusal.status, {"error": words[refusal.word]}
            return JSONResponse(told, status, headers)

        return endpoint

    async def all(self, request: Request) -> tuple[int, Any]:
        first = asked.day(request.query_params.get("from") or date.min, "range")
        last = asked.day(request.query_params.get("to") or date.max, "range")
        listed = [
            as_json(entry)
            for entry in self._bookings.all()
            if first <= entry.booking.slot.start.date() <= last
        ]
        return 200, {"bookings": listed, "total": len(listed)}

    async def one(self, request: Request) -> tuple[int, Any]:
        return 200, as_json(self._bookings.one(request.path_params["id"]))

    async def book(self, request: Request) -> tuple[int, Any]:
        given, now, zone = await asked.json_object(request), self._setup.time(), self._setup.zone
        doctor = asked.doctor(given.get("doctor"), self._doctors)
        status = asked.status(given.get("status", "confirmed"))
        slot = asked.slot(*(asked.moment(given.get(name), zone) for name in ("start", "end")))
        booking = made(doctor, slot, status, asked.person(given, now.date()))
        return 201, as_json(self._bookings.book(booking, "practice", now))

    async def change(self, request: Request) -> tuple[int, Any]:
        given, booking_id = await asked.json_object(request), request.path_params["id"]
        if given.keys() - {"start", "end", "status", "doctor"}:
            raise Refusal(400, "json")
        slot, changes = self._bookings.one(booking_id).booking.slot, dict[str, Any]()
        if "doctor" in given:
            changes["doctor"] = asked.doctor(given["doctor"], self._doctors)
        if "status" in given:
            changes["status"] = asked.status(given["status"])
        start, end = slot.start, slot.end
        if "start" in given:
            length = timedelta(seconds=end.timestamp() - start.timestamp())
            start = asked.moment(given["start"], self._setup.zone)
            end = after(start, length)
        if "end" in given:
            end = asked.moment(given["end"], self._setup.zone)
        changes["slot"] = asked.slot(start, end)
        self._bookings.change(booking_id, "practice", self._setup.time(), **changes)
        return 200, as_json(self._bookings.one(booking_id))


def as_json(entry: Entry) -> dict[str, str]:
    """Return a booking as the practice is told it."""
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
