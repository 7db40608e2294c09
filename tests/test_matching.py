"""Who a record is about: certain, new, or for a person to decide."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from practice.matching import judge, match_key
from practice.patients import Patient, PatientRecord, Verdict, VerdictKind

BORN = "1966-02-03"


def a_record(
    last_name: str = "Ährenthaler", first_name: str = "Zoë", birth_date: str = BORN, **more: str
) -> PatientRecord:
    return PatientRecord(last_name, first_name, birth_date, **more)


def a_patient(number: str = "1", record: PatientRecord | None = None) -> Patient:
    """Return a patient that is in the database."""
    return Patient(number, replace(record or a_record(), number=number), id=int(number))


ONE, TWO = a_patient("1"), a_patient("2")
STRANGER = a_patient("3", a_record("Birkenfink", "Uwe", "1950-05-05"))
INSURED = replace(ONE, record=replace(ONE.record, insurance_number="A123456780"))
OF_TOOL = replace(ONE, record=replace(ONE.record, booking_system_id="t-1"))


@pytest.mark.parametrize(
    ("record", "candidates", "verdict"),
    [
        pytest.param(a_record(), [], Verdict(VerdictKind.NEW), id="nobody is known"),
        pytest.param(a_record(), [ONE], Verdict(VerdictKind.SAME, ONE), id="name and birth date"),
        pytest.param(
            a_record(email="zoe@example.org"),
            [ONE],
            Verdict(VerdictKind.UPDATE, ONE),
            id="something new is told of the same",
        ),
        pytest.param(a_record(), [ONE, TWO], Verdict(VerdictKind.AMBIGUOUS), id="two fit"),
        pytest.param(
            a_record(number="2"),
            [ONE, TWO],
            Verdict(VerdictKind.SAME, TWO),
            id="the number decides",
        ),
        pytest.param(
            a_record("Neuname", insurance_number="A123456780"),
            [INSURED, STRANGER],
            Verdict(VerdictKind.SAME, INSURED),
            id="the insurance number decides against the name",
        ),
        pytest.param(
            a_record(insurance_number="K204173651"),
            [INSURED],
            Verdict(VerdictKind.AMBIGUOUS),
            id="the same name with another insurance number",
        ),
        pytest.param(
            a_record(insurance_number="A123456780"),
            [ONE],
            Verdict(VerdictKind.UPDATE, ONE),
            id="an insurance number that was not known",
        ),
        pytest.param(
            a_record(number="9", insurance_number="A123456780"),
            [INSURED],
            Verdict(VerdictKind.AMBIGUOUS),
            id="the practice's numbers differ, whatever the insurance says",
        ),
        pytest.param(
            PatientRecord("Neuname", number="1"),
            [ONE, STRANGER],
            Verdict(VerdictKind.SAME, ONE),
            id="the number decides against the name",
        ),
        pytest.param(
            replace(a_record("Anders"), booking_system_id="t-1"),
            [OF_TOOL, TWO],
            Verdict(VerdictKind.SAME, OF_TOOL),
            id="the tool's id decides against the name",
        ),
        pytest.param(
            replace(a_record(number="3"), booking_system_id="t-1"),
            [OF_TOOL, STRANGER],
            Verdict(VerdictKind.UPDATE, STRANGER),
            id="the number decides against the tool's id",
        ),
        pytest.param(
            a_record(birth_date=""), [ONE], Verdict(VerdictKind.NEW), id="a name alone is nobody"
        ),
        pytest.param(
            a_record(),
            [a_patient("1", a_record(birth_date=""))],
            Verdict(VerdictKind.NEW),
            id="nor is a name alone known to be somebody",
        ),
        pytest.param(
            a_record(birth_date="1966-03-02"),
            [ONE],
            Verdict(VerdictKind.NEW),
            id="other birth date",
        ),
        pytest.param(
            a_record(first_name="Zora"), [ONE], Verdict(VerdictKind.NEW), id="other first name"
        ),
        pytest.param(
            PatientRecord("?", " ", BORN),
            [a_patient("1", PatientRecord("-", "", BORN))],
            Verdict(VerdictKind.NEW),
            id="a birth date alone is nobody",
        ),
    ],
)
def test_the_verdict_is_as_certain_as_what_is_told(
    record: PatientRecord, candidates: list[Patient], verdict: Verdict
) -> None:
    assert judge(record, candidates) == verdict


@pytest.mark.parametrize("field", ["email", "phone", "insurance"])
def test_only_what_is_told_and_differs_is_news(field: str) -> None:
    known = a_patient("1", replace(a_record(), **{field: "alt"}))
    assert judge(replace(a_record(), **{field: "neu"}), [known]).kind is VerdictKind.UPDATE
    assert judge(replace(a_record(), **{field: "alt"}), [known]).kind is VerdictKind.SAME
    assert judge(a_record(), [known]).kind is VerdictKind.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Müller", "Jörg"), ("Mueller", "Joerg")),
        (("Müller", "Jörg"), ("MÜLLER", "JÖRG")),
        (("Müller", "Jörg"), ("Mu\u0308ller", "Jo\u0308rg")),
        (("Groß", "Änne"), ("GROSS", "Aenne")),
        (("Groẞ", "Änne"), ("gross", "AENNE")),
        (("Müller-Lüdenscheidt", "Anna Maria"), ("Mueller Luedenscheidt", "Anna-Maria")),
        (("Müller", "Jörg"), ("Jörg", "Müller")),
        (("Müller, Jörg", ""), ("Müller", "Jörg")),
        (("Müller", " Jörg  Uwe"), ("Müller ", "Jörg Uwe")),
        (("Yılmaz", "Ayşe"), ("YILMAZ", "Ayse")),
        (("İnönü", "Émile"), ("Inoenue", "Emile")),
        (("Sørensen", "Łukasz"), ("Soerensen", "Lukasz")),
        (("O’Neill", "Zoë"), ("O'Neill", "Zoe")),
    ],
)
def test_two_spellings_of_one_name_are_the_same(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert match_key(PatientRecord(*one, BORN)) == match_key(PatientRecord(*other, BORN)) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Müller", "Jörg"), ("Muller", "Jorg")),  # Muller is a name of its own
        (("Müller", "Jörg"), ("Müller", "Jürg")),
        (("Schmidt", "Ida"), ("Schmitt", "Ida")),
        (("Schmidt", "Ida"), ("Schmidt", "")),
        (("Schmidt", "Anna"), ("Schmidt", "Annanna")),
        (("An", "Nasch"), ("Anna", "Sch")),
        (("Schmidt", "Anna"), ("Schmidt", "Anna Anna")),
    ],
)
def test_two_names_are_two(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert match_key(PatientRecord(*one, BORN)) != match_key(PatientRecord(*other, BORN))


def test_however_long_a_name_is_the_birth_date_counts() -> None:
    long = a_record("ß" * 255, "ß" * 255)
    key = match_key(long)
    assert len(key) <= 512  # what there is room for
    assert key != match_key(replace(long, birth_date="1999-09-09"))


NAMES = st.text(st.characters(exclude_categories=["C"]), max_size=40)
DATES = st.dates().map(str)
RECORDS = st.builds(
    PatientRecord,
    last_name=NAMES,
    first_name=NAMES,
    birth_date=st.one_of(st.just(""), DATES),
    number=st.sampled_from(["", "1", "2"]),
    booking_system_id=st.sampled_from([None, "a", "b"]),
)
PATIENTS = st.builds(
    lambda number, record: Patient(str(number), replace(record, number=str(number)), id=number),
    st.integers(1, 6),
    RECORDS,
)


@given(NAMES, NAMES, DATES, st.randoms(use_true_random=False))
def test_the_key_does_not_depend_on_case_order_or_composition(
    last: str, first: str, born: str, chance: random.Random
) -> None:
    key = match_key(PatientRecord(last, first, born))
    words = f"{last} {first}".split()
    assume(words)
    chance.shuffle(words)
    again = " ".join(words)
    for form in ("NFC", "NFD"):
        spelled = unicodedata.normalize(form, again)
        assert match_key(PatientRecord(spelled, "", born)) == match_key(
            PatientRecord(again, "", born)
        )
    assert key == match_key(PatientRecord(again, "", born))
    assert key == match_key(PatientRecord("", again, born))
    assert key == "" or key.endswith(f"|{born}")
    assert len(key) <= 512


@given(RECORDS, RECORDS)
def test_no_birth_date_no_key_and_other_birth_date_other_key(
    one: PatientRecord, other: PatientRecord
) -> None:
    if not one.birth_date:
        assert match_key(one) == ""
    if one.birth_date != other.birth_date and one.birth_date and other.birth_date:
        assert match_key(one) != match_key(other) or match_key(one) == ""


@given(RECORDS, st.lists(PATIENTS, max_size=5, unique_by=lambda patient: patient.id))
def test_nobody_is_linked_who_shares_neither_number_nor_id_nor_key(
    record: PatientRecord, candidates: list[Patient]
) -> None:
    verdict = judge(record, candidates)
    assert (verdict.patient is None) == (verdict.kind in {VerdictKind.NEW, VerdictKind.AMBIGUOUS})
    if verdict.patient is None:
        return
    found = verdict.patient
    assert found in candidates
    shared = (
        bool(record.number) and found.number == record.number,
        bool(record.booking_system_id)
        and found.record.booking_system_id == record.booking_system_id,
        bool(match_key(record)) and match_key(found.record) == match_key(record),
    )
    assert any(shared)
    # Nobody else fits as well.
    if shared == (False, False, True):
        keys = [match_key(other.record) for other in candidates]
        assert keys.count(match_key(record)) == 1


@given(RECORDS, st.lists(PATIENTS, max_size=5, unique_by=lambda patient: patient.id))
def test_the_verdict_does_not_depend_on_the_order_of_candidates(
    record: PatientRecord, candidates: list[Patient]
) -> None:
    assert judge(record, candidates) == judge(record, candidates[::-1])


def test_a_name_does_not_overrule_two_numbers_of_the_practice() -> None:
    told = PatientRecord("Müller", "Jörg", "1980-01-02", number="200")
    own = Patient("100", replace(told, number="100"), id=1)
    made_from_a_booking = Patient("P000001", replace(told, number="P000001"), 2, to_review=True)
    assert judge(told, [own]).kind is VerdictKind.AMBIGUOUS
    assert judge(told, [made_from_a_booking]).patient == made_from_a_booking
