"""Settings: doctors with their hours, rooms, other hours than usual, holidays."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from admin_api.endpoint import Form
from admin_api.pages.page import Page
from admin_api.pages.settings import HOME, framed, version_of
from admin_api.resources.house import DoctorShown, RoomShown
from admin_api.resources.opening import ExceptionShown, list_holidays, read_rules
from practice.accounts import Doctor, Room
from practice.errors import Invalid
from practice.schedule import USUAL_HOURS, WorkingHours
from practice.schedule.holidays import LANDS
from practice.scopes import Scope
from practice.use_cases.entered import days_from
from practice.use_cases.offered import exceptions_within, the_doctor, the_exception, the_room

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from admin_api.endpoint import Call
    from practice.schedule import HoursException

__all__ = ["PAGES", "week_of"]

#: Which one is changed: its number, or "neu"; none if nothing is said.
Which = Annotated[str, Field(pattern=r"^(neu|[1-9][0-9]{0,17})?$")]
_DAYS_SHOWN = 800


class WhichOne(Form):
    """Which one is changed."""

    nr: Which = ""


class WhichYear(Form):
    """Which year's holidays."""

    year: Annotated[int, Field(ge=1991, le=2100)] | None = Field(None, alias="jahr")


def week_of(hours: str) -> list[list[tuple[str, str]]]:
    """Return the hours of each weekday as texts: [("08:00", "12:00")]; none if they are odd."""
    week: list[list[tuple[str, str]]] = [[] for _ in range(7)]
    try:
        parsed = WorkingHours.parse(hours)
    except Invalid:
        return week
    for day, start, end in parsed.hours:
        week[day].append((f"{start:%H:%M}", f"{end:%H:%M}"))
    return week


def runs_of(hours: str) -> list[tuple[int, int, list[tuple[str, str]]]]:
    """Return the hours with weekdays of the same hours together: first day, last day, hours."""
    runs: list[tuple[int, int, list[tuple[str, str]]]] = []
    for day, spans in enumerate(week_of(hours)):
        if runs and runs[-1][2] == spans and runs[-1][1] == day - 1:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return [run for run in runs if run[2]]


def show_doctors(call: Call[WhichOne, Any]) -> dict[str, object]:
    """Return the doctors, and the one that is changed."""
    known = call.uow.house.doctors()
    told: dict[str, object] = {
        "doctors": [(doctor, runs_of(doctor.hours)) for doctor in known],
        "specialties": sorted({one.specialty for one in known if one.specialty}),
    }
    if nr := call.query.nr:
        doctor = Doctor("", "", hours=USUAL_HOURS)
        if nr != "neu":
            doctor = the_doctor(call.uow, int(nr))
            told["etag"] = version_of(call, DoctorShown.model_validate(doctor))
        told |= {"doctor": doctor, "week": week_of(doctor.hours)}
    return framed(call, "aerzte", told)


def show_rooms(call: Call[WhichOne, Any]) -> dict[str, object]:
    """Return the rooms, and the one that is changed."""
    told: dict[str, object] = {"rooms": call.uow.house.rooms()}
    if nr := call.query.nr:
        room = Room("", "")
        if nr != "neu":
            room = the_room(call.uow, int(nr))
            told["etag"] = version_of(call, RoomShown.model_validate(room))
        told["room"] = room
    return framed(call, "raeume", told)


def show_times(call: Call[WhichOne, Any]) -> dict[str, object]:
    """Return absences and extra hours from today on, and the one that is changed."""
    zone = call.services.profile.zone
    today = call.now.astimezone(zone).date()
    reach = days_from(today, today + timedelta(days=_DAYS_SHOWN), zone)
    doctors, rooms = call.uow.house.doctors(), call.uow.house.rooms()
    told: dict[str, object] = {
        "exceptions": [_days_of(one, zone) for one in exceptions_within(call.uow, reach)],
        "doctors": doctors,
        "rooms": rooms,
        "doctor_names": {one.id: one.name for one in doctors},
        "room_names": {one.id: one.name for one in rooms},
        "today": today.isoformat(),
    }
    if nr := call.query.nr:
        told["exception"] = None
        if nr != "neu":
            found = the_exception(call.uow, int(nr))
            told |= {
                "exception": _days_of(found, zone),
                "etag": version_of(call, _shown(found, zone)),
            }
    return framed(call, "zeiten", told)


def show_holidays(call: Call[Any, Any]) -> dict[str, object]:
    """Return the public holidays of a year."""
    holidays = list_holidays(call)
    rules = read_rules(call)
    told = {"holidays": holidays, "rules": rules, "etag": version_of(call, rules), "lands": LANDS}
    return framed(call, "feiertage", told)


def _days_of(exception: HoursException, zone: ZoneInfo) -> dict[str, object]:
    """Return other hours as people tell them: first and last day; times where not whole days."""
    start, end = exception.span.start.astimezone(zone), exception.span.end.astimezone(zone)
    whole_end = end.time() == time.min
    last: date = (end - timedelta(days=1)).date() if whole_end else end.date()
    return {
        "one": exception,
        "first": start.date(),
        "from": "" if start.time() == time.min else f"{start:%H:%M}",
        "last": last,
        "until": "" if whole_end else f"{end:%H:%M}",
        "who": f"doctor:{exception.doctor_id}"
        if exception.doctor_id
        else f"room:{exception.room_id}"
        if exception.room_id
        else "",
    }


def _shown(exception: HoursException, zone: ZoneInfo) -> ExceptionShown:
    return ExceptionShown(
        id=exception.id,
        doctor_id=exception.doctor_id,
        room_id=exception.room_id,
        start=exception.span.start.astimezone(zone),
        end=exception.span.end.astimezone(zone),
        open=exception.open,
        reason=exception.reason,
    )


_S, _HTML = Scope.SETTINGS, "settings_house.html"
PAGES = (
    Page(f"{HOME}/aerzte", _HTML, show_doctors, _S, query=WhichOne),
    Page(f"{HOME}/raeume", _HTML, show_rooms, _S, query=WhichOne),
    Page(f"{HOME}/zeiten", _HTML, show_times, _S, query=WhichOne),
    Page(f"{HOME}/feiertage", _HTML, show_holidays, _S, query=WhichYear),
)
