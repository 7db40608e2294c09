"""A booking tool's CSV export, read row by row into bookings, whatever dialect it is written in.

Not here: what becomes of the bookings, nor whether the practice knows their doctors and rooms.

A file is not refused for a bad row, and no reason repeats what a cell says: reasons are printed
and logged, and the cells are about patients.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

from booking_adapter.tools.csv_columns import COLUMNS, LABELS, Column, Header, key, open_table
from booking_adapter.tools.csv_rows import BadRow, UnreadableFile, blocks_of, id_in, text_lines
from practice.appointments import Booking, Insurance, Slot, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

__all__ = ["COLUMNS", "BadRow", "Column", "UnreadableFile", "read_bookings", "slug"]

_T = TypeVar("_T")

_LONGEST_TEXT = 1_000
_LONGEST_NOTES = 10_000
_LONGEST_SLOT = timedelta(hours=24)


class _Refused(Exception):
    """The row is not taken; the message becomes the reason of its `BadRow`."""


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
                cells = _Cells(row.fields, header)
                booking_id = cells.needed("booking_id")
                booking = _booking(booking_id, cells, zone, row.line)
                _remember(booking_id, seen)
            except _Refused as refused:
                yield BadRow(row.line, str(refused), booking_id)
            else:
                yield booking


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


def _meanings(meanings: Mapping[_T, str]) -> dict[str, _T]:
    return {key(word): meaning for meaning, words in meanings.items() for word in words.split()}


_STATUSES = _meanings(
    {
        Status.CONFIRMED: "bestätigt confirmed gebucht",
        Status.TENTATIVE: "angefragt offen tentative requested anfrage pending unbestätigt",
        Status.CANCELLED: "abgesagt storniert cancelled canceled",
    }
)
_INSURANCES = _meanings(
    {
        Insurance.STATUTORY.value: "gesetzlich GKV gesetzlich-versichert Kasse statutory",
        Insurance.PRIVATE.value: "privat PKV privat-versichert Privatpatient private",
        Insurance.SELF_PAYING.value: "Selbstzahler Selbstzahlerin self-paying",
    }
)
_YES_NO = _meanings({True: "ja j yes y true wahr 1 x", False: "nein n no false falsch 0"})

_CONTROL_OR_UNDECODED = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_MINUTES = re.compile(r"(\d{1,5})\s*(?:min\.?|minuten|minutes)?", re.ASCII | re.IGNORECASE)
_WHEN = re.compile(
    r"(?:(\d\d?)\. ?(\d\d?)\. ?((?:19|20|21)?\d\d)|((?:19|20|21)\d\d)-(\d\d)-(\d\d))?"
    r"(?:(?:^|T|,? )(\d\d?)[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?(?: Uhr)?"
    r" ?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)


class _Cells:
    """A row's cells by canonical name; raises _Refused for what cannot be read."""

    __slots__ = ("_fields", "_places")

    def __init__(self, fields: list[str], header: Header) -> None:
        # Empty cells behind the last column lose nothing; exports with a `;` at the end have them.
        if len(fields) < header.width or any(map(str.strip, fields[header.width :])):
            raise _Refused(f"The row has {len(fields)} fields, the header has {header.width}.")
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
            raise _fault(column, f"is longer than {longest:,} characters")
        return text

    def needed(self, column: str) -> str:
        text = self.text(column)
        if not text:
            raise _fault(column, "is empty")
        return text

    def slug(self, column: str) -> str:
        text = self.text(column)
        short = slug(text)
        if text and not short:
            raise _fault(column, "has no letter or digit a short name could be made of")
        return short

    def word(self, column: str, meanings: Mapping[str, _T], default: _T) -> _T:
        text = self.text(column)
        if not text:
            return default
        try:
            return meanings[key(text)]
        except KeyError:
            raise _fault(column, "has a value that is not known") from None

    def when(self, column: str) -> tuple[date | None, time | None]:
        """Return the day and the time of day that the cell tells; a year 26 is 2026."""
        text = self.text(column)
        match = _WHEN.fullmatch(text)
        if not match:
            raise _fault(column, "is not a date (DD.MM.YYYY or YYYY-MM-DD) or time (HH:MM)")
        day, month, year, iso_year, iso_month, iso_day, hour, minute, second, offset = (
            match.groups()
        )
        told, at = None, None
        try:
            if day or iso_day:
                number = int(year or iso_year)
                number += 2000 if number < 100 else 0
                told = date(number, int(month or iso_month), int(day or iso_day))
            if hour:
                at = time(int(hour), int(minute), int(second or 0), tzinfo=_offset(offset))
        except ValueError:
            raise _fault(column, "names a day or time that does not exist") from None
        return told, at


def _fault(column: str, fault: str) -> _Refused:
    return _Refused(f"Column {LABELS[column]} {fault}.")


def _printable(column: str, text: str) -> str:
    if unusable := _CONTROL_OR_UNDECODED.search(text):
        undecoded = unusable[0] >= "\ud800"
        what = "bytes that are not in the file's encoding" if undecoded else "control characters"
        raise _fault(column, f"contains {what}")
    if column == "notes":
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return " ".join(text.split())


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    return datetime.strptime(text.upper(), "%z").tzinfo


def _slot(cells: _Cells, zone: ZoneInfo) -> Slot:
    day, _ = cells.when("date")
    # A file with a column of its own for the start often has a meaningless 00:00 in the day's.
    start_column = "start" if "start" in cells else "date"
    start_day, at = cells.when(start_column)
    day = start_day or day
    start = _moment(start_column, day, at, zone)
    if cells.text("end") or "duration" not in cells:
        end_column = "end"
        end_day, at = cells.when("end")
        end = _moment("end", end_day or day, at, zone)
    else:
        end_column = "duration"
        end = (start.astimezone(UTC) + _duration(cells)).astimezone(zone)
    # Times of one zone are compared by the wall clock; whether it ends too late must not be.
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    if last <= first:
        raise _fault(end_column, "puts the end before the start")
    if last - first > _LONGEST_SLOT:
        raise _fault(end_column, "makes the booking longer than 24 hours")
    # In the hour that the wall clock shows twice, an end may look earlier than its start.
    return Slot(start, end) if start < end else Slot(first, last)


def _moment(column: str, day: date | None, at: time | None, zone: ZoneInfo) -> datetime:
    if day is None:
        raise _fault(column, "names no day, nor does the column of the day")
    if at is None:
        raise _fault(column, "names no time of day")
    told = datetime.combine(day, at)
    if told.tzinfo is not None:
        return told.astimezone(zone)
    moment = told.replace(tzinfo=zone)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != told:
        raise _fault(column, "names a time that the clocks skip when daylight saving time begins")
    return moment


def _duration(cells: _Cells) -> timedelta:
    match = _MINUTES.fullmatch(cells.needed("duration"))
    if not match:
        raise _fault("duration", "is not a number of minutes")
    return timedelta(minutes=int(match[1]))


def _birth_date(cells: _Cells, appointment: date) -> str:
    text = cells.text("birth_date")
    if not text:
        return ""
    born, _ = cells.when("birth_date")
    if born is None:
        raise _fault("birth_date", "names no day")
    # 58 is 1958: nobody is born after the appointment.
    if born > appointment and born.year > 2000 and str(born.year) not in text:
        born = born.replace(year=born.year - 100)
    if born > appointment:
        raise _fault("birth_date", "is after the appointment")
    return born.isoformat()


def _names(cells: _Cells) -> tuple[str, str]:
    """Return last and first name."""
    if "last_name" in cells:
        return cells.needed("last_name"), cells.text("first_name")
    name = cells.needed("name")
    if "first_name" in cells:
        return name, cells.text("first_name")
    if "," in name:
        last, _, first = name.partition(",")
        if not last:
            raise _fault("name", "has no last name before the comma")
        return last.strip(), first.strip()
    words = name.split()
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].islower():  # Anna von der Aue
        begin -= 1
    return " ".join(words[begin:]), " ".join(words[:begin])


def _booking(booking_id: str, cells: _Cells, zone: ZoneInfo, line: int) -> Booking:
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
        insurance=cells.word("insurance", _INSURANCES, ""),
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
        raise _fault("booking_id", "has a number that an earlier row has already")
    seen.add(digest)
