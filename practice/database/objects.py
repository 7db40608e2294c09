"""Writing objects and their time index, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from practice.calendars import (
    Calendar,
    CalendarObject,
    ChangeKind,
    Draft,
    ObjectHead,
    Place,
    check_object_name,
)
from practice.database.finding import SqlFinding
from practice.database.prepared import Prepared, only
from practice.database.tables import objects, occurrences
from practice.database.time_index import reach_of
from practice.disguise import alias_of
from practice.errors import ObjectNotFound, UidTaken

if TYPE_CHECKING:
    from practice.vevent import Facts

__all__ = ["SqlObjects"]

_SET = tuple(column.key for column in objects.columns if not column.primary_key)
_CREATED = Prepared(insert(objects).returning(objects.c.id), *_SET)
_DRAWN = Prepared(insert(objects), "id", *_SET)
_CHANGED = update(objects).where(objects.c.id == bindparam("this"))
_REPLACED = Prepared(_CHANGED, *_SET)
#: Its part of the time index goes with it.
_REMOVED = Prepared(delete(objects).where(objects.c.id == bindparam("this")))
_INDEXED = Prepared(insert(occurrences), *occurrences.columns.keys())
_UNINDEXED = Prepared(delete(occurrences).where(occurrences.c.object_id == bindparam("object")))


class SqlObjects(SqlFinding):
    """The part of the Calendars port that writes objects."""

    def save(self, calendar: Calendar, draft: Draft, place: Place | None = None) -> ObjectHead:
        """See the port."""
        check_object_name(draft.href)
        place = place or self.place(calendar, draft.href, draft.facts.uid)
        for holder in place.holders:
            if holder.calendar_id == calendar.id and holder.href != draft.href:
                raise UidTaken(holder.href)
        return self._write(calendar, draft, place)

    def _write(self, calendar: Calendar, draft: Draft, place: Place) -> ObjectHead:
        facts, ledger, old = draft.facts, self._ledger, place.there
        made_by = ledger.actor.account_id if draft.owner_id is None else draft.owner_id
        owner_id = old.owner_id if old else made_by
        number = ledger.append(
            ChangeKind.CHANGED if old else ChangeKind.CREATED,
            calendar.id,
            href=draft.href,
            uid=facts.uid,
            owner_id=owner_id,
            before=old.text if old else None,
            after=draft.text,
        )
        columns: dict[str, Any] = {
            "calendar_id": calendar.id,
            "href": draft.href,
            "uid": facts.uid,
            "component": facts.component,
            "etag": draft.etag,
            "size": len(draft.text.encode()),
            "number": number,
            "owner_id": owner_id,
            "changed": ledger.now,
        }
        more = {
            **_coverage(facts),
            "text": draft.text,
            "alias": alias_of(ledger.secret, calendar.id, draft.href),
        }
        if old:
            object_id = old.id
            _REPLACED.later(self._connection, {**columns, **more, "this": object_id})
            _UNINDEXED.later(self._connection, {"object": object_id})
        elif place.drawn is not None:
            object_id = place.drawn
            _DRAWN.later(self._connection, {**columns, **more, "id": object_id})
        else:
            object_id = only(_CREATED.along(self._connection, {**columns, **more})).id
        self._index(object_id, calendar.id, facts)
        return ObjectHead(id=object_id, **columns)

    def touch(self, head: ObjectHead) -> None:
        """See the port."""
        this = objects.c.id == head.id
        text = self._connection.execute(select(objects.c.text).where(this)).scalar_one()
        number = self._ledger.append(
            ChangeKind.CHANGED,
            head.calendar_id,
            href=head.href,
            uid=head.uid,
            owner_id=head.owner_id,
            before=text,
            after=text,
        )
        values = {"this": head.id, "number": number, "changed": self._ledger.now}
        self._connection.execute(_CHANGED, values)

    def _index(self, object_id: int, calendar_id: int, facts: Facts) -> None:
        rows = [
            {
                "object_id": object_id,
                "calendar_id": calendar_id,
                "reach": reach_of(o.end - o.start),
                "start": o.start,
                "end": o.end,
                "busy": int(o.busy),
            }
            for o in facts.occurrences
        ]
        if len(rows) == 1:
            _INDEXED.later(self._connection, rows[0])
        elif rows:
            self._connection.execute(_INDEXED.statement, rows)

    def reindex(self, item: ObjectHead, facts: Facts) -> None:
        """See the port."""
        self._connection.execute(_CHANGED, {"this": item.id, **_coverage(facts)})
        _UNINDEXED.run(self._connection, {"object": item.id})
        self._index(item.id, item.calendar_id, facts)

    def remove(
        self, calendar: Calendar, href: str, there: CalendarObject | None = None
    ) -> CalendarObject:
        """See the port."""
        old = there or self._object(calendar, href)
        if old is None:
            raise ObjectNotFound("There is no such object in the calendar.")
        _REMOVED.later(self._connection, {"this": old.id})
        self._ledger.append(
            ChangeKind.REMOVED,
            calendar.id,
            href=href,
            uid=old.uid,
            owner_id=old.owner_id,
            before=old.text,
            after=None,
        )
        return old


def _coverage(facts: Facts) -> dict[str, int | None]:
    covered = facts.coverage
    return {
        "covered_from": covered.start if covered else None,
        "covered_until": covered.end if covered else None,
    }
