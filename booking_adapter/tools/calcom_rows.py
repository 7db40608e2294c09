"""Bookings as Cal.com's API v2 writes them, read into the practice's words.

Not here: how they are asked for and changed (`booking_adapter.tools.calcom`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from booking_adapter.names import split_name
from booking_adapter.protocol import Told, Unreadable
from booking_adapter.times import from_instant, is_on
from booking_adapter.tools.values import (
    answers_in,
    check_fields,
    fields_in,
    for_patient,
    id_in,
    lines_in,
    list_in,
    text_in,
)
from practice.appointments import Booking, Slot, Status
from practice.patients import PatientRecord

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from booking_adapter.protocol import Days

__all__ = ["Team", "address_in", "earlier_in", "is_within", "told_in", "uid_in", "uid_in_hook"]

_STATUSES = {
    "accepted": Status.CONFIRMED,
    "pending": Status.TENTATIVE,
    "cancelled": Status.CANCELLED,
    "rejected": Status.CANCELLED,
}
#: Given to those who left a phone number only; nobody reads what is sent there.
_NO_ADDRESS = "@sms.cal.com"


@dataclass(frozen=True, slots=True)
class Team:
    """Whose bookings they are. `doctors` and `kinds` are names of ours by its ids of hosts and
    event types; `fields` are fields of ours by slugs of its booking questions: a
    `patient_number` only if patients cannot fill it in themselves.
    """

    page: str
    hook_secret: str = field(repr=False)
    zone: ZoneInfo
    doctors: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self.fields.values(), "notes", "reason")


def uid_in(row: Any) -> str:
    """Return the uid of a booking; empty if it has none."""
    return id_in(fields_in(row).get("uid"))


def uid_in_hook(payload: Mapping[str, Any]) -> str:
    """Return the uid of the booking that a webhook is about; empty if there is none."""
    return id_in(payload.get("uid")) or id_in(payload.get("bookingUid"))


def earlier_in(row: Any) -> str:
    """Return the uid of the booking that this one took the place of; empty if there is none."""
    earlier = id_in(fields_in(row).get("rescheduledFromUid"))
    return earlier if earlier != uid_in(row) else ""


def is_within(row: Any, days: Days, zone: ZoneInfo) -> bool:
    """Tell whether a booking starts on some days; also if that cannot be read."""
    try:
        return is_on(from_instant(fields_in(row)["start"], zone), days, zone)
    except (KeyError, TypeError, ValueError):
        return True


def address_in(row: Any) -> str:
    """Return the address that a booking is found by, even if nobody reads what is sent there."""
    told = fields_in(row)
    attendee = fields_in(next(iter(list_in(told.get("attendees"))), None))
    answers = fields_in(told.get("bookingFieldsResponses"))
    return text_in(answers.get("email")) or text_in(attendee.get("email"))


def told_in(row: Any, team: Team, before: tuple[str, ...] = ()) -> Told | Unreadable:
    """Return a booking; `before` are the uids that it had."""
    told = fields_in(row)
    uid = uid_in(told)
    if not uid:
        return Unreadable("", "It has no id.")
    hosts = [id_in(fields_in(host).get("id")) for host in list_in(told.get("hosts"))]
    doctor = next((team.doctors[host] for host in hosts if host in team.doctors), "")
    if not doctor:
        reason = "None of its hosts is one of the doctors in the settings."
        return Unreadable(uid, reason, elsewhere=True)
    try:
        start, end = (from_instant(told[name], team.zone) for name in ("start", "end"))
        slot, status = Slot(start, end), _STATUSES[told["status"]]
    except (KeyError, TypeError, ValueError):
        return Unreadable(uid, "Its times or its status cannot be read.")
    answers = {slug: _answer(value) for slug, value in _answers(told).items()}
    mapped = answers_in(answers, team.fields)
    notes, reason = mapped.pop("notes", ""), mapped.pop("reason", "")
    record = _record(told, answers, mapped)
    booking = Booking(
        id=uid,
        doctor=doctor,
        slot=slot,
        status=status,
        last_name=record.last_name,
        kind=team.kinds.get(id_in(told.get("eventTypeId")), ""),
        reason=reason,
        notes=notes or lines_in(answers.get("notes")),
        requires_confirmation=status is Status.TENTATIVE,
    )
    return Told(for_patient(booking, record), _changed(told, team.zone), before)


def _answers(row: Mapping[str, Any]) -> dict[str, Any]:
    return fields_in(row.get("bookingFieldsResponses"))


def _answer(value: Any) -> Any:
    """Return what was answered to a question, also where one could choose, or choose several."""
    if isinstance(value, dict):
        return value.get("value")
    if isinstance(value, list):
        return ", ".join(filter(None, map(text_in, value)))
    return value


def _record(
    row: Mapping[str, Any], answers: Mapping[str, Any], mapped: Mapping[str, str]
) -> PatientRecord:
    attendee = fields_in(next(iter(list_in(row.get("attendees"))), None))
    last, first = split_name(text_in(attendee.get("name")) or text_in(answers.get("name")))
    asked = fields_in(_answers(row).get("name"))  # where first and last name are asked for apart
    email, phone = address_in(row), text_in(answers.get("attendeePhoneNumber"))
    told = {
        "last_name": text_in(asked.get("lastName")) or last,
        "first_name": text_in(asked.get("firstName")) or first,
        "email": "" if email.endswith(_NO_ADDRESS) else email,
        "phone": phone or text_in(attendee.get("phoneNumber")),
    }
    return PatientRecord(**{**told, **mapped})


def _changed(row: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
    try:
        return from_instant(row["updatedAt"], zone)
    except (KeyError, TypeError, ValueError):
        return None
