"""calendar-query (RFC 4791 7.8): the objects that match a filter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest, Refusal
from caldav_server.xml import CALDAV
from practice.calendars import Span
from practice.use_cases.reading import overlapping
from practice.vevent import CompFilter, ParamFilter, PropFilter, TextMatch, matches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element
    from zoneinfo import ZoneInfo

    from practice.calendars import CalendarObject, View
    from practice.ports import UnitOfWork

__all__ = ["Query", "find", "read_query", "read_span"]

_UTC_TIME = re.compile(r"\d{8}T\d{6}Z")
_COLLATIONS = {"i;ascii-casemap": True, "i;unicode-casemap": True, "i;octet": False}


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, split in what the index answers (kind and time) and the rest."""

    component: str | None
    span: Span
    rest: CompFilter | None


def read_query(root: Element) -> Query:
    """Read the filter of a calendar-query; raises BadRequest or Refusal (supported-filter)."""
    filters = root.findall(CALDAV + "filter")
    if len(filters) != 1 or len(filters[0]) != 1 or filters[0][0].tag != CALDAV + "comp-filter":
        raise BadRequest("A calendar-query has one filter with one comp-filter.")
    outer = filters[0][0]
    if outer.get("name", "").upper() != "VCALENDAR":
        raise _unsupported("The outermost comp-filter is that of VCALENDAR.")
    whole = _comp(outer, top=True)
    inner = [child for child in outer if child.tag == CALDAV + "comp-filter"]
    span, component = Span(), None
    if len(inner) == 1 and inner[0].find(CALDAV + "is-not-defined") is None:
        component = inner[0].get("name", "").upper()
        limits = inner[0].find(CALDAV + "time-range")
        span = Span() if limits is None else read_span(limits)
    elif any(child.find(CALDAV + "time-range") is not None for child in inner):
        raise _unsupported("A time-range stands in one component.")
    answered = not whole.props and all(part.asks_only_for_kind for part in whole.comps)
    return Query(component, span, None if answered and len(inner) <= 1 else whole)


def _unsupported(sentence: str) -> Refusal:
    return Refusal(403, sentence, "<C:supported-filter/>")


def _comp(element: Element, *, top: bool = False, inside: bool = False) -> CompFilter:
    """Read a comp-filter; time ranges are read elsewhere and stand right below VCALENDAR only."""
    props, comps, absent = [], [], False
    for child in element:
        if child.tag == CALDAV + "is-not-defined":
            absent = True
        elif child.tag == CALDAV + "prop-filter":
            props.append(_prop(child))
        elif child.tag == CALDAV + "comp-filter":
            comps.append(_comp(child, inside=not top))
        elif child.tag != CALDAV + "time-range" or top or inside:
            raise _unsupported("The filter has a condition that is not supported there.")
    return CompFilter(_name(element), absent, tuple(props), tuple(comps))


def _prop(element: Element) -> PropFilter:
    text, params, absent = None, [], False
    for child in element:
        if child.tag == CALDAV + "is-not-defined":
            absent = True
        elif child.tag == CALDAV + "text-match":
            text = _text_match(child)
        elif child.tag == CALDAV + "param-filter":
            params.append(_param(child))
        else:
            raise _unsupported("Time ranges of properties are not supported.")
    return PropFilter(_name(element), absent, text, tuple(params))


def _param(element: Element) -> ParamFilter:
    match = element.find(CALDAV + "text-match")
    absent = element.find(CALDAV + "is-not-defined") is not None
    return ParamFilter(_name(element), absent, None if match is None else _text_match(match))


def _text_match(element: Element) -> TextMatch:
    collation = element.get("collation", "i;ascii-casemap")
    if collation not in _COLLATIONS:
        sentence = "Texts are compared by i;ascii-casemap, i;unicode-casemap or i;octet."
        raise Refusal(403, sentence, "<C:supported-collation/>")
    negate = element.get("negate-condition", "no").lower() == "yes"
    return TextMatch(element.text or "", negate, _COLLATIONS[collation])


def _name(element: Element) -> str:
    name = element.get("name", "").upper()
    if not name:
        raise BadRequest("A filter has a name.")
    return name


def read_span(element: Element) -> Span:
    """Read a time-range: UTC times, either of which may be left out."""
    start, end = (_seconds(element.get(name)) for name in ("start", "end"))
    if start is None and end is None:
        raise BadRequest("A time-range has a start or an end.")
    if start is not None and end is not None and end <= start:
        raise BadRequest("A time-range ends after it starts.")
    return Span(start, end)


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        if not _UTC_TIME.fullmatch(text):
            raise ValueError(text)
        return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise BadRequest("A time-range is told in UTC, as 20261224T080000Z.") from error


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


def find(uow: UnitOfWork, view: View, query: Query, zone: ZoneInfo) -> Iterator[CalendarObject]:
    """Yield the objects that match."""
    if query.component is not None and query.component not in view.calendar.components:
        return
    uid_part = _uid_part(query)
    for item in overlapping(uow, view, query.span, query.component, zone, uid_part):
        if query.rest is None or matches(item.text, query.rest):
            yield item
