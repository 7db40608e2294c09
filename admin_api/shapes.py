"""Kinds of values that clients send, with what they must keep to.

The patterns are those of the description as well: what it allows is taken, or refused for a reason
that only the practice knows.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    Strict,
    StringConstraints,
)

__all__ = [
    "EXAMPLES",
    "AccountName",
    "Born",
    "Color",
    "Cursor",
    "Day",
    "EMail",
    "HoldSecret",
    "Id",
    "Limit",
    "Line",
    "Moment",
    "Name",
    "NeededEMail",
    "Paragraph",
    "Password",
    "SentId",
    "Slug",
]

#: No control characters: PostgreSQL has no NUL, and a line break in a header or a calendar's text
#: would begin another one.
_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]*$"
_PARAGRAPH = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]*$"
_SLUG = r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$"
_ACCOUNT = r"^[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?$"
_E_MAIL = r"^$|^[^\s@<>\u0000-\u001f]+@[^\s@<>\u0000-\u001f]+$"
_HELD = r"^[A-Za-z0-9_-]{16,64}$"
_COLOR = r"^[A-Za-z]*$"
_CURSOR = r"^[A-Za-z0-9_-]*$"
_BORN = r"^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
#: What somebody is told who does not keep to a pattern.
EXAMPLES = {
    _LINE: "must be a text of one line, without control characters",
    _PARAGRAPH: "must be a text without control characters",
    _SLUG: "must be a short name of small letters, digits and hyphens, such as dr-mueller",
    _ACCOUNT: "must be the name of an account: small letters, digits, and . _ @ - between them",
    _E_MAIL: "must be an e-mail address, such as erika@example.org",
    _HELD: "must be the secret that was given for the slot",
    _COLOR: "must be the name of a colour, such as teal",
    _CURSOR: "must be what `next` of the page before says",
    _BORN: "must be a date, such as 1966-02-03, or empty",
}
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Years that calendars here have (`practice.errors.TooEarly`).
_FIRST, _LAST = 1900, 2200


def _in_words(value: object) -> object:
    # A bare number would be taken for seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and _DATED.match(value)):
        return value
    raise ValueError("must be a time with its offset, such as 2027-03-03T09:00:00+01:00")


def _day_in_words(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DATED.fullmatch(value)):
        return value
    raise ValueError("must be a day, such as 2027-03-03")


def _in_reach(value: datetime) -> datetime:
    if not _FIRST < value.year < _LAST:
        raise ValueError(f"must lie between the years {_FIRST} and {_LAST}")
    return value


def _day_in_reach(value: date) -> date:
    if not _FIRST < value.year < _LAST:
        raise ValueError(f"must lie between the years {_FIRST} and {_LAST}")
    return value


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: A text of one line, perhaps empty.
Line = Annotated[str, StringConstraints(max_length=255, pattern=_LINE)]
#: A text of one line that says something.
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_LINE)]
#: A text of several lines.
Paragraph = Annotated[str, StringConstraints(max_length=4000, pattern=_PARAGRAPH)]
#: The short name of a doctor, room, type or category.
Slug = Annotated[str, StringConstraints(max_length=64, pattern=_SLUG)]
#: What an account signs in as.
AccountName = Annotated[str, StringConstraints(max_length=64, pattern=_ACCOUNT)]
#: A password; how long it has to be the practice says.
Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\u0000]*$"),
    Field(repr=False),
]
#: An address, or nothing.
EMail = Annotated[
    str,
    StringConstraints(max_length=254, pattern=_E_MAIL),
]
#: An address that there has to be.
NeededEMail = Annotated[EMail, Field(min_length=6)]
#: What tells whom a slot is kept for.
HoldSecret = Annotated[str, StringConstraints(max_length=64, pattern=_HELD)]
#: A colour's name in CSS3, such as "teal", or nothing.
Color = Annotated[str, StringConstraints(max_length=32, pattern=_COLOR)]
Id = Annotated[int, Field(ge=1, le=10**18 - 1)]
#: An id in a body, not in a query: JSON has one kind of numbers, and 7.0 is a whole one.
SentId = Annotated[int, Field(ge=1, le=10**18 - 1), BeforeValidator(_whole)]
#: A time with its offset from UTC, such as 2026-03-02T09:00:00+01:00.
Moment = Annotated[
    AwareDatetime, Strict(False), BeforeValidator(_in_words), AfterValidator(_in_reach)
]
Day = Annotated[date, Strict(False), BeforeValidator(_day_in_words), AfterValidator(_day_in_reach)]
#: A date of birth, or nothing.
Born = Annotated[str, Field(pattern=_BORN, description="A date like 1966-02-03, or empty.")]
#: How many at most.
Limit = Annotated[int, Field(ge=1, le=500)]
#: Where the next page begins: `next` of the page before.
Cursor = Annotated[str, StringConstraints(max_length=500, pattern=_CURSOR)]
