"""A booking tool's CSV export, read row by row into bookings, whatever dialect it is written in.

Not here: what becomes of the bookings, nor whether the practice knows their doctors and rooms.

A file is not refused for a bad row, and no reason repeats what a cell says: reasons are printed
and logged, and the cells are about patients.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from practice.appointments import Booking, Insurance, Slot, Status
from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from zoneinfo import ZoneInfo

__all__ = ["COLUMNS", "BadRow", "Column", "UnreadableFile", "read_bookings", "slug"]

_T = TypeVar("_T")

_BLOCK = 65_536  # bytes read at a time; encoding and delimiter are judged from the first block
_HEAD = 20  # lines looked at for the header
_LONGEST_ROW = 131_072  # characters; the csv module's own limit of one field
_LONGEST_TEXT = 1_000
_LONGEST_NOTES = 10_000
_LONGEST_SLOT = timedelta(hours=24)


class Column(NamedTuple):
    """A column a file may have: our name, what it holds, the headers understood besides `name`.

    Headers are compared without regard to case, spaces, punctuation and the spelling of umlauts.
    Where several columns of a file fit, the synonym listed first wins.
    """

    name: str
    description: str
    synonyms: tuple[str, ...]


def _column(name: str, description: str, synonyms: str) -> Column:
    return Column(name, description, tuple(synonyms.split(", ")))


# fmt: off
#: Everything a file can tell of a booking, in the order in which the README shows it.
COLUMNS = (
    _column("booking_id", "The booking's own number, the same in every export. Required.",
            "Buchungsnummer, Buchungs-ID, Booking No, Termin-ID, Terminnummer, Appointment ID, ID"),
    _column("doctor", "The doctor's short name (dr-mueller) or name (Dr. Müller). Required.",
            "Arzt, Ärztin, Behandler, Behandlerin, Kalender, Provider, Practitioner, Calendar"),
    _column("date", "The day: 24.12.2026, 24.12.26 or 2026-12-24. Required unless `start` has it.",
            "Datum, Termindatum, Tag, Termin, Appointment Date, Day"),
    _column("start", "The start: 10:00, or 24.12.2026 10:00, 2026-12-24T10:00, with offset or Z; "
            "required unless `date` has the time.",
            "Beginn, Startzeit, Uhrzeit, von, Anfang, Zeit, Start Time, Begin, From, Time"),
    _column("end", "The end, written like `start`. Required unless there is `duration`.",
            "Ende, Endzeit, bis, End Time, Until, To"),
    _column("duration", "Minutes; used where `end` is empty.",
            "Dauer, Dauer in Minuten, Dauer (min), Minuten, Duration Minutes, Minutes"),
    _column("status", "bestätigt/confirmed, angefragt/offen/requested/tentative or "
            "abgesagt/storniert/cancelled; empty: angefragt.",
            "Status, Terminstatus, Buchungsstatus, Booking Status"),
    _column("last_name", "The patient's last name. Required unless there is `name`.",
            "Nachname, Familienname, Zuname, Surname, Family Name"),
    _column("first_name", "The patient's first name.",
            "Vorname, Forename, Given Name"),
    _column("name", "The last name if the file has `first_name`; otherwise the whole name, "
            '"Nachname, Vorname" or "Vorname Nachname".',
            "Name, Patient, Patientin, Patientenname, Patient Name, Full Name"),
    _column("birth_date", "The patient's date of birth, written like `date`.",
            "Geburtsdatum, Geburtstag, Geb.-Datum, geb., Date of Birth, Birthday"),
    _column("email", "The patient's e-mail address.",
            "E-Mail, E-Mail-Adresse, Mail, Email Address"),
    _column("phone", "The patient's telephone number.",
            "Telefon, Telefonnummer, Tel., Mobil, Mobiltelefon, Handy, Phone Number, Mobile"),
    _column("patient_id", "The patient's number in the practice.",
            "Patientennummer, Patienten-ID, Patienten-Nr., Pat.-Nr., Patient No, X-PATIENT-ID"),
    _column("insurance", "gesetzlich/GKV, privat/PKV or Selbstzahler.",
            "Versicherung, Versicherungsart, Versicherungsstatus, X-INSURANCE-TYPE"),
    _column("type", "The kind of appointment, for example KONTROLLUNTERSUCHUNG.",
            "Terminart, Termintyp, Behandlungsart, Leistung, Service, X-APPOINTMENT-TYPE"),
    _column("reason", "Why the patient comes.",
            "Grund, Behandlungsgrund, Besuchsgrund, Anlass, Anliegen"),
    _column("notes", "Anything else; may have several lines.",
            "Bemerkung, Bemerkungen, Notiz, Notizen, Kommentar, Note, Comment"),
    _column("room", "The room's short name (raum-1) or name (Raum 1).",
            "Raum, Zimmer, Behandlungsraum"),
    _column("category", "The calendar category, in place of the one that belongs to the type.",
            "Kategorie, Categories"),
    _column("source", "Where it was booked; empty: ONLINE_BOOKING.",
            "Quelle, Buchungsquelle, Booking Source, X-BOOKING-SOURCE"),
    _column("requires_confirmation", "ja/nein, true/false, 1/0 or x; empty: ja exactly while the "
            "status is angefragt.",
            "Bestätigung erforderlich, Confirmation Required, X-REQUIRES-CONFIRMATION"),
)
# fmt: on

#: Of each line a file needs at least one column.
_REQUIRED = (
    ("booking_id",),
    ("doctor",),
    ("start", "date"),
    ("end", "duration"),
    ("last_name", "name"),
)
_LABELS = {column.name: f"{column.name} ({column.synonyms[0]})" for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: its first physical line, and why, without the patient's data."""

    line: int
    reason: str


class UnreadableFile(Invalid):
    """Nothing, or from here on nothing more, can be read from the file."""


class _Refused(Exception):
    """The row is not taken; the message becomes the reason of its `BadRow`."""


def read_bookings(
    path: Path, zone: ZoneInfo, on_bytes: Callable[[int], None] | None = None
) -> Iterator[Booking | BadRow]:
    """Yield the file's bookings and bad rows in their order, in memory bounded by one row.

    Times that name no offset are meant in `zone`, and all slots are told in it; of a time that
    occurs twice the first is meant. Of several rows with one booking id the first good one counts.
    `on_bytes` is told again and again how many bytes are done, at last the size of the file.

    Raises UnreadableFile, mostly at the first step; OSError as opening a file does.
    """
    seen: set[bytes] = set()
    with path.open("rb") as file:
        header, rows = _open(_text_lines(_blocks(file, on_bytes)))
        for row in rows:
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                booking = _booking(_Cells(row.fields, header), zone)
                _remember(booking.id, seen)
            except _Refused as refused:
                yield BadRow(row.line, str(refused))
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


# --- from bytes to lines of text ----------------------------------------------------------------


def _blocks(file: BinaryIO, on_bytes: Callable[[int], None] | None) -> Iterator[bytes]:
    done = 0
    while block := file.read(_BLOCK):
        yield block
        done += len(block)
        if on_bytes:
            on_bytes(done)


def _text_lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """Decode the physical lines; bytes that cannot be decoded become surrogates (PEP 383)."""
    first = next(blocks, b"")
    blocks = chain([first], blocks)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(_lines(_from_utf16(blocks)), "utf-8")
    if first.startswith(codecs.BOM_UTF8):
        next(blocks)
        return _decoded(_lines(chain([first.removeprefix(codecs.BOM_UTF8)], blocks)), "utf-8")
    head, *lines = first.split(b"\n")
    if b"\0" in head:
        raise UnreadableFile("The file is not text in a known encoding. Export it as CSV in UTF-8.")
    # The last line may be cut in the midst of a character.
    return _decoded(_lines(blocks), _encoding([head, *lines[:-1]] if lines else []))


def _encoding(lines: list[bytes]) -> str | None:
    """Tell the encoding from the lines that are not ASCII; None if there are none.

    By majority, so that one broken line makes neither mojibake of all others nor hides itself:
    text in Windows-1252 is hardly ever valid UTF-8.
    """
    telling = [line for line in lines if not line.isascii()]
    if not telling:
        return None
    return "utf-8" if 2 * sum(map(_is_utf8, telling)) >= len(telling) else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _from_utf16(blocks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # `from None`: the error carries the bytes.
        raise UnreadableFile("The file begins as UTF-16 but does not go on as such.") from None


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in lines)
        # What is cut off a line without end is not missed: the row is refused for its length,
        # which is told in characters, of up to four bytes.
        rest = rest[: 4 * _LONGEST_ROW + 1]
    if rest:
        yield rest


def _decoded(lines: Iterator[bytes], encoding: str | None) -> Iterator[str]:
    for line in lines:
        encoding = encoding or _encoding([line])
        yield line.decode(encoding or "ascii", "surrogateescape")


# --- from lines to rows of cells ----------------------------------------------------------------


_TOO_LONG = f"The row is longer than {_LONGEST_ROW:,} characters."
_MISQUOTED = "The row cannot be split into columns: a quotation mark is misplaced or not closed."


class _Row(NamedTuple):
    line: int
    fields: list[str]


class _Header(NamedTuple):
    width: int
    places: dict[str, int]  # by canonical name


class _Rows:
    """The rows in a file's lines, without the blank ones.

    A row that cannot be split costs its own first line only: a quotation mark that is never
    closed would otherwise swallow the rest of the file.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, line: int = 1) -> None:
        self._lines = lines
        self._given_back: deque[str] = deque()
        self._delimiter = delimiter
        self._line = line  # of the line that comes next

    def __iter__(self) -> Iterator[_Row | BadRow]:
        while True:
            line = self._line
            taken: list[str] = []
            source = self._take(taken)
            try:
                fields = next(csv.reader(source, delimiter=self._delimiter, strict=True), None)
            except csv.Error:
                self._give_back(taken[1:])
                yield BadRow(line, _TOO_LONG if len(taken[0]) > _LONGEST_ROW else _MISQUOTED)
                continue
            if fields is None:
                return
            if sum(map(len, taken)) > _LONGEST_ROW:
                yield BadRow(line, _TOO_LONG)
            elif any(map(str.strip, fields)):
                yield _Row(line, fields)

    def _take(self, taken: list[str]) -> Iterator[str]:
        """Hand out the lines of one row, as many as the csv module asks for, within the limit."""
        size = 0
        while size <= _LONGEST_ROW:
            line = self._given_back.popleft() if self._given_back else next(self._lines, None)
            if line is None:
                return
            self._line += 1
            size += len(line)
            taken.append(line)
            yield line

    def _give_back(self, lines: list[str]) -> None:
        self._line -= len(lines)
        self._given_back.extendleft(reversed(lines))


def _open(lines: Iterator[str]) -> tuple[_Header, Iterator[_Row | BadRow]]:
    """Find header and delimiter, and return the rows behind the header."""
    head = list(islice(lines, _HEAD))
    if not any(map(str.strip, head)):
        raise UnreadableFile("The file is empty.")
    told = re.fullmatch(r'"?sep=([;,\t|])"?\s*', head[0], re.IGNORECASE)  # Excel writes it
    if told:
        del head[0]
    line = 2 if told else 1

    def header(delimiter: str) -> _Header:
        row = next(iter(_Rows(iter(head), delimiter)), None)
        return _header(row.fields) if isinstance(row, _Row) else _Header(0, {})

    delimiter = max(told[1] if told else ";,\t", key=lambda each: len(header(each).places))
    rows = iter(_Rows(chain(head, lines), delimiter, line))
    next(rows, None)
    return _complete(header(delimiter)), rows


def _header(fields: list[str]) -> _Header:
    keys: dict[str, int] = {}
    for place, field in enumerate(fields):
        keys.setdefault(_key(field), place)
    places = {}
    for column in COLUMNS:
        known = [keys[key] for key in map(_key, (column.name, *column.synonyms)) if key in keys]
        if known:
            places[column.name] = known[0]
    return _Header(len(fields), places)


def _complete(header: _Header) -> _Header:
    """Raise UnreadableFile unless the required columns are there; it names all that are not."""
    if not header.places:
        raise UnreadableFile("The first row is not a header: it names no known column.")
    missing = [
        " or ".join(_LABELS[name] for name in names)
        for names in _REQUIRED
        if header.places.keys().isdisjoint(names)
    ]
    if missing:
        raise UnreadableFile(f"The header lacks required columns: {'; '.join(missing)}.")
    return header


@lru_cache(maxsize=1024)
def _key(text: str) -> str:
    """Reduce a header or word, so that Bestätigt, bestaetigt and BESTATIGT are the same."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(filter(str.isalnum, bare))
    return letters.replace("ae", "a").replace("oe", "o").replace("ue", "u")


# --- from cells to bookings ---------------------------------------------------------------------


def _meanings(meanings: Mapping[_T, str]) -> dict[str, _T]:
    return {_key(word): meaning for meaning, words in meanings.items() for word in words.split()}


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

    def __init__(self, fields: list[str], header: _Header) -> None:
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
            return meanings[_key(text)]
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
    return _Refused(f"Column {_LABELS[column]} {fault}.")


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


def _booking(cells: _Cells, zone: ZoneInfo) -> Booking:
    booking_id = cells.needed("booking_id")
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
    )


def _remember(booking_id: str, seen: set[bytes]) -> None:
    # Digests, because ids may be long and a file may have a million; 8 bytes are enough for that.
    digest = blake2b(booking_id.encode(), digest_size=8).digest()
    if digest in seen:
        raise _fault("booking_id", "has a number that an earlier row has already")
    seen.add(digest)
