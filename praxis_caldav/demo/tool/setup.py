"""What the booking tool has to know before it can be served.

Not here: where it gets it from (`praxis_caldav.demo.together`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from practice.appointments import Slot
from praxis_caldav.demo.tool.bookings import DOCTORS, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from practice.appointments import Booking

__all__ = ["Setup"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What the tool has to know; `doctors` are ids and names. Without `hook_url` nobody is told."""

    token: str = field(repr=False)
    hook_url: str = ""
    hook_secret: bytes = field(default=b"", repr=False)
    bookings: Sequence[Booking] = ()
    doctors: Sequence[tuple[str, str]] = DOCTORS
    zone: ZoneInfo = ZONE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        if not self.token or (self.hook_url and not self.hook_secret):
            raise ValueError("a booking tool needs a token, and a secret for its webhook")

    def time(self) -> datetime:
        """Return what the practice's clock shows."""
        return self.now().astimezone(self.zone)

    def here(self, slot: Slot) -> Slot:
        """Return the same span of time as the practice's clock shows it."""
        return Slot(slot.start.astimezone(self.zone), slot.end.astimezone(self.zone))
