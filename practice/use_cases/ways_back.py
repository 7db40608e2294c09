"""What a kind of thing needs so that acts on it can be taken back: the contract, in one place.

Not here: the ways themselves (`undo_acts_of_patients` and its neighbours), and when one may be
gone (`practice.use_cases.undo_acts`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from practice.acts import Kind, content_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from practice.acts import Act
    from practice.ports import UnitOfWork

    #: What an act tells, by name.
    Told = Mapping[str, Any] | None

__all__ = ["Ways", "by_which", "taken_back", "told_of"]


class Ways(Protocol):
    """How acts on one kind of thing are taken back."""

    @property
    def actions(self) -> Collection[str]:
        """Which acts these are."""

    def told(self, act: Act) -> tuple[Told, Told]:
        """Return what an act tells of before and after, by name; None where there was nothing."""

    def now(self, uow: UnitOfWork, act: Act) -> Told:
        """Return the same of what is there now, and maybe more; None if it is not there.

        Raises CannotUndo.
        """

    def take_back(self, uow: UnitOfWork, act: Act, before: Told) -> str:
        """Bring back what was before; return what that is called: "changed back", "removed" ...

        Called when what is there now is what the act has made. Raises what a person is told who
        does the same by hand.
        """


def told_of(act: Act) -> tuple[Told, Told]:
    """Return what an act tells of before and after."""
    return content_of(act.before), content_of(act.after)


def by_which(act: Act) -> int:
    """Return by which act it was done, of an act that says that another was taken back."""
    by = (content_of(act.after) or {}).get("by")
    return by if isinstance(by, int) else act.number  # the other was tampered with


def taken_back(uow: UnitOfWork, numbers: Collection[int]) -> Mapping[int, int]:
    """Return which of some acts were taken back, each with the number of the act that did it."""
    return {int(act.of): by_which(act) for act in uow.acts.done_to(Kind.ACT, numbers)}
