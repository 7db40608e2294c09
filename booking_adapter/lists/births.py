"""Dates of birth as lists tell them, each column in its own way.

Not here: days and times that are written unmistakably (`booking_adapter.tables.times`).
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from booking_adapter.tables.times import no_later, when_in

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Births", "from_digits"]

_OLDEST = 125  # years: some programs write their calendar's first day where they know none
_PLAUSIBLE = 110  # years: whoever would be older is a child, where a year has two digits
_FIRST_SERIAL = date(1899, 12, 30)  # day 0 of spreadsheets

#: 31/12/1999, 12/31/1999, 31-12-99, and 1/1/1999 0:00 as databases write them.
_PARTS = re.compile(r"(\d\d?)([/-])(\d\d?)\2(\d{4}|\d\d)(?: 0?0:00(?::00)?)?", re.ASCII)
_ISO = re.compile(r"(\d{4})[/.](\d\d?)[/.](\d\d?)", re.ASCII)
_SERIAL = re.compile(r"(\d{2,5})(?:[.,]0+)?", re.ASCII)


class Births:
    """The dates in one column. `told` is all that it says: what is the day, what the month?"""

    def __init__(self, told: Iterable[str], today: date) -> None:
        self._today = today
        #: Per sign between the parts, what the column proves: (day first, month first).
        self._proof = {"/": (False, False), "-": (False, False)}
        for text in told:
            if match := _PARTS.fullmatch(text):
                day_first, month_first = self._proof[match[2]]
                first, second = int(match[1]), int(match[3])
                self._proof[match[2]] = (
                    day_first or (12 < first <= 31 and second <= 12),
                    month_first or (12 < second <= 31 and first <= 12),
                )

    def read(self, text: str) -> tuple[str, str]:
        """Return an ISO date and the code of a doubt; either may be empty."""
        if not text.strip("0./- "):
            return "", ""  # 00.00.0000 is how programs write that they know none
        try:
            born, short, code = self._read(text)
        except (ValueError, OverflowError):
            return "", "birth_date_unreadable"
        if born is None:
            return "", code
        if short:
            return self._of_century(born)
        if born > self._today or born.year < self._today.year - _OLDEST:
            return "", "birth_date_implausible"
        return born.isoformat(), ""

    def _of_century(self, born: date) -> tuple[str, str]:
        found = no_later(born, self._today)
        if found > self._today:
            return "", "birth_date_implausible"
        guessed = found.year - 100 >= self._today.year - _PLAUSIBLE
        return found.isoformat(), "century_guessed" if guessed else ""

    def _read(self, text: str) -> tuple[date | None, bool, str]:
        """Return the date, whether its year has two digits, and why there is none."""
        if match := _PARTS.fullmatch(text):
            return self._of_parts(match)
        if match := _ISO.fullmatch(text):
            return date(*map(int, match.groups())), False, ""
        if text.isdecimal() and text.isascii() and len(text) == 8:
            return from_digits(text), False, ""
        if match := _SERIAL.fullmatch(text):
            return self._of_serial(int(match[1]))
        told = when_in(text)
        if told is None or told.day is None:
            return None, False, "birth_date_unreadable"
        return told.day, told.short, ""

    def _of_parts(self, match: re.Match[str]) -> tuple[date | None, bool, str]:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        short = len(match[4]) == 2
        year += 2000 if short else 0
        day_first, month_first = self._proof[match[2]]
        # A column that proves both is of two hands: only dates that prove themselves are sure.
        if first > 12 or first == second or (day_first and not month_first):
            return date(year, second, first), short, ""
        if second > 12 or (month_first and not day_first):
            return date(year, first, second), short, ""
        return None, short, "birth_date_ambiguous"

    def _of_serial(self, number: int) -> tuple[date | None, bool, str]:
        # A year alone is no date, and nobody who is alive was born in the days with its number.
        if 1800 <= number <= 2200 or number <= 60:
            return None, False, "birth_date_unreadable"
        return _FIRST_SERIAL + timedelta(days=number), False, ""


def from_digits(text: str) -> date:
    """Return the date of DDMMYYYY or YYYYMMDD: no text is both. Raises ValueError."""
    if "1850" < text[:4] < "2200" and text[4:6] <= "12":
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    return date(int(text[4:]), int(text[2:4]), int(text[:2]))
