"""How appointments are answered, and where a page of them ends.

Not here: what is told of them (`admin_api.resources.booking_forms`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from admin_api.endpoint import Shown
from practice.appointments import Status
from practice.details import Progress, Source
from practice.errors import Invalid

if TYPE_CHECKING:
    from practice.accounts import Doctor, Room
    from practice.details import Booked, Key
    from practice.use_cases.desk import Desk

__all__ = [
    "AppointmentShown",
    "AppointmentsShown",
    "Named",
    "VisitShown",
    "key_from",
    "named",
    "shown",
    "shown_key",
]

_KEY = re.compile(r"(-?[0-9]{1,11})_([1-9][0-9]{0,17})")


class Named(Shown):
    """A doctor, room or type; what a booking tool calls a type may have no short name here."""

    slug: str | None
    name: str


class PatientOfAppointment(Shown):
    """Who comes."""

    id: int
    number: str
    name: str


class AppointmentShown(Shown):
    """An appointment. `reason` is the patient's; `notes` are the practice's, and no program that
    books for patients reads them.
    """

    id: int
    start: datetime
    end: datetime
    minutes: int
    status: Status
    progress: Progress = Field(description="Where the patient is; empty before the appointment.")
    doctor: Named | None
    room: Named | None
    type: Named | None
    patient: PatientOfAppointment | None
    source: Source
    notes: str
    patient_notes: str
    reason: str
    treatment_plan: str
    procedures: list[str]
    visit: str = Field(description="What the appointments of one visit have in common.")
    template_slot: str
    booked_by: str
    booked_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    late: bool = Field(description="Whether it was cancelled later than the practice wants it.")
    override: str = Field(description="Why it was booked over something else.")
    booking_source: str | None = Field(description="The booking tool that it came from.")
    booking_id: str | None = Field(description="The booking's id in that tool.")
    requires_confirmation: bool


class AppointmentsShown(Shown):
    """A page of appointments, by their start."""

    items: list[AppointmentShown]
    next: str | None


class VisitShown(Shown):
    """The appointments of one visit."""

    visit: str
    items: list[AppointmentShown]


def shown(desk: Desk, booked: Booked) -> AppointmentShown:
    """Return an appointment as it is shown, its times in the practice's zone."""
    appointment, details, zone = booked.appointment, booked.details, desk.profile.zone
    slot = appointment.slot
    return AppointmentShown(
        id=appointment.id,
        start=slot.start.astimezone(zone),
        end=slot.end.astimezone(zone),
        minutes=round((slot.end.timestamp() - slot.start.timestamp()) / 60),
        status=appointment.status,
        progress=details.progress,
        doctor=named(desk.doctors.get(appointment.doctor_id or 0)),
        room=named(desk.rooms.get(appointment.room_id or 0)),
        type=_type(desk, booked),
        patient=_patient(booked),
        source=details.source,
        notes=details.note,
        patient_notes=details.patient_note,
        reason=details.reason,
        treatment_plan=details.treatment_plan,
        procedures=list(details.procedures),
        visit=details.visit,
        template_slot=details.template_slot,
        booked_by=details.booked_by,
        booked_at=details.booked and details.booked.astimezone(zone),
        cancelled_at=details.cancelled and details.cancelled.astimezone(zone),
        cancel_reason=details.cancel_reason,
        late=details.late,
        override=details.override,
        booking_source=appointment.booking_source,
        booking_id=appointment.booking_id,
        requires_confirmation=appointment.requires_confirmation,
    )


def named(one: Doctor | Room | None) -> Named | None:
    """Return a doctor or a room as it is shown."""
    return None if one is None else Named(slug=one.slug, name=one.name)


def shown_key(key: Key | None) -> str | None:
    """Return the end of a page as a cursor; times of appointments are whole seconds."""
    return None if key is None else f"{int(key[0].timestamp())}_{key[1]}"


def key_from(cursor: str | None) -> Key | None:
    """Return the end of the page before; raises Invalid."""
    if not cursor:
        return None
    found = _KEY.fullmatch(cursor)
    try:
        if found is not None:
            return datetime.fromtimestamp(int(found[1]), UTC), int(found[2])
    except (OverflowError, ValueError, OSError):
        pass  # of a year that no calendar has
    raise Invalid("There is no such place in the list; start again without it.")


def _type(desk: Desk, booked: Booked) -> Named | None:
    kind, told = desk.type_of(booked), booked.appointment.kind
    if kind.slug:
        return Named(slug=kind.slug, name=kind.name)
    return Named(slug=None, name=told) if told else None


def _patient(booked: Booked) -> PatientOfAppointment | None:
    patient = booked.patient
    if patient is None:
        return None
    name = f"{patient.record.first_name} {patient.record.last_name}".strip()
    return PatientOfAppointment(id=patient.id, number=patient.number, name=name)
