"""The counter and the log within one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from practice.calendars import Change, ChangeKind
from practice.database.known_calendars import KnownCalendars
from practice.database.prepared import Prepared
from practice.database.tables import calendars, changes, house
from practice.log import LogState, mark_of, sealed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from practice.access import Actor
    from practice.calendars import Calendar
    from practice.messages import Receiver

__all__ = ["HOUSE", "SEAL", "Ledger"]

#: The columns of the house's row, under names that no other table has.
HOUSE = tuple(
    column.label(f"house_{column.name}") for column in house.columns if not column.primary_key
)
_HOUSE = Prepared(select(*HOUSE))
_LOCKED_HOUSE = Prepared(select(*HOUSE).with_for_update())
_HOUSE_SET = Prepared(update(house), "number", "seal")
_CALENDAR_TOUCHED = Prepared(
    update(calendars).where(calendars.c.id == bindparam("this")), "number", "mark", "changed"
)
_LOGGED = Prepared(insert(changes), *changes.columns.keys())
#: The seal of one row of the log.
SEAL = select(changes.c.seal).where(changes.c.number == bindparam("of"))


Seen = TypeVar("Seen")


@dataclass(slots=True)
class _House:
    """The house's row, as it stands within the transaction."""

    number: int
    forgotten: int
    epoch: str
    seal: bytes
    forgotten_seal: bytes | None
    secret: bytes
    outside: int


class Touched(NamedTuple):
    """Where a calendar is after its last change: its columns of that."""

    number: int
    mark: str
    changed: datetime


class Ledger:
    """The counter and the log within one transaction.

    The house's row is read once: at first where its lock is what makes writers wait for each
    other, else when something of it is asked for, or along with something else (`open`). A
    writing transaction counts in memory, and puts the last number back when it ends. Every row
    of the log carries a seal over itself and the row before, so that none can be edited, moved or
    cut out unseen. One that comes `after` another in the same transaction counts on from there.
    """

    def __init__(
        self,
        connection: Connection,
        actor: Actor,
        now: datetime,
        *,
        lock: bool,
        known_calendars: KnownCalendars,
        receivers: frozenset[Receiver],
        after: Ledger | None = None,
    ) -> None:
        self.actor = actor
        self.now = now
        self.known_calendars = known_calendars
        self.receivers = receivers
        self._connection = connection
        self._locked = lock
        self._known: _House | None = None
        self._first = 0
        self._touched: dict[int, Touched] = {}
        # Told again only where the lock keeps it as it is; by reference to who only reads.
        self._seen: dict[str, Any] | None = {} if lock else None
        if after is not None:
            self._seen = dict(after._seen or {}) if lock else after._seen
        if after is not None and after._known is not None:
            self._known, self._first = replace(after._known), after._first
            self._touched = dict(after._touched)
        elif lock and connection.dialect.name != "sqlite":  # which locks all of itself
            self.open(_LOCKED_HOUSE.one(connection))

    @property
    def is_open(self) -> bool:
        """Tell whether the house's row has been read."""
        return self._known is not None

    def open(self, row: Any) -> None:
        """Take the house's row: the columns of HOUSE, from any statement of this transaction."""
        self._known = _House(
            row.house_number,
            row.house_forgotten,
            row.house_epoch,
            row.house_seal,
            row.house_forgotten_seal,
            row.house_secret,
            row.house_outside,
        )
        self._first = self._known.number

    @property
    def _state(self) -> _House:
        if self._known is None:
            self.open(_HOUSE.one(self._connection))
        assert self._known is not None  # noqa: S101 - just opened
        return self._known

    @property
    def number(self) -> int:
        """The number of the last change."""
        return self._state.number

    @property
    def forgotten(self) -> int:
        """The number of the last change that the log no longer has."""
        return self._state.forgotten

    @property
    def forgotten_seal(self) -> bytes | None:
        """The seal of that change."""
        return self._state.forgotten_seal

    @property
    def seal(self) -> bytes:
        """The seal of the last change."""
        return self._state.seal

    @property
    def epoch(self) -> str:
        """What names this log."""
        return self._state.epoch

    @property
    def secret(self) -> bytes:
        """See the port of a unit of work."""
        return self._state.secret

    @property
    def outside(self) -> int:
        """What was last drawn for a change outside the log; see `practice.footing`."""
        return self._state.outside

    def append(
        self,
        kind: ChangeKind,
        calendar_id: int,
        *,
        href: str = "",
        uid: str = "",
        owner_id: int,
        before: str | None,
        after: str | None,
    ) -> int:
        """Write one row of the log under the next number; return the number."""
        if not self._locked:
            raise RuntimeError("A snapshot is read-only.")
        state = self._state
        state.number += 1
        change = Change(
            number=state.number,
            time=self.now,
            actor=self.actor.name,
            calendar_id=calendar_id,
            href=href,
            uid=uid,
            kind=kind,
            owner_id=owner_id,
            before=before,
            after=after,
        )
        state.seal = sealed(state.seal, change)
        _LOGGED.later(self._connection, _row_of(change, state.seal))
        self._touched[calendar_id] = Touched(state.number, mark_of(state.seal), self.now)
        return state.number

    def touched(self, calendar: Calendar) -> Calendar:
        """Return a calendar's row as it will be: its number is put back at the end alone."""
        now = self._touched.get(calendar.id)
        return replace(calendar, **now._asdict()) if now else calendar

    def once(self, what: str, read: Callable[[], Seen]) -> Seen:
        """Return what `read` reads, which is not read again while nobody else can change it: until
        a transaction that holds the lock ends, or says that it changes something (`unsee`).
        """
        if self._seen is None:
            return read()
        if what not in self._seen:
            self._seen[what] = read()
        found: Seen = self._seen[what]
        return found

    def unsee(self) -> None:
        """Read anew what was read once."""
        if self._seen is not None:
            self._seen.clear()

    def keep_calendars(self) -> None:
        """Know the calendars from now on as they were read and then touched, which is committed."""
        read = (self._seen or {}).get("calendars")
        if read is not None:
            self.known_calendars.keep(self._state.seal, [self.touched(one) for one in read])

    @property
    def has_written(self) -> bool:
        """Tell whether this transaction has written into the log."""
        return bool(self._touched)

    @property
    def state(self) -> LogState:
        """Where the log is."""
        state = self._state
        return LogState(state.number, state.forgotten, state.seal, state.forgotten_seal)

    def forget(self, number: int) -> None:
        """Delete the rows up to a number that has one; its seal is kept for those that follow."""
        seal = self._connection.execute(SEAL, {"of": number}).scalar_one()
        self._state.forgotten, self._state.forgotten_seal = number, seal
        self._connection.execute(delete(changes).where(changes.c.number <= number))
        kept = {"forgotten": number, "forgotten_seal": seal}
        self._connection.execute(update(house), kept)

    def close(self) -> None:
        """Put the counter and the calendars' numbers back."""
        state = self._known
        if state is None or state.number == self._first:
            return
        _HOUSE_SET.later(self._connection, {"number": state.number, "seal": state.seal})
        for calendar_id, touched in self._touched.items():
            _CALENDAR_TOUCHED.later(self._connection, {"this": calendar_id, **touched._asdict()})


def _row_of(change: Change, seal: bytes) -> dict[str, object]:
    return {
        "number": change.number,
        "time": change.time,
        "actor": change.actor,
        "calendar_id": change.calendar_id,
        "href": change.href,
        "uid": change.uid,
        "kind": str(change.kind),
        "owner_id": change.owner_id,
        "before": change.before,
        "after": change.after,
        "seal": seal,
    }
