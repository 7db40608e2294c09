"""The calendar-data element of a report: what of each object is asked for (RFC 4791 9.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest, Refusal
from caldav_server.reports.query import read_zone
from caldav_server.reports.ranges import both_ends
from caldav_server.xml import CALDAV, DAV
from practice.calendar_zone import zone_of
from practice.vevent import CompData, DataRequest, tell

if TYPE_CHECKING:
    from datetime import tzinfo
    from xml.etree.ElementTree import Element

    from practice.calendars import CalendarObject
    from practice.facts import Span
    from practice.profile import Profile
    from practice.views import View

__all__ = ["DATA", "Texts"]

DATA = CALDAV + "calendar-data"
#: In texts that are made for an answer; a year of a busy practice, expanded, has fewer.
MOST_CHARACTERS = 25_000_000


class Texts:
    """Tells of the objects in one answer as much as a report asks for; counts what it tells.

    Raises BadRequest, Refusal or Invalid for what cannot be asked.
    """

    def __init__(self, root: Element, view: View, profile: Profile) -> None:
        self._asked = _read_request(root)
        self._limits = profile.limits
        self._left = MOST_CHARACTERS
        self._zones: dict[int, tzinfo] = {}
        if not self._asked.is_whole:
            asked = read_zone(root)
            self._zones = {one.id: asked or zone_of(one, profile) for one in view.sources}

    def of(self, item: CalendarObject) -> str:
        """Return what is asked of an object; raises Refusal when that is too much altogether."""
        if self._asked.is_whole:
            return item.text
        data = tell(item.text, self._asked, self._zones[item.calendar_id], self._limits)
        self._left -= len(data)
        if self._left < 0:
            element = "<number-of-matches-within-limits/>"
            raise Refusal(403, "The answer is too long; ask for a shorter range.", element)
        return data


def _read_request(root: Element) -> DataRequest:
    """Read what a report asks of the texts; raises BadRequest or Refusal."""
    told = root.findall(f"{DAV}prop/{DATA}")
    if not told:
        return DataRequest()
    element = told[0]
    if element.get("content-type", "text/calendar").strip().lower() != "text/calendar" or (
        element.get("version", "2.0").strip() != "2.0"
    ):
        raise Refusal(403, "Texts are iCalendar 2.0.", "<C:supported-calendar-data/>")
    comps = element.findall(CALDAV + "comp")
    if len(comps) > 1 or (comps and _name(comps[0]) != "VCALENDAR"):
        raise BadRequest("A calendar-data has one comp, that of VCALENDAR.")
    expand, limit = (_span(element, name) for name in ("expand", "limit-recurrence-set"))
    if expand is not None and limit is not None:
        raise BadRequest("A calendar-data has expand or limit-recurrence-set.")
    return DataRequest(
        comp=_comp(comps[0]) if comps else None,
        expand=expand,
        limit_series=limit,
        limit_busy=_span(element, "limit-freebusy-set"),
    )


def _span(element: Element, name: str) -> Span | None:
    told = element.findall(CALDAV + name)
    if len(told) > 1:
        raise BadRequest(f"A calendar-data has one {name} at most.")
    return both_ends(told[0]) if told else None


def _comp(element: Element) -> CompData:
    """Read a comp; one with nothing in it is the whole component (RFC 4791 7.8.1)."""
    if not any(child.tag.startswith(CALDAV) for child in element):
        return CompData(_name(element))
    props = element.findall(CALDAV + "prop")
    comps = element.findall(CALDAV + "comp")
    all_props = element.find(CALDAV + "allprop") is not None
    all_comps = element.find(CALDAV + "allcomp") is not None
    if (all_props and props) or (all_comps and comps):
        raise BadRequest("All properties or components are asked for, or some.")
    return CompData(
        _name(element),
        None if all_props else {_name(prop): _has_no_value(prop) for prop in props},
        None if all_comps else tuple(_comp(comp) for comp in comps),
    )


def _has_no_value(prop: Element) -> bool:
    told = prop.get("novalue", "no").strip().lower()
    if told not in {"yes", "no"}:
        raise BadRequest("A novalue is yes or no.")
    return told == "yes"


def _name(element: Element) -> str:
    name = element.get("name", "").strip().upper()
    if not name:
        raise BadRequest("A component or property has a name.")
    return name
