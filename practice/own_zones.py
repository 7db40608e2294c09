"""The VTIMEZONE that a text brings for a name nobody knows, as a zone.

Its onsets are listed once, under limits, so that a hostile one costs little and is no zone. Not
here: names that are known (`practice.timezones`).

Source: RFC 5545 3.6.5.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from datetime import datetime, time, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrulestr

from practice.content_lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OwnZone", "own_zone", "retold"]

#: Two changes a year since 1601, where Outlook's zones begin, are 1200.
MOST_ONSETS = 2000
LATEST_YEAR = 2200
#: What rules of time zones are made of.
_PARTS = {"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "BYMONTHDAY", "WKST", "UNTIL", "COUNT"}
_OFFSET = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)([0-5]\d)?")

_Onset = tuple[datetime, timedelta, timedelta]  # local time before, offsets before and after


class OwnZone(tzinfo):
    """A zone by its onsets, in order; before the first, its offset before is valid."""

    def __init__(self, onsets: list[_Onset]) -> None:
        self._onsets = onsets
        self._offsets = [onsets[0][1], *(after for _, _, after in onsets)]
        # A time that a clock leaves out is told by the offset before (RFC 5545 3.3.5), and one
        # that comes twice is the first of the two, unless its fold says otherwise (PEP 495).
        self._local = [at + max(after - before, timedelta()) for at, before, after in onsets]
        self._folded = [at + min(after - before, timedelta()) for at, before, after in onsets]
        self._utc = [at - before for at, before, _ in onsets]

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """See tzinfo."""
        if dt is None:
            return None
        onsets = self._folded if dt.fold else self._local
        return self._offsets[bisect_right(onsets, dt.replace(tzinfo=None))]

    def dst(self, dt: datetime | None) -> None:  # noqa: ARG002
        """Return None: which of the offsets is summer's does not matter."""
        return None

    def tzname(self, dt: datetime | None) -> None:  # noqa: ARG002
        """Return None: a name nobody knows says nothing."""
        return None

    def fromutc(self, dt: datetime) -> datetime:
        """See tzinfo."""
        offset = self._offsets[bisect_right(self._utc, dt.replace(tzinfo=None))]
        told = dt + offset
        return told.replace(fold=int(self.utcoffset(told) != offset))

    def onsets_since(self, moment: datetime) -> list[_Onset]:
        """Return the onset valid at a local time (the first, if it is later) and those after."""
        first = bisect_right([at for at, _, _ in self._onsets], moment) - 1
        return self._onsets[max(first, 0) :]

    def __reduce__(self) -> tuple[type[OwnZone], tuple[list[_Onset]]]:
        return OwnZone, (self._onsets,)


def own_zone(block: str) -> OwnZone | None:
    """Return the zone of a VTIMEZONE (unfolded lines); None for one that makes no sense."""
    try:
        onsets = list(islice(_onsets(block), MOST_ONSETS + 1))
    except (ValueError, LookupError, ArithmeticError, TypeError, AttributeError):
        return None
    return OwnZone(sorted(onsets)) if 0 < len(onsets) <= MOST_ONSETS else None


def retold(zone: OwnZone, since: datetime) -> tuple[str, str]:
    """Return a name for a zone and its VTIMEZONE from a local time on, both made of times alone.

    The name is the zone's in every text: it is made of what the VTIMEZONE says.
    """
    groups: dict[tuple[timedelta, timedelta], list[datetime]] = {}
    for at, before, after in zone.onsets_since(since):
        groups.setdefault((before, after), []).append(at)
    lines = [line for (b, a), times in groups.items() for line in _observance(b, a, times)]
    name = f"Zone-{hashlib.sha256(''.join(lines).encode()).hexdigest()[:12]}"
    told = ["BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE"]
    return name, "\r\n".join([*map(fold, told), ""])


def _observance(before: timedelta, after: timedelta, times: list[datetime]) -> list[str]:
    kind = "DAYLIGHT" if after > before else "STANDARD"
    first, *others = (f"{at:%Y%m%dT%H%M%S}" for at in times)
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{first}",
        *([f"RDATE:{','.join(others)}"] if others else []),
        f"TZOFFSETFROM:{_told_offset(before)}",
        f"TZOFFSETTO:{_told_offset(after)}",
        f"END:{kind}",
    ]


def _told_offset(offset: timedelta) -> str:
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")


def _onsets(block: str) -> Iterator[_Onset]:
    for observance in block.split("BEGIN:")[2:]:
        told: dict[str, list[str]] = {}
        for line in observance.splitlines():
            name, _, value = line.partition(":")
            told.setdefault(name.partition(";")[0].strip().upper(), []).append(value.strip())
        before, after = _offset(told["TZOFFSETFROM"][0]), _offset(told["TZOFFSETTO"][0])
        start = _moment(told["DTSTART"][0])
        yield start, before, after
        for rule in told.get("RRULE", ()):
            for onset in _by_rule(rule, start, before):
                yield onset, before, after
        for line in told.get("RDATE", ()):
            for text in line.split(","):
                yield _moment(text), before, after


def _by_rule(rule: str, start: datetime, before: timedelta) -> Iterator[datetime]:
    parts = [part.partition("=")[::2] for part in rule.upper().split(";") if part]
    by_name = dict(parts)
    if by_name.get("FREQ") != "YEARLY" or len(by_name) < len(parts) or not set(by_name) <= _PARTS:
        raise ValueError("no rule of a time zone")
    if int(by_name.get("INTERVAL", "1")) < 1:
        raise ValueError("a rule that never gets on")  # and whoever follows it neither
    told = by_name.pop("UNTIL", "")
    until = _moment(told) + (before if told.endswith("Z") else timedelta()) if told else None
    bare = ";".join(f"{name}={value}" for name, value in by_name.items())
    # The calendar repeats every 400 years; a rule that never matches is followed to 9999.
    late = start.replace(year=start.year + (9799 - start.year) // 400 * 400)
    if next(iter(_followed(bare, late)), None) is None:
        raise ValueError("a rule that never matches")
    for onset in _followed(bare, start):
        if onset.year > LATEST_YEAR or (until is not None and onset > until):
            return
        if onset != start:
            yield onset


def _followed(rule: str, start: datetime) -> Any:
    return rrulestr(rule, dtstart=start)


def _moment(text: str) -> datetime:
    if "T" not in text:
        return datetime.combine(datetime.strptime(text, "%Y%m%d"), time(23, 59, 59))  # noqa: DTZ007
    return datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007


def _offset(text: str) -> timedelta:
    found = _OFFSET.fullmatch(text)
    if not found:
        raise ValueError("no offset")
    sign, hours, minutes, seconds = found.groups("0")
    length = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -length if sign == "-" else length
