"""The multistatus reports: which objects, and what of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from caldav_server.addresses import HOME, Addresses, href
from caldav_server.errors import BadRequest, Refusal
from caldav_server.members import Members
from caldav_server.properties import allprop, propstat, response, wants_stored
from caldav_server.reports.calendar_data import DATA, Texts
from caldav_server.reports.query import find, fits, read_query
from caldav_server.reports.sync import TOO_MANY, find_part, read_sync
from caldav_server.resources import ObjectResource
from caldav_server.xml import DAV, NAMESPACES, document
from practice.calendars import CalendarObject
from practice.errors import ObjectNotFound
from practice.use_cases.reading import objects_named, properties_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from practice.access import Account
    from practice.calendars import ObjectHead
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.views import View

__all__ = ["Report", "bounded", "multistatus"]

#: Hrefs in one multiget; clients send 10 to 100.
MOST_HREFS = 5000
#: Properties in one answer, those of each resource counted: some dozens of the largest calendars'.
MOST_TOLD = 3_000_000
#: What clients have set of objects, by id.
Kept = Mapping[int, Mapping[str, str]]
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was asked: of which calendar, shown under which address, with what body."""

    uow: UnitOfWork
    account: Account
    profile: Profile
    addresses: Addresses
    view: View
    shown: str
    root: Element
    depth: str = "1"
    minimal: bool = False
    #: What a text is handed out as (RFC 7809).
    handed_out: Callable[[str], str] = str
    #: The object that the report is run on; "" for the calendar.
    only: str = ""
    hosts: frozenset[str] = frozenset()
    #: See `Members`.
    prepared: bool = True
    texts: Texts = field(init=False)
    tags: list[str] = field(init=False)
    members: Members = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", Texts(self.root, self.view, self.profile))
        object.__setattr__(self, "tags", _tags(self.root))
        members = Members(
            self.view,
            self.shown,
            None if self._asks_for("allprop", "propname") else self.tags,
            self._general,
            minimal=self.minimal,
            prepared=self.prepared,
        )
        object.__setattr__(self, "members", members)

    def sync_collection(self) -> bytes:
        """Answer RFC 6578: what changed since a token; everything without one."""
        asked = read_sync(self.root, self.depth)
        part = find_part(self.uow, self.view, asked)
        parts = list(self._told(part.changed))
        parts += [response(self._href(self.view.name_of(*gone))) for gone in part.removed]
        if part.more:
            parts.append(response(href(HOME, self.shown), TOO_MANY))
        return multistatus(parts, part.token)

    def calendar_multiget(self) -> bytes:
        """Answer RFC 4791 7.9: the objects under the hrefs given, 404 for the others."""
        hrefs = [element.text or "" for element in self.root.findall(DAV + "href")]
        if not hrefs:
            raise BadRequest("A calendar-multiget has hrefs.")
        if len(hrefs) > MOST_HREFS:
            raise Refusal(403, f"A calendar-multiget has at most {MOST_HREFS} hrefs.")
        names = {one: self._name(one) for one in dict.fromkeys(hrefs)}
        found = objects_named(self.uow, self.view, {name for name in names.values() if name})
        kept = self._kept(list(found.values()))
        items = ((one, found.get(name or "")) for one, name in names.items())
        return multistatus(
            response(one, self._propstat(item, kept)) if item else response(one)
            for one, item in bounded(items, len(self.tags))
        )

    def calendar_query(self) -> bytes:
        """Answer RFC 4791 7.8."""
        query = read_query(self.root)
        if self.only:
            one = objects_named(self.uow, self.view, [self.only]).get(self.only)
            if one is None:
                raise ObjectNotFound("There is no such object in the calendar.")
            there = [one] if fits(one, self.view, query, self.profile) else []
            return multistatus(self._told(there))
        if self.depth == "0":  # the calendar itself is no calendar object
            return multistatus(())
        with_texts = DATA in self.tags
        found = find(self.uow, self.view, query, self.profile, with_texts=with_texts)
        return multistatus(self._told(found))

    def _told(self, heads: Iterable[ObjectHead]) -> Iterator[str]:
        """Yield a response for each object; texts are fetched only if they are asked for."""
        items: Iterable[ObjectHead] = heads
        if DATA in self.tags:
            items = self._with_texts(list(heads))
        kept: Kept = {}
        if self._wants_stored():
            items = list(items)
            kept = self._kept(items)
        for item in bounded(items, len(self.tags)):
            yield self.members.response(item, self._data(item), kept.get(item.id))

    def _kept(self, heads: Sequence[ObjectHead]) -> Kept:
        """Return what clients have set of objects, if that is asked for."""
        return properties_of(self.uow, self.view, heads) if self._wants_stored() and heads else {}

    def _wants_stored(self) -> bool:
        return self._asks_for("allprop", "propname") or wants_stored(self.tags, objects=True)

    def _asks_for(self, *names: str) -> bool:
        return any(self.root.find(DAV + name) is not None for name in names)

    def _propstat(self, item: CalendarObject, kept: Kept) -> str:
        return self.members.propstat(item, self._data(item), kept.get(item.id))

    def _data(self, item: ObjectHead) -> str | None:
        """Return what is handed out of an object's text."""
        if not isinstance(item, CalendarObject):
            return None
        return self.handed_out(self.texts.of(item))

    def _general(self, item: ObjectHead, data: str | None, stored: Mapping[str, str]) -> str:
        resource = ObjectResource(self.account, self.profile, self.view, item, data, stored)
        if self._asks_for("propname"):
            return propstat(resource, allprop(resource, names_only=True), names_only=True)
        tags = allprop(resource) if self._asks_for("allprop") else self.tags
        return propstat(resource, tags, minimal=self.minimal)

    def _with_texts(self, heads: list[ObjectHead]) -> Iterator[ObjectHead]:
        bare = [head for head in heads if not isinstance(head, CalendarObject)]
        if not bare:
            yield from heads
            return
        names = [self.view.name_of(head.calendar_id, head.href) for head in bare]
        yield from objects_named(self.uow, self.view, names).values()

    def _name(self, one: str) -> str | None:
        """Return the name in the view that an href leads to, None for one elsewhere."""
        if name := self.members.hrefs.name_in(one):
            return name
        path = self.addresses.from_href(one, self.hosts)
        if path is None or path.calendar != self.view.calendar.name:
            return None
        return path.object or None

    def _href(self, name: str) -> str:
        return href(HOME, self.shown, name, collection=False)


def _tags(root: Element) -> list[str]:
    """Return the properties asked for by their names."""
    prop = root.find(DAV + "prop")
    return [] if prop is None else list(dict.fromkeys(element.tag for element in prop))


def bounded(found: Iterable[_Found], each: int) -> Iterator[_Found]:
    """Yield what is found, of which `each` properties are told; raises Refusal for too many."""
    most = MOST_TOLD // max(each, 1)
    known = len(found) if isinstance(found, Sized) else 0
    for count, one in enumerate(found, 1):
        if max(count, known) > most:
            sentence = "The answer would be too long; ask for fewer properties."
            raise Refusal(403, sentence, "<number-of-matches-within-limits/>")
        yield one


def multistatus(parts: Iterable[str], token: str = "") -> bytes:
    """Return a multistatus document, with the new sync-token if there is one."""
    end = f"<sync-token>{token}</sync-token>" if token else ""
    return document(f"<multistatus{NAMESPACES}>{''.join(parts)}{end}</multistatus>")
