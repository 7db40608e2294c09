"""Rules that repeat at one distance: every so many days or weeks, as most series do.

When the next one is is arithmetic there, whatever the distance to the first. Saves following such
a rule from its beginning, and reading it once more, at each question; all other rules are
followed by `dateutil`. Source: RFC 5545 3.3.10.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from practice.recurrence.rules import listed, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Steps", "steps"]

_STEP = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
_KNOWN = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"})
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Steps:
    """Starts from `first` on, `step` apart: `count` of them, or up to `until`, or for ever."""

    def __init__(
        self, first: datetime, step: timedelta, count: int | None, until: datetime | None
    ) -> None:
        self._first = first
        self._step = step
        self._count = count
        self._until = until

    def xafter(self, moment: datetime, *, inc: bool) -> Iterator[datetime]:
        """Yield the starts after a moment, with `inc` also one at it; `dateutil` calls it so."""
        number = max(-((self._first - moment) // self._step), 0)
        try:
            at = self._first + number * self._step
            if at == moment and not inc:
                number, at = number + 1, at + self._step
            while self._is_one(number, at):
                yield at
                number, at = number + 1, at + self._step
        except OverflowError:  # the year 10000
            return

    def _is_one(self, number: int, at: datetime) -> bool:
        if self._until is not None:
            return at <= self._until
        return self._count is None or number < self._count


def steps(rule: Mapping[str, Any], first: datetime) -> Steps | None:
    """Return the starts of a rule from `first` on, None for a rule of another kind.

    As with `rule_text`, an UNTIL counts before a COUNT.
    """
    if not _KNOWN.issuperset(rule) or any(len(listed(values)) != 1 for values in rule.values()):
        return None
    step = _STEP.get(str(rule["FREQ"][0]).upper())
    weekday = rule.get("BYDAY")
    if step is None or (weekday is not None and not _is_weekday_of(weekday[0], first, step)):
        return None
    until = count = None
    if "UNTIL" in rule:
        until = _naive(rule["UNTIL"][0])
    elif "COUNT" in rule:
        count = int(rule["COUNT"][0])
    try:
        return Steps(first, step * int(rule.get("INTERVAL", [1])[0]), count, until)
    except OverflowError:  # millions of years
        return None


def _is_weekday_of(told: Any, first: datetime, step: timedelta) -> bool:
    return step == _STEP["WEEKLY"] and text_of(told) == _WEEKDAYS[first.weekday()]


def _naive(moment: date) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime.combine(moment, time())
