"""PROPPATCH (RFC 4918 9.2): all that is asked for, or none of it.

Not here: the rules for values and rights (`practice.use_cases.properties`), nor what is told of
properties (`caldav_server.properties`).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caldav_server.addresses import HOME, Addresses, href
from caldav_server.dead import (
    LIVE_NAMES,
    instructions,
    name_of,
    stored_value,
    tag_of,
    with_language,
)
from caldav_server.errors import Answer, BadRequest, Refusal, need_privilege, reason_for
from caldav_server.finding import found_at
from caldav_server.preconditions import condition
from caldav_server.prefer import preferences
from caldav_server.principals import INBOX
from caldav_server.properties import is_protected, response
from caldav_server.reports.answer import multistatus
from caldav_server.resources import (
    CalendarResource,
    HomeResource,
    InboxResource,
    ObjectResource,
    PrincipalResource,
    RootResource,
)
from caldav_server.tokens import ctag
from caldav_server.xml import CALDAV, DAV, XML_TYPE, XmlError, empty, escape
from practice.access import may_set_properties
from practice.errors import (
    InvalidProperty,
    NotAllowed,
    ObjectNotFound,
    PracticeError,
    PropertiesRefused,
    ProtectedProperty,
)
from practice.properties import PERSONAL
from practice.use_cases import availability, properties
from practice.use_cases.reading import objects_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from caldav_server.dead import Instruction
    from caldav_server.scope import Scope
    from practice.calendars import CalendarPath
    from practice.profile import Profile
    from practice.views import View

__all__ = ["Asked", "Proppatch", "propstats"]


_LIVE_NAMES: Mapping[type, Mapping[str, str]] = {
    CalendarResource: LIVE_NAMES,
    InboxResource: {CALDAV + "calendar-availability": availability.NAME},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a body asks to be set: changes by stored name, and the tag each name stands for."""

    changes: Mapping[str, str | None]
    tags: Mapping[str, str]

    @classmethod
    def read(
        cls, kind: type, steps: Sequence[Instruction], before: Mapping[str, str] | None = None
    ) -> Asked:
        """Turn instructions for a resource of a class into changes; raises PropertiesRefused.

        `before` are stored properties that may have an older name for the same tag.
        """
        changes: dict[str, str | None] = {}
        tags: dict[str, str] = {}
        reasons: dict[str, PracticeError] = {}
        live = _LIVE_NAMES.get(kind, {})
        for one in steps:
            name = live.get(one.tag) or name_of(one.tag)
            tags[name] = one.tag
            if is_protected(kind, one.tag):
                reasons[one.tag] = ProtectedProperty("Only the server sets this property.")
                continue
            try:
                # What an account keeps for itself is kept as it was; of the others we read more.
                own = name in PERSONAL and before is not None
                changes[name] = stored_value(one.tag if own else name, one)
            except XmlError as error:
                reasons[one.tag] = InvalidProperty(str(error))
            changes.update(with_language(name, one))
            if name not in LIVE_NAMES.values():
                older = (old for old in before or () if old != name and tag_of(old) == one.tag)
                changes.update(dict.fromkeys(older))
        if reasons:
            raise PropertiesRefused(reasons)
        return cls(changes, tags)

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Let a refusal within name properties by their tags."""
        try:
            yield
        except PropertiesRefused as error:
            found = {self.tags.get(name, name): reason for name, reason in error.reasons.items()}
            raise PropertiesRefused(found) from error


def propstats(tags: Sequence[str], reasons: Mapping[str, PracticeError | Refusal]) -> str:
    """Return the propstat elements for properties that were refused, and for all others.

    Without reasons all were set; with some, the others depended on them (RFC 4918 9.2.1).
    """
    parts = []
    for tag in tags:
        if tag in reasons:
            status, element = reason_for(reasons[tag])
            told = f"<error>{element}</error>" if element else ""
            sentence = f"<responsedescription>{escape(str(reasons[tag]))}</responsedescription>"
            parts.append(
                f"<propstat><prop>{empty(tag)}</prop><status>HTTP/1.1 {status}</status>"
                f"{told}{sentence}</propstat>"
            )
    rest = "".join(empty(tag) for tag in tags if tag not in reasons)
    if rest or not parts:
        status = "424 Failed Dependency" if reasons else "200 OK"
        parts.append(f"<propstat><prop>{rest}</prop><status>HTTP/1.1 {status}</status></propstat>")
    return "".join(parts)


class Proppatch:
    """Answers PROPPATCH for everything that has an address."""

    def __init__(self, profile: Profile, addresses: Addresses) -> None:
        self._profile = profile
        self._addresses = addresses

    def answer(
        self, scope: Scope, environ: dict[str, Any], path: str, root: Element | None
    ) -> Answer:
        """Set and remove properties in one transaction."""
        account = scope.signed_in()
        at = self._addresses.calendar_path(path)
        bare = path.strip("/")
        own = {
            "": (RootResource, None),
            HOME: (HomeResource, properties.HOME),
            account.name: (PrincipalResource, properties.PRINCIPAL),
            f"{account.name}/{INBOX}": (InboxResource, properties.INBOX),
        }
        if at is None and bare not in own:
            found = found_at(scope, self._profile, bare)
            if found is None:
                raise ObjectNotFound("There is nothing at this address.")
            raise need_privilege(found[0], "write-properties", "Nothing is set here.")
        address = href(HOME, at.shown) if at else href(*([bare] if bare else []))
        if at is not None and at.object:
            address = href(HOME, at.shown, at.object, collection=False)
        if at is not None:
            self._refuse_early(scope, at, address)
        steps = _steps(root)
        tags = [one.tag for one in steps]
        try:
            if at is not None:
                self._in_calendar(scope, environ, at, steps)
            else:
                self._own(scope, *own[bare], steps)
        except NotAllowed as error:
            raise need_privilege(address, "write-properties", str(error)) from error
        except PropertiesRefused as error:
            return 207, XML_TYPE, multistatus([response(address, propstats(tags, error.reasons))])
        asked = preferences(environ)
        if asked.minimal:
            return 200, asked.applied("return"), b""
        return 207, XML_TYPE, multistatus([response(address, propstats(tags, {}))])

    def _own(
        self, scope: Scope, kind: type, place: int | None, steps: Sequence[Instruction]
    ) -> None:
        asked = Asked.read(kind, steps)
        if place is None:
            raise NotAllowed("Nothing is set here.")
        with scope.writing() as uow, asked.naming():
            if kind is InboxResource:
                availability.set_inbox_properties(uow, scope.signed_in(), asked.changes)
            else:
                properties.set_own_properties(uow, scope.signed_in(), place, asked.changes)

    def _in_calendar(
        self,
        scope: Scope,
        environ: dict[str, Any],
        at: CalendarPath,
        steps: Sequence[Instruction],
    ) -> None:
        with scope.writing() as uow:
            account, view = scope.signed_in(), scope.view(at.calendar)
            if at.object:
                asked = Asked.read(ObjectResource, steps)
                with asked.naming():
                    self._of_object(scope, environ, view, at.object, asked)
                return
            condition(environ).check(ctag(view), view.changed)
            asked = Asked.read(CalendarResource, steps, view.calendar.properties)
            with asked.naming():
                properties.set_calendar_properties(uow, account, view, asked.changes, self._profile)

    def _of_object(
        self, scope: Scope, environ: dict[str, Any], view: View, name: str, asked: Asked
    ) -> None:
        item = objects_named(scope.unit, view, [name]).get(name)
        if item is None:
            raise ObjectNotFound("There is no such object in the calendar.")
        condition(environ).check(item.etag, item.changed)
        account = scope.signed_in()
        properties.set_object_properties(scope.unit, account, view, item, asked.changes)

    def _refuse_early(self, scope: Scope, at: CalendarPath, address: str) -> None:
        """Refuse what is not there, and who may set nothing of it, before reading what."""
        view = scope.view(at.calendar)
        if not at.object:
            return
        if not objects_named(scope.unit, view, [at.object]):
            raise ObjectNotFound("There is no such object in the calendar.")
        calendar, _ = view.locate(at.object)
        if not may_set_properties(scope.signed_in(), calendar):
            sentence = "You may not set properties of this object."
            raise need_privilege(address, "write-properties", sentence)


def _steps(root: Element | None) -> list[Instruction]:
    if root is None or root.tag != DAV + "propertyupdate":
        raise BadRequest("The body of a PROPPATCH is a propertyupdate element.")
    if not any(child.tag in {DAV + "set", DAV + "remove"} for child in root):
        raise BadRequest("A propertyupdate sets or removes something.")
    return instructions(root)
