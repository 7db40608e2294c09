"""Patients: listed and looked for, made, changed, merged, deleted.

Not here: their appointments and links (`patient_bookings`), nor their rights (`patient_rights`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from admin_api.cursors import packed, unpacked
from admin_api.endpoint import Answer, Call, Endpoint, Nothing
from admin_api.patient_shapes import (
    AlsoFuture,
    MergedShown,
    MergeForm,
    NewPatientForm,
    PatientForm,
    PatientMade,
    PatientShown,
    PatientsShown,
    RemovedShown,
    WhichPatients,
    patient_shown,
    record_of,
)
from practice.errors import Invalid, PatientNotFound
from practice.patients import Patient
from practice.scopes import Scope
from practice.use_cases import erasure, merging, patient_records
from practice.use_cases.patient_search import page_of_patients, search_patients

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ENDPOINTS"]


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
    record = record_of(form)
    similar = patient_records.alike(call.uow, record)
    made = patient_records.create(
        call.uow,
        record,
        language=form.language,
        reminders=call.now if form.reminders else None,
        to_review=form.to_review,
    )
    told = PatientMade(**patient_shown(made).model_dump(), similar=similar)
    return Answer(told, headers={"Location": f"/api/patients/{made.id}"})


def read_patient(call: Call[Any, Any]) -> PatientShown:
    """Return a patient; of one that was found to be another, that one."""
    return patient_shown(_patient(call))


def change_patient(call: Call[Nothing, PatientForm]) -> PatientShown:
    """Have a patient be as is told."""
    patient, form = _patient(call), call.body
    after = replace(
        patient,
        number=form.number,
        record=record_of(form),
        language=form.language,
        reminders=(patient.reminders or call.now) if form.reminders else None,
        to_review=form.to_review,
    )
    return patient_shown(patient_records.change(call.uow, patient, after))


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
    return MergedShown(patient=patient_shown(merged.patient), appointments=merged.appointments)


def _patient(call: Call[Any, Any]) -> Patient:
    return patient_records.patient_of_id(call.uow, call.path["patient_id"])


def _page(patients: Iterable[Patient], cursor: str) -> PatientsShown:
    return PatientsShown(items=[patient_shown(one) for one in patients], next=packed(cursor))


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
