"""GDT: what practice software sends is read however it is written, and ours is as it should be."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_adapter.lists import ReadList, Row, Unreadable, read_list
from booking_adapter.lists.gdt_charsets import encoded
from booking_adapter.lists.gdt_fields import Charset
from booking_adapter.lists.gdt_writing import (
    Partners,
    appointment_note,
    file_stem,
    record_bytes,
    write_6301,
    write_6310,
)
from practice.appointments import Slot
from practice.patients import PatientRecord

TODAY = date(2026, 11, 24)
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 24, 12, 5, 7, tzinfo=BERLIN)
SLOT = Slot(
    datetime(2026, 12, 24, 10, tzinfo=BERLIN), datetime(2026, 12, 24, 10, 30, tzinfo=BERLIN)
)

#: A record whose lengths are known to be right, from a program in use.
CHECKED = (
    b"01380006301\r\n014810000100\r\n014921802.10\r\n011300098\r\n"
    b"0153101Sierra\r\n0163102Rudolph\r\n017310312031960\r\n"
)
ZOE = PatientRecord(
    last_name="Weiß-Müller",
    first_name="Zoe",
    birth_date="1960-02-01",
    email="zoe@example.org",
    phone="030 23125-001",
    number="10001",
    insurance_number="A123456780",
)


def read(content: bytes) -> ReadList:
    # By content: what the file is called says nothing.
    return read_list("liste.csv", content, today=TODAY)


def the_row(content: bytes) -> Row:
    (row,) = read(content).rows
    assert isinstance(row, Row), row
    return row


def a_record(*fields: tuple[str, str], kind: str = "6301", encoding: str = "cp437") -> bytes:
    """A record of a patient with a last name, with more fields, without its lengths."""
    lines = [("8000", kind), ("3101", "Nebelfink"), *fields]
    return "".join(f"000{number}{text}\r\n" for number, text in lines).encode(encoding)


def fields(record: bytes, encoding: str = "cp437") -> list[tuple[str, str]]:
    """Take a record apart, holding its lengths against what is there."""
    lines = record.split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        assert int(line[:3]) == len(line) + 2
    assert lines[0][3:7] == b"8000"
    assert lines[1][3:7] == b"8100"
    assert lines[1][7:] == b"%05d" % len(record)
    return [(line[3:7].decode(), line[7:].decode(encoding)) for line in lines]


# --- reading ------------------------------------------------------------------------------------


def test_the_checked_record_is_read() -> None:
    told = read(CHECKED)
    record = PatientRecord("Sierra", "Rudolph", "1960-03-12", number="98")
    assert told.rows == (Row(1, record),)
    assert (told.dialect.kind, told.dialect.encoding) == ("gdt", "cp437")
    assert told.dialect.columns["number"] == "3000"


def test_every_field_of_a_patient_arrives() -> None:
    row = the_row(
        a_record(
            *[("3000", "10001"), ("3102", "Jörg"), ("3103", "01021960"), ("3104", "Dr.")],
            *[("3105", "A123456780"), ("3106", "10115 Berlin"), ("3107", "Am Park 1")],
            *[("3108", "3"), ("3110", "1"), ("3618", "0176 040690 01")],
            *[("3619", "joerg@example.org"), ("3626", "030 23125-001")],
        )
    )
    assert row.record == PatientRecord(
        last_name="Nebelfink",
        first_name="Jörg",
        birth_date="1960-02-01",
        email="joerg@example.org",
        phone="030 23125-001",
        insurance="GESETZLICH",
        number="10001",
        insurance_number="A123456780",
    )
    assert row.more == {
        "title": "Dr.",
        "gender": "1",
        "mobile": "0176 040690 01",
        "street": "Am Park 1",
        "city": "10115 Berlin",
    }
    assert row.doubts == ()


@pytest.mark.parametrize("kind", ["1", "3", "5"])
def test_members_families_and_pensioners_are_insured_by_law(kind: str) -> None:
    assert the_row(a_record(("3108", kind))).record.insurance == "GESETZLICH"


def test_fields_nobody_knows_are_kept_in_order_repeated_ones_too() -> None:
    row = the_row(a_record(("3622", "178"), ("9999", "eins"), ("3623", "80"), ("9999", "zwei")))
    assert list(row.more.items()) == [("3622", "178"), ("9999", "eins\nzwei"), ("3623", "80")]
    assert read(a_record(("3622", "178"))).dialect.unused == ("3622",)


def test_a_prefix_belongs_to_the_last_name() -> None:
    row = the_row(a_record(("3100", "von der")))
    assert (row.record.last_name, row.more) == ("von der Nebelfink", {"name_prefix": "von der"})


def test_the_number_of_the_electronic_card_counts_more_and_the_other_is_kept() -> None:
    row = the_row(a_record(("3105", "123456789"), ("3119", "A123456780")))
    assert (row.record.insurance_number, row.more) == ("A123456780", {"3105": "123456789"})


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"\r\n", b"\n"),
        lambda content: content.replace(b"\r\n", b"\r"),
        lambda content: content.replace(b"\r\n", b"\r\n\r\n"),
        lambda content: content + b"\x1a",
        lambda content: content + b"\r\n\x1a\r\n",
        lambda content: content.rstrip(),
        lambda content: b"\r\n" + content,
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: re.sub(rb"(?m)^\d\d\d", b"001", content),
        lambda content: content.replace(b"00100", b"99999"),
        lambda content: content.replace(b"014810000100\r\n", b""),
    ],
)
def test_carelessly_written_records_are_read(change: object) -> None:
    assert callable(change)
    row = the_row(change(CHECKED))
    assert (row.record, row.doubts) == (the_row(CHECKED).record, ())


def test_a_file_may_have_several_records() -> None:
    told = read(a_record() + a_record(kind="6311") + a_record(kind="6302") + b"0138000\r\n")
    assert [row.line for row in told.rows] == [1, 3, 5, 7]
    assert [row.reason.code for row in told.rows if isinstance(row, Unreadable)] == [
        "gdt_kind",
        "gdt_kind",
    ]


def test_lines_that_are_no_fields_are_doubted() -> None:
    row = the_row(a_record() + b"weiter im Text\r\n")
    assert [doubt.code for doubt in row.doubts] == ["lines_ignored"]
    row = the_row(a_record(*[("9999", "x")] * 1_000))
    assert [doubt.code for doubt in row.doubts] == ["lines_ignored"]


@pytest.mark.parametrize(
    ("named", "encoding", "doubted"),
    [
        ("", "cp437", False),
        ("2", "cp437", False),
        ("3", "cp1252", False),
        ("4", "iso8859-15", False),
        ("", "cp1252", True),
        ("2", "cp1252", True),
        ("3", "cp850", True),
        ("3", "utf-8", True),
        ("2", "utf-8", True),
        ("1", "cp437", True),
        ("1", "cp1252", True),
        ("x", "cp437", False),
    ],
)
def test_a_record_is_read_in_the_character_set_it_names_unless_that_is_plainly_wrong(
    named: str, encoding: str, doubted: bool
) -> None:
    row = the_row(a_record(("9206", named), ("3102", "Jörg Äneas"), encoding=encoding))
    assert row.record.first_name == "Jörg Äneas"
    assert [doubt.code for doubt in row.doubts] == ["charset_guessed"] * doubted


# --- writing ------------------------------------------------------------------------------------


def test_the_checked_record_is_what_we_would_write() -> None:
    told = [("3000", "98"), ("3101", "Sierra"), ("3102", "Rudolph"), ("3103", "12031960")]
    ours = record_bytes("6301", Partners(), told)
    # Ours tells its character set as well.
    charset = b"01092062\r\n"
    assert ours.replace(charset, b"").replace(b"00110", b"00100") == CHECKED
    assert len(ours) == 110


def test_a_note_of_an_appointment_goes_into_the_chart() -> None:
    note = appointment_note(SLOT, doctor="Dr. Müller")
    partners = Partners("PRAX_EDV", "KALENDER", Charset.CP1252)
    assert fields(write_6310(ZOE, note, partners, at=NOON), "cp1252") == [
        ("8000", "6310"),
        ("8100", "00258"),
        ("8315", "PRAX_EDV"),
        ("8316", "KALENDER"),
        ("9206", "3"),
        ("9218", "02.10"),
        ("3000", "10001"),
        ("3101", "Weiß-Müller"),
        ("3102", "Zoe"),
        ("3103", "01021960"),
        ("8402", "ALLG00"),
        ("6200", "24112026"),
        ("6201", "120507"),
        ("6227", "Termin: 24.12.2026, 10:00–10:30 Uhr"),
        ("6227", "Dr. Müller"),
    ]


def test_a_cancellation_says_so_in_the_language_wanted() -> None:
    assert appointment_note(SLOT, cancelled=True) == (
        "Termin abgesagt: 24.12.2026, 10:00–10:30 Uhr",
    )
    assert appointment_note(SLOT, cancelled=True, language="en") == (
        "Appointment cancelled: 2026-12-24, 10:00–10:30",
    )


def test_a_long_comment_goes_on_in_the_next_line() -> None:
    told = fields(write_6310(ZOE, ["Wort " * 30 + "\nEnde"], Partners(), at=NOON))
    comments = [text for number, text in told if number == "6227"]
    assert comments == ["Wort " * 11 + "Wort", "Wort " * 11 + "Wort", ("Wort " * 6)[:-1], "Ende"]


@pytest.mark.parametrize(
    ("text", "charset", "written"),
    [
        ("Müller", Charset.CP437, b"M\x81ller"),
        ("Müller", Charset.CP1252, b"M\xfcller"),
        ("Müller", Charset.SEVEN_BIT, b"Mueller"),
        ("Mu\u0308ller", Charset.CP437, b"M\x81ller"),
        ("Weiß", Charset.SEVEN_BIT, b"Weiss"),
        ("Sørensen", Charset.CP437, b"Soerensen"),
        ("Sørensen", Charset.CP1252, b"S\xf8rensen"),
        ("Yıldız Şen Ğ", Charset.CP1252, b"Yildiz Sen G"),
        ("Łukasz Dvořák", Charset.CP437, b"Lukasz Dvor\xa0k"),
        ("10:00–10:30 „Ja“ 5 €", Charset.CP437, b'10:00-10:30 "Ja" 5 EUR'),
        ("Ничего 医", Charset.CP1252, b"?????? ?"),
        ("a\r\n0103000X\x00b\ud800", Charset.CP437, b"a  0103000X b"),
    ],
)
def test_what_a_character_set_lacks_is_spelled_out(
    text: str, charset: Charset, written: bytes
) -> None:
    assert encoded(text, charset) == written


def test_long_names_are_cut_but_no_number_ever_is() -> None:
    record = PatientRecord("L" * 40, "F" * 40, number="N" * 40, insurance_number="K" * 20)
    told = dict(fields(write_6301(record, Partners())))
    assert (told["3101"], told["3102"]) == ("L" * 28, "F" * 28)
    assert (told["3000"], told["3119"]) == ("N" * 40, "K" * 20)
    fields(record_bytes("6301", Partners(), [("6228", "x" * 2_000)]))


# Letters where names have them: in others a record is rightly taken for one of another set.
NAMES = st.lists(st.sampled_from([*"abcxyzABCäöüÄÖÜ -'.", "aß", "dé"]), max_size=20).map("".join)
RECORDS = st.builds(
    PatientRecord,
    last_name=NAMES.map(lambda text: " ".join(f"M{text}".split())[:28].strip()),
    first_name=NAMES.map(lambda text: " ".join(f"F{text}".split())[:28].strip()),
    birth_date=st.dates(date(1902, 1, 1), TODAY).map(date.isoformat),
    email=st.sampled_from(["", "zoe@example.org"]),
    phone=st.sampled_from(["", "030 23125-001", "0176 040690 01", "+49 151 040690", "0043 1 23"]),
    number=st.from_regex(r"[0-9A-Z]{1,10}", fullmatch=True),
    insurance_number=st.sampled_from(["", "A123456780", "123456789012", "P-1234567890123"]),
)


@given(RECORDS, st.sampled_from([Charset.CP437, Charset.CP1252]))
def test_a_patient_comes_back_as_written(record: PatientRecord, charset: Charset) -> None:
    written = write_6301(record, Partners("PVS", "KAL", charset))
    fields(written, charset.encoding)
    row = the_row(written)
    assert (row.record, row.doubts) == (record, ())


@given(st.text(max_size=60), st.lists(st.text(max_size=200), max_size=4), st.sampled_from(Charset))
def test_any_text_makes_a_record_whose_lengths_are_right(
    name: str, comments: list[str], charset: Charset
) -> None:
    record = PatientRecord(name, name, name, name, name, name, name, name, name)
    for written in (
        write_6301(record, Partners(name, name, charset), more=[("3628", name)]),
        write_6310(record, comments, Partners(name, name, charset), at=NOON, test=name),
    ):
        told = fields(written, charset.encoding)
        assert [number for number, _ in told].count("8000") == 1
        assert len(read(written).rows) == 1


def test_a_file_is_named_after_who_reads_and_who_writes_it() -> None:
    assert file_stem("prax", "kale") == "PRAXKALE"
    for bad in ("", "ZULANG", "../", "ä"):
        with pytest.raises(ValueError, match="short id"):
            file_stem(bad, "KALE")
