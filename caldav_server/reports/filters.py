"""The filter element of a calendar-query, read into records (RFC 4791 9.7).

What the RFC does not allow is refused by its precondition valid-filter, what is not known here by
supported-filter. Not here: what a filter means (`practice.vevent.filtering`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest, Refusal
from caldav_server.reports.ranges import read_span
from caldav_server.xml import CALDAV, escape
from practice.vevent import Collation, CompFilter, ParamFilter, PropFilter, TextMatch

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from practice.facts import Span

__all__ = ["KINDS", "read_filter"]

#: What stands right below VCALENDAR and has a time.
KINDS = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})
#: Where components may stand; those that are not here may stand anywhere.
_PARENTS: dict[str, frozenset[str]] = {
    "VCALENDAR": frozenset(),
    **dict.fromkeys([*KINDS, "VTIMEZONE"], frozenset({"VCALENDAR"})),
    "VALARM": frozenset({"VEVENT", "VTODO"}),
    "STANDARD": frozenset({"VTIMEZONE"}),
    "DAYLIGHT": frozenset({"VTIMEZONE"}),
    "AVAILABLE": frozenset({"VAVAILABILITY"}),
}
#: Properties that have no time in them (RFC 5545 3.8), so that none can be asked for.
_TIMELESS = frozenset(
    """ACTION ATTACH ATTENDEE CALSCALE CATEGORIES CLASS COLOR COMMENT CONTACT DESCRIPTION DURATION
    EXRULE GEO LOCATION METHOD ORGANIZER PERCENT-COMPLETE PRIORITY PRODID RELATED-TO REPEAT
    REQUEST-STATUS RESOURCES RRULE SEQUENCE STATUS SUMMARY TRANSP TZID TZNAME TZOFFSETFROM
    TZOFFSETTO TZURL UID URL VERSION""".split()  # noqa: SIM905 - names to be read
)
_COLLATIONS = {**{str(one): one for one in Collation}, "default": Collation.ASCII_CASEMAP}
_ABSENT = CALDAV + "is-not-defined"
_RANGE = CALDAV + "time-range"
_TEXT = CALDAV + "text-match"
_COMP = CALDAV + "comp-filter"
_PROP = CALDAV + "prop-filter"
_PARAM = CALDAV + "param-filter"


def read_filter(root: Element) -> CompFilter:
    """Read the filter of a report: the comp-filter of VCALENDAR.

    Raises BadRequest without one, or a Refusal (valid-filter, supported-filter,
    supported-collation, min-date-time, max-date-time).
    """
    filters = root.findall(CALDAV + "filter")
    if len(filters) != 1:
        raise BadRequest("A calendar-query has one filter.")
    inside = list(filters[0])
    if len(inside) != 1 or inside[0].tag != _COMP:
        raise _invalid("A filter has one comp-filter, that of VCALENDAR.")
    if _name(inside[0]) != "VCALENDAR":
        raise _unsupported(_name(inside[0]), "Objects here are VCALENDARs.")
    return _comp(inside[0], "")


def _comp(element: Element, parent: str) -> CompFilter:
    name = _name(element)
    if parent and parent not in _PARENTS.get(name, frozenset({parent})):
        raise _invalid(f"{name[:40]} does not stand in {parent[:40]}.")
    if _is_absent(element):
        return CompFilter(name, absent=True)
    span = _span(element)
    if span is not None and name not in KINDS and name != "VALARM":
        if name == "VCALENDAR" or name in _PARENTS:
            raise _invalid(f"{name} has no time-range.")
        raise _unsupported(name, "Of this component the time is not known.")
    props = tuple(_prop(child) for child in element if child.tag == _PROP)
    comps = tuple(_comp(child, name) for child in element if child.tag == _COMP)
    _know(element, {_RANGE, _PROP, _COMP})
    return CompFilter(name, False, props, comps, span)


def _prop(element: Element) -> PropFilter:
    name = _name(element)
    if _is_absent(element):
        return PropFilter(name, absent=True)
    span, text = _span(element), _text(element)
    if span is not None and (text is not None or name in _TIMELESS):
        raise _invalid("A time-range is asked of properties that are times, and without a text.")
    params = tuple(_param(child) for child in element if child.tag == _PARAM)
    _know(element, {_RANGE, _TEXT, _PARAM})
    return PropFilter(name, False, text, params, span)


def _param(element: Element) -> ParamFilter:
    name = _name(element)
    if _is_absent(element):
        return ParamFilter(name, absent=True)
    text = _text(element)
    _know(element, {_TEXT})
    return ParamFilter(name, False, text)


def _is_absent(element: Element) -> bool:
    absent = element.find(_ABSENT) is not None
    if absent and len(element) != 1:
        raise _invalid("Of what is not defined nothing else can be asked.")
    return absent


def _know(element: Element, tags: set[str]) -> None:
    """Refuse CalDAV's elements where they do not belong; RFC 4918 17 lets others pass."""
    if any(child.tag.startswith(CALDAV) and child.tag not in tags for child in element):
        raise _invalid("The filter has a condition where it does not belong.")


def _span(element: Element) -> Span | None:
    told = element.findall(_RANGE)
    if len(told) > 1:
        raise _invalid("A filter has one time-range at most.")
    try:
        return read_span(told[0]) if told else None
    except BadRequest as error:
        raise _invalid(str(error)) from error


def _text(element: Element) -> TextMatch | None:
    told = element.findall(_TEXT)
    if len(told) > 1 or any(len(one) for one in told):
        raise _invalid("A filter has one text-match at most, which has text in it.")
    if not told:
        return None
    collation = _COLLATIONS.get(told[0].get("collation", "default"))
    if collation is None:
        sentence = f"Texts are compared by {', '.join(Collation)}."
        raise Refusal(403, sentence, "<C:supported-collation/>")
    negate = told[0].get("negate-condition", "no").strip().lower()
    if negate not in {"yes", "no"}:
        raise _invalid("A negate-condition is yes or no.")
    return TextMatch(told[0].text or "", negate == "yes", collation)


def _name(element: Element) -> str:
    name = element.get("name", "").strip().upper()
    if not name:
        raise _invalid("A filter has a name.")
    return name


def _unsupported(name: str, sentence: str) -> Refusal:
    told = f'<C:comp-filter name="{escape(name)}"/>'
    return Refusal(403, sentence, f"<C:supported-filter>{told}</C:supported-filter>")


def _invalid(sentence: str) -> Refusal:
    return Refusal(403, sentence, "<C:valid-filter/>")
