"""What days are drawn with: when doctors are there, and word of every change as it comes.

Not here: appointments (`admin_api.resources.booking`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from admin_api.endpoint import Answer, Call, Endpoint, Form, Shown
from admin_api.resources.booking_shown import Named, named
from admin_api.shapes import Day
from practice.errors import Invalid, Unavailable
from practice.scopes import Scope
from practice.use_cases.desk import Desk
from practice.use_cases.news import standing
from practice.use_cases.presence import LONGEST, presence

if TYPE_CHECKING:
    from admin_api.services import Look
    from practice.access import Account
    from practice.schedule import HoursException
    from practice.use_cases.news import Standing

__all__ = ["ENDPOINTS"]

_LONGEST_FLOW = 600
#: Seconds after which a line is sent although nothing has happened: proxies end silent ones.
_SILENCE = 15.0


class DaysAsked(Form):
    """Which days, both included."""

    first: Day = Field(alias="from")
    until: Day


class FlowAsked(Form):
    """How many seconds to be told; who wants to hear more asks again."""

    seconds: Annotated[int, Field(ge=1, le=_LONGEST_FLOW)] = _LONGEST_FLOW


class Time(Shown):
    """From when to when."""

    start: datetime
    end: datetime


class HoursShown(Shown):
    """When a doctor is there."""

    doctor: Named
    openings: list[Time]


class ClosedShown(Shown):
    """When a doctor or a room is not there; the whole practice if both are null."""

    start: datetime
    end: datetime
    doctor: Named | None
    room: Named | None
    reason: str


class HolidayOfDays(Shown):
    """A public holiday on which the practice is closed."""

    date: date
    name: str


class PresenceShown(Shown):
    """Who is there."""

    items: list[HoursShown]
    closed: list[ClosedShown]
    holidays: list[HolidayOfDays]


def list_hours(call: Call[DaysAsked, None]) -> PresenceShown:
    """Return when doctors are there."""
    asked, desk = call.query, Desk(call.uow, call.services.profile)
    if asked.until < asked.first:
        raise Invalid("'until' has to come after 'from'.")
    found = presence(desk, call.caller, asked.first, asked.until)
    return PresenceShown(
        items=[
            HoursShown(
                doctor=Named(slug=doctor.slug, name=doctor.name),
                openings=[Time(start=one.start, end=one.end) for one in there],
            )
            for doctor, there in found.hours
        ],
        closed=[_closed(desk, one) for one in found.closed],
        holidays=[HolidayOfDays(date=day, name=name) for day, name in found.holidays.items()],
    )


def _closed(desk: Desk, one: HoursException) -> ClosedShown:
    zone = desk.profile.zone
    return ClosedShown(
        start=one.span.start.astimezone(zone),
        end=one.span.end.astimezone(zone),
        doctor=named(desk.doctors.get(one.doctor_id or 0)),
        room=named(desk.rooms.get(one.room_id or 0)),
        reason=one.reason,
    )


def follow_changes(call: Call[FlowAsked, None]) -> Answer:
    """Tell that something has changed, as it happens."""
    account, look, seconds = call.caller, call.services.look, call.query.seconds
    if look is None:
        raise Unavailable("Changes are not told here.")
    return Answer(events=lambda: _events(look, account, seconds), media_type="text/event-stream")


def _events(look: Look, account: Account, seconds: int) -> Iterator[bytes]:
    begun = heard = time.monotonic()
    last: Standing | None = None
    while (now := time.monotonic()) - begun < seconds:
        with look() as uow:
            found = standing(uow, account, last)
        if last is None or (found.number, found.act) != (last.number, last.act):
            heard = now
            told = f'{{"number": {found.number}, "act": {found.act}}}'
            yield f"event: change\ndata: {told}\n\n".encode()
        elif now - heard > _SILENCE:
            heard = now
            yield b": still here\n\n"
        last = found
        yield b""


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/booking/hours",
        list_hours,
        "Tell when doctors are there",
        Scope.VIEW_CALENDAR,
        PresenceShown,
        query=DaysAsked,
        text="Their hours as exceptions and holidays leave them, and what keeps them away; of"
        f" {LONGEST.days} days at most.",
    ),
    Endpoint(
        "GET",
        "/api/booking/events",
        follow_changes,
        "Hear of changes",
        Scope.VIEW_CALENDAR,
        query=FlowAsked,
        files=("text/event-stream",),
        text="Server-sent events: `change`, at once and whenever something that the caller may see"
        " has changed, with the numbers of the last change and the last act. What it is, is asked"
        " for as before.",
    ),
)
