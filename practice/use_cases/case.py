"""One appointment that is being changed: looked up, claimed anew, and kept with all that tells of
it.

Not here: which changes there are (`practice.use_cases.rearranging`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.details import Booked
from practice.errors import Invalid, PreconditionFailed
from practice.use_cases.appointment_acts import differing, told_of
from practice.use_cases.appointments import tell
from practice.use_cases.arranged_objects import Told, object_of, rewrite
from practice.use_cases.arranging import LONGEST_REASON, booked_with
from practice.use_cases.claims import Claim, settled
from practice.use_cases.desk import Desk
from practice.use_cases.entered import entered
from practice.use_cases.patients import touch_copies

if TYPE_CHECKING:
    from practice.appointments import Appointment
    from practice.details import Details
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import AppointmentType

__all__ = ["Case"]

#: What takes time, somebody's or something's.
_TAKES = ("slot", "doctor_id", "room_id", "patient_id")


class Case:
    """An appointment as it is known, its type, and the practice around it.

    Raises AppointmentNotFound, or PreconditionFailed if its object's ETag is not what is expected.
    """

    def __init__(
        self, uow: UnitOfWork, appointment_id: int, profile: Profile, expected: str | None = None
    ) -> None:
        self.known = booked_with(uow, appointment_id)
        if expected is not None and expected != self.known.etag:
            raise PreconditionFailed("The appointment is not as you last saw it.")
        self.desk = Desk(uow, profile)
        self.kind = self.desk.type_of(self.known)

    def takes_otherwise(self, after: Appointment, kind: AppointmentType) -> bool:
        """Tell whether it would take what it does not take now."""
        was = self.known.appointment
        return kind.id != self.kind.id or any(getattr(was, n) != getattr(after, n) for n in _TAKES)

    def claim(
        self,
        after: Appointment,
        kind: AppointmentType,
        details: Details,
        override: str,
        *,
        room_id: int | None = None,
        online: bool = False,
    ) -> tuple[Appointment, Details]:
        """Return the appointment with its room, and its details with what was overridden.

        Raises RuleBroken or SlotTaken. In `room_id` or none; else where it is, if that will do.
        """
        desk, was = self.desk, self.known.appointment
        if after.doctor_id is None:
            raise Invalid("The appointment is no doctor's; change it in the calendar.")
        override = "" if online else entered("reason of the override", override, LONGEST_REASON)
        held_by = (was.id, object_of(desk, was).id)
        claim = Claim(
            kind,
            desk.doctor(after.doctor_id),
            after.slot,
            room_id,
            after.patient_id,
            own=held_by,
            prefers=after.room_id,
            online=online,
            stays=after.slot.start == was.slot.start,
        )
        room, overridden = settled(desk, claim, override)
        if overridden:
            told = {"over": list(overridden), "because": override}
            desk.uow.acts.note("overridden", Kind.APPOINTMENT, was.id, None, told)
            details = replace(details, override=override)
        return replace(after, room_id=room), details

    def keep(
        self, after: Appointment, details: Details, kind: AppointmentType, action: str
    ) -> Booked:
        """Write everything down that is otherwise, and have it told; `action` names the act."""
        uow, was = self.desk.uow, self.known
        people = uow.patients.get([after.patient_id] if after.patient_id else [])
        patient = people.get(after.patient_id or 0)
        etag = was.etag
        if after != was.appointment or details.reason != was.details.reason:
            before = Told(was.appointment, was.details, was.patient, self.kind)
            item = object_of(self.desk, was.appointment)
            etag = rewrite(self.desk, before, Told(after, details, patient, kind), item)
        if after != was.appointment:
            tell(uow, was.appointment, uow.appointments.save(after))
            if after.patient_id != was.appointment.patient_id:
                touch_copies(uow, after.uid, after.calendar_id)
        told = told_of(was.appointment, was.details), told_of(after, details)
        if told[0] != told[1]:
            uow.acts.note(action, Kind.APPOINTMENT, after.id, *differing(*told))
        if details != was.details:
            details = replace(details, changed=uow.now)
            uow.details.save(details)
        return Booked(after, details, patient, etag, was.owner_id)
