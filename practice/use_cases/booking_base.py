"""The common base of the tool and the practice: a booking as it was last taken over. Pure.

Kept with the appointment as digests, times and the number of the change that wrote its object;
nothing of the patient can be read from it. The text written then is in the log.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from practice.appointments import Status
from practice.conflicts import Terms
from practice.vevent import fingerprints, revise, summary_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from practice.appointments import Appointment, Booking
    from practice.profile import Profile
    from practice.vevent import Event

__all__ = ["Base", "merged", "terms_of"]

#: What a tool is told; in which room it is, none of them knows.
_TOLD = ("start", "end", "doctor", "status")
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
    """What the tool told last, and where in the log stands what was written then.

    `kept` names the properties that the practice has made its own before. `telling` is what the
    tool is being told, which it may tell again before anybody knows that it has heard. `asked` is
    when the tool was asked for this, or had been told: an answer to an earlier question is older.
    """

    digest: str = ""
    person: str = ""
    start: str = ""
    end: str = ""
    status: str = ""
    doctor: str = ""
    room: str = ""
    number: int = 0
    kept: tuple[str, ...] = ()
    telling: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""

    @classmethod
    def told(cls, booking: Booking) -> Base:
        """Return what a booking tells now."""
        return cls(
            digest=_digest(*_all_of(booking)),
            person=_digest(*_person_of(booking)),
            start=booking.slot.start.isoformat(),
            end=booking.slot.end.isoformat(),
            status=str(booking.status),
            doctor=booking.doctor,
            room=booking.room,
        )

    @classmethod
    def of(cls, appointment: Appointment) -> Base:
        """Return what the tool told when the appointment was last taken over."""
        told = json.loads(appointment.booking_base or "{}")
        return cls(**{**told, "kept": tuple(told.get("kept", ()))})

    @property
    def terms(self) -> Terms:
        """What of it practice and tool both know."""
        return Terms(
            start=_instant(self.start),
            end=_instant(self.end),
            doctor=self.doctor,
            room=self.room,
            status=self.status,
        )

    def is_older(self, moment: datetime | None, now: datetime) -> bool:
        """Tell whether this was known before the tool was asked at a moment, or as early.

        What is yet to come was told by a clock that has been set back since.
        """
        if moment is None or not self.asked:
            return True
        asked = datetime.fromisoformat(self.asked)
        return asked <= moment or asked > now

    def taken_over(self, booking: Booking, asked: datetime | None) -> Base:
        """Return the base after a booking was taken over that the tool was asked for then.

        What it was being told and tells by now it has heard.
        """
        told = Base.told(booking)
        terms = told.terms
        unheard = {
            name: said for name, said in self.telling.items() if said != getattr(terms, name)
        }
        return replace(
            told,
            number=self.number,
            kept=self.kept,
            telling=unheard,
            asked=asked.isoformat() if asked else self.asked,
        )

    def before(self, theirs: Terms) -> Terms:
        """Return what both agreed on, before the tool told `theirs`: its echo is no change."""
        echoed = {
            name: said for name, said in self.telling.items() if said == getattr(theirs, name)
        }
        return replace(self.terms, **echoed)

    def tells(self, terms: Terms) -> Base:
        """Return the base while the tool is being told these terms.

        That a confirmed one is a request again no tool is told.
        """
        telling = {name: getattr(terms, name) for name in _TOLD}
        if terms.status == Status.TENTATIVE:
            del telling["status"]
        return replace(self, telling=telling)

    def agreed(self, now: datetime) -> Base:
        """Return the base after the tool has been told, by `tells`, and has it so."""
        told = {"digest": "", "telling": {}, "asked": now.isoformat()}
        return Base(**{**asdict(self), **self.telling, **told})

    def stored(self) -> str:
        """Return the base as it is kept."""
        return json.dumps(asdict(self))


def terms_of(
    appointment: Appointment, doctors: Mapping[int, str], rooms: Mapping[int, str]
) -> Terms:
    """Return an appointment as it is compared with its booking; doctors' and rooms' names by id."""
    return Terms(
        start=_instant(appointment.slot.start.isoformat()),
        end=_instant(appointment.slot.end.isoformat()),
        doctor=doctors.get(appointment.doctor_id or 0, ""),
        room=rooms.get(appointment.room_id or 0, ""),
        status=str(appointment.status),
    )


def merged(
    text: str, last: str, event: Event, base: Base, changed: AbstractSet[str], profile: Profile
) -> tuple[str, tuple[str, ...]]:
    """Return `text` with what the tool changed and with what the practice wrote itself kept.

    A property is the practice's once it is no longer what it was in `last`, the text that was
    written for the tool last. Second, the names of those that are.
    """
    now, before = fingerprints(text), fingerprints(last)
    kept = {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}
    kept |= set(base.kept)
    if kept & _TIMES:
        kept |= _TIMES
    for name in changed:
        kept -= _FOLLOWS.get(name, frozenset())
    stay = set(kept)
    if "SUMMARY" in kept and "status" in changed:
        title = summary_of(text).removeprefix(profile.tentative_prefix)
        prefix = profile.tentative_prefix if event.status is Status.TENTATIVE else ""
        event = replace(event, summary=prefix + title)
        stay.remove("SUMMARY")
    return revise(text, event, profile.zone, stay), tuple(sorted(kept))


def _instant(text: str) -> str:
    """Return a time of one zone as the same one in UTC; an empty text as it is."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat() if text else ""


def _all_of(booking: Booking) -> tuple[Any, ...]:
    """Return all that a booking tells. Where there is no insurance number, nothing stands for it:
    digests are kept that are older than it.
    """
    told = astuple(replace(booking, line=0))
    return told if booking.insurance_number else told[:-1]


def _person_of(booking: Booking) -> tuple[str, ...]:
    """Return who a booking is for; the insurance number says that only where nothing else does."""
    told = (booking.last_name, booking.first_name, booking.birth_date, booking.patient_number)
    return told if any(told) or not booking.insurance_number else (*told, booking.insurance_number)


def _digest(*values: Any) -> str:
    told = [str(value) for value in values]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
