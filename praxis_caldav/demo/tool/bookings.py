"""The booking tool's bookings, and the rules that they keep to.

Not here: how a booking is asked for (`asked`), nor who hears of one (`hook`).
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from practice.appointments import Booking, Slot, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

__all__ = [
    "DOCTORS",
    "LENGTH",
    "TIMES",
    "ZONE",
    "Bookings",
    "Entry",
    "Refusal",
    "after",
    "invented",
    "made",
]

ZONE = ZoneInfo("Europe/Berlin")
DOCTORS = (("dr-mueller", "Dr. Müller"), ("dr-schmidt", "Dr. Schmidt"))
#: How long what is booked on the page is, and when it may start: no demo practice is busy then.
LENGTH = timedelta(minutes=30)
TIMES = tuple(time(hour, minute) for hour in (17, 18, 19) for minute in (0, 30))


class Refusal(Exception):
    """Not done; `word` names the sentence that says why, `status` is the one of HTTP."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status, self.word = status, word


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking and its last change: when, by whom ("patient" or "practice"), and what.

    `before` is the booking that was moved; None where it was not.
    """

    booking: Booking
    changed: datetime
    by: str
    what: str
    before: Booking | None = None


class Bookings:
    """All bookings; no two that are not cancelled overlap with one doctor."""

    def __init__(self, bookings: Iterable[Booking], now: datetime) -> None:
        self._lock = threading.Lock()
        self._entries = {each.id: Entry(each, now, "patient", "booked") for each in bookings}

    def all(self) -> list[Entry]:
        """Return all by their beginnings, cancelled ones too."""
        with self._lock:
            entries = list(self._entries.values())
        return sorted(entries, key=lambda each: (each.booking.slot.start.timestamp(), each.changed))

    def one(self, booking_id: str) -> Entry:
        """Return one of them; raises Refusal if there is none."""
        try:
            return self._entries[booking_id]
        except KeyError:
            raise Refusal(404, "unknown") from None

    def book(self, booking: Booking, by: str, now: datetime) -> Entry:
        """Add one; raises Refusal if the time is taken."""
        with self._lock:
            return self._put(Entry(booking, now, by, "booked"))

    def change(self, booking_id: str, by: str, now: datetime, **changes: Any) -> Entry | None:
        """Change what is not so already; returns None where all is. Raises Refusal."""
        with self._lock:
            was = self.one(booking_id)
            before, booking = was.booking, replace(was.booking, **changes)
            if by == "patient" and before.status is Status.CANCELLED:
                raise Refusal(409, "over")
            if booking == before:
                return None
            moved = (booking.slot, booking.doctor) != (before.slot, before.doctor)
            what = "moved" if booking.status is before.status else booking.status.value.lower()
            return self._put(Entry(booking, now, by, what, before if moved else None))

    def _put(self, entry: Entry) -> Entry:
        booking = entry.booking
        for other in (each.booking for each in self._entries.values()):
            if (
                other.id != booking.id
                and other.doctor == booking.doctor
                and Status.CANCELLED not in {other.status, booking.status}
                and other.slot.overlaps(booking.slot)
            ):
                raise Refusal(409, "taken")
        self._entries[booking.id] = entry
        return entry


def made(doctor: str, slot: Slot, status: Status, person: Mapping[str, Any]) -> Booking:
    """Return a booking with an id of its own."""
    return Booking(f"B-{secrets.token_hex(4)}", doctor, slot, status, **person)


def after(start: datetime, length: timedelta) -> datetime:
    """Return when it is over: so much time later, whatever becomes of the clock meanwhile."""
    return (start.astimezone(UTC) + length).astimezone(start.tzinfo)


def invented(today: date, zone: ZoneInfo = ZONE) -> list[Booking]:
    """Return some bookings of the next working days; whoever they are of is made up."""
    people = (
        ("Marlies", "Sonnenbrink", "1951-04-09", "Kontrolle Krampfadern"),
        ("Cem", "Weidenkamp", "1987-11-30", "Befundbesprechung"),
        ("Zoë", "Tannhuber", "1996-02-29", "Schwere Beine, Erstvorstellung"),
        ("Karl-Heinz", "Ostermöller", "1944-08-17", "Kontrolle Nabelbruch"),
        ("Yasemin", "Fichtenrath", "1979-06-03", "Nachsorge nach Stent"),
    )
    ahead = (today + timedelta(days=count) for count in range(1, 14))
    days = [day for day in ahead if day.weekday() < 5]
    bookings = []
    for place, (first, last, born, reason) in enumerate(people):
        start = datetime.combine(days[place // 2], TIMES[place], zone)
        bookings.append(
            Booking(
                id=f"B-{start:%m%d}-{place + 1}",
                doctor=DOCTORS[place % 2][0],
                slot=Slot(start, start + LENGTH),
                status=Status.CONFIRMED,
                last_name=last,
                first_name=first,
                birth_date=born,
                email=f"patient{place + 1}@example.org",
                reason=reason,
            )
        )
    return bookings
