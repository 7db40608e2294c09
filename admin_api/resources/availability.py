"""Free slots, live: what nobody has taken, in the doctors' hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from admin_api.endpoint import Call, Endpoint, Form, Shown
from admin_api.resources.booking_forms import Minutes, When, beginning, ending
from admin_api.resources.booking_shown import Named, named
from admin_api.shapes import Id, Limit, Slug
from practice.appointments import Slot
from practice.errors import Invalid
from practice.scopes import Scope
from practice.use_cases.desk import Desk
from practice.use_cases.entitlement import Entitled
from practice.use_cases.free_times import Search, free

if TYPE_CHECKING:
    from practice.schedule import FreeSlot

__all__ = ["ENDPOINTS"]

#: Short names with commas between them.
Slugs = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[a-z0-9-]+(?:,[a-z0-9-]+)*$")]
#: How far is looked if nobody says it.
_USUALLY = timedelta(days=14)


class AvailabilityQuery(Form):
    """What is looked for. Of any doctor and in any room, if none is named; for the usual length of
    the type; from now on, and two weeks far.
    """

    type: Slug
    since: When | None = Field(None, alias="from")
    until: When | None = None
    doctors: Slugs | None = Field(None, description="Short names, with commas between them.")
    room: Slug | None = None
    minutes: Minutes | None = None
    patient_id: Id | None = Field(
        None, description="Who has no other appointment then. Told to those who book."
    )
    limit: Limit = 100


class FreeShown(Shown):
    """A free slot; `room` is null where none is needed."""

    start: datetime
    end: datetime
    doctor: Named | None
    room: Named | None


class AvailabilityShown(Shown):
    """Free slots, in order of time."""

    type: Named
    items: list[FreeShown]


def list_free_slots(call: Call[AvailabilityQuery, None]) -> AvailabilityShown:
    """Return the first free slots that are asked for."""
    query, desk = call.query, Desk(call.uow, call.services.profile)
    zone = desk.profile.zone
    # In UTC: times of one zone are compared by a clock that is set back once a year.
    since = beginning(query.since or call.now, zone).astimezone(UTC)
    until = ending(query.until or since + _USUALLY, zone).astimezone(UTC)
    if until <= since:
        raise Invalid("'until' has to come after 'from'.")
    kind, entitled = desk.type_called(query.type), Entitled(desk, call.caller, call.scopes)
    asked = [desk.doctor_called(slug).id for slug in (query.doctors or "").split(",") if slug]
    doctor_ids = entitled.asked_free(asked, query.patient_id)
    # What is over nobody books; who has only that in view sees an empty list.
    start = max(since, call.now.astimezone(UTC))
    found: list[FreeSlot] = []
    if start < until:
        search = Search(
            kind,
            Slot(start, until),
            query.minutes or 0,
            doctor_ids,
            None if query.room is None else desk.room_called(query.room).id,
            query.patient_id,
            online=entitled.online,
        )
        found = free(desk, search, query.limit)
    items = [_shown(desk, one) for one in found]
    return AvailabilityShown(type=Named(slug=kind.slug, name=kind.name), items=items)


def _shown(desk: Desk, one: FreeSlot) -> FreeShown:
    zone = desk.profile.zone
    return FreeShown(
        start=one.slot.start.astimezone(zone),
        end=one.slot.end.astimezone(zone),
        doctor=named(desk.doctors.get(one.doctor_id)),
        room=named(desk.rooms.get(one.room_id or 0)),
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/booking/availability",
        list_free_slots,
        "Find free slots",
        Scope.VIEW_CALENDAR,
        AvailabilityShown,
        query=AvailabilityQuery,
        problems=(404, 409),
        text="For the staff those that the doctors' hours have; for a program that books for"
        " patients those that the rules for patients leave.",
    ),
)
