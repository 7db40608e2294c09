"""Letters, in tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, exists, func, insert, or_, select, update

from practice.database.newest import newest
from practice.database.prepared import Prepared
from practice.database.tables import letters
from practice.letters import UNSETTLED, Letter, LetterState
from practice.messages import Message, Receiver

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from practice.appointments import Appointment
    from practice.database.ledger import Ledger

__all__ = ["SqlOutbox", "letter_of"]

_OPEN = tuple(str(state) for state in UNSETTLED)
_GIVEN_UP = (str(LetterState.FAILED), str(LetterState.DROPPED))
_REMINDER = str(Message.REMINDED)
_other = letters.alias("newer")
#: Letters about what happened; a reminder neither tells of it nor is told with it.
_TELLING = letters.c.message != _REMINDER

_POSTED = Prepared(
    insert(letters), *(column.key for column in letters.columns if not column.primary_key)
)
_WITHDRAWN = Prepared(
    update(letters)
    .where(
        letters.c.appointment_id == bindparam("appointment"),
        letters.c.state == str(LetterState.WAITING),
        letters.c.to != str(Receiver.ADMIN),
    )
    .values(state=str(LetterState.SUPERSEDED))
    .returning(letters.c.id, letters.c.to, letters.c.message, letters.c.before)
)
#: These make something of each letter, and change it by the next: they get all of them in order.
#: To others the last one says all.
_KEEPING = (str(Receiver.PRACTICE_SOFTWARE), str(Receiver.WEBHOOK))
_in_order = letters.c.to.in_(_KEEPING)
#: No other one to the same receiver about the same appointment is to be sent instead of it, or
#: before it, or is on its way.
_NEXT = ~exists().where(
    _other.c.appointment_id == letters.c.appointment_id,
    _other.c.to == letters.c.to,
    _other.c.id != letters.c.id,
    (_other.c.message == _REMINDER) == (letters.c.message == _REMINDER),
    or_(
        and_(~_in_order, _other.c.id > letters.c.id, _other.c.state.in_(_OPEN)),
        and_(_in_order, _other.c.id < letters.c.id, _other.c.state.in_(_OPEN)),
        and_(_other.c.state == str(LetterState.SENDING), _other.c.due > bindparam("now")),
    ),
)
_DUE = or_(
    and_(letters.c.state == str(LetterState.WAITING), letters.c.due <= bindparam("ripe")),
    and_(
        letters.c.state.in_([str(LetterState.TRIED), str(LetterState.SENDING)]),
        letters.c.due <= bindparam("now"),
    ),
)


class SqlOutbox:
    """The Outbox port."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self._connection = connection
        self._ledger = ledger

    def post(self, to: Receiver, message: Message, appointment: Appointment, before: str) -> None:
        """See the port."""
        now = self._ledger.now
        values = {
            "number": self._ledger.number,
            "posted": now,
            "to": str(to),
            "message": str(message),
            "appointment_id": appointment.id,
            "state": str(LetterState.WAITING),
            "before": before,
            "due": now,
            "attempts": 0,
            "error": "",
            "settled": None,
        }
        _POSTED.later(self._connection, values)

    def withdraw(self, appointment_id: int) -> Mapping[Receiver, str]:
        """See the port."""
        rows = _WITHDRAWN.along(self._connection, {"appointment": appointment_id})
        known: dict[Receiver, str] = {}
        for row in sorted(rows, key=lambda row: row.id):
            if row.message != _REMINDER:
                known.setdefault(Receiver(row.to), row.before)
        return known

    def waiting(self) -> list[tuple[Receiver, Message, int]]:
        """See the port."""
        return [(one.to, one.message, one.appointment_id) for one in self.find(UNSETTLED)]

    def due(self, to: Receiver, now: datetime, grace: timedelta) -> bool:
        """See the port."""
        query = select(letters.c.id).where(letters.c.to == str(to), _DUE, _NEXT).limit(1)
        values = {"now": now, "ripe": now - grace}
        return self._connection.execute(query, values).first() is not None

    def claim(
        self, to: Receiver, now: datetime, grace: timedelta, lease: timedelta, limit: int
    ) -> list[Letter]:
        """See the port."""
        query = (
            select(letters)
            .where(letters.c.to == str(to), _DUE, _NEXT)
            .order_by(letters.c.due, letters.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._connection.execute(query, {"now": now, "ripe": now - grace}).all()
        return [self._taken(letter_of(row), now + lease) for row in rows]

    def _taken(self, letter: Letter, until: datetime) -> Letter:
        """Mark a letter as being sent; what it says more recently than others, they say no more."""
        older = (
            letters.c.appointment_id == letter.appointment_id,
            letters.c.to == str(letter.to),
            letters.c.id < letter.id,
            letters.c.state.in_(_OPEN),
            _TELLING if letter.message is not Message.REMINDED else ~_TELLING,
        )
        superseded = update(letters).where(*older).values(state=str(LetterState.SUPERSEDED))
        self._connection.execute(superseded)
        taken = replace(letter, state=LetterState.SENDING, due=until, attempts=letter.attempts + 1)
        self._store(taken)
        return taken

    def settle(
        self, letter: Letter, state: LetterState, *, due: datetime | None = None, error: str = ""
    ) -> bool:
        """See the port."""
        now = self._ledger.now
        this = (
            letters.c.id == letter.id,
            letters.c.state == str(LetterState.SENDING),
            letters.c.attempts == letter.attempts,
        )
        values = {
            "state": str(state),
            "due": due or now,
            "error": error[:255],
            "settled": None if state in UNSETTLED else now,
        }
        done = self._connection.execute(update(letters).where(*this).values(values))
        return done.rowcount == 1

    def retry(self, letter_id: int) -> Letter | None:
        """See the port."""
        row = self._connection.execute(select(letters).where(letters.c.id == letter_id)).first()
        if row is None or row.state not in _GIVEN_UP:
            return None
        again = replace(
            letter_of(row),
            state=LetterState.TRIED,
            due=self._ledger.now,
            attempts=0,
            settled=None,
        )
        self._store(again)
        return again

    def drop(self, letter_id: int) -> Letter | None:
        """See the port."""
        states = (LetterState.WAITING, LetterState.TRIED, LetterState.FAILED)
        now = self._ledger.now
        dropped = (
            update(letters)
            .where(letters.c.id == letter_id, letters.c.state.in_([str(one) for one in states]))
            .values(state=str(LetterState.DROPPED), due=now, settled=now)
            .returning(*letters.columns)
        )
        row = self._connection.execute(dropped).first()
        return None if row is None else letter_of(row)

    def _store(self, letter: Letter) -> None:
        values = {
            "state": str(letter.state),
            "due": letter.due,
            "attempts": letter.attempts,
            "settled": letter.settled,
        }
        self._connection.execute(update(letters).where(letters.c.id == letter.id).values(values))

    def find(
        self, states: Collection[LetterState], appointment_id: int | None = None, limit: int = 1000
    ) -> list[Letter]:
        """See the port."""
        query = select(letters).where(letters.c.state.in_([str(state) for state in states]))
        if appointment_id is not None:
            query = query.where(letters.c.appointment_id == appointment_id)
        rows = self._connection.execute(query.order_by(letters.c.id).limit(limit))
        return [letter_of(row) for row in rows]

    def newest(
        self, states: Collection[LetterState], before: int | None, limit: int
    ) -> list[Letter]:
        """See the port."""
        rows = self._connection.execute(newest(letters, states, before, limit))
        return [letter_of(row) for row in rows]

    def count(self) -> Mapping[tuple[Receiver, LetterState], int]:
        """See the port."""
        query = select(letters.c.to, letters.c.state, func.count()).group_by(
            letters.c.to, letters.c.state
        )
        return {
            (Receiver(to), LetterState(state)): number
            for to, state, number in self._connection.execute(query)
        }


def letter_of(row: Any) -> Letter:
    """Return a row of letters as a record."""
    return Letter(
        id=row.id,
        number=row.number,
        posted=row.posted,
        to=Receiver(row.to),
        message=Message(row.message),
        appointment_id=row.appointment_id,
        before=row.before,
        state=LetterState(row.state),
        due=row.due,
        attempts=row.attempts,
        error=row.error,
        settled=row.settled,
    )
