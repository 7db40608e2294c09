"""Live and dead properties of everything that has an address: what PROPFIND and REPORT tell.

A resource is a record; a table says which properties its kind has and what they are, as XML.
Sources: RFC 4918 15, RFC 4791 5.2, RFC 3744 5, RFC 5397, RFC 6578 4, calendarserver.org ctag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from caldav_server.addresses import HOME, MOUNT, href
from caldav_server.preconditions import http_date
from caldav_server.resources import (
    CalendarResource,
    HomeResource,
    ObjectResource,
    PrincipalResource,
    Resource,
    RootResource,
)
from caldav_server.xml import APPLE, CALDAV, CALSERVER, DAV, empty, escape, wrap
from practice.access import Level, Role, level, may_manage_calendars
from practice.calendars import View
from practice.recurrence import EARLIEST, LATEST
from practice.timezones import vtimezone
from practice.vevent import Collation

__all__ = [
    "allprop",
    "content_type",
    "ctag",
    "is_protected",
    "propstat",
    "read_token",
    "response",
    "sync_token",
]

_TOKEN = "urn:praxis-caldav:sync:"  # noqa: S105 - the word is the RFC's
_GIVEN_OUT = re.compile(
    _TOKEN + r"(?P<number>[0-9]{1,18})-(?P<mark>[0-9a-f]*)-(?P<fingerprint>[0-9a-f]+)"
)


Table = Mapping[str, Callable[[Any], str | None]]


def ctag(view: View) -> str:
    """Return what changes with anything in the view; quoted, so that it is an ETag too."""
    return f'"{view.number}-{view.mark}-{view.fingerprint}"'


def sync_token(view: View) -> str:
    """Return the sync-token of the view as it is now."""
    return f"{_TOKEN}{view.number}-{view.mark}-{view.fingerprint}"


def read_token(token: str, view: View) -> tuple[int, str] | None:
    """Return number and mark of a sync-token, None unless it was given out for such a view."""
    found = _GIVEN_OUT.fullmatch(token.strip())
    if found is None or found["fingerprint"] != view.fingerprint:
        return None
    return int(found["number"]), found["mark"]


def content_type(component: str) -> str:
    """Return the media type of an object."""
    return f"text/calendar; charset=utf-8; component={component}"


def _hrefs(*hrefs: str) -> str:
    return "".join(f"<href>{escape(one)}</href>" for one in hrefs)


def _principal(resource: Resource) -> str:
    return _hrefs(href(resource.account.name))


def _home(_: Resource) -> str:
    return _hrefs(href(HOME))


def _addresses(resource: Resource) -> str:
    mail = [f"mailto:{resource.account.email}"] if resource.account.email else []
    return _hrefs(*mail, href(resource.account.name))


def _privileges(*names: str) -> str:
    return "".join(f"<privilege><{name}/></privilege>" for name in names)


_READS = ("read", "read-current-user-privilege-set", "C:read-free-busy")
_WRITES = ("write", "write-content", "bind", "unbind")


def _calendar_privileges(resource: CalendarResource | ObjectResource) -> str:
    account, view = resource.account, resource.view
    if all(level(account, source) < Level.WRITE for source in view.sources):
        return _privileges(*_READS)
    if account.role is Role.BOOKING:
        return _privileges(*_READS, "write-content", "bind")
    if account.role is Role.PVS or level(account, view.calendar) < Level.WRITE:
        return _privileges(*_READS, *_WRITES)
    return _privileges(*_READS, *_WRITES, "write-properties")


def _home_privileges(resource: HomeResource) -> str:
    manages = may_manage_calendars(resource.account)
    return _privileges("read", "read-current-user-privilege-set", *(["bind"] if manages else []))


def _reports(*names: str) -> str:
    return "".join(
        f"<supported-report><report><{name}/></report></supported-report>" for name in names
    )


_CALENDAR_REPORTS = _reports(
    "C:calendar-query", "C:calendar-multiget", "C:free-busy-query", "sync-collection"
)


def _components(resource: CalendarResource) -> str:
    names = resource.view.calendar.components
    return "".join(f'<C:comp name="{escape(name)}"/>' for name in names)


def _timezone(resource: CalendarResource) -> str:
    told = resource.view.calendar.properties.get("C:calendar-timezone")
    zone = vtimezone(resource.profile.zone)
    return escape(
        told
        or "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//praxis-caldav//praxis-caldav//DE\r\n"
        f"{zone}END:VCALENDAR\r\n"
    )


_COLLATIONS = "".join(
    f"<C:supported-collation>{collation}</C:supported-collation>" for collation in Collation
)
_EVERYWHERE: Table = {
    DAV + "current-user-principal": _principal,
    DAV + "principal-collection-set": lambda _: _hrefs(MOUNT + "/"),
    DAV + "owner": _principal,
}
_COLLECTION: Table = {
    **_EVERYWHERE,
    DAV + "resourcetype": lambda _: "<collection/>",
    DAV + "current-user-privilege-set": lambda _: _privileges(
        "read", "read-current-user-privilege-set"
    ),
    DAV + "supported-report-set": lambda _: "",
    # Some clients look for the home at whatever address a person typed in.
    CALDAV + "calendar-home-set": _home,
    CALDAV + "calendar-user-address-set": _addresses,
    DAV + "principal-URL": _principal,
}
_PRINCIPAL: Table = {
    **_COLLECTION,
    DAV + "resourcetype": lambda _: "<principal/><collection/>",
    DAV + "displayname": lambda r: escape(r.account.display_name or r.account.name),
}
_HOME: Table = {
    **_COLLECTION,
    DAV + "displayname": lambda r: escape(r.profile.name),
    DAV + "current-user-privilege-set": _home_privileges,
}
_CALENDAR: Table = {
    **_EVERYWHERE,
    DAV + "resourcetype": lambda _: "<collection/><C:calendar/>",
    DAV + "current-user-privilege-set": _calendar_privileges,
    DAV + "supported-report-set": lambda _: _CALENDAR_REPORTS,
    DAV + "displayname": lambda r: escape(
        r.view.calendar.properties.get("D:displayname", r.view.calendar.name)
    ),
    DAV + "getetag": lambda r: escape(ctag(r.view)),
    DAV + "getlastmodified": lambda r: http_date(r.view.changed),
    DAV + "getcontenttype": lambda _: "text/calendar; charset=utf-8",
    DAV + "sync-token": lambda r: sync_token(r.view),
    CALSERVER + "getctag": lambda r: escape(ctag(r.view)),
    CALDAV + "supported-calendar-component-set": _components,
    CALDAV + "supported-calendar-data": lambda _: (
        '<C:calendar-data content-type="text/calendar" version="2.0"/>'
    ),
    CALDAV + "max-resource-size": lambda r: str(r.profile.limits.max_bytes),
    CALDAV + "max-instances": lambda r: str(r.profile.limits.max_instances),
    CALDAV + "max-attendees-per-instance": lambda r: str(r.profile.limits.max_attendees),
    CALDAV + "supported-collation-set": lambda _: _COLLATIONS,
    CALDAV + "min-date-time": lambda _: f"{EARLIEST:%Y%m%dT%H%M%SZ}",
    CALDAV + "max-date-time": lambda _: f"{LATEST:%Y%m%dT%H%M%SZ}",
    CALDAV + "calendar-timezone": _timezone,
}
_OBJECT: Table = {
    **_EVERYWHERE,
    DAV + "resourcetype": lambda _: "",
    DAV + "current-user-privilege-set": _calendar_privileges,
    DAV + "supported-report-set": lambda _: "",
    DAV + "getetag": lambda r: escape(r.head.etag),
    DAV + "getcontenttype": lambda r: content_type(r.head.component),
    DAV + "getcontentlength": lambda r: str(r.head.size),
    DAV + "getlastmodified": lambda r: http_date(r.head.changed),
    CALDAV + "calendar-data": lambda r: None if r.data is None else escape(r.data),
}
_TABLES: Mapping[type, Table] = {
    RootResource: _COLLECTION,
    PrincipalResource: _PRINCIPAL,
    HomeResource: _HOME,
    CalendarResource: _CALENDAR,
    ObjectResource: _OBJECT,
}
#: What allprop leaves out: RFC 4791 5.2 says so of its properties, RFC 3744 and 6578 of theirs.
_LIVE_IN_ALLPROP = frozenset(
    DAV + name
    for name in (
        "displayname",
        "getcontentlength",
        "getcontenttype",
        "getetag",
        "getlastmodified",
        "resourcetype",
    )
)
#: Live, and yet for clients to set (RFC 4791 5.2.2, RFC 4918 15.2).
_SETTABLE = frozenset({DAV + "displayname", CALDAV + "calendar-timezone"})
_SHORT = {"D": DAV, "C": CALDAV, "CS": CALSERVER, "ICAL": APPLE}


def _dead(resource: Resource) -> dict[str, str]:
    """Return the properties that clients have set, by tag; values are text."""
    if not isinstance(resource, CalendarResource):
        return {}
    live = _TABLES[CalendarResource]
    found = {}
    for name, value in resource.view.calendar.properties.items():
        tag = _tag(name)
        if tag not in live and name != "tag":
            found[tag] = value
    return found


def _tag(name: str) -> str:
    """Return the tag that Radicale's name of a property ("C:calendar-description") stands for."""
    prefix, _, rest = name.partition(":")
    return name if name.startswith("{") else _SHORT.get(prefix, "{}") + rest


def is_protected(name: str) -> bool:
    """Tell whether a property (by Radicale's name) is one that only the server sets."""
    tag = _tag(name)
    if name == "tag":  # Radicale's word for the resource type
        return True
    return tag in _TABLES[CalendarResource] and tag not in _SETTABLE


def allprop(resource: Resource, *, names_only: bool = False) -> list[str]:
    """Return the tags that allprop (or propname: all there are) stands for."""
    live = _TABLES[type(resource)]
    usual = _LIVE_IN_ALLPROP
    if type(resource) is RootResource:
        # Clients that lose their question on the way here by a redirect (RFC 6764) find on.
        usual |= {DAV + "current-user-principal"}
    chosen = [tag for tag in live if names_only or tag in usual]
    return [*(tag for tag in chosen if tag != CALDAV + "calendar-data"), *_dead(resource)]


def propstat(resource: Resource, tags: Iterable[str], *, names_only: bool = False) -> str:
    """Return the propstat elements for the tags: those it has, those it has not."""
    if names_only:
        return f"<propstat><prop>{''.join(map(empty, tags))}</prop>{_OK}</propstat>"
    table, dead = _TABLES[type(resource)], None
    found, missing = [], []
    for tag in tags:
        teller = table.get(tag)
        value = teller(resource) if teller else None
        if teller is None:
            dead = _dead(resource) if dead is None else dead
            value = escape(dead[tag]) if tag in dead else None
        if value is None:
            missing.append(empty(tag))
        else:
            found.append(wrap(tag, value))
    parts = []
    if found or not missing:
        parts.append(f"<propstat><prop>{''.join(found)}</prop>{_OK}</propstat>")
    if missing:
        parts.append(f"<propstat><prop>{''.join(missing)}</prop>{_NOT_FOUND}</propstat>")
    return "".join(parts)


_OK = "<status>HTTP/1.1 200 OK</status>"
_NOT_FOUND = "<status>HTTP/1.1 404 Not Found</status>"


def response(address: str, content: str = _NOT_FOUND) -> str:
    """Return the response element of one resource; without content, that it is not there."""
    return f"<response><href>{escape(address)}</href>{content}</response>"
