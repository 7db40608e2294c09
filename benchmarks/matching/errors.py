"""How two lists write one person down differently. Each kind is a function of its own.

`TUNED` are the kinds with which the matching was tried while it was written; `UNSEEN` come only
when it is measured.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from benchmarks.matching.dates_of_birth import dated, parts_of
from benchmarks.matching.names import CULTURES, SHORT, draw
from benchmarks.matching.people import mobile
from benchmarks.matching.unseen_errors import (
    born_as,
    cut_off,
    date_beside,
    generation,
    heard,
    initial,
    neighbour_key,
    no_first_name,
    one_field,
    question_marks,
    scanned,
    second_name_only,
    wrong_encoding,
)
from practice.patients import PatientRecord

__all__ = ["TUNED", "UNSEEN", "Error", "spoil"]

Error = Callable[[random.Random, PatientRecord, bool], PatientRecord]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_GERMAN = CULTURES[0][1]


def _slip(chance: random.Random, text: str) -> str:
    """Return a text with one slip: a letter too many, too few, another, or two turned round."""
    if len(text) < 3:
        return text
    at = chance.randrange(1, len(text))
    kind = chance.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + chance.choice(_LETTERS) + text[at:]
    if kind == 2:
        return text[:at] + chance.choice(_LETTERS) + text[at + 1 :]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def last_slip(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, last_name=_slip(chance, told.last_name))


def first_slip(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, first_name=_slip(chance, told.first_name))


def umlauts(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    two = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ö": "Oe", "Ü": "Ue", "Ä": "Ae"}
    one = {
        "ä": "a",
        "ö": "o",
        "ü": "u",
        "ß": "ss",
        "ı": "i",
        "ş": "s",
        "ğ": "g",
        "ç": "c",
        "ł": "l",
    }
    table = str.maketrans(chance.choice((two, two, one)))
    last, first = told.last_name.translate(table), told.first_name.translate(table)
    return replace(told, last_name=last, first_name=first)


def title(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    words = chance.choice(
        ("Dr.", "Dr. med.", "Prof. Dr.", "Dipl.-Ing.", "Dr. rer. nat.", "Frau Dr.")
    )
    if chance.random() < 0.5:
        return replace(told, first_name=f"{words} {told.first_name}")
    return replace(told, last_name=f"{words} {told.last_name}")


def without_affix(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, last_name=told.last_name.split()[-1] if told.last_name else "")


def married(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    other = draw(chance, _GERMAN.last)
    if not woman or chance.random() < 0.35:
        names = [told.last_name, other]
        chance.shuffle(names)
        return replace(told, last_name="-".join(names))
    return replace(told, last_name=other)


def half_a_double_name(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, last_name=chance.choice(told.last_name.split("-")))


def swapped(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, last_name=told.first_name, first_name=told.last_name)


def fewer_first_names(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, first_name=told.first_name.replace("-", " ").split(" ")[0])


def more_first_names(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    more = draw(chance, _GERMAN.women if woman else _GERMAN.men)
    return replace(told, first_name=f"{told.first_name} {more}")


def short_form(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, first_name=SHORT.get(told.first_name, told.first_name))


def shouted(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, last_name=told.last_name.upper(), first_name=told.first_name.upper())


def date_digit(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    if not told.birth_date:
        return told
    at = chance.choice((2, 3, 5, 6, 8, 9))
    digits = told.birth_date[:at] + str(chance.randrange(10)) + told.birth_date[at + 1 :]
    try:
        return replace(told, birth_date=date.fromisoformat(digits).isoformat())
    except ValueError:
        return told


def day_and_month(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    parts = parts_of(told)
    return dated(told, parts[0], parts[2], parts[1]) if parts else told


def date_turned(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    if not (parts := parts_of(told)):
        return told
    year, day = str(parts[0]), f"{parts[2]:02d}"
    if chance.random() < 0.5:
        return dated(told, int(year[:2] + year[3] + year[2]), parts[1], parts[2])
    return dated(told, parts[0], parts[1], int(day[::-1]))


def century(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    if not (parts := parts_of(told)):
        return told
    return dated(told, parts[0] + (100 if parts[0] < 1950 else -100), *parts[1:])


def no_date(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, birth_date="")


def other_phone(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, phone=mobile(chance))


def phone_slip(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    if len(told.phone) < 6:
        return told
    at = chance.randrange(4, len(told.phone))
    digit = str(chance.randrange(10))
    return replace(told, phone=told.phone[:at] + digit + told.phone[at + 1 :])


def phone_written(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    if not told.phone:
        return told
    area, rest = told.phone[:4], told.phone[4:]
    form = chance.choice(
        ("{0} {1}", "{0}/{1}", "{0}-{1}", "+49 {2} {1}", "0049{2}{1}", "+49 (0){2} {1}")
    )
    return replace(told, phone=form.format(area, rest, area[1:]))


def email_written(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    local, at, house = told.email.partition("@")
    written = local.title() if chance.random() < 0.6 else local.replace(".", "")
    return replace(told, email=f"{written}{at}{house}")


def other_email(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    local = told.email.partition("@")[0][:4]
    return replace(told, email=f"{local}{chance.randrange(10**5)}@posteo.de" if local else "")


def email_slip(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    local, at, house = told.email.partition("@")
    return replace(told, email=f"{_slip(chance, local)}{at}{house}")


def insurance_slip(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    if not told.insurance_number:
        return told
    at = chance.randrange(1, 10)
    number = told.insurance_number
    return replace(
        told, insurance_number=number[:at] + str(chance.randrange(10)) + number[at + 1 :]
    )


#: How often each kind happens to a row of the booking tool's list.
TUNED: dict[Error, float] = {
    married: 0.012, half_a_double_name: 0.25, without_affix: 0.3, fewer_first_names: 0.4,
    more_first_names: 0.02, short_form: 0.08, last_slip: 0.02, first_slip: 0.015,
    umlauts: 0.25, title: 0.03, swapped: 0.008, shouted: 0.03, date_digit: 0.01,
    day_and_month: 0.005, date_turned: 0.004, century: 0.002, no_date: 0.03,
    other_phone: 0.12, phone_slip: 0.01, phone_written: 0.9, email_written: 0.15,
    other_email: 0.15, email_slip: 0.01, insurance_slip: 0.02,
}  # fmt: skip
UNSEEN: dict[Error, float] = {
    heard: 0.012, neighbour_key: 0.006, wrong_encoding: 0.01, question_marks: 0.005,
    cut_off: 0.01, initial: 0.006, one_field: 0.006, born_as: 0.005, date_beside: 0.005,
    no_first_name: 0.002, second_name_only: 0.01, scanned: 0.006, generation: 0.003,
}  # fmt: skip


def spoil(
    chance: random.Random,
    told: PatientRecord,
    woman: bool,
    kinds: dict[Error, float],
    share: float = 1.0,
) -> tuple[PatientRecord, set[str]]:
    """Return the record with errors, and the names of those it has."""
    happened = set()
    for kind, often in kinds.items():
        if chance.random() < often * share:
            after = kind(chance, told, woman)
            if after != told:
                happened.add(kind.__name__)
            told = after
    return told, happened
