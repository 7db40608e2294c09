"""Tables as commands print them. Not here: what stands in them."""

from __future__ import annotations

import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

__all__ = ["Table", "print_table", "print_whole", "when"]


#: Characters of a line that nobody looks at on a screen.
_WHOLE = 240


def print_table(table: Table, width: int | None = None) -> None:
    """Print a table with lines of `width` characters, or as wide as the screen is."""
    # What people are called is text: brackets and colons mean nothing.
    Console(markup=False, emoji=False, highlight=False, width=width).print(table)


def print_whole(table: Table) -> None:
    """Print a table so that it is whole in a file or another program, however wide a screen is."""
    print_table(table, None if sys.stdout.isatty() else _WHOLE)


def when(moment: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment by the clock of a zone; "never" if there is none."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "never"
