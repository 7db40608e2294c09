"""Appointments as the practice knows them, and bookings as the tools report them.

Not here: iCalendar text (`practice.vevent`), nor the rules that refuse a booking
(`practice.rules`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["Appointment", "Booking", "Insurance", "Slot", "Status", "Told"]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A half-open span of time [start, end); both aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a slot needs aware times")
        # As instants: times of one zone would be compared by a clock that is set back once a year.
        if self.end.timestamp() <= self.start.timestamp():
            raise ValueError("a slot ends after it starts")

    def overlaps(self, other: Slot) -> bool:
        """Tell whether the two share any moment; touching ends do not."""
        begins, ends = self.start.timestamp(), self.end.timestamp()
        return begins < other.end.timestamp() and other.start.timestamp() < ends


class Status(StrEnum):
    """Where an appointment stands. The values are those of iCalendar's STATUS."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Insurance(StrEnum):
    """The kinds of health insurance a practice tells apart (X-INSURANCE-TYPE)."""

    STATUTORY = "GESETZLICH"
    PRIVATE = "PRIVAT"
    SELF_PAYING = "SELBSTZAHLER"


@dataclass(frozen=True, slots=True)
class Appointment:
    """What the practice knows of one appointment; linked to its calendar object by `uid`.

    `id` is 0 until it is stored. `booking_source` and `booking_id` name the booking in the tool
    it came from (both None for one made in the practice); `booking_base` is that booking
    as it was last taken over (see `practice.use_cases.book`), the common base for comparisons.
    """

    uid: str
    slot: Slot
    status: Status
    doctor_id: int | None
    calendar_id: int
    id: int = 0
    patient_id: int | None = None
    room_id: int | None = None
    kind: str | None = None
    insurance: str | None = None
    requires_confirmation: bool = False
    booking_source: str | None = None
    booking_id: str | None = None
    booking_base: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking as a tool reports it, in the practice's words; times aware.

    `id` is the tool's own stable id, `doctor` and `room` are the short names (slugs) of this
    practice. Empty texts mean "not told". `category` overrides the one configured for `kind`.
    `line` is where a file told it, for reports about it.
    """

    id: str
    doctor: str
    slot: Slot
    status: Status
    last_name: str
    first_name: str = ""
    birth_date: str = ""  # ISO date
    email: str = ""
    phone: str = ""
    patient_number: str = ""
    insurance: str = ""
    kind: str = ""
    reason: str = ""
    notes: str = ""
    room: str = ""
    category: str = ""
    source: str = "ONLINE_BOOKING"
    requires_confirmation: bool = False
    line: int = field(default=0, compare=False)
    insurance_number: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A booking as a tool tells it; `changed` is when it was changed there, None if not told.

    `before` are the ids that it had before it was moved, where the tool makes another one of it
    each time; the last one first.
    """

    booking: Booking
    changed: datetime | None = None
    before: tuple[str, ...] = ()
