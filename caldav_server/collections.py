"""PROPFIND and REPORT: what there is, from the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caldav_server.addresses import HOME, MOUNT, Addresses, href
from caldav_server.errors import Answer, BadRequest, Refusal
from caldav_server.finding import found_at
from caldav_server.members import Members
from caldav_server.people import People
from caldav_server.prefer import preferences
from caldav_server.properties import allprop, propstat, response, wants_stored
from caldav_server.reports.answer import Report, bounded, multistatus
from caldav_server.reports.freebusy import free_busy
from caldav_server.resources import (
    CalendarResource,
    HomeResource,
    ObjectResource,
    PrincipalResource,
    Resource,
    RootResource,
)
from caldav_server.timezones import zones_asked
from caldav_server.xml import CALDAV, DAV, XML_TYPE
from practice.errors import CalendarNotFound, ObjectNotFound
from practice.use_cases.properties import HOME as HOME_PLACE
from practice.use_cases.properties import PRINCIPAL as PRINCIPAL_PLACE
from practice.use_cases.reading import listing, objects_named, properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from caldav_server.people import Resources
    from caldav_server.scope import Scope
    from practice.access import Account
    from practice.calendars import CalendarPath, ObjectHead
    from practice.profile import Profile
    from practice.views import View

__all__ = ["Collections"]

#: What a propfind may have; what else is in it is passed over (RFC 4918 17).
_QUESTIONS = {DAV + name for name in ("propname", "allprop", "include", "prop")}


class Collections:
    """Answers for the mount, principals, the home and calendars."""

    def __init__(self, profile: Profile, addresses: Addresses, *, prepared: bool = True) -> None:
        self._profile = profile
        self._prepared = prepared  # see Members
        self._people = People(profile)
        self._addresses = addresses

    def propfind(
        self, scope: Scope, environ: dict[str, Any], path: str, root: Element | None
    ) -> Answer:
        """Answer PROPFIND (RFC 4918 9.1); depth infinity is refused, since nobody needs it.

        Without a Depth the RFC would have infinity, and clients that leave it out mean 0.
        """
        account = scope.signed_in()
        depth = environ.get("HTTP_DEPTH", "0").strip().lower()
        at = self._addresses.calendar_path(path)
        if depth == "infinity" and at is not None and at.object:
            depth = "0"  # there is nothing below an object
        if depth == "infinity":
            raise Refusal(403, "Ask with Depth 0 or 1.", "<propfind-finite-depth/>")
        if depth not in {"0", "1"}:
            raise BadRequest("Depth is 0 or 1.")
        ask, wished = _asked(root), preferences(environ)
        outside = environ.get("praxis.outside")  # an address of the host that clients probe
        children = depth == "1" and outside is None
        members = at is not None and not at.object and children
        found = self._resources(scope, account, path, children and not members, ask)
        if outside is not None:
            found = ((outside, resource) for _, resource in found)
        if wished.noroot and depth == "1":
            next(found)  # the resource itself (RFC 8144 3)
        parts = [response(a, ask.tell(resource, wished.minimal)) for a, resource in found]
        if at is not None and members:
            parts += self._members(scope, account, at, ask, wished.minimal)
        names = ("return", "depth-noroot") if depth == "1" else ("return",)
        applied = wished.applied(*names) if not wished.representation else {}
        return 207, XML_TYPE | applied, multistatus(parts)

    def _resources(
        self, scope: Scope, account: Account, path: str, children: bool, ask: _Asked
    ) -> Iterator[tuple[str, Resource]]:
        """Yield the resource at `path`, and what is right below it."""
        bare = path.strip("/")
        profile = self._profile
        if bare == "":
            yield MOUNT + "/", RootResource(account, profile)
        elif bare != account.name and (found := found_at(scope, profile, bare)) is not None:
            yield found
            return
        elif bare not in {account.name, HOME}:
            address_of = self._addresses.calendar_path(path)
            if address_of is None:
                raise CalendarNotFound("There is nothing at this address.")
            yield from self._in_calendar(scope, account, address_of, children, ask)
            return
        own = scope.unit.properties.of_account(account) if ask.stored() else {}
        if bare == account.name or (bare == "" and children):
            principal = PrincipalResource(account, profile, stored=own.get(PRINCIPAL_PLACE, {}))
            yield href(account.name), principal
        if bare == HOME or (bare == "" and children):
            yield href(HOME), HomeResource(account, profile, stored=own.get(HOME_PLACE, {}))
        for view in scope.views() if children and bare == HOME else ():
            calendar = CalendarResource(account, profile, view, own.get(view.calendar.id, {}))
            yield href(HOME, view.calendar.name), calendar

    def _in_calendar(
        self, scope: Scope, account: Account, at: CalendarPath, children: bool, ask: _Asked
    ) -> Iterator[tuple[str, Resource]]:
        view, uow = scope.view(at.calendar), scope.unit
        if at.object:
            item = objects_named(uow, view, [at.object]).get(at.object)
            if item is None:
                raise ObjectNotFound("There is no such object in the calendar.")
            found = self._told(scope, view, [item], ask)
        else:
            place = view.calendar.id
            own = uow.properties.of_account(account, [place]) if ask.stored() else {}
            yield (
                href(HOME, at.shown),
                CalendarResource(account, self._profile, view, own.get(place, {})),
            )
            found = self._told(scope, view, list(listing(uow, view)), ask) if children else iter(())
        for head, set_ in found:
            name = view.name_of(head.calendar_id, head.href)
            address = href(HOME, at.shown, name, collection=False)
            yield address, ObjectResource(account, self._profile, view, head, stored=set_)

    @staticmethod
    def _told(
        scope: Scope, view: View, heads: Sequence[ObjectHead], ask: _Asked
    ) -> Iterator[tuple[ObjectHead, Mapping[str, str]]]:
        """Yield objects and what clients have set of them."""
        wanted = heads and ask.stored(objects=True)
        kept = properties_of(scope.unit, view, heads) if wanted else {}
        for head in bounded(heads, ask.count):
            yield head, kept.get(head.id, {})

    def _members(
        self, scope: Scope, account: Account, at: CalendarPath, ask: _Asked, minimal: bool
    ) -> Iterator[str]:
        """Yield the response of each object in a calendar."""
        view = scope.view(at.calendar)

        def general(head: ObjectHead, _: str | None, stored: Mapping[str, str]) -> str:
            resource = ObjectResource(account, self._profile, view, head, stored=stored)
            return ask.tell(resource, minimal)

        members = Members(
            view, at.shown, ask.named, general, minimal=minimal, prepared=self._prepared
        )
        for head, stored in self._told(scope, view, list(listing(scope.unit, view)), ask):
            yield members.response(head, stored=stored)

    def report(
        self, scope: Scope, environ: dict[str, Any], path: str, root: Element | None
    ) -> Answer:
        """Answer REPORT (RFC 3253 3.6) on a calendar."""
        account = scope.signed_in()
        if root is None:
            raise BadRequest("A REPORT has a body that says which.")
        if self._people.answers(root):
            return self._people.report(scope, environ, path, root, self._found(scope, account))
        at = self._addresses.calendar_path(path)
        if at is None:
            return self._people.report_of_box(scope, path, root)
        view = scope.view(at.calendar)
        if root.tag == CALDAV + "free-busy-query" and not at.object:
            text = free_busy(scope.unit, view, root, self._profile)
            return 200, {"Content-Type": "text/calendar; charset=utf-8"}, text.encode()
        wished = preferences(environ)
        asked = self._asked(scope, view, at, root, environ, minimal=wished.minimal)
        reports = {
            CALDAV + "calendar-query": asked.calendar_query,
            CALDAV + "calendar-multiget": asked.calendar_multiget,
            DAV + "sync-collection": asked.sync_collection,
        }
        if root.tag not in reports or (at.object and root.tag == DAV + "sync-collection"):
            raise Refusal(403, "This report is not supported here.", "<supported-report/>")
        applied = wished.applied("return") if wished.minimal else {}
        return 207, XML_TYPE | applied, reports[root.tag]()

    def _asked(
        self,
        scope: Scope,
        view: View,
        at: CalendarPath,
        root: Element,
        environ: dict[str, Any],
        *,
        minimal: bool,
    ) -> Report:
        return Report(
            scope.unit,
            scope.signed_in(),
            self._profile,
            self._addresses,
            view,
            at.shown,
            root,
            environ.get("HTTP_DEPTH", "1").strip(),
            minimal,
            zones_asked(environ),
            at.object,
            environ["praxis.hosts"],
            self._prepared,
        )

    def _found(self, scope: Scope, account: Account) -> Resources:
        """Return what finds resources by their paths."""

        def found(path: str, children: bool, tags: list[str]) -> Iterator[tuple[str, Resource]]:
            ask = _Asked(tags, everything=False, names_only=False)
            return self._resources(scope, account, path, children, ask)

        return found

    def post(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Answer POST, which an outbox takes."""
        account = scope.signed_in()
        return self._people.post(scope, environ, path, self._found(scope, account))

    def acl(self, scope: Scope, path: str) -> Answer:
        """Answer ACL, which nothing takes."""
        return self._people.acl(path, self._found(scope, scope.signed_in()))


class _Asked:
    """What a PROPFIND asks of every resource."""

    def __init__(self, tags: list[str], everything: bool, names_only: bool) -> None:
        self._tags = tags
        self._everything = everything
        self._names_only = names_only

    @property
    def count(self) -> int:
        """How many properties it asks for by their names."""
        return len(self._tags)

    @property
    def named(self) -> list[str] | None:
        """The properties it asks for by their names, None where it asks for all."""
        return None if self._everything else self._tags

    def stored(self, *, objects: bool = False) -> bool:
        """Tell whether it asks for what clients have set, of objects or others."""
        return self._everything or wants_stored(self._tags, objects=objects)

    def tell(self, resource: Resource, minimal: bool) -> str:
        """Return the propstat elements for a resource."""
        tags = self._tags
        if self._everything:
            usual = allprop(resource, names_only=self._names_only)
            tags = [*usual, *(tag for tag in tags if tag not in usual)]
        return propstat(resource, tags, names_only=self._names_only, minimal=minimal)


def _asked(root: Element | None) -> _Asked:
    """Read a PROPFIND body; none at all asks for everything (RFC 4918 9.1)."""
    if root is None:
        return _Asked([], everything=True, names_only=False)
    if root.tag != DAV + "propfind":
        raise BadRequest("The body of a PROPFIND is a propfind element.")
    kinds = [child.tag for child in root if child.tag in _QUESTIONS]
    if kinds == [DAV + "propname"]:
        return _Asked([], everything=True, names_only=True)
    if kinds in ([DAV + "allprop"], [DAV + "allprop", DAV + "include"]):
        included = root.find(DAV + "include")
        tags = [child.tag for child in included] if included is not None else []
        return _Asked(list(dict.fromkeys(tags)), everything=True, names_only=False)
    if kinds != [DAV + "prop"]:
        raise BadRequest("A propfind has one of prop, allprop (with an include) and propname.")
    tags = [child.tag for prop in root.findall(DAV + "prop") for child in prop]
    return _Asked(list(dict.fromkeys(tags)), everything=False, names_only=False)
