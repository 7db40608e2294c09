"""How a content line of ours is told: times, people, texts, and where it is folded.

What the library would write, at a tenth of the cost; in what `revise` makes the library still
writes it. Not here: which lines an event has (`practice.vevent.writing`).

Sources: RFC 5545 3.1, 3.2, 3.3; RFC 6868.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from icalendar.timezone.tzid import is_utc

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["escaped", "folded", "line", "named", "person", "told"]

#: RFC 5545 3.1: bytes of a line, without its end.
_LONGEST = 75
_SPECIAL = re.compile(r"[\\;,\r\n]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_CARETED = re.compile(r"\^|\r\n|\r|\n")
#: The first three need quotes; some clients fail where the others have none.
_QUOTED = re.compile(r"[,;: '\u2019]")


def told(moment: datetime) -> str:
    """Return what follows the name of a property that is a time."""
    local = f"{moment.year:04}{moment:%m%dT%H%M%S}"
    zone = moment.tzinfo
    if not isinstance(zone, ZoneInfo) or _is_utc(zone):
        return f":{local}Z"
    return f";TZID={zone.key}:{local}"


@lru_cache(maxsize=16)
def _is_utc(zone: ZoneInfo) -> bool:
    """Tell whether the library takes a zone for UTC, which several are by other names."""
    return bool(is_utc(zone))


def person(name: str, email: str, more: str = "") -> str:
    """Return what follows the name of a property that is a person (RFC 5545 3.2.2, RFC 6868)."""
    cn = _CARETED.sub(_careted, named(name))
    if _QUOTED.search(cn):
        cn = f'"{cn}"'
    return f"{f';CN={cn}' if name else ''}{more}:mailto:{line(email)}"


def named(name: str) -> str:
    """Return a name without what a parameter cannot tell.

    Of a backslash there, some programs make an escape, and read on over the parameter's end.
    """
    return name.replace('"', "'").replace("\\", "/")


def _careted(found: re.Match[str]) -> str:
    return "^^" if found[0] == "^" else "^n"


def escaped(text: str) -> str:
    """Return a text as it is told (RFC 5545 3.3.11)."""
    if _SPECIAL.search(text) is None:
        return text
    text = text.replace("\\", "\\\\").replace(";", "\\;")
    return _LINE_END.sub(r"\\n", text.replace(",", "\\,"))


def folded(text: str) -> str:
    """Return a content line in pieces of at most 75 bytes (RFC 5545 3.1).

    No character is cut in two, and nothing cut off from the backslash or caret before it: some
    clients read piece by piece.
    """
    if len(text) <= _LONGEST and text.isascii():
        return text
    octets, pieces, first, room = text.encode("utf-8", "surrogatepass"), [], 0, _LONGEST
    while len(octets) - first > room:
        last = first + room
        while octets[last] & 0xC0 == 0x80:
            last -= 1
        if octets[last - 1] in b"\\^":
            last -= 1
        pieces.append(octets[first:last])
        first, room = last, _LONGEST - 1  # the space that begins a piece counts
    return b"\r\n ".join([*pieces, octets[first:]]).decode("utf-8", "surrogatepass")


def line(value: str) -> str:
    """Return a value on one line: the library escapes line ends in texts only."""
    return " ".join(value.splitlines())
