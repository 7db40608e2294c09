"""Work that somebody asked for and looks at while it is done: what was asked, and how far it is.

Not here: what is done (whoever begins a task does it), nor how it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

__all__ = ["INTERRUPTED", "PATIENT", "Task", "TaskState"]

#: Of a task about one patient, `asked` has the number under this name, and so has the key.
PATIENT = "piz"
#: What is told of a task whose lease is over: whoever did it was killed, or hangs.
INTERRUPTED: Mapping[str, str] = MappingProxyType(
    {"code": "interrupted", "text": "The program was ended before this was done. Start it again."}
)


class TaskState(StrEnum):
    """Where a task is."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One task. Of one kind and key, one runs at a time.

    `id` cannot be guessed: who has it may look. `due` is the end of the lease: a task that is not
    ended or renewed by then counts as FAILED, and its `told` has INTERRUPTED as its "error".
    `asked` and `told` are JSON: what was asked for, and how it goes.
    """

    id: str
    kind: str
    key: str
    state: TaskState
    begun: datetime
    ended: datetime | None
    due: datetime
    asked: Mapping[str, Any]
    told: Mapping[str, Any]
    made_by: str

    def took(self, now: datetime) -> timedelta:
        """Return how long it has taken, until now if it is running."""
        return (self.ended or now) - self.begun
