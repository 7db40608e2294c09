"""The audit trail as a file, line by line: CSV for people, JSON Lines for programs.

Not here: what stands in it (`practice.use_cases.trail`).
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from practice.use_cases.trail import TrailEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["as_csv", "as_json_lines"]

_COLUMNS = tuple(field.name for field in fields(TrailEntry))
#: A cell that begins so is a formula to the programs that people open such files with.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(entries: Iterable[TrailEntry]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180), the names of its columns first.

    What was before and after is JSON in a cell. No cell is a formula.
    """
    yield _line(_COLUMNS)
    for entry in entries:
        told = _told(entry)
        yield _line([_cell(told[name]) for name in _COLUMNS])


def as_json_lines(entries: Iterable[TrailEntry]) -> Iterator[str]:
    """Yield a line of JSON for each entry."""
    for entry in entries:
        yield json.dumps(_told(entry), ensure_ascii=False, default=_plain) + "\n"


def _told(entry: TrailEntry) -> dict[str, Any]:
    return {**asdict(entry), "changed": list(entry.changed)}


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    if isinstance(value, list):
        value = " ".join(value)
    text = _plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
