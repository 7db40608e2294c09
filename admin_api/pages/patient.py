"""One patient's record: facts, appointments as they are known, and what may be done with them.

What is done is done by the API. Not here: the list of patients (`admin_api.pages.patients`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from babel.dates import format_timedelta

from admin_api.answering import content_of, etag_of
from admin_api.cursors import packed, unpacked
from admin_api.disclosure_page import disclosure_page
from admin_api.endpoint import Answer, Call, Form, Nothing
from admin_api.pages.page import Page
from admin_api.pages.patients import born, fields_told
from admin_api.pages.rendering import texts_of, unturned
from admin_api.resources.patients import read_patient
from admin_api.shapes import Cursor
from admin_api.wording import fallback_of
from practice.appointments import Status
from practice.lookup import is_real_date
from practice.scopes import Scope
from practice.use_cases import patient_records
from practice.use_cases.disclosure import disclose
from practice.use_cases.patient_appointments import Note, appointments_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from practice.patients import Patient
    from practice.use_cases.patient_appointments import Freshness, Known, KnownPage

__all__ = ["PAGES"]

_MOST_PAST = 10
#: How a page that runs nothing and loads nothing may look: as it says itself.
_READ_ALONE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_READ_ALONE += "; frame-ancestors 'none'"
_HEARD = {
    Note.FRESH: "ok",
    Note.UNREACHABLE: "warn",
    Note.STALE: "bad",
    Note.NEVER: "bad",
}
#: Whoever books here sees what is free, too.
_BOOKS = {Scope.VIEW_CALENDAR, Scope.CREATE_APPOINTMENT}


class Asked(Form):
    """From where on appointments are shown: those to come, and those that are over."""

    kommend: Cursor = ""
    vergangen: Cursor = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """How a booking tool was last heard of; `age` in words, empty if it never was."""

    fresh: Freshness
    kind: str
    age: str


def show(call: Call[Asked, None]) -> dict[str, object] | Answer:
    """Return what is known of a patient; one that was found to be another leads to that one."""
    patient = patient_records.patient_of_id(call.uow, call.path["patient_id"])
    if patient.id != call.path["patient_id"]:
        return Answer(status=303, headers={"Location": f"/admin/patienten/{patient.id}"})
    return {
        **fields_told(call, texts_of("patient", call.language)),
        **_of_patient(call, patient),
        **_appointments(call, patient),
        **_booking(call),
        "single": call.services.single_patients is not None and Scope.SYNC in call.scopes,
    }


def _of_patient(call: Call[Any, Any], patient: Patient) -> dict[str, object]:
    today = call.now.date()
    record = asdict(patient.record)
    told = patient.record.birth_date
    return {
        "patient": patient,
        # In sentences, whose other words it must not turn.
        "name": unturned(" ".join(filter(None, (record["first_name"], record["last_name"])))),
        "born": born(patient),
        "record": {**record, "is_dated": not told or is_real_date(told)},
        "etag": etag_of(content_of(read_patient(call), call.services.profile.zone)),
        "is_held": patient_records.held(patient, today),
        "held_day": _day(patient.held_until),
        "kept_for": patient_records.ten_years_after(today),
        "before": [one.number for one in call.uow.patients.merged_into(patient.id)],
    }


def _day(told: str) -> date | None:
    return date.fromisoformat(told) if told else None


def _appointments(call: Call[Asked, None], patient: Patient) -> dict[str, object]:
    asked, uow = call.query, call.uow
    to_come = appointments_of(uow, patient, cancelled=True, cursor=unpacked(asked.kommend))
    over = appointments_of(
        uow,
        patient,
        past=True,
        cancelled=True,
        limit=_MOST_PAST,
        cursor=unpacked(asked.vergangen),
    )
    known = (*to_come.appointments, *over.appointments)
    booked = uow.details.booked_all({one.appointment.id for one in known})
    fallback = fallback_of(to_come.worst, call.services.profile.zone)
    return {
        "asked": asked,
        "to_come": to_come,
        "over": over,
        "more": packed(to_come.cursor),
        "more_over": packed(over.cursor),
        "standing": _standing(to_come),
        "kinds": _kinds(call, known),
        "progress": {key: str(one.details.progress) for key, one in booked.items()},
        # Of what came by a file, nobody is asked: its age says nothing.
        "asked_tools": {one.source for one in to_come.sources},
        "heard": [_heard(one, call.language) for one in to_come.sources],
        "fallback": getattr(fallback, call.language) if fallback else "",
        "is_bad": to_come.note in {Note.STALE, Note.NEVER},
        "links": _links(call, patient, to_come.sources),
    }


def _standing(page: KnownPage) -> int:
    """Return how many appointments to come are on: those that stand against a removal."""
    return sum(known.appointment.status is not Status.CANCELLED for known in page.appointments)


def _kinds(call: Call[Any, Any], known: Iterable[Known]) -> Mapping[str, str]:
    """Return what types are called; a tool may have words of its own, or ours in capitals."""
    house, english = call.uow.house, call.language == "en"
    types = {one.slug: one for one in (*house.retired_types(), *house.types())}
    called = {}
    for kind in {one.appointment.kind for one in known if one.appointment.kind}:
        found = types.get(kind.casefold().replace("_", "-"))
        called[kind] = ((english and found.name_en) or found.name) if found else kind
    return called


def _heard(fresh: Freshness, language: str) -> Heard:
    locale = "de_DE" if language == "de" else "en_GB"
    age = format_timedelta(-fresh.age, add_direction=True, locale=locale) if fresh.age else ""
    return Heard(fresh, _HEARD[fresh.note], age)


def _links(
    call: Call[Any, Any], patient: Patient, sources: Iterable[Freshness]
) -> list[tuple[str, str]]:
    """Return the booking tools that have a page to book on, with its address."""
    links = call.services.booking_links
    if links is None:
        return []
    names = [one.source for one in sources]
    of_each = [(name, links.link(name, patient.record)) for name in names]
    found = [(name, url) for name, url in of_each if url]
    if found:
        return found
    first = links.link("", patient.record)  # of one that nobody has asked yet
    return [("", first)] if first else []


def _booking(call: Call[Any, Any]) -> dict[str, object]:
    if not call.scopes >= _BOOKS:
        return {"types": [], "doctors": []}
    house = call.uow.house
    return {
        "types": sorted(house.types(), key=lambda one: one.name.casefold()),
        "doctors": sorted(house.doctors(), key=lambda one: one.name.casefold()),
    }


def show_disclosure(call: Call[Nothing, None]) -> Answer:
    """Return everything that is stored of a patient, to be read in the browser."""
    patient = patient_records.patient_of_id(call.uow, call.path["patient_id"])
    page = disclosure_page(call.uow, disclose(call.uow, patient), call.services.profile)
    headers = {"Content-Security-Policy": _READ_ALONE, "Vary": "Cookie"}
    return Answer(content=page.encode(), media_type="text/html; charset=utf-8", headers=headers)


_ONE = "/admin/patienten/{patient_id:id}"

PAGES = (
    Page(_ONE, "patient.html", show, Scope.READ_PATIENTS, query=Asked),
    Page(f"{_ONE}/auskunft", "disclosure.html", show_disclosure, Scope.ERASE_PATIENTS),
)
