"""Calendars, objects, the time index and the log, in tables."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    true,
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
    Place,
    Span,
    View,
    check_calendar_name,
    check_object_name,
)
from practice.database.ledger import HOUSE
from practice.database.log import CHUNK, SqlLog, named, values_of_names
from practice.database.rows import (
    HEAD,
    WHOLE,
    Shape,
    calendar_of,
    head_of,
    object_of,
    of_shape,
    owned,
    shape_of,
    stored,
    values_of,
)
from practice.database.tables import (
    account_properties,
    calendars,
    grants,
    house,
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

_CALENDARS = select(calendars).order_by(calendars.c.name)
#: The house's row is told along with each.
_CALENDARS_IN_HOUSE = (
    select(calendars, *HOUSE)
    .select_from(house.outerjoin(calendars, true()))
    .order_by(calendars.c.name)
)
_CALENDAR = select(calendars).where(calendars.c.name == bindparam("name"))

_HERE = (objects.c.calendar_id == bindparam("calendar")) & (objects.c.href == bindparam("href"))
_HEAD = select(*HEAD).where(_HERE)
#: Only the object under the name comes with its text.
_PLACE = select(*HEAD, case((_HERE, objects.c.text)).label("text")).where(
    _HERE | (objects.c.uid == bindparam("uid"))
)
_UID_HOLDERS = select(*HEAD).where(objects.c.uid == bindparam("uid"))
_INDEX = (
    select(occurrences.c.start, occurrences.c.end, occurrences.c.busy)
    .where(occurrences.c.object_id == bindparam("object"))
    .order_by(occurrences.c.start, occurrences.c.end)
)

_CREATED = insert(objects).returning(objects.c.id)
_CHANGED = update(objects).where(objects.c.id == bindparam("this"))
#: Its part of the time index goes with it.
_REMOVED = delete(objects).where(_HERE).returning(*WHOLE)
_INDEXED = insert(occurrences)
_UNINDEXED = delete(occurrences).where(occurrences.c.object_id == bindparam("object"))


@lru_cache
def _objects_named(count: int, own: bool) -> Select[Any]:
    """Return the query of objects by their names in so many calendars."""
    return owned(select(*WHOLE).where(named(count)), objects, own)


@lru_cache
def _heads_of(shape: Shape) -> Select[Any]:
    return owned(select(*HEAD).where(of_shape(objects, shape)), objects, shape.own)


@lru_cache
def _objects_of(shape: Shape, by_component: bool) -> Select[Any]:
    query = select(*WHOLE).where(of_shape(objects, shape))
    return _narrowed(query, shape, by_component)


@lru_cache
def _objects_within(shape: Shape, by_component: bool) -> Select[Any]:
    """Return the query of objects with an occurrence in a span."""
    hits = union_all(*(select(occurrences.c.object_id).where(part) for part in overlapping(shape)))
    # By id alone: SQLite would take the calendar for the better way, and walk all of it.
    return _narrowed(select(*WHOLE).where(objects.c.id.in_(hits)), shape, by_component)


@lru_cache
def _objects_beyond(shape: Shape, by_component: bool) -> Select[Any]:
    """Return the query of endless series that are not indexed in all of a span."""
    query = select(*WHOLE).where(
        of_shape(objects, shape),
        objects.c.covered_until.is_not(None),
        or_(
            objects.c.covered_until < bindparam("span_end"),
            objects.c.covered_from > bindparam("span_start"),
        ),
    )
    return _narrowed(query, shape, by_component)


def _narrowed(query: Select[Any], shape: Shape, by_component: bool) -> Select[Any]:
    if by_component:
        query = query.where(objects.c.component == bindparam("component"))
    return owned(query, objects, shape.own)


@lru_cache
def _occupied(shape: Shape) -> CompoundSelect[Any]:
    """Return the query of occurrences in a span that are not free."""
    columns = (occurrences.c.start, occurrences.c.end, occurrences.c.busy)
    busy = occurrences.c.busy != int(Busy.FREE)
    others = occurrences.c.object_id != bindparam("left_out")
    parts = (select(*columns).where(part, busy, others) for part in overlapping(shape))
    if shape.own:
        joined = objects.c.id == occurrences.c.object_id
        parts = (owned(part.join(objects, joined), objects, own=True) for part in parts)
    return union_all(*parts)


class SqlCalendars(SqlLog):
    """The Calendars port; what changed is told by SqlLog."""

    # -- calendars ---------------------------------------------------------------------------

    def all(self) -> list[Calendar]:
        """See the port."""
        if self._ledger.is_open:
            rows = self._connection.execute(_CALENDARS).all()
        else:
            rows = self._connection.execute(_CALENDARS_IN_HOUSE).all()
            self._ledger.open(rows[0])
        return [calendar_of(row) for row in rows if row.id is not None]

    def find(self, name: str) -> Calendar | None:
        """See the port."""
        row = self._connection.execute(_CALENDAR, {"name": name}).first()
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
            query = _objects_named(len(hrefs), view.owner_id is not None)
            values = {**values_of_names(hrefs), "owner": view.owner_id}
            rows = self._connection.execute(query, values)
            found |= {(row.calendar_id, row.href): object_of(row) for row in rows}
        pairs = ((name, found.get((c.id, href))) for name, (c, href) in located.items())
        return {name: item for name, item in pairs if item is not None}

    def aliased(self, view: View, aliases: Iterable[str]) -> dict[str, CalendarObject]:
        """See the port."""
        wanted, visible = sorted(aliases), {source.id for source in view.sources}
        found = {}
        for start in range(0, len(wanted), CHUNK):
            some = objects.c.alias.in_(wanted[start : start + CHUNK])
            query = select(objects.c.alias, *WHOLE).where(some)
            query = owned(query, objects, view.owner_id is not None)
            for alias, *row in self._connection.execute(query, {"owner": view.owner_id}):
                item = object_of(row)
                if item.calendar_id in visible:
                    found[alias] = item
        return found

    def head(self, calendar: Calendar, href: str) -> ObjectHead | None:
        """See the port."""
        values = {"calendar": calendar.id, "href": href}
        row = self._connection.execute(_HEAD, values).first()
        return head_of(row) if row else None

    def listing(self, view: View) -> Iterator[ObjectHead]:
        """See the port."""
        for row in self._connection.execute(_heads_of(shape_of(view)), values_of(view)):
            yield head_of(row)

    def texts(self, view: View, component: str | None = None) -> Iterator[CalendarObject]:
        """See the port."""
        query = _objects_of(shape_of(view), component is not None)
        values = {**values_of(view), "component": component}
        options = {"yield_per": CHUNK}
        for row in self._connection.execute(query, values, execution_options=options):
            yield object_of(row)

    def within(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """See the port."""
        if span == Span():  # what has no occurrence left is somewhere in no time
            query = _objects_of(shape_of(view), component is not None)
        else:
            query = _objects_within(shape_of(view), component is not None)
        return self._objects(query, view, span, component, uid_part)

    def beyond(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """See the port."""
        query = _objects_beyond(shape_of(view), component is not None)
        return self._objects(query, view, span, component, uid_part)

    def _objects(
        self, query: Select[Any], view: View, span: Span, component: str | None, uid_part: str
    ) -> list[CalendarObject]:
        if uid_part:
            query = query.where(objects.c.uid.icontains(uid_part, autoescape=True))
        values = {**values_of(view), **bounds(span), "component": component}
        return [object_of(row) for row in self._connection.execute(query, values)]

    def occupied(self, view: View, span: Span, *, leave_out: int = 0) -> list[Occupied]:
        """See the port."""
        values = {**values_of(view), **bounds(span), "left_out": leave_out}
        rows = self._connection.execute(_occupied(shape_of(view)), values)
        return sorted(
            (Occupied(row.start, row.end, Busy(row.busy)) for row in rows), key=lambda o: o.start
        )

    def index_of(self, object_id: int) -> list[Occupied]:
        """See the port."""
        rows = self._connection.execute(_INDEX, {"object": object_id})
        return [Occupied(row.start, row.end, Busy(row.busy)) for row in rows]

    def uid_holders(self, uid: str) -> list[ObjectHead]:
        """See the port."""
        rows = self._connection.execute(_UID_HOLDERS, {"uid": uid})
        return [head_of(row) for row in rows]

    def place(self, calendar: Calendar, href: str, uid: str) -> Place:
        """See the port."""
        values = {"calendar": calendar.id, "href": href, "uid": uid}
        there, holders = None, []
        for row in self._connection.execute(_PLACE, values):
            if row.calendar_id == calendar.id and row.href == href:
                there = object_of(row)
            if row.uid == uid:
                holders.append(head_of(row[:-1]))
        return Place(there, tuple(holders))

    # -- writing objects ---------------------------------------------------------------------

    def save(self, calendar: Calendar, draft: Draft, place: Place | None = None) -> ObjectHead:
        """See the port."""
        check_object_name(draft.href)
        place = place or self.place(calendar, draft.href, draft.facts.uid)
        for holder in place.holders:
            if holder.calendar_id == calendar.id and holder.href != draft.href:
                raise UidTaken(holder.href)
        return self._write(calendar, draft, place.there)

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
            self._connection.execute(_CHANGED, {**columns, **more, "this": object_id})
            self._connection.execute(_UNINDEXED, {"object": object_id})
        else:
            object_id = self._connection.execute(_CREATED, {**columns, **more}).scalar_one()
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
        if rows:  # one is cheaper alone
            self._connection.execute(_INDEXED, rows if len(rows) > 1 else rows[0])

    def reindex(self, item: ObjectHead, facts: Facts) -> None:
        """See the port."""
        self._connection.execute(_CHANGED, {"this": item.id, **_coverage(facts)})
        self._connection.execute(_UNINDEXED, {"object": item.id})
        self._index(item.id, item.calendar_id, facts)

    def remove(self, calendar: Calendar, href: str) -> CalendarObject:
        """See the port."""
        values = {"calendar": calendar.id, "href": href}
        row = self._connection.execute(_REMOVED, values).first()
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
        return old


def _coverage(facts: Facts) -> dict[str, int | None]:
    covered = facts.coverage
    return {
        "covered_from": covered.start if covered else None,
        "covered_until": covered.end if covered else None,
    }
