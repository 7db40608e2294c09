"""Does a text match a calendar-query's filter? For what the index cannot tell (RFC 4791 9.7).

Filters arrive as records, made by the CalDAV door from XML. Names, parameters and texts are
looked for in the text as it stands; times are asked of `practice.recurrence`, so that a range of
time and a text are conditions on one and the same component.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from practice.content_lines import outline
from practice.timezones import Zones
from practice.vevent.times import overlaps_span, rings
from practice.vevent.tree import tree
from practice.vevent.values import overlaps, ranges_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from practice.facts import Span
    from practice.vevent.tree import Line, Part

__all__ = [
    "Collation",
    "CompFilter",
    "ParamFilter",
    "PropFilter",
    "TextMatch",
    "matches",
    "might_match",
]

_FOLD = re.compile(r"\r?\n[ \t]")
#: These are written otherwise in values and parameters.
_ESCAPED = re.compile(r"[\\,;\n\r\"^]")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class Collation(StrEnum):
    """How texts are compared (RFC 4790 9.2, 9.3; RFC 5051)."""

    ASCII_CASEMAP = "i;ascii-casemap"
    OCTET = "i;octet"
    UNICODE_CASEMAP = "i;unicode-casemap"

    def plain(self, text: str) -> str:
        """Return what two texts that are equal have in common."""
        if self is Collation.OCTET:
            return text
        if self is Collation.ASCII_CASEMAP:
            return text.translate(_LOWER)
        return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A substring to look for. Source: RFC 4791 9.7.5."""

    text: str
    negate: bool = False
    collation: Collation = Collation.ASCII_CASEMAP

    def fits(self, value: str) -> bool:
        """Tell whether the value matches."""
        found = self.collation.plain(self.text) in self.collation.plain(value)
        return found != self.negate


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """A parameter that is there, is not there, or whose text matches."""

    name: str
    absent: bool = False
    text: TextMatch | None = None

    def fits(self, line: Line) -> bool:
        """Tell whether a property has such a parameter."""
        told = line.parameters.get(self.name)
        if self.absent or told is None:
            return self.absent == (told is None)
        return self.text is None or self.text.fits(told)


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A property that is there, is not there, or of which one occurrence matches."""

    name: str
    absent: bool = False
    text: TextMatch | None = None
    params: tuple[ParamFilter, ...] = ()
    span: Span | None = None

    def fits(self, part: Part, zones: Zones) -> bool:
        """Tell whether the component has such a property."""
        lines = part.lines_of(self.name)
        if self.absent:
            return not lines
        return any(self._one(line, zones) for line in lines)

    def _one(self, line: Line, zones: Zones) -> bool:
        if self.text is not None and not self.text.fits(line.words):
            return False
        if self.span is not None and not any(
            overlaps(told, self.span) for told in ranges_in(line, zones)
        ):
            return False
        return all(param.fits(line) for param in self.params)


@dataclass(frozen=True, slots=True)
class CompFilter:
    """A component that is there, is not there, or of which one matches everything within."""

    name: str
    absent: bool = False
    props: tuple[PropFilter, ...] = ()
    comps: tuple[CompFilter, ...] = ()
    span: Span | None = None

    @property
    def asks_only_for_kind(self) -> bool:
        """Tell whether nothing but a range of time is asked of the component."""
        return not (self.absent or self.props or self.comps)


class _Subject:
    """A text that a filter is held against."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        self._text = text
        self._zone = zone
        self.root = tree(text)

    @cached_property
    def _zones(self) -> Zones:
        return Zones(self._zone, outline(self._text).timezones)

    def has(self, parent: Part, wanted: CompFilter, at: tuple[int, ...]) -> bool:
        """Tell whether a component has such a component in it.

        `at` says where the parent is: its number among those of its name, for each level.
        """
        found = parent.parts_of(wanted.name)
        if wanted.absent:
            return not found
        return any(self.fits(part, wanted, (*at, n)) for n, part in enumerate(found))

    def fits(self, part: Part, wanted: CompFilter, at: tuple[int, ...] = ()) -> bool:
        """Tell whether the component itself has everything that is asked for within."""
        return (
            all(prop.fits(part, self._zones) for prop in wanted.props)
            and all(self.has(part, comp, at) for comp in wanted.comps)
            and (wanted.span is None or self._is_in(part, wanted.span, at))
        )

    def _is_in(self, part: Part, span: Span, at: tuple[int, ...]) -> bool:
        if len(at) == 1:
            return overlaps_span(self._text, part.name, at[0], span, self._zone)
        parent = next(p for p in self.root.parts if any(one is part for one in p.parts))
        return rings(self._text, (parent.name, at[0]), part, span, self._zone)


def matches(text: str, filter_: CompFilter, zone: tzinfo) -> bool:
    """Tell whether a stored calendar object matches; `filter_` is the one for VCALENDAR.

    `zone` is that of whole days and floating times.
    """
    subject = _Subject(text, zone)
    return subject.root.name == filter_.name and subject.fits(subject.root, filter_)


def might_match(text: str, filter_: CompFilter) -> bool:
    """Tell False of most texts that do not match, at the cost of reading their characters."""
    unfolded = _FOLD.sub("", text)
    plain: dict[Collation, str] = {}
    for collation, needle in _needles(filter_):
        if collation not in plain:
            plain[collation] = "\n" + collation.plain(unfolded)
        if needle not in plain[collation]:
            return False
    return True


def _needles(filter_: CompFilter) -> Iterator[tuple[Collation, str]]:
    """Yield what every text that matches has in it, as its collation has it."""
    if filter_.absent:
        return
    names = Collation.ASCII_CASEMAP
    yield names, names.plain(filter_.name)
    for prop in filter_.props:
        if prop.absent:
            continue
        yield names, "\n" + names.plain(prop.name)
        matched = [prop.text, *(param.text for param in prop.params if not param.absent)]
        for text in matched:
            needle = text.collation.plain(text.text) if text and not text.negate else ""
            if text and needle and not _ESCAPED.search(needle):
                yield text.collation, needle
    for comp in filter_.comps:
        yield from _needles(comp)
