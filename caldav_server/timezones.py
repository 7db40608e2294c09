"""Time zones by reference at the door: the header CalDAV-Timezones (RFC 7809 7.1).

T hands a text out with the VTIMEZONEs of the zones it names, F without those everybody knows.
Whoever does not ask gets what was stored, byte for byte, under the same ETag: it is that of the
stored text, since a client that lists ETags without the header and fetches texts with it must see
one and the same. See docs/decisions/0008 for why the DAV header does not claim the feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from practice.vevent import with_zones, without_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["zones_asked"]


def _as_it_is(text: str) -> str:
    return text


def zones_asked(environ: Mapping[str, Any]) -> Callable[[str], str]:
    """Return what makes of a text the one the client asks for; anything but T and F is nothing."""
    asked = environ.get("HTTP_CALDAV_TIMEZONES", "").strip().upper()
    return {"T": with_zones, "F": without_zones}.get(asked, _as_it_is)
