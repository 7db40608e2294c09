"""What e-mails have to say: the news, and the words and dates that a language has for them.

Not here: the languages (`booking_adapter.deliveries.languages`), how a mail is laid out
(`booking_adapter.mails`), nor who gets which.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from practice.appointments import Slot

__all__ = ["NO_BREAK", "News", "Said", "Words"]

#: A space at which no line ends.
NO_BREAK = "\xa0"


class News(Enum):
    """What a patient learns of an appointment."""

    BOOKED = auto()
    REQUESTED = auto()
    CONFIRMED = auto()
    MOVED = auto()
    #: Another doctor or room, at the same time.
    CHANGED = auto()
    CANCELLED = auto()
    DECLINED = auto()
    REMINDED = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """How news are told; `{when}` in the subject is the start.

    With any date, a subject without umlauts fits into one line: Python begins a longer one in the
    next.
    """

    subject: str
    heading: str
    opening: str


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Texts in braces are filled in where they are used."""

    code: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    at: str  # a date and a time
    within: str  # two times of one date
    across: str  # two dates, each with a time
    clock: str  # what follows the last time
    zones: Mapping[str, str]  # names of the offsets, where a time occurs twice
    greeting: str
    nameless: str
    said: Mapping[News, Said]
    labels: Mapping[str, str]  # when, who, where; and what it was before
    unconfirmed: str
    keep: str  # where the appointment is on
    again: str  # where it is not
    instead: str  # what is free in its place
    book: str
    reach: str
    by_phone: str
    by_mail: str
    website: str
    attached: str
    withdrawn: str
    regards: str
    automatic: str
    file: str
    withdrawal: str  # that file, where the appointment is not on
    summary: str
    tentative: str

    def start(self, moment: datetime, zone: ZoneInfo) -> str:
        """Return when something begins: its date and its time."""
        local = moment.astimezone(zone)
        return self.at.format(date=self._date(local), clock=self._clock(local) + self._after(local))

    def span(self, slot: Slot, zone: ZoneInfo) -> str:
        """Return when something begins and ends, with both dates if it ends on another day.

        Two times of one day stay on one line, by no-break spaces.
        """
        begins, ends = slot.start.astimezone(zone), slot.end.astimezone(zone)
        first, last = self._clock(begins), self._clock(ends) + self._after(ends)
        if begins.date() == ends.date():
            times = self.within.format(first=first + self._mark(begins), last=last)
            return f"{self._date(begins)}, {times.replace(' ', NO_BREAK)}"
        return self.across.format(
            date=self._date(begins),
            first=first + self._after(begins),
            other=self._date(ends),
            last=last,
        )

    def _date(self, local: datetime) -> str:
        return self.date.format(
            weekday=self.weekdays[local.weekday()],
            day=local.day,
            month=self.months[local.month - 1],
            year=local.year,
        )

    def _clock(self, local: datetime) -> str:
        return f"{local:%H:%M}"

    def _after(self, local: datetime) -> str:
        return self.clock + self._mark(local)

    def _mark(self, local: datetime) -> str:
        """Return which of two it is, for a time that the clock shows twice."""
        if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
            return ""
        name = local.tzname() or ""
        return f" {self.zones.get(name, name)}"
