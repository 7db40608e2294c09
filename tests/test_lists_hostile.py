"""Patient lists that are meant to do harm: in time, in memory, by what is said about them."""

from __future__ import annotations

import gc
import time
import tracemalloc
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_adapter.lists import WORDS, ReadList, Row, Unreadable, UnreadableList, read_list

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = date(2026, 11, 24)


def read(content: bytes) -> ReadList | None:
    try:
        return read_list("liste.csv", content, today=TODAY)
    except UnreadableList:
        return None


HEAD = b"Nachname;Vorname;geb.\n"
GDT = b"01380006301\r\n0113000%07d\r\n0193101Nebelfink\r\n"

HOSTILE: dict[str, Callable[[int], bytes]] = {
    "one endless quoted cell": lambda n: HEAD + b'"' + (b"a" * 19 + b"\n") * (n // 20),
    "a quotation that begins in every line": lambda n: HEAD + b'aaaaaaaa";"bbbbbbbb\n' * (n // 20),
    "quotation marks alone": lambda n: HEAD + b'"' * n,
    "quotation marks line by line": lambda n: HEAD + b'"\n' * (n // 2),
    "one endless line": lambda n: HEAD + b"a" * n,
    "one endless header": lambda n: b"Nachname;" * (n // 9),
    "separators alone": lambda n: HEAD + b";" * n,
    "separators before any header": lambda n: b"a;" * (n // 2),
    "blank lines": lambda n: HEAD + b"\n" * n,
    "old line ends": lambda n: HEAD.replace(b"\n", b"\r") + (b"A;" + b"b" * 37 + b"\r") * (n // 40),
    "accents alone": lambda n: HEAD + b"\xfc" * n,
    "an umlaut at the end": lambda n: HEAD + b"a" * n + b"\xfc",
    "zeros": lambda n: HEAD + b"\0" * n,
    "dates that are none": lambda n: HEAD + b"A;B;1/2/3/4/5/6/7/8/9/1/2/3 0:00:00:00\n" * (n // 40),
    "titles": lambda n: b"Name\n" + (b"Dr. " * 240 + b"\n") * (n // 961),
    "gdt of one field": lambda n: GDT % 1 + b"0093628x\r\n" * (n // 10),
    "gdt of one line": lambda n: GDT % 1 + b"9993628" + b"x" * n,
    "gdt of line ends": lambda n: GDT % 1 + b"\r\n" * (n // 2),
    "gdt of many records": lambda n: b"".join(GDT % each for each in range(n // 60)),
    "gdt of digits": lambda n: b"01380006301\r\n" + b"1" * n,
}


def seconds(content: bytes) -> float:
    gc.disable()  # it would go over what other tests have left
    try:
        begun = time.process_time()
        read(content)
        return time.process_time() - begun
    finally:
        gc.enable()


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_as_much_takes_at_most_twice_as_long(name: str) -> None:
    make, size = HOSTILE[name], 200_000
    once, twice = make(size), make(2 * size)
    short, long = [], []
    for _ in range(5):  # the least of all attempts: others use the machine as well
        short.append(seconds(once))
        long.append(seconds(twice))
        # Below a tenth of a second it is not the file that is measured.
        if min(long) <= 2.5 * max(min(short), 0.1):
            return
    pytest.fail(f"{min(short):.2f} s, and {min(long):.2f} s for twice as much")


def test_fifty_thousand_rows_are_read_in_five_seconds() -> None:
    row = "{0};Müller{0};Jörg;31.12.1960;gesetzlich;a{0}@example.org;0176 040690 01;A123456780;x\n"
    head = "Pat-Nr;Name;Vorname;Geb.-Dat.;Versicherung;E-Mail;Handy;KVNR;Farbe\n"
    content = (head + "".join(map(row.format, range(50_000)))).encode()
    begun = time.process_time()
    told = read(content)
    assert time.process_time() - begun < 5
    assert told is not None
    assert len(told.rows) == 50_000


@pytest.mark.parametrize("name", ["blank lines", "separators alone", "accents alone", "zeros"])
def test_memory_is_bounded_by_the_size_of_the_file(name: str) -> None:
    content = HOSTILE[name](200_000)
    tracemalloc.start()
    try:
        read(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(content)


MARK = "Qzx7"
NASTY = st.sampled_from(
    ["", MARK, f"{MARK}\0", f'"{MARK}', f'{MARK}"', f'"{MARK}"', f"{MARK}\n{MARK}", MARK * 300,
     f"24.12.2026 {MARK}", f"={MARK}", "24.12.1999", "1/2/99", f"{MARK}@{MARK}", "1E+9", "\ufffd"]
)  # fmt: skip


@given(st.lists(st.lists(NASTY, min_size=4, max_size=8).map(";".join), max_size=5))
def test_no_reason_and_no_doubt_repeats_what_a_cell_says(rows: list[str]) -> None:
    head = "Nachname;Vorname;geb.;E-Mail;Telefon;Versicherung;KVNR\n"
    told = read((head + "\n".join(rows)).encode())
    assert told is not None
    for row in told.rows:
        doubts = (row.reason,) if isinstance(row, Unreadable) else row.doubts
        assert all(MARK not in f"{doubt}{doubt.german}{doubt.english}" for doubt in doubts)
        assert all(doubt.code in WORDS for doubt in doubts)


@given(st.binary(max_size=300), st.sampled_from([b"", HEAD, HEAD * 2, GDT % 1]))
def test_any_bytes_give_rows_or_a_refusal(content: bytes, before: bytes) -> None:
    told = read(before + content)
    for row in told.rows if told else ():
        if isinstance(row, Row):
            cells = (*row.more.values(), row.record.last_name, row.record.first_name)
            assert all(text.replace("\n", "").isprintable() for text in cells)
