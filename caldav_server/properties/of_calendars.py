"""What calendars and their objects tell of themselves (RFC 4791 5.2, RFC 4918 15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from caldav_server.preconditions import http_date
from caldav_server.resources import CalendarResource
from caldav_server.tokens import ctag, sync_token
from caldav_server.xml import CALDAV, CALSERVER, DAV, escape
from practice.calendar_zone import TIMEZONE, TIMEZONE_ID, zone_of
from practice.calendars import ObjectHead
from practice.properties import DESCRIPTION, DISPLAYNAME
from practice.recurrence import EARLIEST, LATEST
from practice.timezones import known_zone, vtimezone
from practice.use_cases.free_busy import counts
from practice.vevent import PRODID, Collation

__all__ = ["CALENDAR", "CALENDAR_DATA", "OBJECT", "OF_ROWS", "content_type"]

#: The one media type there is.
CALENDAR_DATA = '<C:calendar-data content-type="text/calendar" version="2.0"/>'
_COLLATIONS = "".join(
    f"<C:supported-collation>{collation}</C:supported-collation>" for collation in Collation
)


def content_type(component: str) -> str:
    """Return the media type of an object."""
    return f"text/calendar; charset=utf-8; component={component}"


def _components(resource: CalendarResource) -> str:
    names = resource.view.components
    return "".join(f'<C:comp name="{escape(name)}"/>' for name in names)


def _timezone(resource: CalendarResource) -> str:
    told = resource.view.calendar.properties.get(TIMEZONE)
    if told is None:
        named = resource.view.calendar.properties.get(TIMEZONE_ID, "")
        zone = vtimezone(known_zone(named) or resource.profile.zone)
        told = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\n{zone}END:VCALENDAR\r\n"
    return escape(told)


def _timezone_id(resource: CalendarResource) -> str | None:
    """Return the name of the calendar's zone, None for one of its own (RFC 7809 5.2)."""
    zone = zone_of(resource.view.calendar, resource.profile)
    return escape(zone.key) if isinstance(zone, ZoneInfo) else None


def _description(resource: CalendarResource) -> str | None:
    told = resource.view.calendar.properties.get(DESCRIPTION)
    return None if told is None else escape(told)


CALENDAR: Mapping[str, Callable[[Any], str | None]] = {
    DAV + "resourcetype": lambda _: "<collection/><C:calendar/>",
    DAV + "displayname": lambda r: escape(
        r.view.calendar.properties.get(DISPLAYNAME, r.view.calendar.name)
    ),
    DAV + "getetag": lambda r: escape(ctag(r.view)),
    DAV + "getlastmodified": lambda r: http_date(r.view.changed),
    DAV + "getcontenttype": lambda _: "text/calendar; charset=utf-8",
    DAV + "sync-token": lambda r: sync_token(r.view),
    CALSERVER + "getctag": lambda r: escape(ctag(r.view)),
    CALDAV + "supported-calendar-component-set": _components,
    CALDAV + "supported-calendar-data": lambda _: CALENDAR_DATA,
    CALDAV + "max-resource-size": lambda r: str(r.profile.limits.max_bytes),
    CALDAV + "max-instances": lambda r: str(r.profile.limits.max_instances),
    CALDAV + "max-attendees-per-instance": lambda r: str(r.profile.limits.max_attendees),
    CALDAV + "supported-collation-set": lambda _: _COLLATIONS,
    CALDAV + "min-date-time": lambda _: f"{EARLIEST:%Y%m%dT%H%M%SZ}",
    CALDAV + "max-date-time": lambda _: f"{LATEST:%Y%m%dT%H%M%SZ}",
    CALDAV + "calendar-timezone": _timezone,
    CALDAV + "calendar-timezone-id": _timezone_id,
    CALDAV + "calendar-description": _description,
    CALDAV + "schedule-calendar-transp": lambda r: (
        "<C:opaque/>" if counts(r.view.calendar) else "<C:transparent/>"
    ),
}
#: Of an object and the text that is handed out of it; what its row alone tells.
OF_ROWS: Mapping[str, Callable[[ObjectHead, str | None], str | None]] = {
    DAV + "resourcetype": lambda _, __: "",
    DAV + "getetag": lambda head, _: escape(head.etag),
    DAV + "getcontenttype": lambda head, _: content_type(head.component),
    DAV + "getcontentlength": lambda head, _: None if head.size is None else str(head.size),
    DAV + "getlastmodified": lambda head, _: http_date(head.changed),
    CALDAV + "calendar-data": lambda _, data: None if data is None else escape(data),
}


def _of_row(tell: Callable[[ObjectHead, str | None], str | None]) -> Callable[[Any], str | None]:
    return lambda resource: tell(resource.head, resource.data)


OBJECT: Mapping[str, Callable[[Any], str | None]] = {
    tag: _of_row(tell) for tag, tell in OF_ROWS.items()
}
