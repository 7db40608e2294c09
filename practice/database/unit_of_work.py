"""One snapshot or transaction, and the repositories within it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.database.accounts import SqlAccounts
from practice.database.acts import SqlActs
from practice.database.answers import SqlAnswers
from practice.database.appointments import SqlAppointments
from practice.database.calendars import SqlCalendars
from practice.database.details import SqlDetails
from practice.database.disputes import SqlDisputes
from practice.database.feeds import SqlFeeds
from practice.database.figures import SqlFigures
from practice.database.holds import SqlHolds
from practice.database.house import SqlHouse
from practice.database.imports import SqlImports
from practice.database.outbox import SqlOutbox
from practice.database.patients import SqlPatients
from practice.database.patients_in_bulk import SqlPatientsInBulk
from practice.database.properties import SqlProperties
from practice.database.receipts import SqlReceipts
from practice.database.self_bookings import SqlSelfBookings
from practice.database.sessions import SqlSessions
from practice.database.sign_ins import SqlSignIns
from practice.database.sources import SqlSources
from practice.database.tasks import SqlTasks
from practice.database.traces import SqlTraces
from practice.database.trail import SqlTrail
from practice.footing import HOUSE, Footing
from practice.log import mark_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from practice.calendars import Calendar
    from practice.database.ledger import Ledger
    from practice.log import LogState

__all__ = ["SqlUnitOfWork"]


class SqlUnitOfWork:
    """One snapshot or transaction. Made by `begin` of SqlDatabase and Together alone."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        actor, now = ledger.actor, ledger.now
        self.ledger = ledger
        self.connection = connection
        self.actor = actor
        self.now = now
        self.doomed = False
        self.calendars = SqlCalendars(connection, ledger)
        self.properties = SqlProperties(connection)
        self.appointments = SqlAppointments(connection)
        self.details = SqlDetails(connection)
        self.holds = SqlHolds(connection, now)
        self.patients = SqlPatients(connection)
        self.accounts = SqlAccounts(connection, ledger)
        self.outbox = SqlOutbox(connection, ledger)
        self.house = SqlHouse(connection)
        self.feeds = SqlFeeds(connection, now)
        self.sources = SqlSources(connection, now)
        self.receipts = SqlReceipts(connection, now)
        self.disputes = SqlDisputes(connection)
        self.imports = SqlImports(connection, now)
        self.patients_in_bulk = SqlPatientsInBulk(connection)
        self.acts = SqlActs(connection, actor, now)
        self.answers = SqlAnswers(connection, now)
        self.sessions = SqlSessions(connection, now)
        self.self_bookings = SqlSelfBookings(connection, now)
        self.sign_ins = SqlSignIns(connection, now)
        self.figures = SqlFigures(connection, now)
        self.trail = SqlTrail(connection)
        self.tasks = SqlTasks(connection, actor, now)
        self.traces = SqlTraces(connection, actor, now)
        self.receivers = ledger.receivers

    @property
    def epoch(self) -> str:
        """See the port."""
        return self.ledger.epoch

    @property
    def secret(self) -> bytes:
        """See the port."""
        return self.ledger.secret

    def doom(self) -> None:
        """See the port."""
        self.doomed = True

    def log_state(self) -> LogState:
        """See the port."""
        return self.ledger.state

    def footing(self, calendar: Calendar | None) -> Footing:
        """See the port."""
        ledger = self.ledger
        if calendar is None:
            place, number, mark = HOUSE, ledger.number, mark_of(ledger.state.seal)
        else:
            place, number, mark = calendar.id, calendar.number, calendar.mark
        return Footing(place, ledger.outside, ledger.forgotten, number, mark)
