"""The practice as it is when somebody books: doctors, rooms, types, calendars, hours and rules.

Looked up once for whatever one unit of work books; each costs a statement, when it is first asked
for. Not here: what is taken (`practice.use_cases.taken`).
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from practice.errors import OfferNotFound
from practice.schedule import AppointmentType, WorkingHours, concerning, openings
from practice.schedule.holidays import holidays_between
from practice.schedule.records import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from practice.accounts import Doctor, Room
    from practice.appointments import Slot
    from practice.calendars import Calendar
    from practice.details import Booked, Category
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.schedule import BookingRules, HoursException

__all__ = ["Desk"]


class Desk:
    """The practice in one unit of work."""

    def __init__(self, uow: UnitOfWork, profile: Profile) -> None:
        self.uow = uow
        self.profile = profile

    @cached_property
    def doctors(self) -> dict[int, Doctor]:
        """The doctors by id, in the order of their slugs."""
        return {doctor.id: doctor for doctor in self.uow.house.doctors()}

    @cached_property
    def rooms(self) -> dict[int, Room]:
        """The rooms by id, in the order of their slugs."""
        return {room.id: room for room in self.uow.house.rooms()}

    @cached_property
    def types(self) -> dict[int, AppointmentType]:
        """What can be booked, by id."""
        return {kind.id: kind for kind in self.uow.house.types()}

    @cached_property
    def every_type(self) -> dict[int, AppointmentType]:
        """What can be booked or could once, by id."""
        return {kind.id: kind for kind in self.uow.house.retired_types()} | self.types

    @cached_property
    def categories(self) -> dict[str, Category]:
        """The categories by slug."""
        return {category.slug: category for category in self.uow.house.categories()}

    @cached_property
    def calendars(self) -> dict[int, Calendar]:
        """Every calendar, by id."""
        return {calendar.id: calendar for calendar in self.uow.calendars.all()}

    @cached_property
    def exceptions(self) -> list[HoursException]:
        """Other hours than usual, of yesterday and later."""
        return self.uow.house.exceptions(self.uow.now - timedelta(days=1))

    @cached_property
    def rules(self) -> BookingRules:
        """The rules of booking."""
        return self.uow.house.rules()

    def calendar_of(self, doctor_id: int) -> Calendar:
        """Return a doctor's calendar; raises OfferNotFound if there is no such doctor."""
        for calendar in self.calendars.values():
            if calendar.doctor_id == doctor_id:
                return calendar
        raise OfferNotFound("There is no such doctor.")

    def doctor(self, doctor_id: int) -> Doctor:
        """Return a doctor; raises OfferNotFound."""
        if doctor_id not in self.doctors:
            raise OfferNotFound("There is no such doctor.")
        return self.doctors[doctor_id]

    def room(self, room_id: int) -> Room:
        """Return a room; raises OfferNotFound."""
        if room_id not in self.rooms:
            raise OfferNotFound("There is no such room.")
        return self.rooms[room_id]

    def type(self, type_id: int) -> AppointmentType:
        """Return a type that can be booked; raises OfferNotFound."""
        if type_id not in self.types:
            raise OfferNotFound("There is no such appointment type, or it is not booked any more.")
        return self.types[type_id]

    def doctor_called(self, slug: str) -> Doctor:
        """Return a doctor by the short name; raises OfferNotFound."""
        found = next((doctor for doctor in self.doctors.values() if doctor.slug == slug), None)
        if found is None:
            raise OfferNotFound("There is no such doctor.")
        return found

    def room_called(self, slug: str) -> Room:
        """Return a room by the short name; raises OfferNotFound."""
        found = next((room for room in self.rooms.values() if room.slug == slug), None)
        if found is None:
            raise OfferNotFound("There is no such room.")
        return found

    def type_called(self, slug: str, *, retired: bool = False) -> AppointmentType:
        """Return a type by the short name, also one that is not booked any more if `retired`;
        raises OfferNotFound.
        """
        known = self.every_type if retired else self.types
        found = next((kind for kind in known.values() if kind.slug == slug), None)
        if found is None:
            raise OfferNotFound("There is no such appointment type, or it is not booked any more.")
        return found

    def type_of(self, booked: Booked) -> AppointmentType:
        """Return the type of an appointment; of one that has none, one of any length.

        What a booking tool calls OP_VORGESPRAECH is the type op-vorgespraech, if there is one.
        """
        if booked.details.type_id in self.every_type:
            return self.every_type[booked.details.type_id]
        named = (booked.appointment.kind or "").casefold().replace("_", "-")
        for kind in self.types.values():
            if kind.slug == named:
                return kind
        return self.untyped(booked.appointment.slot)

    def untyped(self, slot: Slot) -> AppointmentType:
        """Return a type for what has none: of any length, anywhere, without buffers.

        What clients have stretched over weeks is told as the longest there is.
        """
        seconds = slot.end.timestamp() - slot.start.timestamp()
        minutes = min(max(1, round(seconds / 60)), LONGEST)
        most = max(minutes, 24 * 60)
        return AppointmentType("", "", minutes=minutes, min_minutes=1, max_minutes=most)

    def rooms_for(self, kind: AppointmentType) -> list[int]:
        """Return the ids of the rooms that will do for a type, the best first."""
        by_slug = {room.slug: room.id for room in self.rooms.values()}
        return [by_slug[slug] for slug in kind.rooms if slug in by_slug]

    def openings_of(
        self,
        doctor: Doctor,
        day_from: date,
        day_until: date,
        exceptions: Iterable[HoursException] | None = None,
    ) -> list[Slot]:
        """Return when a doctor is there on the local days from `day_from` to before `day_until`.

        Of days long ago the `exceptions` have to be given: the desk has none of these.
        """
        hours = WorkingHours.kept(doctor.hours)
        holidays = holidays_between(self.rules, day_from, day_until)
        own = concerning(self.exceptions if exceptions is None else exceptions, doctor.id)
        return openings(hours, own, holidays, day_from, day_until, self.profile.zone)
