"""Steps in a practice, a line and a minute each: puts, moves, calendars, and taking them back."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from practice.access import Actor
from practice.calendars import CalendarKind, Condition
from practice.database.tables import letters
from practice.log import LogQuestion
from practice.patients import Patient, PatientRecord
from practice.use_cases import objects
from practice.use_cases.undo import undo
from practice.use_cases.undo_plans import Plan, plan_undo
from practice.use_cases.verify import verify
from tests.bookings import everything
from tests.building import (
    NOW,
    PROFILE,
    a_draft,
    an_event,
    reading,
    the_account,
    the_view,
    writing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.access import Account
    from practice.appointments import Appointment
    from practice.calendars import Calendar, CalendarObject, Change
    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork
    from practice.messages import Message, Receiver

__all__ = ["LABOR", "OF_PATIENT", "House"]

LABOR = "labor"
TEN = ("20261123T100000", "20261123T103000")
NOON = ("20261123T120000", "20261123T123000")
THREE = ("20261123T150000", "20261123T153000")
#: What makes an event an appointment of the patient.
OF_PATIENT = ("X-PATIENT-ID:P-4711", "X-APPOINTMENT-TYPE:Kontrolle")


class House:
    """The practice, a step a line; each step is a minute later."""

    def __init__(self, database: SqlDatabase) -> None:
        """Start with a patient."""
        self.database = database
        self.now = NOW
        record = PatientRecord(
            "Zarnekow",
            "Wiebke",
            "1966-02-03",
            "wiebke@example.org",
            "0170 5550199",
            number="P-4711",
        )
        with writing(database) as uow:
            uow.patients.save(Patient("P-4711", record))

    @contextmanager
    def step(self, name: str = "empfang") -> Iterator[tuple[SqlUnitOfWork, Account]]:
        """Do something as an account; then all must agree."""
        self.now += timedelta(minutes=1)
        with reading(self.database) as uow:
            account = the_account(uow, name)
        with writing(self.database, Actor(account.id, name), self.now) as uow:
            yield uow, account
        self.agrees()

    def agrees(self) -> None:
        with reading(self.database) as uow:
            assert list(verify(uow, PROFILE, lambda: None)) == []

    def put(
        self,
        calendar: str,
        uid: str,
        *more: str,
        name: str = "",
        who: str = "empfang",
        at: str = "",
    ) -> int:
        """Put an event from ten (or `at`) on; return the number of the change."""
        slot = {"": TEN, "noon": NOON, "three": THREE}[at]
        with self.step(who) as (uow, account):
            draft = a_draft(name or f"{uid}.ics", an_event(uid, *slot, *more))
            seen = the_view(uow, who, calendar)
            return objects.put(
                uow, account, seen, draft, condition=Condition(), profile=PROFILE
            ).head.number

    def delete(self, calendar: str, name: str) -> int:
        with self.step() as (uow, account):
            objects.delete(uow, account, the_view(uow, "empfang", calendar), name, Condition())
            return uow.log_state().number

    def move(self, calendar: str, name: str, to: str, to_name: str = "") -> int:
        """Move an object; return the number of the change that is its arrival."""
        with self.step() as (uow, account):
            return objects.move(
                uow,
                account,
                (the_view(uow, "empfang", calendar), name),
                (the_view(uow, "empfang", to), to_name or name),
                overwrite=True,
                condition=Condition(),
                profile=PROFILE,
            ).head.number

    def make(self, name: str = LABOR) -> Calendar:
        with self.step("admin") as (uow, _):
            made = uow.calendars.create(
                name, CalendarKind.PLAIN, {"D:displayname": "Labor"}, components=("VEVENT",)
            )
        return made

    def drop(self, name: str = LABOR) -> int:
        with self.step("admin") as (uow, account):
            objects.drop_calendar(uow, account, the_view(uow, "admin", name))
            return uow.log_state().number

    def plan(self, *numbers: int, force: bool = False) -> Plan:
        questions = [LogQuestion(first=number, last=number) for number in numbers]
        with reading(self.database, self.now) as uow:
            return plan_undo(uow, questions, PROFILE, also_later=force)

    def undo(self, *numbers: int, force: bool = False) -> range:
        """Take changes back; return the numbers of the new ones."""
        questions = [LogQuestion(first=number, last=number) for number in numbers]
        with self.step("admin") as (uow, _):
            first, last = undo(uow, plan_undo(uow, questions, PROFILE, also_later=force))
        return range(first, last + 1)

    def refuses(self, error: type[Exception], *numbers: int, force: bool = False) -> Exception:
        """See that taking back is refused, and that nothing has changed."""
        before = everything(self.database)
        with pytest.raises(error) as refused:
            self.undo(*numbers, force=force)
        assert everything(self.database) == before
        return refused.value

    def deliver(self) -> None:
        """Deliver what waits, as a worker does."""
        with self.database.engine.begin() as connection:
            waiting = update(letters).where(letters.c.state == "waiting")
            connection.execute(waiting.values(state="delivered"))

    @property
    def waiting(self) -> list[tuple[Receiver, Message]]:
        with reading(self.database) as uow:
            return [(to, message) for to, message, _ in uow.outbox.waiting()]

    @property
    def number(self) -> int:
        with reading(self.database) as uow:
            return uow.log_state().number

    def get(self, calendar: str, name: str) -> CalendarObject | None:
        with reading(self.database) as uow:
            return uow.calendars.get(the_view(uow, "admin", calendar), [name]).get(name)

    def appointment(self, uid: str) -> Appointment:
        with reading(self.database) as uow:
            found = uow.appointments.by_uid(uid)
        assert found
        return found

    def log(self, numbers: range) -> list[Change]:
        with reading(self.database) as uow:
            return uow.calendars.log(numbers.start - 1, len(numbers))
