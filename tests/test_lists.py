"""Patient lists in every dialect: which columns are what, and what their cells say."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_adapter.lists import (
    WORDS,
    Doubt,
    ReadList,
    Row,
    Unreadable,
    UnreadableList,
    read_list,
)
from booking_adapter.lists.fields import FIELDS
from booking_adapter.tables.headers import key
from practice.appointments import Insurance
from practice.patients import PatientRecord

TODAY = date(2026, 11, 24)

ZOE = PatientRecord(
    last_name="Ährenthaler",
    first_name="Zoë",
    birth_date="1960-02-01",
    email="zoe@example.org",
    phone="030 23125-001",
    insurance="PRIVAT",
    number="10001",
    booking_system_id="b-17",
    insurance_number="A123456780",
)
CELLS = {
    "Patientennummer": "10001",
    "Nachname": "Ährenthaler",
    "Vorname": "Zoë",
    "Geburtsdatum": "01.02.1960",
    "E-Mail": "zoe@example.org",
    "Telefon": "030 23125-001",
    "Versicherung": "privat",
    "Versichertennummer": "A123456780",
    "booking_system_id": "b-17",
}


def read(content: str | bytes, **choice: str) -> ReadList:
    raw = content.encode() if isinstance(content, str) else content
    return read_list("liste.csv", raw, today=TODAY, choice=choice or None)


def listed(*rows: dict[str, str], separator: str = ";") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0], delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def the_row(**cells: str) -> Row:
    """Read a row with a last name; `Geb_Dat="..."` adds a column."""
    row = {"Nachname": "Nebelfink"} | {name.replace("_", " "): text for name, text in cells.items()}
    (told,) = read(listed(row)).rows
    assert isinstance(told, Row), told
    return told


def patients(told: ReadList) -> list[PatientRecord]:
    return [row.record for row in told.rows if isinstance(row, Row)]


def refused(told: ReadList) -> list[tuple[int, str]]:
    return [(row.line, row.reason.code) for row in told.rows if isinstance(row, Unreadable)]


def codes(row: Row) -> list[str]:
    return [doubt.code for doubt in row.doubts]


def refusal(content: str | bytes, **choice: str) -> str:
    with pytest.raises(UnreadableList) as error:
        read(content, **choice)
    assert str(error.value) == error.value.english == WORDS[error.value.code][1]
    return error.value.code


# --- which column is what -----------------------------------------------------------------------


def test_every_column_arrives_in_the_record() -> None:
    told = read(listed(CELLS | {"Farbe": "blau"}))
    assert told.rows == (Row(2, ZOE),)
    assert told.name == "liste.csv"
    assert told.dialect.columns == {
        "number": "Patientennummer",
        "last_name": "Nachname",
        "first_name": "Vorname",
        "birth_date": "Geburtsdatum",
        "email": "E-Mail",
        "phone": "Telefon",
        "insurance": "Versicherung",
        "insurance_number": "Versichertennummer",
        "booking_system_id": "booking_system_id",
    }
    assert told.dialect.unused == ("Farbe",)
    assert (told.dialect.kind, told.dialect.encoding) == ("csv", "utf-8")
    assert (told.dialect.separator, told.dialect.header_line) == (";", 1)


#: Headers of practice software, booking tools and spreadsheets, and what they should be.
HEADERS = [
    ("Pat-Nr;Zuname;Vorname;Geb.-Dat.;Tel.;Kasse",
     "number last_name first_name birth_date phone insurer"),
    ("PIZ;Familienname;Vorname;geb.;Handy;KVNR",
     "number last_name first_name birth_date mobile insurance_number"),
    ("PatID;Name;Vorname;Geburtstag;EMail;Versicherungsart",
     "number name first_name birth_date email insurance"),
    ("Kundennummer;Titel;Name;Mail;Mobil;eGK-Nr.",
     "number title name email mobile insurance_number"),
    ("last_name,first_name,birth_date,email,phone,booking_system_id",
     "last_name first_name birth_date email phone booking_system_id"),
    ("Patient No,Surname,Given Name,Date of Birth,Mobile,Insurance Company",
     "number last_name first_name birth_date mobile insurer"),
    ("NACHNAME\tVORNAME\tGEB.DATUM\tSTRASSE\tPLZ\tORT",
     "last_name first_name birth_date street postcode city"),
    ('"Nachname"|"Vorname"|"Geschlecht"|"Anrede"', "last_name first_name gender salutation"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "fields"), HEADERS)
def test_headers_of_many_programs_are_known(header: str, fields: str) -> None:
    told = read(header + "\n")
    assert " ".join(told.dialect.columns) == fields
    assert (told.dialect.unused, told.rows) == ((), ())


def test_no_header_can_mean_two_fields() -> None:
    keys = [key(header) for headers in FIELDS.values() for header in {*map(key, headers)}]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("header", ["ID", "Nr.", "#", "Name2", ""])
def test_a_column_that_may_mean_anything_means_nothing(header: str) -> None:
    told = read(f"Nachname;{header}\nNebelfink;7\n")
    assert patients(told) == [PatientRecord("Nebelfink")]
    assert told.dialect.unused == ((header,) if header else ())


def test_a_person_can_say_which_column_is_what() -> None:
    table = "A;B;#;Telefon\nNebelfink;Jörg;7;030 1234\n"
    told = read(table, last_name="a", first_name="B", number="#", phone="")
    assert patients(told) == [PatientRecord("Nebelfink", "Jörg", number="7")]
    assert told.dialect.unused == ("Telefon",)
    assert refusal(table, last_name="Nirgends") == "chosen_column_missing"
    assert refusal(table, shoe_size="A") == "unknown_field"


def test_what_was_chosen_by_hand_is_no_other_field_as_well() -> None:
    told = read("Name;Vorname;Nachname\nA;B;C\n", booking_system_id="Vorname", name="Nachname")
    assert told.dialect.columns == {"booking_system_id": "Vorname", "name": "Nachname"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty"),
        ("\ufeff", "empty"),
        ("\r\n \n", "empty"),
        ("Nebelfink;Jörg;01.02.1960\n", "no_header"),
        ("Telefon\n030 1234\n", "no_header"),
        ("Telefon;Geburtsdatum\n030 1234;01.02.1960\n", "no_name_column"),
        (b"PK\x03\x04\x14\0\x06\0", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook"),
        (b"%PDF-1.7\n", "no_text"),
        (bytes(range(256)) * 10, "no_header"),
        (b"a" * (25 * 1024 * 1024 + 1), "file_too_large"),
    ],
)
def test_a_file_without_a_list_is_refused_with_a_clear_sentence(
    content: str | bytes, code: str
) -> None:
    assert refusal(content) == code


def test_every_code_has_its_two_sentences() -> None:
    for german, english in WORDS.values():
        assert german.endswith(".")
        assert english.endswith(".")
        assert german != english
    assert (Doubt("no_name").german, Doubt("no_name").english) == WORDS["no_name"]


# --- rows ---------------------------------------------------------------------------------------


def test_the_header_may_stand_below_a_letterhead_and_lines_keep_their_numbers() -> None:
    told = read("Praxis am Park;;\r\nListe vom 1.2.;;\r\n\r\nName;Vorname;geb.\r\n\r\nA;B;\r\n")
    assert told.dialect.header_line == 4
    assert [row.line for row in told.rows] == [6]


def test_excels_first_line_tells_the_separator() -> None:
    assert read('sep=|\r\n"Nachname"|Vorname\r\nA|B\r\n').dialect.separator == "|"


def test_rows_with_too_few_cells_are_doubtful_with_too_many_unreadable() -> None:
    told = read("Nachname;Vorname;Telefon\nA;B\nA;B;030 1;030 2\nA;B;;;\n")
    assert [codes(row) for row in told.rows if isinstance(row, Row)] == [["too_few_cells"], []]
    assert refused(told) == [(3, "too_many_cells")]


def test_rows_that_are_no_patients_are_told_and_the_others_kept() -> None:
    told = read(
        "Nachname;Vorname\n;Zoë\n12;Zoë\nNachname;Vorname\n\n"
        + f'"A;B\n{"x" * 1_001};B\n{"y" * 140_000};B\nNebelfink;Jörg\n'
    )
    assert refused(told) == [
        (2, "no_name"),
        (3, "no_name"),
        (4, "header_again"),
        (6, "misquoted"),
        (7, "cell_too_long"),
        (8, "row_too_long"),
    ]
    assert patients(told) == [PatientRecord("Nebelfink", "Jörg")]


def test_a_long_cell_of_no_meaning_costs_nothing() -> None:
    assert patients(read(f'Nachname;Roman\nA;"{"x" * 20_000}"\n')) == [PatientRecord("A")]


def test_a_hundred_thousand_rows_are_the_most() -> None:
    rows = "Nachname\n" + "A\n" * 100_000
    assert len(read(rows).rows) == 100_000
    assert refusal(rows + "A\n") == "too_many_rows"
    assert refusal("Nachname\n" + "\n" * 1_000_001) == "too_many_rows"


# --- cells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "last", "first", "more"),
    [
        ("Nebelfink, Jörg", "Nebelfink", "Jörg", {}),
        ("Jörg Nebelfink", "Nebelfink", "Jörg", {}),
        ("Anna Lena von der Weißwaldner", "von der Weißwaldner", "Anna Lena", {}),
        ("Nebelfink", "Nebelfink", "", {}),
        ("Dr. med. Jörg Nebelfink", "Nebelfink", "Jörg", {"title": "Dr. med."}),
        ("Nebelfink, Prof. Dr. Jörg", "Nebelfink", "Jörg", {"title": "Prof. Dr."}),
        ("Herr Dr. Nebelfink", "Nebelfink", "", {"salutation": "Herr", "title": "Dr."}),
        ("Drews, Mediha", "Drews", "Mediha", {}),
        ("Frau Ingrid Magnus", "Magnus", "Ingrid", {"salutation": "Frau"}),
    ],
)
def test_a_whole_name_is_taken_apart(
    name: str, last: str, first: str, more: dict[str, str]
) -> None:
    for header in ("Name", "Patient", "Nachname, Vorname"):
        (row,) = read(listed({"PatID": "1", header: name})).rows
        assert isinstance(row, Row)
        assert (row.record.last_name, row.record.first_name, row.more) == (last, first, more)


def test_beside_a_column_of_first_names_the_name_is_the_last_name() -> None:
    told = read('Name;Vorname\nvon der Aue;Zoë\nHaus Abendrot;\n"Nebelfink, Jörg";\n')
    assert patients(told) == [
        PatientRecord("von der Aue", "Zoë"),
        PatientRecord("Haus Abendrot"),
        PatientRecord("Nebelfink", "Jörg"),
    ]


def test_a_last_name_column_may_hold_both_names_with_a_comma() -> None:
    (row,) = read('Nachname\n"Nebelfink, Jörg"\n').rows
    assert isinstance(row, Row)
    assert (row.record.last_name, row.record.first_name) == ("Nebelfink", "Jörg")


@pytest.mark.parametrize(
    ("text", "born", "doubts"),
    [
        ("31.12.1999", "1999-12-31", []),
        ("1.2.1960", "1960-02-01", []),
        ("31. 12. 1999", "1999-12-31", []),
        ("31.12.1999 00:00:00", "1999-12-31", []),
        ("1999-12-31", "1999-12-31", []),
        ("1999-12-31T00:00:00", "1999-12-31", []),
        ("1999/12/31", "1999-12-31", []),
        ("19991231", "1999-12-31", []),
        ("31121999", "1999-12-31", []),
        ("31.12.99", "1999-12-31", []),
        ("31.12.26", "1926-12-31", []),
        ("24.11.26", "2026-11-24", ["century_guessed"]),
        ("25.11.26", "1926-11-25", []),
        ("01.01.10", "2010-01-01", []),
        ("29.02.00", "2000-02-29", []),
        ("12/31/1999", "1999-12-31", []),
        ("31/12/1999", "1999-12-31", []),
        ("31-12-1999", "1999-12-31", []),
        ("05/05/1950", "1950-05-05", []),
        ("36525", "1999-12-31", []),
        ("36525.0", "1999-12-31", []),
        ('="31.12.1999"', "1999-12-31", []),
        ("", "", []),
        ("-", "", []),
        ("00.00.0000", "", []),
        ("unbekannt", "", []),
        ("02/01/1950", "", ["birth_date_ambiguous"]),
        ("1950", "", ["birth_date_unreadable"]),
        ("31.11.1999", "", ["birth_date_unreadable"]),
        ("45/45/1999", "", ["birth_date_unreadable"]),
        ("um 1950", "", ["birth_date_unreadable"]),
        ("10:00", "", ["birth_date_unreadable"]),
        ("25.11.2026", "", ["birth_date_implausible"]),
        ("01.01.1900", "", ["birth_date_implausible"]),
        ("99999", "", ["birth_date_implausible"]),
    ],
)
def test_a_date_of_birth_is_read_or_doubted(text: str, born: str, doubts: list[str]) -> None:
    row = the_row(Geburtsdatum=text)
    assert (row.record.birth_date, codes(row)) == (born, doubts)
    assert row.more == ({"birth_date": text} if doubts and not born else {})


def test_the_column_tells_what_is_the_day_and_what_the_month() -> None:
    def born(*told: str) -> list[str]:
        rows = [{"Nachname": "A", "geb.": text} for text in told]
        return [record.birth_date for record in patients(read(listed(*rows)))]

    assert born("02/01/1950", "12/31/1999") == ["1950-02-01", "1999-12-31"]
    assert born("02/01/1950", "31/12/1999") == ["1950-01-02", "1999-12-31"]
    assert born("02/01/1950", "31/12/1999", "12/31/1999") == ["", "1999-12-31", "1999-12-31"]
    assert born("02/01/1950", "99/12/1999") == ["", ""]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *[(word, Insurance.STATUTORY) for word in ("GKV", "gesetzlich", "Kasse", "1", "3", "5000")],
        *[(word, Insurance.STATUTORY) for word in ("AOK Bayern", "TK", "Siemens BKK", "DAK-G.")],
        *[(word, Insurance.PRIVATE) for word in ("privat", "PKV", "Privatpatientin", "P")],
        *[(word, Insurance.SELF_PAYING) for word in ("Selbstzahler", "self-payer", "SZ")],
        ("", ""),
        ("k.A.", ""),
    ],
)  # fmt: skip
def test_words_for_insurance_are_understood(text: str, kind: str) -> None:
    row = the_row(Versicherung=text)
    assert (row.record.insurance, row.doubts) == (kind, ())


def test_an_insurer_is_kept_and_tells_the_kind_where_nothing_else_does() -> None:
    row = the_row(Kasse="Barmer", Versicherungsart="")
    assert (row.record.insurance, row.more) == ("GESETZLICH", {"insurer": "Barmer"})
    row = the_row(Kasse="Barmer", Versicherungsart="privat")
    assert row.record.insurance == "PRIVAT"
    row = the_row(Kasse="Versicherung am Deich")
    assert (row.record.insurance, row.doubts) == ("", ())


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("Versicherung", "Irgendwo", "insurance_unknown"),
        ("E-Mail", "zoe at example.org", "email_unreadable"),
        ("E-Mail", "a@example.org; b@example.org", "email_unreadable"),
        ("Telefon", "siehe Akte", "phone_unreadable"),
        ("Telefon", "4,91761E+11", "phone_unreadable"),
        ("Patientennummer", "1,23457E+11", "number_unreadable"),
        ("KVNR", "1.23E+9", "number_unreadable"),
    ],
)
def test_what_is_not_taken_over_is_doubted_and_kept(column: str, text: str, code: str) -> None:
    row = the_row(**{column: text})
    (doubt,) = row.doubts
    assert (doubt.code, row.more) == (code, {doubt.field: text})
    assert row.record == PatientRecord("Nebelfink")


def test_a_card_number_with_a_wrong_check_digit_is_kept_with_a_doubt() -> None:
    row = the_row(KVNR="a 123 456 781")
    assert (row.record.insurance_number, codes(row)) == ("A123456781", ["insurance_number_wrong"])
    assert the_row(KVNR="a 123 456 780").doubts == ()
    assert the_row(KVNR="4711/0815").doubts == ()


def test_a_mobile_number_is_the_telephone_where_there_is_no_other() -> None:
    assert the_row(Handy="0176 040690 01").record.phone == "0176 040690 01"
    row = the_row(Handy="0176 040690 01", Telefon="030 23125-001")
    assert (row.record.phone, row.more["mobile"]) == ("030 23125-001", "0176 040690 01")


def test_formulas_are_text_and_control_characters_go() -> None:
    row = the_row(Vorname="=1+1", Ort="@SUM(A1)", Titel="-\x1b[31m\u202eDr.\x07", PatID='="007"')
    assert row.record.first_name == "=1+1"
    assert (row.more["city"], row.more["title"]) == ("@SUM(A1)", "-[31mDr.")
    assert row.record.number == "007"


def test_null_is_a_name_but_no_address() -> None:
    assert the_row(Vorname="Null", Ort="x", **{"E-Mail": "NULL"}).record == PatientRecord(
        "Nebelfink", "Null"
    )


def test_decomposed_letters_are_composed() -> None:
    assert the_row(Vorname="Jo\u0308rg").record.first_name == "Jörg"


# --- encodings ----------------------------------------------------------------------------------

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "cp437",
             "mac_roman", "iso8859-1"]  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "names",
    [["Müller"], ["Jörg"], ["Weiß"], ["Jäger"], ["Öztürk"], ["Ärmel"], ["Übel"], ["MÜLLER"],
     ["André"], ["Señor"], ["Straßer", "Björk", "Çelik"]],
)  # fmt: skip
def test_a_name_is_read_in_every_encoding_by_which_names_look_like_names(
    encoding: str, names: list[str]
) -> None:
    table = "Nachname;Vorname\r\n" + "".join(f"{name};Zoe\r\n" for name in names)
    assert [record.last_name for record in patients(read(table.encode(encoding)))] == names


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize("name", ["Sørensen", "Ángel", "Núñez", "Øster"])
def test_names_of_neighbours_are_read_as_well(encoding: str, name: str) -> None:
    told = read(f"Nachname;Straße\n{name};Müllerstraße\n".encode(encoding))
    assert [record.last_name for record in patients(told)] == [name]


def test_characters_that_are_lost_are_doubted() -> None:
    lines = ["Nachname;Vorname", "Müller;Jörg", "Weiß;Zoë", "Öztürk;Änne"]
    content = "\n".join(lines).encode() + b"\nM\xfcller;Zoe\n"
    told = read(content)
    assert [codes(row) for row in told.rows if isinstance(row, Row)][-2:] == [
        [],
        ["characters_lost"],
    ]


class Written(NamedTuple):
    """How a list is written."""

    encoding: str
    separator: str
    line_end: str
    quote_all: bool
    headers: tuple[str, ...]
    day: str


WRITTEN = st.builds(
    Written,
    encoding=st.sampled_from(ENCODINGS),
    separator=st.sampled_from(";,\t|"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quote_all=st.booleans(),
    headers=st.sampled_from(
        [
            ("Pat-Nr", "Nachname", "Vorname", "Geb.-Dat.", "Tel.", "Versicherungsart"),
            ("PIZ", "Name", "Vorname", "geb.", "Handy", "Versicherung"),
            ("patient_id", "last_name", "first_name", "date_of_birth", "phone", "insurance"),
        ]
    ),
    day=st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d.%m.%Y 00:00", "%Y%m%d"]),
)
NAME = st.text(st.sampled_from("abcdefgXYZ -'.\";,|äöüß"), min_size=1, max_size=30).map(
    # Beginning with a letter, and with an umlaut that tells the encoding.
    lambda text: " ".join(f"Mü{text}".split())
)
RECORDS = st.builds(
    PatientRecord,
    last_name=NAME,
    first_name=NAME,
    birth_date=st.dates(date(1902, 1, 1), TODAY).map(date.isoformat),
    phone=st.from_regex(r"0[0-9]{2,4}[ /-][0-9]{3,8}", fullmatch=True),
    insurance=st.sampled_from([*(kind.value for kind in Insurance), ""]),
    number=st.from_regex(r"[A-Z]?[0-9]{1,9}", fullmatch=True),
)
WORD = {"GESETZLICH": "gesetzlich", "PRIVAT": "PKV", "SELBSTZAHLER": "Selbstzahler", "": ""}


def in_writing(records: list[PatientRecord], how: Written) -> bytes:
    text = io.StringIO(newline="")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if how.quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=how.separator, lineterminator=how.line_end, quoting=quoting)
    writer.writerow(how.headers)
    for each in records:
        born = date.fromisoformat(each.birth_date).strftime(how.day)
        cells = (each.number, each.last_name, each.first_name, born, each.phone)
        writer.writerow([*cells, WORD[each.insurance]])
    return text.getvalue().encode(how.encoding)


@given(st.lists(RECORDS, min_size=1, max_size=5), WRITTEN)
def test_patients_come_through_every_dialect_and_encoding(
    records: list[PatientRecord], how: Written
) -> None:
    told = read(in_writing(records, how))
    assert patients(told) == records
    assert told.dialect.separator == how.separator
    assert all(not row.doubts for row in told.rows if isinstance(row, Row))


@given(st.lists(RECORDS, min_size=1, max_size=3), WRITTEN)
def test_the_same_file_gives_the_same_answer(records: list[PatientRecord], how: Written) -> None:
    content = in_writing([replace(each, email="") for each in records], how)
    assert read(content) == read(content)
