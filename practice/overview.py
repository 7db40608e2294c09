"""What a practice looks at first: its appointments, how telling and hearing went, what is open.

Figures and ids only: nothing of a patient stands here. Not here: how they are counted
(`practice.ports.Figures`) and over which days (`practice.use_cases.overview`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta

    from practice.appointments import Status
    from practice.messages import Receiver

__all__ = [
    "Appointed",
    "Delivery",
    "Fault",
    "Load",
    "Month",
    "Overview",
    "Queue",
    "Request",
    "SourceAge",
    "TaskGlance",
    "Webhooks",
    "Week",
]


@dataclass(frozen=True, slots=True)
class Appointed:
    """How many appointments start within a span of days, by status, and by doctor and status.

    A doctor is known by id; None are those of no doctor.
    """

    by_status: Mapping[Status, int]
    by_doctor: Mapping[int | None, Mapping[Status, int]]

    @property
    def count(self) -> int:
        """How many take place, as things are: all but the cancelled ones."""
        return sum(n for status, n in self.by_status.items() if status != "CANCELLED")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of letters in the last days, each counted once, however often it was tried.

    Given up is what could not be delivered, and should have been. What a tool takes no word of is
    for a person to do there: it was never under way, and counts neither way. Nor does what was
    overtaken by a newer letter, or what somebody has said that nobody needs to be told.
    """

    delivered: int
    given_up: int

    @property
    def rate(self) -> float | None:
        """The part that was delivered of what could be, 0 to 1; None if there was nothing."""
        settled = self.delivered + self.given_up
        return self.delivered / settled if settled else None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What became of webhooks that came in the last days; `in_quarantine` are all of them."""

    done: int
    quarantined: int
    waiting: int
    in_quarantine: int

    @property
    def rate(self) -> float | None:
        """The part that was understood, 0 to 1; None if none was looked at."""
        settled = self.done + self.quarantined
        return self.done / settled if settled else None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong: `kind` is letter, webhook, source or task, `id` which one."""

    kind: str
    time: datetime
    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SourceAge:
    """When a booking tool was last asked with success; `age` is how long ago that is."""

    name: str
    attempted: datetime | None
    succeeded: datetime | None
    age: timedelta | None
    is_stale: bool
    error: str


@dataclass(frozen=True, slots=True)
class Queue:
    """The letters that wait for one receiver, and when the oldest was posted."""

    to: Receiver
    waiting: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A request that nobody has answered: since when, and when the appointment would be."""

    appointment_id: int
    doctor_id: int | None
    start: datetime
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Week:
    """How many appointments start in the week from `monday` on and are not cancelled."""

    monday: date
    appointments: int


@dataclass(frozen=True, slots=True)
class Month:
    """The appointments of one month that should have taken place by now, and who did not come."""

    first: date
    appointments: int
    no_shows: int

    @property
    def rate(self) -> float | None:
        """The part that did not come, 0 to 1; None if there were none."""
        return self.no_shows / self.appointments if self.appointments else None


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a doctor is in the week from `monday` on; minutes."""

    doctor_id: int
    monday: date
    booked: int
    open: int

    @property
    def rate(self) -> float | None:
        """The booked part of the open time; above 1 where more is booked than is open."""
        return self.booked / self.open if self.open else None


@dataclass(frozen=True, slots=True)
class TaskGlance:
    """A task that runs or has failed."""

    id: str
    kind: str
    state: str
    begun: datetime
    ended: datetime | None
    made_by: str


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it, as of one moment. `faults` are the last ones, the newest first; `requests` the
    first ones of `requests_waiting`, by when the appointment would be.
    """

    at: datetime
    today: Appointed
    week: Appointed
    month: Appointed
    letters: Delivery
    webhooks: Webhooks
    faults: tuple[Fault, ...]
    sources: tuple[SourceAge, ...]
    queue: tuple[Queue, ...]
    open_conflicts: int
    requests_waiting: int
    requests: tuple[Request, ...]
    patients_to_review: int
    weeks: tuple[Week, ...]
    no_shows: tuple[Month, ...]
    load: tuple[Load, ...]
    tasks_running: tuple[TaskGlance, ...] = field(default=())
    tasks_failed: tuple[TaskGlance, ...] = field(default=())
