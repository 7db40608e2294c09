"""The rows of a table in a text file; one broken row costs itself only.

Not here: which columns there are, nor what the cells mean.
"""

from __future__ import annotations

import csv
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LONGEST_ROW", "Broken", "Fault", "Row", "Rows", "UnreadableFile"]

LONGEST_ROW = 131_072  # characters; the csv module's own limit of one field
#: Characters that may be looked at in vain before the length of the file counts.
_VAIN = 4 * LONGEST_ROW


class UnreadableFile(Invalid):
    """Nothing, or from here on nothing more, can be read from the file."""


class Fault(Enum):
    """Why a row is none; the value is a sentence."""

    TOO_LONG = f"The row is longer than {LONGEST_ROW:,} characters."
    MISQUOTED = "The row cannot be split into columns: a quotation mark is misplaced or not closed."


class Row(NamedTuple):
    """A row's fields and its first physical line."""

    line: int
    fields: list[str]


class Broken(NamedTuple):
    """A row that cannot be split: its first physical line, why, and what may be its fields."""

    line: int
    fault: Fault
    fields: list[str]


class Rows:
    """The rows in a file's lines, without the blank ones.

    A row that cannot be split costs its own first line only: a quotation mark that is never
    closed would otherwise swallow the rest of the file. The time is linear in the length of the
    file, whatever quotation marks are in it.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, line: int = 1) -> None:
        self._lines = lines
        self._given_back: deque[str] = deque()
        self._delimiter = delimiter
        self._line = line  # of the line that comes next
        # How many characters may still be read again: each one that is done with earns another.
        self._credit = _VAIN

    def __iter__(self) -> Iterator[Row | Broken]:
        while True:
            line = self._line
            first = self._next()
            if first is None:
                return
            if (plain := self._plain(first)) is not None:
                self._credit += len(first)
                if any(map(str.strip, plain)):
                    yield Row(line, plain)
                continue
            taken: list[str] = []
            source = self._take(first, taken)
            try:
                fields = next(csv.reader(source, delimiter=self._delimiter, strict=True), None)
            except csv.Error:
                self._give_back(taken[1:])
                fault = Fault.TOO_LONG if len(taken[0]) > LONGEST_ROW else Fault.MISQUOTED
                yield Broken(line, fault, taken[0].split(self._delimiter))
                continue
            if fields is None:  # not with a line at hand
                return
            size = sum(map(len, taken))
            self._credit += size
            if size > LONGEST_ROW:
                yield Broken(line, Fault.TOO_LONG, fields)
            elif any(map(str.strip, fields)):
                yield Row(line, fields)

    def _plain(self, line: str) -> list[str] | None:
        """Split a line without any quotation, as most are; None for others."""
        body = line.removesuffix("\n").removesuffix("\r")
        if '"' in body or "\r" in body or len(line) > LONGEST_ROW:
            return None
        return body.split(self._delimiter) if body else []

    def _next(self) -> str | None:
        line = self._given_back.popleft() if self._given_back else next(self._lines, None)
        if line is not None:
            self._line += 1
        return line

    def _take(self, line: str | None, taken: list[str]) -> Iterator[str]:
        """Hand out the lines of one row, as many as the csv module asks for, within the limit."""
        size, longest = 0, min(LONGEST_ROW, self._credit)
        while line is not None:
            line = line[: LONGEST_ROW + 1]  # too long in any case: nothing of it is needed
            size += len(line)
            taken.append(line)
            yield line
            line = self._next() if size <= longest else None

    def _give_back(self, lines: list[str]) -> None:
        self._line -= len(lines)
        self._credit -= sum(map(len, lines))
        self._given_back.extendleft(reversed(lines))
