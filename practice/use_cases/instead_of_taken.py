"""What is free in place of a slot that a booking program wanted to write into a calendar.

Looked up only once it is refused. Not here: the same for what is booked at the desk
(`practice.use_cases.claims`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.calendars import Span
from practice.rules import RightSpecialty
from practice.schedule import USUAL_HOURS, WorkingHours, next_free
from practice.use_cases.desk import Desk
from practice.use_cases.free_times import Search, next_free_slots
from practice.use_cases.taken import taken_of_doctor

if TYPE_CHECKING:
    from practice.appointments import Appointment
    from practice.calendars import Calendar, Place
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import AppointmentType
    from practice.vevent import Facts

__all__ = ["instead_of_taken"]

#: What is longer has no place in anybody's hours.
_LONGEST = timedelta(days=1)
_AHEAD = timedelta(days=16)


def instead_of_taken(
    uow: UnitOfWork, calendar: Calendar, facts: Facts, profile: Profile, place: Place
) -> list[Slot]:
    """Return the next free slots of the same length with the doctor of a calendar, in the
    practice's zone: by hours and their exceptions, holidays, holds, the patient's other
    appointments, and the buffers and rooms of the type that is told, if it is one that is booked
    here. `place` is what stands there of the object itself and of its appointment, which take
    nothing.

    Nothing for a series, and for what takes whole days.
    """
    slot = facts.slot
    if slot is None or slot.end - slot.start > _LONGEST:
        return []
    own_id = place.there.id if place.there else 0
    if calendar.doctor_id is None:
        return _of_nobody(uow, calendar, slot, profile, own_id)
    desk, known = Desk(uow, profile), place.appointment
    minutes = max(1, round((slot.end.timestamp() - slot.start.timestamp()) / 60))
    kind = _type(desk, calendar.doctor_id, facts, known)
    kind = replace(
        kind,
        minutes=minutes,
        min_minutes=min(minutes, kind.min_minutes),
        max_minutes=max(minutes, kind.max_minutes),
    )
    # Whose an appointment is stays as it is, whatever number is told later.
    patient_id = (known and known.patient_id) or place.patient_id
    search = Search(
        kind,
        slot,
        doctor_ids=(calendar.doctor_id,),
        patient_id=patient_id,
        own=(known.id if known else 0, own_id),
    )
    zone = profile.zone
    return [
        Slot(one.slot.start.astimezone(zone), one.slot.end.astimezone(zone))
        for one in next_free_slots(desk, search, apart=True)
    ]


def _type(desk: Desk, doctor_id: int, facts: Facts, known: Appointment | None) -> AppointmentType:
    """Return the type that an object tells; one of any length where none is known by that name, or
    the doctor is not for it: programs write what they like, and are not refused for it.
    """
    named = facts.kind or (known.kind if known else "") or ""
    kind = next((one for one in desk.types.values() if one.slug == named), None)
    if kind is None or RightSpecialty(kind).broken_by(desk.doctor(doctor_id)) is not None:
        assert facts.slot is not None  # noqa: S101 - looked at before
        return desk.untyped(facts.slot)
    return kind


def _of_nobody(
    uow: UnitOfWork, calendar: Calendar, slot: Slot, profile: Profile, own_id: int
) -> list[Slot]:
    """Look in a calendar of no doctor, which has nobody's hours, holidays or buffers."""
    span = Span(int(slot.start.timestamp()), int((slot.start + _AHEAD).timestamp()))
    taken = taken_of_doctor(uow, calendar, span, profile, own_id=own_id)
    busy = [
        Slot(datetime.fromtimestamp(o.start, UTC), datetime.fromtimestamp(o.end, UTC))
        for o in taken
    ]
    return next_free(WorkingHours.parse(USUAL_HOURS), busy, slot, profile.zone)
