"""Who may do what, in WebDAV's words: privileges, and access control lists that nobody edits.

The rules are those of `practice.access`; whether a change is allowed is decided in the use cases,
under the lock. Sources: RFC 3744 3, 5 and 6, RFC 4791 6.1, RFC 6638 6.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from caldav_server.addresses import href
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
from caldav_server.scope import current
from caldav_server.xml import DAV, hrefs
from practice.access import (
    Account,
    Level,
    Role,
    level,
    may_change,
    may_find,
    may_manage_calendars,
    may_read_acl,
    may_set_properties,
    view,
)
from practice.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from practice.calendars import Calendar

__all__ = ["ACCESS", "holders"]

_SEES = ("read", "read-current-user-privilege-set")
#: Of the home and of oneself everybody keeps properties that nobody else sees.
_OWN = (*_SEES, "write-properties")
_READS = (*_SEES, "C:read-free-busy")
_WRITES = ("write", "write-content", "bind", "unbind")


def _privileges(resource: Resource) -> tuple[str, ...]:
    """Return what the account of the resource may do with it; nothing where it sees nothing."""
    found = _OF_KIND[type(resource)](resource)
    # The list of all others' rights is no part of what a doctor or a device needs to know.
    return (*found, "read-acl") if found and may_read_acl(resource.account) else found


def _writes(account: Account, calendar: Calendar) -> tuple[str, ...]:
    more = ("write-properties",) if may_set_properties(account, calendar) else ()
    return (*_READS, *_WRITES, *more)


def _of_home(resource: HomeResource) -> tuple[str, ...]:
    manages = may_manage_calendars(resource.account)
    return (*_OWN, "bind", "unbind") if manages else _OWN


def _of_calendar(resource: CalendarResource) -> tuple[str, ...]:
    account, shown = resource.account, resource.view
    if not shown.sources:
        return ()
    if all(level(account, source) < Level.WRITE for source in shown.sources):
        return _READS
    if account.role is Role.BOOKING:
        return (*_READS, "write-content", "bind")
    return _writes(account, shown.calendar)


def _of_object(resource: ObjectResource) -> tuple[str, ...]:
    account, shown, head = resource.account, resource.view, resource.head
    source = next((s for s in shown.sources if s.id == head.calendar_id), None)
    if source is None or shown.owner_id not in {None, head.owner_id}:
        return ()
    if not may_change(account, source, head.owner_id):
        return _READS
    if account.role is Role.BOOKING:
        return (*_READS, "write-content")
    return _writes(account, source)


def _of_other(resource: OtherPrincipalResource) -> tuple[str, ...]:
    return _SEES if may_find(resource.account, resource.shown) else ()


_OF_KIND: Mapping[type, Callable[[Any], tuple[str, ...]]] = {
    RootResource: lambda _: _SEES,
    PrincipalResource: lambda _: _OWN,
    OtherPrincipalResource: _of_other,
    InboxResource: lambda _: (*_OWN, "C:schedule-query-freebusy"),
    OutboxResource: lambda _: (*_SEES, "C:schedule-send-freebusy"),
    HomeResource: _of_home,
    CalendarResource: _of_calendar,
    ObjectResource: _of_object,
}


def _told(names: tuple[str, ...]) -> str:
    return "".join(f"<privilege><{name}/></privilege>" for name in names)


def _as_seen_by(account: Account, resource: Resource) -> Resource | None:
    """Return the same resource as another account finds it, None where it finds nothing."""
    if isinstance(resource, CalendarResource | ObjectResource):
        scope = current()
        seen = view(account, resource.view.calendar, scope.calendars, scope.unit.epoch)
        if isinstance(resource, ObjectResource) and not seen.shows_all_of(
            resource.head.calendar_id
        ):
            return None  # with less detail it has another name
        return replace(resource, account=account, view=seen)
    if account.id == resource.account.id:
        return resource
    if isinstance(resource, InboxResource | OutboxResource):
        return None
    if isinstance(resource, PrincipalResource):
        return OtherPrincipalResource(account, resource.profile, resource.account)
    if isinstance(resource, OtherPrincipalResource) and account.id == resource.shown.id:
        return PrincipalResource(account, resource.profile)
    return replace(resource, account=account)


def holders(resource: Resource) -> Iterator[tuple[Account, tuple[str, ...]]]:
    """Yield the accounts that may do anything with a resource, by name, and what.

    Raises NotAllowed unless the account that asks may read lists of rights.
    """
    if not may_read_acl(resource.account):
        raise NotAllowed("Lists of rights are for administrators.")
    for account in current().accounts:
        seen = None if account.disabled else _as_seen_by(account, resource)
        names = () if seen is None else _privileges(seen)
        if names:
            yield account, names


def _acl(resource: Resource) -> str:
    return "".join(
        f"<ace><principal>{hrefs(href(account.name))}</principal>"
        f"<grant>{_told(names)}</grant><protected/></ace>"
        for account, names in holders(resource)
    )


def _supported(name: str, says: str, *parts: str, abstract: bool = False) -> str:
    mark = "<abstract/>" if abstract else ""
    return (
        f"<supported-privilege><privilege><{name}/></privilege>{mark}"
        f'<description xml:lang="en">{says}</description>{"".join(parts)}</supported-privilege>'
    )


def _supported_set(*more: str) -> str:
    return _supported(
        "all",
        "Anything",
        _supported("read", "See it", _supported("C:read-free-busy", "See when somebody is busy")),
        _supported("read-acl", "See who may do what"),
        _supported("read-current-user-privilege-set", "See what one may do"),
        _supported(
            "write",
            "Change it",
            _supported("write-content", "Change what is in it"),
            _supported("write-properties", "Change its properties"),
            _supported("bind", "Add to it"),
            _supported("unbind", "Remove from it"),
        ),
        *more,
        abstract=True,
    )


_SUPPORTED = _supported_set()
_ASKED = _supported("C:schedule-query-freebusy", "Ask when this user is busy")
_ASKS = _supported("C:schedule-send-freebusy", "Ask when others are busy")
#: Invitations are neither taken nor sent (docs/decisions/0008), so their privileges are not there.
_SUPPORTED_BY: Mapping[type, str] = {
    InboxResource: _supported_set(
        _supported("C:schedule-deliver", "Deliver to it", _ASKED, abstract=True)
    ),
    OutboxResource: _supported_set(
        _supported("C:schedule-send", "Send from it", _ASKS, abstract=True)
    ),
}

#: The properties of access control, which every resource has.
ACCESS: Mapping[str, Callable[[Any], str | None]] = {
    DAV + "current-user-privilege-set": lambda r: _told(_privileges(r)),
    DAV + "supported-privilege-set": lambda r: _SUPPORTED_BY.get(type(r), _SUPPORTED),
    DAV + "acl": _acl,
    DAV + "acl-restrictions": lambda _: "<grant-only/><no-invert/>",
    DAV + "inherited-acl-set": lambda _: "",
    DAV + "group": lambda _: "",
}
