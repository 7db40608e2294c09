"""Which methods an address takes: for OPTIONS, and for Allow beside a 405 (RFC 9110 10.2.1).

Told by the address alone, not by what is there: OPTIONS is answered to everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caldav_server.addresses import HOME
from caldav_server.principals import INBOX, OUTBOX
from practice.calendars import ALIAS_NAME

if TYPE_CHECKING:
    from caldav_server.addresses import Addresses

__all__ = ["allowed"]

_TOLD = ("ACL", "OPTIONS", "PROPFIND", "REPORT")
_PLACE = (*_TOLD, "PROPPATCH")
#: Below a principal.
_BOXES = {INBOX: _PLACE, OUTBOX: (*_TOLD, "POST")}
_FILE = (*_PLACE, "GET", "HEAD")
_CALENDAR = (*_FILE, "DELETE", "MKCALENDAR", "MKCOL")
_OBJECT = (*_FILE, "PUT", "DELETE", "COPY", "MOVE")


def allowed(addresses: Addresses, path: str, refused: str = "") -> str:
    """Return the methods for a path below the mount, without the one that was just refused."""
    methods = set(_methods(addresses, path)) - {refused}
    return ", ".join(sorted(methods | {"OPTIONS"}))


def _methods(addresses: Addresses, path: str) -> tuple[str, ...]:
    bare = path.strip("/")
    if bare == "":
        return _TOLD
    if bare == HOME or "/" not in bare:
        return _PLACE
    at = addresses.calendar_path(path)
    if at is None:
        return _BOXES.get(bare.partition("/")[2], ("OPTIONS",))
    if at.object:
        return _OBJECT
    return _FILE if at.shown.endswith("/" + ALIAS_NAME) else _CALENDAR
