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

#: What was last heard of a tool longer ago is shown as old, and told.
STALE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a booking tool was last asked. `counts` are of the last success, by what became of the
    bookings; `error` is empty after a success. `since` is when it was first asked, `warned` when
    somebody was told that it is silent, until it is not any more.
    """

    name: str
    attempted: datetime | None = None
    succeeded: datetime | None = None
    error: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None
    warned: datetime | None = None

    @property
    def heard(self) -> datetime | None:
        """When it last answered; of one that never has, when it was first asked."""
        return self.succeeded or self.since

    def is_stale(self, now: datetime) -> bool:
        """Tell whether what is known of the tool's bookings is old; a new one has a day, too."""
        return self.heard is not None and now - self.heard >= STALE


class ReceiptState(StrEnum):
    """What became of a webhook."""

    WAITING = "waiting"
    DONE = "done"
    #: It cannot be understood; a person has to look.
    QUARANTINED = "quarantined"
    #: A person has looked, and nothing is to be done.
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A webhook as it came, verified. `key` names its event, the same at each delivery; `due` is
    when it is worked on next.
    """

    id: int
    source: str
    key: str
    received: datetime
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    state: ReceiptState
    due: datetime
    attempts: int = 0
    reason: str = ""
