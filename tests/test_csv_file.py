"""A booking tool's CSV export, in every dialect, and the demo practice's own."""

from __future__ import annotations

import codecs
import csv
import io
import re
import tracemalloc
from collections import Counter, deque
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from booking_adapter.tools.csv_file import COLUMNS, BadRow, UnreadableFile, read_bookings, slug
from practice.appointments import Booking, Insurance, Slot, Status
from praxis_caldav.demo import make_bookings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BERLIN = ZoneInfo("Europe/Berlin")

A_ROW = {
    "Buchungsnummer": "B-1",
    "Arzt": "dr-mueller",
    "Datum": "24.11.2026",
    "Beginn": "10:00",
    "Ende": "10:30",
    "Status": "bestätigt",
    "Nachname": "Ährenthaler",
    "Vorname": "Zoë",
}


def a_row(**cells: str) -> dict[str, str]:
    """A good row; `Dauer_in_Minuten="30"` adds or changes a column."""
    return A_ROW | {name.replace("_", " "): text for name, text in cells.items()}


def without(row: dict[str, str], *columns: str) -> dict[str, str]:
    return {name: text for name, text in row.items() if name not in columns}


class Dialect(NamedTuple):
    encoding: str = "utf-8"
    delimiter: str = ";"
    line_end: str = "\n"
    quote_all: bool = False
    sep_line: bool = False


def csv_bytes(rows: Sequence[dict[str, str]], dialect: Dialect = Dialect()) -> bytes:  # noqa: B008
    text = io.StringIO(newline="")
    if dialect.sep_line:
        text.write(f"sep={dialect.delimiter}{dialect.line_end}")
    writer = csv.DictWriter(
        text,
        rows[0],
        delimiter=dialect.delimiter,
        lineterminator=dialect.line_end,
        quoting=csv.QUOTE_ALL if dialect.quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(dialect.encoding)


class Reader:
    """Reads what it is given through a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, content: bytes | str, zone: ZoneInfo = BERLIN) -> list[Booking | BadRow]:
        self.path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_bookings(self.path, zone))

    def rows(self, *rows: dict[str, str]) -> list[Booking | BadRow]:
        return self.read(csv_bytes(rows))

    def booking(self, row: dict[str, str]) -> Booking:
        (booking,) = self.rows(row)
        assert isinstance(booking, Booking), booking
        return booking

    def reason(self, row: dict[str, str]) -> str:
        (bad,) = self.rows(row)
        assert isinstance(bad, BadRow), "the row was taken"
        assert bad.line == 2
        return bad.reason

    def refusal(self, content: bytes | str) -> str:
        with pytest.raises(UnreadableFile) as refused:
            self.read(content)
        return str(refused.value)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tmp_path_factory.mktemp("csv") / "export.csv")


def ids(results: list[Booking | BadRow]) -> list[str]:
    return [result.id for result in results if isinstance(result, Booking)]


def bad_rows(results: list[Booking | BadRow]) -> list[BadRow]:
    return [result for result in results if isinstance(result, BadRow)]


def berlin(*when: int) -> datetime:
    return datetime(*when, tzinfo=BERLIN)  # type: ignore[arg-type,misc]


# --- good rows ----------------------------------------------------------------------------------


def test_every_column_arrives_in_the_booking(reader: Reader) -> None:
    row = a_row(
        Geburtsdatum="01.02.1960",
        Mail="zoe@example.org",
        Telefon="030 23125-001",
        Patientennummer="10001",
        Versicherung="privat",
        Terminart="KONTROLLUNTERSUCHUNG",
        Grund="Kontrolle",
        Bemerkung="erste Zeile\r\nzweite; Zeile",
        Raum="Raum 1",
        Kategorie="VASCULAR_SURGERY",
        Quelle="TELEFON",
        Bestätigung_erforderlich="ja",
    )
    assert reader.booking(row) == Booking(
        id="B-1",
        doctor="dr-mueller",
        slot=Slot(berlin(2026, 11, 24, 10), berlin(2026, 11, 24, 10, 30)),
        status=Status.CONFIRMED,
        last_name="Ährenthaler",
        first_name="Zoë",
        birth_date="1960-02-01",
        email="zoe@example.org",
        phone="030 23125-001",
        patient_number="10001",
        insurance="PRIVAT",
        kind="KONTROLLUNTERSUCHUNG",
        reason="Kontrolle",
        notes="erste Zeile\nzweite; Zeile",
        room="raum-1",
        category="VASCULAR_SURGERY",
        source="TELEFON",
        requires_confirmation=True,
    )


def test_what_is_not_told_has_its_default(reader: Reader) -> None:
    booking = reader.booking(without(a_row(), "Status", "Vorname"))
    assert booking.status is Status.TENTATIVE
    assert booking.requires_confirmation
    assert booking.source == "ONLINE_BOOKING"
    assert (booking.first_name, booking.insurance, booking.room) == ("", "", "")


@pytest.mark.parametrize(
    ("header", "column"),
    [(header, column.name) for column in COLUMNS for header in (column.name, *column.synonyms)],
)
def test_every_documented_header_is_understood(reader: Reader, header: str, column: str) -> None:
    full_row = {
        "booking_id": "B-1",
        "doctor": "dr-mueller",
        "date": "24.11.2026",
        "start": "10:00",
        "end": "10:30",
        "status": "bestätigt",
        "last_name": "Nebelfink",
    }
    told = {"duration": "45", "status": "storniert", "insurance": "GKV", "birth_date": "01.02.1960"}
    told |= {"requires_confirmation": "x", "start": "10:10", "end": "10:40", "date": "25.11.2026"}
    base = {name: text for name, text in full_row.items() if name != column}
    if column == "name":
        del base["last_name"]
    if column == "duration":
        del base["end"]
    plain = reader.booking(full_row)
    assert reader.booking({**base, header: told.get(column, "Anders")}) != plain


def test_no_header_can_mean_two_columns() -> None:
    def bare(header: str) -> str:
        return re.sub("[^a-zäöü]", "", header.lower())

    headers = Counter(
        bare(header)
        for column in COLUMNS
        for header in {bare(each): each for each in (column.name, *column.synonyms)}.values()
    )
    assert headers.most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "header",
    ["Bestätigung erforderlich", "BESTAETIGUNG_ERFORDERLICH", "bestatigung-erforderlich",
     " Bestätigung  erforderlich? ", "Besta\u0308tigung erforderlich"],
)  # fmt: skip
def test_a_header_is_known_however_it_is_spelled(reader: Reader, header: str) -> None:
    assert reader.booking({**a_row(), header: "ja"}).requires_confirmation


def test_of_two_fitting_columns_the_synonym_listed_first_wins(reader: Reader) -> None:
    assert reader.booking({"ID": "17", **a_row()}).id == "B-1"


def test_columns_nobody_knows_are_ignored(reader: Reader) -> None:
    assert reader.booking({"Farbe": "\x07blau", **a_row(), "": "x" * 2_000}).id == "B-1"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("bestätigt", Status.CONFIRMED),
        ("BESTAETIGT", Status.CONFIRMED),
        ("Confirmed", Status.CONFIRMED),
        ("angefragt", Status.TENTATIVE),
        ("offen", Status.TENTATIVE),
        ("tentative", Status.TENTATIVE),
        ("requested", Status.TENTATIVE),
        ("", Status.TENTATIVE),
        ("abgesagt", Status.CANCELLED),
        ("Storniert", Status.CANCELLED),
        ("cancelled", Status.CANCELLED),
        ("canceled", Status.CANCELLED),
    ],
)
def test_a_status_is_understood_and_asks_for_confirmation_only_while_tentative(
    reader: Reader, text: str, status: Status
) -> None:
    booking = reader.booking(a_row(Status=text))
    assert booking.status is status
    assert booking.requires_confirmation is (status is Status.TENTATIVE)


@pytest.mark.parametrize(
    ("text", "required"),
    [
        *[("ja", True), ("TRUE", True), ("1", True), ("x", True), ("X", True), ("", True)],
        *[("nein", False), ("false", False), ("0", False)],
    ],
)
def test_whether_confirmation_is_required_can_be_told(
    reader: Reader, text: str, required: bool
) -> None:
    row = a_row(Status="offen", Bestätigung_erforderlich=text)
    assert reader.booking(row).requires_confirmation is required


@pytest.mark.parametrize(
    ("text", "insurance"),
    [
        ("gesetzlich", Insurance.STATUTORY),
        ("GKV", Insurance.STATUTORY),
        ("gesetzlich versichert", Insurance.STATUTORY),
        ("Privat", Insurance.PRIVATE),
        ("pkv", Insurance.PRIVATE),
        ("Selbstzahler", Insurance.SELF_PAYING),
        ("", ""),
    ],
)
def test_an_insurance_is_understood(reader: Reader, text: str, insurance: str) -> None:
    assert reader.booking(a_row(Versicherung=text)).insurance == insurance


@pytest.mark.parametrize(
    ("name", "last", "first"),
    [
        ("Nebelfink, Jörg", "Nebelfink", "Jörg"),
        ("Jörg Nebelfink", "Nebelfink", "Jörg"),
        ("Anna Lena von der Weißwaldner", "von der Weißwaldner", "Anna Lena"),
        ("Nebelfink", "Nebelfink", ""),
        ("von Nebelfink", "Nebelfink", "von"),
    ],
)
def test_a_whole_name_is_taken_apart(reader: Reader, name: str, last: str, first: str) -> None:
    booking = reader.booking(without(a_row(Patient=name), "Nachname", "Vorname"))
    assert (booking.last_name, booking.first_name) == (last, first)


def test_beside_a_first_name_the_name_is_the_last_name(reader: Reader) -> None:
    booking = reader.booking(without(a_row(Name="von der Aue"), "Nachname"))
    assert (booking.last_name, booking.first_name) == ("von der Aue", "Zoë")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Dr. Müller", "dr-mueller"),
        ("dr-mueller", "dr-mueller"),
        ("Dr. med. Jörg Weiß", "dr-med-joerg-weiss"),
        ("Dr. YILMAZ", "dr-yilmaz"),
        ("Dr. Yılmaz", "dr-yilmaz"),
        ("Mu\u0308ller–Søndergård", "mueller-soendergard"),
        (" Raum  1 ", "raum-1"),
        ("№ ...", "no"),
        ("...", ""),
    ],
)
def test_a_name_becomes_a_short_name(name: str, short: str) -> None:
    assert slug(name) == short


@given(st.text())
def test_a_short_name_is_plain_and_stays_as_it_is(name: str) -> None:
    short = slug(name)
    assert re.fullmatch("(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", short)
    assert slug(short) == short


def test_a_tab_or_line_break_in_a_short_text_is_a_space(reader: Reader) -> None:
    assert reader.booking(a_row(Grund=" Kontrolle\r\nlinks\t\xa0unten ")).reason == (
        "Kontrolle links unten"
    )


def test_formulas_stay_text(reader: Reader) -> None:
    assert reader.booking(a_row(Grund="=1+1")).reason == "=1+1"


# --- times --------------------------------------------------------------------------------------

TEN_TO_HALF_PAST = Slot(berlin(2026, 12, 24, 10), berlin(2026, 12, 24, 10, 30))


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("24.12.2026", "10:00", "10:30"),
        ("24.12.26", "10:00:00", "10:30:00"),
        ("2026-12-24", "10.00", "10.30 Uhr"),
        ("24. 12. 2026", "10:00", "10:30"),
        ("24.12.2026 00:00:00", "10:00", "10:30"),
        ("2026-12-24 00:00:00.000", "10:00:00.000", "10:30:00.000"),
        ("", "24.12.2026 10:00", "24.12.2026 10:30"),
        ("01.01.2020", "24.12.2026, 10:00 Uhr", "10:30"),
        ("", "2026-12-24T10:00", "2026-12-24T10:30"),
        ("", "2026-12-24 10:00:00", "2026-12-24 10:30:00"),
        ("", "2026-12-24T09:00:00Z", "2026-12-24T09:30:00z"),
        ("", "2026-12-24T10:00+01:00", "2026-12-24T06:30-0300"),
        ("2026-12-24", "09:00Z", "09:30Z"),
    ],
)
def test_a_time_is_read_in_any_of_the_usual_forms(
    reader: Reader, day: str, start: str, end: str
) -> None:
    booking = reader.booking(a_row(Datum=day, Beginn=start, Ende=end))
    assert booking.slot == TEN_TO_HALF_PAST
    assert booking.slot.start.tzinfo is BERLIN


@pytest.mark.parametrize("minutes", ["30", "30 min", "30 Minuten", "030"])
def test_minutes_do_instead_of_an_end(reader: Reader, minutes: str) -> None:
    row = a_row(Datum="24.12.2026", Ende="", Dauer=minutes)
    assert reader.booking(row).slot == TEN_TO_HALF_PAST
    assert reader.booking(without(row, "Ende")).slot == TEN_TO_HALF_PAST


def test_the_end_counts_more_than_the_minutes(reader: Reader) -> None:
    row = a_row(Datum="24.12.2026", Ende="10:30", Dauer="45")
    assert reader.booking(row).slot == TEN_TO_HALF_PAST


def test_the_column_of_the_day_may_have_the_time_too(reader: Reader) -> None:
    row = without(a_row(Datum="24.12.2026 10:00"), "Beginn")
    assert reader.booking(row).slot == TEN_TO_HALF_PAST


def test_the_longest_booking_has_24_hours(reader: Reader) -> None:
    row = a_row(Beginn="24.12.2026 10:00", Ende="25.12.2026 10:00")
    assert reader.booking(row).slot.end == berlin(2026, 12, 25, 10)


def test_hours_are_counted_by_time_passed_not_by_the_clock(reader: Reader) -> None:
    row = a_row(Beginn="24.10.2026 10:00", Ende="25.10.2026 10:00")  # 25 hours
    assert reader.reason(row) == "Column end (Ende) makes the booking longer than 24 hours."
    row = without(a_row(Beginn="29.03.2026 01:30", Dauer="60"), "Ende")
    assert reader.booking(row).slot.end == berlin(2026, 3, 29, 3, 30)


@pytest.mark.parametrize("text", ["29.03.2026 02:00", "29.03.2026 02:30", "2026-03-29T02:59:59"])
def test_a_time_that_the_clocks_skip_is_refused(reader: Reader, text: str) -> None:
    reason = "names a time that the clocks skip when daylight saving time begins."
    start = a_row(Beginn=text, Ende="29.03.2026 04:00")
    assert reader.reason(start) == f"Column start (Beginn) {reason}"
    end = a_row(Beginn="29.03.2026 01:00", Ende=text)
    assert reader.reason(end) == f"Column end (Ende) {reason}"


def test_a_time_is_skipped_or_not_in_the_zone_given(reader: Reader) -> None:
    content = csv_bytes([a_row(Datum="29.03.2026", Beginn="02:30", Ende="02:45")])
    (booking,) = reader.read(content, ZoneInfo("America/New_York"))
    assert isinstance(booking, Booking)
    assert booking.slot.start == datetime(2026, 3, 29, 6, 30, tzinfo=UTC)


def test_of_a_time_that_comes_twice_the_first_is_meant(reader: Reader) -> None:
    slot = reader.booking(a_row(Datum="25.10.2026", Beginn="02:15", Ende="02:45")).slot
    assert slot.start.astimezone(UTC) == datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    assert slot.end.astimezone(UTC) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)


def test_an_offset_tells_the_second_time_from_the_first(reader: Reader) -> None:
    row = a_row(Beginn="2026-10-25T02:45+02:00", Ende="2026-10-25T02:15+01:00")
    slot = reader.booking(row).slot
    assert slot.start.astimezone(UTC) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert slot.end.astimezone(UTC) == datetime(2026, 10, 25, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("01.02.1960", "1960-02-01"),
        ("1960-02-01", "1960-02-01"),
        ("01.02.1960 00:00:00", "1960-02-01"),
        ("01.02.60", "1960-02-01"),
        ("01.02.26", "2026-02-01"),
        ("25.11.26", "1926-11-25"),
        ("29.02.00", "2000-02-29"),
        ("", ""),
    ],
)
def test_a_birth_date_of_two_digits_is_before_the_appointment(
    reader: Reader, text: str, born: str
) -> None:
    assert reader.booking(a_row(Geburtsdatum=text)).birth_date == born


def test_nobody_is_born_in_a_day_that_was_not(reader: Reader) -> None:
    row = a_row(Datum="24.11.1999", Geburtsdatum="29.02.00")  # 1900 had no such day
    assert reader.reason(row) == "Column birth_date (Geburtsdatum) is after the appointment."


# --- bad rows -----------------------------------------------------------------------------------

NO_TIME = "is not a date (DD.MM.YYYY or YYYY-MM-DD) or time (HH:MM)."
NO_SUCH_TIME = "names a day or time that does not exist."
BAD_CELLS = [
    ("Buchungsnummer", "", "Column booking_id (Buchungsnummer) is empty."),
    ("Buchungsnummer", " \t ", "Column booking_id (Buchungsnummer) is empty."),
    ("Arzt", "", "Column doctor (Arzt) is empty."),
    ("Arzt", "?!", "Column doctor (Arzt) has no letter or digit a short name could be made of."),
    ("Raum", "?!", "Column room (Raum) has no letter or digit a short name could be made of."),
    ("Nachname", "", "Column last_name (Nachname) is empty."),
    ("Datum", "", "Column start (Beginn) names no day, nor does the column of the day."),
    ("Datum", "12/24/2026", f"Column date (Datum) {NO_TIME}"),
    ("Datum", "morgen", f"Column date (Datum) {NO_TIME}"),
    ("Datum", "24.12.202", f"Column date (Datum) {NO_TIME}"),
    ("Datum", "24.12.1026", f"Column date (Datum) {NO_TIME}"),
    ("Datum", "٢٤.12.2026", f"Column date (Datum) {NO_TIME}"),
    ("Datum", "31.11.2026", f"Column date (Datum) {NO_SUCH_TIME}"),
    ("Datum", "2026-02-29", f"Column date (Datum) {NO_SUCH_TIME}"),
    ("Beginn", "", "Column start (Beginn) names no time of day."),
    ("Beginn", "24.12.2026", "Column start (Beginn) names no time of day."),
    ("Beginn", "zehn", f"Column start (Beginn) {NO_TIME}"),
    ("Beginn", "25:00", f"Column start (Beginn) {NO_SUCH_TIME}"),
    ("Beginn", "10:00+25:00", f"Column start (Beginn) {NO_SUCH_TIME}"),
    ("Ende", "", "Column end (Ende) names no time of day."),
    ("Ende", "24:00", f"Column end (Ende) {NO_SUCH_TIME}"),
    ("Ende", "10:00", "Column end (Ende) puts the end before the start."),
    ("Ende", "09:59", "Column end (Ende) puts the end before the start."),
    ("Ende", "25.11.2026 10:01", "Column end (Ende) makes the booking longer than 24 hours."),
    ("Status", "vielleicht", "Column status (Status) has a value that is not known."),
    ("Versicherung", "Irgendwo", "Column insurance (Versicherung) has a value that is not known."),
    (
        "Bestätigung erforderlich",
        "womöglich",
        "Column requires_confirmation (Bestätigung erforderlich) has a value that is not known.",
    ),
    ("Geburtsdatum", "25.11.2026", "Column birth_date (Geburtsdatum) is after the appointment."),
    ("Geburtsdatum", "10:45", "Column birth_date (Geburtsdatum) names no day."),
    ("Geburtsdatum", "unbekannt", f"Column birth_date (Geburtsdatum) {NO_TIME}"),
    ("Vorname", "a\0b", "Column first_name (Vorname) contains control characters."),
    ("Grund", "a\x1b[31m", "Column reason (Grund) contains control characters."),
    ("Bemerkung", "a\x9bb", "Column notes (Bemerkung) contains control characters."),
    ("Grund", "k" * 1_001, "Column reason (Grund) is longer than 1,000 characters."),
    ("Bemerkung", "k" * 10_001, "Column notes (Bemerkung) is longer than 10,000 characters."),
]


@pytest.mark.parametrize(("column", "text", "reason"), BAD_CELLS)
def test_a_bad_cell_costs_the_row_and_the_reason_names_the_column_but_not_the_cell(
    reader: Reader, column: str, text: str, reason: str
) -> None:
    told = reader.reason({**a_row(), column: text})
    assert told == reason
    assert not text.strip() or text not in told


@pytest.mark.parametrize(
    ("minutes", "reason"),
    [
        ("", "Column duration (Dauer) is empty."),
        ("0", "Column duration (Dauer) puts the end before the start."),
        ("-30", "Column duration (Dauer) is not a number of minutes."),
        ("halbe Stunde", "Column duration (Dauer) is not a number of minutes."),
        ("1441", "Column duration (Dauer) makes the booking longer than 24 hours."),
    ],
)
def test_minutes_have_to_be_sensible(reader: Reader, minutes: str, reason: str) -> None:
    assert reader.reason(without(a_row(Dauer=minutes), "Ende")) == reason


def test_a_whole_name_has_to_have_a_last_name(reader: Reader) -> None:
    row = without(a_row(Patient=", Zoë"), "Nachname", "Vorname")
    assert reader.reason(row) == "Column name (Name) has no last name before the comma."


def test_texts_at_the_limit_are_taken(reader: Reader) -> None:
    booking = reader.booking(a_row(Grund="k" * 1_000, Bemerkung="k" * 10_000))
    assert (len(booking.reason), len(booking.notes)) == (1_000, 10_000)


HEAD = "ID;Arzt;Datum;von;bis;Name\n"
GOOD = "{};dr-mueller;24.11.2026;10:00;10:30;Nebelfink\n"


def test_too_many_or_too_few_fields_cost_the_row(reader: Reader) -> None:
    results = reader.read(HEAD + "1;dr-mueller;24.11.2026\n" + GOOD.format(2)[:-1] + ";und;mehr\n")
    assert results == [
        BadRow(2, "The row has 3 fields, the header has 6."),
        BadRow(3, "The row has 8 fields, the header has 6."),
    ]


def test_empty_fields_too_many_are_no_fault(reader: Reader) -> None:
    assert ids(reader.read(HEAD + GOOD.format(1)[:-1] + ";; ;\n")) == ["1"]


def test_of_rows_with_one_booking_id_the_first_good_one_counts(reader: Reader) -> None:
    bad = GOOD.format(1).replace("24.11.2026", "24.13.2026")
    results = reader.read(HEAD + bad + GOOD.format(1) + GOOD.format(2) + GOOD.format(" 1 "))
    assert ids(results) == ["1", "2"]
    assert [row.line for row in bad_rows(results)] == [2, 5]
    assert bad_rows(results)[1].reason == (
        "Column booking_id (Buchungsnummer) has a number that an earlier row has already."
    )


@pytest.mark.parametrize(("encoding", "stray"), [("utf-8", b"\xfc"), ("cp1252", b"\x81")])
def test_bytes_that_cannot_be_decoded_cost_their_row_only(
    reader: Reader, encoding: str, stray: bytes
) -> None:
    rows = [a_row(Buchungsnummer=str(number), Grund="größer") for number in range(5)]
    content = csv_bytes(rows, Dialect(encoding)).replace(b"3;dr-", b"3;" + stray)
    results = reader.read(content)
    assert ids(results) == ["0", "1", "2", "4"]
    assert bad_rows(results) == [
        BadRow(5, "Column doctor (Arzt) contains bytes that are not in the file's encoding.")
    ]


MISQUOTED = "The row cannot be split into columns: a quotation mark is misplaced or not closed."


@pytest.mark.parametrize(
    "line",
    [
        '1;dr-mueller;24.11.2026;10:00;10:30;"Nebelfink\n',
        '"1;dr-mueller;24.11.2026;10:00;10:30;Nebelfink\n',
        '1;dr-mueller;24.11.2026;10:00;10:30;"Nebel"fink\n',
        "1;dr-mueller;24.11.2026;10:00;10:30;Nebel\rfink\n",
    ],
)
@pytest.mark.parametrize("good", [GOOD, GOOD.replace("Nebelfink", '"Nebelfink"')])
def test_a_broken_quotation_costs_its_own_line_only(reader: Reader, line: str, good: str) -> None:
    results = reader.read(HEAD + good.format(0) + line + "".join(map(good.format, range(2, 5_000))))
    assert bad_rows(results) == [BadRow(3, MISQUOTED)]
    assert len(ids(results)) == 4_999


def test_a_quotation_never_closed_costs_one_line_at_the_end_of_the_file_too(reader: Reader) -> None:
    results = reader.read(HEAD + GOOD.format(1) + '2;"a;\n' + GOOD.format(3))
    assert ids(results) == ["1", "3"]
    assert bad_rows(results) == [BadRow(3, MISQUOTED)]


def test_lines_behind_a_broken_quotation_keep_their_numbers(reader: Reader) -> None:
    bad = GOOD.format(3).replace("24.11.2026", "24.13.2026")
    results = reader.read(HEAD + '1;"a\n' + GOOD.format(2) + bad)
    assert [row.line for row in bad_rows(results)] == [2, 4]


@pytest.mark.parametrize(
    "line", ["1;" + "a" * 1_000_000, "1;" + "ä;" * 70_000, '1;"' + "zeile\n" * 30_000 + '";x']
)
def test_a_row_too_long_is_told_and_the_next_one_read(reader: Reader, line: str) -> None:
    results = reader.read(HEAD + line + "\n" + GOOD.format(2))
    assert ids(results) == ["2"]
    assert bad_rows(results)[0].line == 2


def test_lines_are_counted_as_an_editor_counts_them(reader: Reader) -> None:
    head = "sep=;\r\n\r\n" + HEAD.replace("\n", ";Bemerkung\r\n")
    good = GOOD.replace("\n", ';"eins\r\n\r\ndrei\nvier"\r\n')
    bad = good.replace("24.11.2026", "24.13.2026")
    results = reader.read(head + good.format(1) + "\r\n" + bad + ";;;;;;\r\n" + bad + "x\r\n\r\n")
    assert [row.line for row in bad_rows(results)] == [9, 14, 18]
    assert ids(results) == ["1"]


def test_good_rows_are_kept_whatever_the_others(reader: Reader) -> None:
    columns = {column: "" for column, _, _ in BAD_CELLS}
    rows: list[dict[str, str]] = []
    for number, (column, text, _) in enumerate(BAD_CELLS):
        good = columns | a_row(Buchungsnummer=f"good {number}")
        rows += [good, {**good, "Buchungsnummer": f"bad {number}", column: text}]
    results = reader.rows(*rows)
    assert ids(results) == [f"good {number}" for number in range(len(BAD_CELLS))]
    assert [row.reason for row in bad_rows(results)] == [reason for _, _, reason in BAD_CELLS]


MARK = "Qzx7"
NASTY = st.sampled_from(
    [
        *[
            "",
            MARK,
            f"{MARK}\0",
            f'"{MARK}',
            f'{MARK}"',
            f'"{MARK}"',
            f";{MARK}",
            f"{MARK}\n{MARK}",
        ],
        *[MARK * 3_000, f"24.12.2026 {MARK}", f"\udcff{MARK}", "24.12.2026", "10:00", "11:00"],
    ]
)


@given(st.lists(st.lists(NASTY, min_size=5, max_size=7).map(";".join), max_size=4))
def test_no_reason_repeats_what_a_cell_says(reader: Reader, rows: list[str]) -> None:
    content = (HEAD + "\n".join(rows)).encode("utf-8", "surrogateescape")
    for result in reader.read(content):
        assert isinstance(result, Booking) or MARK not in result.reason


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_give_bookings_bad_rows_or_a_refusal(
    reader: Reader, content: bytes, with_header: bool
) -> None:
    try:
        reader.read(HEAD.encode() * with_header + content)
    except UnreadableFile:
        assert not with_header


# --- dialects -----------------------------------------------------------------------------------

DIALECTS = st.builds(
    Dialect,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    delimiter=st.sampled_from(";,\t"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quote_all=st.booleans(),
    sep_line=st.booleans(),
)
PRINTABLE = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
# Umlauts in Windows-1252 are never valid UTF-8, as most text; contrived text can be.
WESTERN = st.sampled_from("abc XYZ019.;,\"'äöüÄÖÜßéñ")


STATUSES = [
    ("bestätigt", Status.CONFIRMED),
    ("angefragt", Status.TENTATIVE),
    ("abgesagt", Status.CANCELLED),
]
CLOCKS = st.sampled_from(["%H:%M", "%H:%M:%S", "%H.%M", "%H:%M Uhr"])
DAYS = st.sampled_from(["%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"])


@st.composite
def time_cells(draw: st.DrawFn, slot: Slot) -> dict[str, str]:
    """The slot in one of the forms a file may tell it."""
    day, clock = draw(DAYS), draw(CLOCKS)
    kind = draw(st.sampled_from(["apart", "minutes", "whole", "iso", "utc"]))
    start, end = slot.start, slot.end
    if kind in {"apart", "minutes"}:
        cells = {"Datum": start.strftime(day), "Beginn": start.strftime(clock)}
        minutes = (end - start) // timedelta(minutes=1)
        last = {"Ende": end.strftime(clock)} if kind == "apart" else {"Dauer": str(minutes)}
        return cells | last
    if kind == "whole":
        form = f"{day} {clock}"
        return {"Beginn": start.strftime(form), "Ende": end.strftime(form)}
    if kind == "iso":
        return {"Beginn": start.isoformat(), "Ende": end.isoformat(timespec="minutes")}
    form = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "Beginn": start.astimezone(UTC).strftime(form),
        "Ende": end.astimezone(UTC).strftime(form),
    }


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    begin = draw(st.datetimes(datetime(2001, 1, 1), datetime(2098, 1, 1)))  # noqa: DTZ001
    start = begin.replace(second=0, microsecond=0, fold=0, tzinfo=UTC).astimezone(BERLIN)
    end = start + timedelta(minutes=draw(st.integers(1, 240)))
    assume(start.date() == end.date() and start.utcoffset() == end.utcoffset())
    assume(not start.fold and not end.fold)
    return Slot(start, end)


@given(st.data(), DIALECTS)
def test_a_booking_comes_through_every_dialect_and_form_of_time(
    reader: Reader, data: st.DataObject, dialect: Dialect
) -> None:
    texts = st.text(WESTERN if dialect.encoding == "cp1252" else PRINTABLE, max_size=40)
    filled = texts.filter(str.strip)
    slot = data.draw(slots())
    told, status = data.draw(st.sampled_from(STATUSES))
    row = {
        "Buchungsnummer": data.draw(filled),
        "Arzt": "Dr. Müller",
        **data.draw(time_cells(slot)),
        "Status": told,
        "Nachname": data.draw(filled),
        "Vorname": data.draw(texts),
        "Bemerkung": "\n".join(data.draw(st.lists(texts, max_size=3))),
        "Bestätigung erforderlich": data.draw(st.sampled_from(["ja", "nein"])),
    }
    (booking,) = reader.read(csv_bytes([row], dialect))
    assert booking == Booking(
        id=row["Buchungsnummer"].strip(),
        doctor="dr-mueller",
        slot=slot,
        status=status,
        last_name=row["Nachname"].strip(),
        first_name=row["Vorname"].strip(),
        notes=row["Bemerkung"].strip(),
        requires_confirmation=row["Bestätigung erforderlich"] == "ja",
    )


def test_an_umlaut_far_behind_the_first_block_is_read_in_its_own_encoding(reader: Reader) -> None:
    rows = [
        a_row(Buchungsnummer=str(number), Vorname="", Nachname="Fink") for number in range(3_000)
    ]
    ascii_rows = [row | {"Status": "confirmed"} for row in rows]
    for encoding in ("utf-8", "cp1252"):
        content = csv_bytes([*ascii_rows, a_row()], Dialect(encoding))
        assert len(content) > 2 * 65_536
        last = reader.read(content)[-1]
        assert isinstance(last, Booking)
        assert (last.last_name, last.first_name) == ("Ährenthaler", "Zoë")


@pytest.mark.parametrize("behind", [0, 1, 2])
def test_a_character_cut_by_the_end_of_the_first_block_decides_nothing(
    reader: Reader, behind: int
) -> None:
    head, row = HEAD + GOOD.format(1), GOOD.format(2).replace("Nebelfink", "Nebelöffel")
    blank_lines = 65_536 - len(head) - row.index("ö") - behind
    results = reader.read(head + "\n" * blank_lines + row)
    assert isinstance(results[1], Booking)
    assert results[1].last_name == "Nebelöffel"


@pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\r\n;;;;;\r\n"])
def test_a_file_may_end_as_it_likes(reader: Reader, end: str) -> None:
    assert ids(reader.read(HEAD + GOOD.format(1)[:-1] + end)) == ["1"]


def test_a_header_alone_is_a_file_without_bookings(reader: Reader) -> None:
    assert reader.read(HEAD) == []


def test_a_header_may_have_a_line_break(reader: Reader) -> None:
    head = HEAD.replace("\n", ';"Bestätigung\nerforderlich"\n')
    results = reader.read(head + GOOD.format(1)[:-1] + ";ja\n" + "2\n")
    assert results[1] == BadRow(4, "The row has 1 fields, the header has 7.")


# --- files nothing can be read from -------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\n\r\n", codecs.BOM_UTF8, "".encode("utf-16")])
def test_an_empty_file_is_refused(reader: Reader, content: bytes) -> None:
    assert reader.refusal(content) == "The file is empty."


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04\x14\x00\x06\x00\x08\n", HEAD.encode("utf-16-le"), HEAD.encode("utf-16-be")],
)
def test_an_excel_workbook_or_unknown_encoding_is_refused(reader: Reader, content: bytes) -> None:
    assert reader.refusal(content) == (
        "The file is not text in a known encoding. Export it as CSV in UTF-8."
    )


@pytest.mark.parametrize(
    "content",
    [GOOD.format(1), "sep=;\n" + GOOD.format(1), (HEAD + GOOD).replace("\n", "\r"), '"ID;Arzt\n'],
)
def test_a_file_without_a_header_is_refused_without_repeating_it(
    reader: Reader, content: str
) -> None:
    assert reader.refusal(content) == "The first row is not a header: it names no known column."


def test_missing_columns_are_all_listed_at_once(reader: Reader) -> None:
    assert reader.refusal("Vorname;Status\n") == (
        "The header lacks required columns: booking_id (Buchungsnummer); doctor (Arzt); "
        "start (Beginn) or date (Datum); end (Ende) or duration (Dauer); "
        "last_name (Nachname) or name (Name)."
    )
    assert reader.refusal(HEAD.replace("Arzt", "x")) == (
        "The header lacks required columns: doctor (Arzt)."
    )


def test_broken_utf_16_keeps_what_was_read_and_says_that_no_more_can_be(reader: Reader) -> None:
    rows = "".join(map(GOOD.format, range(2_000)))
    reader.path.write_bytes((HEAD + rows).encode("utf-16") + b"\x00\xd8\x41\x00")
    bookings = read_bookings(reader.path, BERLIN)
    assert len(list(islice(bookings, 1_000))) == 1_000
    with pytest.raises(UnreadableFile, match="UTF-16") as refused:
        deque(bookings, maxlen=0)
    assert refused.value.__suppress_context__  # the decoder's own error carries the text


def test_a_missing_file_is_the_callers_affair(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(read_bookings(tmp_path / "none.csv", BERLIN))


# --- large files --------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_bytes_done_are_told_up_to_the_size_of_the_file(reader: Reader, encoding: str) -> None:
    rows = "".join(map(GOOD.format, range(5_000)))
    reader.path.write_text(HEAD + rows, encoding)
    told: list[int] = []
    bookings = read_bookings(reader.path, BERLIN, told.append)
    next(bookings)
    assert sum(told) <= 65_536
    deque(bookings, maxlen=0)
    assert told == sorted(set(told))
    assert told[-1] == reader.path.stat().st_size


def test_a_hundred_thousand_rows_are_read_in_bounded_memory(tmp_path: Path) -> None:
    path, count, traced = tmp_path / "large.csv", 100_000, 10_000
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD.replace("\n", ";Bemerkung\n"))
        line = GOOD.replace("\n", f';"{"größer " * 20}"\n')
        file.writelines(line.format(number) for number in range(count))
    assert path.stat().st_size > 20_000_000
    bookings = read_bookings(path, BERLIN)
    # Tracing makes it five times as slow, and what grows by the row is seen in a part as well.
    tracemalloc.start()
    try:
        assert sum(isinstance(each, Booking) for each in islice(bookings, traced)) == traced
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000
    assert sum(isinstance(each, Booking) for each in bookings) == count - traced


def test_a_line_without_end_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        file.writelines("a" * 65_536 for _ in range(500))
    tracemalloc.start()
    try:
        (bad,) = read_bookings(path, BERLIN)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bad == BadRow(2, "The row is longer than 131,072 characters.")
    assert peak < 3_000_000


# --- the demo practice --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> list[Booking]:
    results = list(read_bookings(make_bookings.FILE, BERLIN))
    assert bad_rows(results) == []
    return [result for result in results if isinstance(result, Booking)]


def test_the_demo_export_is_what_its_maker_writes(tmp_path: Path) -> None:
    make_bookings.write(tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == make_bookings.FILE.read_bytes()


def test_the_demo_practice_has_the_size_that_was_asked_for(demo: list[Booking]) -> None:
    assert 1_400 < len(demo) < 1_600
    assert {each.doctor for each in demo} == {"dr-mueller", "dr-schmidt", "dr-yilmaz"}
    assert {each.room for each in demo} == {"raum-1", "raum-2", ""}
    assert 280 <= len({each.patient_number for each in demo}) <= 300
    assert len({each.kind for each in demo}) == 6
    assert {each.insurance for each in demo} == set(Insurance)


@pytest.mark.parametrize(
    "by",
    [lambda b: b.doctor, lambda b: b.room, lambda b: b.patient_number],
    ids=["doctor", "room", "patient"],
)
def test_nobody_and_no_room_is_booked_twice_at_a_time_in_the_demo(
    demo: list[Booking], by: Callable[[Booking], str]
) -> None:
    for one in {by(each) for each in demo} - {""}:
        slots_of_one = sorted(each.slot for each in demo if by(each) == one)
        assert not any(a.overlaps(b) for a, b in pairwise(slots_of_one))


def test_the_demo_practice_keeps_its_hours(demo: list[Booking]) -> None:
    for each in demo:
        start, end = each.slot.start, each.slot.end
        assert start.weekday() < 5
        assert (start.hour >= 8 and end.strftime("%H:%M") <= "12:00") or (
            start.hour >= 13 and end.strftime("%H:%M") <= "17:00"
        )
        assert (end - start) // timedelta(minutes=1) in {15, 20, 30, 45}
    weeks = {(each.slot.start.date() - date(2026, 1, 5)).days // 7 for each in demo}
    assert weeks == set(range(-6, 8))


def test_the_demo_past_is_settled_and_its_future_partly_asked_for(demo: list[Booking]) -> None:
    past = Counter(b.status for b in demo if b.slot.start.date() < make_bookings.ANCHOR)
    future = Counter(b.status for b in demo if b.slot.start.date() >= make_bookings.ANCHOR)
    assert past[Status.TENTATIVE] == 0
    assert 0 < past[Status.CANCELLED] < past.total() / 10
    assert 0.15 < future[Status.TENTATIVE] / future.total() < 0.25


def test_the_demo_patients_are_invented(demo: list[Booking]) -> None:
    for each in demo:
        assert re.fullmatch(r"[a-z.-]+@example\.(?:org|com)|", each.email)
        assert re.fullmatch(r"030 23125-\d{3}|0176 040690\d\d", each.phone)


def test_the_demo_has_cells_that_importers_stumble_over(demo: list[Booking]) -> None:
    notes = "".join(each.notes for each in demo)
    assert all(mark in notes for mark in (";", '"', "\n", "😟"))
