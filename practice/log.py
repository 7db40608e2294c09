"""The seals of the one log: each row's is made of itself and of the seal before.

So no row can be edited, moved, or cut out without every later seal being wrong, and none can be
cut off the end, since the last seal is kept beside the counter.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from practice.calendars import Change

__all__ = ["FIRST_SEAL", "LogState", "mark_of", "sealed"]

FIRST_SEAL = bytes(32)


@dataclass(frozen=True, slots=True)
class LogState:
    """Where the log is: its last number and seal, and the number up to which it is forgotten."""

    number: int
    forgotten: int
    seal: bytes


def sealed(previous: bytes, change: Change) -> bytes:
    """Return the seal of a change that follows the one sealed `previous`."""
    digest = hashlib.sha256(previous)
    for value in (
        change.number,
        change.time.isoformat(),
        change.actor,
        change.calendar_id,
        change.href,
        change.uid,
        change.kind,
        change.owner_id,
        change.before,
        change.after,
    ):
        if value is None:
            digest.update(b"\0")
            continue
        part = str(value).encode("utf-8", "surrogatepass")
        digest.update(b"\1" + len(part).to_bytes(8) + part)
    return digest.digest()


def mark_of(seal: bytes) -> str:
    """Return the start of a seal, as sync-tokens carry it.

    A number alone does not tell what a replica has: after a restored backup the same numbers are
    given out again for other changes.
    """
    return seal.hex()[:16]
