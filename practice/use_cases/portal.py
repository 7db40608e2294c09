"""What patients may do themselves: see what is free, book, cancel and move what is theirs.

Nothing here tells anything of others, nor whether the practice knows somebody: a booking is
answered in the same way for a new patient and one of years. How somebody proves to be a patient is
the door's business. Not here: who books, as they say (`practice.use_cases.who_books`), nor what
the staff may do (`practice.use_cases.arranging`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.appointments import Slot, Status
from practice.details import Source
from practice.errors import AppointmentNotFound, IllegalStep, RuleBroken
from practice.life_cycle import Progress
from practice.rules import LateCancellation, OnlineOnly
from practice.use_cases.arranging import Order, place_order, the_patient
from practice.use_cases.case import Case
from practice.use_cases.crowds import note_booked, refuse_more
from practice.use_cases.desk import Desk
from practice.use_cases.free_times import Search, free
from practice.use_cases.rearranging import Move, cancel, move
from practice.use_cases.taken import taken_of_patient
from practice.use_cases.who_books import Person, entered_patient

if TYPE_CHECKING:
    from datetime import datetime

    from practice.appointments import Appointment
    from practice.details import Booked
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import AppointmentType, FreeSlot
    from practice.use_cases.crowds import Asking

__all__ = [
    "Reservation",
    "SelfBooking",
    "cancel_own",
    "own_appointments",
    "portal_slots",
    "reschedule_own",
    "self_book",
]

_DOUBLE = "Zur selben Zeit besteht ein weiterer Termin."
#: Told of what the patient cannot do any more and the practice can.
TOO_LATE = "too-late"


@dataclass(frozen=True, slots=True)
class SelfBooking:
    """What is to be booked; `hold` is the secret of the slot, if it was kept."""

    type_id: int
    doctor_id: int
    start: datetime
    reason: str = ""
    hold: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is told of an appointment to whoever booked it; `pending` until it is confirmed."""

    appointment_id: int
    slot: Slot
    doctor: str
    kind: AppointmentType
    room: str
    pending: bool
    uid: str = ""


def portal_slots(
    uow: UnitOfWork,
    type_id: int,
    within: Slot,
    profile: Profile,
    *,
    doctor_ids: tuple[int, ...] = (),
    limit: int | None = None,
) -> list[FreeSlot]:
    """Return the slots of a type that patients may book, in order of time.

    Raises OfferNotFound, RuleBroken for what is not booked online, or Invalid.
    """
    desk = Desk(uow, profile)
    kind = desk.type(type_id)
    _refuse_offline(desk, kind)
    search = Search(kind, within, doctor_ids=doctor_ids, online=True)
    return free(desk, search, limit)


def self_book(
    uow: UnitOfWork,
    booking: SelfBooking,
    who: Person | Patient,
    profile: Profile,
    asking: Asking | None = None,
) -> Reservation:
    """Book for a patient: who is signed in (a Patient), or who says so (a Person).

    1. Not too much was booked by who is `asking` (else TooManyBookings); None: by the practice.
    2. What is said makes sense (else Invalid).
    3. One certain patient, else a new one for somebody to look at (`practice.matching`).
    4. The slot is free, by the rules for patients (else RuleBroken, SlotTaken).
    5. It is booked; pending, where the type needs to be confirmed.
    Where this raises, the unit is doomed: nobody is entered who has not booked.
    """
    desk = Desk(uow, profile)
    if asking is not None:
        refuse_more(uow, asking)
    try:
        patient = entered_patient(uow, who) if isinstance(who, Person) else who
        kind = desk.type(booking.type_id)
        order = _order_of(booking, patient, kind)
        booked = place_order(desk, replace(order, unproven=isinstance(who, Person)))
        if isinstance(who, Person):
            _note_for_staff(uow, booked, who)
        if asking is not None:
            note_booked(uow, asking, booked.appointment.id)
    except BaseException:
        uow.doom()
        raise
    return _told(desk, booked, kind)


def _order_of(booking: SelfBooking, patient: Patient, kind: AppointmentType) -> Order:
    return Order(
        type_id=kind.id,
        doctor_id=booking.doctor_id,
        patient_id=patient.id,
        start=booking.start,
        status=Status.TENTATIVE if kind.needs_confirmation else Status.CONFIRMED,
        source=Source.ONLINE,
        reason=booking.reason,
        hold=booking.hold,
        online=True,
    )


def own_appointments(
    uow: UnitOfWork, patient: Patient, since: datetime, profile: Profile
) -> list[Reservation]:
    """Return a patient's appointments that end after `since` and are not cancelled, by start."""
    desk = Desk(uow, profile)
    known = uow.appointments.all_of_patient(patient.id)
    alive = [a for a in known if a.status is not Status.CANCELLED and a.slot.end > since]
    by_slug = {kind.slug: kind for kind in desk.every_type.values()}
    return [_reservation(desk, a, by_slug.get(a.kind or "") or desk.untyped(a.slot)) for a in alive]


def cancel_own(
    uow: UnitOfWork, patient: Patient, appointment_id: int, profile: Profile, *, reason: str = ""
) -> Booked:
    """Cancel a patient's own appointment; late, if the rules of booking call it so.

    Raises AppointmentNotFound for what is not the patient's, IllegalStep for what has begun or is
    cancelled.
    """
    _the_own(uow, patient, appointment_id)
    return cancel(uow, appointment_id, profile, reason=reason)


def reschedule_own(
    uow: UnitOfWork,
    patient: Patient,
    appointment_id: int,
    where: Move,
    profile: Profile,
) -> Reservation:
    """Move a patient's own appointment, by the rules for patients; what has to be confirmed has to
    be again.

    Raises what `cancel_own` does, SlotTaken, or RuleBroken; with the code "too-late", if it would
    be late to cancel it.
    """
    _the_own(uow, patient, appointment_id)
    case = Case(uow, appointment_id, profile)
    if LateCancellation(case.desk.rules, uow.now).is_late(case.known.appointment.slot):
        raise RuleBroken(TOO_LATE, "It is too late to move the appointment; please call us.")
    start, doctor_id = where.start, where.doctor_id
    moved = move(case, Move(start, doctor_id, online=True))
    return _told(case.desk, moved, case.kind)


def _refuse_offline(desk: Desk, kind: AppointmentType) -> None:
    broken = OnlineOnly(desk.rules).broken_by(kind)
    if broken is not None:
        raise RuleBroken(broken.code, broken.sentence)


def _the_own(uow: UnitOfWork, patient: Patient, appointment_id: int) -> None:
    found = uow.details.booked(appointment_id)
    if found is None or found.appointment.patient_id != patient.id:
        raise AppointmentNotFound("There is no such appointment.")
    begun = found.appointment.slot.start <= uow.now
    if begun or found.details.progress is not Progress.NONE:
        raise IllegalStep("The appointment has begun already.")


def _note_for_staff(uow: UnitOfWork, booked: Booked, person: Person) -> None:
    """Tell the staff, and nobody else, what the patient has at that time, and what the person told
    that the practice knows otherwise.
    """
    appointment = booked.appointment
    others = taken_of_patient(uow, appointment.patient_id, appointment.slot, appointment.id)
    notes = [_DOUBLE] if any(True for _ in others.busy) else []
    patient = the_patient(uow, appointment.patient_id or 0)
    told = {
        "E-Mail": (person.email.strip(), patient.record.email),
        "Telefon": (person.phone.strip(), patient.record.phone),
        "Erinnerungen": ("ja" if person.reminders else "", "ja" if patient.reminders else ""),
    }
    news = [f"{what} {new}" for what, (new, known) in told.items() if new and new != known]
    if news:
        notes.append(f"Online angegeben: {', '.join(news)}.")
    if notes:
        uow.details.save(replace(booked.details, note="\n".join(notes)))


def _told(desk: Desk, booked: Booked, kind: AppointmentType) -> Reservation:
    return _reservation(desk, booked.appointment, kind)


def _reservation(desk: Desk, appointment: Appointment, kind: AppointmentType) -> Reservation:
    doctor = desk.doctors.get(appointment.doctor_id or 0)
    room = desk.rooms.get(appointment.room_id or 0)
    return Reservation(
        appointment_id=appointment.id,
        slot=appointment.slot,
        doctor=doctor.name if doctor else "",
        kind=kind,
        room=room.name if room else "",
        pending=appointment.status is Status.TENTATIVE,
        uid=appointment.uid,
    )
