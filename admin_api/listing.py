"""Lists that are told a page at a time: what they are asked with, and how they go on.

Not here: the audit trail's own cursors (`practice.trail`).
"""

from __future__ import annotations

from admin_api.endpoint import Form
from admin_api.shapes import Cursor, Limit
from practice.errors import Invalid

__all__ = ["Paged", "cursor_of", "place_of"]

_LONGEST = 18


class Paged(Form):
    """Which page of a list."""

    cursor: Cursor = ""
    limit: Limit = 50


def place_of(cursor: str) -> int | None:
    """Return the id that a page begins before; raises Invalid for a cursor that was never given."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _LONGEST):
        raise Invalid("There is no such place in the list; start again without it.")
    return int(cursor)


def cursor_of(before: int | None) -> str | None:
    """Return what the next page is asked for with; None if there is none."""
    return None if before is None else str(before)
