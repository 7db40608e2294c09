"""What agreement and disagreement are worth: Fellegi and Sunter's probabilities.

A pair is one person, two of one family, or strangers. Families are a class of their own because
they share what makes strangers different: surname, telephone, often the e-mail address. With two
classes alone, a telephone would make a son his father.

Not here: where the figures come from (`practice.matching.estimating`).

I. P. Fellegi, A. B. Sunter: A Theory for Record Linkage. JASA 64 (1969).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from practice.matching.alike import (
    Alike,
    compare_emails,
    compare_insurance_numbers,
    compare_names,
    compare_phones,
)
from practice.matching.birth_dates import BirthDates, compare_births
from practice.matching.known_names import COMMON_FIRST_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.matching.names import Name
    from practice.matching.traits import Traits

__all__ = [
    "FIELDS",
    "PRIOR",
    "Chances",
    "Frequencies",
    "Levels",
    "Model",
    "chances",
    "levels_of",
    "likelihoods",
]

#: The order of all that is compared.
FIELDS = ("last_name", "first_name", "birth_date", "phone", "email", "insurance_number")


class Levels(NamedTuple):
    """How two records compare, field by field."""

    last_name: Alike
    first_name: Alike
    birth_date: BirthDates
    phone: Alike
    email: Alike
    insurance_number: Alike


class Chances(NamedTuple):
    """How probable a level is between records of one person, of a family, of strangers."""

    same: float
    family: float
    stranger: float


_NEVER = 1e-6
#: A list that says one name, day or address all over says nothing of how frequent it is.
_MOST_NAMES, _MOST_BIRTHS, _MOST_CONTACTS = 0.2, 1e-3, 0.02
_ANY = Chances(1.0, 1.0, 1.0)


def _table(*rows: tuple[float, float, float]) -> tuple[Chances, ...]:
    """Return the chances by level; that of a missing value is the same for all."""
    return (_ANY, *(Chances(*row) for row in rows))


#: What is assumed before anything was counted. A row is a level of `Alike` or `BirthDates`.
_TABLE = (
    _table(
        (0.90, 0.80, 2e-3),
        (0.02, 0.01, 5e-4),
        (0.03, 0.06, 2e-3),
        (0.025, 0.004, 3e-3),
        (0.01, 2e-4, 2e-5),
        (0.015, 0.12, 0.99),
    ),
    _table(
        (0.86, 0.015, 4e-3),
        (0.01, 5e-4, 5e-4),
        (0.08, 0.01, 4e-3),
        (0.025, 0.01, 4e-3),
        (_NEVER, _NEVER, _NEVER),
        (0.005, 0.96, 0.985),
    ),
    _table(
        (0.95, 0.012, 4.5e-5),
        (0.035, 0.0015, 1.5e-3),
        (0.003, 0.002, 2e-4),
        (0.008, 0.985, 0.998),
    ),
    _table(
        (0.60, 0.45, 2e-5),
        (_NEVER, _NEVER, _NEVER),
        (_NEVER, _NEVER, _NEVER),
        (0.01, 0.01, 1e-5),
        (_NEVER, _NEVER, _NEVER),
        (0.39, 0.54, 1.0),
    ),
    _table(
        (0.65, 0.25, 2e-5),
        (_NEVER, _NEVER, _NEVER),
        (_NEVER, _NEVER, _NEVER),
        (0.02, 0.005, 1e-5),
        (_NEVER, _NEVER, _NEVER),
        (0.33, 0.745, 1.0),
    ),
    _table(
        (0.975, 5e-4, 1e-7),
        (_NEVER, _NEVER, _NEVER),
        (_NEVER, _NEVER, _NEVER),
        (0.02, 5e-4, 1e-6),
        (_NEVER, _NEVER, _NEVER),
        (0.005, 0.999, 1.0),
    ),
)


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How frequent single values are among `size` patients and records, by `Name.bare` and so on.

    Shrunk towards what is usual: on a list of ten, nothing is frequent.
    """

    size: int = 0
    last_names: Mapping[str, int] = field(default_factory=dict)
    first_names: Mapping[str, int] = field(default_factory=dict)
    births: Mapping[str, int] = field(default_factory=dict)
    phones: Mapping[str, int] = field(default_factory=dict)
    emails: Mapping[str, int] = field(default_factory=dict)

    def last_name(self, one: Name, other: Name) -> float:
        """Return the chance that a stranger is called so."""
        return self._of_names(self.last_names, one, other, usual=2e-3)

    def first_name(self, one: Name, other: Name) -> float:
        """Return the chance that a stranger has such a first name."""
        return self._of_names(self.first_names, one, other, usual=4e-3)

    def of(self, counts: Mapping[str, int], value: str, usual: float, weight: int) -> float:
        """Return the chance of a value, `usual` counting as much as `weight` rows."""
        return (_without_pair(counts.get(value, 0)) + weight * usual) / (self.size + weight)

    def _of_names(
        self, counts: Mapping[str, int], one: Name, other: Name, *, usual: float
    ) -> float:
        # Of two spellings the more frequent: the other may be its error.
        most = max(counts.get(one.bare, 0), counts.get(other.bare, 0))
        if len(one.parts) + len(other.parts) > 2:
            most = max(most, *(counts.get(p, 0) for p in one.parts if p in other.parts), 0)
        often = (_without_pair(most) + 200 * usual) / (self.size + 200)
        return min(often, _MOST_NAMES)


def _without_pair(times: int) -> int:
    """Return how often strangers have a value: the two that are compared do not count."""
    return max(times - 2, 0)


@dataclass(frozen=True, slots=True)
class Model:
    """All that a comparison needs to know. `PRIOR` is one for when there is nothing to count.

    `known` is the share of records that are about somebody among the `patients`, `relatives` how
    many of a family a record has there.
    """

    table: tuple[tuple[Chances, ...], ...] = _TABLE
    frequencies: Frequencies = field(default_factory=Frequencies)
    common_first_names: frozenset[str] = COMMON_FIRST_NAMES
    patients: int = 2_000
    known: float = 0.5
    relatives: float = 0.8


PRIOR = Model()


def levels_of(one: Traits, other: Traits, model: Model) -> Levels:
    """Compare two records, field by field."""
    last, first = compare_names(one.name, other.name, model.common_first_names)
    return Levels(
        last,
        first,
        compare_births(one.birth, other.birth),
        compare_phones(one.phone, other.phone),
        compare_emails(one.email, other.email),
        compare_insurance_numbers(one, other),
    )


def chances(levels: Levels, one: Traits, other: Traits, model: Model) -> list[Chances]:
    """Return what each level is worth for these values: sharing a rare name is worth more."""
    found = [row[level] for row, level in zip(model.table, levels, strict=True)]
    known = model.frequencies
    if levels.last_name in _ABOUT_NAMES:
        scale = known.last_name(one.last, other.last) / 2e-3
        found[0] = _scaled(found[0], levels.last_name, scale, model.table[0])
    if levels.first_name in _ABOUT_NAMES:
        scale = known.first_name(one.first, other.first) / 4e-3
        found[1] = _scaled(found[1], levels.first_name, scale, model.table[1])
    if levels.birth_date is BirthDates.SAME and one.birth is not None:
        often = known.of(known.births, one.birth.digits, 4.5e-5, 20_000)
        found[2] = found[2]._replace(stranger=min(often, _MOST_BIRTHS))
    if levels.phone is Alike.SAME:
        often = known.of(known.phones, one.phone, 2e-5, 2_000)
        found[3] = found[3]._replace(stranger=min(often, _MOST_CONTACTS))
    if levels.email is Alike.SAME:
        often = known.of(known.emails, one.email, 2e-5, 2_000)
        found[4] = found[4]._replace(stranger=min(often, _MOST_CONTACTS))
    return found


_ABOUT_NAMES = frozenset({Alike.SAME, Alike.SPELLING, Alike.PART, Alike.CLOSE, Alike.SWAPPED})


def _scaled(usual: Chances, level: Alike, scale: float, row: tuple[Chances, ...]) -> Chances:
    if level is Alike.SAME:
        return usual._replace(stranger=min(row[Alike.SAME].stranger * scale, 0.5))
    # Half of what is only similar is so by chance, however rare the name.
    return usual._replace(stranger=min(usual.stranger * (0.5 + 0.5 * scale), 0.5))


def likelihoods(found: list[Chances], model: Model) -> tuple[float, float, float]:
    """Return how likely the pair is one person, a family, strangers; not normalised."""
    same, family = model.known, model.relatives
    stranger = float(max(model.patients, 200))
    for chance in found:
        same *= chance.same
        family *= chance.family
        stranger *= chance.stranger
    return same, family, stranger
