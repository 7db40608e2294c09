"""The calendars that are measured: the same objects for every server, made from their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "KIND",
    "LENGTH",
    "PER_DAY",
    "Event",
    "day_of",
    "event",
    "events",
    "first_day",
    "series",
    "stream",
]

#: Appointments of a doctor's day, every half hour from 8 to 15.
PER_DAY = 14
LENGTH = timedelta(minutes=30)
#: The type of every appointment.
KIND = "Kontrolle"
_BERLIN = ZoneInfo("Europe/Berlin")
_MIDDLE = date(2026, 11, 16)  # a Monday
_EARLIEST = date(1901, 1, 7)  # a Monday
_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Berlin",
    "BEGIN:DAYLIGHT",
    "DTSTART:19810329T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZNAME:CEST",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZNAME:CET",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "END:STANDARD",
    "END:VTIMEZONE",
)


@dataclass(frozen=True, slots=True)
class Event:
    """An object: its name in the calendar, its UID, its text; the start of a single event."""

    name: str
    uid: str
    text: str
    start: datetime | None = None


def first_day(count: int) -> date:
    """Return the Monday on which a calendar of so many appointments begins.

    The middle of every calendar is the same, and so are its days, whatever its size; one of a
    million is not put into years that no server takes.
    """
    weeks = count // PER_DAY // 5
    return max(_MIDDLE - timedelta(weeks=weeks // 2), _EARLIEST)


def day_of(number: int, first: date) -> date:
    """Return the working day of an appointment."""
    weeks, weekday = divmod(number // PER_DAY, 5)
    return first + timedelta(weeks=weeks, days=weekday)


def event(number: int, first: date, version: int = 0, group: str = "termin") -> Event:
    """Return an appointment of half an hour; another `version` has another title.

    A `group` has UIDs of its own: some servers take a UID into one calendar of an account only.
    """
    day = day_of(number, first)
    start = datetime(day.year, day.month, day.day, 8) + timedelta(minutes=30 * (number % PER_DAY))  # noqa: DTZ001
    uid = f"{group}-{number:07d}@bench.example"
    lines = (
        f"SUMMARY:Termin {number} ({version})",
        "LOCATION:Zimmer 2",
        f"CATEGORIES:{KIND}",
        f"X-PATIENT-ID:{100_000 + number}",
        f"X-APPOINTMENT-TYPE:{KIND}",
    )
    text = _text(uid, start, lines)
    return Event(f"termin-{number:07d}.ics", uid, text, start.replace(tzinfo=_BERLIN))


def stream(count: int, group: str = "termin") -> Iterator[Event]:
    """Yield the appointments of a calendar, one after the other."""
    first = first_day(count)
    return (event(number, first, group=group) for number in range(count))


def events(count: int, group: str = "termin") -> list[Event]:
    """Return the appointments of a calendar."""
    return list(stream(count, group))


def series(count: int) -> list[Event]:
    """Return weekly series, one after the other over the working week, a year each."""
    made = []
    for number in range(count):
        day = _MIDDLE - timedelta(weeks=26) + timedelta(days=number % 5)
        start = datetime(day.year, day.month, day.day, 8 + number // 5 % 10, number // 50 * 5 % 60)  # noqa: DTZ001
        uid = f"serie-{number:05d}@bench.example"
        lines = (f"SUMMARY:Serie {number}", "RRULE:FREQ=WEEKLY;COUNT=52")
        made.append(Event(f"serie-{number:05d}.ics", uid, _text(uid, start, lines)))
    return made


def _text(uid: str, start: datetime, more: tuple[str, ...]) -> str:
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//bench//DE"),
        *_ZONE,
        *("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T080000Z"),
        f"DTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M%S}",
        f"DTEND;TZID=Europe/Berlin:{start + LENGTH:%Y%m%dT%H%M%S}",
        *more,
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
    return "\r\n".join(lines)
