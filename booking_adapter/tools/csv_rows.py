"""A CSV file's rows, whatever encoding and line ends it has; one broken row costs itself only.

Not here: which columns there are, nor what the cells mean.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BadRow", "Row", "Rows", "UnreadableFile", "blocks_of", "id_in", "text_lines"]

_BLOCK = 65_536  # bytes read at a time; the encoding is judged from the first block
_LONGEST_ROW = 131_072  # characters; the csv module's own limit of one field


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: its first physical line, and why, without the patient's data.

    `booking_id` is that of the row where it could be read: the booking is still in the file.
    """

    line: int
    reason: str
    booking_id: str = field(default="", compare=False)


class UnreadableFile(Invalid):
    """Nothing, or from here on nothing more, can be read from the file."""


# --- from bytes to lines of text ----------------------------------------------------------------


def blocks_of(file: BinaryIO, on_bytes: Callable[[int], None] | None) -> Iterator[bytes]:
    """Read the file block by block; `on_bytes` is told how many bytes are done."""
    done = 0
    while block := file.read(_BLOCK):
        yield block
        done += len(block)
        if on_bytes:
            on_bytes(done)


def text_lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """Decode the physical lines; bytes that cannot be decoded become surrogates (PEP 383)."""
    first = next(blocks, b"")
    blocks = chain([first], blocks)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(_lines(_from_utf16(blocks)), "utf-8")
    if first.startswith(codecs.BOM_UTF8):
        next(blocks)
        return _decoded(_lines(chain([first.removeprefix(codecs.BOM_UTF8)], blocks)), "utf-8")
    head, *lines = first.split(b"\n")
    if b"\0" in head:
        raise UnreadableFile("The file is not text in a known encoding. Export it as CSV in UTF-8.")
    # The last line may be cut in the midst of a character.
    return _decoded(_lines(blocks), _encoding([head, *lines[:-1]] if lines else []))


def _encoding(lines: list[bytes]) -> str | None:
    """Tell the encoding from the lines that are not ASCII; None if there are none.

    By majority, so that one broken line makes neither mojibake of all others nor hides itself:
    text in Windows-1252 is hardly ever valid UTF-8.
    """
    telling = [line for line in lines if not line.isascii()]
    if not telling:
        return None
    return "utf-8" if 2 * sum(map(_is_utf8, telling)) >= len(telling) else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _from_utf16(blocks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # `from None`: the error carries the bytes.
        raise UnreadableFile("The file begins as UTF-16 but does not go on as such.") from None


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in lines)
        # What is cut off a line without end is not missed: the row is refused for its length,
        # which is told in characters, of up to four bytes.
        rest = rest[: 4 * _LONGEST_ROW + 1]
    if rest:
        yield rest


def _decoded(lines: Iterator[bytes], encoding: str | None) -> Iterator[str]:
    for line in lines:
        encoding = encoding or _encoding([line])
        yield line.decode(encoding or "ascii", "surrogateescape")


# --- from lines to rows of cells ----------------------------------------------------------------


_TOO_LONG = f"The row is longer than {_LONGEST_ROW:,} characters."
_MISQUOTED = "The row cannot be split into columns: a quotation mark is misplaced or not closed."


class Row(NamedTuple):
    """A row's fields and its first physical line."""

    line: int
    fields: list[str]


def id_in(fields: list[str], place: int | None) -> str:
    """Guess the booking's number in a bad row: the booking has not left the file for that."""
    return "" if place is None else "".join(fields[place : place + 1]).strip().strip('"')


class Rows:
    """The rows in a file's lines, without the blank ones.

    A row that cannot be split costs its own first line only: a quotation mark that is never
    closed would otherwise swallow the rest of the file. `id_place` is where the booking's number
    stands.
    """

    def __init__(
        self, lines: Iterator[str], delimiter: str, line: int = 1, id_place: int | None = None
    ) -> None:
        self._lines = lines
        self._id_place = id_place
        self._given_back: deque[str] = deque()
        self._delimiter = delimiter
        self._line = line  # of the line that comes next

    def __iter__(self) -> Iterator[Row | BadRow]:
        while True:
            line = self._line
            taken: list[str] = []
            source = self._take(taken)
            try:
                fields = next(csv.reader(source, delimiter=self._delimiter, strict=True), None)
            except csv.Error:
                self._give_back(taken[1:])
                reason = _TOO_LONG if len(taken[0]) > _LONGEST_ROW else _MISQUOTED
                yield BadRow(line, reason, id_in(taken[0].split(self._delimiter), self._id_place))
                continue
            if fields is None:
                return
            if sum(map(len, taken)) > _LONGEST_ROW:
                yield BadRow(line, _TOO_LONG, id_in(fields, self._id_place))
            elif any(map(str.strip, fields)):
                yield Row(line, fields)

    def _take(self, taken: list[str]) -> Iterator[str]:
        """Hand out the lines of one row, as many as the csv module asks for, within the limit."""
        size = 0
        while size <= _LONGEST_ROW:
            line = self._given_back.popleft() if self._given_back else next(self._lines, None)
            if line is None:
                return
            self._line += 1
            size += len(line)
            taken.append(line)
            yield line

    def _give_back(self, lines: list[str]) -> None:
        self._line -= len(lines)
        self._given_back.extendleft(reversed(lines))
