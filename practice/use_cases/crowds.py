"""How much patients may book themselves, so that nobody fills the calendar for the fun of it.

Counted in the database: by network, by e-mail address, by patient, and for the whole practice. Not
here: the booking (`practice.use_cases.portal`), nor requests that come too fast (the door).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.errors import TooManyBookings
from practice.passwords import digest

if TYPE_CHECKING:
    from practice.ports import UnitOfWork

__all__ = [
    "MOST_OF_NETWORK",
    "MOST_OF_PRACTICE",
    "MOST_TO_COME",
    "MOST_TO_COME_SIGNED_IN",
    "Asking",
    "by_patient",
    "by_visitor",
    "forget_old",
    "note_booked",
    "refuse_more",
]

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: From one network: enough for a family at one table in an hour, too few to fill a doctor's day.
MOST_OF_NETWORK = ((_HOUR, 5), (_DAY, 10))
#: Of one e-mail address, still to come: who has more to book is known to the practice by then.
MOST_TO_COME = 3
#: Of one patient who has signed in, still to come: a course of treatment.
MOST_TO_COME_SIGNED_IN = 20
#: In an hour, by all visitors: two a minute, more than any practice lives to see.
MOST_OF_PRACTICE = 120

# One sentence for network and address: whoever tries addresses is not told which of them it was.
_TOO_MANY = (
    "As many appointments as may be were booked online from here or for this address;"
    " try again later, or call us."
)
_CROWDED = "Very many appointments were booked online in the last hour; try again later."
_ENOUGH = "You have booked as many appointments to come as can be booked online; please call us."


@dataclass(frozen=True, slots=True)
class Asking:
    """Who books, to be counted by: digests. Without a network nothing is counted by it."""

    about: str
    network: str
    signed_in: bool


def by_visitor(email: str, network: str) -> Asking:
    """Return how somebody is counted who has not signed in. `network` is that of
    `claims.network_of`; empty, where a website asks for all its visitors.
    """
    about = digest(f"address {email.strip().lower()}")
    return Asking(about, digest(network) if network else "", signed_in=False)


def by_patient(patient_id: int) -> Asking:
    """Return how a patient is counted who has signed in."""
    return Asking(digest(f"patient {patient_id}"), "", signed_in=True)


def refuse_more(uow: UnitOfWork, asking: Asking) -> None:
    """Raise TooManyBookings for whoever has booked as much as may be."""
    booked, now = uow.self_bookings, uow.now
    to_come = booked.to_come(asking.about)
    if asking.signed_in:
        if to_come >= MOST_TO_COME_SIGNED_IN:
            raise TooManyBookings(_ENOUGH)
        return
    if to_come >= MOST_TO_COME:
        raise TooManyBookings(_TOO_MANY)
    for window, most in MOST_OF_NETWORK:
        if asking.network and booked.count(now - window, asking.network) >= most:
            raise TooManyBookings(_TOO_MANY)
    if booked.count(now - _HOUR) >= MOST_OF_PRACTICE:
        raise TooManyBookings(_CROWDED)


def note_booked(uow: UnitOfWork, asking: Asking, appointment_id: int) -> None:
    """Count what was booked, and forget what counts for nothing any more."""
    forget_old(uow)
    uow.self_bookings.add(asking.about, asking.network, appointment_id)


def forget_old(uow: UnitOfWork) -> None:
    """Forget networks after a day, and all of what is over by then."""
    uow.self_bookings.forget(uow.now - _DAY)
