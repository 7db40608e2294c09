"""Birth dates as lists write them, and how two of them differ. Not: appointments' times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

__all__ = ["Birth", "BirthDates", "compare_births", "read_birth"]

_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?", re.DOTALL)
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
# What forms fill in where nobody told a date.
_PLACEHOLDERS = frozenset({"19000101", "18991230", "19700101", "11111111", "99991231", "00010101"})
#: Father and son born on the same day of the year: so many years lie between, or more.
_GENERATION = 15


class BirthDates(IntEnum):
    """How two birth dates compare. `YEAR` is one digit, but a generation apart."""

    MISSING = 0
    SAME = 1
    TYPO = 2
    YEAR = 3
    OTHER = 4


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth date: eight digits, and the day's number, 0 where there is no such day."""

    digits: str
    day: int


def read_birth(text: str) -> Birth | None:
    """Read a birth date; None where there is none, or one that a form fills in."""
    text = text.strip()[:40]
    if found := _ISO.fullmatch(text):
        digits = "".join(found.groups())
    elif found := _GERMAN.fullmatch(text):
        digits = f"{found[3]}{int(found[2]):02d}{int(found[1]):02d}"
    else:
        return None
    if not digits.isascii() or digits in _PLACEHOLDERS:
        return None
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).toordinal()
    except ValueError:
        day = 0  # 31 February, or month and day changed places: still compared by its digits
    return Birth(digits, day)


def compare_births(one: Birth | None, other: Birth | None) -> BirthDates:
    """Say how two birth dates differ."""
    if one is None or other is None:
        return BirthDates.MISSING
    if one.digits == other.digits:
        return BirthDates.SAME
    a, b = one.digits, other.digits
    differ = [at for at in range(8) if a[at] != b[at]]
    if a[4:] == b[4:]:
        return _years(int(a[:4]), int(b[:4]), differ)
    if len(differ) == 1 or _transposed(a, b, differ):
        return BirthDates.TYPO
    if a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]:
        return BirthDates.TYPO
    beside = one.day and other.day and abs(one.day - other.day) == 1
    return BirthDates.TYPO if beside else BirthDates.OTHER


def _years(one: int, other: int, differ: list[int]) -> BirthDates:
    apart = abs(one - other)
    if apart in {1, 100}:
        return BirthDates.TYPO
    turned = _transposed(f"{one:04}", f"{other:04}", differ)
    if len(differ) > 1 and not turned:
        return BirthDates.OTHER
    return BirthDates.TYPO if apart < _GENERATION else BirthDates.YEAR


def _transposed(a: str, b: str, differ: list[int]) -> bool:
    if len(differ) != 2:
        return False
    first, second = differ
    return second - first == 1 and a[first] == b[second] and a[second] == b[first]
