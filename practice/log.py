"""The one log: where it is, what can be asked of it, what it says of calendars, and its seals.

Each row's seal is made of the row and of the seal before. So no row can be edited, moved, or cut
out without every later seal being wrong, and none can be cut off either end, since the last seal
is kept beside the counter, and so is that of the last row forgotten. Not here: how it is stored.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from practice.calendars import COMPONENTS, CalendarKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from practice.calendars import Calendar, Change

__all__ = ["FIRST_SEAL", "CalendarEntry", "LogQuestion", "LogState", "mark_of", "sealed"]

FIRST_SEAL = bytes(32)


@dataclass(frozen=True, slots=True)
class LogState:
    """Where the log is: its last number and seal, and the number up to which it is forgotten.

    `forgotten_seal` is that of the last change forgotten; None where it was not kept.
    """

    number: int
    forgotten: int
    seal: bytes
    forgotten_seal: bytes | None = None


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """Which rows of the log are wanted; what is None or empty asks nothing.

    `first` and `last` are numbers, both included; `since` is included and `before` is not, both
    aware. `calendars` are ids. `name` is an object's name in its calendar, or its UID.
    """

    first: int | None = None
    last: int | None = None
    actor: str = ""
    since: datetime | None = None
    before: datetime | None = None
    calendars: tuple[int, ...] = ()
    name: str = ""
    calendar_rows: bool = False  # only the rows about calendars themselves


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """What the log tells of a calendar itself, before or after a change of it.

    Rows of version 0.1 told the properties alone: `name` is empty then, and `kind` None.
    """

    properties: Mapping[str, str]
    name: str = ""
    kind: CalendarKind | None = None
    doctor_id: int | None = None
    components: tuple[str, ...] = field(default=COMPONENTS)

    @classmethod
    def of(cls, calendar: Calendar, properties: Mapping[str, str] | None = None) -> CalendarEntry:
        """Return the entry of a calendar, with other properties if given."""
        return cls(
            dict(calendar.properties if properties is None else properties),
            calendar.name,
            calendar.kind,
            calendar.doctor_id,
            calendar.components,
        )

    @classmethod
    def parse(cls, text: str | None) -> CalendarEntry | None:
        """Read what a row tells; None where there was no calendar."""
        if text is None:
            return None
        told = json.loads(text)
        if not isinstance(told.get("properties"), dict):  # version 0.1; its values were texts
            return cls(told)
        return cls(
            told["properties"],
            told["name"],
            CalendarKind(told["kind"]),
            told["doctor_id"],
            tuple(told["components"]),
        )

    def stored(self) -> str:
        """Return the entry as a row keeps it."""
        told = {
            "name": self.name,
            "kind": self.kind,
            "doctor_id": self.doctor_id,
            "components": self.components,
            "properties": dict(self.properties),
        }
        return json.dumps(told, ensure_ascii=False, sort_keys=True)


def sealed(previous: bytes, change: Change) -> bytes:
    """Return the seal of a change that follows the one sealed `previous`."""
    digest = hashlib.sha256(previous)
    for value in (
        change.number,
        change.time.astimezone(UTC).isoformat(),  # as it is read again
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
