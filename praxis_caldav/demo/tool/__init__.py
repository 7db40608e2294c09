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

from praxis_caldav.demo.tool.bookings import DOCTORS, ZONE, invented
from praxis_caldav.demo.tool.serving import app, run
from praxis_caldav.demo.tool.setup import Setup

__all__ = ["DOCTORS", "ZONE", "Setup", "app", "invented", "run"]
