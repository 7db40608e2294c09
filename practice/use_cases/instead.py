"""What is free in place of an appointment that the practice declines.

Not here: what is free in place of a slot that is taken (`practice.use_cases.free_times`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.rules import OnlineOnly
from practice.use_cases.arranging import booked_with
from practice.use_cases.desk import Desk
from practice.use_cases.free_times import Search, next_free_slots

if TYPE_CHECKING:
    from practice.appointments import Appointment
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["instead_of"]


def instead_of(
    uow: UnitOfWork, appointment: Appointment, profile: Profile, count: int = 3
) -> list[tuple[Slot, str]]:
    """Return what a patient may be offered in place of an appointment, each with the doctor's name:
    the next slots of its type and length with its doctor, after it, else with others who may.

    Never its own time with its own doctor, which is free by now but was just declined. Nothing, if
    its type is not booked online. For the letter that declines it, as it is sent.
    """
    desk = Desk(uow, profile)
    kind = desk.type_of(booked_with(uow, appointment.id))
    if kind.id not in desk.types or OnlineOnly(desk.rules).broken_by(kind) is not None:
        return []
    slot, doctor_id = appointment.slot, appointment.doctor_id
    minutes = round((slot.end.timestamp() - slot.start.timestamp()) / 60)
    if not kind.min_minutes <= minutes <= kind.max_minutes:
        minutes = kind.minutes
    search = Search(kind, slot, minutes, patient_id=appointment.patient_id, online=True)
    search = replace(search, own=(appointment.id, 0))
    own = (doctor_id,) if doctor_id else ()
    after = Slot(slot.end, slot.end + timedelta(days=1))
    its = replace(search, within=after, doctor_ids=own)
    found = next_free_slots(desk, its, count, apart=True)
    others = tuple(each for each in desk.doctors if each != doctor_id)
    if not found and own and others:
        found = next_free_slots(desk, replace(search, doctor_ids=others), count, apart=True)
    return [(one.slot, desk.doctors[one.doctor_id].name) for one in found]
