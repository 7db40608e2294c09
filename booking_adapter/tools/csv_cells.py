"""The cells of a CSV export's row: texts, words, dates and times, however they are written.

Not here: which of them make a booking (`booking_adapter.tools.csv_file`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from booking_adapter.tables.headers import key
from booking_adapter.tables.times import when_in
from booking_adapter.tools.csv_columns import LABELS, Header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from booking_adapter.tables.times import When

__all__ = ["BadCell", "Cells", "fault", "slug"]

_T = TypeVar("_T")

_LONGEST_TEXT = 1_000
_LONGEST_NOTES = 10_000


class BadCell(Exception):
    """The row is not taken; the message becomes the reason of its `BadRow`."""


@lru_cache(maxsize=1024)
def slug(name: str) -> str:
    """Turn a name into a short name: "Dr. Müller" into "dr-mueller", "Raum 1" into "raum-1".

    Lower case; ä, ö, ü, ß become ae, oe, ue, ss; other accents go; whatever is neither a letter
    from a to z nor a digit becomes one hyphen. A short name stays as it is.
    """
    spelled = unicodedata.normalize("NFC", name).casefold().translate(_SPELLED)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", spelled)).lower()
    return re.sub("[^a-z0-9]+", "-", bare).strip("-")


_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l", "đ": "d", "ı": "i"}
)
_ACCENTS = re.compile("[\u0300-\u036f]")


_CONTROL_OR_UNDECODED = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Cells:
    """A row's cells by canonical name; raises BadCell for what cannot be read."""

    __slots__ = ("_fields", "_places")

    def __init__(self, fields: list[str], header: Header) -> None:
        # Empty cells behind the last column lose nothing; exports with a `;` at the end have them.
        if len(fields) < header.width or any(map(str.strip, fields[header.width :])):
            raise BadCell(f"The row has {len(fields)} fields, the header has {header.width}.")
        self._fields = fields
        self._places = header.places

    def __contains__(self, column: str) -> bool:
        return column in self._places

    def text(self, column: str) -> str:
        """Return the cell's text, trimmed; only notes keep their line breaks."""
        place = self._places.get(column)
        text = "" if place is None else self._fields[place].strip()
        if not text.isprintable():  # rare, and the quickest thing to ask
            text = _printable(column, text)
        longest = _LONGEST_NOTES if column == "notes" else _LONGEST_TEXT
        if len(text) > longest:
            raise fault(column, f"is longer than {longest:,} characters")
        return text

    def needed(self, column: str) -> str:
        """Return the cell's text, which must not be empty."""
        text = self.text(column)
        if not text:
            raise fault(column, "is empty")
        return text

    def slug(self, column: str) -> str:
        """Return the short name that the cell's name has; empty for an empty cell."""
        text = self.text(column)
        short = slug(text)
        if text and not short:
            raise fault(column, "has no letter or digit a short name could be made of")
        return short

    def word(self, column: str, meanings: Mapping[str, _T], default: _T) -> _T:
        """Return what the cell's word stands for; `default` for an empty cell."""
        text = self.text(column)
        if not text:
            return default
        try:
            return meanings[key(text)]
        except KeyError:
            raise fault(column, "has a value that is not known") from None

    def when(self, column: str) -> When:
        """Return the day and the time of day that the cell tells; a year 26 is 2026."""
        try:
            told = when_in(self.text(column))
        except ValueError:
            raise fault(column, "names a day or time that does not exist") from None
        if told is None:
            raise fault(column, "is not a date (DD.MM.YYYY or YYYY-MM-DD) or time (HH:MM)")
        return told


def fault(column: str, what: str) -> BadCell:
    """Return what is wrong with a cell, to be raised."""
    return BadCell(f"Column {LABELS[column]} {what}.")


def _printable(column: str, text: str) -> str:
    if unusable := _CONTROL_OR_UNDECODED.search(text):
        undecoded = unusable[0] >= "\ud800"
        what = "bytes that are not in the file's encoding" if undecoded else "control characters"
        raise fault(column, f"contains {what}")
    if column == "notes":
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return " ".join(text.split())
