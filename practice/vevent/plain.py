"""Events in plain words: read here, line by line, and handed on as the library would hand them on.

Most texts are a handful of properties in the one form that everybody writes. Reading those here
saves nine tenths of what the library takes, for the same times, rules and words; anything that is
written in another way (another component, a quoted zone, a period, a backslash in a word that is
asked for) is None here, and for the library. Nothing is judged here: what is refused of a text
(`practice.vevent.checking`) is refused of what comes from here, too.

Sources: RFC 5545 3.3.4 to 3.3.6, 3.3.10, 3.8.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from practice.vevent.values import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["PlainCalendar", "PlainEvent", "Told", "plain_calendar", "plain_event"]

#: Of these a text says when an event is, whose it is, and what else is asked of it.
_MOMENTS = frozenset({"DTSTART", "DTEND", "RECURRENCE-ID"})
_LISTS = frozenset({"RDATE", "EXDATE"})
_WORDS = frozenset(
    """UID STATUS TRANSP X-PATIENT-ID X-INSURANCE-TYPE X-APPOINTMENT-TYPE X-BOOKING-SOURCE
    X-REQUIRES-CONFIRMATION""".split()  # noqa: SIM905 - names to be read
)
#: Of these nothing is asked, whatever they say.
_PASSED_OVER = frozenset(
    """CATEGORIES CLASS COLOR COMMENT CONTACT CREATED DESCRIPTION DTSTAMP LAST-MODIFIED LOCATION
    PRIORITY SUMMARY URL""".split()  # noqa: SIM905 - names to be read
)
_PEOPLE = frozenset({"ATTENDEE", "ORGANIZER"})
#: What a calendar says of itself in words that the library takes, whatever they are.
_OF_CALENDARS = frozenset({"PRODID", "VERSION", "CALSCALE"})
_BARE = re.compile(r"([A-Z0-9-]+):(.*)")
#: A person, with parameters that change nothing about how the line is read. A backslash is one
#: of two things to the library, and two values of one parameter are written by few.
_PERSON = re.compile(
    r"(?:ATTENDEE|ORGANIZER)"
    r"(?:;(?:CN|CUTYPE|EMAIL|LANGUAGE|PARTSTAT|ROLE|RSVP|SCHEDULE-AGENT|SCHEDULE-STATUS|SENT-BY"
    r"|X-NUM-GUESTS)=(?:\"[^\"\\\r]*\"|[^\",;:\\\r]*))*"
    r":(?i:mailto):[^\\\r]*"
)
_HEAD = re.compile(r"[A-Za-z0-9-]+")
_MOMENT = re.compile(
    r"(?:;VALUE=(DATE)|;TZID=([A-Za-z0-9/_+-]{1,200}))?:"
    r"([0-9]{8}(?:T[0-9]{6}Z?)?(?:,[0-9]{8}(?:T[0-9]{6}Z?)?)*)"
)
_LENGTH = re.compile("P(?:[0-9]{1,3}[WD]|T(?:[0-9]{1,3}H(?:[0-9]{1,4}M)?|[0-9]{1,4}M))", re.ASCII)
_SEQUENCE = re.compile("[0-9]{1,9}")
_NUMBERS = re.compile("-?[1-9][0-9]{0,2}(?:,-?[1-9][0-9]{0,2})*")
_COUNT = re.compile("[1-9][0-9]{0,4}")
_DAYS = re.compile("-?[1-5]?(?:MO|TU|WE|TH|FR|SA|SU)(?:,-?[1-5]?(?:MO|TU|WE|TH|FR|SA|SU))*")


class Told:
    """A date, a time or a length, and the parameters it was told with."""

    __slots__ = ("dt", "params")

    def __init__(self, dt: Any, params: dict[str, str]) -> None:
        self.dt = dt
        self.params = params


class _ToldList:
    """The values of one line that may have several."""

    __slots__ = ("dts", "params")

    def __init__(self, dts: list[Told], params: dict[str, str]) -> None:
        self.dts = dts
        self.params = params


class PlainEvent(dict[str, Any]):
    """The properties of an event that are asked for, by their names in capitals."""

    name = "VEVENT"
    errors: tuple[tuple[str, str], ...] = ()
    subcomponents: tuple[Any, ...] = ()


class PlainCalendar:
    """The events of a text, in their order."""

    name = "VCALENDAR"

    def __init__(self, events: list[PlainEvent]) -> None:
        self.subcomponents = events

    def walk(self, name: str) -> list[PlainEvent]:
        """Return the components of that name."""
        return self.subcomponents if name == "VEVENT" else []


def plain_calendar(body: str) -> PlainCalendar | None:
    """Return what an unfolded text without VTIMEZONEs says, if all of it is plain; else None.

    `body` is one that `practice.content_lines` took. Times are naive unless they are UTC; their
    TZIDs are parameters.
    """
    events: list[PlainEvent] = []
    lines = iter(body.split("\r\n"))
    next(lines)
    for line in lines:
        if line == "BEGIN:VEVENT":
            event = plain_event(iter(lines.__next__, "END:VEVENT"), _is_harmless)
            if event is None:
                return None
            events.append(event)
        elif line == "END:VCALENDAR":
            break
        else:
            bare = _BARE.fullmatch(line)
            if bare is None or not (bare[1] in _OF_CALENDARS or bare[1].startswith("X-")):
                return None
    return PlainCalendar(events) if events else None


def _is_harmless(name: str, line: str) -> bool:
    """Tell whether a line of which nothing is asked is one that the library takes as it is."""
    if name in _PEOPLE:
        return _PERSON.fullmatch(line) is not None
    if not (name in _PASSED_OVER or name.startswith("X-")):
        return False
    return _BARE.fullmatch(line) is not None


def plain_event(lines: Iterable[str], passes: Callable[[str, str], bool]) -> PlainEvent | None:
    """Return what the lines between BEGIN and END of an event say; None if they are not plain.

    `passes` tells, by its name and the line, whether one of which nothing is asked may be passed
    over.
    """
    event = PlainEvent()
    for line in lines:
        head = _HEAD.match(line)
        name = head[0] if head else ""
        read = _READERS.get(name)
        if read is None:
            if name.upper() in _READERS or not passes(name, line):
                return None
            if name == "ATTENDEE":  # counted, and not read
                event.setdefault(name, []).append(line)
            continue
        value = read(line[len(name) :])
        if value is None:
            return None
        if name in _LISTS:
            event.setdefault(name, []).append(value)
        elif name in event:
            return None
        else:
            event[name] = value
    return event


def _moments(rest: str) -> tuple[list[Told], dict[str, str]] | None:
    """Read dates or times of one kind, and the parameters before them."""
    found = _MOMENT.fullmatch(rest)
    if found is None:
        return None
    whole_day, zone, values = found.groups()
    told = []
    for value in values.split(","):
        is_utc = len(value) == 16
        moment = _moment(value)
        if moment is None or (len(value) == 8) != (whole_day is not None) or (is_utc and zone):
            return None
        told.append(Told(moment, {}))
    return told, {} if zone is None else {"TZID": zone}


def _moment(value: str) -> date | None:
    try:
        if len(value) == 8:
            return date.fromisoformat(value)
        at = datetime.fromisoformat(value[:15])
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if len(value) == 16 else at


def _one_moment(rest: str) -> Told | None:
    found = _moments(rest)
    if found is None or len(found[0]) != 1:
        return None
    return Told(found[0][0].dt, found[1])


def _several(rest: str) -> _ToldList | None:
    found = _moments(rest)
    return None if found is None else _ToldList(*found)


def _length(rest: str) -> Told | None:
    if not _LENGTH.fullmatch(rest[1:]) or rest[0] != ":":
        return None
    length: timedelta | None = duration(rest[1:])
    return None if length is None else Told(length, {})


def _word(rest: str) -> str | None:
    return rest[1:] if rest[:1] == ":" and "\\" not in rest else None


def _sequence(rest: str) -> int | None:
    return int(rest[1:]) if rest[:1] == ":" and _SEQUENCE.fullmatch(rest[1:]) else None


def _rule(rest: str) -> dict[str, list[Any]] | None:
    """Read a recurrence rule into its parts, each a list; numbers, days, dates and words."""
    if rest[:1] != ":":
        return None
    rule: dict[str, list[Any]] = {}
    for part in rest[1:].split(";"):
        name, _, value = part.partition("=")
        read = _RULE_PARTS.get(name)
        told = read(value) if read and name not in rule else None
        if told is None:
            return None
        rule[name] = told
    return rule if "FREQ" in rule else None


def _frequency(value: str) -> list[Any] | None:
    return [value] if value in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"} else None


def _count(value: str) -> list[Any] | None:
    return [int(value)] if _COUNT.fullmatch(value) else None


def _numbers(value: str) -> list[Any] | None:
    return [int(one) for one in value.split(",")] if _NUMBERS.fullmatch(value) else None


def _days(value: str) -> list[Any] | None:
    return value.split(",") if _DAYS.fullmatch(value) else None


def _until(value: str) -> list[Any] | None:
    told = _moments(f":{value}") or _moments(f";VALUE=DATE:{value}")
    return [told[0][0].dt] if told and len(told[0]) == 1 else None


_RULE_PARTS: dict[str, Callable[[str], list[Any] | None]] = {
    "FREQ": _frequency,
    "COUNT": _count,
    "INTERVAL": _count,
    "UNTIL": _until,
    "BYDAY": _days,
    "WKST": _days,
    "BYMONTHDAY": _numbers,
    "BYMONTH": _numbers,
    "BYSETPOS": _numbers,
}
_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_MOMENTS, _one_moment),
    **dict.fromkeys(_LISTS, _several),
    **dict.fromkeys(_WORDS, _word),
    "DURATION": _length,
    "SEQUENCE": _sequence,
    "RRULE": _rule,
}
