"""Taking over what a booking tool tells: the one use case behind every way bookings arrive.

A booking becomes an appointment and a calendar object. Taking the same bookings again changes
nothing; a changed one changes what the tool changed and leaves what the practice did since. An
object that the practice removed stays removed. Nothing is ever deleted here, and nobody is told:
the tool knows, and tells its patients itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import astuple, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from practice.appointments import Appointment, Booking, Slot, Status
from practice.calendars import Calendar, CalendarObject, Draft, Span, View
from practice.errors import Invalid
from practice.patients import PatientRecord
from practice.use_cases.patients import Register
from practice.vevent import Busy, Event, read, revise, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from practice.accounts import Room
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["Outcome", "Taken", "take_bookings"]

#: Characters that fit into the tables.
_LONGEST = {
    "id": 255,
    "last_name": 255,
    "first_name": 255,
    "email": 255,
    "phone": 64,
    "patient_number": 64,
    "kind": 255,
}
#: Properties whose value is a matter of what the tool changed, not of who wrote it last.
_TIMES = frozenset({"DTSTART", "DTEND", "DURATION"})
_FOLLOWS = {
    "start": _TIMES,
    "end": _TIMES,
    "status": frozenset({"STATUS", "X-REQUIRES-CONFIRMATION"}),
    "room": frozenset({"LOCATION"}),
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
    return _Desk(uow, tool, bookings, profile).take_all()


class _Desk:
    """One batch: what it needs to know is looked up for all bookings at once."""

    def __init__(
        self, uow: UnitOfWork, tool: str, bookings: Sequence[Booking], profile: Profile
    ) -> None:
        self._uow = uow
        self._tool = tool
        self._bookings = bookings
        self._profile = profile
        self._doctors = {doctor.slug: doctor.id for doctor in uow.house.doctors()}
        self._rooms = {room.slug: room for room in uow.house.rooms()}
        calendars = uow.calendars.all()
        self._calendars = {c.doctor_id: c for c in calendars if c.doctor_id is not None}
        self._calendars_by_id = {c.id: c for c in calendars}
        self._known = dict(uow.appointments.by_booking(tool, [b.id for b in bookings]))
        news = [b for b in bookings if not self._is_same(b)]
        self._patients = Register(uow, [_record(b) for b in news])

    def take_all(self) -> list[Taken]:
        taken = []
        for booking in self._bookings:
            try:
                taken.append(self._take(booking))
            except Invalid as error:
                taken.append(Taken(booking, Outcome.REFUSED, str(error)))
        return taken

    def _is_same(self, booking: Booking) -> bool:
        known = self._known.get(booking.id)
        return known is not None and _base(known).get("digest") == _digest(booking)

    def _take(self, booking: Booking) -> Taken:
        if self._is_same(booking):
            return Taken(booking, Outcome.UNCHANGED)
        doctor_id = self._doctors.get(booking.doctor)
        if doctor_id is None or doctor_id not in self._calendars:
            raise Invalid(
                f"The practice has no doctor '{booking.doctor}' (praxis-caldav doctor add)."
            )
        if booking.room and booking.room not in self._rooms:
            raise Invalid(f"The practice has no room '{booking.room}' (praxis-caldav room add).")
        known = self._known.get(booking.id)
        if known is None:
            return self._create(booking, self._calendars[doctor_id])
        return self._change(booking, known)

    def _create(self, booking: Booking, calendar: Calendar) -> Taken:
        patient = self._patients.patient_for(_record(booking))
        uid = self._uid(booking)
        event = self._event(booking, patient, uid, booking.slot, booking.status)
        draft = self._draft(f"{uid.partition('@')[0]}.ics", write(event, self._profile.zone))
        double = self._is_taken(calendar, draft)
        self._uow.calendars.save(calendar, draft)
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
            booking_base=_written_base(booking),
        )
        self._known[booking.id] = self._uow.appointments.save(made)
        return Taken(booking, Outcome.CREATED, double=double)

    def _change(self, booking: Booking, known: Appointment) -> Taken:
        """Change what the tool changed since it was last asked; the rest is the practice's."""
        after = self._merged(booking, known)
        item = self._object_of(known)
        outcome = Outcome.REMOVED_HERE
        if item is not None:
            patient = self._patients.patient_for(_record(booking))
            event = self._event(booking, patient, known.uid, after.slot, after.status)
            old = self._calendars_by_id[known.calendar_id]
            new = self._calendars.get(after.doctor_id or 0, old)
            after = replace(after, calendar_id=new.id, patient_id=patient.id)
            text = revise(item.text, event, self._profile.zone)
            draft = replace(self._draft(item.href, text), owner_id=item.owner_id)
            if old.id != new.id:
                self._uow.calendars.remove(old, item.href)
            self._uow.calendars.save(new, draft)
            outcome = Outcome.CHANGED
        else:
            after = replace(known, booking_base=after.booking_base)
        self._known[booking.id] = self._uow.appointments.save(after)
        return Taken(booking, outcome)

    def _merged(self, booking: Booking, known: Appointment) -> Appointment:
        base = _base(known)
        told = json.loads(_written_base(booking))
        changed = {name for name in told if told[name] != base.get(name)}
        room = self._rooms.get(booking.room)
        after = replace(known, booking_base=json.dumps(told), kind=booking.kind or None)
        if changed & {"start", "end"}:
            after = replace(after, slot=booking.slot)
        if "status" in changed:
            after = replace(after, status=booking.status)
        if "doctor" in changed:
            after = replace(after, doctor_id=self._doctors[booking.doctor])
        if "room" in changed:
            after = replace(after, room_id=room.id if room else None)
        return replace(
            after,
            insurance=booking.insurance or None,
            requires_confirmation=booking.requires_confirmation,
        )

    def _object_of(self, known: Appointment) -> CalendarObject | None:
        holders = self._uow.calendars.uid_holders(known.uid)
        head = next((h for h in holders if h.calendar_id == known.calendar_id), None)
        calendar = self._calendars_by_id.get(known.calendar_id)
        if head is None or calendar is None or calendar.doctor_id not in self._calendars:
            return None
        whole = View(calendar, (calendar,), self._uow.epoch)
        return self._uow.calendars.get(whole, [head.href]).get(head.href)

    def _is_taken(self, calendar: Calendar, draft: Draft) -> bool:
        wanted = draft.facts.occurrences[0]
        if wanted.busy is Busy.FREE:
            return False
        whole = View(calendar, (calendar,), self._uow.epoch)
        return bool(self._uow.calendars.occupied(whole, Span(wanted.start, wanted.end)))

    def _draft(self, href: str, text: str) -> Draft:
        profile = self._profile
        facts = read(text, zone=profile.zone, now=self._uow.now, limits=profile.limits)
        return Draft(href, text, facts)

