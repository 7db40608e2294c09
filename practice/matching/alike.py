"""How alike two names, numbers or addresses are, in a few levels. Not: what that is worth."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA, JaroWinkler

from practice.matching.known_names import short_for_each_other

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from practice.matching.names import Name, PersonName
    from practice.matching.traits import Traits

__all__ = [
    "Alike",
    "compare_emails",
    "compare_insurance_numbers",
    "compare_names",
    "compare_phones",
]

_SPELLING = OSA.distance
_LIKENESS = JaroWinkler.similarity


class Alike(IntEnum):
    """How two values compare. `PART`: of a double name, of several first names, a short form."""

    MISSING = 0
    SAME = 1
    SPELLING = 2
    PART = 3
    CLOSE = 4
    SWAPPED = 5
    OTHER = 6


_NEAR = frozenset({Alike.SAME, Alike.SPELLING, Alike.PART, Alike.CLOSE})


def compare_names(
    one: PersonName, other: PersonName, common: AbstractSet[str]
) -> tuple[Alike, Alike]:
    """Compare last and first names; `common` first names are never each other misspelled."""
    last, first = _last(one.last, other.last), _first(one.first, other.first, common)
    if last is Alike.SAME or last is Alike.SPELLING:
        return last, first
    if len(one.words) > 1 and one.words == other.words:
        # All in one field, or the same words divided in another way.
        one_field = bool(one.first.parts) != bool(other.first.parts)
        return (Alike.SAME if one_field else Alike.SWAPPED), Alike.SAME
    if last is Alike.OTHER and first is Alike.OTHER and _swapped(one, other, common):
        return Alike.SWAPPED, Alike.SAME
    return last, first


def _swapped(one: PersonName, other: PersonName, common: AbstractSet[str]) -> bool:
    return (
        _last(one.last, other.first) in _NEAR
        and _last(one.first, other.last) in _NEAR
        and _first(one.last, other.first, common) in _NEAR
        and _first(one.first, other.last, common) in _NEAR
    )


def _last(one: Name, other: Name) -> Alike:
    if not one.bare or not other.bare:
        return Alike.MISSING
    if one.spelled == other.spelled:
        return Alike.SAME
    if one.bare == other.bare or one.heard == other.heard:
        return Alike.SPELLING
    if len(one.parts) + len(other.parts) > 2 and _share_a_part(one.parts, other.parts):
        return Alike.PART
    return Alike.CLOSE if _misspelled(one.bare, other.bare) else Alike.OTHER


def _share_a_part(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return any(
        (a == b and len(a) > 2) or (min(len(a), len(b)) > 4 and _misspelled(a, b))
        for a in one
        for b in other
    )


def _first(one: Name, other: Name, common: AbstractSet[str]) -> Alike:
    if not one.bare or not other.bare:
        return Alike.MISSING
    if one.spelled == other.spelled or one.bare == other.bare:
        return Alike.SAME
    mine, theirs = set(one.parts), set(other.parts)
    if mine <= theirs or theirs <= mine:
        return Alike.PART
    a, b = one.parts[0], other.parts[0]
    if a == b:
        # Anna Maria and Anna Lena: sisters have been called so.
        return Alike.CLOSE
    if _shortened(a, b, common) or (len(mine) + len(theirs) > 2 and _initials(one, other)):
        return Alike.PART
    if a in common and b in common:
        return Alike.OTHER
    if one.heard == other.heard:
        return Alike.SPELLING
    return Alike.CLOSE if _misspelled(a, b) or _misspelled(one.bare, other.bare) else Alike.OTHER


def _shortened(a: str, b: str, common: AbstractSet[str]) -> bool:
    """Say whether one is the other's initial, short form, or beginning."""
    short, long = sorted((a, b), key=len)
    if short_for_each_other(a, b) or (len(short) == 1 and long.startswith(short)):
        return True
    cut = len(short) > 2 and len(long) - len(short) > 2 and long.startswith(short)
    # Michael and Michaela, Max and Maxine are two people.
    return cut and not (a in common and b in common)


def _initials(one: Name, other: Name) -> bool:
    """Say whether the first names agree as far as they are written out: H.-P. and Hans Peter."""
    return all(
        a == b or (min(len(a), len(b)) == 1 and a[0] == b[0])
        for a, b in zip(one.parts, other.parts, strict=False)
    )


def _misspelled(a: str, b: str) -> bool:
    """Say whether one may be the other with a slip or two of the fingers."""
    shorter = min(len(a), len(b))
    if shorter < 3 or abs(len(a) - len(b)) > 2:
        # Lists of a fixed width cut names off.
        return shorter > 5 and (a.startswith(b) or b.startswith(a))
    distance = _SPELLING(a, b, score_cutoff=2)
    if distance <= 1:
        return shorter > 3 or a[0] == b[0]
    return distance == 2 and shorter > 5 and _LIKENESS(a, b) >= 0.88


def compare_phones(one: str, other: str) -> Alike:
    """Compare two numbers as `read_phone` returns them."""
    if not one or not other:
        return Alike.MISSING
    if one == other:
        return Alike.SAME
    if len(one) == len(other) > 9 and _SPELLING(one, other, score_cutoff=1) <= 1:
        return Alike.CLOSE
    return Alike.OTHER


def compare_emails(one: str, other: str) -> Alike:
    """Compare two addresses as `read_email` returns them."""
    if not one or not other:
        return Alike.MISSING
    if one == other:
        return Alike.SAME
    mine, _, my_domain = one.rpartition("@")
    theirs, _, their_domain = other.rpartition("@")
    if mine == theirs:
        near = _SPELLING(my_domain, their_domain, score_cutoff=2) <= 2
        return Alike.CLOSE if near else Alike.OTHER
    near = my_domain == their_domain and min(len(mine), len(theirs)) > 5
    return Alike.CLOSE if near and _SPELLING(mine, theirs, score_cutoff=1) <= 1 else Alike.OTHER


def compare_insurance_numbers(one: Traits, other: Traits) -> Alike:
    """Compare insurance numbers; a wrong one contradicts nothing, two right ones do."""
    mine, theirs = one.insurance_number, other.insurance_number
    if not mine or not theirs:
        return Alike.MISSING
    if one.is_insured and other.is_insured:
        return Alike.SAME if mine == theirs else Alike.OTHER
    near = _SPELLING(mine, theirs, score_cutoff=2) <= 2
    return Alike.CLOSE if near else Alike.MISSING
