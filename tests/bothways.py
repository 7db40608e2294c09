"""A practice and its booking tool, a mimic over real HTTP, with a clock that the test turns."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from booking_adapter.deliveries.admin_mail import AdminMail
from booking_adapter.deliveries.booking_tool import BookingTools
from booking_adapter.deliveries.mailing import Letterhead
from booking_adapter.deliveries.patient_mail import PatientMail
from booking_adapter.deliveries.smtp import Smtp
from booking_adapter.outgoing import Http, Patience
from booking_adapter.sync import Source, pull
from booking_adapter.tools.easyappointments import EasyAppointments, Installation
from booking_adapter.worker import Addressees, Worker
from practice.access import SYSTEM, Actor
from practice.calendars import Condition
from practice.conflicts import DisputeState
from practice.database import SqlDatabase
from practice.letters import LetterState
from practice.messages import Message, Receiver
from practice.use_cases import objects
from practice.use_cases.verify import verify
from tests.building import BERLIN, NOW, PROFILE, reading, the_account, the_view, writing
from tests.mimics.easyappointments import EasyAppointments as Mimic
from tests.mimics.mail_server import MailServer

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

    from booking_adapter.deliveries.dispatch import Destination
    from practice.appointments import Appointment
    from practice.calendars import CalendarObject
    from practice.conflicts import Dispute
    from practice.sources import SourceState

__all__ = ["BothWays"]

MUELLER = "dr-mueller"
SOURCE = "termine"
GRACE = timedelta(minutes=2)
ADMIN = "leitung@example.org"
_AT_ONCE = Patience(connect=1, packet=2, answer=2, altogether=2, tries=1)
EVERYBODY = frozenset({Receiver.PATIENT, Receiver.BOOKING_TOOL, Receiver.ADMIN})


class BothWays:
    """Use as a context manager. `now` is the time on both sides; nothing happens by itself."""

    def __init__(self, url: str) -> None:
        self.now = NOW
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
        self.source = Source(SOURCE, EasyAppointments(stack.enter_context(http), installation))
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
