"""Putting together what speaks with the outside: booking tools, mail, practice software, webhooks.

Not here: how a booking tool is made of its settings (`praxis_caldav.booking_tools`). Loaded only
where it is used: it brings an HTTP client, a scheduler and a template engine.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from booking_adapter.deliveries.admin_mail import AdminMail
from booking_adapter.deliveries.booking_tool import BookingTools
from booking_adapter.deliveries.mailing import Letterhead
from booking_adapter.deliveries.patient_mail import PatientMail
from booking_adapter.deliveries.pvs_rest import PracticeSoftware
from booking_adapter.deliveries.sign_in_mail import SignInMail
from booking_adapter.deliveries.smtp import Smtp
from booking_adapter.deliveries.webhook import Webhook
from booking_adapter.jobs import Job, Jobs
from booking_adapter.outgoing import Http
from booking_adapter.protocol import Power
from booking_adapter.signatures import secret_of
from booking_adapter.single_patient import KEPT as TASKS_KEPT
from booking_adapter.single_patient import SinglePatientSync
from booking_adapter.sync import Source, pull, warn_of_stale
from booking_adapter.tools.calldoc import CallDoc
from booking_adapter.webhooks import KEPT
from booking_adapter.worker import Addressees, Worker
from practice.access import SYSTEM
from practice.appointments import Slot
from practice.messages import Receiver
from practice.use_cases.imports import forget_old
from practice.use_cases.letters import post_reminders
from praxis_caldav.booking_tools import tool_of
from praxis_caldav.housekeeping import housekeeping
from praxis_caldav.receiver_settings import interface_of

if TYPE_CHECKING:
    from booking_adapter.deliveries.dispatch import Destination
    from booking_adapter.protocol import BookingTool
    from practice.database import SqlDatabase
    from practice.patients import PatientRecord
    from practice.profile import Profile
    from praxis_caldav.receiver_settings import Mail
    from praxis_caldav.settings import Settings

__all__ = ["Outside", "letterhead_of", "smtp_of"]

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class _Asking:
    """Asks tools apart from who wants it: one at a time, and each once however often wanted."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "ask-now")
        self._waiting: set[str] = set()
        self._lock = threading.Lock()

    def submit(self, name: str, ask: Callable[[], object]) -> None:
        with self._lock:
            if name in self._waiting:
                return
            self._waiting.add(name)
        self._thread.submit(self._ask, name, ask)

    def _ask(self, name: str, ask: Callable[[], object]) -> None:
        with self._lock:
            self._waiting.discard(name)
        try:
            ask()
        except Exception:
            log.exception("ask_now.error", extra={"source": name})

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Outside:
    """Everybody outside, as the settings have them. Close it to let go of connections."""

    sources: Mapping[str, Source]
    addressees: Addressees
    admin: AdminMail | None
    polls: Mapping[str, timedelta]
    remind: timedelta
    _open: ExitStack
    _asking: _Asking = field(default_factory=_Asking)

    @classmethod
    def of(cls, settings: Settings, profile: Profile, clock: Clock = _now) -> Outside:
        """Make everybody; nobody is asked anything yet."""
        stack = ExitStack()
        tools = settings.booking.sources
        sources = {
            name: Source(
                name,
                tool_of(told, profile.zone, clock, stack),
                timedelta(days=told.past_days),
                timedelta(days=told.ahead_days),
            )
            for name, told in tools.items()
        }
        grace = timedelta(seconds=settings.mail.grace_seconds)
        mails, admin, sign_ins = _mails(settings.mail, profile, settings.server.public_url)
        addressees = Addressees(
            BookingTools(sources),
            {**mails, **_programs(settings, profile, stack)},
            {Receiver.PATIENT: grace},
            sign_ins,
        )
        polls = {name: timedelta(minutes=told.every_minutes) for name, told in tools.items()}
        remind = timedelta(hours=settings.mail.reminder_hours)
        return cls(sources, addressees, admin, polls, remind, stack)

    @property
    def tools(self) -> Mapping[str, BookingTool]:
        """The booking tools, by the names of the settings."""
        return {name: source.tool for name, source in self.sources.items()}

    def worker(self, database: SqlDatabase, profile: Profile) -> Worker:
        """Return what delivers letters and works off webhooks."""
        return Worker(database, self.addressees, self.sources, profile)

    def jobs(self, database: SqlDatabase, profile: Profile, clock: Clock = _now) -> Jobs:
        """Return what is done again and again."""
        polls = [
            Job(f"poll:{name}", self.polls[name], partial(pull, database, source, profile, clock))
            for name, source in self.sources.items()
            if Power.LISTS in source.tool.powers
        ]
        return Jobs(
            database,
            [
                *polls,
                Job("reminders", timedelta(minutes=5), lambda: self._remind(database, clock())),
                Job("stale", timedelta(hours=1), lambda: self._warn(database, clock())),
                Job("receipts", timedelta(hours=12), lambda: _forget(database, clock())),
                Job("tasks", timedelta(hours=12), lambda: _forget_tasks(database, clock())),
                *housekeeping(database, clock),
            ],
        )

    def _remind(self, database: SqlDatabase, now: datetime) -> None:
        with database.begin(actor=SYSTEM, now=now) as uow:
            post_reminders(uow, Slot(now, now + self.remind))

    def _warn(self, database: SqlDatabase, now: datetime) -> None:
        asked = [name for name, one in self.sources.items() if Power.LISTS in one.tool.powers]
        tell = self.admin.tell_of_tool if self.admin else None
        warn_of_stale(database, asked, now, tell)

    def single_patient(
        self, database: SqlDatabase, profile: Profile, name: str = "", clock: Clock = _now
    ) -> SinglePatientSync | None:
        """Return what fetches one patient's appointments from CallDoc, the source of a name or the
        first; None if there is none. It ends when this is closed, or before.
        """
        for source in self.sources.values():
            if isinstance(source.tool, CallDoc) and name in {"", source.name}:
                made = SinglePatientSync(database, source, source.tool, profile, clock)
                return self._open.enter_context(made)
        return None

    def ask_now(
        self, database: SqlDatabase, profile: Profile, name: str, clock: Clock = _now
    ) -> bool:
        """Have a tool asked soon, one after the other; False if there is none such to be asked."""
        source = self.sources.get(name)
        if source is None or Power.LISTS not in source.tool.powers:
            return False
        self._asking.submit(name, partial(pull, database, source, profile, clock))
        return True

    def link(self, source: str, record: PatientRecord) -> str | None:
        """Return where a patient books, with what is known filled in, with the tool of a name or
        the first that has a page for it; None if there is none.
        """
        for name, one in self.sources.items():
            if source in {"", name} and Power.LINKS in one.tool.powers:
                return one.tool.link(record)
        return None

    def close(self) -> None:
        """Let go of all connections."""
        self._asking.close()
        self._open.close()


def _forget(database: SqlDatabase, now: datetime) -> None:
    with database.begin(actor=SYSTEM, now=now) as uow:
        uow.receipts.forget(now - KEPT)
        forget_old(uow)


def _forget_tasks(database: SqlDatabase, now: datetime) -> None:
    with database.begin(actor=SYSTEM, now=now) as uow:
        uow.tasks.forget(now - TASKS_KEPT)


def _mails(
    mail: Mail, profile: Profile, public_url: str
) -> tuple[dict[Receiver, Destination], AdminMail | None, SignInMail | None]:
    """Return who is written to, the practice's own mail among them, and the links to sign in: where
    these would lead to has to be known.
    """
    made: dict[Receiver, Destination] = {}
    if not mail.host:
        return made, None, None
    smtp, letterhead = smtp_of(mail), letterhead_of(mail, profile)
    made[Receiver.PATIENT] = PatientMail(letterhead, smtp)
    sign_ins = SignInMail(letterhead, smtp, public_url) if public_url else None
    if not mail.admin:
        return made, None, sign_ins
    admin = made[Receiver.ADMIN] = AdminMail(letterhead, smtp, mail.admin)
    return made, admin, sign_ins


def smtp_of(mail: Mail, *, each: float = 30.0, altogether: float = 120.0) -> Smtp:
    """Return the mail server; see `Smtp` for how long it may take, in seconds."""
    return Smtp(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=mail.password,
        timeout=each,
        altogether=altogether,
        ca_file=str(mail.ca_file or ""),
    )


def letterhead_of(mail: Mail, profile: Profile) -> Letterhead:
    """Return who writes."""
    return Letterhead(
        name=profile.name,
        email=profile.email,
        zone=profile.zone,
        domain=profile.uid_domain,
        address=profile.address,
        phone=mail.phone,
        website=mail.website,
        language=mail.language,
        booking_page=mail.booking_page,
    )


def _programs(
    settings: Settings, profile: Profile, stack: ExitStack
) -> dict[Receiver, Destination]:
    made: dict[Receiver, Destination] = {}
    software, outgoing = settings.software, settings.webhook
    if software.url:
        headers = {"Authorization": software.key} if software.key else {}
        http = Http(f"{software.url}/", headers, inside=software.network == "inside")
        interface = interface_of(software.interface)
        made[Receiver.PRACTICE_SOFTWARE] = PracticeSoftware(
            stack.enter_context(http), interface, profile.zone
        )
    if outgoing.url:
        address = urlsplit(outgoing.url)
        root = f"{address.scheme}://{address.netloc}"
        path = outgoing.url.removeprefix(root) or "/"
        http = stack.enter_context(Http(root, inside=outgoing.network == "inside"))
        made[Receiver.WEBHOOK] = Webhook(http, path, secret_of(outgoing.secret))
    return made
