"""A calendar filled with a million appointments in minutes.

Row by row what the server would have written, but in large batches, and the texts of single
events are not read, since their times are known. `praxis-caldav verify` finds nothing wrong.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, text, update

from benchmarks.data import KIND, LENGTH
from practice.access import SYSTEM
from practice.appointments import Slot, Status
from practice.calendars import Change, ChangeKind, Draft
from practice.database.tables import (
    appointments,
    calendars,
    changes,
    house,
    objects,
    occurrences,
)
from practice.database.time_index import reach_of
from practice.disguise import alias_of
from practice.log import mark_of, sealed
from practice.vevent import Busy, Facts, Limits, Occupied, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

    from benchmarks.data import Event
    from practice.database import SqlDatabase

__all__ = ["fill"]

_BATCH = 5_000
#: Else the indexes of a million objects go to and fro between memory and disk, and each batch waits
#: for it.
_HASTE = ("PRAGMA cache_size=-2000000", "PRAGMA synchronous=OFF")
_ZONE = ZoneInfo("Europe/Berlin")


def fill(
    database: SqlDatabase,
    calendar: str,
    events: Iterable[Event],
    tell: Callable[[int], None] = lambda _: None,
) -> None:
    """Add events to a calendar; `tell` is told how many are there."""
    rest, done = iter(events), 0
    while batch := list(islice(rest, _BATCH)):
        with database.engine.begin() as connection:
            if database.dialect == "sqlite":
                for pragma in _HASTE:
                    connection.exec_driver_sql(pragma)
            _Batch(connection, calendar).add(batch)
        done += len(batch)
        tell(done)


class _Batch:
    def __init__(self, connection: Connection, calendar: str) -> None:
        self._connection = connection
        self._now = datetime.now(UTC)
        self._house = connection.execute(select(house).with_for_update()).one()
        found = select(calendars.c.id, calendars.c.doctor_id).where(calendars.c.name == calendar)
        self._calendar_id, self._doctor_id = connection.execute(found).one()

    def add(self, events: list[Event]) -> None:
        last = self._connection.execute(select(func.max(objects.c.id))).scalar() or 0
        number, seal = self._house.number, self._house.seal
        tables = (changes, objects, occurrences, appointments)
        rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in tables}
        for place, event in enumerate(events, 1):
            draft = _draft(event, self._now)
            change = self._change(number + place, draft)
            seal = sealed(seal, change)
            rows[changes].append(_logged(change, seal))
            rows[objects].append(self._object(last + place, number + place, draft))
            rows[occurrences] += self._occurrences(last + place, draft)
            rows[appointments] += self._appointment(draft.facts)
        for table, some in rows.items():
            if some:
                self._connection.execute(insert(table), some)
        number += len(events)
        self._connection.execute(update(house).values(number=number, seal=seal))
        this = update(calendars).where(calendars.c.id == self._calendar_id)
        stand = {"number": number, "mark": mark_of(seal), "changed": self._now}
        self._connection.execute(this.values(**stand))
        if self._connection.dialect.name == "postgresql":
            sequence = "SELECT setval(pg_get_serial_sequence('objects', 'id'), :last)"
            self._connection.execute(text(sequence), {"last": last + len(events)})

    def _change(self, number: int, draft: Draft) -> Change:
        return Change(
            number=number,
            time=self._now,
            actor=SYSTEM.name,
            calendar_id=self._calendar_id,
            href=draft.href,
            uid=draft.facts.uid,
            kind=ChangeKind.CREATED,
            owner_id=SYSTEM.account_id,
            before=None,
            after=draft.text,
        )

    def _object(self, object_id: int, number: int, draft: Draft) -> dict[str, Any]:
        facts = draft.facts
        return {
            "id": object_id,
            "calendar_id": self._calendar_id,
            "href": draft.href,
            "uid": facts.uid,
            "component": facts.component,
            "etag": draft.etag,
            "size": len(draft.text.encode()),
            "number": number,
            "owner_id": SYSTEM.account_id,
            "changed": self._now,
            "covered_from": facts.coverage.start if facts.coverage else None,
            "covered_until": facts.coverage.end if facts.coverage else None,
            "text": draft.text,
            "alias": alias_of(self._house.secret, self._calendar_id, draft.href),
        }

    def _occurrences(self, object_id: int, draft: Draft) -> list[dict[str, Any]]:
        return [
            {
                "object_id": object_id,
                "calendar_id": self._calendar_id,
                "reach": reach_of(one.end - one.start),
                "start": one.start,
                "end": one.end,
                "busy": int(one.busy),
            }
            for one in draft.facts.occurrences
        ]

    def _appointment(self, facts: Facts) -> list[dict[str, Any]]:
        """Return that of an object that says what kind of appointment it is."""
        if facts.slot is None or not facts.is_appointment:
            return []
        return [
            {
                "uid": facts.uid,
                "calendar_id": self._calendar_id,
                "doctor_id": self._doctor_id,
                "start": facts.slot.start,
                "end": facts.slot.end,
                "status": str(facts.status),
                "kind": facts.kind,
                "requires_confirmation": False,
            }
        ]


def _draft(event: Event, now: datetime) -> Draft:
    if event.start is None:
        return Draft(event.name, event.text, read(event.text, zone=_ZONE, now=now, limits=Limits()))
    start, end = (int(at.timestamp()) for at in (event.start, event.start + LENGTH))
    facts = Facts(
        uid=event.uid,
        component="VEVENT",
        occurrences=(Occupied(start, end, Busy.BUSY),),
        coverage=None,
        slot=Slot(event.start, event.start + LENGTH),
        status=Status.CONFIRMED,
        kind=KIND,
    )
    return Draft(event.name, event.text, facts)


def _logged(change: Change, seal: bytes) -> dict[str, Any]:
    row = {field.name: getattr(change, field.name) for field in fields(change)}
    return {**row, "kind": str(change.kind), "seal": seal}
