"""How likely two records are one person: what agrees counts, and a name alone decides nothing."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.matching.lists import ASK, SAME
from practice.matching.model import PRIOR
from practice.matching.scoring import Comparison, compare
from practice.patients import PatientRecord

KNOWN = PatientRecord(
    "Müller", "Johannes", "1970-03-05", "hannes.m@example.org", "0171 1234567",
    insurance_number="A123456780",
)  # fmt: skip
OTHER_CARD = "B123456782"
BARE = replace(KNOWN, email="", phone="", insurance_number="")


def compared(one: PatientRecord, other: PatientRecord = KNOWN) -> Comparison:
    return compare(one, other, PRIOR)


def decides(found: Comparison) -> bool:
    return found.probability >= SAME and not found.only_ask


def asks(found: Comparison) -> bool:
    return found.probability >= ASK and not decides(found)


def codes(found: Comparison) -> set[str]:
    return {reason.code for reason in found.reasons}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(BARE, id="name and birth date"),
        pytest.param(replace(BARE, last_name="Mueller"), id="ue"),
        pytest.param(replace(BARE, last_name="Muller"), id="u"),
        pytest.param(replace(BARE, first_name="Dr. Johannes"), id="title"),
        pytest.param(replace(BARE, last_name="von Müller"), id="affix"),
        pytest.param(replace(BARE, last_name="Müller-Schmidt"), id="married, both names"),
        pytest.param(replace(BARE, first_name="Johannes Karl"), id="more first names"),
        pytest.param(replace(BARE, first_name="Hannes"), id="short form"),
        pytest.param(replace(BARE, last_name="Johannes", first_name="Müller"), id="swapped"),
        pytest.param(replace(BARE, last_name="Müller, Johannes", first_name=""), id="one field"),
        pytest.param(replace(KNOWN, insurance_number="", first_name="Jonannes"), id="slip"),
        pytest.param(replace(KNOWN, last_name="Schmidt"), id="married, another name"),
        pytest.param(replace(KNOWN, email="", birth_date="1970-05-03"), id="day and month"),
        pytest.param(replace(KNOWN, phone="", birth_date="1970-03-06"), id="a wrong digit"),
        pytest.param(replace(KNOWN, phone="", birth_date="1907-03-05"), id="turned, with card"),
        pytest.param(replace(KNOWN, phone="", birth_date="2070-03-05"), id="century"),
        pytest.param(replace(KNOWN, birth_date=""), id="no birth date, but telephone and address"),
    ],
)
def test_errors_that_lists_have_do_not_hide_a_person(told: PatientRecord) -> None:
    found = compared(told)
    assert decides(found), found
    assert compared(KNOWN, told) == found


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(replace(KNOWN, insurance_number=OTHER_CARD), id="another card"),
        pytest.param(replace(KNOWN, first_name="Lukas"), id="another first name, but the card"),
        pytest.param(replace(BARE, birth_date="1970-05-03"), id="birth date wrong, nothing else"),
        pytest.param(
            replace(KNOWN, birth_date="1990-11-30", phone="", email=""),
            id="another birth date, but the card",
        ),
        pytest.param(
            replace(KNOWN, insurance_number="", birth_date="1940-03-05"), id="a generation apart"
        ),
    ],
)
def test_what_contradicts_is_asked_about(told: PatientRecord) -> None:
    found = compared(told)
    assert asks(found), found


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(replace(BARE, birth_date=""), id="a name alone"),
        pytest.param(
            PatientRecord("Müller", "", "1970-03-05", KNOWN.email, KNOWN.phone), id="no first name"
        ),
        pytest.param(PatientRecord("", "", "1970-03-05", KNOWN.email), id="no name"),
        pytest.param(PatientRecord("", "", "", KNOWN.email, KNOWN.phone), id="contacts alone"),
    ],
)
def test_too_little_never_decides(told: PatientRecord) -> None:
    assert not decides(compared(told))
    assert not decides(compared(told, BARE))


@pytest.mark.parametrize("name", ["Lena", "Lea", "Jana", "Anna", "Johanna", "Matthias", "Jonas"])
def test_twins_are_two(name: str) -> None:
    born = replace(KNOWN, insurance_number="")
    found = compared(replace(born, first_name=name), replace(born, first_name="Jan"))
    assert not decides(found), found


def test_father_and_son_are_two() -> None:
    son = replace(KNOWN, insurance_number="")
    for born in ("1940-03-05", "1941-08-30", "1951-03-05"):
        found = compared(replace(son, birth_date=born), son)
        assert not decides(found), found
    without = replace(son, birth_date="")
    junior, senior = (replace(without, last_name=f"Müller {word}") for word in ("jun.", "sen."))
    assert not decides(compared(junior, senior))
    assert not decides(compared(junior, without))


def test_the_practices_own_numbers_decide_as_judge_does() -> None:
    stranger = PatientRecord("Birkenfink", "Uwe", "1950-05-05")
    found = compared(replace(stranger, number="7"), replace(KNOWN, number="7"))
    assert (found.probability, codes(found)) == (1.0, {"number:same"})
    found = compared(
        replace(stranger, booking_system_id="t"), replace(KNOWN, booking_system_id="t")
    )
    assert (found.probability, codes(found)) == (1.0, {"booking_id:same"})
    found = compared(replace(KNOWN, number="7"), replace(KNOWN, number="8"))
    assert asks(found)
    assert "only_ask:numbers_differ" in codes(found)


def test_a_misread_card_contradicts_nothing() -> None:
    found = compared(replace(KNOWN, insurance_number="A123456781"))
    assert decides(found)
    assert "insurance_number:close" in codes(found)
    found = compared(replace(KNOWN, insurance_number="Z000"))
    assert decides(found)


def test_a_rare_name_is_worth_more_than_a_frequent_one() -> None:
    frequent = replace(
        PRIOR,
        frequencies=replace(
            PRIOR.frequencies, size=10_000, last_names={"muller": 900, "birkenfink": 1}
        ),
    )
    rare = replace(BARE, last_name="Birkenfink")
    worth = {
        name: next(
            reason.weight
            for reason in compare(one, one, frequent).reasons
            if reason.code == "last_name:same"
        )
        for name, one in (("frequent", BARE), ("rare", rare))
    }
    assert worth["rare"] > worth["frequent"] + 3


def test_an_address_that_many_share_is_worth_less() -> None:
    told = replace(BARE, birth_date="", email=KNOWN.email)
    few, many = (
        replace(PRIOR.frequencies, size=10_000, emails={"hannesm@example.org": times})
        for times in (1, 400)
    )
    own = compare(told, told, replace(PRIOR, frequencies=few))
    shared = compare(told, told, replace(PRIOR, frequencies=many))
    assert shared.probability < own.probability
    assert codes(shared) == codes(own)


def test_reasons_hold_nothing_of_the_patient() -> None:
    found = compared(replace(KNOWN, insurance_number=OTHER_CARD, birth_date="1970-05-03"))
    assert found.reasons
    for reason in found.reasons:
        assert reason.code.replace("_", "").replace(":", "").isalpha()
        assert "müller" not in reason.code


TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "Müller", "von", "Dr.", "Müller-Schmidt", "1970-03-05", "0171 1234567", "a@b.de",
         "A123456780", "Hans Peter", "?", "-", "ß", "Ã¼", "\x00", "İ"]
    ),
)  # fmt: skip
RECORDS = st.builds(
    PatientRecord,
    **{
        field.name: TEXTS
        for field in fields(PatientRecord)
        if field.name not in {"booking_system_id", "number"}
    },
    number=st.sampled_from(["", "1", "2"]),
    booking_system_id=st.sampled_from([None, "", "a", "b"]),
)


@settings(max_examples=150)
@given(RECORDS, RECORDS)
def test_comparing_is_symmetric_and_takes_any_text(
    one: PatientRecord, other: PatientRecord
) -> None:
    found = compare(one, other, PRIOR)
    assert found == compare(other, one, PRIOR)
    assert 0 <= found.probability <= 1


NAMES = st.text("abdfiäöüßşłéABDÄÖÜ", min_size=2, max_size=12)


@settings(max_examples=60)
@given(NAMES, NAMES, st.dates())
def test_a_name_in_other_spellings_is_the_same_person(last: str, first: str, born: object) -> None:
    plain = str.maketrans(
        {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
    )
    told = PatientRecord(last, first, str(born))
    for other in (
        replace(told, last_name=last.translate(plain), first_name=first.translate(plain)),
        replace(told, last_name=last.upper(), first_name=first.upper()),
        replace(told, first_name=f"Dr. med. {first}"),
        replace(told, last_name=f"von {last}"),
    ):
        assert codes(compared(told, other)) >= {"last_name:same", "first_name:same"}, other
