"""A folder into which a booking tool puts its CSV exports, or one file that it writes anew.

Not here: what a file may look like (`booking_adapter.tools.csv_file`). Nothing is written, moved or
deleted in the folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from booking_adapter.failures import Failed
from booking_adapter.protocol import NotAuthentic, Power, Told, Unreadable
from booking_adapter.times import is_on
from booking_adapter.tools.csv_file import BadRow, UnreadableFile, read_bookings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from booking_adapter.protocol import Days, Event, Hook, State
    from practice.appointments import Booking
    from practice.patients import PatientRecord

__all__ = ["CsvFolder", "Watched"]

_ONLY_LISTS = "a file cannot be told anything"


@dataclass(frozen=True, slots=True)
class Watched:
    """Where the exports are. Each holds all bookings: one that is not in it is gone."""

    #: The file, or a folder in which the newest one counts.
    path: Path
    #: Where times without an offset are meant.
    zone: ZoneInfo
    #: Names of files in the folder, without regard to case; `.name` and `~name` never count.
    pattern: str = "*.csv"
    #: Seconds without a change after which a file counts as written; less than between two exports.
    quiet: float = 60.0


class _State(NamedTuple):
    """What of a file changes when anything is done to it."""

    changed: int  # nanoseconds
    touched: int
    size: int
    device: int
    number: int

    @staticmethod
    def of(told: os.stat_result) -> _State:
        return _State(told.st_mtime_ns, told.st_ctime_ns, told.st_size, told.st_dev, told.st_ino)


class CsvFolder:
    """See the Protocol. `clock` tells the time that the files' times are compared with.

    A file that is being written, cut off or without bookings is none: it raises Failed.
    """

    powers = Power.LISTS | Power.FINDS

    def __init__(self, watched: Watched, clock: Callable[[], datetime]) -> None:
        self._watched = watched
        self._clock = clock

    def bookings(self, days: Days) -> Iterator[Told | Unreadable]:
        """See the Protocol. `changed` is when the file was."""
        zone = self._watched.zone
        yield from self._read(lambda one: is_on(one.slot.start, days, zone))

    def booking(self, booking_id: str) -> Told | Unreadable | None:
        """See the Protocol."""
        unreadable = []
        for told in self._read(lambda one: one.id == booking_id):
            if isinstance(told, Told):
                return told
            unreadable.append(told)
        for bad in unreadable:
            if bad.id == booking_id:
                return bad
        # One without a number that can be read may be this one.
        return next((bad for bad in unreadable if not bad.id), None)

    def key(self, hook: Hook) -> str:  # noqa: ARG002
        """See the Protocol. A file sends no webhooks."""
        raise NotAuthentic("No webhooks were agreed.")

    def events(self, hook: Hook) -> Sequence[Event]:  # noqa: ARG002
        """See the Protocol. A file sends no webhooks."""
        raise Failed(_ONLY_LISTS, permanent=True)

    def tell(self, state: State) -> str:  # noqa: ARG002
        """See the Protocol. A file cannot be told."""
        raise Failed(_ONLY_LISTS, permanent=True)

    def patients(self) -> Iterator[PatientRecord]:
        """See the Protocol. Patients are in the bookings only."""
        return iter(())

    def link(self, record: PatientRecord) -> str:  # noqa: ARG002
        """See the Protocol. A file has no page."""
        raise Failed(_ONLY_LISTS, permanent=True)

    def _read(self, wanted: Callable[[Booking], bool]) -> list[Told | Unreadable]:
        """Return what a file tells, once it is sure that it was whole."""
        try:
            path, before = self._newest()
            told = self._rows(path, before, wanted)
            after = _State.of(path.stat())
        except UnreadableFile as error:
            raise Failed(str(error)) from None
        except OSError as error:
            raise Failed(f"the file cannot be read: {type(error).__name__}") from None
        if after != before:
            raise Failed("the file was changed while it was read")
        return told

    def _newest(self) -> tuple[Path, _State]:
        """Return the file that counts, and how it is."""
        there = {path: path.stat() for path in self._files()}
        if not there:
            raise Failed("no file is there")
        newest = max(there, key=lambda path: (there[path].st_mtime_ns, path.name))
        if not stat.S_ISREG(there[newest].st_mode):
            raise Failed("what is there is no file")
        state = _State.of(there[newest])
        # Also by when the system touched it: a copy is given the time of what it is copied from.
        last = max(state.changed, state.touched) / 1e9
        if self._clock().timestamp() - last < self._watched.quiet:
            raise Failed(f"not read before it has rested for {self._watched.quiet:.0f} seconds")
        return newest, state

    def _files(self) -> list[Path]:
        path, pattern = self._watched.path, self._watched.pattern.lower()
        if not path.is_dir():
            return [path]
        return [
            one
            for one in path.iterdir()
            if fnmatchcase(one.name.lower(), pattern)
            and not one.name.startswith((".", "~"))
            and one.is_file()
        ]

    def _rows(
        self, path: Path, state: _State, wanted: Callable[[Booking], bool]
    ) -> list[Told | Unreadable]:
        changed = datetime.fromtimestamp(state.changed / 1e9, UTC)
        told: list[Told | Unreadable] = []
        last: Booking | BadRow | None = None
        for last in read_bookings(path, self._watched.zone):
            if isinstance(last, BadRow):
                reason = f"Line {last.line:,}: {last.reason}"
                told.append(Unreadable(_plain(last.booking_id), reason, guessed=True))
            elif wanted(last):
                told.append(Told(last, changed))
        if last is None:
            raise Failed("the file has no bookings")
        if isinstance(last, BadRow) and _ends_within_a_line(path):
            raise Failed("the file ends in the midst of a row")
        return told


def _plain(booking_id: str) -> str:
    """Return the number of a bad row, if it is one that could be kept and printed."""
    return booking_id if booking_id.isprintable() and len(booking_id) <= 255 else ""


def _ends_within_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2))
        end = file.read().rstrip(b"\0")  # a line end in UTF-16 may be two octets
    return not end.endswith((b"\n", b"\r"))
