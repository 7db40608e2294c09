"""The requests of calendar clients, ready to be sent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.client import Expected, Request, Wrong, ask
from benchmarks.data import PER_DAY, Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.servers.base import Place

__all__ = [
    "EXPANDED_PER_DAY",
    "a_day",
    "a_week",
    "delete",
    "free_busy",
    "get",
    "listing",
    "multiget",
    "poll",
    "put",
    "query",
    "sync",
    "token_in",
    "token_now",
    "whole",
]

_NAMES = (
    'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
)
_EVENT = re.compile(rb"BEGIN:VEVENT")
_RESPONSE = re.compile(rb"</(?:\w+:)?response>")
_ETAG = re.compile(rb"</(?:\w+:)?getetag>")
_CTAG = re.compile(rb"</(?:\w+:)?getctag>")
_TOKEN = re.compile(rb"<(?:\w+:)?sync-token[^>]*>([^<]+)</")
_BUSY = re.compile(rb"END:VFREEBUSY")
_MULTI = frozenset({207})
#: Weekly series in each day of the calendar of series.
EXPANDED_PER_DAY = 100


def _wire(place: Place, method: str, name: str, body: str = "", *headers: str) -> bytes:
    content = body.encode()
    kind = "text/calendar" if method == "PUT" else "application/xml"
    lines = [
        f"{method} {place.path}{name} HTTP/1.1",
        f"Host: 127.0.0.1:{place.port}",
        f"Authorization: {place.authorization}",
        *headers,
    ]
    if content:
        lines += [f"Content-Type: {kind}; charset=utf-8", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def poll(place: Place) -> Request:
    """Ask whether anything has changed."""
    body = f"<propfind {_NAMES}><prop><CS:getctag/><sync-token/></prop></propfind>"
    wire = _wire(place, "PROPFIND", "", body, "Depth: 0")
    return Request(wire, Expected(_MULTI, _CTAG, 1), "poll")


def token_now(place: Place) -> str:
    """Return the sync-token of now."""
    return token_in(ask(place.port, poll(place)))


def token_in(body: bytes) -> str:
    """Return the sync-token in an answer; raises Wrong without one."""
    *_, found = [None, *_TOKEN.finditer(body)]
    if found is None:
        raise Wrong("no sync-token")
    return found[1].decode()


def sync(place: Place, token: str, changes: int) -> Request:
    """Ask what has changed since a token."""
    body = (
        f"<sync-collection {_NAMES}><sync-token>{token}</sync-token>"
        "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    )
    wire = _wire(place, "REPORT", "", body, "Depth: 0")
    return Request(wire, Expected(_MULTI, _RESPONSE, changes), "sync")


def query(place: Place, start: date, days: int, count: int, *, expand: bool = False) -> Request:
    """Ask for the events of some days with their texts."""
    times = _times(start, days)
    data = f"<C:calendar-data><C:expand {times}/></C:calendar-data>" if expand else ""
    body = (
        f"<C:calendar-query {_NAMES}><prop><getetag/>{data or '<C:calendar-data/>'}</prop>"
        '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f"<C:time-range {times}/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    wire = _wire(place, "REPORT", "", body, "Depth: 1")
    return Request(wire, Expected(_MULTI, _EVENT, count), "query")


def a_day(place: Place, day: date, *, expand: bool = False) -> Request:
    """Ask for a working day."""
    return query(place, day, 1, EXPANDED_PER_DAY if expand else PER_DAY, expand=expand)


def a_week(place: Place, monday: date, *, expand: bool = False) -> Request:
    """Ask for a working week."""
    return query(place, monday, 7, 5 * (EXPANDED_PER_DAY if expand else PER_DAY), expand=expand)


def free_busy(place: Place, monday: date) -> Request:
    """Ask when the doctor is busy in a week."""
    body = f"<C:free-busy-query {_NAMES}><C:time-range {_times(monday, 7)}/></C:free-busy-query>"
    wire = _wire(place, "REPORT", "", body, "Depth: 1")
    return Request(wire, Expected(frozenset({200}), _BUSY, 1), "free-busy")


def _times(start: date, days: int) -> str:
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
    end = begin + timedelta(days=days)
    return f'start="{begin:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"'


def multiget(place: Place, names: Sequence[str]) -> Request:
    """Ask for objects by their names."""
    hrefs = "".join(f"<href>{place.path}{name}</href>" for name in names)
    body = (
        f"<C:calendar-multiget {_NAMES}><prop><getetag/><C:calendar-data/></prop>"
        f"{hrefs}</C:calendar-multiget>"
    )
    wire = _wire(place, "REPORT", "", body, "Depth: 1")
    return Request(wire, Expected(_MULTI, _EVENT, len(names)), "multiget")


def listing(place: Place, count: int) -> Request:
    """Ask for the ETag of everything."""
    body = f"<propfind {_NAMES}><prop><getetag/></prop></propfind>"
    # The calendar itself may have an ETag, or none, or say that it has none.
    wire = _wire(place, "PROPFIND", "", body, "Depth: 1")
    return Request(wire, Expected(_MULTI, _RESPONSE, count + 1), "listing")


def get(place: Place, name: str) -> Request:
    """Fetch one object."""
    return Request(_wire(place, "GET", name), Expected(frozenset({200}), _EVENT, 1), "get")


def whole(place: Place, count: int) -> Request:
    """Fetch the calendar as one file."""
    return Request(_wire(place, "GET", ""), Expected(frozenset({200}), _EVENT, count), "whole")


def put(place: Place, event: Event, *, new: bool = True) -> Request:
    """Create or overwrite an object."""
    headers = ("If-None-Match: *",) if new else ()
    wire = _wire(place, "PUT", event.name, event.text, *headers)
    statuses = frozenset({201}) if new else frozenset({200, 201, 204})
    return Request(wire, Expected(statuses), "put", event.name if new else "")


def delete(place: Place, name: str) -> Request:
    """Delete an object."""
    return Request(_wire(place, "DELETE", name), Expected(frozenset({200, 204})), "delete")
