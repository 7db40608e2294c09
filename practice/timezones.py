"""Time zones: names to zones, and a zone's VTIMEZONE.

A name that `zoneinfo` knows means that zone whatever VTIMEZONE came with it (booking tools send
"Europe/Berlin" with the rules of the United States). Only for unknown names is the text's own
VTIMEZONE read, under limits. Nothing is remembered between texts: one bad VTIMEZONE must not
shift the events of another.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from practice.own_zones import own_zone
from practice.windows_zones import WINDOWS_ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Zones", "known_zone", "tzid_of", "vtimezone"]

#: Zones of its own in one text; a journey around the world has fewer.
MOST_ZONES = 20
#: Names longer than this are nobody's; looking for them would cost more than their length.
LONGEST_NAME = 255
_TZID = re.compile(r"^TZID(?:;[^:\n]*)?:(.*)$", re.MULTILINE | re.IGNORECASE)
_OLSON = re.compile(r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+)+")


@lru_cache(maxsize=512)
def known_zone(tzid: str) -> ZoneInfo | None:
    """Return the zone that `tzid` names, also for Windows names and prefixed ones, else None."""
    if len(tzid) > LONGEST_NAME:
        return None
    name = tzid.strip().strip("/")
    name = WINDOWS_ZONES.get(name, name)
    parts = name.split("/")
    for candidate in (name, *_OLSON.findall(name)[-1:], "/".join(parts[-3:]), "/".join(parts[-2:])):
        if candidate.count("/") > 2:  # America/Argentina/Buenos_Aires; the search is recursive
            continue
        try:
            return ZoneInfo(candidate)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


class Zones:
    """The zones of one text: known names first, then the text's own VTIMEZONEs."""

    def __init__(self, floating: tzinfo, vtimezones: Iterable[str] = ()) -> None:
        self.floating = floating
        self._vtimezones = vtimezones
        self._own: dict[str, str] | None = None  # most texts name zones that everybody knows
        self._read: dict[str, tzinfo | None] = {}

    def zone(self, tzid: str) -> tzinfo:
        """Return the zone for `tzid`; that of floating times when nobody can tell."""
        return self.find(tzid) or self.floating

    def find(self, tzid: str) -> tzinfo | None:
        """Return the zone for `tzid`, None when nobody can tell."""
        return known_zone(tzid) or self._from_text(tzid)

    def _from_text(self, tzid: str) -> tzinfo | None:
        if self._own is None:
            self._own = {tzid_of(block): block for block in self._vtimezones}
        block = self._own.get(tzid)
        if block is None:
            return None
        if tzid not in self._read and len(self._read) < MOST_ZONES:
            self._read[tzid] = own_zone(block)
        return self._read.get(tzid)


def tzid_of(block: str) -> str:
    """Return the TZID of a VTIMEZONE, empty for none."""
    found = _TZID.search(block)
    return re.sub(r"\\([,;\\])", r"\1", found[1].strip("\r")) if found else ""


@lru_cache(maxsize=16)
def vtimezone(zone: ZoneInfo) -> str:
    """Return a VTIMEZONE for `zone`, right from 1996 on, CRLF line ends.

    Europe agreed on its rule in 1996; other zones get the rule they follow today.
    Source: RFC 5545 3.6.5, directive 2000/84/EC.
    """
    winter, summer = (datetime(2026, month, 1, 12, tzinfo=zone) for month in (1, 7))
    observances = [_observance("STANDARD", winter, winter)]
    if winter.utcoffset() != summer.utcoffset():
        observances = [_transition(zone, 3, 6), _transition(zone, 9, 12)]
    told = [line for observance in observances for line in observance]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}", *told, "END:VTIMEZONE"]
    return "\r\n".join(lines) + "\r\n"


def _transition(zone: ZoneInfo, first_month: int, last_month: int) -> list[str]:
    """Describe the change of 2026 between two months as a yearly rule."""
    before = datetime(2026, first_month, 1, tzinfo=UTC)
    end = datetime(2026, last_month, 1, tzinfo=UTC)
    while before < end and _offset(before, zone) == _offset(before + timedelta(minutes=30), zone):
        before += timedelta(minutes=30)
    after = before + timedelta(minutes=30)
    name = "DAYLIGHT" if after.astimezone(zone).dst() else "STANDARD"
    return _observance(name, before.astimezone(zone), after.astimezone(zone), local=after)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _observance(
    name: str, before: datetime, after: datetime, local: datetime | None = None
) -> list[str]:
    start, rule = "19700101T000000", []
    if local is not None:
        # The onset is told in the local time that was valid before it.
        onset = (local + (before.utcoffset() or timedelta())).replace(tzinfo=None)
        last = (onset + timedelta(days=7)).month != onset.month
        nth = -1 if last else (onset.day - 1) // 7 + 1
        day = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[onset.weekday()]
        start = _first_onset(onset, nth).strftime("%Y%m%dT%H%M%S")
        rule = [f"RRULE:FREQ=YEARLY;BYMONTH={onset.month};BYDAY={nth}{day}"]
    return [
        f"BEGIN:{name}",
        f"DTSTART:{start}",
        *rule,
        f"TZOFFSETFROM:{before:%z}",
        f"TZOFFSETTO:{after:%z}",
        f"TZNAME:{after:%Z}",
        f"END:{name}",
    ]


def _first_onset(onset: datetime, nth: int) -> datetime:
    """Return the same onset in 1996, from which the rule counts."""
    month = [
        day
        for day in (datetime(1996, onset.month, 1) + timedelta(days=n) for n in range(31))  # noqa: DTZ001
        if day.month == onset.month and day.weekday() == onset.weekday()
    ]
    day = month[-1] if nth < 0 else month[nth - 1]
    return datetime.combine(day.date(), onset.time())
