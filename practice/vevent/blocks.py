"""A text cut into the components right below its VCALENDAR, and the zones that these name.

For texts that were checked when they came in, so most are cut by looking for their marks and no
line of theirs is looked at: a calendar as a file has hundreds of thousands. A text whose marks or
line ends are written in another way goes line by line, to the same end. Not here: what is made of
the blocks (`practice.vevent.writing`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from practice.content_lines import CONTENT_LINE, unfold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["blocks_of", "zones_named"]

#: Ends a content line; where white space follows, the line goes on (RFC 5545 3.1).
_LINE_END = re.compile(r"\r?\n(?![ \t])")
_BEGIN_OR_END = re.compile(r"(BEGIN|END)(?:;[^:]*)?:\s*(\S*)", re.IGNORECASE)
#: A mark that is folded, or told with parameters, spaces or in small letters.
_ODD_MARK = re.compile(
    r"\n(?!(?:BEGIN|END):[A-Z0-9-]+\r\n(?![ \t]))(?i:B(?:EG?I?N?)?|E(?:ND?)?)(?:[;:]|\r\n[ \t])"
)
_START = "BEGIN:VCALENDAR\r\n"
#: Never within one of their own kind (`practice.content_lines`), so that the first end is theirs.
_WHOLE = {
    name: f"\nEND:{name}\r\n"
    for name in ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY")
}
_FOLD = re.compile(r"\r\n[ \t]")
#: A zone as nearly everybody names it: alone, without quotes.
_ZONE = re.compile(r"\n[A-Za-z0-9-]+;TZID=([^:;,\"\r\n]*):")
_NAMED = re.compile(r';TZID=(?:"([^"]*)"|([^;"]*))', re.IGNORECASE)


def blocks_of(text: str, *, quick: bool = True) -> Iterable[tuple[str, str]]:
    """Return (name, text) of the components directly below VCALENDAR, lines as they were.

    Line ends become CRLF and empty lines are left out. With `quick` off, line by line.
    """
    cut = _cut(text) if quick else None
    return _line_by_line(text) if cut is None else cut


def _cut(text: str) -> list[tuple[str, str]] | None:
    """Cut by the marks; None for a text that is not plain enough."""
    lines = text.count("\n")
    if (
        not text.startswith(_START)
        or text.count("\r\n") != lines
        or text.count("\r") != lines
        or "\n\r" in text
        or _ODD_MARK.search(text)
    ):
        return None
    found, at = [], text.find("\nBEGIN:", len(_START) - 2)
    while at >= 0:
        name = text[at + 7 : text.index("\r", at)]
        mark = _WHOLE.get(name)
        last = text.find(mark, at) if mark else -1
        if mark is None or last < 0:
            return None
        end = last + len(mark)
        found.append((name, text[at + 1 : end]))
        at = text.find("\nBEGIN:", end - 1)
    return found


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
