"""Properties that clients set: their names here, which values they take, and how long all may be.

Names are short for those the practice gives a meaning ("D:displayname"), values of these are
text. Every other property is dead: its name is a tag ("{namespace}name") and its value the whole
element as XML, which nobody here reads. A calendar made long ago may have dead ones as text.

Not here: XML (`caldav_server.dead`), who may set what (`practice.access`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.calendar_zone import TIMEZONE, TIMEZONE_ID, zone_in, zone_named
from practice.errors import InvalidProperty, PropertiesTooLong

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COLOR",
    "DESCRIPTION",
    "DISPLAYNAME",
    "LANGUAGE",
    "MOST_CHARACTERS",
    "ORDER",
    "PERSONAL",
    "TRANSPARENCY",
    "changed",
    "checked",
]

DISPLAYNAME = "D:displayname"
DESCRIPTION = "C:calendar-description"
TRANSPARENCY = "C:schedule-calendar-transp"
COLOR = "ICAL:calendar-color"
ORDER = "ICAL:calendar-order"
#: What everybody who sees a calendar sets for himself; the calendar's own are for all others.
PERSONAL = frozenset({COLOR, ORDER})
#: Appended to a name: the language that a text is in (RFC 4918 4.3).
LANGUAGE = "@lang"

#: Of all properties of one calendar, object or account together; calendars' are read with every
#: request.
MOST_CHARACTERS = 100_000
LONGEST_TITLE = 255
#: What the columns take.
LONGEST_NAME = 512


def checked(name: str, value: str) -> str:
    """Return the value of a live property as it is kept; raises a subclass of Invalid."""
    if len(name) > LONGEST_NAME:
        raise InvalidProperty(f"The name of a property has at most {LONGEST_NAME} characters.")
    if name == TIMEZONE:
        zone_in(value)
    elif name == TIMEZONE_ID:
        return zone_named(value.strip()).key
    elif name == TRANSPARENCY and value not in {"opaque", "transparent"}:
        raise InvalidProperty("A calendar is opaque or transparent.")
    elif name == DISPLAYNAME and len(value) > LONGEST_TITLE:
        raise InvalidProperty(f"A calendar's name has at most {LONGEST_TITLE} characters.")
    return value


def changed(properties: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return properties after changes (None removes); raises PropertiesTooLong.

    Zone and name of a zone are two ways to say the same: who sets one takes the other back
    (RFC 7809 5.2).
    """
    after = dict(properties)
    for name, value in changes.items():
        after.pop(name, None)
        after.pop(name + LANGUAGE, None)
        if name in {TIMEZONE, TIMEZONE_ID}:
            after.pop(TIMEZONE, None)
            after.pop(TIMEZONE_ID, None)
        if value is not None:
            after[name] = value
    if sum(len(name) + len(value) for name, value in after.items()) > MOST_CHARACTERS:
        raise PropertiesTooLong(f"Properties have at most {MOST_CHARACTERS} characters together.")
    return after
