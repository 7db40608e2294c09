"""The overview: the day, what waits for a person, how the booking tools are, and the figures.

For the practice's own people; who is not one of those at the desk goes on to the calendar. Not
here: what is counted (`practice.use_cases.overview`), and what a button does (the API).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from admin_api.endpoint import Answer, Call, Form
from admin_api.pages.figures import figures
from admin_api.pages.matters import matters, running
from admin_api.pages.page import Page
from admin_api.resources.dashboard import stands
from practice.access import may_settle
from practice.accounts import CredentialKind
from practice.errors import NotAllowed
from practice.scopes import Scope
from practice.use_cases.day import a_day
from practice.use_cases.desk import Desk

if TYPE_CHECKING:
    from practice.overview import Overview
    from practice.use_cases.day import DoctorDay

__all__ = ["PAGES"]

_CALENDAR = "/admin/kalender"
#: Beyond these no calendar goes.
_FIRST, _LAST = date(1901, 1, 1), date(2199, 12, 1)


class Asked(Form):
    """Which day is looked at, as YYYY-MM-DD; today, if none is told."""

    tag: Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""


def show(call: Call[Asked, None]) -> dict[str, object] | Answer:
    """Return how the practice stands."""
    if Scope.DASHBOARD not in call.scopes or not may_settle(call.caller):
        if Scope.VIEW_CALENDAR in call.scopes:
            return Answer(status=303, headers={"Location": _CALENDAR})
        raise NotAllowed("This needs the permission 'dashboard'.")
    desk = Desk(call.uow, call.services.profile)
    today = call.now.astimezone(desk.profile.zone).date()
    day = _day(call.query.tag, today)
    found, days = stands(desk, day), a_day(desk, day)
    return {
        "day": day,
        "today": today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "days": days,
        "found": found,
        "steps": _steps(call, desk, found, days),
        "names_shown": Scope.READ_PATIENTS in call.scopes,
        "may_ask": call.services.ask_now is not None and Scope.SYNC in call.scopes,
        "address": f"{call.services.public_url}/caldav/",
        **matters(call, desk, found),
        **running(call, found),
        **figures(found, desk.doctors, call.language),
    }


def _day(told: str, today: date) -> date:
    try:
        day = date.fromisoformat(told)
    except ValueError:  # "" or the 31st of February
        return today
    return min(max(day, _FIRST), _LAST)


def _steps(
    call: Call[Any, Any], desk: Desk, found: Overview, days: list[DoctorDay]
) -> list[tuple[str, bool]]:
    """Return what a new practice has to do and whether it has; nothing for one that works."""
    has_any = found.month.count or any(week.appointments for week in found.weeks)
    if desk.doctors and (has_any or any(day.booked for day in days)):
        return []
    held = call.uow.accounts.credentials().values()
    devices = any(c.kind is not CredentialKind.PASSWORD for some in held for c in some)
    return [
        ("doctors", bool(desk.doctors)),
        ("patients", bool(call.uow.patients.page(1))),
        ("calendars", devices),
        ("tools", bool(found.sources)),
    ]


PAGES = (Page("/admin", "dashboard.html", show, query=Asked),)
