"""What only the practice knows of an appointment, and how appointments are looked for.

No calendar shows any of it. Not here: what practice and calendar both know
(`practice.appointments`), nor which changes are legal (`practice.life_cycle`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.life_cycle import Progress

if TYPE_CHECKING:
    from datetime import datetime

    from practice.appointments import Appointment, Status
    from practice.patients import Patient

__all__ = ["Booked", "Category", "Details", "Held", "Key", "Progress", "Question", "Source"]


class Source(StrEnum):
    """How an appointment came about."""

    STAFF = "STAFF"
    ONLINE = "ONLINE"
    PHONE = "PHONE"
    RECALL = "RECALL"
    TREATMENT_PLAN = "TREATMENT_PLAN"
    WAITLIST = "WAITLIST"


@dataclass(frozen=True, slots=True)
class Details:
    """What the practice alone knows of an appointment.

    `note` is for the practice, `patient_note` for the patient to see, `reason` is the patient's.
    Appointments of one `visit` are told apart from others by its name. `booked` is None where
    nobody noted it: the appointment came from a calendar or a booking tool. `progressed` is when
    the progress last changed. `late` is one cancelled later than the practice wants it. `override`
    says why it was booked over something else.
    """

    appointment_id: int
    source: Source = Source.STAFF
    type_id: int | None = None
    note: str = ""
    patient_note: str = ""
    reason: str = ""
    treatment_plan: str = ""
    procedures: tuple[str, ...] = ()
    visit: str = ""
    template_slot: str = ""
    booked_by: str = ""
    booked: datetime | None = None
    changed: datetime | None = None
    progress: Progress = Progress.NONE
    progressed: datetime | None = None
    cancelled: datetime | None = None
    cancel_reason: str = ""
    late: bool = False
    override: str = ""

    @classmethod
    def unknown_of(cls, appointment: Appointment) -> Details:
        """Return those of an appointment of which nobody noted any."""
        source = Source.ONLINE if appointment.booking_source else Source.STAFF
        return cls(appointment.id, source)


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment with everything about it; `etag` is its calendar object's, and `owner_id` the
    account that created that: None if it is not there any more.
    """

    appointment: Appointment
    details: Details
    patient: Patient | None
    etag: str | None
    owner_id: int | None = None


#: Where a page of appointments ends: start and id of the last one.
Key = tuple["datetime", int]


@dataclass(frozen=True, slots=True)
class Question:
    """Which appointments are wanted; what is None asks nothing.

    Those that start within [since, until); `calendars` are ids, `kind` is the id of a type,
    `procedure` one of theirs.
    `owner` is the id and the name of the account that booked it: its object's owner, or if that is
    gone, whoever is noted.
    """

    since: datetime | None = None
    until: datetime | None = None
    doctor_id: int | None = None
    room_id: int | None = None
    patient_id: int | None = None
    kind: int | None = None
    status: Status | None = None
    progress: Progress | None = None
    source: Source | None = None
    visit: str | None = None
    treatment_plan: str | None = None
    procedure: str | None = None
    calendars: tuple[int, ...] | None = None
    owner: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """What appointments are grouped by, and the colour (a CSS3 name) they have then."""

    slug: str
    name: str
    color: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """A slot kept for somebody who is filling in a form, until a moment.

    `secret` is a digest, `network` that of the address it was asked for from.
    """

    secret: str
    doctor_id: int
    room_id: int | None
    type_id: int | None
    start: datetime
    end: datetime
    until: datetime
    network: str
    id: int = 0
