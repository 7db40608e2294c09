"""What is told of appointments by who asks for them, books them and changes them.

Not here: what is answered (`admin_api.resources.booking_shown`).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from admin_api.endpoint import Form
from admin_api.shapes import Cursor, Day, Id, Limit, Line, Moment, Name, Paragraph, Slug
from practice.appointments import Status
from practice.details import Progress, Question, Source
from practice.use_cases.arranging import Order
from practice.use_cases.rearranging import Changes, Move

if TYPE_CHECKING:
    from datetime import tzinfo

    from practice.use_cases.desk import Desk

__all__ = [
    "AppointmentChanges",
    "AppointmentForm",
    "AppointmentQuery",
    "CancelForm",
    "CancelQuery",
    "Copied",
    "Minutes",
    "Rescheduled",
    "VisitForm",
    "VisitPart",
    "When",
    "beginning",
    "ending",
]

#: A time is tried first: midnight is one, too.
When = Annotated[Moment | Day, Field(description="A time, or a whole day of the practice's zone.")]
Minutes = Annotated[int, Field(ge=1, le=1440)]
Reason = Annotated[Paragraph, Field(max_length=1000)]
Plan = Annotated[Line, Field(max_length=64)]
Procedures = Annotated[list[Name], Field(max_length=50)]
Override = Annotated[
    Name,
    Field(
        description="Why it is booked over something else, outside the hours, or when it is over."
        " Needs the permission `booking:override`."
    ),
]


def beginning(when: datetime | date, zone: tzinfo) -> datetime:
    """Return a time as it is, of a day its beginning."""
    return when if isinstance(when, datetime) else datetime.combine(when, time(), zone)


def ending(when: datetime | date, zone: tzinfo) -> datetime:
    """Return a time as it is, of a day its end."""
    if isinstance(when, datetime):
        return when
    return datetime.combine(when + timedelta(days=1), time(), zone)


class AppointmentQuery(Form):
    """Which appointments: those that start from `from` on, and before `until` or on that day."""

    since: When | None = Field(None, alias="from")
    until: When | None = None
    doctor: Slug | None = None
    room: Slug | None = None
    patient_id: Id | None = None
    type: Slug | None = None
    status: Status | None = None
    progress: Progress | None = None
    source: Source | None = None
    visit: Line | None = None
    treatment_plan: Plan | None = None
    procedure: Name | None = Field(None, description="One of the procedures that are expected.")
    limit: Limit = 100
    after: Cursor | None = None

    def question(self, desk: Desk) -> Question:
        """Return the question; raises OfferNotFound."""
        zone = desk.profile.zone
        return Question(
            since=None if self.since is None else beginning(self.since, zone),
            until=None if self.until is None else ending(self.until, zone),
            doctor_id=None if self.doctor is None else desk.doctor_called(self.doctor).id,
            room_id=None if self.room is None else desk.room_called(self.room).id,
            patient_id=self.patient_id,
            kind=None if self.type is None else desk.type_called(self.type, retired=True).id,
            status=self.status,
            progress=self.progress,
            source=self.source,
            visit=self.visit,
            treatment_plan=self.treatment_plan,
            procedure=self.procedure,
        )


class VisitPart(Form):
    """One appointment: `minutes` is the usual length of its type if not told, and `room` the first
    that is free of those that the type needs.
    """

    type: Slug
    doctor: Slug
    start: Moment
    minutes: Minutes | None = None
    room: Slug | None = None
    status: Literal[Status.TENTATIVE, Status.CONFIRMED] = Status.CONFIRMED
    source: Source = Source.STAFF
    notes: Paragraph = ""
    patient_notes: Paragraph = ""
    reason: Reason = ""
    treatment_plan: Plan = ""
    procedures: Procedures = Field(default_factory=list)
    template_slot: Plan = ""
    override: Override | None = None

    def order(self, desk: Desk, patient_id: int) -> Order:
        """Return what is ordered for a patient; raises OfferNotFound."""
        return Order(
            type_id=desk.type_called(self.type).id,
            doctor_id=desk.doctor_called(self.doctor).id,
            patient_id=patient_id,
            start=self.start,
            minutes=self.minutes or 0,
            room_id=None if self.room is None else desk.room_called(self.room).id,
            status=self.status,
            source=self.source,
            note=self.notes,
            patient_note=self.patient_notes,
            reason=self.reason,
            treatment_plan=self.treatment_plan,
            procedures=tuple(self.procedures),
            template_slot=self.template_slot,
            override=self.override or "",
        )


class AppointmentForm(VisitPart):
    """An appointment to be booked."""

    patient_id: Id


class VisitForm(Form):
    """Several appointments of one patient: all are booked, or none."""

    patient_id: Id
    appointments: Annotated[list[VisitPart], Field(min_length=1, max_length=20)]


class AppointmentChanges(Form):
    """What is to be otherwise; what is not told stays. `room` null is no room."""

    notes: Paragraph | None = None
    patient_notes: Paragraph | None = None
    reason: Reason | None = None
    type: Slug | None = None
    room: Slug | None = None
    patient_id: Id | None = None
    minutes: Minutes | None = None
    status: Literal[Status.CONFIRMED] | None = None
    progress: Progress | None = None
    treatment_plan: Plan | None = None
    procedures: Procedures | None = None
    override: Override | None = None

    def changes(self, desk: Desk) -> Changes:
        """Return the changes; raises OfferNotFound."""
        room_id = 0 if "room" in self.model_fields_set else None
        return Changes(
            note=self.notes,
            patient_note=self.patient_notes,
            reason=self.reason,
            type_id=None if self.type is None else desk.type_called(self.type, retired=True).id,
            room_id=room_id if self.room is None else desk.room_called(self.room).id,
            patient_id=self.patient_id,
            minutes=self.minutes,
            status=self.status,
            progress=self.progress,
            treatment_plan=self.treatment_plan,
            procedures=None if self.procedures is None else tuple(self.procedures),
            override=self.override or "",
        )


class Rescheduled(Form):
    """Where an appointment is to be; what is not told stays, if that will do."""

    start: Moment
    doctor: Slug | None = None
    room: Slug | None = None
    minutes: Minutes | None = None
    override: Override | None = None

    def move(self, desk: Desk) -> Move:
        """Return the move; raises OfferNotFound."""
        return Move(
            start=self.start,
            doctor_id=None if self.doctor is None else desk.doctor_called(self.doctor).id,
            minutes=self.minutes,
            room_id=None if self.room is None else desk.room_called(self.room).id,
            override=self.override or "",
        )


class Copied(Form):
    """When and with whom the copy of an appointment is to be."""

    start: Moment
    doctor: Slug | None = None
    override: Override | None = None


class CancelForm(Form):
    """Why an appointment is cancelled or declined."""

    reason: Reason = ""


class CancelQuery(Form):
    """The reason, for who cannot send a body; a body is not written into logs on the way."""

    reason: Reason = ""
