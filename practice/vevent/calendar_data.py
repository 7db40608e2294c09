"""The text of a calendar object as a report asks for it: parts of it, or its instances.

Lines that are handed out are the client's own; only times are told anew, where RFC 4791 wants
them in UTC. Not here: XML (`caldav_server.reports.calendar_data`).

Source: RFC 4791 9.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from practice.recurrence.expansion import affecting, instances
from practice.timezones import Zones
from practice.vevent.parsing import parse, parts_of
from practice.vevent.reading import is_series
from practice.vevent.stored import read_stored
from practice.vevent.tree import Line, Part, tree
from practice.vevent.values import moment, overlaps, ranges_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from practice.facts import Limits, Span
    from practice.recurrence.series import Instance

__all__ = ["CompData", "DataRequest", "expanded", "tell"]

_EXPANDED = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_RECURRING = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE"})
_TOLD_ANEW = _RECURRING | {"DTSTART", "RECURRENCE-ID"}


@dataclass(frozen=True, slots=True)
class CompData:
    """Which properties and components of a component are wanted (RFC 4791 9.6.1).

    `props` maps names to whether their values are left out; None for `props` or `comps` is all.
    """

    name: str
    props: Mapping[str, bool] | None = None
    comps: tuple[CompData, ...] | None = None

    def of(self, part: Part) -> Part:
        """Return what is wanted of a component."""
        lines = part.lines
        if self.props is not None:
            wanted = [line for line in lines if line.name in self.props]
            lines = [line.without_value() if self.props[line.name] else line for line in wanted]
        parts = part.parts
        if self.comps is not None:
            by_name = {comp.name: comp for comp in reversed(self.comps)}
            parts = [by_name[p.name].of(p) for p in parts if p.name in by_name]
        return Part(part.name, lines, parts)


@dataclass(frozen=True, slots=True)
class DataRequest:
    """What is wanted of every object; nothing given is the text as it is.

    At most one of `expand` (instances in a span) and `limit_series` (overrides that matter in it)
    is given.
    """

    comp: CompData | None = None
    expand: Span | None = None
    limit_series: Span | None = None
    limit_busy: Span | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether texts are handed out as they are."""
        return self == DataRequest()


def tell(text: str, asked: DataRequest, zone: tzinfo, limits: Limits, *, plain: bool = True) -> str:
    """Return what is asked for of a text that `read` took; raises TooManyInstances.

    `zone` is that of whole days and floating times. `plain` is that of `practice.vevent.stored`,
    with the same result.
    """
    if asked.is_whole:
        return text
    if asked.expand is not None:
        root = _expanded(text, asked.expand, zone, limits, plain)
    elif asked.limit_series is not None:
        root = _series_limited(text, asked.limit_series, zone)
    else:
        root = tree(text)
    if asked.limit_busy is not None:
        root = _busy_limited(root, asked.limit_busy, zone)
    if asked.comp is not None:
        root = asked.comp.of(root)
    return root.written()


def expanded(text: str, span: Span, *, zone: tzinfo, limits: Limits) -> str:
    """Return the occurrences in `span` as single components, times in UTC (RFC 4791 9.6.5)."""
    return tell(text, DataRequest(expand=span), zone, limits)


def _expanded(text: str, span: Span, zone: tzinfo, limits: Limits, plain: bool) -> Part:
    stored = read_stored(text, zone, plain=plain)
    component, calendar, root, zones = stored.component, stored.calendar, stored.root, stored.zones
    if component not in _EXPANDED:
        return root
    parts = parts_of(calendar, component)
    originals = root.parts_of(component)
    others = [p for p in root.parts if p.name not in {component, "VTIMEZONE"}]
    if not is_series(parts):
        alone = [_in_utc(part, zones) for part in originals]
        return Part(root.name, root.lines, others + alone)
    found, clock = instances(calendar, component, span, zone, limits.max_instances)
    at = {id(part): n for n, part in enumerate(parts)}
    told = (_instance(originals[at[id(one.source)]], one, clock) for one in found)
    return Part(root.name, root.lines, others + [_in_utc(part, zones) for part in told])


def _instance(original: Part, one: Instance, clock: tzinfo | None) -> Part:
    """Return an instance as a component of its own; `clock` is None for floating times."""
    source: Any = one.source
    left_out = set(_TOLD_ANEW)
    end = next((name for name in ("DTEND", "DUE") if name in source), None)
    if one.end is not None:
        by_duration = "DURATION" in source and one.end == one.start + source["DURATION"].dt
        if end is None and not by_duration:  # a period among the RDATEs has an end of its own
            end = "DUE" if original.name == "VTODO" else "DTEND"
            left_out.add("DURATION")
    if end is not None:
        left_out.add(end)
    lines = [line for line in original.lines if line.name not in left_out]
    times = [_time("DTSTART", one.start, clock), _time("RECURRENCE-ID", one.original, clock)]
    if end is not None and one.end is not None:
        times.insert(1, _time(end, one.end, clock))
    return Part(original.name, [*lines, *times], original.parts)


def _time(name: str, moment: date, clock: tzinfo | None) -> Line:
    if not isinstance(moment, datetime):
        return Line(f"{name};VALUE=DATE:{moment:%Y%m%d}")
    if clock is None:
        return Line(f"{name}:{moment:%Y%m%dT%H%M%S}")
    return Line(f"{name}:{moment.replace(tzinfo=clock).astimezone(UTC):%Y%m%dT%H%M%SZ}")


def _in_utc(part: Part, zones: Zones) -> Part:
    """Return a component whose times need no VTIMEZONE."""
    return Part(
        part.name,
        [_line_in_utc(line, zones) for line in part.lines],
        [_in_utc(within, zones) for within in part.parts],
    )


def _line_in_utc(line: Line, zones: Zones) -> Line:
    if "TZID" not in line.text.upper():
        return line
    tzid = line.parameters.get("TZID")
    if tzid is None:
        return line
    told = ",".join(_value_in_utc(value, zones.zone(tzid)) for value in line.value.split(","))
    return Line(f"{line.name}:{told}")


def _value_in_utc(value: str, zone: tzinfo) -> str:
    parts = (moment(part, zone) for part in value.split("/"))
    told = [
        f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(at, datetime) else text
        for at, text in zip(parts, value.split("/"), strict=True)
    ]
    return "/".join(told)


def _series_limited(text: str, span: Span, zone: tzinfo) -> Part:
    """Leave out the overrides that change nothing in a span (RFC 4791 9.6.6)."""
    component, calendar = parse(text, zone)
    root = tree(text)
    parts = parts_of(calendar, component)
    if len(parts) == 1 or not is_series(parts):
        return root
    kept = affecting(calendar, component, span, zone)
    numbered = {id(p): n for n, p in enumerate(root.parts_of(component))}
    left = [p for p in root.parts if p.name != component or numbered[id(p)] in kept]
    return Part(root.name, root.lines, left)


def _busy_limited(root: Part, span: Span, zone: tzinfo) -> Part:
    """Leave out the periods of a VFREEBUSY outside of a span (RFC 4791 9.6.7)."""
    zones = Zones(zone)
    for part in root.parts_of("VFREEBUSY"):
        lines = (_periods_within(line, span, zones) for line in part.lines)
        part.lines = [line for line in lines if line is not None]
    return root


def _periods_within(line: Line, span: Span, zones: Zones) -> Line | None:
    if line.name != "FREEBUSY":
        return line
    kept = []
    for value in line.value.split(","):
        told = ranges_in(Line(f"FREEBUSY:{value}"), zones)
        if any(overlaps(one, span) for one in told):
            kept.append(value)
    return Line(line.without_value().text + ",".join(kept)) if kept else None
