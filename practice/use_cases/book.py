"""Taking over what a booking tool tells: the one use case behind every way bookings arrive.

A booking becomes an appointment and a calendar object. Taking the same bookings again changes
nothing; a changed one changes what the tool changed and leaves what the practice did since. Where
both changed the same, the practice's side stands (`practice.conflicts`). An object that the
practice removed stays removed, unless both had agreed on that and the tool has it booked again.
Nothing is ever deleted here. The tool is told only what it is to have otherwise, and tells its
patients itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.appointments import Appointment, Booking, Told
from practice.conflicts import decide
from practice.details import Details
from practice.errors import Invalid
from practice.use_cases.booking_base import Base
from practice.use_cases.cancellations import note_cancelled
from practice.use_cases.disputes import Sides
from practice.use_cases.taking_over import Outcome, Taken, TakingOver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["take_bookings", "take_told"]

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
        self._told = told
        self._heard = heard
        self._asked = asked
        ids = [known_as for one in told for known_as in (one.booking.id, *one.before)]
        self._known = dict(uow.appointments.by_booking(tool, ids))
        news = [one.booking for one in told if not self._is_same(one.booking)]
        self._over = TakingOver(uow, tool, news, profile, asked)

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
        calendar = self._over.calendar_of(booking)
        known_as = (booking.id, *told.before)
        known = next((self._known[one] for one in known_as if one in self._known), None)
        if known is None:
            taken, self._known[booking.id] = self._over.create(booking, calendar)
            return taken
        if not Base.of(known).is_older(self._asked, self._uow.now):
            return Taken(booking, Outcome.UNCHANGED)
        sides = self._sides(told, known)
        self._known.pop(known.booking_id or "", None)  # it may have another id from now on
        known = replace(known, booking_id=booking.id)
        taken, after = self._over.follow(booking, known, sides)
        self._known[booking.id] = after
        note_cancelled(self._uow, known, after, told.changed or self._heard)
        return taken

    def _sides(self, told: Told, known: Appointment) -> Sides:
        """Return what practice and tool have of an appointment, and what stands."""
        ours, theirs = self._over.terms_of(known), Base.told(told.booking).terms
        base = Base.of(known).before(theirs)
        return Sides(base, ours, theirs, decide(base, ours, theirs, self._age(told)))

    def _age(self, told: Told) -> timedelta | None:
        since = told.changed or self._heard
        return None if since is None else self._uow.now - since


def _check_lengths(booking: Booking) -> None:
    for name, longest in _LONGEST.items():
        if len(getattr(booking, name)) > longest:
            raise Invalid(f"The booking's {name.replace('_', ' ')} is longer than {longest}.")
