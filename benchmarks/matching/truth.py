"""A practice's patients and a booking tool's list of invented people, with the truth."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from benchmarks.matching.errors import TUNED, UNSEEN, Error, spoil
from benchmarks.matching.people import Person, household
from practice.patients import Patient, PatientRecord

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HELD_OUT", "TUNING", "Truth", "made", "read_csv"]

#: Seeds the matching was written with, and seeds it is measured with. They share nothing.
TUNING = (1, 2, 3)
HELD_OUT = (2001, 2002, 2003, 2004, 2005)


@dataclass(frozen=True, slots=True)
class Truth:
    """Two lists. `who` says by row which person it is, `errors` what is wrong with it.

    A patient's id is a person's id, so a row whose person is no patient is new.
    """

    patients: list[Patient]
    records: list[PatientRecord]
    who: list[int]
    errors: list[set[str]]


def made(seed: int, rows: int, patients: int | None = None, *, unseen: bool) -> Truth:
    """Return `rows` rows and as many patients, unless told otherwise.

    Three rows in five are about patients; of the others, many live with one.
    """
    chance = random.Random(seed)
    wanted = rows if patients is None else patients
    known: list[Person] = []
    near: list[Person] = []
    number = 1
    while len(known) < wanted:
        people = household(chance, number)
        number += len(people)
        for person in people:
            (known if chance.random() < 0.7 else near).append(person)
    known = known[:wanted]
    strangers: list[Person] = []
    while len(strangers) < rows:
        strangers += household(chance, number + len(strangers))
    told = [*chance.sample(known, min(len(known), rows * 3 // 5))]
    told += chance.sample(near, min(len(near), rows // 6))
    told += strangers[: max(rows - len(told) - rows // 50, 0)]
    told += chance.choices(told, k=rows - len(told))  # twice in one file
    chance.shuffle(told)
    kinds = TUNED | UNSEEN if unseen else TUNED
    spoiled = [spoil(chance, _as_booked(chance, person), person.woman, kinds) for person in told]
    return Truth(
        [Patient(f"{p.id + 10_000}", _as_kept(chance, p, kinds), id=p.id) for p in known],
        [record for record, _ in spoiled],
        [person.id for person in told],
        [errors for _, errors in spoiled],
    )


def _as_booked(chance: random.Random, person: Person) -> PatientRecord:
    """Return what somebody types into a booking tool, before errors."""
    phone = person.phones[chance.random() < 0.2]
    return PatientRecord(
        person.last,
        person.first,
        person.born.isoformat(),
        person.email if chance.random() < 0.85 else "",
        phone if chance.random() < 0.8 else "",
        insurance_number=person.insured if chance.random() < 0.15 else "",
    )


def _as_kept(chance: random.Random, person: Person, kinds: dict[Error, float]) -> PatientRecord:
    """Return what a practice has in its files: read from the card, with few errors."""
    kept = PatientRecord(
        person.last,
        person.first,
        person.born.isoformat(),
        person.email if chance.random() < 0.5 else "",
        person.phones[chance.random() < 0.5] if chance.random() < 0.9 else "",
        insurance_number=person.insured if chance.random() < 0.7 else "",
        number=f"{person.id + 10_000}",
    )
    return spoil(chance, kept, person.woman, kinds, share=0.08)[0]


def read_csv(path: Path) -> Truth:
    """Read people from a file; rows with one `true_id` are one person.

    Of each person the first row becomes a patient, the others are the list. People of one row
    become a patient and a new one in turns.
    """
    names = {field.name for field in fields(PatientRecord)}
    groups: defaultdict[str, list[PatientRecord]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        for row in csv.DictReader(
            file, delimiter=";" if head.count(";") > head.count(",") else ","
        ):
            told = {key: value or "" for key, value in row.items() if key in names - {"number"}}
            record = PatientRecord(**({"last_name": ""} | told))
            groups[row.get("true_id") or row.get("id") or ""].append(record)
    patients, records, who = [], [], []
    new = False
    for number, group in enumerate(groups.values(), start=1):
        new = not new if len(group) == 1 else new
        first = 0 if len(group) == 1 and new else 1
        patients += [Patient(str(number), replace(group[0], number=str(number)), id=number)][:first]
        records += group[first:]
        who += [number] * len(group[first:])
    return Truth(patients, records, who, [set() for _ in records])
