"""Taking changes back: what they did is undone by new changes, in one transaction or not at all.

The log is never rewritten, so taking back can be taken back. The rules are those of any change:
appointments follow, letters are posted. Not here: what there is to do for it
(`practice.use_cases.undo_plans`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.calendars import Draft
from practice.log import CalendarEntry
from practice.use_cases.appointments import object_removed, object_saved
from practice.use_cases.follow_zone import follow_zone
from practice.use_cases.undo_plans import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from practice.calendars import Calendar
    from practice.ports import UnitOfWork
    from practice.use_cases.undo_plans import Plan, Step

__all__ = ["ranges", "undo"]

#: Characters of what the acts know a thing by.
_LONGEST_ID = 64


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
