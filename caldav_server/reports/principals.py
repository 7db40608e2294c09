"""Reports about principals (RFC 3744 9): who is who, and what is mine.

Who may be found is `practice.access.may_find`. Not here: reports on calendars and their objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caldav_server import principals
from caldav_server.acl import holders
from caldav_server.addresses import href
from caldav_server.errors import BadRequest, Refusal
from caldav_server.properties import propstat, response, value_of
from caldav_server.reports.answer import bounded, multistatus
from caldav_server.resources import Resource, RootResource
from caldav_server.xml import CALDAV, CALSERVER, DAV, NAMESPACES, document, empty, hrefs
from practice.access import Account, may_find

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from caldav_server.scope import Scope
    from practice.profile import Profile

__all__ = ["PRINCIPAL_REPORTS", "principal_report"]

#: Responses in one answer; a practice has fewer people, and a day fewer appointments.
MOST_FOUND = 1000
#: Properties that can be searched for, and what they are called to a person.
_SEARCHABLE = {
    DAV + "displayname": "Name",
    CALDAV + "calendar-user-address-set": "Calendar user address",
    CALDAV + "calendar-user-type": "Person or program",
    CALSERVER + "email-address-set": "E-mail address",
}
_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "starts-with": str.startswith,
    "ends-with": str.endswith,
    "equals": str.__eq__,
}

_SEARCH = DAV + "principal-property-search"
#: What it consists of (RFC 3744 9.4).
_PARTS = {DAV + name for name in ("property-search", "prop", "apply-to-principal-collection-set")}

#: The members of the collection a report is run on, with their addresses.
Members = Callable[[], Iterable[tuple[str, Resource]]]


def principal_report(
    scope: Scope, profile: Profile, asked: tuple[str, Resource], root: Element, members: Members
) -> bytes:
    """Answer one of PRINCIPAL_REPORTS on the resource at an address."""
    return PRINCIPAL_REPORTS[root.tag](_Asked(scope, profile, *asked, root, members))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A report as it was asked."""

    scope: Scope
    profile: Profile
    address: str
    resource: Resource
    root: Element
    members: Members

    @property
    def tags(self) -> list[str]:
        prop = self.root.find(DAV + "prop")
        if prop is None:
            return []
        told = list(prop)
        if not told and self.root.tag == _SEARCH:
            # python-caldav puts what it asks for beside an empty prop, not into it.
            told = [child for child in self.root if child.tag not in _PARTS]
        return list(dict.fromkeys(child.tag for child in told))

    def principal(self, other: Account) -> Resource:
        return principals.principal(self.scope.signed_in(), self.profile, other)

    def told(self, found: Iterable[tuple[str, Resource]]) -> bytes:
        parts: list[str] = []
        tags = self.tags
        for address, resource in bounded(found, len(tags)):
            if len(parts) == MOST_FOUND:
                sentence = f"The answer would have more than {MOST_FOUND} responses."
                raise Refusal(403, sentence, "<number-of-matches-within-limits/>")
            parts.append(response(address, propstat(resource, tags)))
        return multistatus(parts)


def _principal_property_search(asked: _Asked) -> bytes:
    """Find principals by parts of their names and addresses (RFC 3744 9.4).

    Without a condition, which the RFC does not know, that is everybody who may be found.
    """
    conditions = [_condition(one) for one in asked.root.findall(DAV + "property-search")]
    met = any if conditions and asked.root.get("test") == "anyof" else all
    # Principals are members of the mount and of nothing else.
    everywhere = asked.root.find(DAV + "apply-to-principal-collection-set") is not None
    if not everywhere and type(asked.resource) is not RootResource:
        return multistatus(())
    account = asked.scope.signed_in()
    candidates = (
        (href(other.name), asked.principal(other))
        for other in asked.scope.accounts
        if may_find(account, other)
    )
    return asked.told(c for c in candidates if met(fits(c[1]) for fits in conditions))


def _condition(element: Element) -> Callable[[Resource], bool]:
    """Return what tells whether a principal has all properties that one condition names."""
    prop, match = element.find(DAV + "prop"), element.find(DAV + "match")
    if prop is None or match is None or not len(prop):
        raise BadRequest("A property-search has properties and a match.")
    compare = _MATCHES.get(match.get("match-type", "contains"))
    if compare is None:
        raise BadRequest(f"A match-type is one of {', '.join(_MATCHES)}.")
    tags = [child.tag for child in prop]
    wanted = (match.text or "").strip().casefold()

    def fits(resource: Resource) -> bool:
        return all(any(compare(v, wanted) for v in _searched(resource, tag)) for tag in tags)

    return fits


def _searched(resource: Resource, tag: str) -> tuple[str, ...]:
    """Return the texts of a property of a principal; nothing for one that is not searched."""
    account, profile = principals.shown(resource), resource.profile
    texts: tuple[str, ...] = ()
    if tag == DAV + "displayname":
        texts = (account.display_name or account.name,)
    elif tag == CALDAV + "calendar-user-address-set":
        texts = principals.addresses_of(account, profile)
    elif tag == CALSERVER + "email-address-set":
        texts = (account.email,) if account.email else ()
    elif tag == CALDAV + "calendar-user-type":
        texts = (principals.kind(resource),)
    return tuple(text.casefold() for text in texts)


def _principal_search_property_set(_: _Asked) -> bytes:
    """Tell what can be searched for (RFC 3744 9.5)."""
    told = "".join(
        f"<principal-search-property><prop>{empty(tag)}</prop>"
        f'<description xml:lang="en">{says}</description></principal-search-property>'
        for tag, says in _SEARCHABLE.items()
    )
    name = "principal-search-property-set"
    return document(f"<{name}{NAMESPACES}>{told}</{name}>")


def _principal_match(asked: _Asked) -> bytes:
    """Tell which members are the account itself, or name it in a property (RFC 3744 9.3)."""
    account = asked.scope.signed_in()
    own = href(account.name)
    property_ = asked.root.find(DAV + "principal-property")
    if property_ is None or not len(property_):
        if asked.root.find(DAV + "self") is None:
            raise BadRequest("A principal-match asks for self or for a principal-property.")
        if asked.address not in {own, _parent(own)}:
            return multistatus(())
        return asked.told([(own, asked.principal(account))])
    tag, link = property_[0].tag, hrefs(own)
    return asked.told(
        (address, resource)
        for address, resource in asked.members()
        if link in (value_of(resource, tag) or "")
    )


def _parent(address: str) -> str:
    return address.rstrip("/").rpartition("/")[0] + "/"


def _acl_principal_prop_set(asked: _Asked) -> bytes:
    """Tell of every principal that may do anything with the resource (RFC 3744 9.2)."""
    listed = holders(asked.resource)
    return asked.told((href(other.name), asked.principal(other)) for other, _ in listed)


PRINCIPAL_REPORTS: dict[str, Callable[[_Asked], bytes]] = {
    _SEARCH: _principal_property_search,
    DAV + "principal-search-property-set": _principal_search_property_set,
    DAV + "principal-match": _principal_match,
    DAV + "acl-principal-prop-set": _acl_principal_prop_set,
}
