"""Which properties each kind of resource has, and which of them clients set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from caldav_server import principals
from caldav_server.acl import ACCESS
from caldav_server.dead import LIVE_NAMES
from caldav_server.properties.of_boxes import INBOX, OUTBOX
from caldav_server.properties.of_calendars import CALENDAR, OBJECT
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
from caldav_server.xml import CALDAV, DAV, escape

__all__ = ["TABLES", "is_protected", "value_of", "wants_stored"]

Table = Mapping[str, Callable[[Any], str | None]]

#: On every resource; and on those that have members (RFC 3744 9, RFC 3253 3.8).
_ON_ALL = ("expand-property", "acl-principal-prop-set")
_ON_COLLECTIONS = (
    *_ON_ALL,
    "principal-match",
    "principal-property-search",
    "principal-search-property-set",
)
_QUERIES = ("C:calendar-query", "C:calendar-multiget")
#: Reports by kind of resource, where there are more than on every collection, or fewer.
_REPORTS: Mapping[type, tuple[str, ...]] = {
    InboxResource: (*_ON_COLLECTIONS, *_QUERIES, "sync-collection"),
    CalendarResource: (*_ON_COLLECTIONS, *_QUERIES, "C:free-busy-query", "sync-collection"),
    ObjectResource: (*_ON_ALL, *_QUERIES),
}


def _reports(resource: Resource) -> str:
    names = _REPORTS.get(type(resource), _ON_COLLECTIONS)
    return "".join(
        f"<supported-report><report><{name}/></report></supported-report>" for name in names
    )


_EVERYWHERE: Table = {
    **principals.EVERYWHERE,
    **ACCESS,
    DAV + "supported-report-set": _reports,
}
_COLLECTION: Table = {
    **_EVERYWHERE,
    **principals.FINDING,
    DAV + "resourcetype": lambda _: "<collection/>",
}
TABLES: Mapping[type, Table] = {
    RootResource: _COLLECTION,
    PrincipalResource: {**_COLLECTION, **principals.PUBLIC, **principals.OWN},
    OtherPrincipalResource: {**_EVERYWHERE, **principals.PUBLIC},
    InboxResource: {**_EVERYWHERE, **INBOX},
    OutboxResource: {**_EVERYWHERE, **OUTBOX},
    HomeResource: {**_COLLECTION, DAV + "displayname": lambda r: escape(r.profile.name)},
    CalendarResource: {**_EVERYWHERE, **CALENDAR},
    ObjectResource: {**_EVERYWHERE, **OBJECT},
}
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
_LIVE = frozenset(tag for table in TABLES.values() for tag in table)


def value_of(resource: Resource, tag: str) -> str | None:
    """Return the value of a live property as XML, None for one that is not there."""
    teller = TABLES[type(resource)].get(tag)
    return teller(resource) if teller else None


def is_protected(kind: type, tag: str) -> bool:
    """Tell whether only the server sets a property, of a resource of this class."""
    return tag in _LIVE | _PROTECTED and tag not in _SETTABLE.get(kind, frozenset())


def wants_stored(tags: Iterable[str], *, objects: bool = False) -> bool:
    """Tell whether what clients have set is needed to tell of the tags, of objects or others."""
    asked = set(tags)
    return not asked <= _LIVE or (objects and not asked.isdisjoint(_SETTABLE[ObjectResource]))
