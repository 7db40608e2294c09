"""Live and dead properties of everything that has an address: what PROPFIND and REPORT tell.

A resource is a record; a table says which properties its kind has and what they are, as XML.
Sources: RFC 4918 15, RFC 4791 5.2, RFC 3744 5, RFC 5397, RFC 6578 4, calendarserver.org ctag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from caldav_server.addresses import HOME, MOUNT, href
from caldav_server.dead import LIVE_NAMES, tag_of, told
from caldav_server.preconditions import http_date
from caldav_server.resources import (
    CalendarResource,
    HomeResource,
    ObjectResource,
    PrincipalResource,
    Resource,
    RootResource,
)
from caldav_server.tokens import ctag, sync_token
from caldav_server.xml import CALDAV, CALSERVER, DAV, empty, escape, wrap
from practice.access import Level, Role, level, may_manage_calendars
from practice.calendar_zone import zone_of
from practice.properties import (
    DESCRIPTION,
    DISPLAYNAME,
    LANGUAGE,
    TIMEZONE,
    TIMEZONE_ID,
    TRANSPARENCY,
)
from practice.recurrence import EARLIEST, LATEST
from practice.timezones import known_zone, vtimezone
from practice.vevent import Collation

__all__ = [
    "allprop",
    "content_type",
    "is_protected",
    "propstat",
    "response",
    "wants_stored",
]

Table = Mapping[str, Callable[[Any], str | None]]


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
    here = resource.head.calendar_id if isinstance(resource, ObjectResource) else None
    sources = [source for source in view.sources if here in {None, source.id}]
    if all(level(account, source) < Level.WRITE for source in sources):
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
        f"<C:{r.view.calendar.properties.get(TRANSPARENCY, 'opaque')}/>"
    ),
}
_OBJECT: Table = {
    **_EVERYWHERE,
    DAV + "resourcetype": lambda _: "",
    DAV + "current-user-privilege-set": _calendar_privileges,
    DAV + "supported-report-set": lambda _: "",
    DAV + "getetag": lambda r: escape(r.head.etag),
    DAV + "getcontenttype": lambda r: content_type(r.head.component),
    DAV + "getcontentlength": lambda r: None if r.head.size is None else str(r.head.size),
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
#: Live, and yet for clients to set, by kind of resource.
_SETTABLE: Mapping[type, frozenset[str]] = {
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
        tag
        for tag, tell in live.items()
        if (names_only or tag in usual) and tell(resource) is not None
    ]
    return [*chosen, *_stored(resource)]


def propstat(
    resource: Resource, tags: Iterable[str], *, names_only: bool = False, minimal: bool = False
) -> str:
    """Return the propstat elements for the tags: those it has, those it has not.

    A minimal answer leaves the latter out (RFC 8144 2.1).
    """
    if names_only:
        return f"<propstat><prop>{''.join(map(empty, tags))}</prop>{_OK}</propstat>"
    table, stored = _TABLES[type(resource)], None
    found, missing = [], []
    for tag in tags:
        teller = table.get(tag)
        value = teller(resource) if teller else None
        if value is not None:
            found.append(wrap(tag, value, _language(resource, tag)))
            continue
        if teller is None:
            stored = _stored(resource) if stored is None else stored
        if stored and tag in stored:
            found.append(stored[tag])
        else:
            missing.append(empty(tag))
    parts = []
    if found or minimal or not missing:
        parts.append(f"<propstat><prop>{''.join(found)}</prop>{_OK}</propstat>")
    if missing and not minimal:
        parts.append(f"<propstat><prop>{''.join(missing)}</prop>{_NOT_FOUND}</propstat>")
    return "".join(parts)


_OK = "<status>HTTP/1.1 200 OK</status>"
_NOT_FOUND = "<status>HTTP/1.1 404 Not Found</status>"


def response(address: str, content: str = _NOT_FOUND) -> str:
    """Return the response element of one resource; without content, that it is not there."""
    return f"<response><href>{escape(address)}</href>{content}</response>"
