"""The text of an event without its content: when it takes place, and what it is called instead.

Nothing of the text is handed on: every line is made here, of dates, numbers and words that are
known. So it tells when somebody is busy as exactly as the text does (rules, exceptions and time
zones included) and nothing else, whatever a client has written into it. Not here: who gets it.

Sources: RFC 5545, RFC 4791 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar.prop import vDDDTypes, vDuration

from practice.content_lines import CONTENT_LINE, fold, outline
from practice.own_zones import OwnZone, retold
from practice.timezones import Zones, vtimezone
from practice.vevent.writing import PRODID

__all__ = ["disguised"]

BUSY, FREE, CANCELLED = "Belegt", "Frei", "Abgesagt"

_MOMENTS = ("RECURRENCE-ID", "DTSTART", "DTEND")
_LISTS = ("RDATE", "EXDATE")
_KEPT = frozenset({*_MOMENTS, *_LISTS, "DURATION", "RRULE", "TRANSP", "STATUS", "DTSTAMP"})
_STATUSES = ("TENTATIVE", "CANCELLED")
_NO_STAMP = "19700101T000000Z"
#: Stands for a zone that nobody can tell.
_UNKNOWN = ZoneInfo.no_cache("UTC")

_TZID = re.compile(r';TZID=("[^"]*"|[^;":]*)', re.IGNORECASE)
_RANGE = re.compile(r';RANGE="?THISANDFUTURE"?(?=;|$)', re.IGNORECASE)
_MOMENT = re.compile(r"[0-9]{8}(?:T[0-9]{6}Z?)?")
_DURATION = re.compile(r"[+-]?P(?:[0-9]+W)?(?:[0-9]+D)?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?)?")
_NUMBERS, _DAYS = r"[+-]?[0-9]{1,4}", r"[+-]?[0-9]{0,4}(?:MO|TU|WE|TH|FR|SA|SU)"
#: What the parts of a rule may say; of anything else nothing is known.
_RULE_PARTS = {
    "FREQ": "SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY",
    "COUNT": r"\+?[0-9]{1,9}",
    "INTERVAL": r"\+?[0-9]{1,9}",
    "BYDAY": _DAYS,
    "BYWEEKDAY": _DAYS,
    "BYMONTH": "[0-9]{1,2}L?",
    "WKST": "MO|TU|WE|TH|FR|SA|SU",
    "RSCALE": "GREGORIAN",
    "SKIP": "OMIT|BACKWARD|FORWARD",
    **dict.fromkeys(
        (
            *("BYSECOND", "BYMINUTE", "BYHOUR", "BYMONTHDAY"),
            *("BYYEARDAY", "BYWEEKNO", "BYSETPOS"),
        ),
        _NUMBERS,
    ),
}
_RULE_VALUES = {name: re.compile(pattern) for name, pattern in _RULE_PARTS.items()}


class _Line(NamedTuple):
    """A line that may be told again: its parameters as they are, and its value."""

    params: str
    value: str


_Part = dict[str, list[_Line]]


def disguised(text: str, uid: str, who: str = "") -> str:
    """Return a text that `read` finds the same occurrences in, and no other facts.

    `text` is one that `read` took, of events. `who` is what to call it; else it is called busy,
    free or cancelled. Pure; costs time linear in the text.
    """
    taken = outline(text)
    parts = list(_parts(taken.body))
    zones = _Told(taken.timezones, _first_year(parts))
    events = [line for part in parts for line in _event(part, uid, who, zones)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    told = [fold(line) if len(line.encode()) > 75 else line for line in events]
    head, tail = "\r\n".join([*lines, ""]), "\r\n".join([*told, "END:VCALENDAR", ""])
    return "".join([head, *zones.blocks(), tail])


def _parts(body: str) -> Iterator[_Part]:
    """Yield the properties of each event that tell of its time, by name."""
    depth = 0
    part: _Part = {}
    for line in body.split("\r\n"):
        found = CONTENT_LINE.match(line)
        if found is None:
            continue
        name = found[1].upper()
        if name == "BEGIN":
            depth += 1
            part = {} if depth == 2 else part
        elif name == "END":
            depth -= 1
            if depth == 1:
                yield part
        elif depth == 2 and name in _KEPT:
            part.setdefault(name, []).append(_Line(found[2], line[found.end() :].strip()))


def _first_year(parts: Iterable[_Part]) -> int:
    """Return the year before all times told, from which foreign zones are described."""
    names = (*_MOMENTS, *_LISTS)
    lines = (line for part in parts for name in names for line in part.get(name, ()))
    years = [
        int(moment[:4])
        for line in lines
        for value in line.value.split(",")
        if (moment := _moment(value.partition("/")[0]))
    ]
    return max(min(years, default=1970) - 1, 1)


def _event(part: _Part, uid: str, who: str, zones: _Told) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{uid}"
    stamp = _only(part, "DTSTAMP")
    yield f"DTSTAMP:{stamp if _is_utc(stamp) else _NO_STAMP}"
    yield from _times(part, zones)
    yield from (f"RRULE:{rule}" for line in part.get("RRULE", ()) if (rule := _rule(line.value)))
    for name in _LISTS:
        for line in part.get(name, ()):
            yield from _list(name, line, zones)
    status, free = _only(part, "STATUS"), _only(part, "TRANSP") == "TRANSPARENT"
    if free:
        yield "TRANSP:TRANSPARENT"
    if status in _STATUSES:
        yield f"STATUS:{status}"
    usual = CANCELLED if status == "CANCELLED" else FREE if free else BUSY
    yield f"SUMMARY:{_escaped(who) or usual}"
    yield "END:VEVENT"


def _only(part: _Part, name: str) -> str:
    """Return the value of a property that stands once, "" otherwise."""
    lines = part.get(name, ())
    return lines[0].value.upper() if len(lines) == 1 else ""


def _is_utc(value: str) -> bool:
    return _MOMENT.fullmatch(value) is not None and value.endswith("Z")


def _times(part: _Part, zones: _Told) -> Iterator[str]:
    for name in _MOMENTS:
        for line in part.get(name, ())[:1]:
            moment = _moment(line.value)
            more = ";RANGE=THISANDFUTURE" if name not in {"DTSTART", "DTEND"} else ""
            more = more if more and _RANGE.search(line.params) else ""
            if moment:
                yield f"{name}{more}{zones.params(line, moment)}:{moment}"
    for line in part.get("DURATION", ())[:1]:
        if "DTEND" not in part and (duration := _duration(line.value)):
            yield f"DURATION:{duration}"


def _list(name: str, line: _Line, zones: _Told) -> Iterator[str]:
    """Yield the dates, times and periods of a line, each kind in a line of its own."""
    kinds: dict[str, list[str]] = {}
    for value in line.value.split(","):
        start, slash, end = value.partition("/")
        moment = _moment(start)
        params = zones.params(line, moment) if moment else ""
        if slash:
            end = _moment(end) or _duration(end)
            moment = f"{moment}/{end}" if moment and end else ""
            params = f";VALUE=PERIOD{params}"
        if moment:
            kinds.setdefault(params, []).append(moment)
    for params, values in kinds.items():
        yield f"{name}{params}:{','.join(values)}"


def _moment(value: str) -> str:
    """Return a date or time as RFC 5545 writes it; "" for what is none."""
    told = value.strip()
    if _MOMENT.fullmatch(told):
        return told
    try:
        # It takes more, and so has the index.
        moment = vDDDTypes.from_ical(told)  # type: ignore[no-untyped-call]
    except ValueError:
        return ""
    if isinstance(moment, datetime):
        return f"{moment:%Y%m%dT%H%M%S}" + ("Z" if moment.tzinfo else "")
    return ""


def _duration(value: str) -> str:
    told = value.strip().upper()
    if _DURATION.fullmatch(told):
        return told
    try:
        length: timedelta = vDuration.from_ical(told)  # type: ignore[no-untyped-call]
    except ValueError:
        return ""
    sign = "-" if length < timedelta() else ""
    return f"{sign}PT{abs(int(length.total_seconds()))}S"


def _rule(rule: str) -> str:
    """Return what is known of a recurrence rule, made anew of numbers and the RFC's words."""
    told = (part.partition("=")[::2] for part in "".join(rule.split()).upper().split(";"))
    kept = ((name, _rule_value(name, value)) for name, value in told)
    return ";".join(f"{name}={value}" for name, value in kept if value)


def _rule_value(name: str, value: str) -> str:
    if name == "UNTIL":
        return _moment(value)
    pattern = _RULE_VALUES.get(name)
    known = pattern is not None and all(pattern.fullmatch(one) for one in value.split(","))
    return value if known else ""


def _escaped(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", "".join(c for c in text if c.isprintable()))


class _Told:
    """The zones that times are told in, each under a name that says nothing else."""

    def __init__(self, vtimezones: Iterable[str], first_year: int) -> None:
        self._zones = Zones(_UNKNOWN, vtimezones)
        self._since = datetime(first_year, 1, 1)  # noqa: DTZ001 - by the zone's own clock
        self._names: dict[str, str] = {}
        self._blocks: dict[str, str] = {}

    def params(self, line: _Line, moment: str) -> str:
        """Return the parameters of a line with this date or time.

        A time in a zone that nobody can tell is floating, and so one of the practice's.
        """
        if "T" not in moment:
            return ";VALUE=DATE"
        found = None if moment.endswith("Z") else _TZID.search(line.params)
        if found is None:
            return ""
        told = found[1].strip('"')
        if told not in self._names:
            self._names[told] = self._name(self._zones.zone(told))
        name = self._names[told]
        return f";TZID={name}" if name else ""

    def _name(self, zone: tzinfo) -> str:
        if zone is _UNKNOWN:
            return ""
        if isinstance(zone, ZoneInfo):
            self._blocks[zone.key] = vtimezone(zone)
            return zone.key
        if isinstance(zone, OwnZone):
            name, block = retold(zone, self._since)
            self._blocks[name] = block
            return name
        return ""

    def blocks(self) -> Iterable[str]:
        """Return the VTIMEZONEs of the zones that were asked for."""
        return self._blocks.values()
