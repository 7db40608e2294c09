"""The common base of the tool and the practice: a booking as it was last taken over. Pure.

Kept with the appointment as digests and times; nothing of the patient can be read from it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from practice.appointments import Status
from practice.vevent import fingerprints, revise, summary_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.appointments import Appointment, Booking
    from practice.profile import Profile
    from practice.vevent import Event

__all__ = ["Base", "merged"]

_COMPARED = ("start", "end", "status", "doctor", "room")
_TIMES = frozenset({"DTSTART", "DTEND", "DURATION"})
#: What the tool changes follows it, whoever wrote the property last.
_FOLLOWS = {
    "start": _TIMES,
    "end": _TIMES,
    "status": frozenset({"STATUS", "X-REQUIRES-CONFIRMATION"}),
    "room": frozenset({"LOCATION"}),
}


@dataclass(frozen=True, slots=True)
class Base:
    """What the tool told last, and fingerprints of the properties as they were written then."""

    digest: str = ""
    person: str = ""
    start: str = ""
    end: str = ""
    status: str = ""
    doctor: str = ""
    room: str = ""
    written: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def told(cls, booking: Booking) -> Base:
        """Return what a booking tells now."""
        return cls(
            digest=_digest(*astuple(replace(booking, line=0))),
            person=_digest(
                booking.last_name, booking.first_name, booking.birth_date, booking.patient_number
            ),
            start=booking.slot.start.isoformat(),
            end=booking.slot.end.isoformat(),
            status=str(booking.status),
            doctor=booking.doctor,
            room=booking.room,
        )

    @classmethod
    def of(cls, appointment: Appointment) -> Base:
        """Return what the tool told when the appointment was last taken over."""
        return cls(**json.loads(appointment.booking_base or "{}"))

    def changed_since(self, before: Base) -> set[str]:
        """Return what the tool changed."""
        return {name for name in _COMPARED if getattr(self, name) != getattr(before, name)}

    def stored(self, written: Mapping[str, str]) -> str:
        """Return the base as it is kept, with the fingerprints of what is written now."""
        return json.dumps(asdict(replace(self, written=written)))


def merged(
    text: str, event: Event, base: Base, changed: set[str], profile: Profile
) -> tuple[str, Mapping[str, str]]:
    """Return `text` with what the tool changed and with what the practice wrote itself kept.

    A property is the practice's once it is no longer what was written last. Second, what is to
    be stored as written now.
    """
    now, before = fingerprints(text), base.written
    keep = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    if keep & _TIMES:
        keep |= _TIMES
    for name in changed:
        keep -= _FOLLOWS.get(name, frozenset())
    stay = set(keep)
    if "SUMMARY" in keep and "status" in changed:
        title = summary_of(text).removeprefix(profile.tentative_prefix)
        prefix = profile.tentative_prefix if event.status is Status.TENTATIVE else ""
        event = replace(event, summary=prefix + title)
        stay.remove("SUMMARY")
    result = revise(text, event, profile.zone, stay)
    return result, fingerprints(result) | {name: before.get(name, "") for name in keep}


def _digest(*values: Any) -> str:
    told = [str(value) for value in values]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
