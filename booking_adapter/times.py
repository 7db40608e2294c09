"""Times as booking tools write them: local ones without an offset, and instants."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, tzinfo

    from booking_adapter.protocol import Days

__all__ = [
    "as_local",
    "as_utc",
    "from_instant",
    "from_local",
    "is_on",
    "midnight",
    "not_later",
]

#: `YYYY-MM-DD HH`: what is shorter is a day without a time.
_SHORTEST = 13
#: How much the clocks of two servers may differ.
_ASKEW = timedelta(minutes=5)


def from_local(text: str, zone: tzinfo) -> datetime:
    """Return the moment of an ISO time without an offset.

    Of one that occurs twice the first is meant. One that the clocks skip is as long after midnight
    as it would be if they did not (RFC 5545 3.3.5). Raises ValueError.
    """
    told = datetime.fromisoformat(text)
    if told.tzinfo is not None or len(text) < _SHORTEST:
        raise ValueError("no time of day, or one with an offset")
    return _in(_in(told.replace(tzinfo=zone), UTC), zone)


def from_instant(text: str, zone: tzinfo) -> datetime:
    """Return the moment of an ISO time with an offset or Z, in a zone. Raises ValueError."""
    told = datetime.fromisoformat(text)
    if told.tzinfo is None:
        raise ValueError("an instant without an offset")
    return _in(told, zone)


def as_local(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as a local time to the second, without an offset: `2026-11-24 10:00:00`."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def as_utc(moment: datetime) -> str:
    """Return a moment to the second, as `2026-11-24T09:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins."""
    return datetime.combine(day, time(), zone)


def is_on(moment: datetime, days: Days, zone: tzinfo) -> bool:
    """Tell whether a moment is on one of some days, as they are in a zone."""
    return days.first <= moment.astimezone(zone).date() <= days.last


def not_later(told: datetime, received: datetime) -> datetime | None:
    """Return when something happened that was heard of later; None if it makes no sense."""
    return min(told, received) if told - received < _ASKEW else None


def _in(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError as error:  # in the first or the last year that there is
        raise ValueError("a time out of all calendars") from error
