"""What the booking tool answers to those who look at its page, book, move and cancel there.

Not here: what the page looks like (`shown`, `tool.html`).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

from practice.appointments import Status
from praxis_caldav.demo.tool import asked
from praxis_caldav.demo.tool.bookings import Refusal, made
from praxis_caldav.demo.tool.shown import HEADERS, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from praxis_caldav.demo.tool.bookings import Bookings, Entry
    from praxis_caldav.demo.tool.hook import Hook
    from praxis_caldav.demo.tool.setup import Setup
    from praxis_caldav.demo.tool.shown import Language

__all__ = ["Page"]


class Page:
    """What is answered to patients."""

    def __init__(
        self, setup: Setup, bookings: Bookings, languages: Mapping[str, Language], hook: Hook
    ) -> None:
        self._setup, self._bookings, self._hook = setup, bookings, hook
        self._languages, self._doctors = languages, dict(setup.doctors)

    def routes(self) -> list[Route]:
        return [
            Route("/", self.page),
            Route("/bookings", self.rows),
            Route("/bookings", self.book, methods=["POST"]),
            Route("/bookings/{id}/move", self.move, methods=["POST"]),
            Route("/bookings/{id}/cancel", self.cancel, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        return self._page(request, {})

    async def rows(self, request: Request) -> Response:
        rows, latest = self._language(request).listed(self._bookings.all())
        return JSONResponse({"rows": rows, "latest": latest}, headers=HEADERS)

    async def book(self, request: Request) -> Response:
        def action(given: Mapping[str, str], now: datetime) -> Entry:
            doctor = asked.doctor(given.get("doctor"), self._doctors)
            slot, person = asked.offered(given, now), asked.person(given, now.date())
            booking = made(doctor, slot, Status.CONFIRMED, person)
            return self._bookings.book(booking, "patient", now)

        return await self._done(request, "booked", action)

    async def move(self, request: Request) -> Response:
        def action(given: Mapping[str, str], now: datetime) -> Entry | None:
            slot = asked.offered(given, now)
            return self._bookings.change(request.path_params["id"], "patient", now, slot=slot)

        return await self._done(request, "moved", action)

    async def cancel(self, request: Request) -> Response:
        def action(_: Mapping[str, str], now: datetime) -> Entry | None:
            status = Status.CANCELLED
            return self._bookings.change(request.path_params["id"], "patient", now, status=status)

        return await self._done(request, "cancelled", action)

    async def _done(
        self,
        request: Request,
        what: str,
        action: Callable[[Mapping[str, str], datetime], Entry | None],
    ) -> Response:
        given: dict[str, str] = {}
        try:
            given = await asked.form(request)
            entry = action(given, self._setup.time())
        except Refusal as refusal:
            return self._page(request, given, refusal)
        if entry is not None:
            self._hook.tell(what, entry)
        there = f"/?lang={self._language(request).name}&said={what}"
        return RedirectResponse(there, 303, HEADERS)

    def _page(
        self, request: Request, given: Mapping[str, str], refusal: Refusal | None = None
    ) -> Response:
        told, nonce, entries = (
            self._language(request),
            secrets.token_urlsafe(16),
            self._bookings.all(),
        )
        said, notice, wrong = told.words.get(f"said_{request.query_params.get('said')}", ""), "", ""
        if refusal is not None:
            said, wrong = told.words[refusal.word], refusal.word
            notice = told.part("notice", kind="wrong", role="alert", sentence=said)
        elif said:
            notice = told.part("notice", kind="done", role="status", sentence=said)
        moving, today = self._moving(request, entries), self._setup.time().date()
        if moving is None:
            form, also = told.form_to_book(given, today, wrong), ""
        else:
            form = told.form_to_move(moving, given, today, wrong)
            also = f"&move={moving.booking.id}"
        rows, latest = told.listed(entries)
        parts = {"notice": notice, "form": form, "rows": rows}
        title = f"{said} – " if said else ""
        nonce = secrets.token_urlsafe(16)
        page = told.part("page", parts, nonce=nonce, title=title, latest=latest, also=also)
        headers = HEADERS | {"Content-Security-Policy": policy(nonce)}
        return HTMLResponse(page, refusal.status if refusal else 200, headers)

    def _moving(self, request: Request, entries: list[Entry]) -> Entry | None:
        """Return the booking whose form to move it is asked for, if it can be moved."""
        booking_id = request.path_params.get("id") or request.query_params.get("move", "")
        for entry in entries:
            if entry.booking.id == booking_id and entry.booking.status is not Status.CANCELLED:
                return entry
        return None

    def _language(self, request: Request) -> Language:
        return self._languages[asked.language(request)]
