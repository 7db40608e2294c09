"""A visitor does not fill the practice's calendar: what is booked online is counted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from practice.database.tables import self_bookings
from practice.passwords import digest
from practice.schedule import BookingRules
from practice.scopes import Scope
from practice.use_cases.crowds import (
    MOST_OF_NETWORK,
    MOST_OF_PRACTICE,
    MOST_TO_COME,
    MOST_TO_COME_SIGNED_IN,
    by_patient,
    by_visitor,
    note_booked,
)
from practice.use_cases.erasure import erase
from practice.use_cases.offers import save_rules
from practice.use_cases.sessions import proof_of
from tests.arranging import TEN, Surgery
from tests.bookings import everything
from tests.building import PROFILE
from tests.in_api import api_of
from tests.test_api_door import problem
from tests.test_api_portal import BOOK, EVA, a_token, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from practice.database import SqlDatabase
    from tests.in_api import Doors

HALF = timedelta(minutes=30)
(HOUR, IN_AN_HOUR), (DAY, IN_A_DAY) = MOST_OF_NETWORK


class Crowd:
    """Visitors of a practice's website, each of whom wants the next time that nobody has."""

    def __init__(self, surgery: Surgery, doors: Doors) -> None:
        self.surgery = surgery
        self.doors = doors
        self.clock = doors.clock
        self.wishes = 0

    def ask(self, network: str = "192.0.2.1", email: str = "", who: Any = None) -> httpx.Response:
        """Have somebody book; a person and an address that nobody had before, unless it is told."""
        self.wishes += 1
        n = self.wishes
        start = TEN - 4 * HALF + timedelta(days=7 * (n // 8)) + n % 8 * HALF
        name = "".join(chr(97 + int(digit)) for digit in f"{n:04}")
        person = EVA | {"last_name": f"Neu{name}", "email": email or f"n{n}@example.org"}
        who = who or self.doors.visitor(network)
        answer: httpx.Response = who.post(BOOK, json=wanted(start) | {"person": person})
        return answer

    def asks(self, times: int, **more: Any) -> list[int]:
        return [self.ask(**more).status_code for _ in range(times)]

    def is_refused(self, **more: Any) -> str:
        """Have somebody refused, who leaves nothing behind; return the sentence."""
        before = everything(self.surgery.database)
        answer = self.ask(**more)
        told = problem(answer, 429)
        assert told["type"].endswith("#problem-too-many-bookings")
        assert answer.headers["retry-after"] == "3600"
        assert everything(self.surgery.database) == before
        return str(told["detail"])

    def counted(self) -> list[Any]:
        with self.surgery.database.engine.connect() as connection:
            return list(connection.execute(select(self_bookings)))


@pytest.fixture
def crowd(practice: SqlDatabase) -> Iterator[Crowd]:
    surgery = Surgery(practice)
    with surgery.writing() as uow:
        save_rules(uow, BookingRules(window_days=400, holidays_closed=False))
    with api_of(practice) as doors:
        yield Crowd(surgery, doors)


def test_a_visitor_who_books_slot_after_slot_is_stopped(crowd: Crowd) -> None:
    assert crowd.asks(IN_AN_HOUR) == [201] * IN_AN_HOUR
    told = crowd.is_refused()
    assert "call us" in told
    with api_of(crowd.surgery.database) as another_process:
        other = Crowd(crowd.surgery, another_process)
        assert other.ask().status_code == 429
    assert crowd.ask(network="2001:db8::1").status_code == 201
    crowd.clock.now += HOUR
    assert crowd.asks(IN_A_DAY - IN_AN_HOUR) == [201] * (IN_A_DAY - IN_AN_HOUR)
    crowd.clock.now += 2 * HOUR
    assert crowd.is_refused() == told
    # After a day, not even a digest of the network is there.
    crowd.clock.now += DAY - 2 * HOUR
    assert crowd.ask().status_code == 201
    assert [bool(one.network) for one in crowd.counted()].count(True) == 1
    assert "192.0.2" not in str(crowd.counted())


def test_one_address_has_a_few_bookings_to_come_wherever_it_books_from(crowd: Crowd) -> None:
    networks = [f"198.51.100.{n}" for n in range(MOST_TO_COME)]
    eva = "eva@example.org"
    for network in networks:
        assert crowd.ask(network, eva).status_code == 201
    assert "this address" in crowd.is_refused(network="203.0.113.1", email="Eva@Example.org")
    with crowd.surgery.reading() as uow:
        first = min(uow.appointments.all(), key=lambda one: one.slot.start)
    address = f"/api/booking/appointments/{first.id}"
    assert crowd.doors.api("empfang").delete(address).status_code == 200
    assert crowd.ask("203.0.113.1", eva).status_code == 201
    assert crowd.is_refused(network="203.0.113.2", email=eva)
    # What has begun is not counted any more, nor kept.
    crowd.clock.now, crowd.wishes = TEN + timedelta(days=1), 8
    assert crowd.ask("203.0.113.2", eva).status_code == 201
    assert len(crowd.counted()) == 1


def test_a_website_books_for_all_its_visitors_and_staff_for_whom_they_like(crowd: Crowd) -> None:
    website = crowd.doors.token(a_token(crowd.surgery, Scope.PORTAL))
    assert crowd.asks(IN_A_DAY + 1, who=website) == [201] * (IN_A_DAY + 1)
    assert crowd.ask().status_code == 201
    eva = "eva@example.org"
    assert crowd.asks(MOST_TO_COME, who=website, email=eva) == [201] * MOST_TO_COME
    assert crowd.is_refused(who=website, email=eva)
    staff = crowd.doors.api("empfang")
    assert crowd.asks(IN_AN_HOUR + 1, who=staff, email=eva) == [201] * (IN_AN_HOUR + 1)
    # A token that is for something else is nobody's website.
    reader = crowd.doors.token(a_token(crowd.surgery, Scope.VIEW_CALENDAR))
    assert crowd.asks(IN_AN_HOUR + 1, who=reader) == [201] * IN_AN_HOUR + [429]


def test_many_networks_do_not_fill_a_calendar_within_the_hour_either(crowd: Crowd) -> None:
    assert crowd.ask().status_code == 201
    with crowd.surgery.writing() as uow:
        (made,) = uow.appointments.all()
        for n in range(MOST_OF_PRACTICE - 1):
            note_booked(uow, by_visitor(f"z{n}@example.org", f"203.0.113.{n}"), made.id)
    assert "last hour" in crowd.is_refused(network="198.51.100.1")
    crowd.clock.now += HOUR
    assert crowd.ask("198.51.100.1").status_code == 201


def test_who_signs_in_after_a_first_booking_does_not_fill_a_calendar_either(crowd: Crowd) -> None:
    secret, patient_id = "s" * 40, crowd.surgery.patients["100"]
    made = crowd.surgery.book()
    with crowd.surgery.writing() as uow:
        uow.sessions.begin(digest(secret), account_id=None, patient_id=patient_id)
        for _ in range(MOST_TO_COME_SIGNED_IN - 1):
            note_booked(uow, by_patient(patient_id), made.appointment.id)
    who = crowd.doors.visitor("192.0.2.1")
    who.headers.update({"Cookie": f"__Host-session={secret}", "X-CSRF-Token": proof_of(secret)})
    own = "/api/patient-portal/appointments"
    days = (TEN + timedelta(days=n) for n in (1, 2))
    codes = [who.post(own, json=wanted(day)).status_code for day in days]
    assert codes == [201, 429]


def test_of_who_is_erased_no_count_is_left(crowd: Crowd) -> None:
    assert crowd.ask().status_code == 201
    with crowd.surgery.writing() as uow:
        (made,) = uow.appointments.all()
        patient = uow.patients.get([made.patient_id or 0])[made.patient_id or 0]
        erase(uow, patient, PROFILE, also_future=True)
    assert crowd.counted() == []
