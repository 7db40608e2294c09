"""Patients as clients tell them and are told them.

Not here: their appointments and links (`admin_api.resources.patient_bookings`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from admin_api.endpoint import Form, Shown
from admin_api.shapes import Born, Cursor, Id, Line, Name
from practice.patient_checks import LONGEST
from practice.patients import Patient, PatientRecord
from practice.use_cases.patient_search import MOST_FOUND

__all__ = [
    "AlsoFuture",
    "MergeForm",
    "MergedShown",
    "NewPatientForm",
    "PatientForm",
    "PatientMade",
    "PatientShown",
    "PatientsShown",
    "RemovedShown",
    "WhichPatients",
    "patient_shown",
    "record_of",
]

Phone = Annotated[Line, Field(max_length=LONGEST["phone"])]

Insurance = Annotated[Line, Field(max_length=LONGEST["insurance"])]

Insured = Annotated[Line, Field(max_length=LONGEST["insurance_number"])]

Number = Annotated[Line, Field(max_length=LONGEST["number"], description="The practice's own.")]

Language = Annotated[
    Literal["", "de", "en"], Field(description="Of e-mails; empty is the practice's.")
]

Agreed = Annotated[bool, Field(description="Whether the patient agreed to be reminded.")]


class NewPatientForm(Form):
    """A patient to be made."""

    last_name: Name
    first_name: Line = ""
    birth_date: Born = ""
    email: Line = ""
    phone: Phone = ""
    insurance: Insurance = ""
    insurance_number: Insured = ""
    number: Annotated[Number, Field(description="If empty, one is given out.")] = ""
    language: Language = ""
    reminders: Agreed = False
    to_review: bool = False


class PatientForm(Form):
    """A patient as it is to be from now on. All is told: what is not would be lost unseen."""

    last_name: Name
    first_name: Line
    birth_date: Born
    email: Line
    phone: Phone
    insurance: Insurance
    insurance_number: Insured
    number: Annotated[Number, Field(min_length=1)]
    language: Language
    reminders: Agreed
    to_review: bool


class PatientShown(Shown):
    """A patient."""

    id: int
    number: str = Field(description="What calendar objects have as X-PATIENT-ID.")
    last_name: str
    first_name: str
    birth_date: str
    email: str
    phone: str
    insurance: str
    insurance_number: str
    language: str
    reminders: bool
    reminders_since: datetime | None
    to_review: bool = Field(description="Made from a booking alone: somebody has to look.")
    booking_system_id: str | None = Field(description="By what a booking tool knows the patient.")
    held_until: str = Field(description="The day until which it has to be kept; or empty.")


class PatientsShown(Shown):
    """Some patients; `next` asks for those that follow."""

    items: list[PatientShown]
    next: str | None


class WhichPatients(Form):
    """Which patients."""

    search: Line = Field(
        "", description="Words as somebody types them; the best comes first, and nothing follows."
    )
    to_review: bool | None = None
    linked: bool | None = Field(None, description="Whether a booking tool knows them.")
    limit: Annotated[int, Field(ge=1, le=MOST_FOUND)] = 50
    after: Cursor = ""


class AlsoFuture(Form):
    """Whether appointments to come stand against it."""

    also_future: bool = False


class RemovedShown(Shown):
    """What was done when a patient was deleted."""

    appointments: int = Field(description="They stay in the calendars, and are nobody's.")
    letters: int = Field(description="Letters to the patient that were withdrawn.")


class PatientMade(PatientShown):
    """A patient that was made."""

    similar: list[int] = Field(
        description="Ids of others of this name and birth date: is it one of them? If so, merge."
    )


class MergeForm(Form):
    """The one that a patient was found to be."""

    into: Id


class MergedShown(Shown):
    """The patient who stays."""

    patient: PatientShown
    appointments: int = Field(description="How many came to it.")


def record_of(form: NewPatientForm | PatientForm) -> PatientRecord:
    return PatientRecord(
        last_name=form.last_name,
        first_name=form.first_name,
        birth_date=form.birth_date,
        email=form.email,
        phone=form.phone,
        insurance=form.insurance,
        number=form.number,
        insurance_number=form.insurance_number,
    )


def patient_shown(patient: Patient) -> PatientShown:
    record = patient.record
    return PatientShown(
        id=patient.id,
        number=patient.number,
        last_name=record.last_name,
        first_name=record.first_name,
        birth_date=record.birth_date,
        email=record.email,
        phone=record.phone,
        insurance=record.insurance,
        insurance_number=record.insurance_number,
        language=patient.language,
        reminders=patient.reminders is not None,
        reminders_since=patient.reminders,
        to_review=patient.to_review,
        booking_system_id=record.booking_system_id,
        held_until=patient.held_until,
    )
