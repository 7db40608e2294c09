"""A patient is found as somebody types, however the name is spelled, heard or mistyped."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.database import SqlDatabase
from practice.errors import Invalid
from practice.lookup import Near, keys_of, typo_ranges
from practice.patients import Patient, PatientRecord
from practice.phonetics import sound_of
from practice.use_cases import patient_records as records
from practice.use_cases.merging import merge
from practice.use_cases.patient_search import page_of_patients, search_patients
from tests.building import reading, writing
from tests.conftest import BACKENDS, a_database
from tests.sick import a_record, made
from tests.test_statements import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from practice.database.unit_of_work import SqlUnitOfWork

PEOPLE = {
    "mueller": PatientRecord(
        *("Müller", "Anna Maria", "1966-02-03", "anna.mueller@example.org", "+49 30 123456"),
        number="4711",
        insurance_number="A123456789",
    ),
    "double": PatientRecord("Müller-Lüdenscheidt", "Karl-Heinz", "1950-12-31", number="0815"),
    "irish": PatientRecord("O'Brien", "Seán", phone="0171 5556677", number="X-9"),
    "noble": PatientRecord("von der Heide", "Jürgen", "2001-01-09", number="12"),
    "sharp": PatientRecord("Groß", "Zoë", number="P000123"),
    "turkish": PatientRecord("Yıldırım", "Çiğdem", number="13"),
    "short": PatientRecord("Ng", "Li", number="14"),
    "plain": PatientRecord("Gaertner", "Uwe", number="15"),
    "sound": PatientRecord("Meyer", "Eva", number="16"),
    "russian": PatientRecord("Иванова", "Ольга", number="17"),
}


@pytest.fixture(scope="module", params=BACKENDS)
def ward(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlDatabase]:
    """A database with PEOPLE, on each backend."""
    with a_database(request.param, request, tmp_path_factory.mktemp("ward")) as database:
        with writing(database) as uow:
            for record in PEOPLE.values():
                uow.patients.save(Patient(record.number, record))
        yield database


def found(database: SqlDatabase, text: str) -> list[str]:
    """Return who is found, by the keys of PEOPLE."""
    by_number = {record.number: who for who, record in PEOPLE.items()}
    with reading(database) as uow:
        return [by_number[one.patient.number] for one in search_patients(uow, text)]


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        *((typed, "mueller") for typed in ("mü", "MUE", "Mül", "Müller", "mueller", "muller")),
        *((typed, "mueller") for typed in ("anna mü", "müller, anna", "Mari Mull", "ann 4711")),
        *((typed, "mueller") for typed in ("Mu\u0308ller", "Myller", "Mülelr", "Frau Müller")),
        *((typed, "mueller") for typed in ("3.2.1966", "03.02.66", "03.02.", "1966-02", "1966")),
        *((typed, "mueller") for typed in ("030 123", "030/123456", "+4930123456", "3456")),
        *((typed, "mueller") for typed in ("anna.mue", "ANNA.MUELLER@example.org", "a123456789")),
        *((typed, "double") for typed in ("lüdenscheid", "müllerlüdenscheidt", "Karlheinz", "815")),
        *((typed, "double") for typed in ("Müller-Lüd", "heinz müller", "31.12.1950")),
        *((typed, "irish") for typed in ("obrien", "O'Br", "brien sean", "0171 555 66 77", "x-9")),
        *((typed, "noble") for typed in ("heide", "von der", "juergen", "jurgen", "von der heide")),
        *((typed, "sharp") for typed in ("gross", "groß", "GROSS zoe", "p000123", "123")),
        *((typed, "turkish") for typed in ("yildirim", "cigdem", "Yıldırım", "YILDIRIM")),
        *((typed, "short") for typed in ("n", "ng", "li ng")),
        *((typed, "plain") for typed in ("gärtner", "gaertner", "gartner", "gertner")),
        *((typed, "sound") for typed in ("maier", "Meier", "mayr", "eva maier")),
        *((typed, "russian") for typed in ("иван", "ольга иванова")),
    ],
)
def test_a_patient_is_found_by(ward: SqlDatabase, typed: str, who: str) -> None:
    assert who in found(ward, typed)


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "-", "'", "%", "_", "müller xyz", "1.1.1900", "a" * 5000, "\0", "\ud800", "()"],
)
def test_nobody_is_found_by(ward: SqlDatabase, typed: str) -> None:
    assert found(ward, typed) == []


def test_who_fits_best_comes_first(ward: SqlDatabase) -> None:
    assert found(ward, "müller")[:2] == ["mueller", "double"]
    assert found(ward, "meyer")[0] == "sound"
    assert found(ward, "müller")[-1] not in {"noble", "russian"}


LETTERS = "abcdefghijklmnopqrstuvwxyzäöü"
NAMED = [
    *("Müller", "Mueller", "Schmidt", "Groß", "Gaertner", "Bauer", "Özdemir", "Wolf", "Ahrens"),
    *("Quentin", "Schröder-Vogel", "Nguyen", "Maeder", "Lüdenscheidt", "Åström", "Poeschl"),
]


@pytest.fixture(scope="module")
def crowd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlDatabase]:
    """A database of one patient a name."""
    with a_database("sqlite", request, tmp_path_factory.mktemp("crowd")) as database:
        with writing(database) as uow:
            for number, name in enumerate(NAMED):
                uow.patients.save(Patient(f"N{number}", PatientRecord(name, "Thea")))
        yield database


@st.composite
def typos(draw: st.DrawFn, names: st.SearchStrategy[str]) -> tuple[str, str]:
    """Return a name, and the same with one letter more, less, another, or two exchanged."""
    name = draw(names)
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(LETTERS))
    head, one, tail = name[:at], name[at], name[at + 1 :]
    kinds = [head + letter + one + tail, head + letter + tail, head + tail, name + letter]
    if tail:
        kinds.append(head + tail[0] + one + tail[1:])
    return name, draw(st.sampled_from(kinds))


PLAIN = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=14)


@settings(max_examples=300, deadline=None)
@given(typos(st.sampled_from(NAMED)))
def test_a_patient_is_found_by_a_name_with_one_typo(
    crowd: SqlDatabase, both: tuple[str, str]
) -> None:
    name, typed = both
    with reading(crowd) as uow:
        assert name in {one.patient.record.last_name for one in search_patients(uow, typed, 200)}


@settings(max_examples=150, deadline=None)
@given(typos(PLAIN))
def test_whoever_it_is_is_found_by_a_name_with_one_typo(
    crowd: SqlDatabase, both: tuple[str, str]
) -> None:
    name, typed = both
    with writing(crowd) as uow:
        patient = uow.patients.save(Patient("x", PatientRecord(name.title())))
        found = {one.patient.id for one in search_patients(uow, typed, 200)}
        uow.doom()
    assert patient.id in found


@given(typos(PLAIN))
def test_a_typo_leaves_a_beginning_or_an_end_as_it_is(both: tuple[str, str]) -> None:
    word, typed = both
    (_, start), (_, end) = typo_ranges(Near(typed))
    assert word.startswith(start) or word[::-1].startswith(end)


@settings(max_examples=200)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
def test_whatever_a_record_says_has_keys_that_fit(last: str, first: str, number: str) -> None:
    keys = keys_of(PatientRecord(last, first, number=number, email=last, phone=number))
    assert keys == sorted(set(keys))
    assert all(1 < len(key) <= 80 and key.isprintable() for key in keys)
    assert len([key for key in keys if key.startswith("o")]) <= 1


@pytest.mark.parametrize(
    ("word", "code"),
    [
        *(("mueller", "657"), ("muller", "657"), ("meier", "67"), ("mayr", "67"), ("", "")),
        *(("wikipedia", "3412"), ("breschnew", "17863"), ("lüdenscheidt", "52682")),
        *(("philip", "351"), ("xaver", "4837"), ("caesar", "487"), ("schmidt", "862"), ("h", "")),
    ],
)
def test_words_sound(word: str, code: str) -> None:
    assert sound_of(word) == code


def test_who_changed_is_found_by_what_is_new_alone(database: SqlDatabase) -> None:
    with writing(database) as uow:
        one = records.create(uow, a_record("Lindenhof"))
        records.change(uow, one, replace(one, record=replace(one.record, last_name="Birkenau")))
    with reading(database) as uow:
        assert search_patients(uow, "lindenhof") == []
        assert [f.patient.id for f in search_patients(uow, "birken zoe")] == [one.id]
        (listed,) = page_of_patients(uow).patients
        assert listed.record.last_name == "Birkenau"


def test_who_was_found_to_be_another_is_neither_listed_nor_found(database: SqlDatabase) -> None:
    with writing(database) as uow:
        one, other = made(uow, "Lindenhof"), made(uow, "Birkenau")
        merge(uow, one, other)
    with reading(database) as uow:
        assert [p.id for p in page_of_patients(uow).patients] == [other.id]
        assert search_patients(uow, "lindenhof") == []


def test_pages_have_everybody_once_in_order(database: SqlDatabase) -> None:
    names = [("Ott", "B"), ("Ähre", "A"), ("Ott", "A"), ("Zorn", ""), ("ott", "C"), ("Aal", "Z")]
    names += [("Ott", "A"), ("Müller Lang", "A"), ("Müller", "Z"), ("Muhr", "A")]
    with writing(database) as uow:
        for number, (last, first) in enumerate(names):
            tool_id = f"t{number}" if number % 2 else None
            record = PatientRecord(last, first, booking_system_id=tool_id)
            uow.patients.save(Patient("", record, to_review=number < 4))
    seen, cursor, pages = [], "", 0
    with reading(database) as uow:
        while pages == 0 or cursor:
            page = page_of_patients(uow, 3, cursor)
            seen += [(p.record.last_name, p.record.first_name) for p in page.patients]
            cursor, pages = page.cursor, pages + 1
        assert seen == [
            *(("Aal", "Z"), ("Ähre", "A"), ("Muhr", "A"), ("Müller", "Z"), ("Müller Lang", "A")),
            *(("Ott", "A"), ("Ott", "A"), ("Ott", "B"), ("ott", "C"), ("Zorn", "")),
        ]
        assert pages == 4
        assert len(page_of_patients(uow, to_review=True).patients) == 4
        assert len(page_of_patients(uow, linked=True).patients) == 5
        assert len(page_of_patients(uow, to_review=False, linked=False).patients) == 3
        for bad in ("x", "1", "-1.o", "1.o\0", "9" * 30 + ".o"):
            with pytest.raises(Invalid):
                page_of_patients(uow, 3, bad)


@pytest.mark.parametrize("typed", ["m", "müler anna", "x", "4711", "a b c d e f g h i j"])
def test_a_search_takes_two_statements_whatever_is_typed(ward: SqlDatabase, typed: str) -> None:
    meter = Meter(ward)
    with reading(ward) as uow:
        uow.calendars.all()
        with meter.running():
            search_patients(uow, typed)
    assert meter.cost.statements <= 2


def test_what_a_patient_is_looked_for_by_costs_one_statement(database: SqlDatabase) -> None:
    meter = Meter(database)

    def said(uow: SqlUnitOfWork, patient: Patient, before: Patient | None) -> list[str]:
        with meter.running():
            saved = uow.patients.save(patient, before)
            uow.patients.get([saved.id])  # on PostgreSQL, what was said goes along with this
        return [statement for statement, _ in meter.said if "patient_keys" in statement]

    with writing(database) as uow:
        assert len(said(uow, Patient("1", a_record()), None)) == 1
        (patient,) = page_of_patients(uow).patients
        asked = replace(patient, language="en", reminders=uow.now, held_until="2036-01-01")
        assert said(uow, asked, patient) == []
        moved = replace(asked, record=replace(asked.record, phone="040 7"))
        assert 1 <= len(said(uow, moved, asked)) <= 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda uow: search_patients(uow, "müler anna 3.2.1966"),
        lambda uow: page_of_patients(uow, 10, "1.omuller  anna"),
        lambda uow: uow.patients.candidates([a_record(number="1"), a_record("Birkenau")]),
        lambda uow: uow.patients.with_tool_id("t"),
        lambda uow: uow.patients.merged_into(1),
        lambda uow: uow.appointments.of_patient(1, uow.now, 10, (uow.now, 1)),
        lambda uow: uow.traces.appointments(1),
    ],
    ids=["search", "page", "candidates", "tool id", "merged", "appointments", "all appointments"],
)
def test_nobody_is_looked_for_by_walking_a_table(
    crowd: SqlDatabase, ask: Callable[[SqlUnitOfWork], object]
) -> None:
    meter = Meter(crowd)
    with reading(crowd) as uow:
        with meter.running():
            ask(uow)
        assert meter.said
        for statement, values in meter.said:
            if not statement.startswith("BEGIN"):
                plan = uow.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                steps = [str(row[-1]) for row in plan]
                walked = r"SCAN (patients|patient_keys|appointments|known)"
                assert not [step for step in steps if re.match(walked, step)], steps


def test_a_search_among_many_takes_no_time(database: SqlDatabase) -> None:
    """Two thousand are few; the tables are never walked, which is what would take time."""
    with writing(database) as uow:
        for number in range(2000):
            record = PatientRecord(f"Linden{number:05}", "Thea", email=f"t{number}@example.org")
            uow.patients.save(Patient(f"{number:06}", record))
    with reading(database) as uow:
        search_patients(uow, "warm")
        began = time.perf_counter()
        assert len(search_patients(uow, "thea lindn", 20)) == 20
        assert len(search_patients(uow, "thea linden", 20)) == 20
        assert time.perf_counter() - began < 2
