"""A model made from the lists themselves: how frequent names are, how often fields agree.

Expectation and maximisation, over pairs that share a key. What is assumed (`model.PRIOR`) counts
as much as some hundred pairs more, so that a short list changes little. Not here: what an
agreement is worth (`practice.matching.model`).
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from practice.matching.alike import Alike
from practice.matching.birth_dates import BirthDates
from practice.matching.known_names import COMMON_FIRST_NAMES
from practice.matching.model import (
    PRIOR,
    Chances,
    Frequencies,
    Levels,
    Model,
    chances,
    levels_of,
    likelihoods,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from practice.matching.blocking import Index
    from practice.matching.traits import Traits

__all__ = ["estimate"]

#: So many records are looked at; more say nothing new.
_SAMPLE = 1_500
_PAIRS = 15_000
_ROUNDS = 8
_DRAWN = 3_000
#: What is assumed counts as so many pairs of one person, or of one family.
_WEIGHT = 300.0
#: Nothing the lists say makes an assumption this many times as probable, or improbable.
_FURTHEST = 3.0


def estimate(records: Sequence[Traits], patients: Sequence[Traits], index: Index) -> Model:
    """Return the model for comparing records with patients; `index` is that of the patients.

    The same lists give the same model.
    """
    counted = _counted([*patients, *records])
    start = replace(
        PRIOR,
        frequencies=counted,
        common_first_names=_common(counted),
        patients=len(patients),
    )
    chance = random.Random(len(records) * 31 + len(patients))  # noqa: S311 no secret
    chosen = chance.sample(range(len(records)), min(_SAMPLE, len(records)))
    model = replace(start, table=_of_strangers(start, records, patients, chance))
    pairs: list[tuple[Levels, list[Chances]]] = []
    for looked, at in enumerate(chosen):
        if len(pairs) > _PAIRS:
            chosen = chosen[:looked]
            break
        strong, weak = index.candidates(records[at])
        for position in sorted(strong | weak):
            one, other = records[at], patients[position]
            levels = levels_of(one, other, model)
            pairs.append((levels, chances(levels, one, other, model)))
    for _ in range(_ROUNDS if pairs else 0):
        model = _improved(model, pairs, len(chosen))
    return model


def _counted(everybody: Sequence[Traits]) -> Frequencies:
    last_names: Counter[str] = Counter()
    first_names: Counter[str] = Counter()
    for traits in everybody:
        last_names.update({traits.last.bare, *traits.last.parts})
        first_names.update({traits.first.bare, *traits.first.parts})
    return Frequencies(
        len(everybody),
        last_names,
        first_names,
        Counter(t.birth.digits for t in everybody if t.birth is not None),
        Counter(t.phone for t in everybody if t.phone),
        Counter(t.email for t in everybody if t.email),
    )


def _common(counted: Frequencies) -> frozenset[str]:
    """Return the first names that are too frequent for an error in writing."""
    least = max(4, counted.size // 4_000)
    often = (name for name, times in counted.first_names.items() if times >= least)
    return COMMON_FIRST_NAMES.union(name for name in often if len(name) > 2)


def _of_strangers(
    model: Model, records: Sequence[Traits], patients: Sequence[Traits], chance: random.Random
) -> tuple[tuple[Chances, ...], ...]:
    """Return the table with what pairs drawn blindly agree in; the names' levels only.

    All else is too rare to be met by drawing.
    """
    if not records or not patients:
        return model.table
    drawn = [
        levels_of(chance.choice(records), chance.choice(patients), model)
        for _ in range(min(_DRAWN, len(records) * len(patients)))
    ]
    table = list(model.table)
    for field in (0, 1):
        counts = Counter(int(levels[field]) for levels in drawn)
        table[field] = tuple(
            row._replace(stranger=_shrunk(counts[level], len(drawn), row.stranger, _DRAWN))
            if level in {Alike.SPELLING, Alike.PART, Alike.CLOSE}
            else row
            for level, row in enumerate(table[field])
        )
    return tuple(table)


def _improved(model: Model, pairs: Iterable[tuple[Levels, list[Chances]]], records: int) -> Model:
    """Return the model after one round over the pairs, each with the strangers' chances."""
    same = [Counter[int]() for _ in model.table]
    family = [Counter[int]() for _ in model.table]
    people = relatives = 0.0
    for levels, found in pairs:
        now = [
            Chances(row[level].same, row[level].family, chance.stranger)
            for row, level, chance in zip(model.table, levels, found, strict=True)
        ]
        one, two, three = likelihoods(now, model)
        total = one + two + three
        is_same = 0.0 if _impossible(levels) else one / total
        is_family = two / total
        people += is_same
        relatives += is_family
        if is_same + is_family < 1e-4:
            continue
        for field, level in enumerate(levels):
            same[field][level] += is_same  # type: ignore[assignment]  # a part of a pair
            family[field][level] += is_family  # type: ignore[assignment]
    table = tuple(
        _renewed(first, row, of_same, of_family)
        for first, row, of_same, of_family in zip(
            PRIOR.table, model.table, same, family, strict=True
        )
    )
    known = _shrunk(people, records, PRIOR.known, 50)
    near = _shrunk(relatives, records, PRIOR.relatives, 50)
    return replace(model, table=table, known=min(known, 0.98), relatives=max(near, 0.05))


def _impossible(levels: Levels) -> bool:
    """Say whether a pair is no example of one person: a family agrees in all the rest."""
    other_born = levels.birth_date in {BirthDates.OTHER, BirthDates.YEAR}
    return levels.first_name is Alike.OTHER or other_born


def _renewed(
    first: tuple[Chances, ...], row: tuple[Chances, ...], same: Counter[int], family: Counter[int]
) -> tuple[Chances, ...]:
    # A value that is missing says nothing of those that are there.
    all_same = sum(times for level, times in same.items() if level)
    all_family = sum(times for level, times in family.items() if level)
    return (
        row[0],
        *(
            Chances(
                _near(_shrunk(same[at], all_same, first[at].same, _WEIGHT), first[at].same),
                _near(_shrunk(family[at], all_family, first[at].family, _WEIGHT), first[at].family),
                row[at].stranger,
            )
            for at in range(1, len(row))
        ),
    )


def _shrunk(times: float, total: float, usual: float, weight: float) -> float:
    return (times + weight * usual) / (total + weight)


def _near(found: float, usual: float) -> float:
    return min(max(found, usual / _FURTHEST), usual * _FURTHEST, 0.999)
