"""The patients: looked for as one types, listed, made.

Not here: one patient's record (`admin_api.pages.patient`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from admin_api.cursors import packed, unpacked
from admin_api.endpoint import Call, Form
from admin_api.pages.page import Page
from admin_api.pages.rendering import texts_of
from admin_api.shapes import Cursor, Line
from practice.lookup import is_real_date
from practice.scopes import Scope
from practice.use_cases.patient_appointments import next_appointments
from practice.use_cases.patient_search import page_of_patients, search_patients

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.accounts import Doctor
    from practice.appointments import Appointment
    from practice.patients import Patient

__all__ = ["PAGES", "born", "fields_told"]

_MOST = 50


class Asked(Form):
    """Whom to show: words as somebody types them, only those to be looked at, from where on."""

    q: Line = ""
    pruefen: Literal["", "1"] = ""
    ab: Cursor = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One patient of the list; `born` is None where the date is none."""

    patient: Patient
    born: date | None
    next: Appointment | None
    doctor: Doctor | None


def born(patient: Patient) -> date | None:
    """Return the day on which a patient was born, if what is told is a day."""
    told = patient.record.birth_date
    return date.fromisoformat(told) if is_real_date(told) else None


def fields_told(call: Call[Any, Any], texts: Mapping[str, object]) -> dict[str, object]:
    """Return what the form of a patient needs, and the texts of its script."""
    fields = texts_of("patient_fields", call.language)
    return {
        "f": fields,
        "script": {**fields["script"], **_table(texts.get("script"))},
        "today": call.now.astimezone(call.services.profile.zone).date(),
    }


def show(call: Call[Asked, None]) -> dict[str, object]:
    """Return a page of patients, or those who may be meant."""
    asked, only = call.query, call.query.pruefen == "1"
    following: str | None = None
    if asked.q.strip():
        best = search_patients(call.uow, asked.q, _MOST * (4 if only else 1))
        found = [one.patient for one in best if one.patient.to_review or not only][:_MOST]
    else:
        page = page_of_patients(
            call.uow, _MOST, unpacked(asked.ab), to_review=True if only else None
        )
        found, following = list(page.patients), packed(page.cursor)
    to_come = next_appointments(call.uow, found)
    doctors = {doctor.id: doctor for doctor in call.uow.house.doctors()}
    return {
        **fields_told(call, texts_of("patients", call.language)),
        "asked": asked,
        "rows": [_row(one, to_come.get(one.id), doctors) for one in found],
        "following": following,
        "is_full": len(found) == _MOST,
        "patient": None,
    }


def _row(patient: Patient, to_come: Appointment | None, doctors: Mapping[int, Doctor]) -> Row:
    doctor = doctors.get(to_come.doctor_id or 0) if to_come else None
    return Row(patient, born(patient), to_come, doctor)


def _table(told: object) -> dict[str, object]:
    return dict(told) if isinstance(told, dict) else {}


PAGES = (Page("/admin/patienten", "patients.html", show, Scope.READ_PATIENTS, query=Asked),)
