"""Calendars, in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, true, update

from practice.calendars import COMPONENTS, Calendar, CalendarKind, ChangeKind, check_calendar_name
from practice.database.ledger import HOUSE
from practice.database.objects import SqlObjects
from practice.database.occupied import SqlOccupied
from practice.database.prepared import Prepared
from practice.database.rows import CALENDAR, calendar_of, stored
from practice.database.tables import account_properties, calendars, grants, house, objects
from practice.errors import NameTaken
from practice.log import CalendarEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SqlCalendars"]

#: The house's row is told along with each.
_CALENDARS = Prepared(
    select(*CALENDAR, *HOUSE)
    .select_from(house.outerjoin(calendars, true()))
    .order_by(calendars.c.name)
)
_CALENDAR = Prepared(select(*CALENDAR).where(calendars.c.name == bindparam("name")))


class SqlCalendars(SqlObjects, SqlOccupied):
    """The Calendars port; what is in calendars is told by SqlObjects, which time that takes by
    SqlOccupied, what changed by SqlLog.
    """

    def all(self) -> list[Calendar]:
        """See the port."""
        return [self._ledger.touched(one) for one in self._ledger.once("calendars", self._stored)]

    def _stored(self) -> Sequence[Calendar]:
        """Return all calendars as their rows tell; see `Ledger.touched`."""
        ledger = self._ledger
        committed = not ledger.has_written
        known = ledger.known_calendars.at(ledger.seal) if committed and ledger.is_open else None
        if known is not None:
            return known
        rows = _CALENDARS.all(self._connection)
        read = [calendar_of(row) for row in rows if row.id is not None]
        if committed:
            # Without a snapshot, the log may have gone on since the ledger was opened.
            ledger.open(rows[0])
            ledger.known_calendars.keep(ledger.seal, read)
        return read

    def find(self, name: str) -> Calendar | None:
        """See the port."""
        row = _CALENDAR.first(self._connection, {"name": name})
        return self._ledger.touched(calendar_of(row)) if row else None

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
        self._ledger.unsee()
        self._ledger.append(
            ChangeKind.PROPERTIES,
            calendar_id,
            owner_id=self._ledger.actor.account_id,
            before=before.stored() if before else None,
            after=after.stored() if after else None,
        )
