"""What is left to say of those who were erased: their numbers, and which rows of the log lost
their texts.

Not here: erasing them (`practice.use_cases.erasure`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["ERASED", "ErasedChange", "Erasure"]

#: The action of the act that a row of the log without its texts is to be named by.
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """Whom the practice has erased, by number: to be erased again after an older backup came
    back.
    """

    number: str
    erased: datetime
    erased_by: str


@dataclass(frozen=True, slots=True)
class ErasedChange:
    """A row of the log that had its texts erased by the act with a number; `seal` is the row's."""

    seal: bytes
    act: int
