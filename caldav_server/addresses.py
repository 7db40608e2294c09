"""Addresses: paths to resources and back (docs/architecture.md).

Paths here are decoded and start below the mount ("/calendars/dr-mueller/x.ics"); hrefs are what
goes over the wire ("/caldav/calendars/dr-mueller/x.ics", percent-encoded).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from practice.calendars import CalendarPath

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

__all__ = ["CONTROLS", "HOME", "MOUNT", "Addresses", "encoded", "href"]

MOUNT = "/caldav"
#: In no name of anything: they would be lost or do harm in headers, logs and databases.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
HOME = "calendars"


def href(*parts: str, collection: bool = True) -> str:
    """Return the href of a path below the mount."""
    return encoded("/".join([MOUNT, *parts])) + ("/" if collection else "")


def encoded(path: str) -> str:
    """Return a path as it stands in hrefs: the same in every answer, since clients compare them."""
    return quote(path, safe="/~@!$&'()*+,;=:")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Takes addresses apart; `aliases` maps other names of calendars to their own."""

    aliases: Mapping[str, str] = field(default_factory=dict)

    def calendar_path(self, path: str) -> CalendarPath | None:
        """Return the calendar or object a path names, None if it names neither."""
        parts = tuple(part for part in path.split("/") if part)
        if not parts or parts[0] != HOME:
            return None
        return CalendarPath.parse(parts[1:], self.aliases)

    def from_href(self, text: str, hosts: Container[str] = ()) -> CalendarPath | None:
        """Return the calendar or object that an href in a body or header names; None if it leads
        elsewhere. `hosts` are this server's names, where hrefs may be whole URLs.
        """
        try:
            parts = urlsplit(text.strip())
            path = unquote(parts.path, errors="strict")
        except ValueError:  # not UTF-8, or brackets that are no IPv6 address
            return None
        if parts.netloc and parts.netloc.lower() not in hosts:
            return None
        if not path.startswith(MOUNT + "/") or ".." in path.split("/"):
            return None
        if CONTROLS.search(path):
            return None
        return self.calendar_path(path.removeprefix(MOUNT))
