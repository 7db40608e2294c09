"""calendar-query (RFC 4791 7.8): the objects that match a filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest
from caldav_server.reports.filters import KINDS, read_filter
from caldav_server.xml import CALDAV
from practice.calendar_zone import zone_in, zone_named, zone_of
from practice.calendars import Span
from practice.use_cases.alarms import near_alarms
from practice.use_cases.reading import listing, overlapping, texts
from practice.vevent import CompFilter, matches, might_match

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from xml.etree.ElementTree import Element

    from practice.calendars import CalendarObject, ObjectHead
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.views import View

__all__ = ["Query", "find", "fits", "read_query", "read_zone"]

#: Of these the index knows exactly when they are.
_BY_INDEX = KINDS - {"VFREEBUSY"}


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, split in what the index answers (kind and time) and the rest.

    `zone` is that of whole days and floating times, where the query names one; `alarms` is when
    alarms ring that every match has.
    """

    component: str | None
    span: Span
    rest: CompFilter | None
    whole: CompFilter
    zone: tzinfo | None = None
    nothing: bool = False
    alarms: Span | None = None


def read_query(root: Element) -> Query:
    """Read the filter and the zone of a calendar-query; raises BadRequest, Refusal or Invalid."""
    whole = read_filter(root)
    zone = read_zone(root)
    if whole.absent:
        return Query(None, Span(), None, whole, nothing=True)  # all objects have a VCALENDAR
    asked = [comp for comp in whole.comps if not comp.absent and comp.name in KINDS]
    kinds = {comp.name for comp in asked}
    spans = [comp.span for comp in asked if comp.span is not None]
    alarms = [c.span for comp in asked for c in comp.comps if c.span is not None]
    exact = len(whole.comps) == len(asked) == 1 and asked[0].asks_only_for_kind
    answered = (exact and kinds <= _BY_INDEX) or not whole.comps
    return Query(
        component=next(iter(kinds)) if kinds else None,
        span=spans[0] if spans else Span(),
        rest=None if answered and not whole.props else whole,
        zone=zone,
        nothing=len(kinds) > 1,  # an object has components of one kind
        alarms=alarms[0] if alarms else None,
        whole=whole,
    )


def read_zone(root: Element) -> tzinfo | None:
    """Read timezone or timezone-id (RFC 4791 9.8, RFC 7809 6.4); None without either.

    Raises BadRequest, InvalidTimezone or UnknownTimezone.
    """
    texts, names = (root.findall(CALDAV + name) for name in ("timezone", "timezone-id"))
    if len(texts) + len(names) > 1:
        raise BadRequest("A report has one timezone or timezone-id.")
    if texts:
        return zone_in(texts[0].text or "")
    return zone_named(names[0].text or "") if names else None


def _uid_part(query: Query) -> str:
    """Return what every match has in its UID, "" if the filter does not say.

    Clients look for one object by its UID that way, and the index knows the UIDs.
    """
    asked = [
        prop.text.text
        for part in (query.rest.comps if query.rest else ())
        for prop in part.props
        if prop.name == "UID" and prop.text is not None and not prop.text.negate
    ]
    return asked[0] if len(asked) == 1 and query.component and asked[0].isascii() else ""


def fits(item: CalendarObject, view: View, query: Query, profile: Profile) -> bool:
    """Tell whether one object of the view matches, by its text alone."""
    source = next(one for one in view.sources if one.id == item.calendar_id)
    zone = query.zone or zone_of(source, profile)
    return not query.whole.absent and matches(item.text, query.whole, zone)


def find(
    uow: UnitOfWork, view: View, query: Query, profile: Profile, *, with_texts: bool = True
) -> Iterator[ObjectHead]:
    """Yield the objects that match; without texts where neither filter nor answer needs them.

    Where the index does not tell, texts are read as they come, and only those with all names and
    words of the filter in them are taken apart.
    """
    held = {component for source in view.sources for component in source.components}
    if query.nothing or (query.component is not None and query.component not in held):
        return
    if not with_texts and query.rest is None and query.span == Span():
        heads = listing(uow, view)
        yield from (head for head in heads if query.component in {None, head.component})
        return
    uid_part, found = _uid_part(query), texts(uow, view, query.component)
    if query.span == Span() and not uid_part and query.alarms is not None:
        found = near_alarms(uow, view, query.alarms, query.component, profile.zone)
    elif query.span != Span() or uid_part:
        kind, zone = query.component, profile.zone
        found = iter(overlapping(uow, view, query.span, kind, zone, uid_part, asked=query.zone))
    zones = {source.id: query.zone or zone_of(source, profile) for source in view.sources}
    for item in found:
        if query.rest is None or (
            might_match(item.text, query.rest)
            and matches(item.text, query.rest, zones[item.calendar_id])
        ):
            yield item
