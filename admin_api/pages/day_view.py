"""The calendar: a day of all doctors or rooms side by side, or the week of one.

The page comes with what it shows first; what another day has its script asks the API, and what has
changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from admin_api.endpoint import Call, Form
from admin_api.pages.assets import address_of
from admin_api.pages.page import Page, as_sent
from admin_api.pages.patients import fields_told
from admin_api.pages.rendering import texts_of
from admin_api.resources.booking import list_appointments
from admin_api.resources.booking_calendar import BusyQuery, list_busy_times
from admin_api.resources.booking_events import DaysAsked, list_hours
from admin_api.resources.booking_forms import AppointmentQuery
from admin_api.resources.patients import read_patient
from admin_api.shapes import Day
from practice.access import JUST_MADE, level, may_create
from practice.errors import PatientNotFound
from practice.scopes import Scope
from practice.use_cases.desk import Desk
from practice.use_cases.news import standing
from practice.views import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from practice.access import Account
    from practice.details import Category
    from practice.profile import Profile
    from practice.schedule import AppointmentType

__all__ = ["PAGES"]

#: How fine the grid is, in minutes: the finest that a type asks for.
_GRIDS = (15, 10, 5)
#: How many appointments come with the page; the script asks for those beyond.
_MOST = 500
_MAY = {
    "create": Scope.CREATE_APPOINTMENT,
    "modify": Scope.MODIFY_APPOINTMENT,
    "cancel": Scope.CANCEL_APPOINTMENT,
    "override": Scope.OVERRIDE,
    "patients": Scope.READ_PATIENTS,
    "adds_patients": Scope.WRITE_PATIENTS,
}


class Asked(Form):
    """Which day, how it is looked at, of which doctor; whom an appointment is to be made for."""

    tag: Day | Literal[""] = ""
    ansicht: Literal["", "tag", "woche", "raeume", "liste"] = ""
    arzt: Annotated[str, Field(max_length=64)] = ""
    patient: Annotated[str, Field(pattern=r"^(\d{1,18})?$")] = ""


def show(call: Call[Asked, None]) -> dict[str, object]:
    """Return what the script needs to know, and what is in the calendar where it begins."""
    desk, account, asked = Desk(call.uow, call.services.profile), call.caller, call.query
    profile, types = desk.profile, desk.types
    now = standing(call.uow, account)
    doctors = _doctors(desk, account)
    today = call.now.astimezone(profile.zone).date()
    day = asked.tag or today
    slugs = [str(one["slug"]) for one in doctors]
    doctor = asked.arzt if asked.arzt in slugs else ""
    may = {name: scope in call.scopes for name, scope in _MAY.items()}
    config = {
        "zone": profile.zone.key,
        "language": call.language,
        "today": today.isoformat(),
        "account": account.name,
        "doctors": doctors,
        "rooms": [{"slug": one.slug, "name": one.name} for one in desk.rooms.values()],
        "types": [
            _type(kind, kind.id in types, desk.categories, profile)
            for kind in desk.every_type.values()
        ],
        "categories": {
            name: {"name": category, "color": profile.colors.get(category, "")}
            for name, category in profile.categories.items()
        },
        "grid": grid_of(types.values()),
        "just_made": JUST_MADE.seconds,
        "may": may,
        "standing": {"number": now.number, "act": now.act},
        "asked": {"day": day.isoformat(), "view": asked.ansicht, "doctor": doctor},
        "patient": _patient(call) if asked.patient and may["create"] and may["patients"] else None,
        "begins": _begins(call, day, doctor or next(iter(slugs), "")),
        "icons": address_of("icons.svg"),
    }
    return {**fields_told(call, texts_of("day_view", call.language)), "config": config}


def _doctors(desk: Desk, account: Account) -> list[dict[str, object]]:
    calendars = {c.doctor_id: c for c in desk.calendars.values()}
    return [
        {"slug": one.slug, "name": one.name, "writes": may_create(account, calendars[one.id])}
        for one in desk.doctors.values()
        if one.id in calendars and level(account, calendars[one.id]) > Level.NONE
    ]


def _begins(call: Call[Any, Any], day: date, doctor: str) -> dict[str, object]:
    """Return what is in the calendar in the day, or in the doctor's week, that is shown first."""
    days, narrowed = {"from": day, "until": day}, {}
    if call.query.ansicht == "woche":
        monday = day - timedelta(days=day.weekday())
        days = {"from": monday, "until": monday + timedelta(days=6)}
        narrowed = {"doctor": doctor} if doctor else {}
    appointments = AppointmentQuery.model_validate({**days, **narrowed, "limit": _MOST})
    busy = BusyQuery.model_validate({**days, **narrowed})
    return {
        "first": days["from"].isoformat(),
        "last": days["until"].isoformat(),
        "items": as_sent(call, list_appointments(replace(call, query=appointments))),
        "hours": as_sent(call, list_hours(replace(call, query=DaysAsked.model_validate(days)))),
        "busy": as_sent(call, list_busy_times(replace(call, query=busy))),
    }


def _patient(call: Call[Any, Any]) -> dict[str, Any] | None:
    """Return whom an appointment is to be made for, if there is somebody of this number."""
    path = {"patient_id": int(call.query.patient)}
    try:
        return as_sent(call, read_patient(replace(call, path=path)))
    except PatientNotFound:
        return None


def grid_of(types: Iterable[AppointmentType]) -> int:
    """Return the minutes of the grid on which every type can begin; 5 where none is that coarse."""
    steps = [kind.step for kind in types]
    return next((grid for grid in _GRIDS if all(step % grid == 0 for step in steps)), 5)


def _type(
    kind: AppointmentType, active: bool, categories: Mapping[str, Category], profile: Profile
) -> dict[str, object]:
    category = categories.get(kind.category)
    told = category.name if category else profile.categories.get(kind.slug, "")
    color = kind.color or (category.color if category else profile.colors.get(told, ""))
    return {
        "slug": kind.slug,
        "name": kind.name,
        "minutes": kind.minutes,
        "least": kind.min_minutes,
        "most": kind.max_minutes,
        "rooms": kind.rooms,
        "doctors": kind.doctors,
        "group": told or kind.name,
        "color": color,
        "active": active,
    }


PAGES = (Page("/admin/kalender", "day_view.html", show, Scope.VIEW_CALENDAR, query=Asked),)
