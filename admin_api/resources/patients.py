"""Patients: listed and looked for, made, changed, merged, deleted.

Not here: their appointments and links (`patient_bookings`), nor their rights (`patient_rights`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from admin_api.cursors import packed, unpacked
from admin_api.endpoint import Answer, Call, Endpoint, Form, Nothing, Shown
from admin_api.shapes import Born, Cursor, Id, Line, Name
from practice.errors import Invalid, PatientNotFound
from practice.patient_checks import LONGEST
from practice.patients import Patient, PatientRecord
from practice.scopes import Scope
from practice.use_cases import erasure, merging, patient_records
from practice.use_cases.patient_search import MOST_FOUND, page_of_patients, search_patients

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ENDPOINTS"]

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


def list_patients(call: Call[WhichPatients, None]) -> PatientsShown:
    """Return patients by name, or those that somebody may mean."""
    asked = call.query
    if asked.search.strip():
        if asked.after or (asked.to_review, asked.linked) != (None, None):
            raise Invalid("Words are looked for among all patients, without other conditions.")
        found = search_patients(call.uow, asked.search, asked.limit)
        return _page((one.patient for one in found), "")
    page = page_of_patients(
        call.uow,
        asked.limit,
        unpacked(asked.after),
        to_review=asked.to_review,
        linked=asked.linked,
    )
    return _page(page.patients, page.cursor)


def create_patient(call: Call[Nothing, NewPatientForm]) -> Answer:
    """Make a patient."""
    form = call.body
    record = _record(form)
    similar = patient_records.alike(call.uow, record)
    made = patient_records.create(
        call.uow,
        record,
        language=form.language,
        reminders=call.now if form.reminders else None,
        to_review=form.to_review,
    )
    told = PatientMade(**_shown(made).model_dump(), similar=similar)
    return Answer(told, headers={"Location": f"/api/patients/{made.id}"})


def read_patient(call: Call[Any, Any]) -> PatientShown:
    """Return a patient; of one that was found to be another, that one."""
    return _shown(_patient(call))


def change_patient(call: Call[Nothing, PatientForm]) -> PatientShown:
    """Have a patient be as is told."""
    patient, form = _patient(call), call.body
    after = replace(
        patient,
        number=form.number,
        record=_record(form),
        language=form.language,
        reminders=(patient.reminders or call.now) if form.reminders else None,
        to_review=form.to_review,
    )
    return _shown(patient_records.change(call.uow, patient, after))


def delete_patient(call: Call[AlsoFuture, None]) -> RemovedShown:
    """Delete a patient."""
    also_future = call.query.also_future
    removed = erasure.delete(call.uow, _patient(call), also_future=also_future)
    return RemovedShown.model_validate(removed)


def merge_patient(call: Call[Nothing, MergeForm]) -> MergedShown:
    """Have a patient be another from now on."""
    asked = call.path["patient_id"]
    # Not the one that it may have been found to be: that one nobody has named.
    one = call.uow.patients.get([asked]).get(asked)
    if one is None:
        raise PatientNotFound("There is no such patient.")
    into = patient_records.patient_of_id(call.uow, call.body.into)
    merged = merging.merge(call.uow, one, into)
    return MergedShown(patient=_shown(merged.patient), appointments=merged.appointments)


def _patient(call: Call[Any, Any]) -> Patient:
    return patient_records.patient_of_id(call.uow, call.path["patient_id"])


def _record(form: NewPatientForm | PatientForm) -> PatientRecord:
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


def _shown(patient: Patient) -> PatientShown:
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


def _page(patients: Iterable[Patient], cursor: str) -> PatientsShown:
    return PatientsShown(items=[_shown(one) for one in patients], next=packed(cursor))


_READ, _WRITE = Scope.READ_PATIENTS, Scope.WRITE_PATIENTS
_ALL = "/api/patients"
_ONE = f"{_ALL}/{{patient_id:id}}"

ENDPOINTS = (
    Endpoint(
        "GET",
        _ALL,
        list_patients,
        "List patients, or look for some",
        _READ,
        PatientsShown,
        query=WhichPatients,
    ),
    Endpoint(
        "POST",
        _ALL,
        create_patient,
        "Make a patient",
        _WRITE,
        PatientMade,
        body=NewPatientForm,
        status=201,
        problems=(409,),
    ),
    Endpoint("GET", _ONE, read_patient, "Show a patient", _READ, PatientShown),
    Endpoint(
        "PUT",
        _ONE,
        change_patient,
        "Change a patient",
        _WRITE,
        PatientShown,
        body=PatientForm,
        current=read_patient,
        problems=(409,),
    ),
    Endpoint(
        "DELETE",
        _ONE,
        delete_patient,
        "Delete a patient",
        _WRITE,
        RemovedShown,
        query=AlsoFuture,
        current=read_patient,
        problems=(409,),
        text="Appointments stay, and are nobody's; the booking tool hears nothing of it.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/merge",
        merge_patient,
        "Merge a patient into another",
        _WRITE,
        MergedShown,
        body=MergeForm,
        problems=(409,),
        text="Appointments go over, and what the other lacks is filled in. Not taken back.",
    ),
)
