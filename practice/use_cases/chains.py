"""Are the chains of seals whole, as far as somebody waits for? The newest rows of log and acts.

Each row's seal is made of the one before, so what is looked at holds from its first row on. Not
here: all of them, and whether the calendars are what the log says (`practice.use_cases.verify`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from practice.errors import Invalid
from practice.use_cases.verify import act_faults, log_faults

if TYPE_CHECKING:
    from practice.ports import UnitOfWork

__all__ = ["MOST", "Chains", "Looked", "newest"]

#: Rows of each chain that are looked at for somebody who waits.
MOST = 20_000
_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Looked:
    """The numbers of the first and last row of a chain that were looked at; `last` is 0 if it has
    nothing. `is_whole`: no row that is kept was left out.
    """

    first: int
    last: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Chains:
    """What was looked at, and a sentence for each fault, the first hundred of each chain."""

    log: Looked
    acts: Looked
    faults: tuple[str, ...]


def newest(uow: UnitOfWork, most: int = MOST) -> Chains:
    """Check the newest rows of both chains, at most so many of each; raises Invalid.

    They are held to the row before the first, to each other, and to the heads that are kept apart.
    """
    if not 1 <= most <= MOST:
        raise Invalid(f"1 to {MOST} rows are looked at.")
    state, (last, _) = uow.log_state(), uow.acts.head()
    after, after_act = max(state.forgotten, state.number - most), max(0, last - most)
    found = (log_faults(uow, after), act_faults(uow, after_act))
    return Chains(
        Looked(after + 1, state.number, after == state.forgotten),
        Looked(after_act + 1, last, after_act == 0),
        tuple(fault for faults in found for fault in islice(faults, _MOST_FAULTS)),
    )
