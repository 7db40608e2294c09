"""A text cut into the components right below its VCALENDAR, and the zones that these name.

For texts that were checked when they came in, so most are cut by looking for their marks and no
line of theirs is looked at: a calendar as a file has hundreds of thousands. A text whose marks or
line ends are written in another way goes line by line, to the same end. Not here: what is made of
the blocks (`practice.vevent.writing`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.content_lines import CONTENT_LINE, unfold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Blocks", "blocks_of", "cut", "zones_named"]

#: Ends a content line; where white space follows, the line goes on (RFC 5545 3.1).
_LINE_END = re.compile(r"\r?\n(?![ \t])")
_BEGIN_OR_END = re.compile(r"(BEGIN|END)(?:;[^:]*)?:\s*(\S*)", re.IGNORECASE)
#: A mark that is folded, or told with parameters, spaces or in small letters.
_ODD_MARK = re.compile(
    r"\n(?!(?:BEGIN|END):[A-Z0-9-]+\r\n(?![ \t]))(?i:B(?:EG?I?N?)?|E(?:ND?)?)(?:[;:]|\r\n[ \t])"
)
_START, _END = "BEGIN:VCALENDAR\r\n", "END:VCALENDAR\r\n"
#: Never within one of their own kind (`practice.content_lines`), so that the first end is theirs.
_WHOLE = {
    name: f"\nEND:{name}\r\n"
    for name in ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY")
}
_FOLD = re.compile(r"\r\n[ \t]")
#: A zone as nearly everybody names it: alone, without quotes.
_ZONE = re.compile(r"\n[A-Za-z0-9-]+;TZID=([^:;,\"\r\n]*):")
_NAMED = re.compile(r';TZID=(?:"([^"]*)"|([^;"]*))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A text cut in pieces, each with its line ends.

    `head` is what stands between BEGIN:VCALENDAR and the first component; `found` the components,
    by name; `rest` whether there is anything between or after these but END:VCALENDAR.
    """

    head: str
    found: list[tuple[str, str]]
    rest: bool


def blocks_of(text: str, *, quick: bool = True) -> Iterable[tuple[str, str]]:
    """Return (name, text) of the components directly below VCALENDAR, lines as they were.

    Line ends become CRLF and empty lines are left out. With `quick` off, line by line.
    """
    blocks = cut(text) if quick else None
    return _line_by_line(text) if blocks is None else blocks.found


def cut(text: str) -> Blocks | None:
    """Cut a text by its marks; None for one that is not plain enough."""
    lines = text.count("\n")
    if (
        not text.startswith(_START)
        or text.count("\r\n") != lines
        or text.count("\r") != lines
        or "\n\r" in text
        or _ODD_MARK.search(text)
    ):
        return None
    found, first = list[tuple[str, str]](), text.find("\nBEGIN:", len(_START) - 2)
    at = first
    while at >= 0:
        name = text[at + 7 : text.index("\r", at)]
        mark = _WHOLE.get(name)
        last = text.find(mark, at) if mark else -1
        if mark is None or last < 0:
            return None
        end = last + len(mark)
        found.append((name, text[at + 1 : end]))
        at = text.find("\nBEGIN:", end - 1)
    head = text[len(_START) : first + 1]
    size = len(_START) + len(head) + sum(len(block) for _, block in found) + len(_END)
    return Blocks(head, found, rest=size != len(text) or not text.endswith(_END))


def _line_by_line(text: str) -> Iterator[tuple[str, str]]:
    depth, name = 0, ""
    block: list[str] = []
    for line in _LINE_END.split(text.removeprefix("\ufeff")):
        mark = _BEGIN_OR_END.match("".join(unfold(line)) if "\n" in line else line)
        begins = mark is not None and mark[1].upper() == "BEGIN"
        if mark is not None and begins:
            depth += 1
            if depth == 2:
                name, block = mark[2].upper(), []
        if depth >= 2 and line.strip("\r"):
            block.append(line.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n")
        if mark is not None and not begins:
            if depth == 2:
                yield name, "".join(block)
            depth -= 1


def zones_named(block: str, *, quick: bool = True) -> Iterable[str]:
    """Return the TZIDs that the lines of a block (CRLF line ends) name, in their order."""
    if "\r\n " in block or "\r\n\t" in block:
        block = _FOLD.sub("", block)
    times = block.upper().count("TZID=")
    if not times:
        return ()
    found = _ZONE.findall("\n" + block) if quick else []
    if len(found) == times:
        return found
    heads = (CONTENT_LINE.match(line) for line in block.split("\r\n"))
    named = (_NAMED.search(head[2]) for head in heads if head)
    return [zone[1] or zone[2] for zone in named if zone]
