"""Live and dead properties of everything that has an address: what PROPFIND and REPORT tell.

A resource is a record; a table says which properties its kind has and what they are, as XML.
Sources: RFC 4918 15, RFC 4791 5.2, RFC 3744 5, RFC 5397, RFC 6578 4, calendarserver.org ctag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from caldav_server import principals
from caldav_server.acl import ACCESS
from caldav_server.dead import LIVE_NAMES, tag_of, told
from caldav_server.preconditions import http_date
from caldav_server.resources import (
    CalendarResource,
    HomeResource,
    InboxResource,
    ObjectResource,
    OtherPrincipalResource,
    OutboxResource,
    PrincipalResource,
    Resource,
    RootResource,
)
from caldav_server.scheduling import INBOX_PROPERTIES, INBOX_REPORTS, OUTBOX_PROPERTIES
from caldav_server.tokens import ctag, sync_token
from caldav_server.xml import CALDAV, CALSERVER, DAV, empty, escape, wrap
from practice.calendar_zone import zone_of
from practice.errors import NotAllowed
from practice.properties import (
    DESCRIPTION,
    DISPLAYNAME,
    LANGUAGE,
    TIMEZONE,
    TIMEZONE_ID,
)
from practice.recurrence import EARLIEST, LATEST
from practice.timezones import known_zone, vtimezone
from practice.use_cases.free_busy import counts
from practice.vevent import Collation

__all__ = [
    "allprop",
    "content_type",
    "is_protected",
    "propstat",
    "response",
    "value_of",
    "wants_stored",
]

Table = Mapping[str, Callable[[Any], str | None]]


def content_type(component: str) -> str:
    """Return the media type of an object."""
    return f"text/calendar; charset=utf-8; component={component}"


def _reports(*names: str) -> str:
    return "".join(
        f"<supported-report><report><{name}/></report></supported-report>" for name in names
    )


_CALENDAR_REPORTS = (
    "C:calendar-query",
    "C:calendar-multiget",
    "C:free-busy-query",
    "sync-collection",
)


def _components(resource: CalendarResource) -> str:
    names = resource.view.components
    return "".join(f'<C:comp name="{escape(name)}"/>' for name in names)


def _timezone(resource: CalendarResource) -> str:
    told = resource.view.calendar.properties.get(TIMEZONE)
    if told is None:
        named = resource.view.calendar.properties.get(TIMEZONE_ID, "")
        zone = vtimezone(known_zone(named) or resource.profile.zone)
        prodid = "-//praxis-caldav//praxis-caldav//DE"
        told = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{prodid}\r\n{zone}END:VCALENDAR\r\n"
    return escape(told)


def _timezone_id(resource: CalendarResource) -> str | None:
    """Return the name of the calendar's zone, None for one of its own (RFC 7809 5.2)."""
    zone = zone_of(resource.view.calendar, resource.profile)
    return escape(zone.key) if isinstance(zone, ZoneInfo) else None


def _description(resource: CalendarResource) -> str | None:
    told = resource.view.calendar.properties.get(DESCRIPTION)
    return None if told is None else escape(told)


_COLLATIONS = "".join(
    f"<C:supported-collation>{collation}</C:supported-collation>" for collation in Collation
)
#: On every resource; and on those that have members (RFC 3744 9, RFC 3253 3.8).
_ON_ALL = ("expand-property", "acl-principal-prop-set")
_ON_COLLECTIONS = (
    *_ON_ALL,
    "principal-match",
    "principal-property-search",
    "principal-search-property-set",
)
_EVERYWHERE: Table = {**principals.EVERYWHERE, **ACCESS}
_COLLECTION: Table = {
    **_EVERYWHERE,
    **principals.FINDING,
    DAV + "resourcetype": lambda _: "<collection/>",
    DAV + "supported-report-set": lambda _: _reports(*_ON_COLLECTIONS),
}
_OTHER_PRINCIPAL: Table = {
    **_EVERYWHERE,
    **principals.PUBLIC,
    DAV + "supported-report-set": lambda _: _reports(*_ON_COLLECTIONS),
}
_PRINCIPAL: Table = {**_COLLECTION, **principals.PUBLIC, **principals.OWN}
_INBOX: Table = {
    **_EVERYWHERE,
    **INBOX_PROPERTIES,
    DAV + "supported-report-set": lambda _: _reports(*_ON_COLLECTIONS, *INBOX_REPORTS),
}
_OUTBOX: Table = {
    **_EVERYWHERE,
    **OUTBOX_PROPERTIES,
    DAV + "supported-report-set": lambda _: _reports(*_ON_COLLECTIONS),
}
_HOME: Table = {**_COLLECTION, DAV + "displayname": lambda r: escape(r.profile.name)}
_CALENDAR: Table = {
    **_EVERYWHERE,
    DAV + "resourcetype": lambda _: "<collection/><C:calendar/>",
    DAV + "supported-report-set": lambda _: _reports(*_ON_COLLECTIONS, *_CALENDAR_REPORTS),
    DAV + "displayname": lambda r: escape(
        r.view.calendar.properties.get(DISPLAYNAME, r.view.calendar.name)
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
    CALDAV + "calendar-timezone-id": _timezone_id,
    CALDAV + "calendar-description": _description,
    CALDAV + "schedule-calendar-transp": lambda r: (
        "<C:opaque/>" if counts(r.view.calendar) else "<C:transparent/>"
    ),
}
_OBJECT: Table = {
    **_EVERYWHERE,
    DAV + "resourcetype": lambda _: "",
    DAV + "supported-report-set": lambda _: _reports(
        *_ON_ALL, "C:calendar-query", "C:calendar-multiget"
    ),
    DAV + "getetag": lambda r: escape(r.head.etag),
    DAV + "getcontenttype": lambda r: content_type(r.head.component),
    DAV + "getcontentlength": lambda r: None if r.head.size is None else str(r.head.size),
    DAV + "getlastmodified": lambda r: http_date(r.head.changed),
    CALDAV + "calendar-data": lambda r: None if r.data is None else escape(r.data),
}
_TABLES: Mapping[type, Table] = {
    RootResource: _COLLECTION,
    PrincipalResource: _PRINCIPAL,
    OtherPrincipalResource: _OTHER_PRINCIPAL,
    InboxResource: _INBOX,
    OutboxResource: _OUTBOX,
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
#: Live, and yet for clients to set, by kind of resource.
_SETTABLE: Mapping[type, frozenset[str]] = {
    InboxResource: frozenset({CALDAV + "calendar-availability"}),
    CalendarResource: frozenset(LIVE_NAMES),
    ObjectResource: frozenset({DAV + "displayname"}),
}
#: What the RFCs protect, told here or not (RFC 4918 15, RFC 3744 5, RFC 4331 3, 4).
_PROTECTED = frozenset(
    DAV + name
    for name in (
        *("creationdate", "getcontentlanguage", "lockdiscovery", "supportedlock", "resource-id"),
        *("quota-available-bytes", "quota-used-bytes", "group", "acl", "acl-restrictions"),
        *("supported-privilege-set", "inherited-acl-set", "alternate-URI-set", "add-member"),
        *("group-member-set", "group-membership"),
    )
)
_LIVE = frozenset(tag for table in _TABLES.values() for tag in table)


def _stored(resource: Resource) -> dict[str, str]:
    """Return what clients have set beside live properties: elements by their tags."""
    live = _TABLES[type(resource)]
    values: dict[str, str] = {}
    if isinstance(resource, CalendarResource):
        values.update(resource.view.calendar.properties)
        values.pop("tag", None)
    values.update(getattr(resource, "stored", {}))
    tags = {name: tag_of(name) for name in values if not name.endswith(LANGUAGE)}
    return {tag: told(tag, values[name]) for name, tag in tags.items() if tag not in live}


def _language(resource: Resource, tag: str) -> str:
    """Return the language that a live property is in."""
    if not isinstance(resource, CalendarResource):
        return ""
    return resource.view.calendar.properties.get(LIVE_NAMES.get(tag, "") + LANGUAGE, "")


def wants_stored(tags: Iterable[str], *, objects: bool = False) -> bool:
    """Tell whether what clients have set is needed to tell of the tags, of objects or others."""
    asked = set(tags)
    return not asked <= _LIVE or (objects and not asked.isdisjoint(_SETTABLE[ObjectResource]))


def is_protected(kind: type, tag: str) -> bool:
    """Tell whether only the server sets a property, of a resource of this class."""
    return tag in _LIVE | _PROTECTED and tag not in _SETTABLE.get(kind, frozenset())


def allprop(resource: Resource, *, names_only: bool = False) -> list[str]:
    """Return the tags that allprop (or propname: all there are) stands for."""
    live = _TABLES[type(resource)]
    usual = _LIVE_IN_ALLPROP
    if type(resource) is RootResource:
        # Clients that lose their question on the way here by a redirect (RFC 6764) find on.
        usual |= {DAV + "current-user-principal"}
    chosen = [
        tag for tag, tell in live.items() if (names_only or tag in usual) and _has(tell, resource)
    ]
    return [*chosen, *_stored(resource)]


def _has(tell: Callable[[Any], str | None], resource: Resource) -> bool:
    try:
        return tell(resource) is not None
    except NotAllowed:
        return False


def propstat(
    resource: Resource,
    tags: Iterable[str],
    *,
    names_only: bool = False,
    minimal: bool = False,
    expanded: Callable[[str, str], str] = lambda _, value: value,
) -> str:
    """Return the propstat elements for the tags: those it has, has not, and does not tell.

    A minimal answer has the first alone (RFC 8144 2.1). `expanded` makes of a tag and its value
    what is told instead (RFC 3253 3.8).
    """
    if names_only:
        return f"<propstat><prop>{''.join(map(empty, tags))}</prop>{_OK}</propstat>"
    table, stored = _TABLES[type(resource)], None
    parts: dict[str, list[str]] = {_OK: [], _NOT_FOUND: [], _FORBIDDEN: []}
    for tag in tags:
        teller = table.get(tag)
        try:
            value = teller(resource) if teller else None
        except NotAllowed:
            parts[_FORBIDDEN].append(empty(tag))
            continue
        if value is not None:
            parts[_OK].append(wrap(tag, expanded(tag, value), _language(resource, tag)))
            continue
        if teller is None:
            stored = _stored(resource) if stored is None else stored
        if stored and tag in stored:
            parts[_OK].append(stored[tag])
        else:
            parts[_NOT_FOUND].append(empty(tag))
    if minimal:
        parts[_NOT_FOUND], parts[_FORBIDDEN] = [], []
    told_ = [status for status in parts if parts[status]] or [_OK]
    return "".join(
        f"<propstat><prop>{''.join(parts[status])}</prop>{status}</propstat>" for status in told_
    )


def value_of(resource: Resource, tag: str) -> str | None:
    """Return the value of a live property as XML, None for one that is not there."""
    teller = _TABLES[type(resource)].get(tag)
    return teller(resource) if teller else None


_OK = "<status>HTTP/1.1 200 OK</status>"
_NOT_FOUND = "<status>HTTP/1.1 404 Not Found</status>"
_FORBIDDEN = "<status>HTTP/1.1 403 Forbidden</status><error><need-privileges/></error>"


def response(address: str, content: str = _NOT_FOUND) -> str:
    """Return the response element of one resource; without content, that it is not there."""
    return f"<response><href>{escape(address)}</href>{content}</response>"
