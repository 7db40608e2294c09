"""A patient and the booking tools: appointments as they are known here, link, page to book on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from admin_api.cursors import packed, unpacked
from admin_api.endpoint import Call, Endpoint, Form, Nothing, Shown
from admin_api.problems import Refusal
from admin_api.shapes import Cursor, EMail, Line, Name
from admin_api.wording import Sentence, fallback_of, sentence
from practice.appointments import Status
from practice.patients import Patient
from practice.scopes import Scope
from practice.use_cases import patient_records
from practice.use_cases.patient_appointments import MOST_SHOWN, appointments_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from practice.use_cases.patient_appointments import Freshness, Known

__all__ = ["ENDPOINTS"]


class Named(Shown):
    """A doctor or room."""

    slug: str
    name: str


class BookingShown(Shown):
    """The booking that an appointment came from."""

    source: str
    id: str


class KnownShown(Shown):
    """An appointment of a patient. Times have the offset of the practice's zone."""

    id: int
    start: datetime
    end: datetime
    doctor: Named | None
    room: Named | None
    status: Status
    kind: str | None
    booking: BookingShown | None = Field(description="Null for one that the practice made itself.")
    age_seconds: int | None = Field(
        description="How long ago the booking tool was last heard of; null if that says nothing."
    )
    stale: bool = Field(description="Whether that is too long ago to rely on it.")


class SyncShown(Shown):
    """How old what a booking tool told is."""

    source: str
    last_success: datetime | None
    age_seconds: int | None
    stale: bool
    reachable: bool = Field(description="Whether it answered when it was last asked.")


class KnownPageShown(Shown):
    """Appointments of a patient, by time; `next` asks for those that follow."""

    items: list[KnownShown]
    next: str | None
    sync: list[SyncShown]
    fallback: Sentence | None = Field(description="To be shown beside them, if there is any.")


class WhichAppointments(Form):
    """Which appointments of a patient."""

    past: bool = Field(False, description="Those that are over, the last first.")
    cancelled: bool = Field(False, description="Also those that were cancelled.")
    limit: Annotated[int, Field(ge=1, le=MOST_SHOWN)] = 50
    after: Cursor = ""


class LinkForm(Form):
    """By what a booking tool knows a patient."""

    booking_system_id: Name
    tool_email: EMail = Field("", description="The address that the tool has, to be compared.")
    confirm: bool = Field(False, description="It is the same person, whatever the addresses say.")


class LinkShown(Shown):
    """By what a booking tool knows a patient."""

    booking_system_id: str
    warning: Sentence | None


class WhichTool(Form):
    """Which booking tool."""

    source: Line = Field("", description="Its name; if empty, the first that has a page.")


class BookingLinkShown(Shown):
    """Where a patient books."""

    url: str


def list_appointments_of_patient(call: Call[WhichAppointments, None]) -> KnownPageShown:
    """Return the appointments of a patient that are to come, or those that are over."""
    asked, zone = call.query, call.services.profile.zone
    page = appointments_of(
        call.uow,
        _patient(call),
        past=asked.past,
        cancelled=asked.cancelled,
        limit=asked.limit,
        cursor=unpacked(asked.after),
    )
    return KnownPageShown(
        items=[_known(one, zone) for one in page.appointments],
        next=packed(page.cursor),
        sync=[_sync(one, zone) for one in page.sources],
        fallback=fallback_of(page.worst, zone),
    )


def link_patient(call: Call[Nothing, LinkForm]) -> LinkShown:
    """Link a patient with the one that a booking tool knows."""
    form = call.body
    linked = patient_records.link(
        call.uow,
        _patient(call),
        form.booking_system_id,
        tool_email=form.tool_email,
        confirm=form.confirm,
    )
    return LinkShown(
        booking_system_id=linked.patient.record.booking_system_id or "",
        warning=sentence(linked.warning) if linked.warning else None,
    )


def unlink_patient(call: Call[Nothing, None]) -> None:
    """Take the link away."""
    patient_records.unlink(call.uow, _patient(call))


def read_booking_link(call: Call[WhichTool, None]) -> BookingLinkShown:
    """Return the page on which a patient books, with the name filled in."""
    record, links = _patient(call).record, call.services.booking_links
    url = links.link(call.query.source, record) if links is not None else None
    if not url:
        which = "The booking tool of this name" if call.query.source else "No booking tool here"
        has = "has no page" if call.query.source else "has a page"
        raise Refusal(404, f"{which} {has} on which patients book.")
    return BookingLinkShown(url=url)


def _patient(call: Call[Any, Any]) -> Patient:
    return patient_records.patient_of_id(call.uow, call.path["patient_id"])


def _known(known: Known, zone: ZoneInfo) -> KnownShown:
    one, doctor, room, fresh = known.appointment, known.doctor, known.room, known.freshness
    booking = None
    if one.booking_source is not None:
        booking = BookingShown(source=one.booking_source, id=one.booking_id or "")
    return KnownShown(
        id=one.id,
        start=one.slot.start.astimezone(zone),
        end=one.slot.end.astimezone(zone),
        doctor=Named(slug=doctor.slug, name=doctor.name) if doctor else None,
        room=Named(slug=room.slug, name=room.name) if room else None,
        status=one.status,
        kind=one.kind,
        booking=booking,
        age_seconds=_seconds(fresh),
        stale=fresh is not None and fresh.stale,
    )


def _sync(fresh: Freshness, zone: ZoneInfo) -> SyncShown:
    return SyncShown(
        source=fresh.source,
        last_success=fresh.heard.astimezone(zone) if fresh.heard else None,
        age_seconds=_seconds(fresh),
        stale=fresh.stale,
        reachable=fresh.answered,
    )


def _seconds(fresh: Freshness | None) -> int | None:
    return int(fresh.age.total_seconds()) if fresh is not None and fresh.age is not None else None


_READ, _WRITE = Scope.READ_PATIENTS, Scope.WRITE_PATIENTS
_ONE = "/api/patients/{patient_id:id}"

ENDPOINTS = (
    Endpoint(
        "GET",
        f"{_ONE}/appointments",
        list_appointments_of_patient,
        "List the appointments of a patient",
        _READ,
        KnownPageShown,
        query=WhichAppointments,
        text="As they are known here, with how old that is: nothing is asked of booking tools.",
    ),
    Endpoint(
        "PUT",
        f"{_ONE}/link",
        link_patient,
        "Link a patient with the booking tool's",
        _WRITE,
        LinkShown,
        body=LinkForm,
        problems=(409,),
        text="Where the tool has another e-mail address, it has to be confirmed.",
    ),
    Endpoint(
        "DELETE",
        f"{_ONE}/link",
        unlink_patient,
        "Take the link to the booking tool away",
        _WRITE,
        text="Nothing happens in the tool.",
    ),
    Endpoint(
        "GET",
        f"{_ONE}/booking-link",
        read_booking_link,
        "Tell where the patient books",
        _READ,
        BookingLinkShown,
        query=WhichTool,
        text="The booking tool's own page, with what is known of the patient filled in.",
    ),
)
