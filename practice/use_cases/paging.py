"""Lists that are told a page at a time, the newest first, by the ids of what stands in them.

Not here: the audit trail, which has two chains and its own cursors (`practice.use_cases.trail`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from practice.errors import Invalid

__all__ = ["LONGEST_PAGE", "Listed", "check_page", "is_id", "listed"]

LONGEST_PAGE = 500
_LARGEST = 2**63 - 1
_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Listed(Generic[_One]):
    """One page; `before` is what the next one is asked for with, None: there is none."""

    items: tuple[_One, ...]
    before: int | None


def is_id(number: int) -> bool:
    """Tell whether anything can have this id: databases fail over numbers that are too large."""
    return 0 < number <= _LARGEST


def check_page(before: int | None, limit: int) -> None:
    """Refuse with Invalid what no page is asked for with."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise Invalid(f"A page has 1 to {LONGEST_PAGE} entries.")
    if before is not None and not is_id(before):
        raise Invalid("There is no such place in the list; start again without it.")


def listed(found: Sequence[_One], ids: Sequence[int], limit: int) -> Listed[_One]:
    """Return a page of what was found, one more than fits on it if there is another."""
    more = len(found) > limit
    return Listed(tuple(found[:limit]), ids[limit - 1] if more else None)
