"""What a booking tool is to the practice: what it can be asked and told, in the practice's words.

Not here: how any of them is asked (`booking_adapter.tools`), nor what becomes of what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Flag, auto
from typing import TYPE_CHECKING, Protocol

from practice.appointments import Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from practice.appointments import Slot, Status
    from practice.patients import PatientRecord

__all__ = [
    "BookingTool",
    "Days",
    "Event",
    "Hook",
    "NotAuthentic",
    "Power",
    "State",
    "Told",
    "Unreadable",
]


class Power(Flag):
    """What a tool can do. What it cannot, nobody asks of it.

    One that FINDS can be asked for one booking, on whatever day it is.
    """

    LISTS = auto()
    FINDS = auto()
    HOOKS = auto()
    MOVES = auto()
    CANCELS = auto()
    CONFIRMS = auto()
    PATIENTS = auto()
    LINKS = auto()


class NotAuthentic(Exception):
    """A webhook is not from the tool, or was sent before; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the practice, the last one included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A booking that cannot be taken over; the reason repeats nothing of what it says.

    `id` is empty where even that cannot be read: what is not among the others may be this one.
    One that is `guessed` may be anything else of the row: it is compared, and never shown. One
    that is `elsewhere` is with a doctor who is none of those in the settings.
    """

    id: str
    reason: str
    guessed: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as it came; names of headers are small."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook tells of one booking: how it stands now; None if the tool has none such, and
    `removed` if it says itself that it was removed.
    """

    booking_id: str
    told: Told | Unreadable | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """How the practice has a booking, for the tool to have it so; `reason` is for the patient."""

    booking_id: str
    slot: Slot
    status: Status
    doctor: str
    reason: str = ""


class BookingTool(Protocol):
    """One booking tool of the practice. What goes wrong outside raises `failures.Failed`."""

    powers: Power

    def bookings(self, days: Days) -> Iterator[Told | Unreadable]:
        """Yield every booking that starts on some days, cancelled ones where the tool has them.

        To the end, or it raises: only then are those that were not told not there.
        """

    def booking(self, booking_id: str) -> Told | Unreadable | None:
        """Return a booking as it is now, by an id it has or had; None if there is none.

        Of a tool that does not FIND, None says nothing.
        """

    def key(self, hook: Hook) -> str:
        """Return what names the event of a webhook, the same at each delivery; asks nobody.

        Raises NotAuthentic, before anything of the body is read.
        """

    def events(self, hook: Hook) -> Sequence[Event]:
        """Return what a webhook tells, one that `key` took; may ask the tool for the rest."""

    def tell(self, state: State) -> str:
        """Have the tool have a booking as the practice has it; returns the id that it has then.

        Told again, it changes nothing more.
        """

    def patients(self) -> Iterator[PatientRecord]:
        """Yield everybody whom the tool knows."""

    def link(self, record: PatientRecord) -> str:
        """Return the address of the tool's page for a new booking, with a patient filled in."""
