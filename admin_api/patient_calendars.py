"""Appointments as files that patients' own calendars take in, in German or English.

They say when, with whom and where, never why, as the e-mails do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.vevent import Invitation, calendar_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from practice.appointments import Slot, Status
    from practice.profile import Profile

__all__ = ["calendar_file", "invitation"]

_WORDS = {
    "de": ("Anfrage: ", "Termin bei {whom}", "Wenn Sie nicht kommen können, sagen Sie bitte ab."),
    "en": ("Requested: ", "Appointment with {whom}", "If you cannot come, please cancel."),
}


def invitation(
    profile: Profile,
    language: str,
    told: tuple[str, Slot, Status],
    place: tuple[str, str],
    who: tuple[str, str],
    at: tuple[datetime, int],
) -> Invitation:
    """Return what a calendar is told: UID, slot and status; the names of doctor and room; name and
    address of the patient; when it is told, and the number by which it is newer than before.
    """
    uid, slot, status = told
    doctor, room = place
    asked, summary, keep = _WORDS[language]
    whom = ", ".join(filter(None, (doctor, profile.name)))
    address = ", ".join(filter(None, map(str.strip, profile.address.splitlines())))
    return Invitation(
        uid=uid,
        slot=slot,
        stamp=at[0],
        sequence=at[1],
        status=status,
        summary=(asked if status == "TENTATIVE" else "") + summary.format(whom=whom),
        description="" if status == "CANCELLED" else keep,
        location=", ".join(filter(None, (room, profile.name, address))),
        organizer=(profile.name, profile.email),
        attendee=who,
    )


def calendar_file(profile: Profile, invitations: Iterable[Invitation]) -> str:
    """Return them as one file."""
    return calendar_of(invitations, profile.zone)
