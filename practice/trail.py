"""The audit trail: what was done, by whom and when, from the log of calendars and from the acts.

Both are chains with seals of their own, and stay apart; here is one order for both. Not here: how
they are read (`practice.ports.Trail`) and told (`practice.use_cases.trail`).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from practice.acts import Kind
from practice.calendars import ChangeKind
from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from practice.calendars import Change

__all__ = ["CALENDAR", "OBJECT", "Chain", "Key", "Part", "TrailQuestion", "action_of"]

#: What rows of the log are about, beside the kinds of the acts.
OBJECT, CALENDAR = "object", "calendar"
_KINDS = (OBJECT, CALENDAR, *(str(kind) for kind in Kind))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**63 - 1
_Row = TypeVar("_Row")


class Chain(StrEnum):
    """Which chain of seals an entry stands in. Of one moment, those of the log come first."""

    LOG = "log"
    ACTS = "acts"

    @property
    def rank(self) -> int:
        """Its place in the order of one moment."""
        return 0 if self is Chain.LOG else 1


class Key(NamedTuple):
    """Where an entry stands: keys are compared as tuples. `rank` is that of its chain."""

    time: datetime
    rank: int
    number: int

    def cursor(self) -> str:
        """Return the key as a caller gets and gives it back: a word that says nothing to him."""
        told = f"{(self.time - _EPOCH) // _MICROSECOND}.{self.rank}.{self.number}"
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, cursor: str) -> Key:
        """Read a cursor; raises Invalid for one that was never given out."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            at, rank, number = map(int, raw.decode("ascii").split("."))
            key = cls(_EPOCH + timedelta(microseconds=at), rank, number)
        except (ValueError, binascii.Error, OverflowError) as error:
            raise Invalid("There is no such place in the trail; start again without it.") from error
        if rank not in {0, 1} or not 0 <= number <= _LARGEST or key.cursor() != cursor:
            raise Invalid("There is no such place in the trail; start again without it.")
        return key


@dataclass(frozen=True, slots=True)
class TrailQuestion:
    """Which entries are wanted; what is None or empty asks nothing.

    `kind` is OBJECT, CALENDAR or one of the acts' kinds; `of` is the id of what it was done to (of
    an object its UID or name, of a calendar its id); `action` is "created", "changed", "made" ...
    `since` is included and `before` is not, both aware. Raises Invalid for an unknown kind.
    """

    actor: str = ""
    action: str = ""
    kind: str = ""
    of: str = ""
    since: datetime | None = None
    before: datetime | None = None

    def __post_init__(self) -> None:
        if self.kind and self.kind not in _KINDS:
            raise Invalid(f"There is no kind '{self.kind}'; there are: {', '.join(_KINDS)}.")
        if any("\0" in text for text in (self.actor, self.action, self.of)):
            raise Invalid("What is looked for has no character 0.")  # no database takes it

    def asks(self, chain: Chain) -> bool:
        """Tell whether a chain can have such entries."""
        return not self.kind or (self.kind in {OBJECT, CALENDAR}) == (chain is Chain.LOG)


@dataclass(frozen=True, slots=True)
class Part(Generic[_Row]):
    """Some entries of one chain, the newest first.

    `looked_to` is how far down the chain was looked through for them, None: to its end, or as far
    as there were enough.
    """

    rows: Sequence[_Row]
    looked_to: Key | None = None


def action_of(change: Change) -> str:
    """Return what a row of the log did. Of a calendar the row itself says only that it is about
    its properties.
    """
    if not change.href and change.before is None:
        return str(ChangeKind.CREATED)
    if not change.href and change.after is None:
        return str(ChangeKind.REMOVED)
    return str(change.kind)
