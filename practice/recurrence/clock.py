"""The clock of a series: all of its times told by one zone, and without it.

Not here: which zone a name stands for (`practice.vevent`).
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from practice.recurrence.rules import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["by_one_clock", "on_clock", "zones_of"]


def by_one_clock(parts: Sequence[Any], zone: tzinfo) -> tzinfo:
    """Tell all times of a series by its own clock, without a zone; return that clock's zone.

    `parts` are its components, `zone` is that of whole days and floating times. The library
    compares times with and without their zones: it takes 9:00 for an exception of 10:00 where the
    clock is an hour ahead of UTC.
    """
    parts = sorted(parts, key=lambda part: "RECURRENCE-ID" in part)
    zone = next(zones_of(parts), zone)
    for part in parts:
        for name in ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE", "EXDATE"):
            for value in listed(part.get(name)):
                for entry in getattr(value, "dts", [value]):
                    entry.dt = _by_clock(entry.dt, zone)
        for rule in listed(part.get("RRULE")):
            if "UNTIL" in rule:
                rule["UNTIL"] = [_by_clock(until, zone) for until in listed(rule["UNTIL"])]
    return zone


def zones_of(parts: Sequence[Any]) -> Iterator[tzinfo]:
    """Yield the zones in which the components of a series tell their times; none if they float."""
    for part in parts:
        for name in ("DTSTART", "DUE"):
            if name in part and _is_zoned(part[name].dt):
                yield part[name].dt.tzinfo


def _is_zoned(moment: date) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is not None


def _by_clock(moment: Any, zone: tzinfo) -> Any:
    if isinstance(moment, tuple):
        return tuple(_by_clock(m, zone) for m in moment)
    return moment.astimezone(zone).replace(tzinfo=None) if _is_zoned(moment) else moment


def on_clock(moment: datetime, zone: tzinfo) -> datetime:
    """Return what the clock of `zone` shows at an aware moment."""
    return moment.astimezone(zone).replace(tzinfo=None)
