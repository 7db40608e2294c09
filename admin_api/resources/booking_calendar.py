"""When doctors are busy: for programs that see calendars in less detail than appointments have."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Form, Shown
from admin_api.resources.booking_forms import When, beginning, ending
from admin_api.resources.booking_shown import Named, named
from admin_api.shapes import Slug
from practice.scopes import Scope
from practice.use_cases.busy_calendar import LONGEST, busy_of_doctors
from practice.use_cases.desk import Desk
from practice.use_cases.entered import span_from

__all__ = ["ENDPOINTS"]


class BusyQuery(Form):
    """Of which time, and of which doctor; of all if none is named."""

    since: When = Field(alias="from")
    until: When
    doctor: Slug | None = None


class BusyShown(Shown):
    """When a doctor is busy; `doctor` is null where it is the whole practice."""

    start: datetime
    end: datetime
    doctor: Named | None


class BusyTimesShown(Shown):
    """Busy times, by their start."""

    items: list[BusyShown]


def list_busy_times(call: Call[BusyQuery, None]) -> BusyTimesShown:
    """Return when doctors are busy whose calendars the caller sees anything of."""
    query, desk = call.query, Desk(call.uow, call.services.profile)
    zone = desk.profile.zone
    within = span_from(
        beginning(query.since, zone).astimezone(UTC), ending(query.until, zone).astimezone(UTC)
    )
    doctor_id = None if query.doctor is None else desk.doctor_called(query.doctor).id
    return BusyTimesShown(
        items=[
            BusyShown(
                start=one.slot.start.astimezone(zone),
                end=one.slot.end.astimezone(zone),
                doctor=named(desk.doctors.get(one.doctor_id or 0)),
            )
            for one in busy_of_doctors(desk, call.caller, within, doctor_id)
        ]
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/booking/calendar",
        list_busy_times,
        "Tell when doctors are busy",
        Scope.VIEW_CALENDAR,
        BusyTimesShown,
        query=BusyQuery,
        problems=(404,),
        text="Times alone, also of calendars that are granted as 'busy' or 'pseudonym', of which"
        f" no appointments are shown; of {LONGEST.days} days at most.",
    ),
)
