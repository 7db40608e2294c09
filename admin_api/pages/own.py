"""The pages of patients: signing in by a link, and "Meine Termine"."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints

from admin_api.endpoint import Answer, Call, Form
from admin_api.pages.page import Page, own_address
from admin_api.pages.weeks import week_of
from admin_api.problems import Refusal
from admin_api.wording import fallback_of
from practice.errors import AppointmentNotFound
from practice.use_cases.own import free_to_move, own_list, the_own
from practice.use_cases.patient_sign_in import patient_signed_in

if TYPE_CHECKING:
    from practice.appointments import Slot
    from practice.patients import Patient
    from practice.schedule import FreeSlot
    from practice.use_cases.own import Own

__all__ = ["PAGES"]

_Id = Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,17})?$")]
_Day = Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class Onward(Form):
    """Where to go on, and the secret of a link."""

    zu: Annotated[str, Field(max_length=2000)] = ""
    schluessel: Annotated[str, Field(max_length=200)] = ""


class Asked(Form):
    """What is to be done with which appointment, and the week in which it may be moved; or what
    was done.
    """

    absagen: _Id = ""
    verlegen: _Id = ""
    woche: _Day = ""
    alle: Literal["", "1"] = ""
    getan: Literal["", "abgesagt", "verlegt", "angefragt"] = ""


def show_sign_in(call: Call[Onward, None]) -> dict[str, object] | Answer:
    """Return the form; who has signed in goes on, but for who comes with another link."""
    onward = own_address(call.query.zu, "/termine")
    if not onward.startswith("/termine"):
        onward = "/termine"
    has_link = bool(call.query.schluessel)
    if patient_signed_in(call.uow, call.patient_id) is not None and not has_link:
        return Answer(status=303, headers={"Location": onward})
    services = call.services
    return {
        "onward": onward,
        "has_link": has_link,
        "by_mail": services.sign_in_by_mail,
        "phone": services.phone,
        "email": services.profile.email,
    }


def show_own(call: Call[Asked, None]) -> dict[str, object]:
    """Return the appointments, or what is to be done with one of them."""
    patient, query = _patient(call), call.query
    told: dict[str, object] = {
        "done": query.getan,
        "person": f"{patient.record.first_name} {patient.record.last_name}".strip(),
        "phone": call.services.phone,
        "hours": 0,
        "own": None,
        "week": None,
        "any_doctor": bool(query.alle),
    }
    if query.absagen:
        return told | {"step": "cancel", "own": _own(call, patient, query.absagen)} | _rule(call)
    if query.verlegen:
        own = _own(call, patient, query.verlegen)
        return told | {"step": "move", "own": own, "week": _week(call, patient, own)} | _rule(call)
    found = own_list(call.uow, patient, call.services.profile)
    worst = fallback_of(found.worst, call.services.profile.zone)
    return told | {
        "step": "list",
        "next": found.next,
        "past": found.past,
        "fallback": None if worst is None else getattr(worst, call.language),
    }


def _patient(call: Call[Any, Any]) -> Patient:
    found = patient_signed_in(call.uow, call.patient_id)
    if found is None:
        raise Refusal(401, "Sign in as a patient for this.")
    return found


def _own(call: Call[Asked, None], patient: Patient, told: str) -> Own:
    return the_own(call.uow, patient, int(told), call.services.profile)


def _rule(call: Call[Any, Any]) -> dict[str, object]:
    return {"hours": call.uow.house.rules().late_cancel_hours}


def _week(call: Call[Asked, None], patient: Patient, own: Own) -> object:
    if not own.may_move:
        return None
    uow, profile, query = call.uow, call.services.profile, call.query

    def find(within: Slot, limit: int | None) -> list[FreeSlot]:
        anybody = bool(query.alle)
        return free_to_move(uow, patient, own.id, within, profile, any_doctor=anybody, limit=limit)

    doctors = {doctor.id: doctor for doctor in uow.house.doctors()}
    try:
        asked = date.fromisoformat(query.woche) if query.woche else None
    except ValueError as error:
        raise AppointmentNotFound("There is no such week.") from error
    return week_of(find, doctors, asked, uow.house.rules(), uow.now, profile.zone)


PAGES = (
    Page("/termine", "own.html", show_own, query=Asked, of_patient=True),
    Page("/termine/anmelden", "patient_sign_in.html", show_sign_in, query=Onward, open=True),
)
