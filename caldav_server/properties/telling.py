"""Properties as XML: what one resource has of those asked for, and what it has not.

Not here: what they are (`caldav_server.properties.tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from caldav_server.dead import LIVE_NAMES, tag_of, told
from caldav_server.properties.tables import TABLES
from caldav_server.resources import CalendarResource, Resource, RootResource
from caldav_server.xml import DAV, empty, hrefs, wrap
from practice.errors import NotAllowed
from practice.properties import LANGUAGE

__all__ = ["allprop", "propstat", "propstats", "response", "response_at"]

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
_OK = "<status>HTTP/1.1 200 OK</status>"
_NOT_FOUND = "<status>HTTP/1.1 404 Not Found</status>"
_FORBIDDEN = "<status>HTTP/1.1 403 Forbidden</status><error><need-privileges/></error>"


def allprop(resource: Resource, *, names_only: bool = False) -> list[str]:
    """Return the tags that allprop (or propname: all there are) stands for."""
    usual = _LIVE_IN_ALLPROP
    if type(resource) is RootResource:
        # Clients that lose their question on the way here by a redirect (RFC 6764) find on.
        usual |= {DAV + "current-user-principal"}
    chosen = [
        tag
        for tag, tell in TABLES[type(resource)].items()
        if (names_only or tag in usual) and _has(tell, resource)
    ]
    return [*chosen, *_stored(resource)]


def _has(tell: Callable[[Any], str | None], resource: Resource) -> bool:
    try:
        return tell(resource) is not None
    except NotAllowed:
        return False


def propstat(
    resource: Resource,
    tags: Iterable[str],
    *,
    names_only: bool = False,
    minimal: bool = False,
    expanded: Callable[[str, str], str] = lambda _, value: value,
) -> str:
    """Return the propstat elements for the tags: those it has, has not, and does not tell.

    A minimal answer has the first alone (RFC 8144 2.1). `expanded` makes of a tag and its value
    what is told instead (RFC 3253 3.8).
    """
    if names_only:
        return f"<propstat><prop>{''.join(map(empty, tags))}</prop>{_OK}</propstat>"
    table, stored = TABLES[type(resource)], None
    parts: dict[str, list[str]] = {_OK: [], _NOT_FOUND: [], _FORBIDDEN: []}
    for tag in tags:
        teller = table.get(tag)
        try:
            value = teller(resource) if teller else None
        except NotAllowed:
            parts[_FORBIDDEN].append(empty(tag))
            continue
        if value is not None:
            parts[_OK].append(wrap(tag, expanded(tag, value), _language(resource, tag)))
            continue
        if teller is None:
            stored = _stored(resource) if stored is None else stored
        if stored and tag in stored:
            parts[_OK].append(stored[tag])
        else:
            parts[_NOT_FOUND].append(empty(tag))
    if minimal:
        parts[_NOT_FOUND], parts[_FORBIDDEN] = [], []
    return propstats(parts[_OK], parts[_NOT_FOUND], parts[_FORBIDDEN])


def propstats(there: list[str], missing: list[str], forbidden: Sequence[str] = ()) -> str:
    """Return the propstat elements around properties; without any, that all is well."""
    parts = {_OK: there, _NOT_FOUND: missing, _FORBIDDEN: forbidden}
    told_ = [status for status in parts if parts[status]] or [_OK]
    return "".join(
        f"<propstat><prop>{''.join(parts[status])}</prop>{status}</propstat>" for status in told_
    )


def _stored(resource: Resource) -> dict[str, str]:
    """Return what clients have set beside live properties: elements by their tags."""
    live = TABLES[type(resource)]
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


def response(address: str, content: str = _NOT_FOUND) -> str:
    """Return the response element of one resource; without content, that it is not there."""
    return f"<response>{hrefs(address)}{content}</response>"


def response_at(address: str, content: str) -> str:
    """Return the response element of a resource whose address is XML already."""
    return f"<response><href>{address}</href>{content}</response>"
