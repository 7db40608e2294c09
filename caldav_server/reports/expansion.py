"""expand-property (RFC 3253 3.8): properties, and those of the resources they point to, at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest, Refusal
from caldav_server.properties import propstat, response
from caldav_server.reports.answer import multistatus
from caldav_server.resources import Resource
from caldav_server.xml import DAV

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from caldav_server.resources import Resource

__all__ = ["expand_property", "tags_within"]

#: Steps from resource to resource; clients go two.
DEEPEST = 5
#: Resources in one answer, the same one counted each time: a cycle is told until here.
MOST_RESOURCES = 500
_HREF = re.compile(r"<href>([^<]*)</href>")

Find = Callable[[str], Resource | None]


def expand_property(address: str, resource: Resource, root: Element, find: Find) -> bytes:
    """Answer the report on one resource; `find` returns what an href leads to, None for nothing."""
    return multistatus([_Expansion(find).told(address, resource, _wanted(root), 0)])


def tags_within(root: Element) -> list[str]:
    """Return the tags of all properties that a report asks for, of whatever resource."""
    named = {_tag(element) for element in root.iter(DAV + "property")}
    return [*named, *(child.tag for prop in root.findall(DAV + "prop") for child in prop)]


def _tag(element: Element) -> str:
    return f"{{{element.get('namespace', 'DAV:')}}}{element.get('name', '')}"


@dataclass(frozen=True, slots=True)
class _Property:
    """A property asked for, and what is asked of the resources it points to."""

    tag: str
    within: tuple[_Property, ...]


def _wanted(element: Element) -> tuple[_Property, ...]:
    return tuple(_property(child) for child in element if child.tag == DAV + "property")


def _property(element: Element) -> _Property:
    if not element.get("name"):
        raise BadRequest("A property of an expand-property has a name.")
    return _Property(_tag(element), _wanted(element))


@dataclass(slots=True)
class _Expansion:
    """Builds one answer and counts what is in it."""

    find: Find
    told_so_far: int = 0
    found: dict[str, Resource | None] = field(default_factory=dict)

    def told(
        self, address: str, resource: Resource | None, asked: tuple[_Property, ...], depth: int
    ) -> str:
        """Return the response element of one resource, None of one that is not there."""
        self.told_so_far += 1
        if depth > DEEPEST or self.told_so_far > MOST_RESOURCES:
            sentence = f"An answer goes {DEEPEST} steps deep, to {MOST_RESOURCES} resources."
            raise Refusal(403, sentence, "<number-of-matches-within-limits/>")
        if resource is None:
            return response(address)
        within = {one.tag: one.within for one in asked if one.within}

        def expanded(tag: str, value: str) -> str:
            if tag not in within:
                return value
            return _HREF.sub(lambda link: self._linked(link[1], within[tag], depth), value)

        tags = dict.fromkeys(one.tag for one in asked)
        return response(address, propstat(resource, tags, expanded=expanded))

    def _linked(self, escaped: str, asked: tuple[_Property, ...], depth: int) -> str:
        address = unescape(escaped)
        if address not in self.found:
            self.found[address] = self.find(address)
        return self.told(address, self.found[address], asked, depth + 1)
