"""MKCALENDAR (RFC 4791 5.3.1) and extended MKCOL (RFC 5689): a new calendar of no doctor.

Not here: setting properties of one that is there (`caldav_server.proppatch`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caldav_server.addresses import HOME, Addresses, href
from caldav_server.dead import Instruction, instructions
from caldav_server.errors import Answer, BadRequest, Refusal, need_privilege, reason_for
from caldav_server.principals import INBOX, OUTBOX
from caldav_server.properties import response
from caldav_server.proppatch import Asked, propstats
from caldav_server.reports.answer import multistatus
from caldav_server.resources import CalendarResource
from caldav_server.xml import CALDAV, DAV, NAMESPACES, XML_TYPE, XmlError, document, parse
from practice.access import may_manage_calendars
from practice.calendars import ALL_COMPONENTS, COMPONENTS
from practice.errors import (
    InvalidName,
    NameTaken,
    PracticeError,
    PropertiesRefused,
    UnsupportedComponent,
)
from practice.use_cases.calendars import make_calendar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from caldav_server.scope import Scope

__all__ = ["Making"]

_COMPONENTS = CALDAV + "supported-calendar-component-set"
_TYPE = DAV + "resourcetype"
_LOCATION = "<C:calendar-collection-location-ok/>"
_NULL = "<resource-must-be-null/>"
#: Media types of a body that is XML; some clients say nothing.
_XML_TYPES = {"", "application/xml", "text/xml"}


class Making:
    """Answers MKCALENDAR and MKCOL."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def mkcalendar(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Make a calendar; the body, if there is one, has its properties."""
        root = _body(scope, environ)
        if root is not None and root.tag != CALDAV + "mkcalendar":
            raise BadRequest("The body of a MKCALENDAR is a mkcalendar element.")
        name = self._name(scope, path, taken=403)
        try:
            return self._made(scope, name, instructions(root) if root is not None else [])
        except PropertiesRefused as error:
            return self._refused(path, root, error)

    def mkcol(self, scope: Scope, environ: dict[str, Any], path: str) -> Answer:
        """Make a calendar, if that is what is asked for; there are no other collections."""
        root = _body(scope, environ)
        if root is not None and root.tag != DAV + "mkcol":
            raise Refusal(415, "The body of a MKCOL is a mkcol element.")
        name = self._name(scope, path, taken=405)
        steps = instructions(root) if root is not None else []
        tags = [one.tag for one in steps]
        wanted = next((one for one in steps if one.tag == _TYPE), None)
        if not _is_calendar(wanted):
            sentence = "Only calendars are made here: a collection that is a calendar."
            element = "<valid-resourcetype/>"
            if wanted is None:
                raise Refusal(403, sentence, element)
            told = propstats(tags, {_TYPE: Refusal(403, sentence, element)})
            return 403, XML_TYPE, _document("mkcol-response", told)
        try:
            return self._made(scope, name, steps)
        except PropertiesRefused as error:
            return 403, XML_TYPE, _document("mkcol-response", propstats(tags, error.reasons))

    def _name(self, scope: Scope, path: str, *, taken: int) -> str:
        """Return the name of the calendar to be; raises Refusal where there can be none."""
        account = scope.signed_in()
        parts = [part for part in path.split("/") if part]
        at = self._addresses.calendar_path(path)
        boxes = (f"{account.name}/{box}" for box in (INBOX, OUTBOX))
        own = {"", HOME, account.name, *boxes}
        there = "/".join(parts) in own
        if there or (at is not None and not at.object and scope.find(at.calendar) is not None):
            raise Refusal(taken, "There is something at this address.", _NULL)
        parent = "/".join(parts[:-1])
        if parent not in own and not self._is_there(scope, parts[:-1]):
            raise Refusal(409, "There is no collection to make a calendar in.")
        if parent != HOME or at is None:
            raise Refusal(403, "Calendars are made right below the calendar home.", _LOCATION)
        if not may_manage_calendars(account):
            raise need_privilege(href(HOME), "bind", "You may not make calendars.")
        reserved = {name.casefold() for name in self._addresses.aliases}
        if at.shown != at.calendar or at.calendar.casefold() in reserved:
            raise Refusal(403, "This name stands for another calendar.", _LOCATION)
        return at.calendar

    def _is_there(self, scope: Scope, parts: Sequence[str]) -> bool:
        at = self._addresses.calendar_path("/".join(parts))
        return at is not None and not at.object and scope.find(at.calendar) is not None

    def _made(self, scope: Scope, name: str, steps: Sequence[Instruction]) -> Answer:
        kept = [one for one in steps if one.tag not in {_COMPONENTS, _TYPE}]
        reasons: dict[str, PracticeError] = {}
        components: tuple[str, ...] = COMPONENTS
        for one in steps:
            if one.element is None:
                raise BadRequest("What is not there yet has no properties to remove.")
            if one.tag == _COMPONENTS:
                try:
                    components = _components(one.element)
                except UnsupportedComponent as error:
                    reasons[one.tag] = error
            if one.tag == _TYPE and not _is_calendar(one):
                kept.append(one)  # and it is refused as the protected property it is
        try:
            asked = Asked.read(CalendarResource, kept)
        except PropertiesRefused as error:
            raise PropertiesRefused({**reasons, **error.reasons}) from error
        if reasons:
            raise PropertiesRefused(reasons)
        try:
            with scope.writing() as uow, asked.naming():
                make_calendar(uow, scope.signed_in(), name, asked.changes, components)
        except InvalidName as error:
            raise Refusal(403, str(error), _LOCATION) from error
        except NameTaken as error:  # since we looked
            raise Refusal(409, str(error), _NULL) from error
        return 201, {"Cache-Control": "no-cache"}, None

    def _refused(self, path: str, root: Element | None, error: PropertiesRefused) -> Answer:
        """Tell of the precondition that was not met, else of each property (RFC 4791 5.3.1)."""
        elements = [reason_for(reason) for reason in error.reasons.values()]
        if all(element.startswith("<C:") for _, element in elements):
            reason = next(iter(error.reasons.values()))
            raise Refusal(403, str(reason), elements[0][1]) from error
        tags = [one.tag for one in instructions(root)] if root is not None else []
        address = href(*(part for part in path.split("/") if part))
        return 207, XML_TYPE, multistatus([response(address, propstats(tags, error.reasons))])


def _body(scope: Scope, environ: dict[str, Any]) -> Element | None:
    scope.signed_in()  # what nobody has sent is not worth reading
    body: bytes = environ["wsgi.input"].read()
    kind = environ.get("CONTENT_TYPE", "").split(";")[0].strip().lower()
    if body.strip() and kind not in _XML_TYPES and not kind.endswith("+xml"):
        raise Refusal(415, "The body is XML.")
    try:
        return parse(body)
    except XmlError as error:
        raise BadRequest(str(error)) from error


def _is_calendar(one: Instruction | None) -> bool:
    if one is None or one.element is None:
        return False
    return {child.tag for child in one.element} == {DAV + "collection", CALDAV + "calendar"}


def _components(element: Element) -> tuple[str, ...]:
    """Return the components a calendar is to take, in our order; raises UnsupportedComponent."""
    asked = {child.get("name", "").upper() for child in element if child.tag == CALDAV + "comp"}
    if "" in asked:
        raise BadRequest("A component has a name.")
    if not asked or not asked <= set(ALL_COMPONENTS):
        raise UnsupportedComponent(f"Calendars take {', '.join(ALL_COMPONENTS)} only.")
    return tuple(name for name in ALL_COMPONENTS if name in asked)


def _document(name: str, content: str) -> bytes:
    return document(f"<{name}{NAMESPACES}>{content}</{name}>")
