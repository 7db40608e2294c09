"""Texts with the VTIMEZONEs of well-known zones left out, or put in (RFC 7809 3.1).

Everything else in a text keeps its bytes, and what is stored is never changed. Not here: what a
TZID means (`practice.timezones`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from practice.content_lines import CONTENT_LINE
from practice.timezones import known_zone, vtimezone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["with_zones", "without_zones"]

#: A content line with the folds in it and the end after it.
_LINE = re.compile(r"[^\n]*(?:\n(?=[ \t])[^\n]*)*\n?")
_FOLD = re.compile(r"\r?\n[ \t]")
_MARK = re.compile(r"(BEGIN|END)(?:;[^:]*)?:\s*(\S*)", re.IGNORECASE)
_TZID = re.compile(r"TZID(?:;[^:]*)?:(.*)", re.IGNORECASE)
#: The zone among the parameters of a content line.
_NAMED = re.compile(r';TZID=(?:"([^"]*)"|([^;"]*))', re.IGNORECASE)


def without_zones(text: str) -> str:
    """Return the text without the VTIMEZONEs of zones that everybody knows by name.

    Those are the names of the IANA database; a zone under any other name keeps its VTIMEZONE.
    """
    kept: list[str] = []
    for block, tzid in _blocks(text):
        if tzid is None or not _is_standard(tzid):
            kept.append(block)
    return "".join(kept)


def with_zones(text: str, also: Iterable[str] = ()) -> str:
    """Return the text with a VTIMEZONE for each known zone that it names and does not bring.

    `also` are names of zones from elsewhere, for what is put into the text afterwards.
    """
    named: dict[str, None] = {}
    if "TZID=" not in text.upper() and not also:
        return text
    blocks = list(_blocks(text))
    brought = {tzid for _, tzid in blocks if tzid is not None}
    for block, tzid in blocks:
        if tzid is None:
            named |= dict.fromkeys(_named_in(block))
    named |= dict.fromkeys(also)
    missing = [_vtimezone(name) for name in named if name not in brought]
    first = next((n for n, (block, _) in enumerate(blocks) if _begins_component(block)), None)
    if first is None or not any(missing):
        return text
    told = "".join(missing)
    if "\r\n" not in text:
        told = told.replace("\r\n", "\n")
    return "".join([*(b for b, _ in blocks[:first]), told, *(b for b, _ in blocks[first:])])


def _is_standard(tzid: str) -> bool:
    zone = known_zone(tzid)
    return zone is not None and zone.key == tzid


def _vtimezone(name: str) -> str:
    zone = known_zone(name)
    if zone is None:
        return ""
    return vtimezone(zone).replace(f"TZID:{zone.key}", f"TZID:{name}", 1)


def _plain(line: str) -> str:
    return _FOLD.sub("", line).strip("\r\n\ufeff")


def _blocks(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the lines of a text as they are, the lines of a VTIMEZONE together with its TZID."""
    depth, zone, tzid = 0, list[str](), ""
    for line in _LINE.findall(text):
        plain = _plain(line)
        mark = _MARK.match(plain)
        begins = mark is not None and mark[1].upper() == "BEGIN"
        depth += begins
        if mark is not None and begins and depth == 2 and mark[2].upper() == "VTIMEZONE":
            zone, tzid = [line], ""
        elif zone:
            zone.append(line)
            found = _TZID.match(plain)
            tzid = found[1].strip() if found and depth == 2 else tzid
            if mark is not None and not begins and depth == 2:
                yield "".join(zone), tzid
                zone = []
        elif line:
            yield line, None
        depth -= mark is not None and not begins
    if zone:
        yield "".join(zone), None


def _named_in(line: str) -> Iterator[str]:
    head = CONTENT_LINE.match(_plain(line))
    found = _NAMED.search(head[2]) if head else None
    if found:
        yield found[1] or found[2]


def _begins_component(block: str) -> bool:
    mark = _MARK.match(_plain(block))
    return mark is not None and mark[1].upper() == "BEGIN" and mark[2].upper() != "VCALENDAR"
