"""Of many who want one slot at the same moment, through every door, one gets it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from practice.access import Actor
from practice.calendars import Condition
from practice.errors import SlotTaken
from practice.use_cases import objects
from practice.use_cases.arranging import book
from practice.use_cases.holding import Wish, hold
from practice.use_cases.portal import SelfBooking, self_book
from practice.use_cases.verify import verify
from practice.use_cases.who_books import Person
from tests.arranging import TEN, Surgery, a_patient
from tests.building import PROFILE, a_draft, an_event, reading, the_account, the_view, writing

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork

RIVALS, ROUNDS = 20, 4


class Race:
    """Rivals who each try once, at the same moment."""

    def __init__(self, surgery: Surgery) -> None:
        self.surgery = surgery
        with writing(surgery.database) as uow:
            self.patients = [
                uow.patients.save(a_patient(str(1000 + n), f"Name{n}")).id for n in range(RIVALS)
            ]
            self.booking = the_account(uow, "buchung")

    def run(self, tries: list[Callable[[SqlUnitOfWork], object]]) -> list[object]:
        """Return what became of each: what it returned, or SlotTaken."""
        start = Barrier(len(tries))

        def attempt(act: Callable[[SqlUnitOfWork], object]) -> object:
            start.wait(30)
            actor = Actor(self.booking.id, "rival")
            try:
                with self.surgery.database.begin(actor=actor, now=self.surgery.now) as uow:
                    return act(uow)
            except SlotTaken as taken:
                return taken

        with ThreadPoolExecutor(len(tries)) as threads:
            return list(threads.map(attempt, tries))

    def staff(self, n: int, start: datetime, **more: str) -> Callable[[SqlUnitOfWork], object]:
        order = replace(self.surgery.order(start, **more), patient_id=self.patients[n])
        return lambda uow: book(uow, order, PROFILE)

    def patient(self, n: int, start: datetime) -> Callable[[SqlUnitOfWork], object]:
        order = self.surgery.order(start)
        wanted = SelfBooking(order.type_id, order.doctor_id, start)
        who = Person(f"Neu{n}", "Eva", "1990-05-05", f"eva{n}@example.org")
        return lambda uow: self_book(uow, wanted, who, PROFILE)

    def tool(self, n: int, start: datetime) -> Callable[[SqlUnitOfWork], object]:
        times = (f"{one:%Y%m%dT%H%M%S}" for one in (start, start + timedelta(minutes=30)))
        draft = a_draft(f"{start:%d}-{n}.ics", an_event(f"{start:%d}-{n}", *times))

        def put(uow: SqlUnitOfWork) -> object:
            view = the_view(uow, "buchung", "dr-mueller")
            return objects.put(
                uow, self.booking, view, draft, condition=Condition(), profile=PROFILE
            )

        return put

    def hold(self, n: int, start: datetime) -> Callable[[SqlUnitOfWork], object]:
        order = self.surgery.order(start)
        wish = Wish(order.type_id, order.doctor_id, start)
        return lambda uow: hold(uow, wish, f"192.0.2.{n}", PROFILE)


@pytest.fixture
def race(practice: SqlDatabase) -> Race:
    return Race(Surgery(practice))


def winners(told: list[object]) -> list[object]:
    return [one for one in told if not isinstance(one, SlotTaken)]


def test_of_twenty_rivals_through_every_door_one_gets_the_slot(race: Race) -> None:
    doors = (race.staff, race.patient, race.tool, race.hold)
    for day in range(ROUNDS):
        start = TEN + timedelta(days=day)
        told = race.run([doors[n % 4](n, start) for n in range(RIVALS)])
        assert len(winners(told)) == 1
        for lost in told:
            if isinstance(lost, SlotTaken):
                assert lost.busy == ("doctor",)
                assert start not in {slot.start for slot in lost.alternatives}
    with reading(race.surgery.database) as uow:
        assert list(verify(uow, PROFILE, lambda: None)) == []
        people = {a.patient_id for a in uow.appointments.all() if a.patient_id is not None}
        known = set(race.patients) | set(race.surgery.patients.values())
        # Who has not got it was not entered either.
        assert len(uow.patients.get(range(1, 1000))) == len(known | people)


def test_of_rivals_for_one_room_at_several_doctors_one_gets_it(race: Race) -> None:
    surgery = race.surgery
    doctors = ("dr-mueller", "dr-schmidt")
    for day in range(ROUNDS):
        start = TEN + timedelta(days=day)
        told = race.run(
            [race.staff(n, start, doctor=doctors[n % 2], kind="eng") for n in range(RIVALS)]
        )
        assert len(winners(told)) == 1
    assert surgery.is_whole()


def test_of_rivals_for_one_patient_one_gets_the_time(race: Race) -> None:
    doctors = ("dr-mueller", "dr-schmidt")
    race.patients = [race.patients[0]] * RIVALS
    told = race.run([race.staff(n, TEN, doctor=doctors[n % 2]) for n in range(RIVALS)])
    assert len(winners(told)) == 1
