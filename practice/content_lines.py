"""iCalendar text as lines: the check at the door, linear in the size of the text.

Everything that follows (`practice.vevent`, clients, exports) may rely on it: the text is one
VCALENDAR, its lines are content lines, its components are nested properly and not deeply. Not
here: what the properties mean.

Source: RFC 5545 3.1, 3.4, 3.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from practice.errors import InvalidObject, InvalidText, TooLarge

__all__ = ["CONTENT_LINE", "Outline", "fold", "outline", "unfold"]

#: VCALENDAR > VEVENT > VALARM > (something of a vendor's) is the deepest seen in practice.
DEEPEST = 12
#: A series with 3,000 changed instances has fewer; each line costs the same to read.
MOST_LINES = 40_000
#: Name, then parameters whose values are quoted or free of quotes, then the colon. Possessive,
#: so that a hostile line without a colon costs its length and no more.
CONTENT_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;(?:"[^"]*"|[^":]++)*+)?):')
#: RFC 5545 3.1 allows no control characters but the tabulator; the last two cannot stand in XML,
#: so no REPORT could ever hand the object out again.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
#: Some take it for the end of a line and others do not: what one checks, the other never sees.
_BARE_CR = re.compile(r"(?<!\r)\r++(?!\n|\Z)")
_FOLD = re.compile(r"\r?\n[ \t]")
_NAME = re.compile(r"[A-Z0-9-]+")
_FRAME = frozenset({"BEGIN", "END"})
#: These stand right below VCALENDAR and nowhere else (RFC 5545 3.6).
_OUTERMOST = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"})


@dataclass(frozen=True, slots=True)
class Outline:
    """A text taken apart: the time zones, and everything else, each as unfolded lines."""

    components: tuple[str, ...]  # names of the components directly below VCALENDAR
    calendar_properties: frozenset[str]
    body: str  # the text without its VTIMEZONEs
    timezones: tuple[str, ...]


def unfold(text: str) -> list[str]:
    """Return the content lines of `text`, unfolded, without empty ones.

    Empty lines are no content lines, but clients write them (one booking tool behind CALSCALE).
    """
    unfolded = _FOLD.sub("", text.removeprefix("\ufeff"))
    return [line for line in unfolded.replace("\r\n", "\n").split("\n") if line.strip("\r")]


def fold(line: str) -> str:
    """Return a content line, without its end, in pieces of at most 75 bytes (RFC 5545 3.1)."""
    pieces, piece, size = [], "", 0
    for character in line:
        width = len(character.encode("utf-8", "surrogatepass"))
        if size + width > 75:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + character, size + width
    return "\r\n".join([*pieces, piece])


def outline(text: str) -> Outline:
    """Take `text` apart; raise a subclass of Invalid when it is not one VCALENDAR."""
    if _CONTROLS.search(text):
        raise InvalidText("The text has control characters.")
    if _BARE_CR.search(text):
        raise InvalidText("The text has a carriage return within a line.")
    lines = unfold(text)
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise InvalidText("The text does not start with BEGIN:VCALENDAR.")
    if len(lines) > MOST_LINES:
        raise TooLarge(f"A calendar object may have {MOST_LINES} lines.")
    return _Reader(lines).read()


class _Reader:
    """Walks the lines once, keeping the names of the open components."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._open: list[str] = []
        self._components: list[str] = []
        self._properties: set[str] = set()
        self._body: list[str] = []
        self._timezones: list[list[str]] = []
        self._into = self._body  # where lines go: there, or to the last of the time zones

    def read(self) -> Outline:
        for line in self._lines:
            self._take(line)
        if self._open:
            raise InvalidText(f"The text ends inside {self._open[-1]}.")
        return Outline(
            tuple(self._components),
            frozenset(self._properties),
            "\r\n".join(self._body) + "\r\n",
            tuple("\r\n".join(zone) + "\r\n" for zone in self._timezones),
        )

    def _take(self, line: str) -> None:
        found = CONTENT_LINE.match(line)
        if not found:
            raise InvalidText("A line is not a content line (name, parameters, colon, value).")
        if self._body and not self._open:
            raise InvalidObject("There is text after END:VCALENDAR.")
        name = found[1].upper()
        if name in _FRAME:
            self._frame(name, line[found.end() :].strip().upper())
            return
        if len(self._open) == 1:
            self._properties.add(name)
        self._into.append(line)

    def _frame(self, name: str, component: str) -> None:
        """Take a BEGIN or END; kept without spaces, so that every reader sees the same."""
        if not _NAME.fullmatch(component):
            raise InvalidText("A component has no name.")
        if name == "BEGIN":
            self._begin(component)
        self._into.append(f"{name}:{component}")
        if name == "END":
            self._end(component)

    def _begin(self, component: str) -> None:
        if component == "VCALENDAR" and self._open:
            raise InvalidObject("A VCALENDAR stands inside another component.")
        if component in _OUTERMOST and len(self._open) > 1:
            raise InvalidObject(f"A {component} stands inside another component.")
        if len(self._open) >= DEEPEST:
            raise InvalidObject("The components are nested too deeply.")
        if len(self._open) == 1:
            self._components.append(component)
            if component == "VTIMEZONE":
                self._into = []
                self._timezones.append(self._into)
        self._open.append(component)

    def _end(self, component: str) -> None:
        if not self._open or self._open.pop() != component:
            raise InvalidText("An END does not match its BEGIN.")
        if len(self._open) <= 1:
            self._into = self._body
