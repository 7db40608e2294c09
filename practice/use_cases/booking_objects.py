"""The calendar objects of bookings: what they say, under which names, and what else is then.

Not here: which side's changes they have (`practice.use_cases.taking_over`).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, count
from typing import TYPE_CHECKING

from practice.calendar_zone import zone_of
from practice.calendars import CalendarKind, Draft, Span
from practice.use_cases.booking_event import event_of
from practice.use_cases.reading import busy_times
from practice.vevent import Busy, fingerprints, read, write
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from practice.accounts import Room
    from practice.appointments import Appointment, Booking, Slot, Status
    from practice.calendars import Calendar, CalendarObject
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.vevent import Event

__all__ = ["BookedObjects", "differ"]


class BookedObjects:
    """The objects of a batch of bookings, in the practice's calendars and rooms."""

    def __init__(
        self,
        uow: UnitOfWork,
        profile: Profile,
        calendars: Sequence[Calendar],
        rooms: Mapping[str, Room],
    ) -> None:
        self._uow = uow
        self._profile = profile
        self._calendars = {c.id: c for c in calendars}
        self._unions = tuple(c for c in calendars if c.kind is CalendarKind.UNION)
        self._rooms = rooms

    def text(self, booking: Booking, uid: str, number: str) -> str:
        """Return the text of a new object; `number` is the patient's."""
        event = self.event(booking, number, uid, booking.slot, booking.status)
        return write(event, self._profile.zone)

    def event(self, booking: Booking, number: str, uid: str, slot: Slot, status: Status) -> Event:
        """Return the event of a booking as it stands here, when and whether."""
        room, now = self._rooms.get(booking.room), self._uow.now
        # The practice may have moved or confirmed it.
        booking = replace(booking, slot=slot, status=status)
        return event_of(booking, uid, number, room, self._profile, now)

    def of(self, known: Appointment) -> CalendarObject | None:
        """Return the object of an appointment; None if the practice has removed it."""
        holders = self._uow.calendars.uid_holders(known.uid)
        head = next((h for h in holders if h.calendar_id == known.calendar_id), None)
        calendar = self._calendars.get(known.calendar_id)
        if head is None or calendar is None or head.component != "VEVENT":
            return None
        whole = View(calendar, (calendar,), self._uow.epoch)
        return self._uow.calendars.get(whole, [head.href]).get(head.href)

    def last_written(self, item: CalendarObject, number: int) -> str:
        """Return an object's text as it was written last for the tool, which was the change of a
        number; as it is if that is forgotten.
        """
        if item.number == number:
            return item.text
        rows = self._uow.calendars.log(number - 1, 1)
        last = next((r.after for r in rows if (r.number, r.uid) == (number, item.uid)), None)
        return last or item.text

    def name_in(self, calendar: Calendar, item: CalendarObject) -> str:
        """Return the name in another calendar; a client may have put the object there already."""
        holders = self._uow.calendars.uid_holders(item.uid)
        there = next((h.href for h in holders if h.calendar_id == calendar.id), None)
        return there or self.free_name(calendar, item.href)

    def free_name(self, calendar: Calendar, href: str) -> str:
        """Return `href`, or one like it if another object has it: clients name as they like."""
        stem = href.removesuffix(".ics")[:60]
        names = chain([href], (f"{stem}-{n}.ics" for n in count(2)))
        return next(name for name in names if self._uow.calendars.head(calendar, name) is None)

    def is_taken(self, calendar: Calendar, draft: Draft, own_id: int = 0) -> bool:
        """Tell whether the doctor has something else at that time."""
        wanted = draft.facts.occurrences[0]
        if wanted.busy is Busy.FREE:
            return False
        whole = View(calendar, (calendar, *self._unions), self._uow.epoch)
        span = Span(wanted.start, wanted.end)
        return bool(busy_times(self._uow, whole, span, self._profile, leave_out=own_id))

    def draft(self, calendar: Calendar, href: str, text: str) -> Draft:
        """Return a draft; raises Invalid if no calendar can have it."""
        profile = self._profile
        zone = zone_of(calendar, profile)
        facts = read(text, zone=zone, now=self._uow.now, limits=profile.limits)
        return Draft(href, text, facts)


def differ(text: str, other: str) -> bool:
    """Tell whether two texts of one object differ in what a tool may set."""
    return text != other and fingerprints(text) != fingerprints(other)
