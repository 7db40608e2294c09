"""Taking over what a booking tool tells: the one use case behind every way bookings arrive.

A booking becomes an appointment and a calendar object. Taking the same bookings again changes
nothing; a changed one changes what the tool changed and leaves what the practice did since. Where
both changed the same, the practice's side stands (`practice.conflicts`). An object that the
practice removed stays removed, unless both had agreed on that and the tool has it booked again.
Nothing is ever deleted here. The tool is told only what it is to have otherwise, and tells its
patients itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from practice.appointments import Appointment, Booking, Told
from practice.calendars import CalendarObject, Draft, Place
from practice.conflicts import decide
from practice.details import Details
from practice.errors import Invalid
from practice.use_cases.appointments import tell
from practice.use_cases.booking_base import Base, merged, terms_of
from practice.use_cases.booking_event import uid_of
from practice.use_cases.booking_objects import BookedObjects, differ
from practice.use_cases.cancellations import note_cancelled
from practice.use_cases.disputes import Sides, settle_sides
from practice.use_cases.patients import Register, record_of, touch_copies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime, timedelta

    from practice.calendars import Calendar
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["Outcome", "Taken", "take_bookings", "take_told"]

_Made = TypeVar("_Made")
#: Stands for the number of a new patient, who gets it when saved; as long as any, so that a text
#: is not too long only then.
_SOME_NUMBER = "P" + "0" * 19
#: Noted for the staff at an appointment that the tool has promised and the doctor is busy for.
_DOUBLE = "Zur selben Zeit hat der Arzt einen weiteren Termin."
#: Characters that fit into the tables.
_LONGEST = {
    "id": 255,
    "last_name": 255,
    "first_name": 255,
    "email": 255,
    "phone": 64,
    "patient_number": 64,
    "insurance_number": 64,
    "kind": 255,
}


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


def take_bookings(
    uow: UnitOfWork, tool: str, bookings: Sequence[Booking], profile: Profile
) -> list[Taken]:
    """Take over a batch of bookings of one tool; the order of the answer is theirs.

    Refused bookings leave nothing behind and do not hinder the others. A batch of a few hundred
    keeps the transaction short.
    """
    return take_told(uow, tool, [Told(booking) for booking in bookings], profile)


def take_told(
    uow: UnitOfWork,
    tool: str,
    told: Sequence[Told],
    profile: Profile,
    heard: datetime | None = None,
    asked: datetime | None = None,
) -> list[Taken]:
    """Take over bookings as `take_bookings` does, with what the tool tells of their changes.

    `heard` is when all of the tool's bookings were known last: what it does not date is younger.
    `asked` is when the tool was asked for these: what has been heard of one since stands, and what
    it has been told.
    """
    return _Desk(uow, tool, told, profile, heard, asked).take_all()


class _Desk:
    """One batch: what it needs to know is looked up for all bookings at once."""

    def __init__(
        self,
        uow: UnitOfWork,
        tool: str,
        told: Sequence[Told],
        profile: Profile,
        heard: datetime | None,
        asked: datetime | None,
    ) -> None:
        self._uow = uow
        self._tool = tool
        self._told = told
        self._profile = profile
        self._heard = heard
        self._asked = asked
        self._doctors = {doctor.slug: doctor.id for doctor in uow.house.doctors()}
        self._rooms = {room.slug: room for room in uow.house.rooms()}
        calendars = uow.calendars.all()
        self._calendars = {c.doctor_id: c for c in calendars if c.doctor_id is not None}
        self._calendars_by_id = {c.id: c for c in calendars}
        self._objects = BookedObjects(uow, profile, calendars, self._rooms)
        ids = [known_as for one in told for known_as in (one.booking.id, *one.before)]
        self._known = dict(uow.appointments.by_booking(tool, ids))
        news = [one.booking for one in told if not self._is_same(one.booking)]
        self._patients = Register(uow, [record_of(b) for b in news])

    def take_all(self) -> list[Taken]:
        taken = []
        for one in self._told:
            try:
                taken.append(self._noted(self._take(one)))
            except Invalid as error:
                taken.append(Taken(one.booking, Outcome.REFUSED, str(error)))
        return taken

    def _noted(self, taken: Taken) -> Taken:
        """Have the staff see that the doctor has something else then."""
        known = self._known.get(taken.booking.id)
        if taken.double and known is not None:
            found = self._uow.details.booked(known.id)
            details = found.details if found else Details.unknown_of(known)
            if _DOUBLE not in details.note:
                note = "\n".join(filter(None, (details.note, _DOUBLE)))
                self._uow.details.save(replace(details, note=note, changed=self._uow.now))
        return taken

    def _is_same(self, booking: Booking) -> bool:
        known = self._known.get(booking.id)
        return known is not None and Base.of(known).digest == Base.told(booking).digest

    def _take(self, told: Told) -> Taken:
        booking = told.booking
        if self._is_same(booking):
            return Taken(booking, Outcome.UNCHANGED)
        _check_lengths(booking)
        doctor_id = self._doctors.get(booking.doctor)
        if doctor_id is None or doctor_id not in self._calendars:
            raise Invalid(
                f"The practice has no doctor '{booking.doctor}' (praxis-caldav doctor add)."
            )
        if booking.room and booking.room not in self._rooms:
            raise Invalid(f"The practice has no room '{booking.room}' (praxis-caldav room add).")
        known_as = (booking.id, *told.before)
        known = next((self._known[one] for one in known_as if one in self._known), None)
        if known is None:
            return self._create(booking, self._calendars[doctor_id])
        if not Base.of(known).is_older(self._asked, self._uow.now):
            return Taken(booking, Outcome.UNCHANGED)
        sides = self._sides(told, known)
        self._known.pop(known.booking_id or "", None)  # it may have another id from now on
        known = replace(known, booking_id=booking.id)
        item = self._objects.of(known)
        if item is not None:
            taken = self._change(booking, known, item, sides)
        elif sides.is_back and not self._uow.calendars.uid_holders(known.uid):
            taken = self._bring_back(booking, known, sides)
        else:
            taken = self._note_removed(booking, known, sides)
        note_cancelled(self._uow, known, self._known[booking.id], told.changed or self._heard)
        return taken

    def _sides(self, told: Told, known: Appointment) -> Sides:
        """Return what practice and tool have of an appointment, and what stands."""
        slugs = {doctor_id: slug for slug, doctor_id in self._doctors.items()}
        rooms = {room.id: slug for slug, room in self._rooms.items()}
        ours, theirs = terms_of(known, slugs, rooms), Base.told(told.booking).terms
        base = Base.of(known).before(theirs)
        return Sides(base, ours, theirs, decide(base, ours, theirs, self._age(told)))

    def _age(self, told: Told) -> timedelta | None:
        since = told.changed or self._heard
        return None if since is None else self._uow.now - since

    def _create(self, booking: Booking, calendar: Calendar) -> Taken:
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
        saved = self._known[booking.id] = self._uow.appointments.save(made)
        tell(self._uow, None, saved, by_booking_tool=True)
        return Taken(booking, Outcome.CREATED, double=double)

    def _change(
        self, booking: Booking, known: Appointment, item: CalendarObject, sides: Sides
    ) -> Taken:
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
        self._keep(known, after, sides)
        if known.patient_id != patient.id:
            touch_copies(self._uow, known.uid, new.id)
        return Taken(booking, Outcome.CHANGED if written else Outcome.UNCHANGED, double=double)

    def _bring_back(self, booking: Booking, known: Appointment, sides: Sides) -> Taken:
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
        self._keep(known, after, sides)
        return Taken(booking, Outcome.CHANGED, double=double)

    def _note_removed(self, booking: Booking, known: Appointment, sides: Sides) -> Taken:
        base = Base.of(known).taken_over(booking, self._asked)
        self._keep(known, replace(known, booking_base=base.stored()), sides)
        return Taken(booking, Outcome.REMOVED_HERE)

    def _keep(self, known: Appointment, after: Appointment, sides: Sides) -> None:
        saved = self._known[after.booking_id or ""] = self._uow.appointments.save(after)
        tell(self._uow, known, saved, by_booking_tool=True)
        settle_sides(self._uow, self._tool, saved, sides)

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


def _check_lengths(booking: Booking) -> None:
    for name, longest in _LONGEST.items():
        if len(getattr(booking, name)) > longest:
            raise Invalid(f"The booking's {name.replace('_', ' ')} is longer than {longest}.")
