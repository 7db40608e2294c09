"""The common base of the tool and the practice: a booking as it was last taken over.

Kept with the appointment as digests and times; nothing of the patient can be read from it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.appointments import Appointment, Booking

__all__ = ["Base"]

_COMPARED = ("start", "end", "status", "doctor", "room")


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


def _digest(*values: Any) -> str:
    told = [str(value) for value in values]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
