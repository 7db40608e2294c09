"""iCalendar texts of our own: a booking as a VEVENT, and many objects as one file.

Everything written is valid RFC 5545 and brings its VTIMEZONE, since clients read a TZID without
one differently. Sources: RFC 5545, RFC 7986 (COLOR).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from icalendar import Calendar as ICalendar
from icalendar import Event as IEvent
from icalendar import vCalAddress, vCategory, vText

from practice.appointments import Slot, Status
from practice.content_lines import outline, unfold
from practice.timezones import known_zone, tzid_of, vtimezone
from practice.vevent.blocks import blocks_of, zones_named
from practice.vevent.library import calendar_of
from practice.vevent.line_forms import escaped, folded, line, named, person, told
from practice.vevent.zones_by_reference import with_zones

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from datetime import datetime

__all__ = ["Event", "fingerprints", "merge", "retimed", "revise", "summary_of", "write"]

PRODID = "-//praxis-caldav//praxis-caldav//DE"
#: What a booking tool's change may set in an object, where the practice has not set it since.
_TOLD = (
    "DTSTART",
    "DTEND",
    "DURATION",
    "SUMMARY",
    "DESCRIPTION",
    "LOCATION",
    "STATUS",
    "CATEGORIES",
    "COLOR",
    "ATTENDEE",
    "X-PATIENT-ID",
    "X-INSURANCE-TYPE",
    "X-APPOINTMENT-TYPE",
    "X-BOOKING-SOURCE",
    "X-REQUIRES-CONFIRMATION",
)
#: How often whoever reads a calendar as a file may look again.
REFRESH = "PT15M"
_HEX_COLOR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
_STAMPS = ("DTSTAMP", "LAST-MODIFIED")
_SHELL = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\nCALSCALE:GREGORIAN\r\n"


@dataclass(frozen=True, slots=True)
class Event:
    """What one VEVENT of ours says. People are (name, e-mail); empty texts are left out."""

    uid: str
    slot: Slot
    stamp: datetime
    summary: str
    description: str
    location: str
    status: Status
    organizer: tuple[str, str]
    attendee: tuple[str, str]
    categories: tuple[str, ...]
    color: str
    extra: Mapping[str, str] = field(default_factory=dict)


class _Text(vText):
    """A text that is written as `escaped` has it: of `\\N` the library makes a line end."""

    def to_ical(self) -> bytes:
        return escaped(str(self)).encode()


def write(event: Event, zone: ZoneInfo) -> str:
    """Return the calendar object of an event, its times told in `zone`.

    The lines are those that the library would write of `_component`, in its order, at a tenth of
    the cost: an import writes thousands.
    """
    lines = "".join(f"{folded(one)}\r\n" for one in _lines(event, zone))
    return f"{_SHELL}{vtimezone(zone)}BEGIN:VEVENT\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"


def _lines(event: Event, zone: ZoneInfo) -> Iterator[str]:
    """Yield the content lines of an event, not folded."""
    start, end = _times(event, zone)
    stamp = told(event.stamp.astimezone(UTC))
    if event.summary:
        yield f"SUMMARY:{escaped(event.summary)}"
    yield f"DTSTART{told(start)}"
    yield f"DTEND{told(end)}"
    yield f"DTSTAMP{stamp}"
    yield f"UID:{escaped(event.uid)}"
    yield "SEQUENCE:0"
    if event.attendee[1]:
        yield f"ATTENDEE{person(*event.attendee, more=';RSVP=TRUE')}"
    yield f"CATEGORIES:{','.join(map(escaped, event.categories))}"
    yield "CLASS:PRIVATE"
    if event.color:
        yield f"COLOR:{line(event.color)}"
    if event.description:
        yield f"DESCRIPTION:{escaped(event.description)}"
    yield f"LAST-MODIFIED{stamp}"
    if event.location:
        yield f"LOCATION:{escaped(event.location)}"
    yield f"ORGANIZER{person(*event.organizer)}"
    yield f"STATUS:{event.status}"
    for name in sorted(event.extra):
        yield f"{name}:{line(event.extra[name])}"


def _times(event: Event, zone: ZoneInfo) -> list[datetime]:
    """Return start and end of an event as they are told."""
    times = [moment.astimezone(zone) for moment in (event.slot.start, event.slot.end)]
    if any(local.fold for local in times):
        # A local time that the clock shows twice means the first (RFC 5545 3.3.5).
        times = [local.astimezone(UTC) for local in times]
    return times


def _component(event: Event, zone: ZoneInfo) -> IEvent:
    made = IEvent()
    made.add("UID", event.uid)
    made.add("DTSTAMP", event.stamp)
    made.add("LAST-MODIFIED", event.stamp)
    start, end = _times(event, zone)
    made.add("DTSTART", start)
    made.add("DTEND", end)
    made.add("SEQUENCE", 0)
    for name in ("SUMMARY", "DESCRIPTION", "LOCATION"):
        if value := getattr(event, name.lower()):
            made.add(name, _Text(value))
    if event.color:
        made.add("COLOR", event.color)
    made.add("STATUS", str(event.status))
    made.add("CLASS", "PRIVATE")
    made.add("CATEGORIES", _as_told(vCategory(list(event.categories))))
    made.add("ORGANIZER", _address(*event.organizer), encode=False)
    if event.attendee[1]:
        attendee = _address(*event.attendee)
        attendee.params["RSVP"] = vText("TRUE")
        made.add("ATTENDEE", attendee, encode=False)
    for name, value in event.extra.items():
        made.add(name, line(value))
    return made


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{line(email)}")
    if name:
        address.params["CN"] = vText(named(name))
    return address


def _as_told(value: Any) -> Any:
    """Return a value of the library with its texts written as `_Text`."""
    if type(value) is vText:
        return _Text(value, params=value.params)
    if isinstance(value, vCategory):
        value.cats = [_Text(one) for one in value.cats]
    return [_as_told(one) for one in value] if isinstance(value, list) else value


def _with_zone(text: str, zone: ZoneInfo) -> str:
    return text.replace("BEGIN:VEVENT", f"{vtimezone(zone)}BEGIN:VEVENT", 1)


def revise(text: str, event: Event, zone: ZoneInfo, keep: Container[str] = ()) -> str:
    """Return `text` with what `event` says, and everything else the practice added kept.

    Properties named in `keep` stay as they are, too. SEQUENCE is raised (RFC 5545 3.8.7.4).
    """
    taken = outline(text)
    calendar = calendar_of(taken.body)
    for part in calendar.walk():
        part.update({name: _as_told(value) for name, value in part.items()})
    old = _first(calendar)
    new = _component(event, zone)
    sequence = old.get("SEQUENCE", 0)
    for name in (*_TOLD, *_STAMPS):
        if name in keep:
            continue
        old.pop(name, None)
        if name in new:
            old[name] = new[name]
    old["SEQUENCE"] = sequence + 1 if isinstance(sequence, int) else 1
    others = "".join(block for block in taken.timezones if tzid_of(block) != zone.key)
    text = calendar.to_ical(sorted=False).decode()
    return _with_zone(text.replace("BEGIN:VEVENT", f"{others}BEGIN:VEVENT", 1), zone)


def retimed(
    text: str, slot: Slot, status: Status, summary: str, now: datetime, zone: ZoneInfo
) -> str:
    """Return `text` at a time, with a status and a title, and all else as it is."""
    nobody = ("", "")
    event = Event("", slot, now, summary, "", "", status, nobody, nobody, (), "")
    changed = {"DTSTART", "DTEND", "DURATION", "STATUS", "SUMMARY"}
    return revise(text, event, zone, set(_TOLD) - changed)


def fingerprints(text: str) -> dict[str, str]:
    """Return a digest of each property that `revise` may set; equal ones say the same."""
    event = _first(calendar_of(outline(text).body))
    return {name: _fingerprint(event[name]) for name in _TOLD if name in event}


def summary_of(text: str) -> str:
    """Return the SUMMARY of an event."""
    return str(_first(calendar_of(outline(text).body)).get("SUMMARY", ""))


def _first(calendar: Any) -> Any:
    """Return the event itself, before changed occurrences of it."""
    events = calendar.walk("VEVENT")
    return next((event for event in events if "RECURRENCE-ID" not in event), events[0])


def _fingerprint(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    said = b"\n".join(one.to_ical() for one in values)
    return hashlib.sha256(said).hexdigest()[:16]


def merge(
    texts: Iterable[str], title: str, zone: ZoneInfo, color: str = "", *, quick: bool = True
) -> str:
    """Return calendar objects as one text under `title`, each zone's VTIMEZONE once.

    Zones that everybody knows get our VTIMEZONE, since texts disagree about them or leave it out;
    events that name no zone but the practice's are in `zone`. `color` is "#rrggbb", as clients
    set it, or a CSS3 name. `quick` is that of `practice.vevent.blocks`, with the same result.
    """
    zones: dict[str, str] = {zone.key: vtimezone(zone)}
    components: list[str] = []
    named: dict[str, None] = {}
    read: set[str] = set()
    for text in texts:
        for name, block in blocks_of(text, quick=quick):
            if name != "VTIMEZONE":
                components.append(block)
                named |= dict.fromkeys(zones_named(block, quick=quick))
            elif block not in read:
                read.add(block)
                tzid = tzid_of("\n".join(unfold(block)))
                known = known_zone(tzid)
                own = vtimezone(known) if known and known.key == tzid else block
                zones.setdefault(tzid, own)
    shell, end = _head(title, zone, color).to_ical().decode(), "END:VCALENDAR\r\n"
    head = "".join([shell.removesuffix(end), *zones.values(), end])
    return "".join([with_zones(head, named).removesuffix(end), *components, end])


def _head(title: str, zone: ZoneInfo, color: str) -> ICalendar:
    """Return an empty calendar that says what it is, in the words of RFC 7986 and older ones."""
    head = ICalendar()
    head.add("VERSION", "2.0")
    head.add("PRODID", PRODID)
    head.add("CALSCALE", "GREGORIAN")
    for name in ("NAME", "X-WR-CALNAME"):
        head.add(name, vText(line(title)))
    head.add("X-WR-TIMEZONE", zone.key)
    head.add("REFRESH-INTERVAL", vText(REFRESH), parameters={"VALUE": "DURATION"})
    head.add("X-PUBLISHED-TTL", REFRESH)
    if _HEX_COLOR.fullmatch(color):
        head.add("X-APPLE-CALENDAR-COLOR", color[:7])
    elif color.isascii() and color.isalpha():
        head.add("COLOR", color.lower())
    return head
