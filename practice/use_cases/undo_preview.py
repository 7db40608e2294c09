"""What taking back would do, told before it is done, so that it is done as it was looked at.

Between looking and deciding there is time: a preview has a mark, and what would do something else
by then is refused. Not here: taking back itself (`practice.use_cases.undo`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.errors import CannotUndo, InTheWay, PlanChanged
from practice.use_cases.undo import ranges, undo
from practice.use_cases.undo_plans import plan_undo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from practice.log import LogQuestion
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.use_cases.undo_plans import Act, Plan, Step

__all__ = ["Preview", "PreviewStep", "look", "preview", "undo_as_seen"]


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """What is done to one object (`name`, `uid`) or, without a name, to its calendar.

    It is brought back to what it was before `change`, which was made by `actor` at `time`; `start`
    and `end` are those that come back, None where nothing or no single event does.
    """

    act: Act
    calendar: str
    name: str
    uid: str
    change: int
    actor: str
    time: datetime
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done, or what stands in the way.

    `asked`, `together` and `later` are numbers of changes (see `Plan`). `in_the_way` are those that
    would be lost unless they are taken back as well; `refused` says why nothing can be taken back.
    Either way there are no steps. Without any of it everything is as it was before already. `mark`
    names what would be done, whoever looks.
    """

    asked: tuple[int, ...] = ()
    together: tuple[int, ...] = ()
    later: tuple[int, ...] = ()
    steps: tuple[PreviewStep, ...] = ()
    in_the_way: tuple[int, ...] = ()
    refused: str = ""
    mark: str = ""

    @property
    def is_possible(self) -> bool:
        """Tell whether it can be done as things are."""
        return not self.in_the_way and not self.refused


def preview(plan: Plan) -> Preview:
    """Return a plan as it is told."""
    steps = tuple(map(_step, plan.steps))
    return Preview(plan.asked, plan.together, plan.later, steps, mark=_mark(plan))


def look(
    uow: UnitOfWork,
    questions: Sequence[LogQuestion],
    profile: Profile,
    *,
    also_later: bool = False,
) -> Preview:
    """Find out what taking back would do; change nothing.

    What stands in the way is told, not raised; what is not there at all is raised as `choose` does.
    """
    try:
        return preview(plan_undo(uow, questions, profile, also_later=also_later))
    except InTheWay as error:
        return Preview(in_the_way=error.numbers)
    except CannotUndo as error:
        return Preview(refused=str(error))


def undo_as_seen(
    uow: UnitOfWork,
    questions: Sequence[LogQuestion],
    profile: Profile,
    mark: str,
    *,
    also_later: bool = False,
) -> tuple[int, int]:
    """Take back what a preview with this mark has told; return the first and last new number.

    Raises PlanChanged if it would do something else by now, and what `plan_undo` raises.
    """
    plan = plan_undo(uow, questions, profile, also_later=also_later)
    if _mark(plan) != mark:
        raise PlanChanged("Something was changed meanwhile; look again.")
    return undo(uow, plan)


def _step(step: Step) -> PreviewStep:
    change, slot = step.change, step.facts.slot if step.facts else None
    return PreviewStep(
        step.act,
        step.calendar,
        change.href,
        change.uid,
        change.number,
        change.actor,
        change.time,
        slot.start if slot else None,
        slot.end if slot else None,
    )


def _mark(plan: Plan) -> str:
    """Return a digest of what a plan does: to what, as it stands, and to what it is brought."""
    digest = hashlib.sha256()
    for part in (plan.asked, plan.together, plan.later):
        digest.update(ranges(part).encode() + b";")
    for step in plan.steps:
        stands = (step.head.number, step.head.etag) if step.head else ()
        digest.update(repr((str(step.act), step.change.number, stands)).encode())
    return digest.hexdigest()[:32]
