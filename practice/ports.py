"""What the practice needs of a database, as Protocols: the contract in one place.

`practice.database` implements them over SQLite and PostgreSQL; one contract suite runs over
both. Use cases take a UnitOfWork first and never begin or commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from practice.calendars import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from typing import Any

    from practice.access import Account, Actor, Level
    from practice.accounts import Credential, Doctor, Room
    from practice.acts import Act, ActQuestion, Kind
    from practice.answers import GivenAnswer
    from practice.appointments import Appointment, Slot, Status
    from practice.calendars import (
        Calendar,
        CalendarKind,
        CalendarObject,
        Change,
        Changes,
        Draft,
        HoldsOf,
        ObjectHead,
        Page,
        Place,
        Span,
        View,
    )
    from practice.conflicts import Dispute, DisputeState
    from practice.details import Booked, Category, Details, Held, Key, Question
    from practice.erasures import ErasedChange, Erasure
    from practice.feeds import Feed
    from practice.footing import Footing
    from practice.imports import Choice, Import, ImportRow, RowVerdict
    from practice.letters import Letter, LetterState
    from practice.log import LogQuestion, LogState
    from practice.lookup import Near, Ways
    from practice.messages import Message, Receiver
    from practice.overview import Delivery, Fault, Queue, Request, TaskGlance, Webhooks
    from practice.patients import Patient, PatientRecord
    from practice.schedule import AppointmentType, BookingRules, HoursException
    from practice.sessions import Session
    from practice.sign_ins import SignIn
    from practice.sources import Receipt, ReceiptState, SourceState
    from practice.tasks import Task, TaskState
    from practice.trail import Key as TrailKey
    from practice.trail import Part, TrailQuestion
    from practice.vevent import Facts, Occupied

    #: What an act was done to, and what there was before and after it.
    Told = tuple[object, Mapping[str, Any] | None, Mapping[str, Any] | None]

__all__ = [
    "Accounts",
    "Acts",
    "Answers",
    "AppointmentDetails",
    "Appointments",
    "Calendars",
    "Database",
    "Disputes",
    "Feeds",
    "Figures",
    "Holds",
    "House",
    "Imports",
    "Outbox",
    "Patients",
    "PatientsInBulk",
    "Properties",
    "Receipts",
    "Sessions",
    "SignIns",
    "Sources",
    "Tasks",
    "Together",
    "Traces",
    "Trail",
    "Transactions",
    "UnitOfWork",
]


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


class Calendars(Protocol):
    """Calendars, their objects, and the log of their changes."""

    def all(self) -> list[Calendar]:
        """Return every calendar, by name, from one statement."""

    def find(self, name: str) -> Calendar | None:
        """Return the calendar with this name (not an alias)."""

    def create(
        self,
        name: str,
        kind: CalendarKind,
        properties: Mapping[str, str],
        doctor_id: int | None = None,
        components: tuple[str, ...] = COMPONENTS,
        calendar_id: int | None = None,
    ) -> Calendar:
        """Make a calendar that takes these components; raises InvalidName or NameTaken.

        `calendar_id` is given only for one that was dropped and comes back.
        """

    def drop(self, calendar: Calendar) -> None:
        """Remove a calendar and its objects; each removal is a change in the log."""

    def set_properties(self, calendar: Calendar, properties: Mapping[str, str]) -> None:
        """Replace the properties; takes the next change number."""

    def get(self, view: View, names: Iterable[str]) -> Mapping[str, CalendarObject]:
        """Return the objects that stand under these names in the view, with their texts."""

    def aliased(self, view: View, aliases: Iterable[str]) -> Mapping[str, CalendarObject]:
        """Return the objects of the view that are known by these aliases (`practice.disguise`)."""

    def head(self, calendar: Calendar, href: str) -> ObjectHead | None:
        """Return one object without its text, whoever owns it."""

    def listing(self, view: View) -> Iterator[ObjectHead]:
        """Yield every object of the view, without texts."""

    def texts(self, view: View, component: str | None = None) -> Iterator[CalendarObject]:
        """Yield every object of the view, or of one kind, with texts, a few at a time."""

    def within(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """Return the objects with an occurrence in `span`, by the index alone.

        Endless series are in it as far as their coverage goes; an open span has every object.
        `uid_part` narrows it to UIDs that have it in them, upper case or lower.
        """

    def beyond(
        self, view: View, span: Span, component: str | None, uid_part: str = ""
    ) -> list[CalendarObject]:
        """Return the endless series whose coverage leaves out a part of `span`."""

    def occupied(
        self, view: View, span: Span, *, leave_out: int = 0, held: HoldsOf | None = None
    ) -> list[Occupied]:
        """Return the occurrences in `span` that are not free, by start, by the index alone.

        Those of the object with the id `leave_out` are not among them. With `held`, so is the
        time that somebody holds of a doctor; from one statement.
        """

    def occupied_each(
        self, view: View, span: Span, *, leave_out: int = 0
    ) -> Mapping[int, list[tuple[int, int]]]:
        """Return what is not free in `span`, in seconds, by start, for each source of the view by
        its id; by the index alone, from one statement. Not the object with the id `leave_out`.
        """

    def uid_holders(self, uid: str) -> list[ObjectHead]:
        """Return the objects with this UID in any calendar, without texts."""

    def place(self, calendar: Calendar, href: str, uid: str, number: str = "") -> Place:
        """Return what stands under a name in the calendar, whoever owns it, who has the UID, its
        appointment, and the patient of a number; from one statement. Asked by who may write.
        """

    def save(self, calendar: Calendar, draft: Draft, place: Place | None = None) -> ObjectHead:
        """Create or overwrite `draft.href`; takes the next change number.

        `place` is what `place` told of this calendar, name and UID, if nothing was written since.
        Raises UidTaken when the UID stands in the calendar under another name.
        """

    def reindex(self, item: ObjectHead, facts: Facts) -> None:
        """Write the time index of an object anew, from facts of the text it has; no change."""

    def touch(self, head: ObjectHead) -> None:
        """Take the next change number for an object whose text stays as it is.

        For what views of less detail show of it and the text does not say: whose it is.
        """

    def standing(self, calendar: Calendar, href: str) -> Place | None:
        """Return what stands under a name in the calendar, whoever owns it, who has its UID, and
        its appointment, from one statement; None if there is nothing.
        """

    def remove(
        self, calendar: Calendar, href: str, there: CalendarObject | None = None
    ) -> CalendarObject:
        """Remove an object; takes the next change number. Raises ObjectNotFound.

        `there` is the object, if it was read in this transaction and nothing was written since.
        """

    def changes_since(self, view: View, number: int, mark: str | None = None) -> Changes:
        """Return what changed after `number`.

        Raises ChangesForgotten, also when the change of that number has another mark: then the
        number is from another history, before a backup was restored.
        """

    def changes_page(self, view: View, number: int, mark: str | None, limit: int) -> Page:
        """Return the first `limit` members that changed after `number`, in the order of numbers.

        What was removed is among them even if it was made after `number`. Raises ChangesForgotten
        as `changes_since` does.
        """

    def listing_page(self, view: View, after: int, until: int, limit: int) -> Page:
        """Return the first `limit` objects whose last change has a number from after + 1 to
        `until`, in the order of numbers.
        """

    def index_of(self, object_id: int) -> list[Occupied]:
        """Return the time index of one object, by start and end."""

    def log(self, after: int, limit: int) -> list[Change]:
        """Return rows of the log after a number, in order."""

    def search_log(
        self, question: LogQuestion, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[Change]:
        """Yield the rows of the log that are asked for, by number, a few at a time.

        Nothing is to be written before the last one is taken.
        """

    def number_at(self, moment: datetime) -> int | None:
        """Return the number of the last change made until `moment`; 0 before the first.

        None when the log no longer reaches back to it.
        """

    def older_than(self, moment: datetime) -> int:
        """Return the last number before the first change made at `moment` or later."""

    def forget(self, number: int) -> None:
        """Delete the log's rows up to a number whose row is there; what they did stays done.

        `changes_since` refuses numbers before it from then on. Costs what is deleted.
        """


class Properties(Protocol):
    """Properties that clients set of objects, and each account for itself; by name."""

    def of_objects(
        self, view: View, objects: Sequence[ObjectHead]
    ) -> Mapping[int, Mapping[str, str]]:
        """Return the properties of objects of the view, by object id, from one statement."""

    def set_of_object(self, object_id: int, properties: Mapping[str, str]) -> None:
        """Replace the properties of an object."""

    def of_account(
        self, account: Account, places: Sequence[int] | None = None
    ) -> Mapping[int, Mapping[str, str]]:
        """Return what an account has set for itself, by place (None: everywhere).

        A place is the id of a calendar, 0 for the account's principal, -1 for the home,
        -2 for its inbox.
        """

    def set_of_account(self, account: Account, place: int, properties: Mapping[str, str]) -> None:
        """Replace what an account has set for itself of a place."""


class Appointments(Protocol):
    """Appointments, found by UID or booking."""

    def get(self, appointment_id: int) -> Appointment | None:
        """Return an appointment by its id."""

    def by_uid(self, uid: str) -> Appointment | None:
        """Return the appointment linked to a UID."""

    def by_booking(self, source: str, ids: Sequence[str]) -> Mapping[str, Appointment]:
        """Return the appointments that came from these bookings, by booking id."""

    def of_source(self, source: str, window: Slot) -> Iterator[Appointment]:
        """Yield what came from a source and starts within `window`, and is not cancelled."""

    def of_patient(
        self,
        patient_id: int,
        moment: datetime,
        limit: int,
        after: tuple[datetime, int] | None = None,
        *,
        past: bool = False,
        cancelled: bool = False,
    ) -> list[Appointment]:
        """Return a patient's appointments that end after a moment, by start and id; or (`past`)
        those that have ended, the last first. `after` are start and id of the one before.
        """

    def next_of_patients(
        self, patient_ids: Collection[int], moment: datetime
    ) -> Mapping[int, Appointment]:
        """Return of each of some patients the first that is on and ends after a moment."""

    def in_rooms(self, room_ids: Collection[int], slot: Slot) -> list[Appointment]:
        """Return those in some rooms that are on and take a part of the slot."""

    def all_of_patient(self, patient_id: int, slot: Slot | None = None) -> list[Appointment]:
        """Return a patient's, by start; with a slot, those that are on and take a part of it."""

    def of_types(self, type_ids: Collection[int], slot: Slot) -> list[tuple[Appointment, int]]:
        """Return those of some types that are on and take a part of the slot, each
        with the id of its type.
        """

    def to_remind(self, window: Slot) -> list[Appointment]:
        """Return the confirmed ones that start within `window`, of whose time patients who agreed
        to that were not reminded yet.
        """

    def note_reminded(self, appointment: Appointment) -> None:
        """Note that the patient is reminded of an appointment at the time that it has."""

    def save(self, appointment: Appointment) -> Appointment:
        """Store a new one (id 0) or change it; return it with its id."""

    def all(self) -> Iterator[Appointment]:
        """Yield every appointment."""


class AppointmentDetails(Protocol):
    """What only the practice knows of appointments, and finding these."""

    def of(self, appointment_id: int) -> Details | None:
        """Return what is known of an appointment; None if nobody noted anything."""

    def save(self, kept: Details) -> None:
        """Keep what is known of an appointment."""

    def booked(self, appointment_id: int) -> Booked | None:
        """Return an appointment with everything about it; two statements."""

    def booked_all(self, ids: Collection[int]) -> Mapping[int, Booked]:
        """Return some appointments by id, each with everything about it; two statements."""

    def search(self, question: Question, after: Key | None, limit: int) -> list[Booked]:
        """Return the first appointments that are asked for, by start and id, that come after
        `after`; two statements, and the cost of what is returned where the time is asked for.
        """

    def to_come(
        self,
        since: datetime | None,
        *,
        doctor_id: int | None = None,
        room_id: int | None = None,
        type_ids: Collection[int] = (),
    ) -> int:
        """Count the appointments that are on and start at `since` or later; None: ever, also those
        that are cancelled.
        """


class Holds(Protocol):
    """Slots kept for somebody who is about to book; those that are over are as if never there."""

    def add(self, held: Held) -> Held:
        """Keep a slot; return it with its id."""

    def by_secret(self, secret: str) -> Held | None:
        """Return the hold whose secret has this digest."""

    def within(self, slot: Slot) -> list[Held]:
        """Return those that take a part of the slot."""

    def count(self, network: str) -> int:
        """Count those of a network."""

    def remove(self, ids: Collection[int]) -> None:
        """Remove some."""

    def forget(self) -> None:
        """Delete those that are over."""


class Patients(Protocol):
    """Patients, found by what records share with them."""

    def candidates(self, records: Sequence[PatientRecord]) -> list[Patient]:
        """Return the patients sharing number, tool id, insurance number or match key with any of
        the records, and who these were found to be.
        """

    def get(self, ids: Iterable[int]) -> Mapping[int, Patient]:
        """Return patients by id."""

    def behind(self, uids: Iterable[str]) -> Mapping[str, Patient]:
        """Return the patients of the appointments with these UIDs, by UID."""

    def uids_of(self, patient_id: int) -> list[str]:
        """Return the UIDs of a patient's appointments."""

    def by_number(self, number: str) -> Patient | None:
        """Return the patient with this number."""

    def with_email(self, email: str) -> list[Patient]:
        """Return who is found by an e-mail address, in capitals or not, by id."""

    def with_tool_id(self, booking_system_id: str) -> Patient | None:
        """Return the patient that a booking tool knows by this id."""

    def merged_into(self, patient_id: int) -> list[Patient]:
        """Return those who were found to be this patient."""

    def page(
        self,
        limit: int,
        after: tuple[str, int] | None = None,
        *,
        to_review: bool | None = None,
        linked: bool | None = None,
    ) -> list[Patient]:
        """Return patients by last name, first name and id (`practice.lookup.order_key`), those
        `after` a key and an id; without those who were found to be others.
        """

    def words_near(self, wanted: Sequence[Near]) -> set[str]:
        """Return all words of names that may be one typo away from any of these, and others; from
        one statement.
        """

    def ranked(
        self, asked: Sequence[tuple[Ways, Collection[str]]], limit: int
    ) -> list[tuple[Patient, int]]:
        """Return who fits every word that is asked for, which is not none, with what that is
        worth, the best first; from one statement. With each word come others it may stand for.
        """

    def save(self, patient: Patient, before: Patient | None = None) -> Patient:
        """Store a new one (id 0; an empty number is given out) or change it, and by what it is
        looked for. `before` is the one stored; without it, more is written.
        """

    def remove(self, patient: Patient) -> None:
        """Remove a patient that nothing refers to any more (see `Traces.let_go`)."""


class PatientsInBulk(Protocol):
    """Many patients at once, in statements whose number does not grow with them as fast."""

    def all(self) -> Iterator[Patient]:
        """Yield every patient, by id, a few at a time; those who are others now as well."""

    def taken(
        self, numbers: Collection[str], tool_ids: Collection[str]
    ) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Return whose these numbers and ids in the booking tool are."""

    def add(self, new: Sequence[Patient]) -> list[Patient]:
        """Store new patients; return them in this order. Empty numbers are given out."""

    def change(self, changed: Sequence[Patient]) -> None:
        """Store patients that are there already; what calendars show is the caller's to look to."""

    def referred_to(self, ids: Collection[int], but_for_import: int) -> set[int]:
        """Return which of some patients something refers to, other than plans and that import."""

    def remove(self, ids: Collection[int]) -> None:
        """Remove patients that nothing refers to but an import's rows, and what was decided of
        them.
        """


class Imports(Protocol):
    """Lists of patients, the rows of their plans, and what was decided of rows."""

    def add(self, new: Import) -> Import:
        """Store a new one."""

    def get(self, import_id: int) -> Import:
        """Return one; raises ImportNotFound."""

    def page(self, limit: int, before: int | None = None) -> list[Import]:
        """Return imports, the last first, those before an id."""

    def save(self, changed: Import) -> None:
        """Change one."""

    def remove(self, import_id: int) -> None:
        """Remove one and its rows; what was decided stays."""

    def add_rows(self, import_id: int, rows: Sequence[ImportRow]) -> None:
        """Store the rows of a plan, each line once."""

    def save_rows(self, import_id: int, rows: Sequence[ImportRow]) -> None:
        """Change rows, but for what the list says."""

    def rows(
        self,
        import_id: int,
        after: int = 0,
        limit: int = 500,
        verdict: RowVerdict | None = None,
        *,
        waiting: bool = False,
    ) -> list[ImportRow]:
        """Return rows by line, those after one; only those of a verdict, or those that are
        still to be applied.
        """

    def done_rows(self, import_id: int, before: int, limit: int = 500) -> list[ImportRow]:
        """Return applied rows, the last line first, those before a line."""

    def row(self, import_id: int, line: int) -> ImportRow:
        """Return one row; raises ImportNotFound."""

    def patients_of(self, import_id: int, lines: Collection[int]) -> Mapping[int, int | None]:
        """Return whom some rows are about, by line; at most 500 lines."""

    def count(self, import_id: int) -> Mapping[tuple[RowVerdict, Choice, bool], int]:
        """Count rows by verdict, decision, and whether they were applied, in one statement."""

    def forget(self, before: datetime) -> int:
        """Erase the texts of the imports made before a moment; return how many imports."""

    def decided(self, keys: Collection[str]) -> Mapping[str, tuple[int | None, str]]:
        """Return what was decided of rows, by key: the patient (None: nobody), and who did."""

    def decide(self, told: Mapping[str, tuple[int | None, str]]) -> None:
        """Store what was decided of rows, in place of what was before."""

    def forget_decisions(self, keys: Iterable[str]) -> None:
        """Forget what was decided of rows."""


class Accounts(Protocol):
    """Accounts, their credentials and grants, and the failed log-ins."""

    def by_name(self, name: str) -> tuple[Account, list[Credential]] | None:
        """Return an account with its grants and credentials."""

    def by_token(self, digest: str) -> tuple[Account, list[Credential]] | None:
        """Return the account that a bearer token with this digest belongs to."""

    def by_email(self, email: str) -> Account | None:
        """Return the account with this address, in whatever case; None if several have it.

        An address that is not ASCII is nobody's: letters that look alike would be mixed up.
        """

    def all(self) -> list[Account]:
        """Return every account, by name."""

    def credentials(self) -> dict[int, list[Credential]]:
        """Return everybody's credentials, by the ids of those accounts that have any."""

    def of_doctor(self, doctor_id: int) -> list[Account]:
        """Return the accounts a doctor signs in with, by name, without their grants."""

    def save(self, account: Account) -> Account:
        """Store a new one (id 0) or change it, without its grants; raises NameTaken."""

    def grant(self, account: Account, calendar_id: int, level: Level) -> None:
        """Set what the account may do in a calendar; NONE takes the grant away."""

    def add_credential(
        self, account: Account, kind: str, label: str, secret: str, scopes: Sequence[str] = ()
    ) -> Credential:
        """Store a credential (its hash or digest, never itself), and what a token is for."""

    def replace_secret(self, credential: Credential, secret: str) -> None:
        """Store another hash of the same password; nothing if it is not the stored one any more."""

    def revoke(self, account: Account, credential_id: int) -> None:
        """Remove a credential; raises AccountNotFound when the account has none such."""

    def failures(self, account: str, network: str, since: datetime) -> tuple[int, int]:
        """Count the failed log-ins since then, of the account and of the network (digests)."""

    def record_failure(self, account: str, network: str, keep_since: datetime) -> None:
        """Store a failed log-in, and forget those before `keep_since`."""

    def forget_failures(self, account: str, network: str) -> None:
        """Take back the failed log-ins to an account from a network."""


class Outbox(Protocol):
    """Letters: posted, taken back, sent and settled."""

    def post(self, to: Receiver, message: Message, appointment: Appointment, before: str) -> None:
        """Post a letter with the change just made."""

    def withdraw(self, appointment_id: int) -> Mapping[Receiver, str]:
        """Supersede the letters about an appointment that nobody has tried to send; return, by
        receiver, the state before the first. Reminders are withdrawn and have no such state; what
        the practice's own people are asked stays.
        """

    def waiting(self) -> list[tuple[Receiver, Message, int]]:
        """Return the unsettled letters as (receiver, message, appointment id), in order."""

    def due(self, to: Receiver, now: datetime, grace: timedelta) -> bool:
        """Tell whether `claim` would claim any."""

    def claim(
        self, to: Receiver, now: datetime, grace: timedelta, lease: timedelta, limit: int
    ) -> list[Letter]:
        """Take letters to send now, those that nobody else is sending; the longest due first.

        One that was never tried is due `grace` after it was posted. Of several about one
        appointment the last is taken and the others superseded; but practice software and
        webhooks get all of them in order. What is not settled when the lease has run out is
        anybody's again.
        """

    def settle(
        self, letter: Letter, state: LetterState, *, due: datetime | None = None, error: str = ""
    ) -> bool:
        """Say what became of a claimed letter; False if it is somebody else's by now.

        `due` is when one that was TRIED is tried again.
        """

    def retry(self, letter_id: int) -> Letter | None:
        """Have a letter that was given up or dropped tried again; None if there is none such."""

    def drop(self, letter_id: int) -> Letter | None:
        """Have a letter never sent, unless it is being sent; None if there is none such."""

    def find(
        self, states: Collection[LetterState], appointment_id: int | None = None, limit: int = 1000
    ) -> list[Letter]:
        """Return letters in some states, by id."""

    def newest(
        self, states: Collection[LetterState], before: int | None, limit: int
    ) -> list[Letter]:
        """Return letters in some states with ids below one, the newest first."""

    def count(self) -> Mapping[tuple[Receiver, LetterState], int]:
        """Count the letters by receiver and state."""


class Sources(Protocol):
    """How the booking tools were last asked, and when jobs were last begun."""

    def all(self) -> list[SourceState]:
        """Return those that were ever asked, by name."""

    def find(self, name: str) -> SourceState:
        """Return how a tool was last asked; one of no attempt if it never was."""

    def save(self, state: SourceState) -> None:
        """Keep how a tool was asked. When that was first, and who was warned, is kept by itself."""

    def note_warned(self, name: str, warned: datetime | None) -> None:
        """Note when somebody was told that a tool is silent; None once it is not any more."""

    def begin_job(self, name: str, every: timedelta) -> bool:
        """Note that a job begins now; False if it was begun less than `every` ago, by whomever."""


class Receipts(Protocol):
    """Webhooks as they came."""

    def receive(
        self, source: str, key: str, headers: Mapping[str, str], body: bytes, reason: str = ""
    ) -> int | None:
        """Keep one and return its id; None if one of the source with this key is there already.

        One that cannot be understood for a `reason` is kept in quarantine.
        """

    def is_due(self) -> bool:
        """Tell whether `claim` would claim any."""

    def claim(self, lease: timedelta, limit: int) -> list[Receipt]:
        """Take those to work on now, in the order in which they came."""

    def settle(
        self,
        receipt: Receipt,
        state: ReceiptState,
        *,
        reason: str = "",
        due: datetime | None = None,
    ) -> None:
        """Say what became of one; `due` is when one that is WAITING is worked on again."""

    def replay(self, receipt_id: int) -> bool:
        """Have one worked on again; False if there is none such."""

    def drop(self, receipt_id: int) -> bool:
        """Put one of the quarantine aside; False if there is none such."""

    def find(self, states: Collection[ReceiptState], limit: int = 1000) -> list[Receipt]:
        """Return those in some states, the last first."""

    def newest(
        self, states: Collection[ReceiptState], before: int | None, limit: int
    ) -> list[Receipt]:
        """Return those with ids below one, the newest first, without headers and bodies."""

    def forget(self, before: datetime) -> int:
        """Delete what was received before and is not waiting; return how many."""


class Disputes(Protocol):
    """What the practice and the tools do not agree on."""

    def open_of(self, appointment_id: int) -> Dispute | None:
        """Return the open one about an appointment; there is one at most."""

    def of(self, appointment_id: int) -> list[Dispute]:
        """Return those about an appointment, by id."""

    def get(self, dispute_id: int) -> Dispute | None:
        """Return one by its id."""

    def find(self, states: Collection[DisputeState], limit: int = 1000) -> list[Dispute]:
        """Return those in some states, by id."""

    def newest(
        self, states: Collection[DisputeState], before: int | None, limit: int
    ) -> list[Dispute]:
        """Return those in some states with ids below one, the newest first."""

    def save(self, dispute: Dispute) -> Dispute:
        """Store a new one (id 0) or change it; return it with its id."""


class Acts(Protocol):
    """Who did what with patients, appointments, accounts and settings, each sealed."""

    def note(
        self,
        action: str,
        kind: Kind,
        of: object,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> Act:
        """Note an act of the unit's actor, with what there was before and after it.

        `action` is a past participle such as "linked"; `of` the id of what it was done to. What
        is told must be JSON, or have a text that says it.
        """

    def note_all(self, action: str, kind: Kind, told: Sequence[Told]) -> None:
        """Note the same act of many things, each as `note` does: id, before and after."""

    def head(self) -> tuple[int, bytes]:
        """Return the number and the seal of the last act."""

    def search(
        self, question: ActQuestion, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[Act]:
        """Yield the acts that are asked for, by number, a few at a time."""

    def done_to(self, kind: Kind, ids: Collection[object]) -> list[Act]:
        """Return the acts of some things of a kind, in no order; from one statement."""

    def erase(self, kind: Kind, of: object) -> int:
        """Erase what the acts of one thing tell, not that they were; return how many.

        That is noted, too, as an act of the thing: what was erased by nobody was tampered with.
        """


class Trail(Protocol):
    """The log of calendars and the acts by time, the newest first; of one moment by number."""

    def changes(self, asked: TrailQuestion, after: TrailKey | None, limit: int) -> Part[Change]:
        """Return the first rows of the log that are asked for and stand after a key.

        Costs what is returned, or a bounded number of rows that were looked through for it.
        """

    def acts(self, asked: TrailQuestion, after: TrailKey | None, limit: int) -> Part[Act]:
        """Return the first acts that are asked for and stand after a key, at the same cost."""


class Figures(Protocol):
    """What the overview counts, each from one statement; bounds and spans are aware."""

    def appointed(self, spans: Sequence[Slot]) -> list[tuple[int | None, Status, tuple[int, ...]]]:
        """Count what starts within each of some spans, by doctor's id and status."""

    def started(self, bounds: Sequence[datetime]) -> Mapping[int, int]:
        """Count what starts between each two bounds and is not cancelled; by the number of the
        earlier bound, without those that have none.
        """

    def no_shows(self, bounds: Sequence[datetime]) -> Mapping[int, tuple[int, int]]:
        """Count, between each two bounds, what should have taken place by now and who of it did
        not come; by the number of the earlier bound, without those that have none.
        """

    def booked(self, bounds: Sequence[datetime]) -> Mapping[tuple[int, int], int]:
        """Add up the minutes of what starts between each two bounds and is not cancelled, by
        doctor's id and the number of the earlier bound.
        """

    def delivered(self, since: datetime) -> Delivery:
        """Count the letters that were settled since then."""

    def queue(self) -> list[Queue]:
        """Count the unsettled letters, by receiver."""

    def webhooks(self, since: datetime) -> Webhooks:
        """Count the webhooks that came since then, and those that wait or are in quarantine."""

    def faults(self, limit: int) -> list[Fault]:
        """Return what went wrong last, the newest first."""

    def open_conflicts(self) -> int:
        """Count the open conflicts."""

    def patients_to_review(self) -> int:
        """Count the patients that a person has to look at."""

    def requests(
        self, patience: timedelta, soon: timedelta, limit: int
    ) -> tuple[int, list[Request]]:
        """Count the requests that wait for longer, or would start so soon; return the first."""

    def tasks(self, since: datetime, limit: int) -> tuple[list[TaskGlance], list[TaskGlance]]:
        """Return the tasks that run, and those begun since then that failed; the last first."""


class Sessions(Protocol):
    """Who is signed in to pages; secrets are given as digests."""

    def begin(
        self, secret: str, *, account_id: int | None, patient_id: int | None, network: str = ""
    ) -> Session:
        """Begin a session of an account or of a patient, from a network; those long over are
        forgotten.
        """

    def find(self, secret: str) -> Session | None:
        """Return a session, which may be over."""

    def note_used(self, secret: str) -> None:
        """Note that a session is used now."""

    def of(self, account_id: int) -> Mapping[str, Session]:
        """Return the sessions of an account by secret, those that are over among them."""

    def end(self, secret: str) -> bool:
        """End a session; False if there is none."""

    def end_all(self, *, account_id: int | None = None, patient_id: int | None = None) -> int:
        """End all sessions of one of the two; return how many."""


class SignIns(Protocol):
    """Patients who want to sign in by e-mail, and the links that were sent to them; networks,
    addresses to count by and secrets are given as digests.
    """

    def ask(
        self, email: str, about: str, network: str, language: str, due: datetime | None
    ) -> None:
        """Note that somebody asked for a link; without `due` it is only counted."""

    def count(self, about: str, network: str, since: datetime) -> tuple[int, int]:
        """Return how often was asked since then: for an address, and from a network."""

    def forget(self, before: datetime) -> None:
        """Delete what was asked before, and links that are over."""

    def due(self) -> bool:
        """Tell whether somebody waits for a link."""

    def claim(self, until: datetime) -> SignIn | None:
        """Take one that is due, for whoever asks alone, until then; None if there is none."""

    def settle(self, asked: SignIn, due: datetime | None) -> None:
        """Have it due again; or, with None, forget for which address it was."""

    def add_link(self, secret: str, patient_id: int, until: datetime) -> None:
        """Keep a link."""

    def use_link(self, secret: str) -> int | None:
        """Delete a link and return its patient; None if there is none, or it is over."""


class Answers(Protocol):
    """What was answered to requests that may be sent again."""

    def find(self, key: str) -> GivenAnswer | None:
        """Return what was answered under a key within the last day."""

    def keep(self, key: str, answer: GivenAnswer) -> None:
        """Keep an answer for a day; older ones are forgotten."""

    def forget(self) -> int:
        """Delete all, whoever was answered; return how many."""


class Tasks(Protocol):
    """Work that is done apart from who asked for it, and how far it is.

    One whose lease is over counts as failed (see `practice.tasks`), in every answer, whether or
    not somebody has written that down.
    """

    def begin(
        self, kind: str, key: str, asked: Mapping[str, Any], lease: timedelta
    ) -> tuple[Task, bool]:
        """Begin a task of the unit's actor and return it; or the one of this kind and key that is
        running, and False. Whatever is overdue is ended first.
        """

    def renew(self, task_id: str, lease: timedelta, told: Mapping[str, Any] | None = None) -> bool:
        """Have a lease end so long from now, and tell how far it is; False if it has ended."""

    def end(self, task_id: str, state: TaskState, told: Mapping[str, Any]) -> bool:
        """End a task; False, and nothing changed, if it has ended or COMPLETED comes too late."""

    def get(self, task_id: str) -> Task | None:
        """Return a task by its id."""

    def find(
        self, states: Collection[TaskState], kind: str | None = None, limit: int = 1000
    ) -> list[Task]:
        """Return tasks in some states, the last first."""

    def end_overdue(self) -> int:
        """Write down which leases are over; return how many."""

    def forget(self, before: datetime) -> int:
        """Delete those that were begun before and have ended; return how many."""

    def forget_patient(self, number: str) -> int:
        """Delete those about the patient with a number, also one that is running, which cannot
        tell any more how it ends; return how many.
        """


class Traces(Protocol):
    """What is kept of a patient beside the record: by other tables, and by the log."""

    def appointments(self, patient_id: int) -> list[Appointment]:
        """Return all appointments of a patient, by id."""

    def details(self, appointment_ids: Collection[int]) -> Mapping[int, Mapping[str, Any]]:
        """Return what only the practice knows of appointments, by their ids."""

    def letters(self, appointment_ids: Collection[int]) -> list[Letter]:
        """Return the letters about appointments, by id."""

    def import_rows(self, patient_id: int) -> list[Mapping[str, Any]]:
        """Return the rows of imported lists that are about a patient."""

    def log_of(self, uids: Collection[str]) -> Iterator[Change]:
        """Yield the rows of the log about objects with these UIDs, by number. Costs the log."""

    def hand_over(self, patient_id: int, to: int) -> int:
        """Make all that is one patient's another's; return how many appointments that were."""

    def withdraw_letters(self, appointment_ids: Collection[int]) -> int:
        """Supersede the letters to the patient of appointments that are not settled; return how
        many.
        """

    def let_go(self, patient_id: int) -> None:
        """Have appointments and rows of lists be nobody's, and forget what was decided of a
        patient.
        """

    def forget_texts(self, patient_id: int, appointment_ids: Collection[int]) -> None:
        """Erase what the rows of lists of a patient say, what the practice has written down about
        appointments, and the letters about them but those that others still wait for.
        """

    def erase_change(self, change: Change, act: int) -> None:
        """Set the texts of a row of the log to those of `change`; its seal stays, and the number
        of the act that erased it is kept with it.
        """

    def erased_changes(self, first: int, last: int) -> Mapping[int, ErasedChange]:
        """Return which rows of the log had their texts erased, both numbers included."""

    def note_erasure(self, number: str) -> None:
        """Note that the patient with a number was erased."""

    def erasures(self) -> list[Erasure]:
        """Return who was erased, the first first."""


class Feeds(Protocol):
    """Secret addresses under which a calendar is read as a file."""

    def all(self) -> list[Feed]:
        """Return every feed, by id."""

    def add(self, calendar_id: int, level: Level, label: str, secret: str) -> Feed:
        """Store a feed; `secret` is the digest of its token."""

    def by_secret(self, secret: str) -> Feed | None:
        """Return the feed whose token has this digest."""

    def remove(self, feed_id: int) -> None:
        """Remove a feed; raises FeedNotFound."""


class House(Protocol):
    """Doctors and rooms; what can be booked and when."""

    def doctors(self) -> list[Doctor]:
        """Return the doctors, by slug."""

    def rooms(self) -> list[Room]:
        """Return the rooms, by slug."""

    def save_doctor(self, doctor: Doctor) -> Doctor:
        """Store a new one (id 0) or change it; raises NameTaken."""

    def save_room(self, room: Room) -> Room:
        """Store a new one (id 0) or change it; raises NameTaken."""

    def remove_doctor(self, doctor_id: int) -> None:
        """Remove one of whom no calendar, account or appointment knows, with exceptions and
        holds.
        """

    def remove_room(self, room_id: int) -> None:
        """Remove one, with its exceptions and holds; appointments that were in it are in none."""

    def types(self) -> list[AppointmentType]:
        """Return what can be booked, by slug."""

    def retired_types(self) -> list[AppointmentType]:
        """Return what can be booked no more, by slug."""

    def types_with_buffers(self) -> list[AppointmentType]:
        """Return what keeps time free before or after it, can it be booked or no more, by slug."""

    def save_type(self, kind: AppointmentType, *, active: bool = True) -> AppointmentType:
        """Store a new one (id 0) or change it; raises NameTaken or InvalidName."""

    def categories(self) -> list[Category]:
        """Return what appointments are grouped by, by slug."""

    def save_category(self, category: Category) -> Category:
        """Store a new one (id 0) or change it; raises NameTaken or InvalidName."""

    def remove_category(self, category_id: int) -> None:
        """Remove one."""

    def exceptions(self, since: datetime | None = None) -> list[HoursException]:
        """Return other hours than usual, by start; those that end after `since`."""

    def save_exception(self, exception: HoursException) -> HoursException:
        """Store a new one (id 0) or change it."""

    def remove_exception(self, exception_id: int) -> None:
        """Remove one."""

    def rules(self) -> BookingRules:
        """Return the rules of booking; the usual ones as long as none were saved."""

    def save_rules(self, rules: BookingRules) -> None:
        """Keep the rules of booking."""
