"""Does a text match a calendar-query's filter? For what the index cannot tell (RFC 4791 9.7).

Filters arrive as records, made by the CalDAV door from XML. Time ranges on components are
answered by the index before; here are properties, parameters and their texts.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from icalendar import Calendar as ICalendar

if TYPE_CHECKING:
    from icalendar import Component

__all__ = ["CompFilter", "ParamFilter", "PropFilter", "TextMatch", "matches"]


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A substring to look for. Source: RFC 4791 9.7.5, RFC 4790."""

    text: str
    negate: bool = False
    ignore_case: bool = True

    def fits(self, value: str) -> bool:
        """Tell whether the value matches."""
        found = self._plain(self.text) in self._plain(value)
        return found != self.negate

    def _plain(self, text: str) -> str:
        return unicodedata.normalize("NFC", text).casefold() if self.ignore_case else text


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """A parameter that is there, is not there, or whose text matches."""

    name: str
    absent: bool = False
    text: TextMatch | None = None

    def fits(self, value: Any) -> bool:
        """Tell whether the property's value has such a parameter."""
        told = getattr(value, "params", {}).get(self.name)
        if self.absent or told is None:
            return self.absent == (told is None)
        told = ",".join(told) if isinstance(told, list) else str(told)
        return self.text is None or self.text.fits(told)


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A property that is there, is not there, or of which one occurrence matches."""

    name: str
    absent: bool = False
    text: TextMatch | None = None
    params: tuple[ParamFilter, ...] = ()

    def fits(self, part: Component) -> bool:
        """Tell whether the component has such a property."""
        values = part.get(self.name)
        values = [] if values is None else values if isinstance(values, list) else [values]
        if self.absent:
            return not values
        return any(self._one(value) for value in values)

    def _one(self, value: Any) -> bool:
        if self.text is not None and not self.text.fits(_text(value)):
            return False
        return all(param.fits(value) for param in self.params)


@dataclass(frozen=True, slots=True)
class CompFilter:
    """A component that is there, is not there, or of which one matches everything within."""

    name: str
    absent: bool = False
    props: tuple[PropFilter, ...] = ()
    comps: tuple[CompFilter, ...] = ()

    @property
    def asks_only_for_kind(self) -> bool:
        """Tell whether the index answers it alone."""
        return not (self.absent or self.props or self.comps)

    def fits(self, parent: Component) -> bool:
        """Tell whether a component has such a component in it."""
        found = [part for part in parent.subcomponents if part.name == self.name]
        if self.absent:
            return not found
        return any(self.fits_itself(part) for part in found)

    def fits_itself(self, part: Component) -> bool:
        """Tell whether the component itself has everything that is asked for within."""
        return all(p.fits(part) for p in self.props) and all(c.fits(part) for c in self.comps)


def _text(value: Any) -> str:
    """Return a value as people read it: escapes undone for texts, as written for the rest."""
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "cats"):
        return ",".join(str(category) for category in value.cats)
    return str(value.to_ical().decode() if hasattr(value, "to_ical") else value)


def matches(text: str, filter_: CompFilter) -> bool:
    """Tell whether a stored calendar object matches; `filter_` is the one for VCALENDAR."""
    return filter_.fits_itself(ICalendar.from_ical(text))
