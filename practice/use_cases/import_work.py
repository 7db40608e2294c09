"""Long work on a plan, in steps: each is a transaction of its own, and others write in between.

Whoever works holds the import by a word of its own, and by a lease: between two steps nobody else
decides, applies or takes back, and one who died is found out. Not here: what is done in a step
(`practice.use_cases.import_applying`, `practice.use_cases.import_undoing`).
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from practice.errors import Conflict, PracticeError
from practice.imports import Import, ImportState
from practice.use_cases.import_starts import lease

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from practice.ports import UnitOfWork

__all__ = ["STEP", "Came_co", "Hold", "Work", "in_steps", "left", "refuse_held"]

#: Rows of a step, a multiple of those that are fetched at once. A shorter list is one step.
STEP = 500

_HELD = {
    ImportState.APPLYING: "The list is being applied just now.",
    ImportState.UNDOING: "This import is being taken back just now.",
}
_LOST = "Somebody else has gone on with this import meanwhile."

#: What comes of work.
Came_co = TypeVar("Came_co", covariant=True)


class Hold:
    """Keeps an import for one worker from step to step."""

    def __init__(self, state: ImportState) -> None:
        self._state = state
        self._word = secrets.token_hex(8)
        #: Whether others have been kept out so far.
        self.begun = False
        self.rows = 0
        self.total = 0

    def taken(self, uow: UnitOfWork, import_id: int) -> Import:
        """Return the import if it is this worker's, or nobody's yet; raises Conflict."""
        found = uow.imports.get(import_id).seen_at(uow.now)
        if found.state in _HELD and found.told["work"]["word"] != self._word:
            raise Conflict(_HELD[found.state])
        if self.begun and found.state is not self._state:
            raise Conflict(_LOST)
        return found

    def keep(self, uow: UnitOfWork, found: Import, told: Mapping[str, Any]) -> None:
        """Store how far it is, and hold the import on."""
        work = {"word": self._word, "due": lease(uow), "done": self.rows, "total": self.total}
        held = replace(found, state=self._state, error="", told={**told, "work": work})
        uow.imports.save(held)
        self.begun = True

    def give_up(self, uow: UnitOfWork, import_id: int, sentence: str) -> None:
        """Say why it goes no further, and let others; what was done stays."""
        found = uow.imports.get(import_id)
        if self.begun and found.told.get("work", {}).get("word") == self._word:
            uow.imports.save(left(found, ImportState.APPLIED, sentence))


def left(found: Import, state: ImportState, sentence: str = "") -> Import:
    """Return an import that nobody works on any more."""
    told = {name: value for name, value in found.told.items() if name != "work"}
    return replace(found, state=state, error=sentence, told=told)


def refuse_held(found: Import) -> None:
    """Raise Conflict if somebody works on an import; it is one as `seen_at` now."""
    if found.state in _HELD:
        raise Conflict(_HELD[found.state])


class Work(Protocol[Came_co]):
    """Work that is done in steps; once one has failed, nothing but to give it up."""

    import_id: int
    hold: Hold

    def step(self, uow: UnitOfWork, most: int = STEP) -> Came_co | None:
        """Do the next rows, so many or a few more; return what came of all once that is all.

        Raises ImportNotFound or Conflict.
        """


def in_steps(
    units: Callable[[bool], AbstractContextManager[UnitOfWork]],
    work: Work[Came_co],
    between: Callable[[int, int], None],
    stopped: str,
) -> Came_co:
    """Do work in units of work of its own (True: one that reads); return what came of it.

    `between` two units it hears how many rows of how many are done, and may raise. Then, and if a
    step fails, what was done stays, the import tells `stopped`, and whoever begins anew goes on
    from there.
    """
    try:
        while True:
            with units(False) as uow:
                came = work.step(uow)
            if came is not None:
                return came
            between(work.hold.rows, work.hold.total)
    except BaseException:
        # Also when it is interrupted. Where that fails, too, the lease ends by itself.
        if work.hold.begun:
            with suppress(PracticeError), units(False) as uow:
                work.hold.give_up(uow, work.import_id, stopped)
        raise
