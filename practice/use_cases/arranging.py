"""Booking as the practice does it: one appointment, a copy of one, several in one visit.

Whatever books keeps the same rules under the same lock (`practice.use_cases.claims`); object,
appointment, details, log and letters are written together. Not here: changing what is booked
(`practice.use_cases.rearranging`), or what patients do themselves (`practice.use_cases.portal`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.appointments import Appointment, Status
from practice.details import Booked, Details, Source
from practice.errors import AppointmentNotFound, Invalid
from practice.passwords import digest
from practice.use_cases.appointments import tell
from practice.use_cases.arranged_objects import Told, create, new_uid
from practice.use_cases.claims import Claim, settled
from practice.use_cases.desk import Desk
from practice.use_cases.entered import entered, slot_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from practice.appointments import Slot
    from practice.details import Held
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = [
    "LONGEST_NAME",
    "LONGEST_NOTE",
    "LONGEST_REASON",
    "NO_SUCH_PATIENT",
    "Order",
    "book",
    "book_visit",
    "booked_with",
    "duplicate",
    "place_order",
    "the_patient",
    "the_procedures",
]

#: Characters, by what is entered.
LONGEST_NOTE, LONGEST_REASON, LONGEST_NAME = 10_000, 1000, 64
_MOST_PROCEDURES = 50
#: What is told of a patient who is not there, or is none of somebody's business.
NO_SUCH_PATIENT = "There is no such patient."
#: Nobody is in a practice that often in one visit.
_LONGEST_VISIT = 20


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be booked.

    `minutes` 0 is the usual length of the type; `room_id` None the first room that is free of
    those that the type needs. It is CONFIRMED unless TENTATIVE is said. `override` is why it is
    booked over something else or outside the doctor's hours, `hold` the secret of a slot that was
    kept. `online` says that the rules for patients hold, and no override; `unproven` that somebody
    only says to be the patient, whose other appointments a refusal must not tell of.
    """

    type_id: int
    doctor_id: int
    patient_id: int
    start: datetime
    minutes: int = 0
    room_id: int | None = None
    status: Status = Status.CONFIRMED
    source: Source = Source.STAFF
    note: str = ""
    patient_note: str = ""
    reason: str = ""
    treatment_plan: str = ""
    procedures: tuple[str, ...] = ()
    template_slot: str = ""
    override: str = ""
    hold: str = ""
    online: bool = False
    unproven: bool = False


def book(uow: UnitOfWork, order: Order, profile: Profile) -> Booked:
    """Book an appointment.

    Raises OfferNotFound, Invalid (RuleBroken among them), or SlotTaken with what is busy and the
    next free slots; then nothing is written.
    """
    return place_order(Desk(uow, profile), order)


def book_visit(uow: UnitOfWork, orders: Sequence[Order], profile: Profile) -> list[Booked]:
    """Book several appointments of one patient for one visit, each as `book` does.

    All or none: where this raises, the unit is doomed.
    """
    if not 1 <= len(orders) <= _LONGEST_VISIT:
        raise Invalid(f"A visit has 1 to {_LONGEST_VISIT} appointments.")
    if len({order.patient_id for order in orders}) > 1:
        raise Invalid("The appointments of one visit are one patient's.")
    desk, visit = Desk(uow, profile), secrets.token_hex(8)
    booked = []
    for order in orders:
        try:
            booked.append(place_order(desk, order, visit))
        except BaseException:
            uow.doom()
            raise
    return booked


def duplicate(
    uow: UnitOfWork,
    appointment_id: int,
    start: datetime,
    profile: Profile,
    *,
    doctor_id: int | None = None,
    override: str = "",
    allowed: Callable[[Order], Order] | None = None,
) -> Booked:
    """Book a copy of an appointment at another time: of the same type, length, doctor and patient,
    with its notes; in the same room if that is free then, else in another that will do. What is
    `allowed` of the order is booked (`practice.use_cases.entitlement`).

    Raises AppointmentNotFound, and what `book` does; Invalid if it has no type or patient.
    """
    desk = Desk(uow, profile)
    known = booked_with(uow, appointment_id)
    appointment, details = known.appointment, known.details
    kind = desk.type_of(known)
    if not kind.id or appointment.patient_id is None or appointment.doctor_id is None:
        raise Invalid("Only an appointment with a type, a patient and a doctor is copied.")
    seconds = appointment.slot.end.timestamp() - appointment.slot.start.timestamp()
    order = Order(
        type_id=kind.id,
        doctor_id=doctor_id or appointment.doctor_id,
        patient_id=appointment.patient_id,
        start=start,
        minutes=round(seconds / 60),
        source=Source.STAFF,
        note=details.note,
        patient_note=details.patient_note,
        reason=details.reason,
        treatment_plan=details.treatment_plan,
        procedures=details.procedures,
        override=override,
    )
    return place_order(desk, allowed(order) if allowed else order, prefers=appointment.room_id)


def booked_with(uow: UnitOfWork, appointment_id: int) -> Booked:
    """Return an appointment with everything about it; raises AppointmentNotFound."""
    found = uow.details.booked(appointment_id)
    if found is None:
        raise AppointmentNotFound("There is no such appointment.")
    return found


def the_patient(uow: UnitOfWork, patient_id: int) -> Patient:
    """Return a patient, or whom that one was found to be; raises Invalid if there is none."""
    found = uow.patients.get([patient_id]).get(patient_id)
    if found is not None and found.merged_into is not None:
        found = uow.patients.get([found.merged_into]).get(found.merged_into)
    if found is None:
        raise Invalid(NO_SUCH_PATIENT)
    return found


def the_procedures(named: Sequence[str]) -> tuple[str, ...]:
    """Return procedures as they are kept; raises Invalid."""
    if len(named) > _MOST_PROCEDURES:
        raise Invalid(f"An appointment has {_MOST_PROCEDURES} procedures at most.")
    return tuple(entered("procedure", one, 255, needed=True) for one in named)


def place_order(desk: Desk, order: Order, visit: str = "", prefers: int | None = None) -> Booked:
    """Book what is ordered, as `book` does, in a practice that was looked up already; in the room
    that it `prefers` if that will do and is free.
    """
    uow = desk.uow
    order = _checked(order)
    kind, doctor = desk.type(order.type_id), desk.doctor(order.doctor_id)
    patient = the_patient(uow, order.patient_id)
    slot = slot_from(order.start, order.minutes or kind.minutes, uow.now)
    held = _held_for(uow, order, slot)
    whose = None if order.unproven else patient.id
    claim = Claim(
        kind, doctor, slot, order.room_id, whose, held=held, prefers=prefers, online=order.online
    )
    room_id, overridden = settled(desk, claim, "" if order.online else order.override)
    appointment = Appointment(
        uid=new_uid(desk),
        slot=slot,
        status=order.status,
        doctor_id=doctor.id,
        calendar_id=desk.calendar_of(doctor.id).id,
        patient_id=patient.id,
        room_id=room_id,
        kind=kind.slug,
        insurance=patient.record.insurance or None,
        requires_confirmation=order.status is Status.TENTATIVE,
    )
    details = replace(_details(desk, order, visit), override=order.override if overridden else "")
    head = create(desk, Told(appointment, details, patient, kind))
    saved = uow.appointments.save(appointment)
    details = replace(details, appointment_id=saved.id)
    uow.details.save(details)
    if held is not None:
        uow.holds.remove([held.id])
    if overridden:
        told = {"over": list(overridden), "because": order.override}
        uow.acts.note("overridden", Kind.APPOINTMENT, saved.id, None, told)
    tell(uow, None, saved)
    return Booked(saved, details, patient, head.etag, head.owner_id)


def _checked(order: Order) -> Order:
    """Return the order with its texts as they are kept; raises Invalid."""
    if order.status is Status.CANCELLED:
        raise Invalid("What is cancelled is not booked.")
    return replace(
        order,
        note=entered("note", order.note, LONGEST_NOTE),
        patient_note=entered("note for the patient", order.patient_note, LONGEST_NOTE),
        reason=entered("reason", order.reason, LONGEST_REASON),
        treatment_plan=entered("treatment plan", order.treatment_plan, LONGEST_NAME),
        procedures=the_procedures(order.procedures),
        template_slot=entered("template slot", order.template_slot, LONGEST_NAME),
        override=entered("reason of the override", order.override, LONGEST_REASON),
    )


def _details(desk: Desk, order: Order, visit: str) -> Details:
    now = desk.uow.now
    return Details(
        appointment_id=0,
        source=order.source,
        type_id=order.type_id,
        note=order.note,
        patient_note=order.patient_note,
        reason=order.reason,
        treatment_plan=order.treatment_plan,
        procedures=order.procedures,
        visit=visit,
        template_slot=order.template_slot,
        booked_by=desk.uow.actor.name,
        booked=now,
        changed=now,
    )


def _held_for(uow: UnitOfWork, order: Order, slot: Slot) -> Held | None:
    """Return what was kept for this order; one that is over is nothing, nor is another's."""
    held = uow.holds.by_secret(digest(order.hold)) if order.hold else None
    if held is None or held.doctor_id != order.doctor_id or held.type_id != order.type_id:
        return None
    return held if held.start.timestamp() == slot.start.timestamp() else None
