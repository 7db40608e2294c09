"""Kinds of values that clients send, with what they must keep to.

The patterns are those of the description as well: what it allows is taken, or refused for a reason
that only the practice knows.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

__all__ = [
    "Cursor",
    "Day",
    "EMail",
    "Id",
    "Limit",
    "Line",
    "Moment",
    "Name",
    "Paragraph",
    "Slug",
]

#: No control characters: PostgreSQL has no NUL, and a line break in a header or a calendar's text
#: would begin another one.
_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]*$"
_PARAGRAPH = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]*$"
#: Years that calendars here have (`practice.errors.TooEarly`).
_FIRST, _LAST = 1900, 2200


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(_DAY.pattern + "[Tt ].+")


# Numbers, also those in a text, pydantic would take for seconds since 1970.
def _written_moment(value: object) -> object:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must be a time such as 2026-03-02T09:00:00+01:00")
    return value


def _written_day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day such as 2026-03-02")
    return value


def _in_reach(value: datetime) -> datetime:
    if not _FIRST < value.year < _LAST:
        raise ValueError(f"must lie between the years {_FIRST} and {_LAST}")
    return value


def _day_in_reach(value: date) -> date:
    if not _FIRST < value.year < _LAST:
        raise ValueError(f"must lie between the years {_FIRST} and {_LAST}")
    return value


#: A text of one line, perhaps empty.
Line = Annotated[str, StringConstraints(max_length=255, pattern=_LINE)]
#: A text of one line that says something.
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_LINE)]
#: A text of several lines.
Paragraph = Annotated[str, StringConstraints(max_length=4000, pattern=_PARAGRAPH)]
#: The short name of a doctor, room, type or category.
Slug = Annotated[
    str, StringConstraints(max_length=64, pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")
]
#: An address, or nothing.
EMail = Annotated[
    str,
    StringConstraints(
        max_length=254, pattern=r"^$|^[^\s@<>\u0000-\u001f]+@[^\s@<>\u0000-\u001f]+$"
    ),
]
Id = Annotated[int, Field(ge=1, le=10**18 - 1)]
#: What a validator that comes before hands on is a text, which strictly is no time.
_LENIENT = Field(strict=False)
#: A time with its offset from UTC, such as 2026-03-02T09:00:00+01:00.
Moment = Annotated[
    AwareDatetime, _LENIENT, BeforeValidator(_written_moment), AfterValidator(_in_reach)
]
Day = Annotated[date, _LENIENT, BeforeValidator(_written_day), AfterValidator(_day_in_reach)]
#: How many at most.
Limit = Annotated[int, Field(ge=1, le=500)]
#: Where the next page begins: `next` of the page before.
Cursor = Annotated[str, StringConstraints(max_length=500, pattern=r"^[A-Za-z0-9_-]*$")]
