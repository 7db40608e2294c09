"""A calendar object as its lines stand in the text: names, parameters, values, nothing resolved.

What a filter looks at and what a report hands out in parts must be the client's own, so nothing
here is read by a library. Not here: what times mean (`practice.vevent.parsing`).

Sources: RFC 5545 3.1, RFC 6868 (parameter values).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from practice.content_lines import unfold
from practice.errors import InvalidText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Line", "Part", "tree", "tree_of"]

_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_PARAMETER_VALUE = re.compile(r'"[^"]*"|[^",]+')
_ESCAPED = re.compile(r"\\([,;\\nN])")
_CARET = re.compile(r"\^([n'^])")
_CARETS = {"n": "\n", "'": '"', "^": "^"}
#: RFC 5545 3.1: octets of a line, without its end.
LONGEST_LINE = 75


class Line:
    """One content line, unfolded: its `text`, and its `name` in upper case."""

    __slots__ = ("_apart", "name", "text")

    def __init__(self, text: str) -> None:
        found = _NAME.match(text)
        self.text = text
        self.name = found[0].upper() if found else ""
        self._apart: tuple[dict[str, str], str] | None = None

    def __repr__(self) -> str:
        return f"Line({self.text!r})"

    @property
    def _taken_apart(self) -> tuple[dict[str, str], str]:
        if self._apart is None:
            self._apart = self._take_apart()
        return self._apart

    def _take_apart(self) -> tuple[dict[str, str], str]:
        position, told = len(self.name), dict[str, str]()
        while found := _PARAMETER.match(self.text, position):
            values = (v.strip('"') for v in _PARAMETER_VALUE.findall(found[2]))
            told[found[1].upper()] = _CARET.sub(lambda m: _CARETS[m[1]], ",".join(values))
            position = found.end()
        if self.text[position : position + 1] != ":":  # parameters nobody can read
            position = self.text.find(":", position)
        return told, self.text[position + 1 :].rstrip("\r")

    @property
    def parameters(self) -> dict[str, str]:
        """Its parameters by name, in upper case; several values are joined by commas."""
        return self._taken_apart[0]

    @property
    def value(self) -> str:
        """Its value as it is written."""
        return self._taken_apart[1]

    @property
    def words(self) -> str:
        """Its value as people read it: escapes undone (RFC 5545 3.3.11)."""
        return _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], self.value)

    def without_value(self) -> Line:
        """Return the line up to its colon (RFC 4791 9.6.4)."""
        return Line(self.text.rstrip("\r").removesuffix(self.value))


@dataclass
class Part:
    """A component: its lines and the components within, each in their order."""

    name: str
    lines: list[Line] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def lines_of(self, name: str) -> list[Line]:
        """Return the lines of a property."""
        return [line for line in self.lines if line.name == name]

    def parts_of(self, name: str) -> list[Part]:
        """Return the components of a kind right within."""
        return [part for part in self.parts if part.name == name]

    def written(self) -> str:
        """Return it as text, folded, CRLF line ends."""
        return "".join(f"{_folded(line)}\r\n" for line in self._told())

    def _told(self) -> Iterator[str]:
        yield f"BEGIN:{self.name}"
        for line in self.lines:
            yield line.text.rstrip("\r")
        for part in self.parts:
            yield from part._told()
        yield f"END:{self.name}"


def _folded(line: str) -> str:
    if len(line) <= LONGEST_LINE and len(line.encode()) <= LONGEST_LINE:
        return line
    pieces: list[str] = []
    piece: list[str] = []
    room = LONGEST_LINE
    for character in line:
        size = len(character.encode())
        if size > room:
            pieces.append("".join(piece))
            piece, room = [], LONGEST_LINE - 1  # the space that begins a line counts
        piece.append(character)
        room -= size
    return "\r\n ".join([*pieces, "".join(piece)])


def tree(text: str) -> Part:
    """Take a text apart that `practice.vevent.read` took; raises InvalidText for no component."""
    return tree_of(unfold(text))


def tree_of(lines: Iterable[str]) -> Part:
    """Take content lines apart; raises InvalidText for no component."""
    stack = [Part("")]
    for text_line in lines:
        line = Line(text_line)
        if line.name == "BEGIN":
            part = Part(line.value.strip().upper())
            stack[-1].parts.append(part)
            stack.append(part)
        elif line.name == "END":
            stack.pop()
        else:
            stack[-1].lines.append(line)
        if not stack:
            break
    if not stack or len(stack) > 1 or not stack[0].parts:
        raise InvalidText("The components are not nested properly.")
    return stack[0].parts[0]
