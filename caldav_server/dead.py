"""Properties as clients send and get them: from the elements of a body to stored values, and back.

A property that the practice gives a meaning is kept as text under a short name; every other one is
dead, and kept as the element it was (RFC 4918 4.3). Not here: who may set what, which values are
right (`practice.properties`), what is told of live properties (`caldav_server.properties`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest
from caldav_server.xml import (
    APPLE,
    CALDAV,
    CALSERVER,
    DAV,
    XmlError,
    element_text,
    element_xml,
    escape,
    is_element,
    wrap,
)
from practice.calendar_zone import TIMEZONE, TIMEZONE_ID
from practice.properties import (
    COLOR,
    DESCRIPTION,
    DISPLAYNAME,
    LANGUAGE,
    ORDER,
    TRANSPARENCY,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

__all__ = [
    "LIVE_NAMES",
    "Instruction",
    "instructions",
    "name_of",
    "stored_value",
    "tag_of",
    "told",
    "with_language",
]

#: Live properties of calendars that clients set, and their names in the practice.
LIVE_NAMES: Mapping[str, str] = {
    DAV + "displayname": DISPLAYNAME,
    CALDAV + "calendar-description": DESCRIPTION,
    CALDAV + "calendar-timezone": TIMEZONE,
    CALDAV + "calendar-timezone-id": TIMEZONE_ID,
    CALDAV + "schedule-calendar-transp": TRANSPARENCY,
    APPLE + "calendar-color": COLOR,
    APPLE + "calendar-order": ORDER,
}
#: Of these the language is kept (RFC 4791 5.2.1, RFC 4918 15.2).
_IN_A_LANGUAGE = frozenset({DISPLAYNAME, DESCRIPTION})
#: Prefixes in names that were stored by earlier versions.
_SHORT = {
    "D": DAV,
    "C": CALDAV,
    "CS": CALSERVER,
    "ICAL": APPLE,
    "CR": "{urn:ietf:params:xml:ns:carddav}",
    "ME": "{http://me.com/_namespace/}",
    "INF": "{http://inf-it.com/ns/ab/}",
    "RADICALE": "{http://radicale.org/ns/}",
}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Instruction:
    """Set a property to an element, or (None) remove it; `language` is the xml:lang around it."""

    tag: str
    element: Element | None
    language: str = ""


def instructions(root: Element) -> list[Instruction]:
    """Read the set and remove elements in a body, in their order; the last word on each counts.

    Source: RFC 4918 9.2, 14.19.
    """
    found: dict[str, Instruction] = {}
    for one in _all(root):
        found.pop(one.tag, None)
        found[one.tag] = one
    return list(found.values())


def _all(root: Element) -> Iterator[Instruction]:
    around = root.get(_LANG, "")
    for step in root:
        if step.tag not in {DAV + "set", DAV + "remove"}:
            continue  # RFC 4918 17: what is not known is passed over
        props = [child for child in step if child.tag == DAV + "prop"]
        if len(props) != 1:
            raise BadRequest("A set or remove has one prop.")
        language = props[0].get(_LANG, step.get(_LANG, around))
        for element in props[0]:
            kept = element if step.tag == DAV + "set" else None
            yield Instruction(element.tag, kept, language)


def stored_value(name: str, one: Instruction) -> str | None:
    """Return the value to store under `name`, None to remove it; raises XmlError."""
    if one.element is None:
        return None
    if name.startswith("{"):
        return element_xml(one.element, one.language)
    if name == TRANSPARENCY:
        kinds = [child.tag.removeprefix(CALDAV) for child in one.element]
        if len(kinds) != 1:
            raise XmlError("The value is one element.")
        return kinds[0]
    return element_text(one.element)


def with_language(name: str, one: Instruction) -> dict[str, str]:
    """Return what else is stored with the value: the language it is in."""
    if name not in _IN_A_LANGUAGE or one.element is None:
        return {}
    language = one.element.get(_LANG, one.language)
    return {name + LANGUAGE: language} if language else {}


def tag_of(name: str) -> str:
    """Return the tag that a stored name stands for."""
    if name.startswith("{"):
        return name.removeprefix("{}")
    prefix, _, rest = name.partition(":")
    return _SHORT.get(prefix, "") + rest


def name_of(tag: str) -> str:
    """Return the name under which a dead property is stored."""
    return tag if tag.startswith("{") else "{}" + tag


def told(tag: str, value: str) -> str:
    """Return a stored property as the element it is."""
    return value if is_element(tag, value) else wrap(tag, escape(value))
