"""Booking tools as the practice keeps book of them: how asking them went, and what they sent.

Not here: what any of them is asked (`booking_adapter`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["STALE", "Receipt", "ReceiptState", "SourceState"]

#: What was last heard of a tool longer ago is shown as old.
STALE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a booking tool was last asked. `counts` are of the last success, by what became of the
    bookings; `error` is empty after a success.
    """

    name: str
    attempted: datetime | None = None
    succeeded: datetime | None = None
    error: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    def is_stale(self, now: datetime) -> bool:
        """Tell whether what is known of the tool's bookings is old."""
        return self.succeeded is None or now - self.succeeded >= STALE


class ReceiptState(StrEnum):
    """What became of a webhook."""

    WAITING = "waiting"
    DONE = "done"
    #: It cannot be understood; a person has to look.
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A webhook as it came, verified. `key` names its event, the same at each delivery; `due` is
    when it is worked on next.
    """

    id: int
    source: str
    key: str
    received: datetime
    headers: Mapping[str, str]
    body: bytes
    state: ReceiptState
    due: datetime
    attempts: int = 0
    reason: str = ""
