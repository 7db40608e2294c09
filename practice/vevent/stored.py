"""Texts that were checked when they came in, read again for an answer.

Saves judging them once more, and for plain events the library (`practice.vevent.plain`). Nothing
but a text that `practice.vevent.read` took may be read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice.content_lines import outline, unfold
from practice.timezones import Zones
from practice.vevent.blocks import cut
from practice.vevent.parsing import parse, resolve
from practice.vevent.plain import PlainCalendar, PlainEvent, plain_event
from practice.vevent.tree import tree, tree_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from practice.vevent.tree import Part

__all__ = ["Stored", "read_stored"]

_KIND = "VEVENT"


@dataclass(frozen=True, slots=True)
class Stored:
    """The kind of a calendar object, its VCALENDAR, its lines, and the zones it names.

    `root` has the VTIMEZONEs or not, `calendar` has not.
    """

    component: str
    calendar: Any
    root: Part
    zones: Zones


def read_stored(text: str, zone: tzinfo, *, plain: bool = True) -> Stored:
    """Read a text again; `zone` is that of floating times and of names that nobody knows.

    With `plain` off everything is checked again and read by the library.
    """
    found = _plain(text, zone) if plain else None
    if found is not None:
        return found
    component, calendar = parse(text, zone, plain=plain)
    return Stored(component, calendar, tree(text), Zones(zone, outline(text).timezones))


def _plain(text: str, zone: tzinfo) -> Stored | None:
    """Read a text that has nothing but plain events; None for another."""
    blocks = cut(text)
    if (
        blocks is None
        or blocks.rest
        or {name for name, _ in blocks.found} - {"VTIMEZONE"} != {_KIND}
    ):
        return None
    own = "".join([blocks.head, *(block for name, block in blocks.found if name == _KIND)])
    root = tree_of(["BEGIN:VCALENDAR", *unfold(own), "END:VCALENDAR"])
    events: list[PlainEvent] = []
    for part in root.parts:
        event = plain_event((line.text for line in part.lines), _any)
        if event is None:
            return None
        events.append(event)
    vtimezones = (block for name, block in blocks.found if name == "VTIMEZONE")
    zones = Zones(zone, ("\r\n".join([*unfold(block), ""]) for block in vtimezones))
    for event in events:
        resolve(event, zones)
    return Stored(_KIND, PlainCalendar(events), root, zones)


def _any(_: str, __: str) -> bool:
    """Pass every line over of which nothing is asked: all were checked."""
    return True
