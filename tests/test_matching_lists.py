"""A whole list against all patients: decided, asked about or new; and how good that is."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching.errors import TUNED, UNSEEN
from benchmarks.matching.measuring import measure
from benchmarks.matching.people import household, insurance_number
from benchmarks.matching.truth import HELD_OUT, TUNING, made, read_csv
from practice.matching import judge, match_key
from practice.matching.blocking import MOST, Index, Keys
from practice.matching.contacts import is_insurance_number
from practice.matching.lists import Decision, match_lists
from practice.matching.traits import Reader
from practice.patients import Patient, PatientRecord, VerdictKind

BORN = "1966-02-03"
IDA = PatientRecord("Ährenthaler", "Ida", BORN, "ida@example.org", "0171 1234567")
UWE = PatientRecord("Birkenfink", "Uwe", "1950-05-05")


def patients(*records: PatientRecord, **more: bool) -> list[Patient]:
    """Return patients with ids and numbers from 1 on."""
    return [
        Patient(str(at), replace(one, number=str(at)), id=at, **more)  # type: ignore[arg-type]
        for at, one in enumerate(records, start=1)
    ]


def test_known_new_and_doubtful_rows_are_told_apart() -> None:
    known = patients(IDA, UWE)
    rows = [
        replace(IDA, last_name="Aehrenthaler", phone="+49 171/1234567"),
        PatientRecord("Neuling", "Max", "1999-09-09"),
        replace(UWE, birth_date=""),
    ]
    found = match_lists(rows, known)
    assert [one.decision for one in found] == [Decision.SAME, Decision.NEW, Decision.ASK]
    assert [[c.patient_id for c in one.candidates] for one in found] == [[1], [], [2]]
    assert found[0].candidates[0].probability > 0.99
    assert found[2].candidates[0].reasons[0].code == "only_ask:only_the_name"
    assert [one.twin for one in found] == [None, None, None]


def test_nothing_against_nothing_is_nothing() -> None:
    assert match_lists([], []) == []
    assert match_lists([], patients(IDA)) == []
    assert [one.decision for one in match_lists([IDA, PatientRecord("")], [])] == [Decision.NEW] * 2


def test_progress_ends_with_the_last_row() -> None:
    steps: list[tuple[int, int]] = []
    match_lists([UWE] * 700, [], lambda done, total: steps.append((done, total)))
    assert steps == [(250, 700), (500, 700), (700, 700)]


def test_a_number_decides_before_the_tools_id_and_both_before_the_name() -> None:
    ida, uwe = patients(IDA, UWE)
    ida = replace(ida, record=replace(ida.record, booking_system_id="t-1"))
    rows = [
        replace(UWE, number="1"),
        replace(UWE, booking_system_id="t-1"),
        replace(UWE, number="2", booking_system_id="t-1"),
    ]
    found = match_lists(rows, [ida, uwe])
    assert [one.decision for one in found] == [Decision.SAME] * 3
    assert [one.candidates[0].patient_id for one in found] == [1, 1, 2]
    for row, one in zip(rows, found, strict=True):
        verdict = judge(row, [ida, uwe])
        assert verdict.patient is not None
        assert verdict.patient.id == one.candidates[0].patient_id


def test_another_number_of_the_practice_is_asked_about_one_made_up_is_not() -> None:
    row = replace(IDA, number="900")
    assert match_lists([row], patients(IDA))[0].decision is Decision.ASK
    assert match_lists([row], patients(IDA, to_review=True))[0].decision is Decision.SAME


def test_two_patients_who_fit_are_asked_about() -> None:
    found = match_lists([IDA], patients(IDA, IDA))
    assert found[0].decision is Decision.ASK
    assert {one.patient_id for one in found[0].candidates} == {1, 2}


def test_rows_that_are_one_person_are_found_in_the_file() -> None:
    rows = [UWE, IDA, replace(IDA, last_name="AEHRENTHALER"), replace(UWE, first_name="Ulf"), IDA]
    found = match_lists(rows, [])
    assert [one.twin for one in found] == [None, None, 1, None, 1]
    assert {one.decision for one in found} == {Decision.NEW}


def test_two_rows_that_are_not_one_person_do_not_become_one_patient() -> None:
    known = patients(replace(IDA, email="", phone=""))
    rows = [
        replace(IDA, insurance_number="A123456780"),
        replace(IDA, insurance_number="B123456782"),
    ]
    assert all(is_insurance_number(row.insurance_number) for row in rows)
    found = match_lists(rows, known)
    assert [one.decision for one in found] == [Decision.ASK] * 2
    assert found[0].candidates[0].reasons[0].code == "only_ask:another_row_fits_too"


def test_a_family_does_not_become_one_person() -> None:
    home = {"phone": "0301234567", "email": "familie.moll@example.org"}
    father = PatientRecord("Moll", "Hans", "1960-04-01", **home)
    son = replace(father, birth_date="1990-04-01")
    lena = PatientRecord("Moll", "Lena", "1995-07-07", **home)
    lea = replace(lena, first_name="Lea")
    everyone = [father, son, lena, lea]
    for at, person in enumerate(everyone):
        others = [one for one in everyone if one is not person]
        assert match_lists([person], patients(*others))[0].decision is not Decision.SAME
        found = match_lists([person], patients(*everyone))[0]
        assert found.decision is Decision.SAME
        assert found.candidates[0].patient_id == at + 1
    assert [one.twin for one in match_lists(everyone, [])] == [None] * 4


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([IDA] * 1_000, id="one row a thousand times"),
        pytest.param(
            [
                PatientRecord(
                    "Müller", "Anna", f"19{at % 90 + 10}-{at % 12 + 1:02}-{at % 28 + 1:02}"
                )
                for at in range(3_000)
            ],
            id="all called the same",
        ),
        pytest.param(
            [replace(IDA, last_name=f"N{at}", first_name=f"V{at}") for at in range(3_000)],
            id="one telephone and address for all",
        ),
        pytest.param([PatientRecord("Moll", "Ida")] * 1_000, id="no birth dates"),
    ],
)
def test_blocks_are_bounded_whatever_is_frequent(records: list[PatientRecord]) -> None:
    reader, keys = Reader(), Keys()
    told = [reader.read(record) for record in records]
    index = Index(told, keys)
    assert index.largest() <= MOST
    most = max(sum(map(len, index.candidates(one))) for one in told)
    assert most <= 20 * MOST


def test_a_frequent_name_is_still_found_by_its_birth_date() -> None:
    chance = random.Random(5)
    days = [
        f"{chance.randrange(1930, 2020)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
        for _ in range(2_000)
    ]
    days = sorted(set(days))
    known = patients(*(PatientRecord("Müller", "Thomas", day) for day in days))
    rows = [PatientRecord("Müller", "Thomas", day) for day in days[::20]]
    found = match_lists(rows, known)
    assert {one.decision for one in found} == {Decision.SAME}
    assert [one.candidates[0].patient_id for one in found] == list(range(1, len(days) + 1, 20))


def test_the_same_row_over_and_over_is_asked_about_not_new() -> None:
    found = match_lists([IDA] * 80, patients(*[IDA] * 80))
    assert {one.decision for one in found} == {Decision.ASK}
    assert [one.twin for one in found[:3]] == [None, 0, 0]


TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(["", "Moll", "Ida", BORN, "0171 1234567"]))
ROWS = st.builds(
    PatientRecord,
    last_name=TEXTS,
    first_name=TEXTS,
    birth_date=TEXTS,
    email=st.sampled_from(["", "a@b.de", "@", "x"]),
    phone=TEXTS,
    insurance_number=TEXTS,
    number=st.sampled_from(["", "1"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, max_size=6), st.lists(ROWS, max_size=6))
def test_any_lists_can_be_matched_and_the_answer_is_whole(
    rows: list[PatientRecord], kept: list[PatientRecord]
) -> None:
    known = patients(*kept)
    found = match_lists(rows, known)
    assert found == match_lists(rows, known)
    assert len(found) == len(rows)
    ids = {patient.id for patient in known}
    for at, one in enumerate(found):
        likely = [candidate.probability for candidate in one.candidates]
        assert likely == sorted(likely, reverse=True)
        assert {candidate.patient_id for candidate in one.candidates} <= ids
        assert one.candidates or one.decision is Decision.NEW
        assert one.twin is None or one.twin < at


def test_whom_judge_finds_by_name_and_birth_date_is_found_here() -> None:
    truth = made(TUNING[0], 600, unseen=False)
    found = match_lists(truth.records, truth.patients)
    by_key: dict[str, list[Patient]] = {}
    for patient in truth.patients:
        by_key.setdefault(match_key(patient.record), []).append(patient)
    judged = 0
    for row, one in zip(truth.records, found, strict=True):
        candidates = by_key.get(match_key(row), []) if match_key(row) else []
        verdict = judge(row, candidates)
        if verdict.kind in {VerdictKind.SAME, VerdictKind.UPDATE}:
            assert verdict.patient is not None
            assert one.candidates[0].patient_id == verdict.patient.id
            assert one.decision is not Decision.NEW
            judged += 1
    assert judged > 150


def test_invented_people_are_what_they_are_said_to_be() -> None:
    chance = random.Random(3)
    people = [person for at in range(300) for person in household(chance, at * 10)]
    assert len({person.id for person in people}) == len(people)
    assert all(is_insurance_number(person.insured) for person in people)
    assert is_insurance_number(insurance_number(chance))
    assert not set(TUNING) & set(HELD_OUT)
    assert not set(TUNED) & set(UNSEEN)
    assert made(7, 200, unseen=True) == made(7, 200, unseen=True)


@pytest.mark.parametrize("seed", HELD_OUT[:2])
def test_people_who_were_not_there_when_it_was_written_are_recognised(seed: int) -> None:
    start = time.monotonic()
    found = measure(made(seed, 2_500, unseen=True))
    assert found.precision >= 0.995
    assert found.automatic_precision >= 0.99
    assert found.recall >= 0.97
    assert found.review <= 0.03
    assert found.blocking >= 0.995
    assert found.wrong_twins <= 1
    assert time.monotonic() - start < 60  # a hundred times what it takes, not a measurement


def test_a_file_with_the_truth_in_it_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text(
        "id;last_name;first_name;birth_date;true_id\n"
        "1;Müller;Jörg;1980-01-02;a\n2;Mueller;Joerg;1980-01-02;a\n"
        "3;Birkenfink;Uwe;1950-05-05;b\n4;Moll;Ida;1970-07-07;c\n",
        "utf-8",
    )
    truth = read_csv(file)
    assert len(truth.patients) + len(truth.records) == 4
    found = measure(truth)
    assert (found.right, found.wrong, found.known, found.missed) == (1, 0, 1, 0)
    assert found.recall == 1.0
