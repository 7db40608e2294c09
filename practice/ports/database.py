"""What units of work are begun from, and what one has.

Not here: the tables' ports, a module for each part of the practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from practice.access import Actor
    from practice.calendars import Calendar
    from practice.footing import Footing
    from practice.log import LogState
    from practice.messages import Receiver
    from practice.ports.appointments import AppointmentDetails, Appointments, Holds
    from practice.ports.calendars import Calendars, Feeds, Properties
    from practice.ports.house import House
    from practice.ports.outside import Answers, Disputes, Outbox, Receipts, Sources, Tasks
    from practice.ports.past import Acts, Figures, Traces, Trail
    from practice.ports.patients import Imports, Patients, PatientsInBulk
    from practice.ports.people import Accounts, SelfBookings, Sessions, SignIns

__all__ = ["Database", "Together", "Transactions", "UnitOfWork"]


class Transactions(Protocol):
    """What units of work are begun from."""

    def begin(
        self, *, actor: Actor, now: datetime, read_only: bool = False, snapshot: bool = True
    ) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work: one snapshot (read_only) of the moment it first reads, or one
        transaction that commits when the block ends without an exception and was not doomed.

        Without `snapshot`, what is only read is read statement by statement, each at its own
        moment; that saves two statements where a transaction is to look again anyway.

        A writing unit holds the counter's lock from the start, so writers come one after the
        other and numbers become visible in order. Raises DatabaseUnavailable or StorageFull,
        from `begin` or from anything within; then nothing was written.
        """


class Together(Transactions, Protocol):
    """Transactions of one thread, one after the other, that become durable at once.

    Each takes effect as a whole or not at all, and sees those before it. From the first that
    writes on, nobody else writes and all of them read what is not durable yet: what they lead to
    may be told only when the block has ended without an error.
    """

    @property
    def failed(self) -> bool:
        """Tell whether all of it is lost. Whatever is begun then raises why, and so does the
        end of the block.
        """


class Database(Transactions, Protocol):
    """One practice's database; several processes may hold one each."""

    def together(self) -> AbstractContextManager[Together]:
        """Open a block of transactions that are committed at its end, at once.

        Raises DatabaseUnavailable or StorageFull at the end of the block if they were not: then
        none of them has happened.
        """

    @property
    def glances_at_once(self) -> bool:
        """Tell whether `glance` takes microseconds and never waits: it needs no thread."""

    def glance(self, places: Sequence[int]) -> Mapping[int, Footing]:
        """Return where calendars (by id) or the HOUSE stand now; nothing of those there are not.

        One at a time. Raises DatabaseUnavailable.
        """

    def ready(self) -> bool:
        """Tell whether the database answers and has the tables of this version."""

    def close(self) -> None:
        """Give every connection back."""


class UnitOfWork(Protocol):
    """One snapshot or transaction, and the repositories within it."""

    @property
    def calendars(self) -> Calendars:
        """Calendars, objects and the log."""

    @property
    def properties(self) -> Properties:
        """What clients have set of objects, and accounts for themselves."""

    @property
    def appointments(self) -> Appointments:
        """Appointments."""

    @property
    def details(self) -> AppointmentDetails:
        """What only the practice knows of appointments."""

    @property
    def holds(self) -> Holds:
        """Slots kept for somebody."""

    @property
    def patients(self) -> Patients:
        """Patients."""

    @property
    def accounts(self) -> Accounts:
        """Accounts, credentials, grants, failed log-ins."""

    @property
    def outbox(self) -> Outbox:
        """Letters."""

    @property
    def house(self) -> House:
        """Doctors and rooms."""

    @property
    def actor(self) -> Actor:
        """Who causes the changes made here."""

    @property
    def now(self) -> datetime:
        """When they are made."""

    @property
    def epoch(self) -> str:
        """What names this database's log; a restored backup gets another one."""

    @property
    def secret(self) -> bytes:
        """The key of what views of less detail show in place of names; made with the database."""

    @property
    def feeds(self) -> Feeds:
        """Secret addresses."""

    @property
    def sources(self) -> Sources:
        """How the booking tools were last asked."""

    @property
    def receipts(self) -> Receipts:
        """Webhooks as they came."""

    @property
    def disputes(self) -> Disputes:
        """What the practice and the tools do not agree on."""

    @property
    def traces(self) -> Traces:
        """What is kept of a patient beside the record."""

    @property
    def imports(self) -> Imports:
        """Lists of patients that were given to the practice."""

    @property
    def patients_in_bulk(self) -> PatientsInBulk:
        """All patients, or many at once."""

    @property
    def acts(self) -> Acts:
        """Who did what, but for what the log of calendars tells."""

    @property
    def sessions(self) -> Sessions:
        """Who is signed in to pages."""

    @property
    def self_bookings(self) -> SelfBookings:
        """What patients booked themselves."""

    @property
    def sign_ins(self) -> SignIns:
        """Patients who want to sign in."""

    @property
    def answers(self) -> Answers:
        """What was answered to requests that may be sent again."""

    @property
    def figures(self) -> Figures:
        """What the overview counts."""

    @property
    def trail(self) -> Trail:
        """Both of them in one order."""

    @property
    def tasks(self) -> Tasks:
        """Work that somebody asked for and looks at."""

    @property
    def receivers(self) -> frozenset[Receiver]:
        """Who is told of appointments in this practice."""

    def doom(self) -> None:
        """Roll back at the end even if the block ends without an exception."""

    def log_state(self) -> LogState:
        """Return where the log is."""

    def footing(self, calendar: Calendar | None) -> Footing:
        """Return where a calendar, or the house, stands in this snapshot."""
