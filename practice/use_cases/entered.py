"""What people enter, checked before it is kept: texts, moments.

Not here: what the texts mean.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.appointments import Slot
from practice.errors import Invalid
from practice.schedule.clock import instant

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["days_from", "entered", "slot_from", "span_from"]

#: Nothing is booked farther from now: somebody has mistyped the year.
_FAR = timedelta(days=3660)


def entered(what: str, text: str, longest: int, *, needed: bool = False) -> str:
    """Return a text without the spaces around it.

    `what` names it in the sentence of Invalid, which is raised for one that is too long, has
    characters that no text has, or is missing though it is `needed`.
    """
    text = text.strip()
    if needed and not text:
        raise Invalid(f"The {what} is missing.")
    if len(text) > longest:
        raise Invalid(f"The {what} is longer than {longest} characters.")
    if any((ord(c) < 32 and c not in "\n\r\t") or 0xD800 <= ord(c) < 0xE000 for c in text):
        raise Invalid(f"The {what} has control characters in it.")
    return text


def slot_from(start: datetime, minutes: int, now: datetime) -> Slot:
    """Return the slot of an appointment; raises Invalid if it is no time to have one."""
    if start.tzinfo is None:
        raise Invalid("The start is told without its time zone.")
    if start.second or start.microsecond:
        raise Invalid("Appointments begin at a full minute.")
    if not 1 <= minutes <= 24 * 60:
        raise Invalid("An appointment takes 1 to 1440 minutes.")
    if abs(start - now) > _FAR:
        raise Invalid("The start is more than ten years from now.")
    # Lengths add up in UTC only.
    start = start.astimezone(UTC)
    return Slot(start, start + timedelta(minutes=minutes))


def span_from(start: datetime, end: datetime) -> Slot:
    """Return a span of time; raises Invalid if it has none."""
    if end <= start:
        raise Invalid("The end lies before the start.")
    return Slot(start.astimezone(UTC), end.astimezone(UTC))


def days_from(first: date, last: date, zone: ZoneInfo) -> Slot:
    """Return the time from the beginning of one local day to the end of another, which may be the
    same; raises Invalid if that comes first.
    """
    if last < first:
        raise Invalid("The last day lies before the first.")
    begin, end = (instant(day, time.min, zone) for day in (first, last + timedelta(days=1)))
    return Slot(datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC))
