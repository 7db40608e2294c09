"""A booking tool's CSV export, read row by row into bookings, whatever dialect it is written in.

Not here: what a single cell says (`booking_adapter.tools.csv_cells`), what becomes of the bookings,
nor whether the practice knows their doctors and rooms.

A file is not refused for a bad row, and no reason repeats what a cell says: reasons are printed
and logged, and the cells are about patients.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from booking_adapter.tables.headers import meanings_of
from booking_adapter.tables.people import INSURANCES, names_in
from booking_adapter.tables.rows import UnreadableFile
from booking_adapter.tables.text import blocks_of, text_lines
from booking_adapter.tables.times import no_later
from booking_adapter.tools.csv_cells import BadCell, Cells, fault, slug
from booking_adapter.tools.csv_columns import COLUMNS, BadRow, Column, id_in, open_table
from practice.appointments import Booking, Slot, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from zoneinfo import ZoneInfo

__all__ = ["COLUMNS", "BadRow", "Column", "UnreadableFile", "read_bookings", "slug"]

_LONGEST_SLOT = timedelta(hours=24)


def read_bookings(
    path: Path, zone: ZoneInfo, on_bytes: Callable[[int], None] | None = None
) -> Iterator[Booking | BadRow]:
    """Yield bookings and bad rows in the file's order, holding one row and a digest of each id.

    Times that name no offset are meant in `zone`, and all slots are told in it; of a time that
    occurs twice the first is meant. Of several rows with one booking id the first good one counts.
    `on_bytes` is told again and again how many bytes are done, at last the size of the file.

    Raises UnreadableFile, mostly at the first step; OSError as opening a file does.
    """
    seen: set[bytes] = set()
    with path.open("rb") as file:
        header, rows = open_table(text_lines(blocks_of(file, on_bytes)))
        for row in rows:
            if isinstance(row, BadRow):
                yield row
                continue
            booking_id = id_in(row.fields, header.places["booking_id"])
            try:
                cells = Cells(row.fields, header)
                booking_id = cells.needed("booking_id")
                booking = _booking(booking_id, cells, zone, row.line)
                _remember(booking_id, seen)
            except BadCell as refused:
                yield BadRow(row.line, str(refused), booking_id)
            else:
                yield booking


_STATUSES = meanings_of(
    {
        Status.CONFIRMED: "bestätigt confirmed gebucht",
        Status.TENTATIVE: "angefragt offen tentative requested anfrage pending unbestätigt",
        Status.CANCELLED: "abgesagt storniert cancelled canceled",
    }
)
_YES_NO = meanings_of({True: "ja j yes y true wahr 1 x", False: "nein n no false falsch 0"})

_MINUTES = re.compile(r"(\d{1,5})\s*(?:min\.?|minuten|minutes)?", re.ASCII | re.IGNORECASE)


def _slot(cells: Cells, zone: ZoneInfo) -> Slot:
    day = cells.when("date").day
    # A file with a column of its own for the start often has a meaningless 00:00 in the day's.
    start_column = "start" if "start" in cells else "date"
    start_day, at, _ = cells.when(start_column)
    day = start_day or day
    start = _moment(start_column, day, at, zone)
    if cells.text("end") or "duration" not in cells:
        end_column = "end"
        end_day, at, _ = cells.when("end")
        end = _moment("end", end_day or day, at, zone)
    else:
        end_column = "duration"
        end = (start.astimezone(UTC) + _duration(cells)).astimezone(zone)
    # Times of one zone are compared by the wall clock; whether it ends too late must not be.
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    if last <= first:
        raise fault(end_column, "puts the end before the start")
    if last - first > _LONGEST_SLOT:
        raise fault(end_column, "makes the booking longer than 24 hours")
    # In the hour that the wall clock shows twice, an end may look earlier than its start.
    return Slot(start, end) if start < end else Slot(first, last)


def _moment(column: str, day: date | None, at: time | None, zone: ZoneInfo) -> datetime:
    if day is None:
        raise fault(column, "names no day, nor does the column of the day")
    if at is None:
        raise fault(column, "names no time of day")
    told = datetime.combine(day, at)
    if told.tzinfo is not None:
        return told.astimezone(zone)
    moment = told.replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != told:
        raise fault(column, "names a time that the clocks skip when daylight saving time begins")
    return moment


def _duration(cells: Cells) -> timedelta:
    match = _MINUTES.fullmatch(cells.needed("duration"))
    if not match:
        raise fault("duration", "is not a number of minutes")
    return timedelta(minutes=int(match[1]))


def _birth_date(cells: Cells, appointment: date) -> str:
    text = cells.text("birth_date")
    if not text:
        return ""
    born, _, short = cells.when("birth_date")
    if born is None:
        raise fault("birth_date", "names no day")
    if short:
        born = no_later(born, appointment)
    if born > appointment:
        raise fault("birth_date", "is after the appointment")
    return born.isoformat()


def _names(cells: Cells) -> tuple[str, str]:
    """Return last and first name."""
    if "last_name" in cells:
        return cells.needed("last_name"), cells.text("first_name")
    name = cells.needed("name")
    if "first_name" in cells:
        return name, cells.text("first_name")
    last, first = names_in(name)
    if not last:
        raise fault("name", "has no last name before the comma")
    return last, first


def _booking(booking_id: str, cells: Cells, zone: ZoneInfo, line: int) -> Booking:
    cells.needed("doctor")
    slot = _slot(cells, zone)
    status = cells.word("status", _STATUSES, Status.TENTATIVE)
    last_name, first_name = _names(cells)
    return Booking(
        id=booking_id,
        doctor=cells.slug("doctor"),
        slot=slot,
        status=status,
        last_name=last_name,
        first_name=first_name,
        birth_date=_birth_date(cells, slot.start.date()),
        email=cells.text("email"),
        phone=cells.text("phone"),
        patient_number=cells.text("patient_id"),
        insurance=cells.word("insurance", INSURANCES, ""),
        kind=cells.text("type"),
        reason=cells.text("reason"),
        notes=cells.text("notes"),
        room=cells.slug("room"),
        category=cells.text("category"),
        source=cells.text("source") or "ONLINE_BOOKING",
        requires_confirmation=cells.word(
            "requires_confirmation", _YES_NO, status is Status.TENTATIVE
        ),
        line=line,
    )


def _remember(booking_id: str, seen: set[bytes]) -> None:
    # Digests, because ids may be long and a file may have a million; 8 bytes are enough for that.
    digest = blake2b(booking_id.encode(), digest_size=8).digest()
    if digest in seen:
        raise fault("booking_id", "has a number that an earlier row has already")
    seen.add(digest)
