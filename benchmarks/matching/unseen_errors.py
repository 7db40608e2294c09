"""Errors that come only when the matching is measured: it was not tried with them.

Not here: how often each happens (`benchmarks.matching.errors`).
"""

from __future__ import annotations

import calendar
import random
from dataclasses import replace
from datetime import date, timedelta

from benchmarks.matching.dates_of_birth import dated, parts_of
from benchmarks.matching.names import CULTURES, draw
from practice.patients import PatientRecord

_GERMAN = CULTURES[0][1]
__all__ = [
    "born_as",
    "cut_off",
    "date_beside",
    "generation",
    "heard",
    "initial",
    "neighbour_key",
    "no_first_name",
    "one_field",
    "question_marks",
    "scanned",
    "second_name_only",
    "wrong_encoding",
]


def heard(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    pairs = (
        ("eier", "aier"), ("eyer", "eier"), ("aier", "ayer"), ("midt", "mitt"), ("mitt", "mid"),
        ("ff", "f"), ("ph", "f"), ("th", "t"), ("tz", "z"), ("ck", "k"), ("ai", "ei"), ("nn", "n"),
        ("ss", "ß"), ("C", "K"), ("v", "w"), ("ll", "l"), ("y", "i"),
    )  # fmt: skip
    name = told.last_name
    fit = [pair for pair in pairs if pair[0] in name]
    return replace(told, last_name=name.replace(*chance.choice(fit), 1)) if fit else told


def neighbour_key(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    rows = ("qwertzuiopü", "asdfghjklöä", "yxcvbnm")
    name = told.last_name
    at = chance.randrange(len(name)) if name else 0
    row = next((row for row in rows if name and name[at] in row), "")
    if not row:
        return told
    beside = row[max(row.index(name[at]) - 1, 0)]
    return replace(told, last_name=name[:at] + beside + name[at + 1 :])


def wrong_encoding(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    def misread(text: str) -> str:
        return text.encode("utf-8").decode("cp1252", errors="replace")

    return replace(told, last_name=misread(told.last_name), first_name=misread(told.first_name))


def question_marks(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    def lost(text: str) -> str:
        return "".join(c if c.isascii() else "?" for c in text)

    return replace(told, last_name=lost(told.last_name), first_name=lost(told.first_name))


def cut_off(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, last_name=told.last_name[:10], first_name=told.first_name[:8])


def initial(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, first_name=f"{told.first_name[:1]}.")


def one_field(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    last, first = told.last_name, told.first_name
    written = f"{last}, {first}" if chance.random() < 0.5 else f"{first} {last}"
    return replace(told, last_name=written, first_name="")


def born_as(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    other = draw(chance, _GERMAN.last)
    return replace(told, last_name=f"{other} geb. {told.last_name}" if woman else told.last_name)


def date_beside(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    if not (parts := parts_of(told)):
        return told
    if chance.random() < 0.5:
        last = calendar.monthrange(parts[0] - 1, parts[1])[1]
        return dated(told, parts[0] - 1, parts[1], min(parts[2], last))
    day = date(*parts) + timedelta(days=chance.choice((-1, 1)))
    return replace(told, birth_date=day.isoformat())


def no_first_name(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, first_name="")


def second_name_only(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    return replace(told, first_name=told.first_name.replace("-", " ").split(" ")[-1])


def scanned(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    for seen, read in (("rn", "m"), ("m", "rn"), ("l", "i"), ("h", "b"), ("u", "n")):
        if seen in told.last_name and chance.random() < 0.6:
            return replace(told, last_name=told.last_name.replace(seen, read, 1))
    return told


def generation(chance: random.Random, told: PatientRecord, woman: bool) -> PatientRecord:
    mark = chance.choice(("sen.", "jun."))
    return replace(told, last_name=told.last_name if woman else f"{told.last_name} {mark}")
