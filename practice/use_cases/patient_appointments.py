"""The appointments of one patient, as they are known here, and how old that knowledge is.

Not here: asking the booking tools (`booking_adapter`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.errors import Invalid
from practice.use_cases.paging import is_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from practice.accounts import Doctor, Room
    from practice.appointments import Appointment
    from practice.patients import Patient
    from practice.ports import UnitOfWork
    from practice.sources import SourceState

__all__ = [
    "Freshness",
    "Known",
    "KnownPage",
    "Note",
    "appointments_of",
    "freshness_of",
    "next_appointments",
    "worst_of",
]

MOST_SHOWN = 200
_NO_CURSOR = "The cursor is not one that a page of appointments came with."


class Note(StrEnum):
    """What is to be said of appointments beside them, as a code for a sentence."""

    FRESH = "fresh"
    #: The tool was heard of lately, but did not answer when it was last asked.
    UNREACHABLE = "source_unreachable"
    #: The tool was last heard of too long ago; there may be others by now.
    STALE = "source_stale"
    #: It was never heard of: there may be appointments that nobody here knows of.
    NEVER = "source_never_answered"


_BADNESS = (Note.FRESH, Note.UNREACHABLE, Note.STALE, Note.NEVER)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what a booking tool told is; `age` and `heard` are None if it never told anything.

    `answered` is whether it did when it was last asked.
    """

    source: str
    age: timedelta | None
    stale: bool
    note: Note
    heard: datetime | None = None
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """One appointment; `freshness` is None for one that the practice made itself."""

    appointment: Appointment
    doctor: Doctor | None
    room: Room | None
    freshness: Freshness | None


@dataclass(frozen=True, slots=True)
class KnownPage:
    """Appointments in order, and of every booking tool how old what it told is; `cursor` asks for
    the next page, and is empty on the last one.
    """

    appointments: tuple[Known, ...]
    sources: tuple[Freshness, ...]
    cursor: str = ""

    @property
    def note(self) -> Note:
        """The worst that is to be said of any tool."""
        return self.worst.note if self.worst else Note.FRESH

    @property
    def worst(self) -> Freshness | None:
        """The tool of which the worst is to be said: of several, the one that is silent longest."""
        return worst_of(self.sources)


def appointments_of(
    uow: UnitOfWork,
    patient: Patient,
    *,
    past: bool = False,
    cancelled: bool = False,
    limit: int = 50,
    cursor: str = "",
) -> KnownPage:
    """Return the appointments of a patient that are not over, by time; or (`past`) those that are,
    the last first. Cancelled ones only if asked for. Raises Invalid for a bad cursor.
    """
    limit = max(1, min(limit, MOST_SHOWN))
    after = _read(cursor) if cursor else None
    found = uow.appointments.of_patient(
        patient.id, uow.now, limit + 1, after, past=past, cancelled=cancelled
    )
    sources = freshness_of(uow)
    doctors = {doctor.id: doctor for doctor in uow.house.doctors()}
    rooms = {room.id: room for room in uow.house.rooms()}
    known = tuple(
        Known(
            one,
            doctors.get(one.doctor_id or 0),
            rooms.get(one.room_id or 0),
            _of(one, sources),
        )
        for one in found[:limit]
    )
    last = found[limit - 1] if len(found) > limit else None
    return KnownPage(known, tuple(sources.values()), _cursor(last) if last else "")


def next_appointments(uow: UnitOfWork, patients: Collection[Patient]) -> Mapping[int, Appointment]:
    """Return the next appointment of each of some patients that has one, by the patient's id."""
    if not patients:
        return {}
    return uow.appointments.next_of_patients([one.id for one in patients], uow.now)


def worst_of(sources: Iterable[Freshness]) -> Freshness | None:
    """Return the tool of which the worst is to be said; None if nothing is to be said of any."""
    told = [one for one in sources if one.note is not Note.FRESH]
    return max(
        told, key=lambda one: (_BADNESS.index(one.note), one.age or timedelta(0)), default=None
    )


def freshness_of(uow: UnitOfWork) -> dict[str, Freshness]:
    """Return of every booking tool, by name, how old what it told is."""
    return {state.name: _freshness(state, uow.now) for state in uow.sources.all()}


def _of(appointment: Appointment, sources: Mapping[str, Freshness]) -> Freshness | None:
    source = appointment.booking_source
    if source is None:
        return None
    return sources.get(source, Freshness(source, None, True, Note.NEVER))


def _freshness(state: SourceState, now: datetime) -> Freshness:
    if state.succeeded is None:
        return Freshness(state.name, None, True, Note.NEVER, answered=not state.error)
    stale = state.is_stale(now)
    # The clock may have been set back since.
    age = max(now - state.succeeded, timedelta(0))
    note = Note.STALE if stale else Note.UNREACHABLE if state.error else Note.FRESH
    return Freshness(state.name, age, stale, note, state.succeeded, not state.error)


def _cursor(appointment: Appointment) -> str:
    start = appointment.slot.start.astimezone(UTC)
    return f"{start:%Y%m%dT%H%M%S.%f}.{appointment.id}"


def _read(cursor: str) -> tuple[datetime, int]:
    start, _, number = cursor.rpartition(".")
    try:
        moment = datetime.strptime(start, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        place = moment, int(number)
    except ValueError as error:
        raise Invalid(_NO_CURSOR) from error
    if not is_id(place[1]):
        raise Invalid(_NO_CURSOR)
    return place
