"""Invented people in households: families share surnames, telephones and addresses.

Not here: what is written down wrongly of them (`benchmarks.matching.errors`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate

from benchmarks.matching.names import AFFIXES, CULTURES, Culture, draw

__all__ = ["Person", "household", "insurance_number", "mobile"]

_TODAY = date(2026, 11, 1)
_HOUSES = ("gmail.com", "gmx.de", "web.de", "t-online.de", "outlook.de", "freenet.de", "icloud.com")
_AREAS = ("030", "040", "089", "0221", "069", "0711", "0341", "0761", "08031", "04131", "07531")
_SHARES = list(accumulate(share for share, _ in CULTURES))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they are. `id` is the truth; `phones` are own mobile and landline."""

    id: int
    last: str
    first: str
    woman: bool
    born: date
    phones: tuple[str, str]
    email: str
    insured: str


def insurance_number(chance: random.Random) -> str:
    """Return a number whose check digit fits."""
    letter, digits = chance.randrange(26), f"{chance.randrange(10**8):08d}"
    total = 0
    for at, digit in enumerate(f"{letter + 1:02d}{digits}"):
        total += sum(map(int, str(int(digit) * (1, 2)[at % 2])))
    return f"{chr(65 + letter)}{digits}{total % 10}"


def mobile(chance: random.Random) -> str:
    """Return a mobile number as it is dialled in Germany."""
    before = chance.choice((151, 152, 157, 160, 170, 171, 172, 175, 176, 179))
    return f"0{before}{chance.randrange(10**6, 10**8)}"


def household(chance: random.Random, next_id: int) -> list[Person]:
    """Return the people of one household, with ids from `next_id` on."""
    culture = chance.choices([one for _, one in CULTURES], cum_weights=_SHARES)[0]
    last = _last(chance, culture)
    landline = f"{chance.choice(_AREAS)}{chance.randrange(10**4, 10**7)}"
    kind = chance.random()
    woman = chance.random() < 0.54
    head = _adult(chance, culture, last, landline, woman, next_id)
    people = [head]
    if kind > 0.4:
        theirs = last if chance.random() < 0.75 else _last(chance, culture)
        partner = _adult(chance, culture, theirs, landline, not woman, next_id + 1)
        years = chance.gauss(0, 4)
        people.append(replace(partner, born=_moved(head.born, years)))
        if chance.random() < 0.15:
            people[1] = replace(people[1], email=head.email)
    if kind > 0.62:
        people += _children(chance, culture, people, landline, next_id + len(people))
    return people


def _last(chance: random.Random, culture: Culture) -> str:
    name = draw(chance, culture.last)
    kind = chance.random()
    if culture is CULTURES[0][1]:
        if kind < 0.05:
            return f"{name}-{draw(chance, culture.last)}"
        if kind < 0.062:
            return f"{chance.choice(AFFIXES)} {name}"
    return name


def _first(chance: random.Random, culture: Culture, woman: bool) -> str:
    names = culture.women if woman else culture.men
    name = draw(chance, names)
    kind = chance.random()
    if kind < 0.10:
        return f"{name} {draw(chance, names)}"
    return f"{name}-{draw(chance, names)}" if kind < 0.13 else name


def _adult(
    chance: random.Random, culture: Culture, last: str, landline: str, woman: bool, number: int
) -> Person:
    first = _first(chance, culture, woman)
    born = _TODAY - timedelta(days=int(chance.triangular(18, 95, 50) * 365.25))
    if culture is CULTURES[4][1] and chance.random() < 0.3:
        born = born.replace(month=1, day=1)  # as papers say where nobody knows
    phones = (mobile(chance), landline)
    email = _email(chance, first, last)
    return Person(number, last, first, woman, born, phones, email, insurance_number(chance))


def _children(
    chance: random.Random, culture: Culture, parents: list[Person], landline: str, number: int
) -> list[Person]:
    younger = min(parent.born for parent in parents)
    born = _moved(younger, chance.triangular(20, 40, 29))
    children: list[Person] = []
    for _ in range(chance.choices((1, 2, 3), (50, 40, 10))[0]):
        if born >= _TODAY:
            break
        twins = bool(children) and chance.random() < 0.04
        woman = chance.random() < 0.5
        first = _first(chance, culture, woman)
        if not woman and chance.random() < 0.03:
            first = next((p.first for p in parents if not p.woman), first)
        if any(child.first == first for child in children):
            continue
        parent = chance.choice(parents)
        minor = (_TODAY - born).days < 15 * 365
        made = Person(
            number + len(children),
            parents[0].last,
            first,
            woman,
            children[-1].born if twins else born,
            (parent.phones[0] if minor else mobile(chance), landline),
            parent.email if minor else _email(chance, first, parents[0].last),
            insurance_number(chance),
        )
        children.append(made)
        born = _moved(born, chance.triangular(1, 6, 2.5))
    return children


def _email(chance: random.Random, first: str, last: str) -> str:
    plain = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "", "-": "", "ı": "i"})
    one, two = first.split(maxsplit=1)[0].lower().translate(plain), last.lower().translate(plain)
    form = chance.randrange(4)
    local = (f"{one}.{two}", f"{one[0]}.{two}", f"{two}{chance.randrange(100)}", f"{one}{two[:3]}")
    made = "".join(c for c in local[form] if c.isascii())
    # Frequent names are taken at the large houses.
    return (
        f"{made}{chance.randrange(1000) if chance.random() < 0.6 else ''}@{chance.choice(_HOUSES)}"
    )


def _moved(day: date, years: float) -> date:
    return day + timedelta(days=int(years * 365.25))
