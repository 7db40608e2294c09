"""Which changes are taken back together, and which later ones would be lost by it.

Pure reading of the log, from the first chosen change on. Not here: taking them back
(`practice.use_cases.undo`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from practice.calendars import ChangeKind
from practice.errors import ChangeNotFound, ChangesForgotten, Invalid
from practice.log import LogQuestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from practice.calendars import Change
    from practice.ports import UnitOfWork

__all__ = ["MOST", "Chosen", "Key", "choose"]

#: Changes taken back in one transaction; others wait as long as it takes.
MOST = 20_000
_PAGE = 1000
_Of = TypeVar("_Of")

#: What a change is of: a calendar's id and a name in it, or "" for the calendar itself.
Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Numbers, in order: those asked for, those that go with them, those that came after.

    `together` are the other half of a move and the content of a dropped calendar. `later` changed
    the same things afterwards. `first` has the first change of each thing: what stands `before`
    in it is what comes back.
    """

    asked: tuple[int, ...]
    together: tuple[int, ...]
    later: tuple[int, ...]
    first: Mapping[Key, Change]


def choose(uow: UnitOfWork, questions: Sequence[LogQuestion]) -> Chosen:
    """Return the changes that any question asks for, and what has to do with them.

    A thing is the same by its name in its calendar, and an object also by its UID, wherever it
    went. Costs the log since the first of them. Raises ChangeNotFound, ChangesForgotten, or
    Invalid when there are too many.
    """
    asked: dict[int, Change] = {}
    for question in questions:
        _refuse_unknown(uow, question)
        limit = MOST + 1 - len(asked)
        asked |= {c.number: c for c in uow.calendars.search_log(question, limit=limit)}
        if len(asked) > MOST:
            raise Invalid(f"More than {MOST} changes are not taken back at once; do it in parts.")
    if not asked:
        raise ChangeNotFound("No change is like that.")
    start = _start(uow, asked[min(asked)])
    collector = _Collector(set(asked), {calendar.id for calendar in uow.calendars.all()})
    del asked  # with its texts
    for _, rows in groupby(_rows(uow, start), key=lambda row: (row.time, row.actor)):
        collector.take(list(rows))
    return collector.chosen()


def _refuse_unknown(uow: UnitOfWork, question: LogQuestion) -> None:
    state = uow.log_state()
    forgotten = ChangesForgotten(f"The log is forgotten up to change {state.forgotten}.")
    for number in (question.first, question.last):
        if number is not None and not 1 <= number <= state.number:
            raise ChangeNotFound(f"There is no change {number}; the last is {state.number}.")
    if question.first is not None and question.first <= state.forgotten:
        raise forgotten
    if question.since is not None and uow.calendars.number_at(question.since) is None:
        raise forgotten


def _start(uow: UnitOfWork, first: Change) -> int:
    """Return the number with which the transaction of a change began."""
    then = LogQuestion(
        last=first.number - 1, since=first.time, before=first.time + timedelta(microseconds=1)
    )
    number = first.number
    for change in uow.calendars.search_log(then, newest_first=True):
        if (change.number, change.actor) != (number - 1, first.actor):
            break
        number = change.number
    return number


def _rows(uow: UnitOfWork, start: int) -> Iterator[Change]:
    number = start - 1
    while page := uow.calendars.log(number, _PAGE):
        yield from page
        number = page[-1].number


class _Collector:
    """Goes through the log once, a transaction at a time."""

    def __init__(self, asked: set[int], calendars: set[int]) -> None:
        self._asked = asked
        self._there = calendars
        self._together: list[int] = []
        self._later: list[int] = []
        # Since which number the chosen changes have had to do with it.
        self._keys: dict[Key, int] = {}
        self._uids: dict[str, int] = {}
        self._made: dict[int, int] = {}
        self._lost: dict[int, int] = {}
        self._first: dict[Key, Change] = {}

    def take(self, rows: Sequence[Change]) -> None:
        """Take the rows of one transaction."""
        found = {row.number for row in rows if row.number in self._asked}
        together = set(_belonging(rows, found))
        found |= together
        for row in rows:
            if row.number in found:
                self._note(row)
        later: set[int] = set()
        while more := self._more(rows, found):
            later |= more
            found |= more
        self._together += sorted(together)
        self._later += sorted(later)

    def _more(self, rows: Sequence[Change], found: set[int]) -> set[int]:
        more = set()
        for row in rows:
            if row.number not in found and self._has_to_do(row):
                more.add(row.number)
                self._note(row)
        belonging = set(_belonging(rows, found | more)) if more else set()
        for row in rows:
            if row.number in belonging:
                self._note(row)
        return more | belonging

    def _note(self, row: Change) -> None:
        key = (row.calendar_id, row.href)
        if row.kind is ChangeKind.PROPERTIES:
            if row.before is None and key not in self._keys:
                self._made.setdefault(row.calendar_id, row.number)
        else:
            _lower(self._uids, row.uid, row.number)
            if row.calendar_id not in self._there:
                _lower(self._lost, row.calendar_id, row.number)
        _lower(self._keys, key, row.number)
        if key not in self._first or row.number < self._first[key].number:
            self._first[key] = row

    def _has_to_do(self, row: Change) -> bool:
        """Tell whether a row came after a chosen change of what it is of."""
        of_calendar = row.kind is ChangeKind.PROPERTIES
        since = [
            self._keys.get((row.calendar_id, row.href)),
            # Whatever stands in a calendar that is no more would be lost with it.
            self._made.get(row.calendar_id),
        ]
        if not of_calendar:
            since.append(self._uids.get(row.uid))
        elif row.before is None or row.after is None:
            # What is put back needs its calendar, which has been dropped since.
            since.append(self._lost.get(row.calendar_id))
        return any(number is not None and number < row.number for number in since)

    def chosen(self) -> Chosen:
        """Return what was found."""
        return Chosen(
            tuple(sorted(self._asked)), tuple(self._together), tuple(self._later), self._first
        )


def _lower(numbers: dict[_Of, int], of: _Of, number: int) -> None:
    numbers[of] = min(number, numbers.get(of, number))


def _belonging(rows: Iterable[Change], found: set[int]) -> Iterator[int]:
    """Yield the rows of a transaction without which the found ones would be half of something.

    An object that left one place for another, and the objects of a calendar that was dropped.
    """
    rows = list(rows) if found else []
    moved = {(r.uid, r.kind is ChangeKind.REMOVED) for r in rows if r.number in found and r.href}
    places = {(r.uid, r.calendar_id, r.href) for r in rows if r.number in found}
    dropped = {
        r.calendar_id
        for r in rows
        if r.number in found and r.kind is ChangeKind.PROPERTIES and r.after is None
    }
    for row in rows:
        if row.number in found or not row.href:
            continue
        removed = row.kind is ChangeKind.REMOVED
        elsewhere = (row.uid, row.calendar_id, row.href) not in places
        if (elsewhere and (row.uid, not removed) in moved) or (
            removed and row.calendar_id in dropped
        ):
            yield row.number
