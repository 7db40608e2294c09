"""What patients who have signed in see and change: their own appointments, and nobody else's.

Not here: what of them is shown (`admin_api.own_shapes`), nor booking without signing in
(`admin_api.resources.portal`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from admin_api.endpoint import Answer, Call, Endpoint, Nothing
from admin_api.own_shapes import (
    CancelForm,
    FreeList,
    FreeShown,
    FreeWanted,
    MoveForm,
    OwnAppointments,
    OwnShown,
)
from admin_api.patient_calendars import calendar_file, invitation
from admin_api.portal_shapes import BookingShown, OwnBooking
from admin_api.problems import Refusal
from admin_api.resources.portal import booking_shown, wanted_of
from admin_api.wording import fallback_of
from practice.appointments import Status
from practice.use_cases.crowds import by_patient
from practice.use_cases.entered import days_from
from practice.use_cases.offered import doctor_named, refuse_closed
from practice.use_cases.own import free_to_move, own_list, the_own
from practice.use_cases.patient_sign_in import patient_signed_in
from practice.use_cases.portal import cancel_own, reschedule_own, self_book
from practice.use_cases.rearranging import Move

if TYPE_CHECKING:
    from practice.patients import Patient
    from practice.use_cases.own import Own
    from practice.vevent import Invitation

__all__ = ["ENDPOINTS", "signed_in_patient"]

_CALENDAR = "text/calendar; charset=utf-8"
_USUAL_DAYS = 14


def signed_in_patient(call: Call[Any, Any]) -> Patient:
    """Return who has signed in; raises Refusal for who is no patient any more."""
    found = patient_signed_in(call.uow, call.patient_id)
    if found is None:
        raise Refusal(401, "Sign in as a patient for this.")
    return found


def list_own_appointments(call: Call[Nothing, None]) -> OwnAppointments:
    """Return the appointments of who has signed in."""
    profile = call.services.profile
    found = own_list(call.uow, signed_in_patient(call), profile)
    return OwnAppointments(
        next=[_shown(call, one) for one in found.next],
        past=[_shown(call, one) for one in found.past],
        fallback=fallback_of(found.worst, profile.zone),
    )


def book_own(call: Call[Nothing, OwnBooking]) -> BookingShown:
    """Book for who has signed in."""
    refuse_closed(call.uow)
    patient = signed_in_patient(call)
    told = self_book(
        call.uow, wanted_of(call), patient, call.services.profile, by_patient(patient.id)
    )
    return booking_shown(call, told, patient.record.email)


def cancel_own_appointment(call: Call[Nothing, CancelForm]) -> OwnShown:
    """Cancel one."""
    patient, profile = signed_in_patient(call), call.services.profile
    one = call.path["appointment_id"]
    cancel_own(call.uow, patient, one, profile, reason=call.body.reason)
    return _shown(call, the_own(call.uow, patient, one, profile))


def move_own_appointment(call: Call[Nothing, MoveForm]) -> OwnShown:
    """Move one."""
    patient, profile = signed_in_patient(call), call.services.profile
    one, body = call.path["appointment_id"], call.body
    # Whose it is comes first: of another's it is not even told which doctors there are.
    the_own(call.uow, patient, one, profile)
    doctor_id = None if body.doctor is None else doctor_named(call.uow, body.doctor).id
    reschedule_own(call.uow, patient, one, Move(body.start, doctor_id), profile)
    return _shown(call, the_own(call.uow, patient, one, profile))


def list_own_free_slots(call: Call[FreeWanted, None]) -> FreeList:
    """Return where one may be moved to."""
    query, profile, uow = call.query, call.services.profile, call.uow
    first = query.first or call.now.astimezone(profile.zone).date()
    last = query.until or first + timedelta(days=_USUAL_DAYS - 1)
    found = free_to_move(
        uow,
        signed_in_patient(call),
        call.path["appointment_id"],
        days_from(first, last, profile.zone),
        profile,
        any_doctor=query.any_doctor,
        limit=query.limit,
    )
    doctors = {doctor.id: doctor for doctor in uow.house.doctors()}
    return FreeList(
        items=[
            FreeShown(
                start=one.slot.start.astimezone(profile.zone),
                end=one.slot.end.astimezone(profile.zone),
                doctor=doctors[one.doctor_id].slug,
                doctor_name=doctors[one.doctor_id].name,
            )
            for one in found
        ]
    )


def read_own_calendar(call: Call[Nothing, None]) -> Answer:
    """Return those to come as a file for the patient's calendar."""
    patient = signed_in_patient(call)
    found = own_list(call.uow, patient, call.services.profile).next
    alive = [one for one in found if one.status is not Status.CANCELLED]
    return _file(call, "termine.ics", [_invitation(call, patient, one) for one in alive])


def read_own_appointment(call: Call[Nothing, None]) -> Answer:
    """Return one as a file for the patient's calendar."""
    patient = signed_in_patient(call)
    one = the_own(call.uow, patient, call.path["appointment_id"], call.services.profile)
    return _file(call, "termin.ics", [_invitation(call, patient, one)])


def _file(call: Call[Any, Any], name: str, invitations: list[Invitation]) -> Answer:
    text = calendar_file(call.services.profile, invitations)
    told = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(content=text.encode(), media_type=_CALENDAR, headers=told)


def _invitation(call: Call[Any, Any], patient: Patient, one: Own) -> Invitation:
    record = patient.record
    return invitation(
        call.services.profile,
        call.language,
        (one.uid, one.slot, one.status),
        (one.doctor, one.room),
        (f"{record.first_name} {record.last_name}", record.email),
        (call.now, call.uow.log_state().number),
    )


def _shown(call: Call[Any, Any], one: Own) -> OwnShown:
    zone, fresh = call.services.profile.zone, one.freshness
    age = fresh.age if fresh is not None else None
    return OwnShown(
        id=one.id,
        start=one.slot.start.astimezone(zone),
        end=one.slot.end.astimezone(zone),
        status=one.status,
        type_name=one.kind_en if call.language == "en" else one.kind,
        doctor_name=one.doctor,
        room_name=one.room,
        note=one.note,
        late=one.late,
        may_cancel=one.may_cancel,
        may_move=one.may_move,
        age_seconds=None if age is None else int(age.total_seconds()),
        stale=fresh is not None and fresh.stale,
    )


_ROOT = "/api/patient-portal/appointments"
_ONE = f"{_ROOT}/{{appointment_id:id}}"
ENDPOINTS = (
    Endpoint(
        "GET",
        _ROOT,
        list_own_appointments,
        "The patient's own appointments",
        None,
        OwnAppointments,
        of_patient=True,
    ),
    Endpoint(
        "POST",
        _ROOT,
        book_own,
        "Book for the patient who has signed in",
        None,
        BookingShown,
        body=OwnBooking,
        status=201,
        of_patient=True,
        problems=(404, 409),
    ),
    Endpoint(
        "GET",
        f"{_ROOT}.ics",
        read_own_calendar,
        "All that are to come, for the patient's calendar",
        None,
        of_patient=True,
        files=("text/calendar",),
    ),
    Endpoint(
        "GET",
        f"{_ONE}.ics",
        read_own_appointment,
        "One of them, for the patient's calendar",
        None,
        of_patient=True,
        files=("text/calendar",),
    ),
    Endpoint(
        "GET",
        f"{_ONE}/available-slots",
        list_own_free_slots,
        "Where it may be moved to",
        None,
        FreeList,
        query=FreeWanted,
        of_patient=True,
        problems=(409,),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/cancel",
        cancel_own_appointment,
        "Cancel one of them",
        None,
        OwnShown,
        body=CancelForm,
        of_patient=True,
        problems=(409,),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/reschedule",
        move_own_appointment,
        "Move one of them",
        None,
        OwnShown,
        body=MoveForm,
        of_patient=True,
        problems=(409,),
        text="What needs the practice's agreement waits for it again.",
    ),
)
