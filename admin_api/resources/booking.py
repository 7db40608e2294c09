"""Appointments: found, booked, changed, moved, copied, declined, cancelled; any of it undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin_api.endpoint import Call, Endpoint, Nothing
from admin_api.resources.booking_forms import (
    AppointmentChanges,
    AppointmentForm,
    AppointmentQuery,
    CancelForm,
    CancelQuery,
    Copied,
    Rescheduled,
    VisitForm,
)
from admin_api.resources.booking_shown import (
    AppointmentShown,
    AppointmentsShown,
    VisitShown,
    key_from,
    shown,
    shown_key,
)
from practice.access import JUST_MADE
from practice.scopes import Scope
from practice.use_cases.arranging import book, book_visit, duplicate
from practice.use_cases.desk import Desk
from practice.use_cases.entitlement import Entitled
from practice.use_cases.finding_appointments import find_appointments
from practice.use_cases.rearranging import cancel, change, decline, reschedule
from practice.use_cases.take_back import take_back

if TYPE_CHECKING:
    from practice.details import Booked

__all__ = ["ENDPOINTS"]


def list_appointments(call: Call[AppointmentQuery, None]) -> AppointmentsShown:
    """Return a page of the appointments that are asked for."""
    desk, entitled = _at_the_desk(call)
    question = entitled.narrowed(call.query.question(desk))
    after = key_from(call.query.after)
    found, more = find_appointments(call.uow, question, after=after, limit=call.query.limit)
    items = [shown(desk, entitled.told(one)) for one in found]
    return AppointmentsShown(items=items, next=shown_key(more))


def read_appointment(call: Call[Any, Any]) -> AppointmentShown:
    """Return one appointment."""
    desk, entitled = _at_the_desk(call)
    return shown(desk, entitled.told(entitled.seen(_id(call))))


def book_appointment(call: Call[Nothing, AppointmentForm]) -> AppointmentShown:
    """Book an appointment."""
    desk, entitled = _at_the_desk(call)
    order = entitled.ordered(call.body.order(desk, call.body.patient_id))
    return _told(call, book(call.uow, order, desk.profile))


def book_appointments_of_visit(call: Call[Nothing, VisitForm]) -> VisitShown:
    """Book several appointments for one visit."""
    desk, entitled = _at_the_desk(call)
    parts = [part.order(desk, call.body.patient_id) for part in call.body.appointments]
    booked = book_visit(call.uow, [entitled.ordered(order) for order in parts], desk.profile)
    items = [shown(desk, entitled.told(one)) for one in booked]
    return VisitShown(visit=booked[0].details.visit, items=items)


def change_appointment(call: Call[Nothing, AppointmentChanges]) -> AppointmentShown:
    """Change an appointment where it stands."""
    desk, entitled = _at_the_desk(call)
    known = entitled.changeable(_id(call))
    changes = entitled.changed(call.body.changes(desk))
    return _told(call, change(call.uow, known.appointment.id, changes, desk.profile))


def cancel_appointment(call: Call[CancelQuery, CancelForm | None]) -> AppointmentShown:
    """Cancel an appointment; it stays in the calendar, marked so."""
    desk, entitled = _at_the_desk(call)
    known = entitled.changeable(_id(call))
    reason = (call.body.reason if call.body else "") or call.query.reason
    return _told(call, cancel(call.uow, known.appointment.id, desk.profile, reason=reason))


def reschedule_appointment(call: Call[Nothing, Rescheduled]) -> AppointmentShown:
    """Move an appointment to another time, doctor or room."""
    desk, entitled = _at_the_desk(call)
    known = entitled.changeable(_id(call))
    where = entitled.moved(call.body.move(desk))
    return _told(call, reschedule(call.uow, known.appointment.id, where, desk.profile))


def decline_appointment(call: Call[Nothing, CancelForm]) -> AppointmentShown:
    """Decline what was asked for."""
    desk, entitled = _at_the_desk(call)
    known = entitled.decides(_id(call))
    reason = call.body.reason
    return _told(call, decline(call.uow, known.appointment.id, desk.profile, reason=reason))


def take_back_appointment(call: Call[Nothing, None]) -> AppointmentShown:
    """Take back what the caller has just done to an appointment."""
    desk, entitled = _at_the_desk(call)
    known = entitled.takes_back(_id(call))
    return _told(call, take_back(call.uow, known.appointment.id, call.caller, desk.profile))


def duplicate_appointment(call: Call[Nothing, Copied]) -> AppointmentShown:
    """Book a copy of an appointment at another time."""
    desk, entitled = _at_the_desk(call)
    known, asked = entitled.seen(_id(call)), call.body
    booked = duplicate(
        call.uow,
        known.appointment.id,
        asked.start,
        desk.profile,
        doctor_id=None if asked.doctor is None else desk.doctor_called(asked.doctor).id,
        override=asked.override or "",
        allowed=entitled.ordered,
    )
    return _told(call, booked)


def _at_the_desk(call: Call[Any, Any]) -> tuple[Desk, Entitled]:
    desk = Desk(call.uow, call.services.profile)
    return desk, Entitled(desk, call.caller, call.scopes)


def _id(call: Call[Any, Any]) -> int:
    return int(call.path["appointment_id"])


def _told(call: Call[Any, Any], booked: Booked) -> AppointmentShown:
    desk, entitled = _at_the_desk(call)
    return shown(desk, entitled.told(booked))


_APPOINTMENTS = "/api/booking/appointments"
_APPOINTMENT = f"{_APPOINTMENTS}/{{appointment_id:id}}"
_TAKEN = (
    "Where it is not free, 409 `slot-taken` tells what is busy and the next free slots;"
    " 409 `rule-broken` names the rule in `code`."
)
ENDPOINTS = (
    Endpoint(
        "GET",
        _APPOINTMENTS,
        list_appointments,
        "Find appointments",
        Scope.VIEW_CALENDAR,
        AppointmentsShown,
        query=AppointmentQuery,
        problems=(404,),
        text="Those that start from `from` on and before `until`, by their start. Where what is"
        " asked for is rare, a page may have fewer than `limit`, or none: `next` tells whether"
        " there are more.",
    ),
    Endpoint(
        "POST",
        _APPOINTMENTS,
        book_appointment,
        "Book an appointment",
        Scope.CREATE_APPOINTMENT,
        AppointmentShown,
        body=AppointmentForm,
        status=201,
        problems=(404, 409),
        text=_TAKEN,
    ),
    Endpoint(
        "GET",
        _APPOINTMENT,
        read_appointment,
        "Read an appointment",
        Scope.VIEW_CALENDAR,
        AppointmentShown,
    ),
    Endpoint(
        "PUT",
        _APPOINTMENT,
        change_appointment,
        "Change an appointment",
        Scope.MODIFY_APPOINTMENT,
        AppointmentShown,
        body=AppointmentChanges,
        current=read_appointment,
        problems=(409,),
        text="Only what is told is changed. " + _TAKEN,
    ),
    Endpoint(
        "DELETE",
        _APPOINTMENT,
        cancel_appointment,
        "Cancel an appointment",
        Scope.CANCEL_APPOINTMENT,
        AppointmentShown,
        query=CancelQuery,
        body=CancelForm,
        current=read_appointment,
        problems=(409,),
        text="It stays in the calendar, marked as cancelled. The body may be left out.",
    ),
    Endpoint(
        "POST",
        f"{_APPOINTMENT}/reschedule",
        reschedule_appointment,
        "Move an appointment",
        Scope.MODIFY_APPOINTMENT,
        AppointmentShown,
        body=Rescheduled,
        current=read_appointment,
        problems=(409,),
        text=_TAKEN,
    ),
    Endpoint(
        "POST",
        f"{_APPOINTMENT}/decline",
        decline_appointment,
        "Decline a request",
        Scope.CANCEL_APPOINTMENT,
        AppointmentShown,
        body=CancelForm,
        current=read_appointment,
        problems=(409,),
    ),
    Endpoint(
        "POST",
        f"{_APPOINTMENT}/undo",
        take_back_appointment,
        "Take back what one has just done",
        Scope.MODIFY_APPOINTMENT,
        AppointmentShown,
        current=read_appointment,
        problems=(409,),
        text="What the caller did last to the appointment, within"
        f" {JUST_MADE.seconds // 60} minutes: booked, changed, moved or cancelled it; again for"
        " what was done before. 412 if somebody else has changed it since, 409 `slot-taken` if"
        " its former time is taken by now, 409 `cannot-undo` if there is nothing to take back."
        " Others' changes are taken back at `/api/undo`.",
    ),
    Endpoint(
        "POST",
        f"{_APPOINTMENT}/duplicate",
        duplicate_appointment,
        "Book a copy of an appointment",
        Scope.CREATE_APPOINTMENT,
        AppointmentShown,
        body=Copied,
        status=201,
        problems=(409,),
        text=_TAKEN,
    ),
    Endpoint(
        "POST",
        "/api/booking/visits",
        book_appointments_of_visit,
        "Book several appointments for one visit",
        Scope.CREATE_APPOINTMENT,
        VisitShown,
        body=VisitForm,
        status=201,
        problems=(404, 409),
        text="All or none. " + _TAKEN,
    ),
)
