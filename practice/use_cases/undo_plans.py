"""The steps by which changes are taken back, found out without taking one.

A chain of changes of one object becomes one step, to what it was before the first; the facts are
read from the text that comes back. Not here: which changes belong together
(`practice.use_cases.chosen_changes`), and taking the steps (`practice.use_cases.undo`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.calendar_zone import zone_of
from practice.calendars import CalendarKind, etag_of
from practice.errors import CannotUndo, InTheWay, Invalid, NotAllowed
from practice.log import CalendarEntry
from practice.use_cases.chosen_changes import choose
from practice.use_cases.objects import refuse_ambiguous_name
from practice.vevent import read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from practice.calendars import Calendar, Change, ObjectHead
    from practice.facts import Facts
    from practice.log import LogQuestion
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.use_cases.chosen_changes import Chosen

__all__ = ["Act", "Plan", "Step", "plan_undo"]


class Act(StrEnum):
    """What is done to one object or calendar."""

    REMOVE = "removed"
    PUT_BACK = "put back"
    CHANGE_BACK = "changed back"
    DROP_CALENDAR = "calendar removed"
    MAKE_CALENDAR = "calendar made again"
    PROPERTIES = "calendar's properties changed back"


@dataclass(frozen=True, slots=True)
class Step:
    """One object or calendar that is brought back to what it was before `change`.

    `head` is what stands there now, `facts` are those of the text that comes back.
    """

    act: Act
    change: Change
    calendar: str
    head: ObjectHead | None = None
    # What is listed of an endless series depends on the day.
    facts: Facts | None = field(default=None, compare=False)

    @property
    def leaves(self) -> bool:
        """Tell whether what stands there now is removed, and not only changed."""
        if self.head is None or self.facts is None:
            return self.head is not None
        return (self.head.uid, self.head.owner_id) != (self.facts.uid, self.change.owner_id)


@dataclass(frozen=True, slots=True)
class Plan:
    """What taking back would do. Two plans are equal if they do the same.

    The numbers are those of `Chosen`. Without steps, everything is as it was before already.
    """

    asked: tuple[int, ...]
    together: tuple[int, ...]
    later: tuple[int, ...]
    steps: tuple[Step, ...]
    profile: Profile = field(compare=False, repr=False)


def plan_undo(
    uow: UnitOfWork,
    questions: Sequence[LogQuestion],
    profile: Profile,
    *,
    also_later: bool = False,
) -> Plan:
    """Find out what taking back the changes asked for would do; change nothing.

    Raises InTheWay when later changes would be lost, unless they are to be taken back as well
    (`also_later`); CannotUndo when one cannot be taken back; and what `choose` raises.
    """
    chosen = choose(uow, questions)
    if chosen.later and not also_later:
        raise InTheWay(chosen.later)
    _refuse_erased(uow, {*chosen.asked, *chosen.together, *chosen.later})
    steps = tuple(_Planner(uow, chosen, profile).steps())
    return Plan(chosen.asked, chosen.together, chosen.later, steps, profile)


def _refuse_erased(uow: UnitOfWork, numbers: Collection[int]) -> None:
    erased = uow.traces.erased_changes(min(numbers), max(numbers))
    for number in sorted(erased):
        if number in numbers:
            raise CannotUndo(
                f"Change {number} cannot be taken back: what it told was erased with a patient."
            )


class _Planner:
    def __init__(self, uow: UnitOfWork, chosen: Chosen, profile: Profile) -> None:
        self._uow = uow
        self._profile = profile
        self._first = chosen.first
        self._there = {calendar.id: calendar for calendar in uow.calendars.all()}
        self._entries = {
            calendar_id: CalendarEntry.parse(change.before)
            for (calendar_id, href), change in chosen.first.items()
            if not href
        }

    def steps(self) -> Iterator[Step]:
        """Yield the steps, the latest change first."""
        backwards = sorted(self._first.values(), key=lambda change: -change.number)
        for change in backwards:
            step = self._of_object(change) if change.href else self._of_calendar(change)
            if step is not None:
                yield step

    def _of_calendar(self, change: Change) -> Step | None:
        entry = self._entries[change.calendar_id]
        calendar = self._there.get(change.calendar_id)
        if entry is None:
            if calendar is None:
                return None
            if calendar.kind is not CalendarKind.PLAIN:
                raise _cannot(change, "the main calendar and those of doctors are not removed")
            return Step(Act.DROP_CALENDAR, change, calendar.name)
        if calendar is None:
            self._refuse_calendar(change, entry)
            return Step(Act.MAKE_CALENDAR, change, entry.name)
        if calendar.properties == entry.properties:
            return None
        return Step(Act.PROPERTIES, change, calendar.name)

    def _refuse_calendar(self, change: Change, entry: CalendarEntry) -> None:
        """Refuse to make a calendar again whose place is taken."""
        if entry.kind is None:
            raise _cannot(change, "the log does not tell what the calendar was called")
        will_be = {c.id: CalendarEntry.of(c) for c in self._there.values()} | self._entries
        others = [e for i, e in will_be.items() if e is not None and i != change.calendar_id]
        if any(other.name == entry.name for other in others):
            raise _cannot(change, f"there is another calendar '{entry.name}'")
        if entry.kind is CalendarKind.UNION and any(other.kind is entry.kind for other in others):
            raise _cannot(change, "there is another main calendar")
        if entry.doctor_id is not None:
            doctors = {doctor.id for doctor in self._uow.house.doctors()}
            if entry.doctor_id not in doctors - {other.doctor_id for other in others}:
                raise _cannot(change, "its doctor is gone, or has another calendar")

    def _of_object(self, change: Change) -> Step | None:
        calendar = self._there.get(change.calendar_id)
        entry = self._entries.get(change.calendar_id)
        head = self._uow.calendars.head(calendar, change.href) if calendar else None
        name = calendar.name if calendar else entry.name if entry else ""
        if change.before is None:
            return Step(Act.REMOVE, change, name, head) if head else None
        if calendar is None and entry is None:
            raise _cannot(change, "its calendar is gone")
        facts = self._facts(change, entry or calendar)
        if head is not None and (head.etag, head.uid, head.owner_id) == (
            etag_of(change.before),
            facts.uid,
            change.owner_id,
        ):
            return None
        self._refuse_object(change, calendar or entry, facts)
        return Step(Act.CHANGE_BACK if head else Act.PUT_BACK, change, name, head, facts)

    def _facts(self, change: Change, calendar: Calendar | CalendarEntry | None) -> Facts:
        profile = self._profile
        zone = zone_of(calendar, profile) if calendar else profile.zone
        try:
            return read(change.before or "", zone=zone, now=self._uow.now, limits=profile.limits)
        except Invalid as error:
            raise _cannot(change, f"its text is not taken any more ({error})") from error

    def _refuse_object(
        self, change: Change, calendar: Calendar | CalendarEntry | None, facts: Facts
    ) -> None:
        if calendar is None or facts.component not in calendar.components:
            raise _cannot(change, "its calendar does not take such components")
        now = self._there.get(change.calendar_id)
        if now is not None:
            try:
                refuse_ambiguous_name(self._uow, now, change.href)
            except NotAllowed as error:
                raise _cannot(change, str(error)) from error
        for holder in self._uow.calendars.uid_holders(facts.uid):
            place = (holder.calendar_id, holder.href)
            if holder.calendar_id == change.calendar_id and place not in self._first:
                raise _cannot(change, "its UID stands in the calendar under another name by now")


def _cannot(change: Change, reason: str) -> CannotUndo:
    return CannotUndo(f"Change {change.number} cannot be taken back: {reason.rstrip('.')}.")
