"""What visitors of the practice's website send and are shown: offers, slots, bookings.

Not here: what is done with it (`admin_api.resources.portal`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from admin_api.endpoint import Form, Shown
from admin_api.shapes import (
    Day,
    HoldSecret,
    Limit,
    Line,
    Moment,
    Name,
    NeededEMail,
    Paragraph,
    Slug,
)
from practice.appointments import Insurance

__all__ = [
    "BookingForm",
    "BookingShown",
    "DoctorOffered",
    "HoldOfMine",
    "HoldShown",
    "HoldWanted",
    "OwnBooking",
    "PersonForm",
    "SlotOffered",
    "SlotsOffered",
    "SlotsWanted",
    "TypeOffered",
    "TypesOffered",
]


class DoctorOffered(Shown):
    """A doctor, as patients see one."""

    slug: str
    name: str
    specialty: str


class TypeOffered(Shown):
    """What can be booked online."""

    slug: str
    name: str
    name_en: str = Field(description="In English; the other name, if there is none.")
    minutes: int
    needs_confirmation: bool = Field(description="Whether the practice has to agree.")
    doctors: list[DoctorOffered]


class TypesOffered(Shown):
    """All that can be booked online."""

    online: bool = Field(description="Whether the practice takes bookings online at all.")
    items: list[TypeOffered]


class SlotsWanted(Form):
    """Which slots; the days are those of the practice."""

    type: Slug = Field(description="The short name of the type.")
    first: Day | None = Field(None, alias="from", description="The first day; today.")
    until: Day | None = Field(None, description="The last day; two weeks from the first.")
    doctor: Slug | None = Field(None, description="The doctor's short name; any who may.")
    limit: Limit = 100


class SlotOffered(Shown):
    """A slot that is free."""

    start: datetime
    end: datetime
    doctor: str
    doctor_name: str
    room: str | None


class SlotsOffered(Shown):
    """Slots that are free, in order of time."""

    items: list[SlotOffered]
    more: bool = Field(description="Whether there are more than were asked for.")


class HoldWanted(Form):
    """Which slot to keep: one of those that are free."""

    type: Slug
    doctor: Slug
    start: Moment
    room: Slug | None = None


class HoldShown(Shown):
    """A slot that is kept."""

    hold: str = Field(description="The secret with which it is booked.")
    until: datetime
    start: datetime
    end: datetime


class HoldOfMine(Form):
    """A slot that is kept for whoever has the secret."""

    hold: HoldSecret


class PersonForm(Form):
    """Who books."""

    last_name: Name
    first_name: Name
    birth_date: Day
    email: NeededEMail
    phone: Annotated[Line, Field(max_length=64)] = ""
    insurance: Insurance | None = None


class OwnBooking(Form):
    """What is booked: the slot that is kept, or type, doctor and start."""

    hold: HoldSecret | None = None
    type: Slug | None = None
    doctor: Slug | None = None
    start: Moment | None = None
    reason: Annotated[Paragraph, Field(max_length=1000)] = ""


class BookingForm(OwnBooking):
    """What is booked, and for whom."""

    person: PersonForm
    reminders: bool = Field(False, description="Whether the patient wants to be reminded.")
    language: Literal["de", "en"] | None = Field(None, description="Of what is written to them.")
    website: Annotated[str, StringConstraints(max_length=0)] = Field(
        "", description="Stays empty: a field that people do not see and machines fill in."
    )


class BookingShown(Shown):
    """What was booked; the same for a new patient and one of years."""

    start: datetime
    end: datetime
    type: str
    type_name: str
    doctor_name: str
    room_name: str | None
    status: Literal["pending", "confirmed"] = Field(
        description="Pending: the practice has to agree, and writes then."
    )
    calendar: str = Field(description="The same as iCalendar text, for the patient's calendar.")
