"""Patients and their appointments, each in a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from practice.appointments import Booking, Slot, Status
from practice.patients import Patient, PatientRecord
from practice.use_cases import patient_records
from practice.use_cases.book import take_bookings
from tests.building import NOW, PROFILE, the_view

if TYPE_CHECKING:
    from practice.database.unit_of_work import SqlUnitOfWork

__all__ = ["PAST", "SOON", "a_booking", "a_record", "booked", "made", "the_texts"]

PAST = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
SOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
assert PAST < NOW < SOON


def a_record(last_name: str = "Ährenthaler", first_name: str = "Zoë", **more: str) -> PatientRecord:
    """Return what is typed in of a patient."""
    told = {"birth_date": "1966-02-03", "email": "zoe@example.org", "phone": "030 123456", **more}
    return PatientRecord(last_name, first_name, **told)


def made(uow: SqlUnitOfWork, last_name: str = "Ährenthaler", **more: str) -> Patient:
    """Make a patient."""
    return patient_records.create(uow, a_record(last_name, **more))


def a_booking(booking_id: str = "B-1", start: datetime = SOON, **more: str) -> Booking:
    """Return half an hour with Dr. Müller, of the patient of `a_record` if nothing else is said."""
    told: dict[str, Any] = {
        "last_name": "Ährenthaler",
        "first_name": "Zoë",
        "birth_date": "1966-02-03",
        "reason": "Befundbesprechung",
        **more,
    }
    slot = Slot(start, start + timedelta(minutes=30))
    return Booking(booking_id, "dr-mueller", slot, Status.CONFIRMED, **told)


def booked(uow: SqlUnitOfWork, *bookings: Booking, tool: str = "csv") -> list[str]:
    """Take bookings over, and return their UIDs."""
    taken = take_bookings(uow, tool, bookings, PROFILE)
    assert not [one.reason for one in taken if one.reason]
    known = uow.appointments.by_booking(tool, [one.id for one in bookings])
    return [known[one.id].uid for one in bookings]


def the_texts(uow: SqlUnitOfWork, calendar: str = "dr-mueller") -> dict[str, str]:
    """Return the texts of a calendar by UID."""
    return {item.uid: item.text for item in uow.calendars.texts(the_view(uow, "admin", calendar))}
