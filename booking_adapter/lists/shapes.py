"""What was read from a patient list: how it was written, its rows, and what is doubtful in them.

Not here: how it is read (`booking_adapter.lists.reading`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from booking_adapter.lists.words import WORDS
from booking_adapter.tables.rows import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.patients import PatientRecord

__all__ = ["Dialect", "Doubt", "ReadList", "Row", "Unreadable", "UnreadableList"]


class UnreadableList(UnreadableFile):
    """Nothing can be read from the file; its message is the English sentence."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.german, self.english = WORDS[code]
        super().__init__(self.english)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something in a row for a person to look at; `field` is the one concerned, if it is one."""

    code: str
    field: str = ""

    @property
    def german(self) -> str:
        """The sentence in German."""
        return WORDS[self.code][0]

    @property
    def english(self) -> str:
        """The sentence in English."""
        return WORDS[self.code][1]


@dataclass(frozen=True, slots=True)
class Row:
    """A patient, and the first physical line that tells of him.

    `more` is what else is told: known things by our names (`title`, `mobile`, `insurer`, `city`),
    cells that were not taken over by their field's, in a GDT file other fields by their ids.
    """

    line: int
    record: PatientRecord
    more: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that was not taken: its first physical line, and why."""

    line: int
    reason: Doubt


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written.

    `columns` maps our fields to the file's columns, or to the ids of its GDT fields; `unused` are
    the columns that mean nothing to us. `header_line` and `separator` are those of a table.
    """

    kind: str  # "csv" or "gdt"
    encoding: str
    columns: Mapping[str, str]
    unused: tuple[str, ...] = ()
    separator: str = ""
    header_line: int = 0


@dataclass(frozen=True, slots=True)
class ReadList:
    """A patient list: rows in the file's order, the unreadable ones among them."""

    name: str
    dialect: Dialect
    rows: tuple[Row | Unreadable, ...]
