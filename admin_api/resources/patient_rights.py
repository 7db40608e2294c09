"""What the law has a practice do with patients: keep them, tell them all, erase them."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from admin_api.disclosure_page import disclosure_page
from admin_api.endpoint import Answer, Call, Endpoint, Form, Nothing, Shown
from admin_api.shapes import Day, Line, Name
from practice.errors import Invalid, NotFound
from practice.patients import Patient
from practice.scopes import Scope
from practice.use_cases import erasure, patient_records
from practice.use_cases.disclosure import calendar_file, disclose

__all__ = ["ENDPOINTS"]


class HoldForm(Form):
    """Until when a patient is not to be removed, and why."""

    until: Day = Field(description="The last day; a practice keeps what it knows for ten years.")
    why: Name


class HoldShown(Shown):
    """Until when a patient is not to be removed."""

    until: str
    why: str


class Format(StrEnum):
    """What a disclosure is written as."""

    JSON = "json"
    ICS = "ics"
    HTML = "html"


class WhichFile(Form):
    """What a disclosure is written as."""

    # Of a query, everything is a text: strictly, none would be one of these.
    format: Annotated[Format, Field(strict=False)] = Format.JSON


class DisclosureShown(Shown):
    """Everything that is stored of a patient, as it is stored."""

    patient: dict[str, Any]
    merged: list[dict[str, Any]] = Field(description="Those who were found to be this one.")
    appointments: list[dict[str, Any]]
    letters: list[dict[str, Any]]
    acts: list[dict[str, Any]] = Field(description="Who did what with it.")
    changes: list[dict[str, Any]] = Field(description="What was changed in calendars.")
    import_rows: list[dict[str, Any]]


class EraseForm(Form):
    """Whom to erase, said once more: nothing brings a patient back."""

    number: Name = Field(description="The patient's own.")
    also_future: bool = Field(False, description="Also appointments to come: they are cancelled.")


class EraseAgainForm(Form):
    """Who was erased before an older backup came back."""

    numbers: Annotated[list[Line], Field(max_length=1000)]
    override: Line = Field(
        "", description="Why those are erased, too, who have to be kept; it is noted."
    )


class ErasedShown(Shown):
    """What an erasure did."""

    number: str
    appointments: int
    rewritten: int = Field(description="Objects in calendars of which only the time is left.")
    removed: int = Field(description="Objects removed from calendars.")
    changes: int = Field(description="Rows of the log that have lost their texts.")


class StillHeldShown(Shown):
    """Somebody who was not erased."""

    number: str
    until: str = Field(description="The day until which the patient has to be kept.")


class ErasedAgainShown(Shown):
    """What erasures did, and who was not erased."""

    items: list[ErasedShown]
    held: list[StillHeldShown] = Field(description="They are erased with a reason to override it.")


class ErasureShown(Shown):
    """Somebody who was erased."""

    number: str
    erased: datetime
    erased_by: str


class ErasuresShown(Shown):
    """Everybody who was erased, the first first: to be kept elsewhere than the backups."""

    items: list[ErasureShown]


def read_hold(call: Call[Any, Any]) -> HoldShown:
    """Return until when a patient is not to be removed."""
    patient = _patient(call)
    if not patient.held_until:
        raise NotFound("Nothing has this patient be kept.")
    return _hold(patient)


def _current_hold(call: Call[Any, Any]) -> HoldShown:
    """Return what If-Match is compared with: where there is no hold, nobody has seen one."""
    return _hold(_patient(call))


def set_hold(call: Call[Nothing, HoldForm]) -> HoldShown:
    """Have a patient not be removed for now."""
    until = call.body.until.isoformat()
    return _hold(patient_records.hold(call.uow, _patient(call), until, call.body.why))


def clear_hold(call: Call[Nothing, None]) -> None:
    """Let a patient be removed."""
    patient_records.clear_hold(call.uow, _patient(call))


def export_patient(call: Call[WhichFile, None]) -> Answer:
    """Return everything that is stored of a patient, as a file."""
    patient, kind, profile = _patient(call), call.query.format, call.services.profile
    # The number is whatever the practice gave out; the name of a file is letters and digits.
    number = re.sub(r"[^0-9A-Za-z_-]+", "_", patient.number)
    headers = {"Content-Disposition": f'attachment; filename="patient-{number}.{kind}"'}
    if kind is Format.ICS:
        text = calendar_file(call.uow, patient, profile)
        return Answer(content=text.encode(), media_type=_ICS, headers=headers)
    told = disclose(call.uow, patient)
    if kind is Format.JSON:
        return Answer(DisclosureShown.model_validate(told), headers=headers)
    page = disclosure_page(call.uow, told, profile)
    return Answer(content=page.encode(), media_type=_HTML, headers=headers)


def erase_patient(call: Call[Nothing, EraseForm]) -> ErasedShown:
    """Erase a patient from everything."""
    patient, form = _patient(call), call.body
    if form.number != patient.number:
        raise Invalid("The number is another than this patient's: nobody was erased.")
    done = erasure.erase(call.uow, patient, call.services.profile, also_future=form.also_future)
    return ErasedShown.model_validate(done)


def list_erasures(call: Call[Nothing, None]) -> ErasuresShown:
    """Return who was erased."""
    return ErasuresShown(
        items=[ErasureShown.model_validate(one) for one in erasure.erasures(call.uow)]
    )


def erase_again(call: Call[Nothing, EraseAgainForm]) -> ErasedAgainShown:
    """Erase whoever an older backup has brought back."""
    form, profile = call.body, call.services.profile
    told = erasure.re_erase(call.uow, form.numbers, profile, form.override)
    return ErasedAgainShown(
        items=[ErasedShown.model_validate(one) for one in told.done],
        held=[StillHeldShown.model_validate(one) for one in told.held],
    )


def _patient(call: Call[Any, Any]) -> Patient:
    return patient_records.patient_of_id(call.uow, call.path["patient_id"])


def _hold(patient: Patient) -> HoldShown:
    return HoldShown(until=patient.held_until, why=patient.held_why)


_ICS, _HTML = "text/calendar; charset=utf-8", "text/html; charset=utf-8"
_ERASE = Scope.ERASE_PATIENTS
_ONE = "/api/patients/{patient_id:id}"
_HOLD = f"{_ONE}/hold"
_ERASURES = "/api/erasures"

ENDPOINTS = (
    Endpoint("GET", _HOLD, read_hold, "Tell until when a patient is kept", _ERASE, HoldShown),
    Endpoint(
        "PUT",
        _HOLD,
        set_hold,
        "Keep a patient until a day",
        _ERASE,
        HoldShown,
        body=HoldForm,
        current=_current_hold,
        text="Before, the patient is neither deleted nor erased (§ 630f BGB: ten years).",
    ),
    Endpoint("DELETE", _HOLD, clear_hold, "Keep a patient no longer", _ERASE),
    Endpoint(
        "GET",
        f"{_ONE}/export",
        export_patient,
        "Write everything stored of a patient",
        _ERASE,
        DisclosureShown,
        query=WhichFile,
        files=("text/calendar", "text/html"),
        text="For the patient (Art. 15 and 20 DSGVO): as data, as a calendar, or to be read.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/erase",
        erase_patient,
        "Erase a patient from everything",
        _ERASE,
        ErasedShown,
        body=EraseForm,
        problems=(409,),
        text="Also from the log (Art. 17 DSGVO). Backups still have everything.",
    ),
    Endpoint("GET", _ERASURES, list_erasures, "List who was erased", _ERASE, ErasuresShown),
    Endpoint(
        "POST",
        _ERASURES,
        erase_again,
        "Erase again, after an older backup",
        _ERASE,
        ErasedAgainShown,
        body=EraseAgainForm,
        text="Whoever is there of these numbers, also with appointments to come; but nobody who has"
        " to be kept, unless there is a reason to override it.",
    ),
)
