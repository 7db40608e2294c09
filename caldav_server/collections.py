"""PROPFIND and REPORT: what there is, from the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caldav_server.addresses import HOME, MOUNT, Addresses, href
from caldav_server.errors import Answer, BadRequest, Refusal
from caldav_server.properties import allprop, propstat, response
from caldav_server.reports.answer import Report, multistatus
from caldav_server.reports.freebusy import free_busy
from caldav_server.resources import (
    CalendarResource,
    HomeResource,
    ObjectResource,
    PrincipalResource,
    Resource,
    RootResource,
)
from caldav_server.xml import CALDAV, DAV
from practice.errors import CalendarNotFound, ObjectNotFound
from practice.use_cases.reading import listing, objects_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from caldav_server.scope import Scope
    from practice.access import Account
    from practice.calendars import CalendarPath
    from practice.profile import Profile

__all__ = ["Collections"]

_XML = {"Content-Type": "application/xml; charset=utf-8"}


class Collections:
    """Answers for the mount, principals, the home and calendars."""

    def __init__(self, profile: Profile, addresses: Addresses) -> None:
        self._profile = profile
        self._addresses = addresses

    def propfind(
        self, scope: Scope, environ: dict[str, Any], path: str, root: Element | None
    ) -> Answer:
        """Answer PROPFIND (RFC 4918 9.1); depth infinity is refused, since nobody needs it."""
        account = scope.signed_in()
        depth = environ.get("HTTP_DEPTH", "0").strip().lower()
        if depth == "infinity":
            raise Refusal(403, "Ask with Depth 0 or 1.", "<propfind-finite-depth/>")
        if depth not in {"0", "1"}:
            raise BadRequest("Depth is 0 or 1.")
        ask = _asked(root)
        outside = environ.get("praxis.outside")  # an address of the host that clients probe
        found = self._resources(scope, account, path, depth == "1" and outside is None)
        if outside is not None:
            found = ((outside, resource) for _, resource in found)
        parts = [response(address, ask.tell(resource)) for address, resource in found]
        return 207, _XML, multistatus(parts)

    def _resources(
        self, scope: Scope, account: Account, path: str, children: bool
    ) -> Iterator[tuple[str, Resource]]:
        """Yield the resource at `path`, and what is right below it."""
        bare = path.strip("/")
        profile = self._profile
        home = (href(HOME), HomeResource(account, profile))
        if bare == "":
            yield MOUNT + "/", RootResource(account, profile)
            if children:
                yield href(account.name), PrincipalResource(account, profile)
                yield home
        elif bare == account.name:
            yield href(account.name), PrincipalResource(account, profile)
        elif bare == HOME:
            yield home
            for view in scope.views() if children else ():
                address = href(HOME, view.calendar.name)
                yield address, CalendarResource(account, profile, view)
        else:
            address_of = self._addresses.calendar_path(path)
            if address_of is None:
                raise CalendarNotFound("There is nothing at this address.")
            yield from self._in_calendar(scope, account, address_of, children)

    def _in_calendar(
        self, scope: Scope, account: Account, at: CalendarPath, children: bool
    ) -> Iterator[tuple[str, Resource]]:
        view = scope.view(at.calendar)
        if at.object:
            item = objects_named(scope.unit, view, [at.object]).get(at.object)
            if item is None:
                raise ObjectNotFound("There is no such object in the calendar.")
            address = href(HOME, at.shown, at.object, collection=False)
            yield address, ObjectResource(account, self._profile, view, item)
            return
        yield href(HOME, at.shown), CalendarResource(account, self._profile, view)
        for head in listing(scope.unit, view) if children else ():
            name = view.name_of(head.calendar_id, head.href)
            address = href(HOME, at.shown, name, collection=False)
            yield address, ObjectResource(account, self._profile, view, head)

    def report(
        self, scope: Scope, environ: dict[str, Any], path: str, root: Element | None
    ) -> Answer:
        """Answer REPORT (RFC 3253 3.6) on a calendar."""
        account = scope.signed_in()
        if root is None:
            raise BadRequest("A REPORT has a body that says which.")
        at = self._addresses.calendar_path(path)
        if at is None:
            raise Refusal(403, "Reports are run on calendars.", "<supported-report/>")
        view = scope.view(at.calendar)
        if root.tag == CALDAV + "free-busy-query" and not at.object:
            text = free_busy(scope.unit, view, root, self._profile)
            return 200, {"Content-Type": "text/calendar; charset=utf-8"}, text.encode()
        depth = environ.get("HTTP_DEPTH", "1").strip()
        asked = Report(
            scope.unit, account, self._profile, self._addresses, view, at.shown, root, depth
        )
        reports = {
            CALDAV + "calendar-query": asked.calendar_query,
            CALDAV + "calendar-multiget": asked.calendar_multiget,
            DAV + "sync-collection": asked.sync_collection,
        }
        if root.tag not in reports or (at.object and root.tag != CALDAV + "calendar-multiget"):
            raise Refusal(403, "This report is not supported here.", "<supported-report/>")
        return 207, _XML, reports[root.tag]()


class _Asked:
    """What a PROPFIND asks of every resource."""

    def __init__(self, tags: list[str], everything: bool, names_only: bool) -> None:
        self._tags = tags
        self._everything = everything
        self._names_only = names_only

    def tell(self, resource: Resource) -> str:
        """Return the propstat elements for a resource."""
        tags = self._tags
        if self._everything:
            usual = allprop(resource, names_only=self._names_only)
            tags = [*usual, *(tag for tag in tags if tag not in usual)]
        return propstat(resource, tags, names_only=self._names_only)


def _asked(root: Element | None) -> _Asked:
    """Read a PROPFIND body; none at all asks for everything (RFC 4918 9.1)."""
    if root is None:
        return _Asked([], everything=True, names_only=False)
    if root.tag != DAV + "propfind":
        raise BadRequest("The body of a PROPFIND is a propfind element.")
    if root.find(DAV + "propname") is not None:
        return _Asked([], everything=True, names_only=True)
    if root.find(DAV + "allprop") is not None:
        included = root.find(DAV + "include")
        tags = [child.tag for child in included] if included is not None else []
        return _Asked(tags, everything=True, names_only=False)
    prop = root.find(DAV + "prop")
    if prop is None:
        raise BadRequest("A propfind has prop, allprop or propname.")
    return _Asked(list(dict.fromkeys(child.tag for child in prop)), False, False)
