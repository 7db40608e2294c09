"""The question when others are busy, as one calendar user asks it of others.

Read from iCalendar text (RFC 5546 3.3.2); who may ask and what is answered is decided in
`practice.use_cases.free_busy`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from practice.content_lines import CONTENT_LINE, outline, unfold
from practice.errors import InvalidObject
from practice.facts import Span

__all__ = ["MOST_BYTES", "BusyRequest", "read_request"]

#: Of a request, which has a line for each attendee.
MOST_BYTES = 200_000
#: People asked for at once; a practice has fewer.
MOST_ATTENDEES = 100
#: Days asked for at once; clients ask for a week or a month.
LONGEST_DAYS = 370
LONGEST_VALUE = 2000
_UTC_TIME = re.compile(r"\d{8}T\d{6}Z")
_WANTED = ("UID", "ORGANIZER", "DTSTART", "DTEND")


@dataclass(frozen=True, slots=True)
class BusyRequest:
    """Who asks (`organizer`), of whom (addresses), and between which times, which has two ends.

    `attendees` maps each address to its whole content line, `organizer_line` is that of the
    organizer: an answer repeats them as they were.
    """

    uid: str
    organizer: str
    organizer_line: str
    attendees: dict[str, str]
    start: int
    end: int

    @property
    def span(self) -> Span:
        """The range of time asked for."""
        return Span(self.start, self.end)


def read_request(text: str) -> BusyRequest:
    """Read a request; raises InvalidText for no iCalendar, InvalidObject for another message."""
    taken = outline(text)
    kinds = [name for name in taken.components if name != "VTIMEZONE"]
    if kinds != ["VFREEBUSY"]:
        raise InvalidObject("Only free-busy is asked for here: one VFREEBUSY. Nothing is sent.")
    properties = _properties(unfold(taken.body))
    if [value.upper() for value, _ in properties.get("METHOD", [])] != ["REQUEST"]:
        raise InvalidObject("A question when others are busy has METHOD:REQUEST.")
    if any(len(properties.get(name, [])) != 1 for name in _WANTED):
        raise InvalidObject(f"A VFREEBUSY of a request has one of each: {', '.join(_WANTED)}.")
    attendees = dict(properties.get("ATTENDEE", []))
    if not 1 <= len(attendees) <= MOST_ATTENDEES:
        raise InvalidObject(f"A request has 1 to {MOST_ATTENDEES} attendees.")
    start, end = (_seconds(properties[name][0][0]) for name in ("DTSTART", "DTEND"))
    if not start < end <= start + LONGEST_DAYS * 86_400:
        raise InvalidObject(f"A request ends after it starts, and spans {LONGEST_DAYS} days.")
    organizer, line = properties["ORGANIZER"][0]
    return BusyRequest(properties["UID"][0][0], organizer, line, attendees, start, end)


def _properties(lines: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Return (value, whole line) of METHOD and of the properties of the VFREEBUSY, by name."""
    found: dict[str, list[tuple[str, str]]] = {}
    depth = 0
    for line in lines:
        match = CONTENT_LINE.match(line)
        if match is None:
            continue
        name, value = match[1].upper(), line[match.end() :].strip()
        depth += (name == "BEGIN") - (name == "END")
        if depth == 2 or (depth == 1 and name == "METHOD"):
            if len(line) > LONGEST_VALUE:
                raise InvalidObject("A property of the request is too long.")
            found.setdefault(name, []).append((value, line.strip("\r")))
    return found


def _seconds(told: str) -> int:
    try:
        if not _UTC_TIME.fullmatch(told):
            raise ValueError(told)
        return int(datetime.strptime(told, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise InvalidObject("DTSTART and DTEND of a VFREEBUSY are told in UTC.") from error
