"""What may become of an appointment: its status, and where the patient is. Pure tables.

Not here: who may change it (`practice.access`), and what a change does to calendar and letters
(`practice.use_cases.arranging`). Whoever writes the calendar object itself, over CalDAV or in a
booking tool, is not held to this: what stands in the calendar is so.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from practice.appointments import Status
from practice.errors import IllegalStep

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = [
    "PROGRESS_AFTER",
    "STATUS_AFTER",
    "Progress",
    "check_day",
    "check_progress",
    "check_status",
]

#: Who comes so much too early has come for something else.
_EARLY = timedelta(days=1)


class Progress(StrEnum):
    """Where the patient is, on the day of the appointment."""

    NONE = ""
    ARRIVED = "arrived"
    IN_TREATMENT = "in_treatment"
    DONE = "done"
    NO_SHOW = "no_show"


#: | from | to |
#: |---|---|
#: | TENTATIVE (asked for) | CONFIRMED, CANCELLED (declined) |
#: | CONFIRMED | CANCELLED; TENTATIVE, when the patient moves what needs confirmation |
#: | CANCELLED | nothing: who comes after all has another appointment |
STATUS_AFTER: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.TENTATIVE: frozenset({Status.CONFIRMED, Status.CANCELLED}),
        Status.CONFIRMED: frozenset({Status.TENTATIVE, Status.CANCELLED}),
        Status.CANCELLED: frozenset(),
    }
)

#: The last step can be taken back: people click on the wrong line.
PROGRESS_AFTER: Mapping[Progress, frozenset[Progress]] = MappingProxyType(
    {
        Progress.NONE: frozenset({Progress.ARRIVED, Progress.NO_SHOW}),
        Progress.ARRIVED: frozenset({Progress.IN_TREATMENT, Progress.DONE, Progress.NONE}),
        Progress.IN_TREATMENT: frozenset({Progress.DONE, Progress.ARRIVED}),
        Progress.DONE: frozenset({Progress.IN_TREATMENT, Progress.ARRIVED}),
        Progress.NO_SHOW: frozenset({Progress.ARRIVED, Progress.NONE}),
    }
)


def check_status(before: Status, after: Status, progress: Progress) -> None:
    """Raise IllegalStep unless the status may change so. The same again is no change."""
    if before is after:
        return
    if after not in STATUS_AFTER[before]:
        raise IllegalStep(f"An appointment that is {before} cannot become {after}.")
    if after is Status.CANCELLED and progress not in {Progress.NONE, Progress.NO_SHOW}:
        raise IllegalStep("The patient was there; the appointment cannot be cancelled.")


def check_progress(status: Status, before: Progress, after: Progress) -> None:
    """Raise IllegalStep unless the progress may change so. The same again is no change."""
    if before is after:
        return
    if status is Status.CANCELLED:
        raise IllegalStep("The appointment is cancelled.")
    if after not in PROGRESS_AFTER[before]:
        was, then = (one or "not there yet" for one in (before, after))
        raise IllegalStep(f"From '{was}' no appointment goes on to '{then}'.")


def check_day(after: Progress, start: datetime, now: datetime) -> None:
    """Raise IllegalStep where a step is noted too early: of a patient who cannot be there yet, or
    cannot have failed to come yet.
    """
    if after is Progress.NO_SHOW and now < start:
        raise IllegalStep("The appointment has not begun yet.")
    if after is not Progress.NONE and now < start - _EARLY:
        raise IllegalStep("The appointment is on another day.")
