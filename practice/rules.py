"""Rules that refuse a booking, each a small class: made of what the practice has laid down, asked
about what is wanted. Pure.

`LateCancellation` refuses nothing, it tells. Not here: reading what is taken
(`practice.use_cases`), under the lock that makes it true; finding what no rule would refuse
(`practice.schedule`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.vevent import Busy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from practice.accounts import Doctor, Room
    from practice.appointments import Slot
    from practice.schedule import AppointmentType, BookingRules
    from practice.vevent import Occupied

__all__ = [
    "BookingWindow",
    "Broken",
    "Code",
    "LateCancellation",
    "LeadTime",
    "NoDoubleBooking",
    "NotOver",
    "OnlineOnly",
    "RightSpecialty",
    "RoomFits",
    "WithinDuration",
    "WithinHours",
]


_SAY_WHY = "say why (`override`)"


class Code(StrEnum):
    """Which rule is broken and how, for programs; the values stay as they are."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    PAST = "past"
    TOO_SOON = "too-soon"
    TOO_FAR_AHEAD = "too-far-ahead"
    ONLINE_CLOSED = "online-closed"
    NOT_ONLINE = "not-online"
    OUTSIDE_HOURS = "outside-hours"
    WRONG_DOCTOR = "wrong-doctor"
    WRONG_SPECIALTY = "wrong-specialty"
    ROOM_NEEDED = "room-needed"
    WRONG_ROOM = "wrong-room"
    TOO_LATE = "too-late"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a booking breaks: its code, and a sentence that names nothing of a patient."""

    code: Code
    sentence: str


@dataclass(frozen=True, slots=True)
class NoDoubleBooking:
    """A doctor is in one place at a time.

    `taken` are the occurrences in the doctor's calendar and the practice's own (closed days),
    whoever put them there and whether or not the one who books may see them.
    """

    taken: Sequence[Occupied]

    def broken_by(self, wanted: Sequence[Occupied]) -> bool:
        """Tell whether any wanted occurrence overlaps a taken one; touching ends do not."""
        taken = sorted((o.start, o.end) for o in self.taken if o.busy is not Busy.FREE)
        position, latest = 0, -1
        for occurrence in sorted(wanted, key=lambda o: o.start):
            if occurrence.busy is Busy.FREE:
                continue
            while position < len(taken) and taken[position][0] < occurrence.end:
                latest = max(latest, taken[position][1])
                position += 1
            # `latest` may come from an occurrence before the gap; it counts if it reaches in.
            if latest > occurrence.start:
                return True
        return False


@dataclass(frozen=True, slots=True)
class WithinDuration:
    """An appointment is as long as its type allows; what counts is the time that passes."""

    kind: AppointmentType

    def broken_by(self, wanted: Slot) -> Broken | None:
        """Return how the slot is too short or too long."""
        seconds = wanted.end.timestamp() - wanted.start.timestamp()
        least, most = self.kind.min_minutes, self.kind.max_minutes
        if seconds < least * 60:
            return Broken(Code.TOO_SHORT, f"The appointment takes at least {least} minutes.")
        if seconds > most * 60:
            return Broken(Code.TOO_LONG, f"The appointment takes at most {most} minutes.")
        return None


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Who books online leaves the practice some time; nobody books what has begun."""

    rules: BookingRules
    now: datetime

    def broken_by(self, wanted: Slot) -> Broken | None:
        """Return how the slot begins too soon."""
        if wanted.start.timestamp() >= self.rules.earliest(self.now).timestamp():
            return None
        lead = self.rules.lead_minutes
        return Broken(Code.TOO_SOON, f"Appointments are booked at least {lead} minutes ahead.")


@dataclass(frozen=True, slots=True)
class NotOver:
    """What would be over already is entered afterwards, or by a slip of the keyboard."""

    now: datetime

    def broken_by(self, wanted: Slot) -> Broken | None:
        """Return that the slot has ended; whoever comes now may have begun a while ago."""
        if wanted.end.timestamp() > self.now.timestamp():
            return None
        sentence = f"That time is over. To enter it all the same, {_SAY_WHY}."
        return Broken(Code.PAST, sentence)


@dataclass(frozen=True, slots=True)
class BookingWindow:
    """Appointments are booked so many days ahead, the last of them to its end."""

    rules: BookingRules
    now: datetime
    zone: ZoneInfo

    def broken_by(self, wanted: Slot) -> Broken | None:
        """Return how the slot begins too late."""
        if wanted.start.timestamp() < self.rules.latest(self.now, self.zone).timestamp():
            return None
        days = self.rules.window_days
        return Broken(Code.TOO_FAR_AHEAD, f"Appointments are booked at most {days} days ahead.")


@dataclass(frozen=True, slots=True)
class OnlineOnly:
    """Patients book only what the practice offers them."""

    rules: BookingRules

    def broken_by(self, kind: AppointmentType) -> Broken | None:
        """Return whether it is this type or all of them that is not offered."""
        if not self.rules.online:
            return Broken(Code.ONLINE_CLOSED, "The practice takes no bookings online.")
        if not kind.online:
            return Broken(Code.NOT_ONLINE, "Appointments of this type are not booked online.")
        return None


@dataclass(frozen=True, slots=True)
class LateCancellation:
    """A cancellation may come so late that the practice can hardly give the time to others."""

    rules: BookingRules
    now: datetime

    def is_late(self, cancelled: Slot) -> bool:
        """Tell whether less is left than the rules ask for; what has begun is late, too."""
        limit = timedelta(hours=self.rules.late_cancel_hours).total_seconds()
        return cancelled.start.timestamp() - self.now.timestamp() < limit


@dataclass(frozen=True, slots=True)
class WithinHours:
    """An appointment lies within one opening; its buffers need not. `openings` are joined.

    `holidays` are the names of the public ones on which the practice is closed, of the days that
    are asked about. With a reason, the staff may book over it (`override`), patients may not.
    """

    openings: Iterable[Slot]
    holidays: Sequence[str] = ()
    override: bool = False

    def broken_by(self, wanted: Slot) -> Broken | None:
        """Return that the doctor is not there for all of the slot."""
        start, end = wanted.start.timestamp(), wanted.end.timestamp()
        if any(o.start.timestamp() <= start and end <= o.end.timestamp() for o in self.openings):
            return None
        sentence = "The doctor has no appointments at that time"
        if self.holidays:
            sentence += f": it is a public holiday ({', '.join(self.holidays)})"
        sentence += f". To book it all the same, {_SAY_WHY}." if self.override else "."
        return Broken(Code.OUTSIDE_HOURS, sentence)


@dataclass(frozen=True, slots=True)
class RightSpecialty:
    """A type may be some doctors' only, or ask for a specialty; doctors tell theirs by commas."""

    kind: AppointmentType

    def broken_by(self, doctor: Doctor) -> Broken | None:
        """Return why the doctor is not one for this type; case and spaces do not matter."""
        if self.kind.doctors and doctor.slug not in self.kind.doctors:
            return Broken(Code.WRONG_DOCTOR, "The doctor has no appointments of this type.")
        needed = self.kind.specialty.strip().casefold()
        whole = doctor.specialty.casefold()
        if needed and needed not in {s.strip() for s in (whole, *whole.split(","))}:
            return Broken(Code.WRONG_SPECIALTY, "This type needs a doctor of another specialty.")
        return None


@dataclass(frozen=True, slots=True)
class RoomFits:
    """A type may need a room, and not any will do. One that needs none may have any."""

    kind: AppointmentType

    def broken_by(self, room: Room | None) -> Broken | None:
        """Return that a room is missing or will not do."""
        if not self.kind.rooms:
            return None
        if room is None:
            return Broken(Code.ROOM_NEEDED, "Appointments of this type need a room.")
        if room.slug not in self.kind.rooms:
            return Broken(Code.WRONG_ROOM, "This room will not do for appointments of this type.")
        return None
