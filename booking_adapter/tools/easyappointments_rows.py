"""Appointments and customers as Easy!Appointments writes them, read into the practice's words.

Not here: how they are asked for and changed (`booking_adapter.tools.easyappointments`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from booking_adapter.protocol import Told, Unreadable
from booking_adapter.times import from_local
from booking_adapter.tools.values import (
    answers_in,
    check_fields,
    fields_in,
    for_patient,
    id_in,
    lines_in,
    text_in,
)
from practice.appointments import Booking, Slot, Status
from practice.patients import PatientRecord

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["Installation", "record_in", "status_in", "told_in"]

#: What its own pages call the states; what is called otherwise has to be confirmed.
_STATUSES = {
    "": Status.CONFIRMED,
    "booked": Status.CONFIRMED,
    "confirmed": Status.CONFIRMED,
    "rescheduled": Status.CONFIRMED,
    "draft": Status.TENTATIVE,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
}
_TIMES = ("start", "end")


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation. `doctors` and `kinds` are names of ours by its ids of providers and
    services; `fields` are fields of a patient by names of its custom fields: a `patient_number`
    only if patients cannot fill it in themselves. `statuses` are by its words in small letters.
    """

    page: str
    hook_secret: str = field(repr=False)
    zone: ZoneInfo
    doctors: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    hook_header: str = "X-Ea-Token"
    statuses: Mapping[str, Status] = field(default_factory=lambda: dict(_STATUSES))
    confirmed: str = "Booked"
    tentative: str = "Draft"
    cancelled: str = "Cancelled"

    def __post_init__(self) -> None:
        check_fields(self.fields.values())


def told_in(row: Any, its: Installation, zones: Mapping[str, ZoneInfo]) -> Told | Unreadable:
    """Return an appointment with its customer; `zones` are those of the providers."""
    told = fields_in(row)
    its_id, provider = id_in(told.get("id")), id_in(told.get("providerId"))
    doctor, zone = its.doctors.get(provider, ""), zones.get(provider)
    if not its_id:
        return Unreadable("", "It has no id.")
    if not doctor or zone is None:
        reason = "Its provider is none of the doctors in the settings."
        return Unreadable(its_id, reason, elsewhere=True)
    if not isinstance(told.get("customer"), dict):
        return Unreadable(its_id, "It has no customer.")
    try:
        start, end = (from_local(told[name], zone).astimezone(its.zone) for name in _TIMES)
        slot = Slot(start, end)
    except (KeyError, TypeError, ValueError):
        return Unreadable(its_id, "Its times cannot be read.")
    record, status = record_in(told["customer"], its), status_in(told, its)
    booking = Booking(
        id=its_id,
        doctor=doctor,
        slot=slot,
        status=status,
        last_name=record.last_name,
        kind=its.kinds.get(id_in(told.get("serviceId")), ""),
        notes=lines_in(told.get("notes")),
        requires_confirmation=status is Status.TENTATIVE,
    )
    return Told(for_patient(booking, record))


def status_in(row: Mapping[str, Any], its: Installation) -> Status:
    """Return the status of an appointment."""
    return its.statuses.get(text_in(row.get("status")).lower(), Status.TENTATIVE)


def record_in(row: Mapping[str, Any], its: Installation) -> PatientRecord:
    """Return what a customer tells, in either spelling of the fields."""
    told = {_bare(name): value for name, value in row.items()}
    names = {_bare(theirs): ours for theirs, ours in its.fields.items()}
    record = PatientRecord(
        last_name=text_in(told.get("lastname")),
        first_name=text_in(told.get("firstname")),
        email=text_in(told.get("email")),
        phone=text_in(told.get("phone")) or text_in(told.get("phonenumber")),
    )
    return replace(record, **answers_in(told, names))


def _bare(name: str) -> str:
    """Return what `customField1` and `custom_field_1` have in common."""
    return name.replace("_", "").lower()
