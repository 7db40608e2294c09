"""What the overview counts, each from one statement that adds up in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    cast,
    desc,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from practice.appointments import Status
from practice.conflicts import DisputeState
from practice.database.tables import (
    appointments,
    conflicts,
    details,
    letters,
    objects,
    patients,
    receipts,
    sources,
    tasks,
)
from practice.letters import BY_HAND, UNSETTLED, LetterState
from practice.messages import Receiver
from practice.overview import Delivery, Fault, Queue, Request, TaskGlance, Webhooks
from practice.sources import ReceiptState
from practice.tasks import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from practice.appointments import Slot

__all__ = ["SqlFigures"]

_NO_SHOW = "no_show"
_RUNNING, _FAILED = "running", "failed"
_MINUTE = 60_000_000
_STANDS = appointments.c.status != str(Status.CANCELLED)


class SqlFigures:
    """The Figures port."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def appointed(self, spans: Sequence[Slot]) -> list[tuple[int | None, Status, tuple[int, ...]]]:
        """See the port."""
        start, a = appointments.c.start, appointments.c
        sums = [
            func.sum(case((and_(start >= span.start, start < span.end), 1), else_=0))
            for span in spans
        ]
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        query = select(a.doctor_id, a.status, *sums).where(start >= first, start < last)
        rows = self._connection.execute(query.group_by(a.doctor_id, a.status))
        return [(row[0], Status(row[1]), tuple(map(int, row[2:]))) for row in rows]

    def started(self, bounds: Sequence[datetime]) -> dict[int, int]:
        """See the port."""
        start, which = appointments.c.start, _between(bounds)
        query = select(which, func.count()).where(start >= bounds[0], start < bounds[-1], _STANDS)
        rows = self._connection.execute(query.group_by("which"))
        return {int(n): int(count) for n, count in rows}

    def no_shows(self, bounds: Sequence[datetime]) -> dict[int, tuple[int, int]]:
        """See the port."""
        missed = func.sum(case((details.c.progress == _NO_SHOW, 1), else_=0))
        which = _between(bounds)
        query = (
            select(which, func.count(), missed)
            .select_from(appointments.outerjoin(details))
            .where(
                appointments.c.start >= bounds[0],
                appointments.c.start < bounds[-1],
                appointments.c.end <= self._now,
                _STANDS,
            )
        )
        rows = self._connection.execute(query.group_by("which"))
        return {int(n): (int(count), int(missed)) for n, count, missed in rows}

    def booked(self, bounds: Sequence[datetime]) -> dict[tuple[int, int], int]:
        """See the port."""
        start, end = (type_coerce(appointments.c[name], BigInteger) for name in ("start", "end"))
        which = _between(bounds)
        query = select(appointments.c.doctor_id, which, func.sum(end - start)).where(
            appointments.c.start >= bounds[0],
            appointments.c.start < bounds[-1],
            appointments.c.doctor_id.is_not(None),
            _STANDS,
        )
        rows = self._connection.execute(query.group_by(appointments.c.doctor_id, "which"))
        return {(int(doctor), int(n)): int(taken) // _MINUTE for doctor, n, taken in rows}

    def delivered(self, since: datetime) -> Delivery:
        """See the port."""
        # Of what is settled, `due` is when: that has an index.
        states = (str(LetterState.DELIVERED), str(LetterState.FAILED))
        query = select(letters.c.state, func.count()).where(
            letters.c.state.in_(states), letters.c.due >= since, letters.c.error != BY_HAND
        )
        found = dict(tuple(row) for row in self._connection.execute(query.group_by("state")))
        return Delivery(*(int(found.get(state, 0)) for state in states))

    def queue(self) -> list[Queue]:
        """See the port."""
        query = select(letters.c.to, func.count(), func.min(letters.c.posted)).where(
            letters.c.state.in_([str(state) for state in UNSETTLED])
        )
        rows = self._connection.execute(query.group_by(letters.c.to).order_by(letters.c.to))
        return [Queue(Receiver(to), int(count), oldest) for to, count, oldest in rows]

    def webhooks(self, since: datetime) -> Webhooks:
        """See the port."""
        late = func.sum(case((receipts.c.received >= since, 1), else_=0))
        wanted = or_(receipts.c.received >= since, receipts.c.state.in_(_UNDONE))
        query = select(receipts.c.state, func.count(), late).where(wanted)
        rows = self._connection.execute(query.group_by(receipts.c.state))
        found = {state: (int(count), int(late)) for state, count, late in rows}
        done, waiting, kept = (
            found.get(str(state), (0, 0))
            for state in (ReceiptState.DONE, ReceiptState.WAITING, ReceiptState.QUARANTINED)
        )
        return Webhooks(done[1], kept[1], waiting[0], kept[0])

    def faults(self, limit: int) -> list[Fault]:
        """See the port."""
        tried = (str(LetterState.FAILED), str(LetterState.TRIED))
        settled = func.coalesce(letters.c.settled, letters.c.posted)
        ended = func.coalesce(tasks.c.ended, tasks.c.due)
        undone = receipts.c.state == str(ReceiptState.QUARANTINED)
        parts = (
            _faults("letter", settled, letters.c.id, letters.c.error).where(
                letters.c.state.in_(tried), letters.c.error.not_in(("", BY_HAND))
            ),
            _faults("webhook", receipts.c.received, receipts.c.id, receipts.c.reason).where(undone),
            _faults("source", sources.c.attempted, sources.c.name, sources.c.error).where(
                sources.c.error != "", sources.c.attempted.is_not(None)
            ),
            _faults("task", ended, tasks.c.id, tasks.c.told).where(self._has_failed()),
        )
        newest = (part.order_by(desc("time")).limit(limit).subquery() for part in parts)
        union = union_all(*map(select, newest)).subquery()
        query = select(union).order_by(union.c.time.desc(), union.c.kind, union.c.id).limit(limit)
        return [
            Fault(row.kind, row.time, row.id, _sentence(row))
            for row in self._connection.execute(query)
        ]

    def open_conflicts(self) -> int:
        """See the port."""
        return self._count(select(func.count()).where(conflicts.c.state == str(DisputeState.OPEN)))

    def patients_to_review(self) -> int:
        """See the port."""
        found = select(func.count()).where(
            patients.c.to_review.is_(True), patients.c.merged_into.is_(None)
        )
        return self._count(found)

    def requests(
        self, patience: timedelta, soon: timedelta, limit: int
    ) -> tuple[int, list[Request]]:
        """See the port."""
        now, a = self._now, appointments.c
        here = and_(objects.c.uid == a.uid, objects.c.calendar_id == a.calendar_id)
        since = func.coalesce(details.c.booked, objects.c.changed)
        joined = appointments.outerjoin(details).outerjoin(objects, here)
        query = (
            select(a.id, a.doctor_id, a.start, since, func.count().over())
            .select_from(joined)
            .where(
                a.status == str(Status.TENTATIVE),
                a.start > now,
                or_(since <= now - patience, a.start <= now + soon),
            )
            .order_by(a.start, a.id)
            .limit(limit)
        )
        rows = self._connection.execute(query).all()
        return (int(rows[0][4]) if rows else 0), [Request(*tuple(row)[:4]) for row in rows]

    def tasks(self, since: datetime, limit: int) -> tuple[list[TaskGlance], list[TaskGlance]]:
        """See the port."""
        failed = self._has_failed()
        wanted = or_(tasks.c.state == _RUNNING, and_(failed, tasks.c.begun >= since))
        t = tasks.c
        query = select(t.id, t.kind, case((failed, _FAILED), else_=t.state), t.begun, t.ended)
        query = query.add_columns(t.made_by).where(wanted).order_by(t.begun.desc(), t.id)
        glances = [TaskGlance(*tuple(row)) for row in self._connection.execute(query.limit(limit))]
        return (
            [one for one in glances if one.state != _FAILED],
            [one for one in glances if one.state == _FAILED],
        )

    def _has_failed(self) -> ColumnElement[bool]:
        """What says that a task has failed, or that whoever ran it is dead."""
        dead = and_(tasks.c.state == _RUNNING, tasks.c.due < self._now)
        return or_(tasks.c.state == _FAILED, dead)

    def _count(self, query: Any) -> int:
        return int(self._connection.execute(query).scalar_one())


_UNDONE = (str(ReceiptState.WAITING), str(ReceiptState.QUARANTINED))


def _between(bounds: Sequence[datetime]) -> ColumnElement[int]:
    """Return between which two of these moments an appointment starts: 0 for the first two."""
    start = appointments.c.start
    return case(*((start < end, n) for n, end in enumerate(bounds[1:])), else_=-1).label("which")


def _faults(
    kind: str, time: ColumnElement[Any], of: ColumnElement[Any], sentence: ColumnElement[Any]
) -> Select[Any]:
    told = {"kind": literal(kind), "time": time, "id": cast(of, String), "sentence": sentence}
    return select(*(column.label(name) for name, column in told.items()))


def _sentence(row: Any) -> str:
    if row.kind != "task":
        return str(row.sentence)
    try:
        told = json.loads(row.sentence)
    except ValueError:
        return ""
    error = told.get("error") if isinstance(told, dict) else None
    # Whoever ran it died without a word.
    error = error or INTERRUPTED
    return str(error.get("text", "")) if isinstance(error, Mapping) else str(error)
