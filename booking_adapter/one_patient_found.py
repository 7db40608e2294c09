"""What is asked of one patient's appointments, how far it is, and what was found.

Not here: how they are found and written (`booking_adapter.one_patient`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date


__all__ = ["Asked", "Found", "Step", "Trouble"]

#: Seconds in which nothing more can be done.
_LEAST = 0.05


class Step(IntEnum):
    """How far it is."""

    WAITING = 0
    FETCHING = 1
    FILTERING = 2
    RESOLVING = 3
    WRITING = 4

    @property
    def text(self) -> str:
        """What is being done, for a person."""
        return _TEXTS[self]


_TEXTS = {
    Step.WAITING: "waiting for others to be done",
    Step.FETCHING: "fetching the day's appointments",
    Step.FILTERING: "looking for the patient's among them",
    Step.RESOLVING: "finding out who the patient is",
    Step.WRITING: "writing the appointments",
}


class Trouble(Exception):
    """Why it cannot be done: a code for programs, and a sentence that names nobody."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose appointments, by the practice's number, on which day, of which of the tool's types.

    `until` is the `time.monotonic` at which it has to be done.
    """

    piz: str
    day: date
    kind: str
    until: float = field(compare=False)

    def check_time(self) -> None:
        """Raise Trouble if there is none left to speak of."""
        if time.monotonic() + _LEAST >= self.until:
            raise Trouble("timeout", "It took longer than it may. Nothing was written; try again.")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found so far, and in the end what became of it. As JSON: `told`."""

    step: Step = Step.WAITING
    known: bool = False
    found: int = 0
    processed: int = 0
    patient_id: int | None = None
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None

    def told(self) -> dict[str, Any]:
        """Return it as it is kept; ids only, so that an erased patient is not named by it."""
        return {
            "step": int(self.step),
            "known": self.known,
            "found": self.found,
            "processed": self.processed,
            "patient_id": self.patient_id,
            "result": self.result,
            "error": self.error,
        }
