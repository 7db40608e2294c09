"""A patient list as a table: which row is the header, what separates cells, which column is what.

Not here: what the cells say (`booking_adapter.lists.cells`).
"""

from __future__ import annotations

from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from booking_adapter.lists.births import Births
from booking_adapter.lists.cells import LONGEST_CELL, cleaned, row_of
from booking_adapter.lists.fields import FIELDS
from booking_adapter.lists.shapes import Dialect, Doubt, Unreadable, UnreadableList
from booking_adapter.tables.headers import key, places_of, separator_in
from booking_adapter.tables.rows import LONGEST_ROW, Broken, Fault, Row, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from booking_adapter.lists import shapes

__all__ = ["MOST_ROWS", "read_table"]

MOST_ROWS = 100_000
_MOST_LINES = 10 * MOST_ROWS  # blank ones among them, and those within cells

_HEAD = 60  # lines looked at for the header: some exports begin with a letterhead
_CODES = {Fault.TOO_LONG: "row_too_long", Fault.MISQUOTED: "misquoted"}
_WIDEST = 1_000  # columns that may mean something
_SEPARATORS = ";,\t|"


class _Header(NamedTuple):
    """Where the table begins: its separator, its row, and which field stands where."""

    separator: str
    row: Row
    places: dict[str, int]


class _Told(NamedTuple):
    """What a row tells, by our fields' names."""

    line: int
    told: dict[str, str]
    doubts: tuple[Doubt, ...]


def read_table(
    text: str, encoding: str, choice: Mapping[str, str], today: date, separator: str = ""
) -> tuple[Dialect, tuple[shapes.Row | Unreadable, ...]]:
    """Return how a table is written, and its rows. Raises UnreadableList.

    Days and months of slashed dates can be told apart only once all rows are known.
    """
    if text.count("\n") > _MOST_LINES:
        raise UnreadableList("too_many_rows")
    lines = _lines(text)
    head = list(islice(lines, _HEAD))
    told = separator or separator_in(head[0])
    header = _found(head, told or _SEPARATORS, _chosen(choice))
    rows = list(_rows_behind(header, Rows(chain(head, lines), header.separator)))
    dates = (row.told.get("birth_date", "") for row in rows if isinstance(row, _Told))
    births = Births(dates, today)
    read = (
        row if isinstance(row, Unreadable) else row_of(row.line, row.told, births, row.doubts)
        for row in rows
    )
    return _dialect(header, encoding), tuple(read)


def _lines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start : min(end, start + LONGEST_ROW + 1)]
        start = end


def _chosen(choice: Mapping[str, str]) -> dict[str, str]:
    if choice.keys() - FIELDS.keys():
        raise UnreadableList("unknown_field")
    return {name: _named(column) for name, column in choice.items()}


def _named(cell: str) -> str:
    """Return what two spellings of a column share; a column may be called "#"."""
    return key(cell[:200]) or cell.strip()


def _found(head: list[str], separators: str, chosen: dict[str, str]) -> _Header:
    """Return the row that names the most columns; of equal ones the first."""
    best: _Header | None = None
    wanted = {column for column in chosen.values() if column}
    complete = False
    for separator in separators:
        for row in Rows(iter(head), separator):
            if isinstance(row, Broken):
                continue
            cells = row.fields[:_WIDEST]
            there = wanted <= {_named(cell) for cell in cells}
            header = _Header(separator, row, _places(cells, chosen if there else {}))
            # A row with all columns that were chosen is the header, however few are known.
            if best is None or (there, len(header.places)) > (complete, len(best.places)):
                best, complete = header, there
    if best is None or not (best.places or (wanted and not complete)):
        raise UnreadableList("no_header")
    if not complete:
        raise UnreadableList("chosen_column_missing")
    if best.places.keys().isdisjoint(("last_name", "name")):
        raise UnreadableList("no_name_column" if len(best.places) > 1 else "no_header")
    return best


def _places(fields: list[str], chosen: dict[str, str]) -> dict[str, int]:
    """Return which field stands where; what was chosen by hand is no other field as well."""
    cells = [_named(cell) for cell in fields]
    by_hand = {name: cells.index(column) for name, column in chosen.items() if column}
    places = places_of(fields, FIELDS.items())
    free = {
        name: place
        for name, place in places.items()
        if name not in chosen and place not in by_hand.values()
    }
    return by_hand | free


def _rows_behind(header: _Header, all_rows: Rows) -> Iterator[_Told | Unreadable]:
    """Yield what the rows tell in columns that mean something: of the others nothing is kept."""
    rows = iter(all_rows)
    next(row for row in rows if isinstance(row, Row) and row.line == header.row.line)
    for count, row in enumerate(rows):
        if count == MOST_ROWS:
            raise UnreadableList("too_many_rows")
        yield _told(row, header)


def _told(row: Row | Broken, header: _Header) -> _Told | Unreadable:
    if isinstance(row, Broken):
        return Unreadable(row.line, Doubt(_CODES[row.fault]))
    fields, width = row.fields, len(header.row.fields)
    if any(map(str.strip, fields[width:])):
        return Unreadable(row.line, Doubt("too_many_cells"))
    if fields == header.row.fields:
        return Unreadable(row.line, Doubt("header_again"))
    told = {
        name: cleaned(fields[place]) if place < len(fields) else ""
        for name, place in header.places.items()
    }
    if any(len(text) > LONGEST_CELL for text in told.values()):
        return Unreadable(row.line, Doubt("cell_too_long"))
    doubts = (Doubt("too_few_cells"),) if len(fields) < width else ()
    return _Told(row.line, told, doubts)


def _dialect(header: _Header, encoding: str) -> Dialect:
    names = [cleaned(field)[:200] for field in header.row.fields]
    used = set(header.places.values())
    return Dialect(
        "csv",
        encoding,
        {name: names[place] for name, place in sorted(header.places.items(), key=itemgetter(1))},
        tuple(name for place, name in enumerate(names) if name and place not in used),
        header.separator,
        header.row.line,
    )
