"""What the booking tool is asked for, made out of forms and of JSON; else a refusal.

Not here: whether it can be done (`bookings`), nor the sentences that say what is wrong
(`tool.html`).
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from practice.appointments import Slot, Status
from praxis_caldav.demo.tool.bookings import LENGTH, TIMES, Refusal, after

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from zoneinfo import ZoneInfo

    from starlette.requests import Request

__all__ = [
    "AHEAD",
    "LENGTHS",
    "day",
    "doctor",
    "form",
    "json_object",
    "language",
    "moment",
    "offered",
    "person",
    "slot",
    "status",
]

#: How far ahead the page takes bookings.
AHEAD = timedelta(days=365)
#: What a person is asked for, and how long each may be.
LENGTHS = {"first_name": 80, "last_name": 80, "email": 254, "reason": 200}
_LONGEST = timedelta(hours=12)
_LARGEST = 20_000
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form that was sent from a page of ours."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise Refusal(403, "elsewhere")
    try:
        return dict(parse_qsl((await _body(request)).decode(), max_num_fields=20))
    except ValueError:
        raise Refusal(400, "form") from None


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object that was sent."""
    try:
        told = json.loads(await _body(request))
    except (ValueError, RecursionError):
        raise Refusal(400, "json") from None
    if not isinstance(told, dict):
        raise Refusal(400, "json")
    return told


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise Refusal(413, "long")
    return body


def language(request: Request) -> str:
    """Return the language that is asked for: German, unless it is English."""
    return "en" if request.query_params.get("lang") == "en" else "de"


def person(given: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return what a booking says of its patient."""
    told: dict[str, Any] = {}
    for name, most in LENGTHS.items():
        value = given.get(name) or ""
        text = " ".join(value.split()) if isinstance(value, str) else "\0"
        if len(text) > most or not text.isprintable() or not (text or name == "reason"):
            raise Refusal(400, name)
        told[name] = text
    if not _EMAIL.fullmatch(told["email"]):
        raise Refusal(400, "email")
    born = day(given.get("birth_date"), "birth_date")
    if not date(1900, 1, 1) <= born <= today:
        raise Refusal(400, "birth_date")
    return told | {"birth_date": born.isoformat()}


def doctor(given: Any, doctors: Container[str]) -> str:
    """Return one of the doctors."""
    if not isinstance(given, str) or given not in doctors:
        raise Refusal(400, "doctor")
    return given


def day(given: Any, word: str) -> date:
    """Return a day; `word` is what is refused if it is none."""
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise Refusal(400, word) from None


def status(given: Any) -> Status:
    """Return a status, in capitals or not."""
    try:
        return Status(str(given).upper())
    except ValueError:
        raise Refusal(400, "status") from None


def moment(given: Any, zone: ZoneInfo) -> datetime:
    """Return a moment, told with its distance to UTC, as the zone has it."""
    try:
        told = datetime.fromisoformat(str(given))
        if told.tzinfo is not None and 1970 <= told.year < 2200:
            return told.astimezone(zone)
    except ValueError:
        pass
    raise Refusal(400, "slot")


def slot(start: datetime, end: datetime) -> Slot:
    """Return a slot of at most half a day."""
    try:
        told = Slot(start, end)
    except ValueError:
        raise Refusal(400, "slot") from None
    if end.timestamp() - start.timestamp() > _LONGEST.total_seconds():
        raise Refusal(400, "slot")
    return told


def offered(given: Mapping[str, str], now: datetime) -> Slot:
    """Return the slot that a form asks for, one that is offered; `now` is in the tool's zone."""
    on, told = day(given.get("day"), "when"), given.get("time")
    start = next((each for each in TIMES if f"{each:%H:%M}" == told), None)
    if start is None or not now.date() <= on <= now.date() + AHEAD:
        raise Refusal(400, "when")
    begin = datetime.combine(on, start, now.tzinfo)
    if begin <= now:
        raise Refusal(400, "when")
    return Slot(begin, after(begin, LENGTH))
