"""Taking changes back: what they did is undone by new changes, in one transaction or not at all.

The log is never rewritten, so taking back can be taken back. A chain of changes of one object
becomes one new change, to what it was before the first. The rules are those of any change: facts
are read from the text, appointments follow, letters are posted. Not here: which changes belong
together (`practice.use_cases.chosen_changes`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.calendar_zone import zone_of
from practice.calendars import CalendarKind, Draft, etag_of
from practice.errors import CannotUndo, InTheWay, Invalid, NotAllowed
from practice.log import CalendarEntry
from practice.use_cases.appointments import object_removed, object_saved
from practice.use_cases.chosen_changes import choose
from practice.use_cases.follow_zone import follow_zone
from practice.use_cases.objects import refuse_ambiguous_name
from practice.vevent import read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterator, Sequence

    from practice.calendars import Calendar, Change, ObjectHead
    from practice.facts import Facts
    from practice.log import LogQuestion
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.use_cases.chosen_changes import Chosen

__all__ = ["Act", "Plan", "Step", "plan_undo", "ranges", "undo"]

#: Characters of what the acts know a thing by.
_LONGEST_ID = 64


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


def undo(
    uow: UnitOfWork, plan: Plan, on_step: Callable[[], None] = lambda: None
) -> tuple[int, int]:
    """Do what was planned in this very unit of work; return the first and last new number.

    Nothing is new when the first is behind the last. `on_step` is called for every step done.

    1. What was not there leaves; so do calendars that were not.
    2. Calendars come back, then objects, the latest change first; their appointments follow.
    3. Appointments of objects that are nowhere any more are cancelled.
    4. Who took what back is noted in the acts.
    """
    first = uow.log_state().number + 1
    there = {calendar.id: calendar for calendar in uow.calendars.all()}
    left = []
    for step in plan.steps:
        if step.leaves and step.head is not None:
            calendar = there[step.change.calendar_id]
            uow.calendars.remove(calendar, step.change.href)
            left.append((calendar, step.head.uid))
    _calendars(uow, plan, there)
    for step in plan.steps:
        if step.facts is not None:
            _save(uow, there[step.change.calendar_id], step)
        on_step()
    for calendar, uid in left:
        if calendar.id not in _holding(uow, uid):
            object_removed(uow, calendar, uid)
    last = uow.log_state().number
    if first <= last:
        _note(uow, plan, first, last)
    return first, last


def _note(uow: UnitOfWork, plan: Plan, first: int, last: int) -> None:
    """Note who took what back: the changes themselves tell only what they did."""
    numbers = [ranges(part) for part in (plan.asked, plan.together, plan.later)]
    told = dict(zip(("asked", "together", "later"), numbers, strict=True))
    of = numbers[0] if len(numbers[0]) <= _LONGEST_ID else str(plan.asked[0])
    uow.acts.note(
        "taken back", Kind.CHANGE, of, None, {**told, "by": ranges(range(first, last + 1))}
    )


def ranges(numbers: Sequence[int]) -> str:
    """Return numbers in order as ranges: "3, 5-9"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _calendars(uow: UnitOfWork, plan: Plan, there: dict[int, Calendar]) -> None:
    """Drop, make and change calendars; `there` has them afterwards."""
    for step in (s for s in plan.steps if s.act is Act.DROP_CALENDAR):
        uow.calendars.drop(there.pop(step.change.calendar_id))
    for step in plan.steps:
        entry = CalendarEntry.parse(step.change.before) if not step.change.href else None
        calendar_id = step.change.calendar_id
        if entry is None:
            continue
        if step.act is Act.PROPERTIES:
            uow.calendars.set_properties(there[calendar_id], entry.properties)
            follow_zone(uow, there[calendar_id], entry.properties, plan.profile)
        elif entry.kind is not None:
            there[calendar_id] = uow.calendars.create(
                entry.name,
                entry.kind,
                entry.properties,
                entry.doctor_id,
                entry.components,
                calendar_id=calendar_id,
            )


def _save(uow: UnitOfWork, calendar: Calendar, step: Step) -> None:
    change, facts = step.change, step.facts
    assert facts is not None and change.before is not None  # noqa: S101, PT018 - the caller looked
    uow.calendars.save(calendar, Draft(change.href, change.before, facts, change.owner_id))
    object_saved(uow, calendar, facts)


def _holding(uow: UnitOfWork, uid: str) -> Container[int]:
    return {holder.calendar_id for holder in uow.calendars.uid_holders(uid)}
