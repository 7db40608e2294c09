"""The time index: which occurrences overlap a range, without walking the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam

from practice.database.rows import of_shape
from practice.database.tables import occurrences
from practice.facts import Span
from practice.recurrence import EARLIEST_SECOND, LATEST_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.database.rows import Shape

__all__ = ["bounds", "overlapping", "reach_of"]

_DAY = 86_400
#: Longest occurrence of each class, in seconds; the last class has no bound. An occurrence that
#: overlaps a range starts less than its class's length before it, so a query looks at few rows
#: however long the calendar's past.
_REACHES = (_DAY, 8 * _DAY, 64 * _DAY, None)
_ALWAYS = Span(EARLIEST_SECOND - 2, LATEST_SECOND + 2)


def reach_of(length: int) -> int:
    """Return the class of an occurrence of this many seconds."""
    return next(n for n, longest in enumerate(_REACHES) if longest is None or length <= longest)


def bounds(span: Span) -> dict[str, int | None]:
    """Return the values of a span, with its open ends beyond everything there is."""
    return {
        "span_start": _ALWAYS.start if span.start is None else span.start,
        "span_end": _ALWAYS.end if span.end is None else span.end,
    }


def overlapping(shape: Shape) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each class of length; together they are all that overlaps the span
    between the values `span_start` and `span_end` (see `bounds`).
    """
    start, end = (bindparam(name, type_=BigInteger) for name in ("span_start", "span_end"))
    for reach, longest in enumerate(_REACHES):
        condition = and_(
            of_shape(occurrences, shape),
            occurrences.c.reach == reach,
            occurrences.c.start < end,
            occurrences.c.end > start,
        )
        if longest is not None:
            condition = and_(condition, occurrences.c.start > start - longest)
        yield condition
