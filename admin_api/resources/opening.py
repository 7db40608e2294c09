"""Setting the practice up: other hours than usual, holidays, and the rules of booking."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from admin_api.endpoint import Call, Endpoint, Form, Nothing, Shown
from admin_api.shapes import Day, Id, Line, Moment
from practice.schedule import BookingRules, HoursException
from practice.schedule.holidays import closed_days
from practice.scopes import Scope
from practice.use_cases.entered import days_from, span_from
from practice.use_cases.offered import exceptions_within, the_exception
from practice.use_cases.offers import remove_exception, save_exception, save_rules

__all__ = ["ENDPOINTS"]

#: What is asked for where nobody says until when.
_FAR = date(2199, 12, 31)


class ExceptionForm(Form):
    """Other hours than usual: of a doctor, of a room, or of the whole practice."""

    doctor_id: Id | None = None
    room_id: Id | None = None
    start: Moment
    end: Moment
    open: bool = Field(description="Extra hours; else it is closed.")
    reason: Line = ""


class ExceptionShown(Shown):
    """Other hours than usual."""

    id: int
    doctor_id: int | None
    room_id: int | None
    start: datetime
    end: datetime
    open: bool
    reason: str


class ExceptionsShown(Shown):
    """Other hours than usual, by start."""

    items: list[ExceptionShown]


class DaysWanted(Form):
    """Which days of the practice."""

    first: Day | None = Field(None, alias="from", description="The first day; today.")
    until: Day | None = Field(None, description="The last day; whatever is known.")


class RulesForm(Form):
    """The rules of booking."""

    land: Annotated[str, StringConstraints(pattern=r"^$|^[A-Z]{2}$", max_length=2)] = Field(
        description="The Bundesland of its public holidays; empty: those of all."
    )
    lead_minutes: Annotated[int, Field(ge=0, le=129_600)]
    window_days: Annotated[int, Field(ge=0, le=400)]
    late_cancel_hours: Annotated[int, Field(ge=0, le=2160)]
    hold_minutes: Annotated[int, Field(ge=1, le=60)]
    online: bool = Field(description="Whether patients may book anything themselves.")
    holidays_closed: bool


class RulesShown(Shown):
    """The rules of booking."""

    land: str
    lead_minutes: int = Field(description="What patients book begins so much later at least.")
    window_days: int = Field(description="They book so many days ahead.")
    late_cancel_hours: int = Field(description="Later than this a cancellation is late.")
    hold_minutes: int = Field(description="A slot is kept so long.")
    online: bool
    holidays_closed: bool


class YearWanted(Form):
    """Which year."""

    year: Annotated[int, Field(ge=1991, le=2100)] | None = Field(None, description="This one.")


class HolidayShown(Shown):
    """A public holiday."""

    date: date
    name: str


class HolidaysShown(Shown):
    """The public holidays of a year in the practice's Land."""

    year: int
    land: str
    closed: bool = Field(description="Whether the practice is closed then.")
    items: list[HolidayShown]


def list_exceptions(call: Call[DaysWanted, None]) -> ExceptionsShown:
    """Return other hours than usual."""
    query, zone = call.query, call.services.profile.zone
    first = query.first or call.now.astimezone(zone).date()
    found = exceptions_within(call.uow, days_from(first, query.until or _FAR, zone))
    return ExceptionsShown(items=[_shown(call, one) for one in found])


def read_exception(call: Call[Nothing, Any]) -> ExceptionShown:
    """Return other hours than usual."""
    return _shown(call, the_exception(call.uow, call.path["exception_id"]))


def add_exception(call: Call[Nothing, ExceptionForm]) -> ExceptionShown:
    """Set other hours than usual."""
    return _shown(call, save_exception(call.uow, _exception(call.body)))


def put_exception(call: Call[Nothing, ExceptionForm]) -> ExceptionShown:
    """Change other hours than usual."""
    exception = _exception(call.body, call.path["exception_id"])
    return _shown(call, save_exception(call.uow, exception))


def delete_exception(call: Call[Nothing, None]) -> None:
    """Have the usual hours again."""
    remove_exception(call.uow, call.path["exception_id"])


def read_rules(call: Call[Nothing, Any]) -> RulesShown:
    """Return the rules of booking."""
    return RulesShown.model_validate(call.uow.house.rules())


def put_rules(call: Call[Nothing, RulesForm]) -> RulesShown:
    """Set the rules of booking."""
    save_rules(call.uow, BookingRules(**call.body.model_dump()))
    return read_rules(call)


def list_holidays(call: Call[YearWanted, None]) -> HolidaysShown:
    """Return the public holidays of a year."""
    rules = call.uow.house.rules()
    year = call.query.year or call.now.astimezone(call.services.profile.zone).year
    days = closed_days(rules.land, year)
    return HolidaysShown(
        year=year,
        land=rules.land,
        closed=rules.holidays_closed,
        items=[HolidayShown(date=day, name=name) for day, name in days.items()],
    )


def _exception(form: ExceptionForm, exception_id: int = 0) -> HoursException:
    span = span_from(form.start, form.end)
    return HoursException(exception_id, form.doctor_id, form.room_id, span, form.open, form.reason)


def _shown(call: Call[Any, Any], exception: HoursException) -> ExceptionShown:
    zone = call.services.profile.zone
    return ExceptionShown(
        id=exception.id,
        doctor_id=exception.doctor_id,
        room_id=exception.room_id,
        start=exception.span.start.astimezone(zone),
        end=exception.span.end.astimezone(zone),
        open=exception.open,
        reason=exception.reason,
    )


_SETTINGS = Scope.SETTINGS
_ALL, _RULES = "/api/settings/exceptions", "/api/settings/booking-rules"
_ONE = f"{_ALL}/{{exception_id:id}}"
ENDPOINTS = (
    Endpoint(
        "GET",
        _ALL,
        list_exceptions,
        "Other hours than usual",
        _SETTINGS,
        ExceptionsShown,
        query=DaysWanted,
    ),
    Endpoint(
        "POST",
        _ALL,
        add_exception,
        "Set other hours than usual",
        _SETTINGS,
        ExceptionShown,
        body=ExceptionForm,
        status=201,
        problems=(404,),
        text="Appointments that are then already stay.",
    ),
    Endpoint("GET", _ONE, read_exception, "One time of other hours", _SETTINGS, ExceptionShown),
    Endpoint(
        "PUT",
        _ONE,
        put_exception,
        "Change other hours than usual",
        _SETTINGS,
        ExceptionShown,
        body=ExceptionForm,
        current=read_exception,
    ),
    Endpoint(
        "DELETE", _ONE, delete_exception, "Have the usual hours again", _SETTINGS, problems=(409,)
    ),
    Endpoint("GET", _RULES, read_rules, "The rules of booking", _SETTINGS, RulesShown),
    Endpoint(
        "PUT",
        _RULES,
        put_rules,
        "Set the rules of booking",
        _SETTINGS,
        RulesShown,
        body=RulesForm,
        current=read_rules,
    ),
    Endpoint(
        "GET",
        "/api/settings/holidays",
        list_holidays,
        "The public holidays",
        _SETTINGS,
        HolidaysShown,
        query=YearWanted,
    ),
)
