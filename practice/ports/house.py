"""What the practice is made of: doctors, rooms, what is offered.

Not here: who works the programs (`people`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from practice.accounts import Doctor, Room
    from practice.details import Category
    from practice.schedule import AppointmentType, BookingRules, HoursException

__all__ = ["House"]


class House(Protocol):
    """Doctors and rooms; what can be booked and when."""

    def doctors(self) -> list[Doctor]:
        """Return the doctors, by slug."""

    def rooms(self) -> list[Room]:
        """Return the rooms, by slug."""

    def save_doctor(self, doctor: Doctor) -> Doctor:
        """Store a new one (id 0) or change it; raises NameTaken."""

    def save_room(self, room: Room) -> Room:
        """Store a new one (id 0) or change it; raises NameTaken."""

    def remove_doctor(self, doctor_id: int) -> None:
        """Remove one of whom no calendar, account or appointment knows, with exceptions and
        holds.
        """

    def remove_room(self, room_id: int) -> None:
        """Remove one, with its exceptions and holds; appointments that were in it are in none."""

    def types(self) -> list[AppointmentType]:
        """Return what can be booked, by slug."""

    def retired_types(self) -> list[AppointmentType]:
        """Return what can be booked no more, by slug."""

    def types_with_buffers(self) -> list[AppointmentType]:
        """Return what keeps time free before or after it, can it be booked or no more, by slug."""

    def save_type(self, kind: AppointmentType, *, active: bool = True) -> AppointmentType:
        """Store a new one (id 0) or change it; raises NameTaken or InvalidName."""

    def categories(self) -> list[Category]:
        """Return what appointments are grouped by, by slug."""

    def save_category(self, category: Category) -> Category:
        """Store a new one (id 0) or change it; raises NameTaken or InvalidName."""

    def remove_category(self, category_id: int) -> None:
        """Remove one."""

    def exceptions(self, since: datetime | None = None) -> list[HoursException]:
        """Return other hours than usual, by start; those that end after `since`."""

    def save_exception(self, exception: HoursException) -> HoursException:
        """Store a new one (id 0) or change it."""

    def remove_exception(self, exception_id: int) -> None:
        """Remove one."""

    def rules(self) -> BookingRules:
        """Return the rules of booking; the usual ones as long as none were saved."""

    def save_rules(self, rules: BookingRules) -> None:
        """Keep the rules of booking."""
