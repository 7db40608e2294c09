"""GDT files read into records of patients, however carelessly they are written.

Not here: what is written to practice software (`booking_adapter.lists.gdt_writing`). Lengths and
sums are not believed: the samples of the standard itself have wrong ones.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from booking_adapter.lists.births import Births
from booking_adapter.lists.cells import LONGEST_CELL, cleaned, row_of
from booking_adapter.lists.gdt_fields import CHARSETS, HEADER, OURS, PATIENT_KINDS, Id
from booking_adapter.lists.shapes import Dialect, Doubt, Row, Unreadable, UnreadableList
from booking_adapter.tables.encodings import SINGLE_BYTE, likeliest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

__all__ = ["is_gdt", "read_gdt"]

_MOST_RECORDS = 100_000
_MOST_LINES = 3_000_000
_MOST_FIELDS = 600  # of one record

_BEGIN = re.compile(rb"[\s\0]*\d{3}8000 ?\d{4}\s")
_LINE = re.compile(rb"\s*\d{3}(\d{4})(.*)", re.DOTALL)


@dataclass(slots=True)
class _Record:
    """A record: its first physical line, its fields in order, and whether lines were ignored."""

    line: int
    fields: list[tuple[str, bytes]] = field(default_factory=list)
    ignored: bool = False


def is_gdt(content: bytes) -> bool:
    """Tell whether a file is GDT: its first line names the kind of a record."""
    return bool(_BEGIN.match(content[:1_000].removeprefix(codecs.BOM_UTF8) + b"\n"))


def read_gdt(content: bytes, today: date) -> tuple[Dialect, tuple[Row | Unreadable, ...]]:
    """Return how a GDT file is written, and its patients. Raises UnreadableList."""
    if max(content.count(b"\n"), content.count(b"\r")) > _MOST_LINES:
        raise UnreadableList("too_many_rows")
    rows: list[Row | Unreadable] = []
    encoding = ""
    columns: dict[str, str] = {}
    unused: dict[str, None] = {}
    births = Births((), today)
    for record in _records(content.removeprefix(codecs.BOM_UTF8)):
        if len(rows) == _MOST_RECORDS:
            raise UnreadableList("too_many_rows")
        used, doubts = _encoding(record)
        encoding = encoding or used
        rows.append(_row(record, used, doubts, births))
        for number, _ in record.fields:
            if number in OURS:
                columns.setdefault(OURS[number], number)
            elif number not in HEADER:
                unused[number] = None
    return Dialect("gdt", encoding, columns, tuple(unused)), tuple(rows)


def _records(content: bytes) -> Iterator[_Record]:
    record: _Record | None = None
    for line, text in enumerate(_lines(content), 1):
        if not text.strip(b" \t\0\x1a"):
            continue
        match = _LINE.fullmatch(text[: 8 * LONGEST_CELL])
        number = match[1].decode() if match else ""
        if number == Id.KIND:
            if record:
                yield record
            record = _Record(line)
        if record and match and len(record.fields) < _MOST_FIELDS:
            record.fields.append((number, match[2].rstrip(b"\x1a\0")))
        elif record:
            record.ignored = True
    if record:
        yield record


def _lines(content: bytes) -> Iterator[bytes]:
    """Yield lines that end in CR LF, LF or CR, as editors count them."""
    start = 0
    ends = re.compile(rb"\r\n|\n|\r")
    for end in ends.finditer(content):
        yield content[start : end.start()]
        start = end.end()
    yield content[start:]


def _encoding(record: _Record) -> tuple[str, list[Doubt]]:
    """Return what the record is written in: what it names, unless that is plainly wrong."""
    texts = [text for _, text in record.fields if not text.isascii()]
    named = next((text.strip() for number, text in record.fields if number == Id.CHARSET), b"2")
    encoding = CHARSETS.get(named.decode("ascii", "replace"), "cp437")
    if not texts:
        return encoding, []
    # In 7 bits there are no such letters; CP437 is what is meant where nothing is named.
    first = "cp437" if encoding == "ascii" else encoding
    others = [name for name in ("utf-8", *SINGLE_BYTE) if name != first]
    found = likeliest(texts, (first, *others), named=True)
    return found, [] if found == encoding else [Doubt("charset_guessed")]


def _row(record: _Record, encoding: str, doubts: list[Doubt], births: Births) -> Row | Unreadable:
    kind = record.fields[0][1].strip().decode("ascii", "replace")
    if kind not in PATIENT_KINDS:
        return Unreadable(record.line, Doubt("gdt_kind"))
    if record.ignored:
        doubts = [*doubts, Doubt("lines_ignored")]
    told, rest = _told(record, encoding)
    if any(len(text) > LONGEST_CELL for text in (*told.values(), *(text for _, text in rest))):
        return Unreadable(record.line, Doubt("cell_too_long"))
    more: dict[str, list[str]] = {}
    for number, text in rest:
        more.setdefault(number, []).append(text)  # repeated fields stay in order
    prefix = told.pop("name_prefix", "")
    if prefix and told.get("last_name"):
        told["last_name"] = f"{prefix} {told['last_name']}"
        more["name_prefix"] = [prefix]
    row = row_of(record.line, told, births, tuple(doubts))
    if isinstance(row, Unreadable):
        return row
    joined = {number: "\n".join(texts) for number, texts in more.items()}
    return Row(row.line, row.record, {**joined, **row.more}, row.doubts)


def _told(record: _Record, encoding: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return what is told of the patient by our fields' names, and the other fields in order."""
    told: dict[str, str] = {}
    rest = []
    # The number on the electronic card counts more than that of the old one.
    cards = [field for field in record.fields if field[0] == Id.CARD_NUMBER]
    others = [field for field in record.fields if field[0] != Id.CARD_NUMBER]
    for number, content in (*cards, *others):
        text = cleaned(content.decode(encoding, "replace"))
        ours = OURS.get(number)
        if number in HEADER or not text:
            continue
        if ours is None or ours in told:
            rest.append((number, text))
        else:
            told[ours] = text
    return told, rest
