"""Names, dates, telephones and numbers are read in every way that lists write them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.matching.alike import Alike, compare_emails, compare_names, compare_phones
from practice.matching.birth_dates import BirthDates, compare_births, read_birth
from practice.matching.contacts import (
    is_insurance_number,
    read_email,
    read_insurance_number,
    read_phone,
)
from practice.matching.known_names import COMMON_FIRST_NAMES
from practice.matching.names import read_names
from practice.phonetics import sound_of


def compared(one: tuple[str, str], other: tuple[str, str]) -> tuple[Alike, Alike]:
    return compare_names(read_names(*one), read_names(*other), COMMON_FIRST_NAMES)


@pytest.mark.parametrize(
    ("one", "other", "last", "first"),
    [
        (("Müller", "Jörg"), ("Mueller", "Joerg"), Alike.SAME, Alike.SAME),
        (("Müller", "Jörg"), ("Mu\u0308ller", "JO\u0308RG"), Alike.SAME, Alike.SAME),
        (("Müller", "Jörg"), ("Muller", "Jorg"), Alike.SPELLING, Alike.SAME),
        (("Müller", "Jörg"), ("MÃ¼ller", "JÃ¶rg"), Alike.SAME, Alike.SAME),
        (("Groß", "Ida"), ("GROSS", "Ida"), Alike.SAME, Alike.SAME),
        (("Yılmaz", "Ayşe"), ("Yilmaz", "Ayse"), Alike.SAME, Alike.SAME),
        (("Meyer", "Ida"), ("Maier", "Ida"), Alike.SPELLING, Alike.SAME),
        (("Schmidt", "Ida"), ("Schmitt", "Ida"), Alike.SPELLING, Alike.SAME),
        (("Bauer", "Ida"), ("Baur", "Ida"), Alike.CLOSE, Alike.SAME),
        (("Müller", "Dr. med. Jörg"), ("Prof. Dr. Müller", "Jörg"), Alike.SAME, Alike.SAME),
        (("Dipl.-Ing. Müller", "Jörg"), ("Müller", "Herr Jörg"), Alike.SAME, Alike.SAME),
        (("von und zu Moll", "Ida"), ("Moll", "Ida"), Alike.SAME, Alike.SAME),
        (("Freiherr von Moll", "Ida"), ("Moll", "Ida"), Alike.SAME, Alike.SAME),
        (("Graf", "Ida"), ("Graf", "Ida"), Alike.SAME, Alike.SAME),
        (("Müller-Schmidt", "Ida"), ("Müller", "Ida"), Alike.PART, Alike.SAME),
        (("Meyer geb. Moll", "Ida"), ("Moll", "Ida"), Alike.PART, Alike.SAME),
        (("Müller Schmidt", "Ida"), ("Mueller-Schmidt", "Ida"), Alike.SAME, Alike.SAME),
        (("Jörg", "Müller"), ("Müller", "Jörg"), Alike.SWAPPED, Alike.SAME),
        (("Müller, Jörg", ""), ("Müller", "Jörg"), Alike.SAME, Alike.SAME),
        (("Jörg Müller", ""), ("Müller", "Jörg"), Alike.SAME, Alike.SAME),
        (("Müller Anna", "Maria"), ("Müller", "Anna Maria"), Alike.SWAPPED, Alike.SAME),
        (("Moll", "Hans-Peter"), ("Moll", "Hanspeter"), Alike.SAME, Alike.SAME),
        (("Moll", "Hans Peter"), ("Moll", "Hans"), Alike.SAME, Alike.PART),
        (("Moll", "Hans Peter"), ("Moll", "Peter"), Alike.SAME, Alike.PART),
        (("Moll", "H."), ("Moll", "Hans"), Alike.SAME, Alike.PART),
        (("Moll", "H.-P."), ("Moll", "Hans-Peter"), Alike.SAME, Alike.PART),
        (("Moll", "Hannes"), ("Moll", "Johannes"), Alike.SAME, Alike.PART),
        (("Moll", "Bärbel"), ("Moll", "Barbara"), Alike.SAME, Alike.PART),
        (("Moll", "Hnas"), ("Moll", "Hans"), Alike.SAME, Alike.CLOSE),
        (("Buchenberger", "Ida"), ("Buchenbreger", "Ida"), Alike.CLOSE, Alike.SAME),
        (("Moll", "Lena"), ("Moll", "Lea"), Alike.SAME, Alike.OTHER),
        (("Moll", "Michael"), ("Moll", "Michaela"), Alike.SAME, Alike.OTHER),
        (("Moll", "Stefan"), ("Moll", "Stefanie"), Alike.SAME, Alike.OTHER),
        (("Moll", "Ida"), ("Moll", ""), Alike.SAME, Alike.MISSING),
        (("Moll", "Ida"), ("Birkenfink", "Uwe"), Alike.OTHER, Alike.OTHER),
        (("", ""), ("Moll", "Ida"), Alike.MISSING, Alike.MISSING),
    ],
)
def test_names_compare_as_people_would_say(
    one: tuple[str, str], other: tuple[str, str], last: Alike, first: Alike
) -> None:
    assert compared(one, other) == (last, first)
    assert compared(other, one) == (last, first)


@pytest.mark.parametrize("name", ["Dr.", "von", "jun.", "Prof. Dr.", "Mag", "geb."])
def test_what_is_nothing_but_a_title_stays_a_name(name: str) -> None:
    assert read_names(name, "").last.bare


def test_junior_and_senior_are_told_apart() -> None:
    assert read_names("Moll jun.", "Hans").generation == "junior"
    assert read_names("Moll", "Hans sen.").generation == "senior"
    assert read_names("Senior", "Hans").generation == "senior"
    assert read_names("Moll jun.", "Hans").last == read_names("Moll", "Hans").last


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("1980-03-12", "1980-03-12", BirthDates.SAME),
        ("1980-03-12", "12.03.1980", BirthDates.SAME),
        ("1980-03-12", "12.3.1980", BirthDates.SAME),
        ("1980-03-12", "1980-03-13", BirthDates.TYPO),
        ("1980-03-12", "1980-12-03", BirthDates.TYPO),
        ("1980-03-12", "1980-03-21", BirthDates.TYPO),
        ("1987-03-12", "1978-03-12", BirthDates.TYPO),
        ("1934-03-12", "2034-03-12", BirthDates.TYPO),
        ("1979-12-31", "1980-01-01", BirthDates.TYPO),
        ("1979-03-12", "1980-03-12", BirthDates.TYPO),
        ("1950-03-12", "1980-03-12", BirthDates.YEAR),
        ("1980-03-12", "1975-10-30", BirthDates.OTHER),
        ("1951-03-12", "1980-03-12", BirthDates.OTHER),
        ("1980-03-12", "", BirthDates.MISSING),
        ("1980-03-12", "unbekannt", BirthDates.MISSING),
        ("1980-03-12", "1900-01-01", BirthDates.MISSING),
        ("1980-13-02", "1980-02-13", BirthDates.TYPO),
    ],
)
def test_birth_dates_differ_by_a_slip_or_by_a_generation(
    one: str, other: str, found: BirthDates
) -> None:
    assert compare_births(read_birth(one), read_birth(other)) is found
    assert compare_births(read_birth(other), read_birth(one)) is found


@pytest.mark.parametrize(
    "written",
    [
        "0171 1234567",
        "0171/1234567",
        "+49 171 1234567",
        "0049 (0)171-1234567",
        "+49 (0)171 1234567",
    ],
)
def test_a_telephone_number_is_one_however_it_is_written(written: str) -> None:
    assert read_phone(written) == "491711234567"


@pytest.mark.parametrize("written", ["", "keins", "110", "0000000000", "+", "9" * 300])
def test_what_is_no_telephone_number_says_nothing(written: str) -> None:
    assert read_phone(written) == ""


def test_numbers_of_other_countries_are_others() -> None:
    assert read_phone("+43 171 1234567") != read_phone("0171 1234567")
    assert compare_phones(read_phone("0171 1234567"), read_phone("0171 1234576")) is Alike.CLOSE
    assert compare_phones(read_phone("0171 1234567"), read_phone("0160 7654321")) is Alike.OTHER


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("Max.Muster@Example.ORG", "maxmuster@example.org", Alike.SAME),
        ("max.muster+arzt@gmail.com", "maxmuster@googlemail.com", Alike.SAME),
        ("maxmuster@example.org", "maxmsuter@example.org", Alike.CLOSE),
        ("maxmuster@gmail.com", "maxmuster@gmial.com", Alike.CLOSE),
        ("maxmuster@gmail.com", "maxmuster@web.de", Alike.OTHER),
        ("m1@example.org", "m2@example.org", Alike.OTHER),
        ("keine", "maxmuster@example.org", Alike.MISSING),
    ],
)
def test_addresses_compare_without_case_and_dots(one: str, other: str, found: Alike) -> None:
    assert compare_emails(read_email(one), read_email(other)) is found


def test_the_check_digit_of_an_insurance_number_is_checked() -> None:
    assert is_insurance_number("A123456780")
    assert read_insurance_number(" a123456780 109500969 ") == "A123456780"
    for number in ("A123456781", "B123456780", "1123456780", "A12345678", "", "Ä123456780"):
        assert not is_insurance_number(number)


@given(st.sampled_from(string.ascii_uppercase), st.integers(0, 10**8 - 1))
def test_one_wrong_digit_is_noticed(letter: str, digits: int) -> None:
    right = [f"{letter}{digits:08d}{check}" for check in range(10)]
    assert sum(map(is_insurance_number, right)) == 1
    number = next(filter(is_insurance_number, right))
    for at in range(1, 10):
        other = str((int(number[at]) + 1) % 10)
        assert not is_insurance_number(number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("muller", "657"),
        ("miller", "657"),
        ("ludenscheidt", "52682"),
        ("wikipedia", "3412"),
        ("breschnew", "17863"),
        ("xaver", "4837"),
        ("schmidt", "862"),
        ("philipp", "351"),
        ("ahorn", "076"),
        ("", ""),
    ],
)
def test_words_get_the_codes_of_the_kolner_phonetik(word: str, code: str) -> None:
    assert sound_of(word) == code


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_read(one: str, other: str) -> None:
    name = read_names(one, other)
    assert read_names(one, other) == name
    for part in (*name.last.parts, *name.first.parts):
        sound_of(part)
    read_birth(one)
    read_phone(one)
    read_email(f"{one}@{other}.de")
    is_insurance_number(read_insurance_number(one))
