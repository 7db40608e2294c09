"""Calendars, objects, the time index and the log, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Select,
    and_,
    delete,
    insert,
    or_,
    select,
    union_all,
    update,
)

from practice.calendars import (
    COMPONENTS,
    Calendar,
    CalendarKind,
    CalendarObject,
    ChangeKind,
    Draft,
    ObjectHead,
    Span,
    View,
    check_calendar_name,
    check_object_name,
)
from practice.database.log import CHUNK, SqlLog
from practice.database.rows import (
    HEAD,
    WHOLE,
    calendar_of,
    head_of,
    object_of,
    of_view,
    owned,
    stored,
)
from practice.database.tables import (
    account_properties,
    calendars,
    grants,
    objects,
    occurrences,
)
from practice.database.time_index import bounds, overlapping, reach_of
from practice.disguise import alias_of
from practice.errors import NameTaken, ObjectNotFound, UidTaken
from practice.log import CalendarEntry
from practice.vevent import Busy, Facts, Occupied

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


__all__ = ["SqlCalendars"]


class SqlCalendars(SqlLog):
    """The Calendars port; what changed is told by SqlLog."""

    # -- calendars ---------------------------------------------------------------------------

    def all(self) -> list[Calendar]:
        """See the port."""
        rows = self._connection.execute(select(calendars).order_by(calendars.c.name))
        return [calendar_of(row) for row in rows]

    def find(self, name: str) -> Calendar | None:
        """See the port."""
        row = self._connection.execute(select(calendars).where(calendars.c.name == name)).first()
        return calendar_of(row) if row else None

    def create(
        self,
        name: str,
        kind: CalendarKind,
        properties: Mapping[str, str],
        doctor_id: int | None = None,
        components: tuple[str, ...] = COMPONENTS,
        calendar_id: int | None = None,
    ) -> Calendar:
        """See the port."""
        check_calendar_name(name)
        if self.find(name):
            raise NameTaken(f"There is already a calendar '{name}'.")
        given = {} if calendar_id is None else {"id": calendar_id}
        made = self._connection.execute(
            insert(calendars)
            .values(
                **given,
                name=name,
                kind=kind,
                doctor_id=doctor_id,
                number=0,
                mark="",
                changed=self._ledger.now,
                components=",".join(components),
                properties=stored(properties),
            )
            .returning(calendars.c.id)
        ).scalar_one()
        self._log_calendar(made, None, CalendarEntry(properties, name, kind, doctor_id, components))
        found = self.find(name)
        assert found is not None  # noqa: S101 - just made, in this transaction
        return found

    def drop(self, calendar: Calendar) -> None:
        """See the port."""
        hrefs = self._connection.execute(
            select(objects.c.href).where(objects.c.calendar_id == calendar.id)
        ).scalars()
        for href in list(hrefs):
            self.remove(calendar, href)
        self._connection.execute(delete(grants).where(grants.c.calendar_id == calendar.id))
        personal = account_properties.c.calendar_id == calendar.id
        self._connection.execute(delete(account_properties).where(personal))
        self._connection.execute(delete(calendars).where(calendars.c.id == calendar.id))
        self._log_calendar(calendar.id, CalendarEntry.of(calendar), None)

    def set_properties(self, calendar: Calendar, properties: Mapping[str, str]) -> None:
        """See the port."""
        self._connection.execute(
            update(calendars)
            .where(calendars.c.id == calendar.id)
            .values(properties=stored(properties))
        )
        before, after = CalendarEntry.of(calendar), CalendarEntry.of(calendar, properties)
        self._log_calendar(calendar.id, before, after)

    def _log_calendar(
        self, calendar_id: int, before: CalendarEntry | None, after: CalendarEntry | None
    ) -> None:
        self._ledger.append(
            ChangeKind.PROPERTIES,
            calendar_id,
            owner_id=self._ledger.actor.account_id,
            before=before.stored() if before else None,
            after=after.stored() if after else None,
        )

    # -- reading objects ---------------------------------------------------------------------

    def get(self, view: View, names: Iterable[str]) -> Mapping[str, CalendarObject]:
        """See the port."""
        visible = {source.id for source in view.sources}
        located = {name: view.locate(name) for name in names}
        found: dict[tuple[int, str], CalendarObject] = {}
        wanted = [(c.id, href) for c, href in located.values() if c.id in visible]
        for start in range(0, len(wanted), CHUNK):
            hrefs: dict[int, list[str]] = {}
            for calendar_id, href in wanted[start : start + CHUNK]:
                hrefs.setdefault(calendar_id, []).append(href)
            named = or_(
                *(
                    and_(objects.c.calendar_id == calendar_id, objects.c.href.in_(some))
                    for calendar_id, some in hrefs.items()
                )
            )
            rows = self._connection.execute(owned(select(*WHOLE).where(named), objects, view))
            found |= {(row.calendar_id, row.href): object_of(row) for row in rows}
        pairs = ((name, found.get((c.id, href))) for name, (c, href) in located.items())
        return {name: item for name, item in pairs if item is not None}

    def aliased(self, view: View, aliases: Iterable[str]) -> dict[str, CalendarObject]:
        """See the port."""
        wanted, visible = sorted(aliases), {source.id for source in view.sources}
        found = {}
        for start in range(0, len(wanted), CHUNK):
            named = objects.c.alias.in_(wanted[start : start + CHUNK])
            query = owned(select(objects.c.alias, *WHOLE).where(named), objects, view)
            for alias, *row in self._connection.execute(query):
                item = object_of(row)
                if item.calendar_id in visible:
                    found[alias] = item
        return found

    def head(self, calendar: Calendar, href: str) -> ObjectHead | None:
        """See the port."""
        row = self._connection.execute(
            select(*HEAD).where(objects.c.calendar_id == calendar.id, objects.c.href == href)
        ).first()
        return head_of(row) if row else None

    def listing(self, view: View) -> Iterator[ObjectHead]:
        """See the port."""
        query = owned(select(*HEAD).where(of_view(objects, view)), objects, view)
        for row in self._connection.execute(query):
            yield head_of(row)

    def texts(self, view: View, component: str | None = None) -> Iterator[CalendarObject]:
        """See the port."""
        query = owned(select(*WHOLE).where(of_view(objects, view)), objects, view)
        if component:
            query = query.where(objects.c.component == component)
        for row in self._connection.execute(query.execution_options(yield_per=CHUNK)):
            yield object_of(row)

    def within(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """See the port."""
        if span == Span():  # what has no occurrence left is somewhere in no time
            query = select(*WHOLE).where(of_view(objects, view))
        else:
            hits = union_all(
                *(select(occurrences.c.object_id).where(part) for part in overlapping(view, span))
            )
            # By id alone: SQLite would take the calendar for the better way, and walk all of it.
            query = select(*WHOLE).where(objects.c.id.in_(hits))
        return self._objects(query, view, component, uid_part)

    def beyond(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """See the port."""
        start, end = bounds(span)
        query = select(*WHOLE).where(
            of_view(objects, view),
            objects.c.covered_until.is_not(None),
            or_(objects.c.covered_until < end, objects.c.covered_from > start),
        )
        return self._objects(query, view, component, uid_part)

    def _objects(
        self, query: Select[Any], view: View, component: str | None, uid_part: str
    ) -> list[CalendarObject]:
        query = owned(query, objects, view)
        if component:
            query = query.where(objects.c.component == component)
        if uid_part:
            query = query.where(objects.c.uid.icontains(uid_part, autoescape=True))
        return [object_of(row) for row in self._connection.execute(query)]

    def occupied(self, view: View, span: Span, *, leave_out: int = 0) -> list[Occupied]:
        """See the port."""
        columns = (occurrences.c.start, occurrences.c.end, occurrences.c.busy)
        busy = occurrences.c.busy != int(Busy.FREE)
        if leave_out:
            busy = and_(busy, occurrences.c.object_id != leave_out)
        parts = (select(*columns).where(part, busy) for part in overlapping(view, span))
        if view.owner_id is not None:
            own = objects.c.owner_id == view.owner_id
            joined = objects.c.id == occurrences.c.object_id
            parts = (part.join(objects, joined).where(own) for part in parts)
        rows = self._connection.execute(union_all(*parts))
        return sorted(
            (Occupied(row.start, row.end, Busy(row.busy)) for row in rows), key=lambda o: o.start
        )

    def index_of(self, object_id: int) -> list[Occupied]:
        """See the port."""
        columns = (occurrences.c.start, occurrences.c.end, occurrences.c.busy)
        rows = self._connection.execute(
            select(*columns)
            .where(occurrences.c.object_id == object_id)
            .order_by(occurrences.c.start, occurrences.c.end)
        )
        return [Occupied(row.start, row.end, Busy(row.busy)) for row in rows]

    def uid_holders(self, uid: str) -> list[ObjectHead]:
        """See the port."""
        rows = self._connection.execute(select(*HEAD).where(objects.c.uid == uid))
        return [head_of(row) for row in rows]

    # -- writing objects ---------------------------------------------------------------------

    def save(self, calendar: Calendar, draft: Draft) -> ObjectHead:
        """See the port."""
        check_object_name(draft.href)
        rows = self._connection.execute(
            select(*WHOLE).where(
                objects.c.calendar_id == calendar.id,
                or_(objects.c.href == draft.href, objects.c.uid == draft.facts.uid),
            )
        ).all()
        other = next((row.href for row in rows if row.href != draft.href), None)
        if other is not None:
            raise UidTaken(other)
        return self._write(calendar, draft, object_of(rows[0]) if rows else None)

    def _write(self, calendar: Calendar, draft: Draft, old: CalendarObject | None) -> ObjectHead:
        facts, ledger = draft.facts, self._ledger
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
            statement = update(objects).where(objects.c.id == object_id)
            self._connection.execute(statement.values(**columns, **more))
            self._connection.execute(
                delete(occurrences).where(occurrences.c.object_id == object_id)
            )
        else:
            inserted = insert(objects).values(**columns, **more).returning(objects.c.id)
            object_id = self._connection.execute(inserted).scalar_one()
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
        values = {"number": number, "changed": self._ledger.now}
        self._connection.execute(update(objects).where(this).values(values))

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
        if rows:
            self._connection.execute(insert(occurrences), rows)

    def reindex(self, item: ObjectHead, facts: Facts) -> None:
        """See the port."""
        self._connection.execute(
            update(objects).where(objects.c.id == item.id).values(**_coverage(facts))
        )
        self._connection.execute(delete(occurrences).where(occurrences.c.object_id == item.id))
        self._index(item.id, item.calendar_id, facts)

    def remove(self, calendar: Calendar, href: str) -> CalendarObject:
        """See the port."""
        row = self._connection.execute(
            select(*WHOLE).where(objects.c.calendar_id == calendar.id, objects.c.href == href)
        ).first()
        if row is None:
            raise ObjectNotFound("There is no such object in the calendar.")
        old = object_of(row)
        self._ledger.append(
            ChangeKind.REMOVED,
            calendar.id,
            href=href,
            uid=old.uid,
            owner_id=old.owner_id,
            before=old.text,
            after=None,
        )
        self._connection.execute(delete(occurrences).where(occurrences.c.object_id == old.id))
        self._connection.execute(delete(objects).where(objects.c.id == old.id))
        return old


def _coverage(facts: Facts) -> dict[str, int | None]:
    covered = facts.coverage
    return {
        "covered_from": covered.start if covered else None,
        "covered_until": covered.end if covered else None,
    }
