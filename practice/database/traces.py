"""What is kept of a patient beside the record, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from practice.database.log import CHUNK
from practice.database.outbox import letter_of
from practice.database.rows import APPOINTMENT, appointment_of, change_of
from practice.database.tables import (
    appointments,
    changes,
    decisions,
    details,
    erased_changes,
    erasures,
    import_rows,
    letters,
    patients,
    self_bookings,
)
from practice.erasures import ErasedChange, Erasure
from practice.letters import UNSETTLED, LetterState
from practice.messages import Receiver
from practice.patients import PATIENT_NUMBER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from practice.access import Actor
    from practice.appointments import Appointment
    from practice.calendars import Change
    from practice.letters import Letter

__all__ = ["SqlTraces"]

_OPEN = tuple(str(state) for state in UNSETTLED)
#: What somebody has written about an appointment; who booked it may be the patient.
_WRITTEN = {
    **dict.fromkeys(("note", "patient_note", "reason", "cancel_reason", "override"), ""),
    "treatment_plan": "",
    "procedures": "[]",
    "booked_by": "",
}


class SqlTraces:
    """The Traces port."""

    def __init__(self, connection: Connection, actor: Actor, now: datetime) -> None:
        self._connection = connection
        self._actor = actor
        self._now = now

    def appointments(self, patient_id: int) -> list[Appointment]:
        """See the port."""
        query = select(*APPOINTMENT).where(appointments.c.patient_id == patient_id)
        rows = self._connection.execute(query.order_by(appointments.c.id))
        return [appointment_of(row) for row in rows]

    def details(self, appointment_ids: Collection[int]) -> Mapping[int, Mapping[str, Any]]:
        """See the port."""
        rows = self._of(details, details.c.appointment_id, appointment_ids)
        return {row.appointment_id: dict(row._mapping) for row in rows}

    def letters(self, appointment_ids: Collection[int]) -> list[Letter]:
        """See the port."""
        found = map(letter_of, self._of(letters, letters.c.appointment_id, appointment_ids))
        return sorted(found, key=lambda letter: letter.id)

    def _of(self, table: Any, column: Any, ids: Collection[int]) -> Iterator[Any]:
        for some in _chunks(ids):
            yield from self._connection.execute(select(table).where(column.in_(some)))

    def import_rows(self, patient_id: int) -> list[Mapping[str, Any]]:
        """See the port."""
        query = select(import_rows).where(import_rows.c.patient_id == patient_id)
        rows = self._connection.execute(query.order_by(import_rows.c.import_id, import_rows.c.line))
        return [dict(row._mapping) for row in rows]

    def log_of(self, uids: Collection[str], numbers: Collection[str]) -> Iterator[Change]:
        """See the port."""
        named = [
            text.contains(f"\n{PATIENT_NUMBER}:{number}{end}", autoescape=True)
            for text in (changes.c.before, changes.c.after)
            for number in sorted(numbers)
            for end in "\r\n"  # the whole line: other numbers may begin alike
        ]
        wanted = or_(changes.c.uid.in_(sorted(uids)), *named)
        # Neither UIDs nor texts have an index in the log: it is walked once, whoever is asked for.
        query = select(changes).where(wanted).order_by(changes.c.number)
        with self._connection.execute(query.execution_options(yield_per=CHUNK)) as rows:
            for row in rows:
                yield change_of(row)

    def hand_over(self, patient_id: int, to: int) -> int:
        """See the port."""
        moved = 0
        for table in (import_rows, decisions, appointments):
            now = update(table).where(table.c.patient_id == patient_id).values(patient_id=to)
            moved = self._connection.execute(now).rowcount
        merged = update(patients).where(patients.c.merged_into == patient_id)
        self._connection.execute(merged.values(merged_into=to))
        return moved

    def withdraw_letters(self, appointment_ids: Collection[int]) -> int:
        """See the port."""
        count = 0
        values = {"state": str(LetterState.SUPERSEDED), "settled": self._now}
        for some in _chunks(appointment_ids):
            waiting = update(letters).where(
                letters.c.appointment_id.in_(some),
                letters.c.to == str(Receiver.PATIENT),
                letters.c.state.in_(_OPEN),
            )
            count += self._connection.execute(waiting.values(values)).rowcount
        return count

    def let_go(self, patient_id: int) -> None:
        """See the port."""
        for table in (appointments, import_rows):
            here = table.c.patient_id == patient_id
            self._connection.execute(update(table).where(here).values(patient_id=None))
        self._connection.execute(delete(decisions).where(decisions.c.patient_id == patient_id))

    def forget_texts(self, patient_id: int, appointment_ids: Collection[int]) -> None:
        """See the port."""
        empty = {"record": "", "candidates": "[]", "before": None}
        rows = update(import_rows).where(import_rows.c.patient_id == patient_id)
        self._connection.execute(rows.values(empty))
        for some in _chunks(appointment_ids):
            written = update(details).where(details.c.appointment_id.in_(some))
            self._connection.execute(written.values(_WRITTEN))
            wanted = and_(letters.c.to != str(Receiver.PATIENT), letters.c.state.in_(_OPEN))
            counted = self_bookings.c.appointment_id.in_(some)
            self._connection.execute(delete(self_bookings).where(counted))
            sent = delete(letters).where(letters.c.appointment_id.in_(some), ~wanted)
            self._connection.execute(sent)

    def erase_change(self, change: Change, act: int) -> None:
        """See the port."""
        this = changes.c.number == change.number
        texts = {"before": change.before, "after": change.after}
        self._connection.execute(update(changes).where(this).values(texts))
        self._connection.execute(
            delete(erased_changes).where(erased_changes.c.number == change.number)
        )
        row = {"number": change.number, "seal": change.seal, "act": act}
        self._connection.execute(insert(erased_changes).values(row))

    def erased_changes(self, first: int, last: int) -> Mapping[int, ErasedChange]:
        """See the port."""
        query = select(erased_changes).where(erased_changes.c.number.between(first, last))
        rows = self._connection.execute(query)
        return {row.number: ErasedChange(bytes(row.seal), row.act) for row in rows}

    def note_erasure(self, number: str) -> None:
        """See the port."""
        row = {"number": number, "erased": self._now, "erased_by": self._actor.name}
        self._connection.execute(insert(erasures).values(row))

    def erasures(self) -> list[Erasure]:
        """See the port."""
        rows = self._connection.execute(select(erasures).order_by(erasures.c.id))
        return [Erasure(row.number, row.erased, row.erased_by) for row in rows]


def _chunks(ids: Collection[int]) -> Iterator[list[int]]:
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]
