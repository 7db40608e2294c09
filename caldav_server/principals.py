"""Principals: accounts as WebDAV and CalDAV see them, and where their scheduling boxes are.

What an account may know of another is `practice.access.may_find`. Sources: RFC 3744 4, RFC 4791
6.2.1, RFC 5397, RFC 6638 2.4, RFC 5842 3.1 (resource-id), calendarserver.org (email-address-set).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from caldav_server.addresses import HOME, MOUNT, href
from caldav_server.resources import OtherPrincipalResource, PrincipalResource, Resource
from caldav_server.xml import CALDAV, CALSERVER, DAV, escape, hrefs, wrap
from practice.access import Account, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from practice.profile import Profile

__all__ = [
    "EVERYWHERE",
    "FINDING",
    "INBOX",
    "OUTBOX",
    "OWN",
    "PUBLIC",
    "addresses_of",
    "kind",
    "principal",
    "shown",
]

#: The scheduling boxes below a principal.
INBOX, OUTBOX = "inbox", "outbox"
_PROGRAMS = frozenset({Role.PVS, Role.BOOKING})


def shown(resource: Resource) -> Account:
    """Return the account that a principal stands for."""
    if isinstance(resource, OtherPrincipalResource):
        return resource.shown
    return resource.account


def principal(account: Account, profile: Profile, other: Account) -> Resource:
    """Return the principal of `other` as `account` sees it."""
    if other.id == account.id:
        return PrincipalResource(account, profile)
    return OtherPrincipalResource(account, profile, other)


def _urn(account: Account, profile: Profile) -> str:
    """Return what names the account whatever it and its mailbox are called."""
    made = uuid5(NAMESPACE_URL, f"urn:praxis-caldav:{profile.uid_domain}:account:{account.id}")
    return f"urn:uuid:{made}"


def addresses_of(account: Account, profile: Profile) -> tuple[str, ...]:
    """Return the calendar user addresses of an account, the preferred one first."""
    mail = (f"mailto:{account.email}",) if account.email else ()
    return (*mail, href(account.name), _urn(account, profile))


def _addresses(resource: Resource) -> str:
    return hrefs(*addresses_of(shown(resource), resource.profile))


def _mail(resource: Resource) -> str:
    mail = shown(resource).email
    return wrap(CALSERVER + "email-address", escape(mail)) if mail else ""


def kind(resource: Resource) -> str:
    """Return what a principal stands for: CUTYPE of RFC 5545 3.2.3."""
    # It has no word for a program, and these are no individuals.
    return "UNKNOWN" if shown(resource).role in _PROGRAMS else "INDIVIDUAL"


def _self(resource: Resource) -> str:
    return hrefs(href(resource.account.name))


def _url(resource: Resource) -> str:
    return hrefs(href(shown(resource).name))


#: What every resource tells of who asks.
EVERYWHERE: Mapping[str, Callable[[Any], str | None]] = {
    DAV + "current-user-principal": _self,
    DAV + "principal-collection-set": lambda _: hrefs(MOUNT + "/"),
    DAV + "owner": _self,
}
#: What leads a client to its calendars, whatever address a person typed in.
FINDING: Mapping[str, Callable[[Any], str | None]] = {
    CALDAV + "calendar-home-set": lambda _: hrefs(href(HOME)),
    CALDAV + "calendar-user-address-set": _addresses,
    DAV + "principal-URL": _self,
}
#: What a principal tells everybody who may find it.
PUBLIC: Mapping[str, Callable[[Any], str | None]] = {
    DAV + "resourcetype": lambda _: "<principal/><collection/>",
    DAV + "displayname": lambda r: escape(shown(r).display_name or shown(r).name),
    DAV + "owner": _url,
    DAV + "principal-URL": _url,
    DAV + "alternate-URI-set": lambda _: "",
    DAV + "group-member-set": lambda _: "",
    DAV + "group-membership": lambda _: "",
    DAV + "resource-id": lambda r: hrefs(_urn(shown(r), r.profile)),
    # One home for all: what of it each may see is another question.
    CALDAV + "calendar-home-set": lambda _: hrefs(href(HOME)),
    CALDAV + "calendar-user-address-set": _addresses,
    CALDAV + "calendar-user-type": kind,
    CALSERVER + "email-address-set": _mail,
}
#: What it tells only itself.
OWN: Mapping[str, Callable[[Any], str | None]] = {
    CALDAV + "schedule-inbox-URL": lambda r: hrefs(href(r.account.name, INBOX)),
    CALDAV + "schedule-outbox-URL": lambda r: hrefs(href(r.account.name, OUTBOX)),
}
