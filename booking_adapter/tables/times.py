"""Days and times of day as tables tell them.

Not here: in which zone they are meant, nor which columns hold them.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from typing import NamedTuple

__all__ = ["When", "no_later", "when_in"]

_WHEN = re.compile(
    r"(?:(\d\d?)\. ?(\d\d?)\. ?((?:19|20|21)?\d\d)|((?:19|20|21)\d\d)-(\d\d)-(\d\d))?"
    r"(?:(?:^|T|,? )(\d\d?)[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?(?: Uhr)?"
    r" ?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)


class When(NamedTuple):
    """A day, a time of day or both; `short` if the year had two digits: 26 is 2026."""

    day: date | None
    at: time | None
    short: bool


def when_in(text: str) -> When | None:
    """Read DD.MM.YYYY, DD.MM.YY or YYYY-MM-DD, and HH:MM, alone or together; None if it is none.

    Raises ValueError for a day or time that does not exist.
    """
    match = _WHEN.fullmatch(text)
    if not match:
        return None
    day, month, year, iso_year, iso_month, iso_day, hour, minute, second, offset = match.groups()
    told, at, short = None, None, bool(year) and len(year) == 2
    if day or iso_day:
        number = int(year or iso_year)
        number += 2000 if short else 0
        told = date(number, int(month or iso_month), int(day or iso_day))
    if hour:
        at = time(int(hour), int(minute), int(second or 0), tzinfo=_offset(offset))
    return When(told, at, short)


def no_later(day: date, latest: date) -> date:
    """Return a day whose year had two digits, in the last century if it would be too late.

    Nobody is born after the day on which it is told: 58 is 1958.
    """
    if day <= latest:
        return day
    try:
        return day.replace(year=day.year - 100)
    except ValueError:  # 29 February 2000 has no such day a century before
        return day


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    return datetime.strptime(text.upper(), "%z").tzinfo
