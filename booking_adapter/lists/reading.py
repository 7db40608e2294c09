"""A patient list, whatever it is: a table in a text file, or GDT.

Not here: how either is read (`tables`, `gdt_reading`). What a file is, its content decides: names
say too little, and are changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from booking_adapter.lists.cells import cleaned
from booking_adapter.lists.gdt_reading import is_gdt, read_gdt
from booking_adapter.lists.shapes import ReadList, UnreadableList
from booking_adapter.lists.tables import read_table
from booking_adapter.tables.text import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

__all__ = ["LARGEST", "read_list"]

LARGEST = 25 * 1024 * 1024  # bytes

#: How files begin that are not text.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_OTHERS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"GIF8",
    b"7z\xbc\xaf",
    b"SQLite format",
)


def read_list(
    name: str,
    content: bytes,
    *,
    today: date,
    choice: Mapping[str, str] | None = None,
    encoding: str = "",
    separator: str = "",
) -> ReadList:
    """Read an uploaded file: CSV in any dialect, or GDT with one or more records.

    `choice` maps fields (see `fields.FIELDS`) to columns as the header names them, where a person
    says so; an empty column leaves the field out. So are a table's `encoding` (as Python calls it)
    and `separator` told; of themselves they are seen. GDT needs no choice. `today` tells a year of
    two digits its century.

    Raises UnreadableList, which has a code and a sentence, if nothing can be read.
    """
    if len(content) > LARGEST:
        raise UnreadableList("file_too_large")
    if content.startswith(_WORKBOOKS):
        raise UnreadableList("workbook")
    if content.startswith(_OTHERS):
        raise UnreadableList("no_text")
    shown = cleaned(name)[:200]
    if is_gdt(content):
        return ReadList(shown, *read_gdt(content, today))
    text, found = decoded(content, encoding)
    if not text.strip("\0\r\n\t \x1a"):
        raise UnreadableList("empty")
    return ReadList(shown, *read_table(text, found, choice or {}, today, separator))
