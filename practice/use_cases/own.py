"""What patients see of their own appointments, and what of it they may still change.

Not here: the changes (`practice.use_cases.portal`), nor how somebody proves to be a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot, Status
from practice.details import Progress, Question
from practice.errors import AppointmentNotFound
from practice.rules import LateCancellation, OnlineOnly
from practice.use_cases.arranged_objects import object_of
from practice.use_cases.desk import Desk
from practice.use_cases.free_times import Search, free
from practice.use_cases.patient_appointments import freshness_of, worst_of

if TYPE_CHECKING:
    from practice.details import Booked
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import FreeSlot
    from practice.use_cases.patient_appointments import Freshness

__all__ = ["Own", "OwnList", "free_to_move", "own_list", "the_own"]

#: How long what is over is shown.
_YEAR = timedelta(days=365)
_MOST = 500


@dataclass(frozen=True, slots=True)
class Own:
    """One appointment as its patient sees it; names are empty where there are none.

    `late` is whether to cancel it now would be late by the practice's rule. `note` is the
    practice's for the patient.
    """

    id: int
    uid: str
    slot: Slot
    status: Status
    kind: str
    kind_en: str
    doctor: str
    doctor_slug: str
    room: str
    note: str
    over: bool
    late: bool
    may_cancel: bool
    may_move: bool
    freshness: Freshness | None


@dataclass(frozen=True, slots=True)
class OwnList:
    """The next appointments, by time; those of the last year, the last first; and the booking tool
    of which the worst is to be said, if there is anything to say.
    """

    next: tuple[Own, ...]
    past: tuple[Own, ...]
    worst: Freshness | None


def own_list(uow: UnitOfWork, patient: Patient, profile: Profile) -> OwnList:
    """Return what a patient sees; as many statements for one appointment as for hundreds."""
    desk, sources = Desk(uow, profile), freshness_of(uow)
    asked = Question(since=uow.now - _YEAR, patient_id=patient.id)
    found = uow.details.search(asked, None, _MOST)
    shown = [_own(desk, one, sources) for one in found]
    coming = tuple(one for one in shown if not one.over)
    past = tuple(one for one in reversed(shown) if one.over)
    return OwnList(coming, past, worst_of(sources.values()))


def the_own(uow: UnitOfWork, patient: Patient, appointment_id: int, profile: Profile) -> Own:
    """Return one; raises AppointmentNotFound for what is not the patient's."""
    return _own(Desk(uow, profile), _booked(uow, patient, appointment_id), freshness_of(uow))


def free_to_move(
    uow: UnitOfWork,
    patient: Patient,
    appointment_id: int,
    within: Slot,
    profile: Profile,
    *,
    any_doctor: bool = False,
    limit: int | None = None,
) -> list[FreeSlot]:
    """Return where a patient may move an appointment to, in order of time; it is not in its own
    way. With its doctor, or with any. Nothing where it is not to be moved.

    Raises AppointmentNotFound or Invalid.
    """
    booked = _booked(uow, patient, appointment_id)
    desk, appointment = Desk(uow, profile), booked.appointment
    if not _own(desk, booked, {}).may_move:
        return []
    seconds = appointment.slot.end.timestamp() - appointment.slot.start.timestamp()
    search = Search(
        desk.type_of(booked),
        within,
        minutes=round(seconds / 60),
        doctor_ids=() if any_doctor else (appointment.doctor_id or 0,),
        patient_id=patient.id,
        online=True,
        own=(appointment.id, object_of(desk, appointment).id),
    )
    return free(desk, search, limit)


def _booked(uow: UnitOfWork, patient: Patient, appointment_id: int) -> Booked:
    found = uow.details.booked(appointment_id)
    if found is None or found.appointment.patient_id != patient.id:
        raise AppointmentNotFound("There is no such appointment.")
    return found


def _own(desk: Desk, booked: Booked, sources: dict[str, Freshness]) -> Own:
    one, now = booked.appointment, desk.uow.now
    kind = desk.type_of(booked)
    doctor = desk.doctors.get(one.doctor_id or 0)
    room = desk.rooms.get(one.room_id or 0)
    alive = one.status is not Status.CANCELLED and booked.etag is not None
    begun = one.slot.start <= now or booked.details.progress is not Progress.NONE
    may_cancel = alive and not begun
    late = LateCancellation(desk.rules, now).is_late(one.slot)
    bookable = desk.rules.online and kind.id in desk.types
    movable = bookable and doctor is not None and OnlineOnly(desk.rules).broken_by(kind) is None
    return Own(
        id=one.id,
        uid=one.uid,
        slot=one.slot,
        status=one.status,
        kind=kind.name,
        kind_en=kind.name_en or kind.name,
        doctor=doctor.name if doctor else "",
        doctor_slug=doctor.slug if doctor else "",
        room=room.name if room else "",
        note=booked.details.patient_note,
        over=one.slot.end <= now,
        late=late and one.status is Status.CONFIRMED,  # a mere request never is
        may_cancel=may_cancel,
        may_move=may_cancel and movable and not late,
        freshness=sources.get(one.booking_source or ""),
    )
