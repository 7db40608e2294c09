"""The hours of a doctor's week, read from text like "mo-fr 08:00-12:00 13:00-17:00".

Not here: what differs from them on some days (`practice.schedule.opening_times`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.errors import Invalid
from practice.schedule.clock import Seconds, instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

__all__ = ["USUAL_HOURS", "WorkingHours"]

USUAL_HOURS = "mo-fr 08:00-12:00 13:00-17:00"
_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_GERMAN = {"di": "tu", "mi": "we", "do": "th", "so": "su"}
_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)", re.ASCII)
#: How the end of a day is written, and how it is kept: no hours end at the day's beginning.
_DAYS_END, _MIDNIGHT = "24:00", time.min


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of one week: (weekday 0-6, from, until), read from text like USUAL_HOURS.

    Several parts stand apart by commas: "mo-th 08:00-12:00 13:00-17:00, fr 08:00-13:00". Hours that
    go on to the end of the day are until "24:00", kept as time(0).
    """

    hours: tuple[tuple[int, time, time], ...]

    @classmethod
    def parse(cls, text: str) -> WorkingHours:
        """Read hours; raise Invalid with the part that cannot be read."""
        hours: list[tuple[int, time, time]] = []
        for part in filter(None, (p.strip().lower() for p in text.split(","))):
            days, *spans = part.split()
            if not spans:
                raise Invalid(f"Working hours '{part}' have no times.")
            for day in _weekdays(days):
                hours.extend((day, *_times(span)) for span in spans)
        return cls(tuple(sorted(hours)))

    @classmethod
    def kept(cls, text: str) -> WorkingHours:
        """Read hours as they are stored; what an older version took and cannot be read is none."""
        try:
            return cls.parse(text)
        except Invalid:
            return cls(())

    def on(self, day: datetime, zone: ZoneInfo) -> Iterator[Slot]:
        """Yield the working hours of the day that `day` falls on in `zone`."""
        for start, end in self.of_day(day.astimezone(zone).date(), zone):
            yield Slot(datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone))

    def of_day(self, day: date, zone: ZoneInfo) -> Iterator[Seconds]:
        """Yield the hours of a local day in order of their start; they may overlap.

        Hours of which nothing is left because the clock is set forward are left out.
        """
        for weekday, opens, closes in self.hours:
            if weekday == day.weekday():
                last = day + timedelta(days=1) if closes == _MIDNIGHT else day
                start, end = instant(day, opens, zone), instant(last, closes, zone)
                if start < end:
                    yield start, end


def _weekdays(text: str) -> list[int]:
    names = [_GERMAN.get(name, name) for name in text.split("-")]
    if not 1 <= len(names) <= 2 or any(name not in _DAYS for name in names):
        raise Invalid(f"'{text}' is no weekday or range of them (mo, tu ... su).")
    first, last = _DAYS.index(names[0]), _DAYS.index(names[-1])
    if last < first:
        raise Invalid(f"The range '{text}' ends before it starts.")
    return list(range(first, last + 1))


def _times(text: str) -> tuple[time, time]:
    found = _HOURS.fullmatch(text)
    try:
        opens, closes = found.groups()  # type: ignore[union-attr]
        start = time(int(opens[:2]), int(opens[3:]))
        end = _MIDNIGHT if closes == _DAYS_END else time(int(closes[:2]), int(closes[3:]))
    except (AttributeError, ValueError) as error:
        raise Invalid(f"'{text}' is no range of hours like 08:00-12:00.") from error
    if end <= start and closes != _DAYS_END:
        raise Invalid(f"The hours '{text}' end before they start; a day ends at 24:00.")
    return start, end
