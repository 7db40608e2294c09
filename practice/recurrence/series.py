"""The instances of one calendar object: rules, added and excluded dates, and overrides.

All times come by one clock, without a zone, and whole days as dates; so do the instances. Rules
without an end are followed only as far as they are asked for. Not here: reading texts
(`practice.vevent`), limits (`practice.recurrence.expansion`) and the clock
(`practice.recurrence.clock`).

Source: RFC 5545 3.8.4.4 (RECURRENCE-ID and its RANGE) and 3.8.5.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import takewhile
from typing import TYPE_CHECKING, Any, TypeGuard

from dateutil.rrule import rrulestr

from practice.errors import InvalidText
from practice.recurrence.rules import listed, rule_text
from practice.recurrence.steps import Steps, steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dateutil.rrule import rrule
    from icalendar import Component

__all__ = ["Instance", "Series", "end_of", "farthest_shift"]

#: Overrides that take the rest of a series with them move it by less: a task put off for years is
#: still one, but what is in a range is looked for as far around it.
FARTHEST_SHIFT = timedelta(days=3660)
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance by the clock of its series.

    `end` is None where nothing tells one; `original` is what RECURRENCE-ID would be. `source` is
    the component that tells the rest of it.
    """

    start: date
    end: date | None
    original: date
    source: Component


class Series:
    """Instances of components that share a UID; one that does not recur has one instance.

    An override counts wherever its RECURRENCE-ID points to, unless that was excluded. One with
    RANGE=THISANDFUTURE moves, and stands for, what follows it up to the next such override.
    """

    def __init__(self, parts: Sequence[Any]) -> None:
        self._master = next((part for part in parts if "RECURRENCE-ID" not in part), None)
        self._rules: list[rrule | Steps] = []
        self._dates: dict[datetime, date | None] = {}
        self._excluded: set[date] = set()
        self._whole_days = False
        if self._master is not None and "DTSTART" in self._master:
            self._read(self._master)
        self._overrides = self._by_original(p for p in parts if "RECURRENCE-ID" in p)
        self._futures = sorted(at for at, p in self._overrides.items() if _and_future(p))
        self._before, self._after = self._reach()

    def _read(self, master: Any) -> None:
        start = master["DTSTART"].dt
        self._whole_days = not isinstance(start, datetime)
        rules = listed(master.get("RRULE"))
        self._rules = [_followed(rule, _naive(start)) for rule in rules]
        untils = [_naive(rule["UNTIL"][0]) for rule in rules if "UNTIL" in rule]
        if not untils or _naive(start) <= max(untils):
            self._dates[_naive(start)] = None
        for entry in _entries(master.get("RDATE")):
            if isinstance(entry, tuple):
                begin, end = entry
                self._dates[_naive(begin)] = begin + end if isinstance(end, timedelta) else end
            else:
                self._dates.setdefault(_naive(entry), None)
        for entry in _entries(master.get("EXDATE")):
            self._excluded.add(entry.date() if self._whole_days and _is_time(entry) else entry)

    def _by_original(self, parts: Iterable[Any]) -> dict[datetime, Any]:
        """Return the overrides by what they override; of two for one, the later version."""
        found: dict[datetime, Any] = {}
        for part in parts:
            if "DTSTART" not in part:
                continue
            at = self._in_series(part["RECURRENCE-ID"].dt)
            if at not in found or _sequence(part) >= _sequence(found[at]):
                found[at] = part
        return found

    def _in_series(self, original: date) -> datetime:
        """Return the start that a RECURRENCE-ID means; some clients tell the day alone."""
        if self._master is None or "DTSTART" not in self._master:
            return _naive(original)
        if self._whole_days:
            return _naive(original.date() if isinstance(original, datetime) else original)
        if isinstance(original, datetime):
            return original
        return datetime.combine(original, _naive(self._master["DTSTART"].dt).time())

    def _reach(self) -> tuple[timedelta, timedelta]:
        """Return how long before and after a range those starts lie whose instances are in it."""
        sources = [self._overrides[at] for at in self._futures]
        sources += [self._master] if self._master is not None else []
        longest = max((_length(part) for part in sources), default=_NOTHING)
        periods = (_naive(end) - at for at, end in self._dates.items() if end is not None)
        longest = max([longest, *periods])
        shifts = [_shift(self._overrides[at]) for at in self._futures]
        later, earlier = max([_NOTHING, *shifts]), -min([_NOTHING, *shifts])
        # A day more for whole days, whose ends nothing needs to tell.
        return longest + later + timedelta(days=1), earlier + timedelta(days=1)

    def between(self, first: datetime, last: datetime) -> Iterator[Instance]:
        """Yield the instances that overlap a range, and perhaps some beside it, in no order."""
        for at in self._starts(_shifted(first, -self._before), _shifted(last, self._after)):
            if at in self._overrides or self._is_excluded(at):
                continue
            yield self._instance(at)
        for at, part in self._overrides.items():
            if not self._is_excluded(at):
                start = part["DTSTART"].dt
                yield Instance(start, end_of(part, start), part["RECURRENCE-ID"].dt, part)

    def _starts(self, first: datetime, last: datetime) -> Iterator[datetime]:
        dates = sorted(at for at in self._dates if first <= at <= last)
        followed = (rule.xafter(first, inc=True) for rule in self._rules)
        ruled = (takewhile(lambda at: at <= last, starts) for starts in followed)
        previous = None
        for at in merge(dates, *ruled):
            if at != previous:
                yield at
            previous = at

    def _is_excluded(self, at: datetime) -> bool:
        return at in self._excluded or at.date() in self._excluded

    def _instance(self, at: datetime) -> Instance:
        position = bisect_left(self._futures, at)
        source, shift = self._master, _NOTHING
        if position:
            source = self._overrides[self._futures[position - 1]]
            shift = _shift(source)
        assert source is not None  # noqa: S101 - starts come from a master
        whole_days = self._whole_days and not _is_time(source["DTSTART"].dt)
        start: date = (at + shift).date() if whole_days else at + shift
        period = self._dates.get(at)
        end = end_of(source, start) if period is None or position else period
        return Instance(start, end, at.date() if self._whole_days else at, source)


def farthest_shift(parts: Iterable[Any]) -> timedelta:
    """Return by how much overrides move the rest of their series at most; times by one clock.

    Raises InvalidText above ten years.
    """
    moving = (p for p in parts if "RECURRENCE-ID" in p and "DTSTART" in p and _and_future(p))
    farthest = max((abs(_shift(part)) for part in moving), default=_NOTHING)
    if farthest > FARTHEST_SHIFT:
        raise InvalidText("An override moves the rest of the series by more than ten years.")
    return farthest


def end_of(part: Any, start: date) -> date | None:
    """Return when the component would end if it began at `start`; None where nothing tells."""
    first: date = part["DTSTART"].dt if "DTSTART" in part else start
    for name in ("DTEND", "DUE"):
        if name in part:
            return _plus(start, _naive(part[name].dt) - _naive(first))
    if "DURATION" in part:
        return _plus(start, part["DURATION"].dt)
    return None


def _plus(start: date, length: timedelta) -> date:
    if not isinstance(start, datetime) and length % timedelta(days=1):
        return _naive(start) + length
    return start + length


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        edge = date.max if by > _NOTHING else date.min
        return datetime.combine(edge, time())


def _naive(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _is_time(moment: date) -> TypeGuard[datetime]:
    return isinstance(moment, datetime)


def _entries(value: Any) -> Iterator[Any]:
    for line in listed(value):
        for entry in line.dts:
            yield entry.dt


def _followed(rule: Any, start: datetime) -> rrule | Steps:
    if (plain := steps(rule, start)) is not None:
        return plain
    followed: rrule = rrulestr(rule_text(rule), dtstart=start, cache=True)  # type: ignore[assignment]
    return followed


def _and_future(part: Any) -> bool:
    return str(part["RECURRENCE-ID"].params.get("RANGE", "")).upper() == "THISANDFUTURE"


def _shift(part: Any) -> timedelta:
    return _naive(part["DTSTART"].dt) - _naive(part["RECURRENCE-ID"].dt)


def _length(part: Any) -> timedelta:
    if "DTSTART" not in part:
        return _NOTHING
    start = part["DTSTART"].dt
    end = end_of(part, start)
    return max(_naive(end) - _naive(start), _NOTHING) if end is not None else _NOTHING


def _sequence(part: Any) -> int:
    value = part.get("SEQUENCE", -1)
    return int(value) if isinstance(value, int) else -1
