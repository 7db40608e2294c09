"""What the scheduling inbox and outbox tell of themselves (RFC 6638 2.1, 2.2; RFC 7953 7.2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from caldav_server.addresses import HOME, href
from caldav_server.properties.of_calendars import CALENDAR_DATA
from caldav_server.resources import InboxResource
from caldav_server.scope import current
from caldav_server.tokens import INBOX_TOKEN
from caldav_server.xml import CALDAV, CALSERVER, DAV, escape, hrefs
from practice.free_busy import MOST_BYTES
from practice.use_cases.availability import NAME
from practice.use_cases.free_busy import is_own

__all__ = ["INBOX", "OUTBOX"]


def _default_calendar(resource: InboxResource) -> str | None:
    own = (c for c in current().calendars if is_own(resource.account, c))
    return next((hrefs(href(HOME, calendar.name)) for calendar in own), None)


def _availability(resource: InboxResource) -> str | None:
    told = resource.stored.get(NAME)
    return None if told is None else escape(told)


INBOX: Mapping[str, Callable[[Any], str | None]] = {
    DAV + "resourcetype": lambda _: "<collection/><C:schedule-inbox/>",
    DAV + "displayname": lambda _: "Inbox",
    DAV + "sync-token": lambda _: INBOX_TOKEN,
    CALSERVER + "getctag": lambda _: "empty",
    CALDAV + "supported-calendar-data": lambda _: CALENDAR_DATA,
    CALDAV + "schedule-default-calendar-URL": _default_calendar,
    CALDAV + "calendar-availability": _availability,
}
OUTBOX: Mapping[str, Callable[[Any], str | None]] = {
    DAV + "resourcetype": lambda _: "<collection/><C:schedule-outbox/>",
    DAV + "displayname": lambda _: "Outbox",
    CALDAV + "supported-calendar-component-set": lambda _: '<C:comp name="VFREEBUSY"/>',
    CALDAV + "supported-calendar-data": lambda _: CALENDAR_DATA,
    CALDAV + "max-resource-size": lambda _: str(MOST_BYTES),
}
