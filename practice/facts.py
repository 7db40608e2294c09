"""What is read from the text of a calendar object: its facts and its place in time.

Not here: how they are read (`practice.vevent`, `practice.recurrence`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from practice.appointments import Slot, Status

__all__ = ["Busy", "Coverage", "Facts", "Limits", "Occupied", "Span"]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of time in seconds since 1970 (UTC); None is open."""

    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Between which seconds an endless series has been expanded."""

    start: int
    end: int


class Busy(IntEnum):
    """What an occurrence does to the time it takes (FBTYPE of RFC 5545 3.2.9)."""

    FREE = 0
    TENTATIVE = 1
    BUSY = 2
    UNAVAILABLE = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """What one calendar object may be: bytes of its text, instances of its series, attendees of
    one instance.
    """

    max_bytes: int = 1_000_000
    max_instances: int = 3000
    max_attendees: int = 1000


@dataclass(frozen=True, slots=True)
class Occupied:
    """One occurrence in the time index: seconds since 1970, half-open."""

    start: int
    end: int
    busy: Busy


@dataclass(frozen=True, slots=True)
class Facts:
    """What the practice reads from the text of one calendar object.

    `slot` is that of the first event; None for whole days, tasks, notes and series.
    `coverage` is None unless a series goes on beyond the occurrences listed.
    The texts are empty when the property is absent.
    """

    uid: str
    component: str
    occurrences: tuple[Occupied, ...]
    coverage: Coverage | None
    slot: Slot | None
    status: Status
    patient_number: str = ""
    insurance: str = ""
    kind: str = ""
    source: str = ""
    requires_confirmation: bool = False

    @property
    def is_appointment(self) -> bool:
        """Tell whether a new object is an appointment and no block, holiday or task."""
        return self.slot is not None and bool(self.patient_number or self.kind)
