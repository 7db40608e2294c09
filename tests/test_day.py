"""The day of each doctor: who is next, who waits, what is free; and letters that are given up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from practice.accounts import Doctor
from practice.appointments import Slot, Status
from practice.database.tables import details
from practice.errors import LetterNotFound, NotFound, ReceiptNotFound
from practice.letters import LetterState
from practice.messages import Message, Receiver
from practice.schedule import HoursException
from practice.use_cases.day import a_day, kept_openings
from practice.use_cases.desk import Desk
from practice.use_cases.house import add_doctor
from practice.use_cases.letters import drop, retry
from practice.use_cases.receipts import drop as put_aside
from practice.use_cases.sessions import (
    begin_session,
    end_one,
    end_others,
    sessions_of,
    signed_in,
)
from tests.building import BERLIN, NOW, PROFILE, a_draft, an_event, reading, the_account, writing
from tests.sent import statements
from tests.test_outbox_contract import an_appointment
from tests.test_overview import book

if TYPE_CHECKING:
    from practice.database import SqlDatabase
    from practice.use_cases.day import DoctorDay

#: A Friday, 10 o'clock in Berlin.
TODAY = date(2026, 11, 20)
MINUTE = timedelta(minutes=1)


def day_of(
    database: SqlDatabase, slug: str = "dr-mueller", day: date = TODAY, now: datetime = NOW
) -> DoctorDay:
    with reading(database, now) as uow:
        found = a_day(Desk(uow, PROFILE), day)
    return next(one for one in found if one.doctor and one.doctor.slug == slug)


def clock(slots: tuple[Slot, ...]) -> list[str]:
    return [f"{slot.start:%H:%M}-{slot.end:%H:%M}" for slot in slots]


def test_a_day_tells_who_is_next_and_who_waits(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        first = book(uow, "2026-11-20 08:00", progress="arrived")
        second = book(uow, "2026-11-20 08:30", progress="arrived")
        book(uow, "2026-11-20 09:00", progress="no_show")
        running = book(uow, "2026-11-20 09:45")
        book(uow, "2026-11-20 09:00")  # is over, and nobody noted anything
        book(uow, "2026-11-20 11:00", status=Status.CANCELLED)
        book(uow, "2026-11-20 14:00")
        book(uow, "2026-11-20 09:20", progress="in_treatment")
        for one, ago in ((first, 5), (second, 20)):
            this = update(details).where(details.c.appointment_id == one.id)
            uow.connection.execute(this.values(progressed=NOW - ago * MINUTE))
    found = day_of(practice)
    assert found.next is not None
    assert (found.next.appointment.id, found.left, found.missed) == (running.id, 2, 1)
    assert [one.appointment.id for one in found.waiting] == [second.id, first.id]
    assert (len(found.booked), len(found.in_treatment)) == (7, 1)
    other = day_of(practice, "dr-schmidt")
    assert (other.booked, other.next, other.left) == ((), None, 0)


def test_free_is_what_is_open_and_not_taken_from_now_on(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        calendars = {one.name: one for one in uow.calendars.all()}
        for name, uid, start, end in (
            ("dr-mueller", "a", "20261120T103000", "20261120T110000"),
            ("praxis", "b", "20261120T140000", "20261120T150000"),  # keeps everybody
            ("dr-mueller", "c", "20261120T150300", "20261120T160000"),  # three minutes are nothing
            ("dr-schmidt", "d", "20261120T080000", "20261120T120000"),
        ):
            uow.calendars.save(calendars[name], a_draft(f"{uid}.ics", an_event(uid, start, end)))
    found = day_of(practice)
    there = found.open
    assert clock(found.free)[0] == "10:00-10:30"
    taken = {"10:30-11:00", "14:00-15:00"}
    assert not taken & set(clock(found.free))
    assert "15:00-15:03" not in clock(found.free)
    assert all(any(o.start <= s.start and s.end <= o.end for o in there) for s in found.free)
    assert found.free_minutes == sum((slot.end - slot.start) // MINUTE for slot in found.free)
    assert day_of(practice, now=NOW + timedelta(days=1)).free == ()
    assert day_of(practice, day=date(2026, 11, 22)).open == ()


def test_what_has_no_doctor_stands_last_and_only_if_there_is_any(practice: SqlDatabase) -> None:
    with reading(practice) as uow:
        assert [one.doctor is None for one in a_day(Desk(uow, PROFILE), TODAY)] == [False, False]
    with writing(practice) as uow:
        one = book(uow, "2026-11-20 12:00")
        uow.connection.exec_driver_sql(
            f"UPDATE appointments SET doctor_id = NULL WHERE id = {one.id}"
        )
    with reading(practice) as uow:
        found = a_day(Desk(uow, PROFILE), TODAY)
    assert [one.doctor is None for one in found] == [False, False, True]
    assert found[-1].left == 1


def test_a_day_costs_the_same_for_many_doctors(practice: SqlDatabase) -> None:
    counts = []
    for more in (0, 6):
        with writing(practice) as uow:
            for n in range(more):
                add_doctor(uow, Doctor(f"dr-{n}", f"Dr. {n}"))
            book(uow, f"2026-11-20 1{more}:00")
        with reading(practice) as uow:
            uow.log_state()
            with statements(practice) as sent:
                desk = Desk(uow, PROFILE)
                a_day(desk, TODAY)
                kept_openings(desk, TODAY, TODAY + timedelta(days=42))
            counts.append(len(sent))
    assert counts[0] == counts[1] <= 10


def test_openings_of_weeks_ago_have_the_exceptions_of_then(practice: SqlDatabase) -> None:
    first, last = date(2026, 11, 2), date(2026, 11, 9)
    away = Slot(*(datetime(2026, 11, day, tzinfo=BERLIN) for day in (2, 5)))
    with writing(practice) as uow:
        mueller = next(d for d in uow.house.doctors() if d.slug == "dr-mueller")
        uow.house.save_exception(HoursException(0, mueller.id, None, away, open=False))
    with reading(practice) as uow:
        told = kept_openings(Desk(uow, PROFILE), first, last)
    open_on = [
        day for day in range(2, 9) if list(told(mueller, datetime(2026, 11, day, 11, tzinfo=UTC)))
    ]
    assert open_on == [5, 6]


# --- Given up -----------------------------------------------------------------------------------


def test_a_letter_that_is_given_up_is_not_sent_until_it_is_tried_again(
    practice: SqlDatabase,
) -> None:
    with writing(practice) as uow:
        uow.outbox.post(Receiver.PATIENT, Message.MOVED, an_appointment(uow), "{}")
        (letter,) = uow.outbox.newest(tuple(LetterState), None, 9)
        assert drop(uow, letter.id).state is LetterState.DROPPED
        later = NOW + timedelta(days=1)
        assert uow.outbox.claim(Receiver.PATIENT, later, MINUTE, MINUTE, 9) == []
        with pytest.raises(LetterNotFound):
            drop(uow, letter.id)
        assert retry(uow, letter.id).state is LetterState.TRIED
        (taken,) = uow.outbox.claim(Receiver.PATIENT, later, MINUTE, MINUTE, 9)
        with pytest.raises(LetterNotFound):  # it may have arrived by now
            drop(uow, taken.id)


def test_a_webhook_is_put_aside_once(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        number = uow.receipts.receive("calcom", "k", {}, b"x", "Kein Termin.")
        assert number is not None
        put_aside(uow, number)
        assert uow.figures.webhooks(NOW).in_quarantine == 0
        for wrong in (number, 0, 2**63):
            with pytest.raises(ReceiptNotFound):
                put_aside(uow, wrong)
        assert uow.receipts.replay(number)


# --- Where one is signed in ---------------------------------------------------------------------


def test_sessions_are_told_to_whose_they_are_and_ended_one_or_all(practice: SqlDatabase) -> None:
    with writing(practice, now=NOW - 5 * MINUTE) as uow:
        me, other = the_account(uow, "empfang"), the_account(uow, "admin")
        begin_session(uow, me, network="192.0.2.7")
    with writing(practice) as uow:
        here, there = begin_session(uow, me), begin_session(uow, me)
        foreign = begin_session(uow, other)
        found = sessions_of(uow, me, here)
        assert [one.this for one in found].count(True) == 1
        assert found[-1].network == "192.0.2.7"
        assert all(secret not in one.id for one in found for secret in (here, there))
        (theirs,) = sessions_of(uow, other)
        with pytest.raises(NotFound):
            end_one(uow, me, theirs.id)
        end_one(uow, me, found[-1].id)
        assert end_others(uow, me, here) == 1
        assert signed_in(uow, here)
        assert signed_in(uow, foreign)
        assert signed_in(uow, there) is None
    with reading(practice, NOW + timedelta(minutes=16)) as uow:
        assert sessions_of(uow, me, here) == []  # left alone for too long
