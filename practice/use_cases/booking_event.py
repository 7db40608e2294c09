"""How a booking looks in a calendar: its event, and the name it has there. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from practice.appointments import Status
from practice.vevent import Event

if TYPE_CHECKING:
    from datetime import datetime

    from practice.accounts import Room
    from practice.appointments import Booking
    from practice.profile import Profile

__all__ = ["event_of", "uid_of"]

_SAFE = re.compile(r"[A-Za-z0-9._]+-[A-Za-z0-9._-]+")
_INSURANCE_WORDS = {"GESETZLICH": "Gesetzlich", "PRIVAT": "Privat", "SELBSTZAHLER": "Selbstzahler"}
_SOURCE_WORDS = {
    "ONLINE_BOOKING": "Gebucht via Online-Terminbuchung",
    "ONLINE": "Gebucht via Online-Terminbuchung",
    "PHONE": "Telefonisch gebucht",
    "STAFF": "In der Praxis gebucht",
    "RECALL": "Im Recall gebucht",
    "TREATMENT_PLAN": "Nach Behandlungsplan gebucht",
    "WAITLIST": "Von der Warteliste gebucht",
}


def uid_of(tool: str, booking: Booking, profile: Profile) -> str:
    """Return the UID of a tool's booking, the same every time and nobody else's."""
    name = f"{tool}-{booking.id}"
    # A tool's name with a hyphen could be read as another's with a longer id.
    if "-" in tool or len(name) > 100 or not _SAFE.fullmatch(name):
        name = hashlib.sha256(f"{tool}\0{booking.id}".encode()).hexdigest()[:32]
    return f"booking-{name}@{profile.uid_domain}"


def event_of(
    booking: Booking,
    uid: str,
    patient_number: str,
    room: Room | None,
    profile: Profile,
    now: datetime,
) -> Event:
    """Return the event that tells a booking."""
    category = booking.category or profile.categories.get(booking.kind, "")
    name = f"{booking.first_name} {booking.last_name}".strip()
    title = f"{name} - {booking.reason or booking.kind.title() or 'Termin'}"
    prefix = profile.tentative_prefix if booking.status is Status.TENTATIVE else ""
    return Event(
        uid=uid,
        slot=booking.slot,
        stamp=now.replace(microsecond=0),
        summary=prefix + title,
        description=_description(booking, name),
        location=_location(room, profile),
        status=booking.status,
        organizer=(profile.name, profile.email),
        attendee=(name, booking.email),
        categories=("APPOINTMENT", category) if category else ("APPOINTMENT",),
        color=profile.colors.get(category, ""),
        extra={
            "X-PATIENT-ID": patient_number,
            **({"X-INSURANCE-TYPE": booking.insurance} if booking.insurance else {}),
            **({"X-APPOINTMENT-TYPE": booking.kind} if booking.kind else {}),
            "X-BOOKING-SOURCE": booking.source,
            "X-REQUIRES-CONFIRMATION": str(booking.requires_confirmation).upper(),
        },
    )


def _description(booking: Booking, name: str) -> str:
    birth = booking.birth_date
    lines = [
        ("Patient", name),
        ("Geburtsdatum", f"{birth[8:]}.{birth[5:7]}.{birth[:4]}" if birth else ""),
        ("Versicherung", _INSURANCE_WORDS.get(booking.insurance, booking.insurance)),
        ("Telefon", booking.phone),
        ("Grund", booking.reason),
        ("Bemerkung", booking.notes),
    ]
    told = [f"{label}: {value}" for label, value in lines if value]
    return "\n".join([*told, "", _SOURCE_WORDS.get(booking.source, f"Quelle: {booking.source}")])


def _location(room: Room | None, profile: Profile) -> str:
    parts = (room.name if room else "", profile.name, profile.address)
    return ", ".join(part for part in parts if part)
