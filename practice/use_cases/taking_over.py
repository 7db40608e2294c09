"""Taking a booking over into the calendars: a new one is made, a known one changed, brought back or
only noted.

Each step writes object, appointment and letters together. Not here: which bookings are taken
over, and which side stands (`practice.use_cases.book`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from practice.appointments import Appointment, Booking
from practice.calendars import CalendarObject, Draft, Place
from practice.conflicts import Terms
from practice.errors import Invalid
from practice.use_cases.appointments import tell
from practice.use_cases.booking_base import Base, merged, terms_of
from practice.use_cases.booking_event import uid_of
from practice.use_cases.booking_objects import BookedObjects, differ
from practice.use_cases.disputes import Sides, settle_sides
from practice.use_cases.patients import Register, record_of, touch_copies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from practice.calendars import Calendar
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["Outcome", "Taken", "TakingOver"]

_Made = TypeVar("_Made")
#: Stands for the number of a new patient, who gets it when saved; as long as any, so that a text
#: is not too long only then.
_SOME_NUMBER = "P" + "0" * 19


class Outcome(StrEnum):
    """What became of one booking."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    #: The practice has removed the object; the booking is noted and nothing is made anew.
    REMOVED_HERE = "removed here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """One booking and what became of it; `reason` says why it was refused, without its data.

    `double` tells that the doctor has something else at that time: the tool has promised the
    slot already, so the booking is taken and a person has to look.
    """

    booking: Booking
    outcome: Outcome
    reason: str = ""
    double: bool = False


class TakingOver:
    """How bookings of one tool are taken over; what they need is looked up for all at once."""

    def __init__(
        self,
        uow: UnitOfWork,
        tool: str,
        bookings: Sequence[Booking],
        profile: Profile,
        asked: datetime | None,
    ) -> None:
        self._uow = uow
        self._tool = tool
        self._profile = profile
        self._asked = asked
        self._doctors = {doctor.slug: doctor.id for doctor in uow.house.doctors()}
        self._rooms = {room.slug: room for room in uow.house.rooms()}
        calendars = uow.calendars.all()
        self._calendars = {c.doctor_id: c for c in calendars if c.doctor_id is not None}
        self._calendars_by_id = {c.id: c for c in calendars}
        self._objects = BookedObjects(uow, profile, calendars, self._rooms)
        self._patients = Register(uow, [record_of(b) for b in bookings])

    def calendar_of(self, booking: Booking) -> Calendar:
        """Return the calendar of a booking's doctor; Invalid if there is no such doctor or room."""
        doctor_id = self._doctors.get(booking.doctor)
        if doctor_id is None or doctor_id not in self._calendars:
            raise Invalid(
                f"The practice has no doctor '{booking.doctor}' (praxis-caldav doctor add)."
            )
        if booking.room and booking.room not in self._rooms:
            raise Invalid(f"The practice has no room '{booking.room}' (praxis-caldav room add).")
        return self._calendars[doctor_id]

    def terms_of(self, known: Appointment) -> Terms:
        """Return an appointment as it is compared with its booking."""
        slugs = {doctor_id: slug for slug, doctor_id in self._doctors.items()}
        return terms_of(known, slugs, {room.id: slug for slug, room in self._rooms.items()})

    def create(self, booking: Booking, calendar: Calendar) -> tuple[Taken, Appointment]:
        """Make a booking nobody knew an object in a calendar, and an appointment."""
        uid = uid_of(self._tool, booking, self._profile)
        href = _name_of(uid)
        place = self._uow.calendars.place(calendar, href, uid)
        if place.holders:
            raise Invalid("An object that did not come from this booking has its UID.")
        if place.there is not None:
            href, place = self._objects.free_name(calendar, href), Place(None, ())
        found = self._patients.find(record_of(booking))
        text = self._objects.text(booking, uid, found.number or _SOME_NUMBER)
        draft = self._objects.draft(calendar, href, text)  # refused before anything is saved
        patient = self._patients.keep(found)
        if patient.number != found.number:
            facts = replace(draft.facts, patient_number=patient.number)
            draft = Draft(href, self._objects.text(booking, uid, patient.number), facts)
        double = self._objects.is_taken(calendar, draft)
        head = self._uow.calendars.save(calendar, draft, place)
        room = self._rooms.get(booking.room)
        made = Appointment(
            uid=uid,
            slot=booking.slot,
            status=booking.status,
            doctor_id=calendar.doctor_id,
            calendar_id=calendar.id,
            patient_id=patient.id,
            room_id=room.id if room else None,
            kind=booking.kind or None,
            insurance=booking.insurance or None,
            requires_confirmation=booking.requires_confirmation,
            booking_source=self._tool,
            booking_id=booking.id,
            booking_base=Base(number=head.number).taken_over(booking, self._asked).stored(),
        )
        saved = self._uow.appointments.save(made)
        tell(self._uow, None, saved, by_booking_tool=True)
        return Taken(booking, Outcome.CREATED, double=double), saved

    def follow(
        self, booking: Booking, known: Appointment, sides: Sides
    ) -> tuple[Taken, Appointment]:
        """Have a known appointment follow its booking, as far as the tool's side stands."""
        item = self._objects.of(known)
        if item is not None:
            return self._change(booking, known, item, sides)
        if sides.is_back and not self._uow.calendars.uid_holders(known.uid):
            return self._bring_back(booking, known, sides)
        return self._note_removed(booking, known, sides)

    def _change(
        self, booking: Booking, known: Appointment, item: CalendarObject, sides: Sides
    ) -> tuple[Taken, Appointment]:
        """Change what the tool changed since it was last asked; the rest is the practice's."""
        base = Base.of(known)
        changed = sides.followed
        after = self._merged(booking, known, changed)
        old = self._calendars_by_id[known.calendar_id]
        new = self._calendars.get(after.doctor_id or 0, old)
        href = item.href if new.id == old.id else self._objects.name_in(new, item)

        last = self._objects.last_written(item, base.number)

        def drafted(patient: Patient) -> tuple[Draft, tuple[str, ...]]:
            event = self._objects.event(
                booking, patient.number, known.uid, after.slot, after.status
            )
            text, kept = merged(item.text, last, event, base, changed, self._profile)
            return replace(self._objects.draft(new, href, text), owner_id=item.owner_id), kept

        same_person = base.person == Base.told(booking).person
        found = self._patient_of(booking, known.patient_id if same_person else None)
        patient, (draft, kept) = self._for_patient(found, drafted)
        moved = bool(changed & {"start", "end", "doctor"})
        double = moved and self._objects.is_taken(new, draft, item.id)
        number, written = base.number, old.id != new.id or differ(item.text, draft.text)
        if old.id != new.id:
            self._uow.calendars.remove(old, item.href)
        if written:
            number = self._uow.calendars.save(new, draft).number
        base = replace(base, number=number, kept=kept).taken_over(booking, self._asked)
        after = replace(
            after, calendar_id=new.id, patient_id=patient.id, booking_base=base.stored()
        )
        saved = self._keep(known, after, sides)
        if known.patient_id != patient.id:
            touch_copies(self._uow, known.uid, new.id)
        outcome = Outcome.CHANGED if written else Outcome.UNCHANGED
        return Taken(booking, outcome, double=double), saved

    def _bring_back(
        self, booking: Booking, known: Appointment, sides: Sides
    ) -> tuple[Taken, Appointment]:
        """Write an object anew that was removed here, as both had agreed."""
        after = self._merged(booking, known, sides.followed)
        old = self._calendars_by_id[known.calendar_id]
        calendar = self._calendars.get(after.doctor_id or 0, old)
        href = self._objects.free_name(calendar, _name_of(known.uid))
        stands = replace(booking, slot=after.slot, status=after.status)

        def drafted(patient: Patient) -> Draft:
            text = self._objects.text(stands, known.uid, patient.number)
            return self._objects.draft(calendar, href, text)

        same_person = Base.of(known).person == Base.told(booking).person
        found = self._patient_of(booking, known.patient_id if same_person else None)
        patient, draft = self._for_patient(found, drafted)
        double = self._objects.is_taken(calendar, draft)
        head = self._uow.calendars.save(calendar, draft)
        base = Base(number=head.number).taken_over(booking, self._asked)
        after = replace(
            after, calendar_id=calendar.id, patient_id=patient.id, booking_base=base.stored()
        )
        saved = self._keep(known, after, sides)
        return Taken(booking, Outcome.CHANGED, double=double), saved

    def _note_removed(
        self, booking: Booking, known: Appointment, sides: Sides
    ) -> tuple[Taken, Appointment]:
        base = Base.of(known).taken_over(booking, self._asked)
        saved = self._keep(known, replace(known, booking_base=base.stored()), sides)
        return Taken(booking, Outcome.REMOVED_HERE), saved

    def _keep(self, known: Appointment, after: Appointment, sides: Sides) -> Appointment:
        saved = self._uow.appointments.save(after)
        tell(self._uow, known, saved, by_booking_tool=True)
        settle_sides(self._uow, self._tool, saved, sides)
        return saved

    def _merged(
        self, booking: Booking, known: Appointment, changed: AbstractSet[str]
    ) -> Appointment:
        after = replace(
            known,
            kind=booking.kind or None,
            insurance=booking.insurance or None,
            requires_confirmation=booking.requires_confirmation,
        )
        if changed & {"start", "end"}:
            after = replace(after, slot=booking.slot)
        if "status" in changed:
            after = replace(after, status=booking.status)
        if "doctor" in changed:
            after = replace(after, doctor_id=self._doctors[booking.doctor])
        if "room" in changed:
            room = self._rooms.get(booking.room)
            after = replace(after, room_id=room.id if room else None)
        return after

    def _patient_of(self, booking: Booking, patient_id: int | None) -> Patient:
        """Return the patient, who stays the same as long as the tool names nobody else."""
        if patient_id is None:
            return self._patients.find(record_of(booking))
        return self._patients.known(patient_id, record_of(booking))

    def _for_patient(
        self, found: Patient, make: Callable[[Patient], _Made]
    ) -> tuple[Patient, _Made]:
        """Save a patient and return it with what `make` makes for it.

        Made before, too: whatever is refused is refused before anything is saved.
        """
        made = make(found)
        patient = self._patients.keep(found)
        return patient, made if patient.number == found.number else make(patient)


def _name_of(uid: str) -> str:
    return f"{uid.partition('@')[0]}.ics"
