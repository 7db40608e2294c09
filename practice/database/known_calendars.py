"""The calendars as they stood at one place of the log, which its seal names.

Every change of a calendar is in the log, so where the log has not gone on they are as they were.
Every request needs all of them; saves that statement where nobody has written since the last one,
which is the rule in a practice, and where this process wrote last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from practice.calendars import Calendar

__all__ = ["KnownCalendars"]

#: Off, they are read again whenever they are asked for.
KNOWN = True


class KnownCalendars:
    """Those of one database. Safe to use from several threads."""

    def __init__(self) -> None:
        self._last: tuple[bytes, Sequence[Calendar]] | None = None

    def at(self, seal: bytes) -> Sequence[Calendar] | None:
        """Return the calendars where the log ends with a seal; None if they must be read."""
        last = self._last
        return last[1] if last is not None and last[0] == seal else None

    def keep(self, seal: bytes, calendars: Sequence[Calendar]) -> None:
        """Know the calendars as committed rows tell them where the log ends with a seal."""
        if KNOWN:
            self._last = (seal, calendars)
