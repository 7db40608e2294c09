"""Free times as pages show them: a week at a time, day by day.

Not here: what is free (`practice.use_cases.portal`, `practice.use_cases.own`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from practice.use_cases.entered import days_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from practice.accounts import Doctor
    from practice.appointments import Slot
    from practice.schedule import BookingRules, FreeSlot

__all__ = ["Free", "Week", "week_of"]

_DAYS = 7
#: Looked for first, and farther only if there is nothing: most people want to come soon.
_FAR = 400


@dataclass(frozen=True, slots=True)
class Free:
    """A time that is free, and with whom."""

    start: datetime
    doctor: str
    doctor_name: str


@dataclass(frozen=True, slots=True)
class Week:
    """The days of a week and what is free on them. `before` and `after` are the first days of the
    weeks around, if there may be anything; `next` is where something is free, if not here.
    """

    first: date
    last: date
    days: tuple[tuple[date, tuple[Free, ...]], ...]
    before: date | None
    after: date | None
    next: date | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is free."""
        return not any(times for _, times in self.days)


def week_of(
    find: Callable[[Slot, int | None], list[FreeSlot]],
    doctors: dict[int, Doctor],
    asked: date | None,
    rules: BookingRules,
    now: datetime,
    zone: ZoneInfo,
) -> Week:
    """Return the week of a day; without one, the first in which something is free.

    `find` returns what is free within a time, the first so many or all. Of times that overlap the
    first is shown, with the first doctor who has it: nobody chooses among hundreds.
    """
    today = now.astimezone(zone).date()
    end = today + timedelta(days=min(rules.window_days, _FAR - _DAYS))
    if asked is None:
        found = find(days_from(today, end, zone), 1)
        asked = found[0].slot.start.astimezone(zone).date() if found else today
    first = max(min(asked, end), today)
    first -= timedelta(days=first.weekday())
    last = first + timedelta(days=_DAYS - 1)
    by_day: dict[date, list[Free]] = {first + timedelta(days=n): [] for n in range(_DAYS)}
    for one in _apart(find(days_from(first, last, zone), None)):
        start, doctor = one.slot.start.astimezone(zone), doctors[one.doctor_id]
        by_day[start.date()].append(Free(start, doctor.slug, doctor.name))
    days = tuple((day, tuple(times)) for day, times in by_day.items())
    later = last + timedelta(days=1)
    coming = None
    if not any(times for _, times in days) and later <= end:
        ahead = find(days_from(later, end, zone), 1)
        coming = ahead[0].slot.start.astimezone(zone).date() if ahead else None
    before = first - timedelta(days=_DAYS)
    return Week(
        first,
        last,
        tuple((day, times) for day, times in days if times or (day >= today and day.weekday() < 5)),
        before if first > today else None,
        later if later <= end else None,
        coming,
    )


def _apart(found: list[FreeSlot]) -> Iterator[FreeSlot]:
    until = float("-inf")
    for one in found:
        if one.slot.start.timestamp() >= until:
            until = one.slot.end.timestamp()
            yield one
