"""The columns a booking tool's CSV export may have, and how they are found in its header.

Not here: what their cells may say (`booking_adapter.tools.csv_file`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from booking_adapter.tables.headers import places_of, separator_in
from booking_adapter.tables.rows import Broken, Row, Rows, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COLUMNS", "LABELS", "BadRow", "Column", "Header", "id_in", "open_table"]

_HEAD = 20  # lines looked at for the header


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: its first physical line, and why, without the patient's data.

    `booking_id` is that of the row where it could be read: the booking is still in the file.
    """

    line: int
    reason: str
    booking_id: str = field(default="", compare=False)


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
LABELS = {column.name: f"{column.name} ({column.synonyms[0]})" for column in COLUMNS}


class Header(NamedTuple):
    """How many fields a row should have, and which of them is which column."""

    width: int
    places: dict[str, int]  # by canonical name


def open_table(lines: Iterator[str]) -> tuple[Header, Iterator[Row | BadRow]]:
    """Find header and delimiter, and return the rows behind the header."""
    head = list(islice(lines, _HEAD))
    if not any(map(str.strip, head)):
        raise UnreadableFile("The file is empty.")
    told = separator_in(head[0])
    if told:
        del head[0]
    line = 2 if told else 1

    def header(delimiter: str) -> Header:
        row = next(iter(Rows(iter(head), delimiter)), None)
        return _header(row.fields) if isinstance(row, Row) else Header(0, {})

    delimiter = max(told or ";,\t", key=lambda each: len(header(each).places))
    found = _complete(header(delimiter))
    rows = iter(Rows(chain(head, lines), delimiter, line))
    next(rows, None)
    return found, _numbered(rows, found.places["booking_id"])


def id_in(fields: list[str], place: int) -> str:
    """Guess the booking's number in a bad row: the booking has not left the file for that."""
    return "".join(fields[place : place + 1]).strip().strip('"')


def _numbered(rows: Iterator[Row | Broken], id_place: int) -> Iterator[Row | BadRow]:
    for row in rows:
        if isinstance(row, Broken):
            yield BadRow(row.line, row.fault.value, id_in(row.fields, id_place))
        else:
            yield row


def _header(fields: list[str]) -> Header:
    known = ((column.name, (column.name, *column.synonyms)) for column in COLUMNS)
    return Header(len(fields), places_of(fields, known))


def _complete(header: Header) -> Header:
    """Raise UnreadableFile unless the required columns are there; it names all that are not."""
    if not header.places:
        raise UnreadableFile("The first row is not a header: it names no known column.")
    missing = [
        " or ".join(LABELS[name] for name in names)
        for names in _REQUIRED
        if header.places.keys().isdisjoint(names)
    ]
    if missing:
        raise UnreadableFile(f"The header lacks required columns: {'; '.join(missing)}.")
    return header
