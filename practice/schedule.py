"""When a doctor works, and which slots are free. Pure; times aware.

Not here: exceptions, buffers and appointment types, which come with online booking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

__all__ = ["USUAL_HOURS", "WorkingHours", "next_free"]

USUAL_HOURS = "mo-fr 08:00-12:00 13:00-17:00"
_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_GERMAN = {"di": "tu", "mi": "we", "do": "th", "so": "su"}
_HOURS = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
#: Slots are offered at these minutes of an hour.
STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of one week: (weekday 0-6, from, until), read from text like USUAL_HOURS.

    Several parts stand apart by commas: "mo-th 08:00-12:00 13:00-17:00, fr 08:00-13:00".
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

    def on(self, day: datetime, zone: ZoneInfo) -> Iterator[Slot]:
        """Yield the working hours of the day that `day` falls on in `zone`."""
        local = day.astimezone(zone)
        for weekday, start, end in self.hours:
            if weekday == local.weekday():
                yield Slot(datetime.combine(local, start, zone), datetime.combine(local, end, zone))


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
        start, end = (time(int(h), int(m)) for h, m in (found.groups()[:2], found.groups()[2:]))  # type: ignore[union-attr]
    except (AttributeError, ValueError) as error:
        raise Invalid(f"'{text}' is no range of hours like 08:00-12:00.") from error
    if end <= start:
        raise Invalid(f"The hours '{text}' end before they start.")
    return start, end


def next_free(
    hours: WorkingHours, busy: Sequence[Slot], wanted: Slot, zone: ZoneInfo, count: int = 3
) -> list[Slot]:
    """Return the next `count` free slots as long as `wanted`, from its start on, within 14 days.

    `busy` are the taken slots of that time, in any order and zone; the answer is told in `zone`.
    """
    length = wanted.end - wanted.start
    taken = sorted(busy)
    free: list[Slot] = []
    for n in range(15):
        for opening in hours.on(wanted.start + timedelta(days=n), zone):
            start = _rounded(max(opening.start, wanted.start))
            while start + length <= opening.end and len(free) < count:
                end = start + length
                hit = next((b for b in taken if b.overlaps(Slot(start, end))), None)
                if hit is None:
                    free.append(Slot(start.astimezone(zone), end.astimezone(zone)))
                start = _rounded(max(hit.end, start + STEP) if hit else end)
        if len(free) >= count:
            break
    return free


def _rounded(moment: datetime) -> datetime:
    """Return the moment, or the next on the grid after it, in UTC, where lengths add up."""
    moment = moment.astimezone(UTC)
    over = timedelta(minutes=moment.minute % 5, seconds=moment.second)
    return (moment + (STEP - over if over else over)).replace(microsecond=0)
