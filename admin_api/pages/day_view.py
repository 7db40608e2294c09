"""The calendar: a day of all doctors or rooms side by side, or the week of one.

What is in it the page's script asks the API for; here is what it needs to know of the practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from admin_api.endpoint import Call, Form
from admin_api.pages.assets import address_of
from admin_api.pages.page import Page
from practice.access import level, may_create
from practice.scopes import Scope
from practice.use_cases.desk import Desk
from practice.use_cases.news import standing
from practice.views import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from practice.details import Category
    from practice.profile import Profile
    from practice.schedule import AppointmentType

__all__ = ["PAGES"]

#: How fine the grid is, in minutes: the finest that a type asks for.
_GRIDS = (15, 10, 5)
_MAY = {
    "create": Scope.CREATE_APPOINTMENT,
    "modify": Scope.MODIFY_APPOINTMENT,
    "cancel": Scope.CANCEL_APPOINTMENT,
    "override": Scope.OVERRIDE,
    "patients": Scope.READ_PATIENTS,
}


class Asked(Form):
    """Which day, how it is looked at, of which doctor; whom an appointment is to be made for."""

    tag: Annotated[str, Field(pattern=r"^([12]\d{3}-[01]\d-[0-3]\d)?$")] = ""
    ansicht: Literal["", "tag", "woche", "raeume", "liste"] = ""
    arzt: Annotated[str, Field(max_length=64)] = ""
    patient: Annotated[str, Field(pattern=r"^(\d{1,18})?$")] = ""


def show(call: Call[Asked, None]) -> dict[str, object]:
    """Return what the script needs to know."""
    desk, account, asked = Desk(call.uow, call.services.profile), call.caller, call.query
    profile, types = desk.profile, desk.types
    calendars = {c.doctor_id: c for c in desk.calendars.values()}
    now = standing(call.uow, account)
    doctors = [
        {"slug": one.slug, "name": one.name, "writes": may_create(account, calendars[one.id])}
        for one in desk.doctors.values()
        if one.id in calendars and level(account, calendars[one.id]) > Level.NONE
    ]
    config = {
        "zone": profile.zone.key,
        "language": call.language,
        "today": call.now.astimezone(profile.zone).date().isoformat(),
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
        "may": {name: scope in call.scopes for name, scope in _MAY.items()},
        "standing": {"number": now.number, "act": now.act},
        "asked": asked.model_dump(),
        "icons": address_of("icons.svg"),
    }
    return {"config": config}


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
