"""A practice and its booking tool, with a clock that the test turns.

The tool is a mimic of Easy!Appointments over real HTTP, or one that says what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from booking_adapter.deliveries.admin_mail import AdminMail
from booking_adapter.deliveries.booking_tool import BookingTools
from booking_adapter.deliveries.mailing import Letterhead
from booking_adapter.deliveries.patient_mail import PatientMail
from booking_adapter.deliveries.smtp import Smtp
from booking_adapter.outgoing import Http, Patience
from booking_adapter.protocol import (
    Days,
    Event,
    Hook,
    NotAuthentic,
    Power,
    State,
    Told,
    Unreadable,
)
from booking_adapter.sync import Source, pull
from booking_adapter.tools.easyappointments import EasyAppointments, Installation
from booking_adapter.webhooks import work_off
from booking_adapter.worker import Addressees, Worker
from practice.access import SYSTEM, Actor
from practice.appointments import Booking, Slot, Status
from practice.calendars import Condition
from practice.conflicts import DisputeState
from practice.database import SqlDatabase
from practice.letters import LetterState
from practice.messages import Message, Receiver
from practice.sources import ReceiptState
from practice.use_cases import objects
from practice.use_cases.verify import verify
from tests.building import BERLIN, NOW, PROFILE, reading, the_account, the_view, writing
from tests.mimics.easyappointments import EasyAppointments as Mimic
from tests.mimics.mail_server import MailServer

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

    from booking_adapter.deliveries.dispatch import Destination
    from booking_adapter.protocol import BookingTool
    from practice.appointments import Appointment
    from practice.calendars import CalendarObject
    from practice.conflicts import Dispute
    from practice.patients import PatientRecord
    from practice.sources import SourceState

__all__ = ["BothWays", "Scripted", "a_told"]

MUELLER = "dr-mueller"
SOURCE = "termine"
GRACE = timedelta(minutes=2)
ADMIN = "leitung@example.org"
_AT_ONCE = Patience(connect=1, packet=2, answer=2, altogether=2, tries=1)
EVERYBODY = frozenset({Receiver.PATIENT, Receiver.BOOKING_TOOL, Receiver.ADMIN})


def a_told(number: str = "1", start: str = "2026-11-24 10:00", **more: object) -> Told:
    """Return a booking of half an hour with dr-mueller, as a tool tells it."""
    begins = datetime.fromisoformat(start).replace(tzinfo=BERLIN)
    slot = Slot(begins, begins + timedelta(minutes=30))
    told = Booking(number, MUELLER, slot, Status.CONFIRMED, "Zarnekow", "Wiebke")
    return Told(replace(told, **more))  # type: ignore[arg-type]


class Scripted:
    """A tool that says what `rows` has, and keeps what it is told there.

    `meanwhile` happens once, after a list was made and before anybody has it. Each of its
    webhooks is named by its body, and says what `hooks` has under that name.
    """

    powers = ~Power(0)

    def __init__(self) -> None:
        self.rows: dict[str, Told | Unreadable] = {}
        self.hooks: dict[bytes, Callable[[], list[Event]]] = {}
        self.meanwhile: Callable[[], object] = lambda: None

    def have(self, *told: Told | Unreadable) -> None:
        """Have these, each under its id."""
        for one in told:
            self.rows[one.booking.id if isinstance(one, Told) else one.id] = one

    def bookings(self, days: Days) -> Iterator[Told | Unreadable]:
        """See the Protocol."""
        found = [
            one
            for one in self.rows.values()
            if isinstance(one, Unreadable)
            or days.first <= one.booking.slot.start.date() <= days.last
        ]
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return iter(found)

    def booking(self, booking_id: str) -> Told | Unreadable | None:
        """See the Protocol."""
        return self.rows.get(booking_id)

    def key(self, hook: Hook) -> str:
        """See the Protocol."""
        if hook.body not in self.hooks:
            raise NotAuthentic("Nobody knows it.")
        return hook.body.decode()

    def events(self, hook: Hook) -> list[Event]:
        """See the Protocol."""
        return self.hooks[hook.body]()

    def tell(self, state: State) -> str:
        """See the Protocol."""
        told = self.rows[state.booking_id]
        assert isinstance(told, Told)
        booking = replace(
            told.booking, slot=state.slot, status=state.status, doctor=state.doctor or MUELLER
        )
        self.rows[state.booking_id] = Told(booking)
        return state.booking_id

    def patients(self) -> Iterator[PatientRecord]:
        """See the Protocol."""
        return iter(())

    def link(self, record: PatientRecord) -> str:
        """See the Protocol."""
        return ""


class BothWays:
    """Use as a context manager. `now` is the time on both sides; nothing happens by itself."""

    def __init__(self, url: str, tool: BookingTool | None = None) -> None:
        self.now = NOW
        self._given = tool
        self.database = SqlDatabase(url, receivers=EVERYBODY)
        self.tool = Mimic(lambda: self.now, limited=False)
        self.mailbox = MailServer()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        stack = self._stack
        stack.callback(self.database.close)
        stack.enter_context(self.tool)
        stack.enter_context(self.mailbox)
        self.mueller = self.tool.add_provider("Petra", "Müller", timezone="Europe/Berlin")
        self.schmidt = self.tool.add_provider("Jens", "Schmidt", timezone="Europe/Berlin")
        self.service = self.tool.add_service("Nachsorge", 30)
        self.customer = self.tool.add_customer("Wiebke", "Zarnekow", "wiebke@example.org")
        headers = {"Authorization": f"Bearer {self.tool.token}"}
        http = Http(self.tool.api, headers, inside=True, patience=_AT_ONCE)
        doctors = {str(self.mueller): MUELLER, str(self.schmidt): "dr-schmidt"}
        installation = Installation(self.tool.url, "ein Geheimnis", BERLIN, doctors)
        asked = EasyAppointments(stack.enter_context(http), installation)
        self.source = Source(SOURCE, self._given or asked)
        smtp = Smtp("127.0.0.1", self.mailbox.port, "none", timeout=5)
        head = Letterhead(PROFILE.name, PROFILE.email, PROFILE.zone, PROFILE.uid_domain)
        destinations: dict[Receiver, Destination] = {
            Receiver.PATIENT: PatientMail(head, smtp),
            Receiver.ADMIN: AdminMail(head, smtp, ADMIN),
        }
        sources = {SOURCE: self.source}
        self.worker = Worker(
            self.database,
            Addressees(BookingTools(sources), destinations, {Receiver.PATIENT: GRACE}),
            sources,
            PROFILE,
            lambda: self.now,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    # --- what happens

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def book(self, start: str = "2026-11-24 10:00:00") -> int:
        """Book in the tool."""
        return self.tool.book(self.mueller, self.service, self.customer, start)

    def pull(self) -> SourceState:
        """Ask the tool; then the practice must be sound."""
        state = pull(self.database, self.source, PROFILE, lambda: self.now)
        with reading(self.database) as uow:
            assert list(verify(uow, PROFILE, lambda: None)) == []
        return state

    def deliver(self) -> int:
        """Deliver what is due."""
        return self.worker.deliver_all()

    def hook(self, body: bytes) -> str:
        """Have a webhook of the tool's, and work it off; return why it was not taken, if so."""
        key = self.source.tool.key(Hook({}, body, self.now))
        with writing(self.database, self.source.actor, self.now) as uow:
            receipt = uow.receipts.receive(SOURCE, key, {}, body)
        work_off(self.database, {SOURCE: self.source}, PROFILE, lambda: self.now)
        with reading(self.database) as uow:
            (found,) = (one for one in uow.receipts.find(list(ReceiptState)) if one.id == receipt)
        assert found.state in {ReceiptState.DONE, ReceiptState.QUARANTINED}
        return found.reason

    def booked(self) -> int:
        """Book in the tool and take it over, a day ago; return its id."""
        number = self.book()
        self.pull()
        self.later(days=1)
        return number

    def put(self, start: str = "", end: str = "", *, number: int = 1, **lines: str) -> None:
        """Change the appointment of a booking as practice software does."""
        item = self.object(number)
        text = item.text
        if start:
            text = _line(text, "DTSTART;TZID=Europe/Berlin", start)
            text = _line(text, "DTEND;TZID=Europe/Berlin", end)
        for name, value in lines.items():
            text = _line(text, name, value)
        self._store(item.href, text)

    def _store(self, href: str, text: str) -> None:
        from tests.building import a_draft

        with reading(self.database) as uow:
            account = the_account(uow, "albis")
        with writing(self.database, Actor(account.id, "albis"), self.now) as uow:
            view = the_view(uow, "albis", MUELLER)
            draft = a_draft(href, text, self.now)
            objects.put(uow, account, view, draft, condition=Condition(), profile=PROFILE)

    def delete(self, number: int = 1) -> None:
        """Delete the appointment of a booking as practice software does."""
        href = self.object(number).href
        with writing(self.database, SYSTEM, self.now) as uow:
            account = the_account(uow, "albis")
            view = the_view(uow, "albis", MUELLER)
            objects.delete(uow, account, view, href, Condition())

    # --- what is there

    def appointment(self, number: int = 1) -> Appointment:
        """Return the appointment of a booking."""
        with reading(self.database) as uow:
            return uow.appointments.by_booking(SOURCE, [str(number)])[str(number)]

    def object(self, number: int = 1) -> CalendarObject:
        """Return the object of a booking in dr-mueller's calendar."""
        uid = self.appointment(number).uid
        with reading(self.database) as uow:
            view = the_view(uow, "albis", MUELLER)
            (head,) = (h for h in uow.calendars.listing(view) if h.uid == uid)
            return uow.calendars.get(view, [head.href])[head.href]

    def start(self, number: int = 1) -> str:
        """Return when the practice has an appointment, as the tool writes it."""
        return f"{self.appointment(number).slot.start.astimezone(BERLIN):%Y-%m-%d %H:%M:%S}"

    def disputes(self) -> list[Dispute]:
        """Return the open conflicts."""
        with reading(self.database) as uow:
            return uow.disputes.find([DisputeState.OPEN])

    def waiting(self) -> list[tuple[Receiver, Message]]:
        """Return the letters that are not settled."""
        with reading(self.database) as uow:
            return [(to, message) for to, message, _ in uow.outbox.waiting()]

    def letters(self, *states: LetterState) -> list[tuple[Receiver, Message]]:
        """Return the letters in some states."""
        with reading(self.database) as uow:
            return [(one.to, one.message) for one in uow.outbox.find(states)]

    def subjects(self, to: str = "wiebke@example.org") -> list[str]:
        """Return the subjects of the e-mails to somebody."""
        return [str(mail["Subject"]) for mail in self.mails if mail["To"] == to]

    @property
    def mails(self) -> list[EmailMessage]:
        """The e-mails that came."""
        return [taken.message for taken in self.mailbox.taken]


def _line(text: str, name: str, value: str) -> str:
    """Return a text with one line of its event changed."""
    head, mark, event = text.partition("BEGIN:VEVENT")
    lines = event.split("\r\n")
    changed = [f"{name}:{value}" if each.startswith(f"{name}:") else each for each in lines]
    assert changed != lines, f"no {name}"
    return head + mark + "\r\n".join(changed)
