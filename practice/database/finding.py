"""Finding objects, in tables: by name, by UID, by view, by time.

Not here: which time they take (`practice.database.occupied`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles

from practice.calendars import Calendar, CalendarObject, ObjectHead, Place, Span
from practice.database.log import CHUNK, SqlLog
from practice.database.prepared import Prepared
from practice.database.rows import (
    APPOINTMENT,
    HEAD,
    WHOLE,
    Shape,
    appointment_of,
    head_of,
    object_of,
    of_shape,
    owned,
    shape_of,
    values_of,
)
from practice.database.tables import appointments, house, objects, occurrences, patients
from practice.database.time_index import bounds, overlapping
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["SqlFinding"]

#: The object under a name in a calendar.
_HERE = (objects.c.calendar_id == bindparam("calendar")) & (objects.c.href == bindparam("href"))
_HEAD = Prepared(select(*HEAD).where(_HERE))


class _DrawnId(ColumnElement[int]):
    """The id of the next object where the database draws ids ahead, which saves the turn in which
    it would tell that of a row just made.
    """

    inherit_cache = True
    type = objects.c.id.type


@compiles(_DrawnId)
def _not_drawn(*_: object, **__: object) -> str:
    return "NULL"


@compiles(_DrawnId, "postgresql")
def _drawn(*_: object, **__: object) -> str:
    return "nextval(pg_get_serial_sequence('objects', 'id'))"


_UID = bindparam("uid", type_=objects.c.uid.type)
#: Only the object under the name comes with its text. The house is there to have a row.
_PLACE = Prepared(
    select(
        *WHOLE[:-1],
        case((_HERE, objects.c.text)).label("text"),
        case((objects.c.id.is_(None), _DrawnId())),
        func.coalesce(patients.c.merged_into, patients.c.id).label("patient"),
        *APPOINTMENT,
    ).select_from(
        house.outerjoin(objects, _HERE | (objects.c.uid == _UID))
        .outerjoin(appointments, appointments.c.uid == _UID)
        .outerjoin(patients, patients.c.number == bindparam("number"))
    )
)
_HOLDER = objects.alias("holder")
_STANDING = Prepared(
    select(*WHOLE, *(_HOLDER.c[column.key] for column in HEAD), *APPOINTMENT)
    .select_from(
        objects.join(_HOLDER, _HOLDER.c.uid == objects.c.uid).outerjoin(
            appointments, appointments.c.uid == objects.c.uid
        )
    )
    .where(_HERE)
)
_UID_HOLDERS = Prepared(select(*HEAD).where(objects.c.uid == bindparam("uid")))


def _named(calendars: int) -> ColumnElement[bool]:
    """Return the condition that an object has one of the names in one of so many calendars."""
    return or_(
        *(
            and_(
                objects.c.calendar_id == bindparam(f"calendar_{one}"),
                objects.c.href.in_(bindparam(f"names_{one}", expanding=True)),
            )
            for one in range(calendars)
        )
    )


def _values_of_names(hrefs: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    """Return the values of `_named`, from the names in each calendar."""
    values: dict[str, Any] = {}
    for one, (calendar_id, some) in enumerate(hrefs.items()):
        values |= {f"calendar_{one}": calendar_id, f"names_{one}": some}
    return values


@lru_cache
def _object_here(own: bool) -> Prepared:
    """Return the query of the object under one name: what most ask for."""
    return Prepared(owned(select(*WHOLE).where(_HERE), objects, own))


@lru_cache
def _objects_named(count: int, own: bool) -> Select[Any]:
    """Return the query of objects by their names in so many calendars."""
    return owned(select(*WHOLE).where(_named(count)), objects, own)


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


@lru_cache
def _prepared(query: Select[Any]) -> Prepared:
    """Return one of the queries above for running it as it is."""
    return Prepared(query)


def _narrowed(query: Select[Any], shape: Shape, by_component: bool) -> Select[Any]:
    if by_component:
        query = query.where(objects.c.component == bindparam("component"))
    return owned(query, objects, shape.own)


class SqlFinding(SqlLog):
    """The part of the Calendars port that finds objects."""

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
            rows = self._named(hrefs, view.owner_id)
            found |= {(row.calendar_id, row.href): object_of(row) for row in rows}
        pairs = ((name, found.get((c.id, href))) for name, (c, href) in located.items())
        return {name: item for name, item in pairs if item is not None}

    def _named(self, hrefs: Mapping[int, Sequence[str]], owner_id: int | None) -> Iterable[Any]:
        """Return the rows of objects by the names in each calendar."""
        own = owner_id is not None
        calendar_id, some = next(iter(hrefs.items()))
        if len(hrefs) == len(some) == 1:
            here = {"calendar": calendar_id, "href": some[0], "owner": owner_id}
            return _object_here(own).all(self._connection, here)
        values = {**_values_of_names(hrefs), "owner": owner_id}
        return self._connection.execute(_objects_named(len(hrefs), own), values)

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
        row = _HEAD.first(self._connection, values)
        return head_of(row) if row else None

    def listing(self, view: View) -> Iterator[ObjectHead]:
        """See the port."""
        for row in self._connection.execute(_heads_of(shape_of(view)), values_of(view)):
            yield head_of(row)

    def texts(self, view: View, component: str | None = None) -> Iterator[CalendarObject]:
        """See the port."""
        query = _objects_of(shape_of(view), bool(component))
        values = {**values_of(view), "component": component}
        options = {"yield_per": CHUNK}
        for row in self._connection.execute(query, values, execution_options=options):
            yield object_of(row)

    def within(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """See the port."""
        if span == Span():  # what has no occurrence left is somewhere in no time
            query = _objects_of(shape_of(view), bool(component))
        else:
            query = _objects_within(shape_of(view), bool(component))
        return self._objects(query, view, span, component, uid_part)

    def beyond(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """See the port."""
        query = _objects_beyond(shape_of(view), bool(component))
        return self._objects(query, view, span, component, uid_part)

    def _objects(
        self, query: Select[Any], view: View, span: Span, component: str | None, uid_part: str
    ) -> list[CalendarObject]:
        values = {**values_of(view), **bounds(span), "component": component}
        if not uid_part:
            return [object_of(row) for row in _prepared(query).all(self._connection, values)]
        query = query.where(objects.c.uid.icontains(uid_part, autoescape=True))
        return [object_of(row) for row in self._connection.execute(query, values)]

    def uid_holders(self, uid: str) -> list[ObjectHead]:
        """See the port."""
        rows = _UID_HOLDERS.all(self._connection, {"uid": uid})
        return [head_of(row) for row in rows]

    def _object(self, calendar: Calendar, href: str) -> CalendarObject | None:
        values = {"calendar": calendar.id, "href": href}
        row = _object_here(own=False).first(self._connection, values)
        return object_of(row) if row else None

    def standing(self, calendar: Calendar, href: str) -> Place | None:
        """See the port."""
        rows = _STANDING.all(self._connection, {"calendar": calendar.id, "href": href})
        if not rows:
            return None
        there = object_of(rows[0][: len(WHOLE)])
        holders = (head_of(row[len(WHOLE) : -len(APPOINTMENT)]) for row in rows)
        behind = rows[0][-len(APPOINTMENT) :]
        return Place(there, tuple(holders), None if behind[0] is None else appointment_of(behind))

    def place(self, calendar: Calendar, href: str, uid: str, number: str = "") -> Place:
        """See the port."""
        values = {"calendar": calendar.id, "href": href, "uid": uid, "number": number}
        there, holders = None, []
        rows = _PLACE.all(self._connection, values)
        for row in rows:
            _, calendar_id, name, has, *_ = row
            if calendar_id == calendar.id and name == href:
                there = object_of(row[: len(WHOLE)])
            if has == uid:
                holders.append(head_of(row[: len(HEAD)]))
        drawn, patient_id, *behind = rows[0][len(WHOLE) :]
        appointment = None if behind[0] is None else appointment_of(behind)
        return Place(there, tuple(holders), appointment, patient_id, drawn)
