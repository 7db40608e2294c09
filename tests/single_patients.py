"""A practice beside a CallDoc, with what fetches one patient's appointments, in a line each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from booking_adapter.outgoing import Http, Patience
from booking_adapter.single_patient import SinglePatientSync
from booking_adapter.sync import Source, pull
from booking_adapter.tools.calldoc import CallDoc, Frontend
from practice.access import Actor
from tests.bookings import PROFILE, everything
from tests.building import BERLIN, NOW, writing
from tests.doors import until
from tests.mimics import calldoc as mimic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from booking_adapter.single_patient import AtOnce
    from practice.appointments import Appointment
    from practice.database import SqlDatabase
    from practice.patients import Patient

__all__ = ["BENNO", "DAY", "EMPFANG", "RUTH", "TEN", "Clock", "Desk", "Held", "a_desk", "passed"]

DAY = "2026-11-24"
TEN = f"{DAY}T10:00:00"
EMPFANG = Actor(2, "empfang")
RUTH = mimic.Patient("Öhrlein", "Ruth", "1958-04-17", "4400127", "K204173651")
BENNO = mimic.Patient("Tannhuber", "Benno", "30.09.1991", "4400128", insurance_status="privat")


@dataclass
class Clock:
    """A clock that goes, and can be put forward."""

    ahead: timedelta = field(default_factory=timedelta)
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return NOW + (datetime.now(UTC) - self.begun) + self.ahead


class Held:
    """A tool that has been asked, and waits before it answers."""

    def __init__(self) -> None:
        self._asked = threading.Semaphore(0)
        self.may_go = threading.Event()

    def wait(self, _: object) -> None:
        """Note that it was asked, and wait."""
        self._asked.release()
        self.may_go.wait(20)

    def asked(self) -> None:
        """Wait until it has been asked once more."""
        assert self._asked.acquire(timeout=20)


def passed(span: timedelta) -> None:
    """Wait until so much time has passed."""
    end = time.monotonic() + span.total_seconds()
    until(lambda: time.monotonic() >= end, "the end of time")


@dataclass
class Desk:
    """The practice and its tool. Appointments are with Dr. Müller, of type 24, twenty minutes."""

    database: SqlDatabase
    tool: mimic.CallDoc
    adapter: CallDoc
    source: Source
    clock: Clock
    single: SinglePatientSync
    _patients: dict[mimic.Patient, int] = field(default_factory=dict)

    def book(self, who: mimic.Patient | None, start: str = TEN, **more: Any) -> int:
        """Book in the tool; return the booking's number."""
        if who is not None and who not in self._patients:
            self._patients[who] = self.tool.add_patient(who)
        number = None if who is None else self._patients[who]
        return self.tool.book(start, **{"doctor": 18, "kind": 24, "patient": number} | more)

    def sync(self, piz: str = "4400127", day: str = DAY, kind: int = 24) -> dict[str, Any]:
        """Start one and return the status in which it ends."""
        return self.ended(self.single.start(piz, day, kind, made_by=EMPFANG).id)

    def ended(self, task_id: str, single: SinglePatientSync | None = None) -> dict[str, Any]:
        """Return the status in which a task ends."""
        told: list[dict[str, Any]] = []

        def has_ended() -> bool:
            told.append((single or self.single).status(task_id))
            return bool(told[-1]["status"] != "running")

        until(has_ended, "the end of a task")
        return told[-1]

    def pull(self) -> Mapping[str, int]:
        """Ask the tool for everything, as is done every few minutes."""
        state = pull(self.database, self.source, PROFILE, self.clock)
        assert state.error == ""
        return state.counts

    def booked(self, *numbers: int) -> list[Appointment]:
        """Return the practice's appointments of some bookings."""
        ids = [str(number) for number in numbers]
        with writing(self.database) as uow:
            known = uow.appointments.by_booking(self.source.name, ids)
        return [known[one] for one in ids]

    def patient_of(self, number: int) -> Patient:
        """Return the patient for whom a booking is."""
        (appointment,) = self.booked(number)
        with writing(self.database) as uow:
            return uow.patients.get([appointment.patient_id or 0])[appointment.patient_id or 0]

    def practice(self) -> dict[str, Sequence[Any]]:
        """Return the rows of all tables but those that tell of tasks, and who asked what when."""
        theirs = ("tasks", "acts", "act_head", "sources")
        return {
            name: rows for name, rows in everything(self.database).items() if name not in theirs
        }

    def other(
        self, at_once: AtOnce | None = None, database: SqlDatabase | None = None
    ) -> SinglePatientSync:
        """Return another one, as in another process; to be closed."""
        used = database or self.database
        return SinglePatientSync(used, self.source, self.adapter, PROFILE, self.clock, at_once)

    @contextmanager
    def held(self) -> Iterator[Held]:
        """Let the tool answer only when it may, or at the end of the block."""
        held = Held()
        self.tool.refuse = held.wait
        try:
            yield held
        finally:
            held.may_go.set()
            self.tool.refuse = lambda _: None


@contextmanager
def a_desk(database: SqlDatabase, *, search: bool = True) -> Iterator[Desk]:
    """Open one; with a search by PIZ or without."""
    with ExitStack() as stack:
        tool = stack.enter_context(mimic.CallDoc())
        patience = Patience(pause=lambda _: None, tries=2)
        http = stack.enter_context(Http(tool.url, inside=True, patience=patience))
        doctors = {"18": "dr-mueller", "19": "dr-schmidt"}
        frontend = Frontend(BERLIN, doctors, {"24": 20, "25": 40}, {"24": "kontrolle"})
        adapter = CallDoc(http, frontend, http if search else None)
        source = Source("calldoc", adapter, past=timedelta(days=20))
        clock = Clock()
        single = SinglePatientSync(database, source, adapter, PROFILE, clock)
        yield Desk(database, tool, adapter, source, clock, stack.enter_context(single))
