"""Letters on their way: at least once, by one key, each alone, and only what is still to tell."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from booking_adapter.deliveries.booking_tool import BookingTools
from booking_adapter.failures import Failed
from booking_adapter.worker import Addressees, Worker
from practice.appointments import Appointment, Slot, Status
from practice.database import SqlDatabase
from practice.letters import LetterState
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from practice.use_cases.appointments import tell
from practice.use_cases.letters import LEASE, PATIENCE, post_reminders, take
from tests.building import NOW, PROFILE, reading, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from booking_adapter.deliveries.dispatch import Dispatch

PATIENT, SOFTWARE = Receiver.PATIENT, Receiver.PRACTICE_SOFTWARE
TOMORROW = Slot(NOW + timedelta(days=1), NOW + timedelta(days=1, minutes=30))
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass
class Postbox:
    """Somebody outside, who keeps what comes; `fails` says what happens before it has come."""

    got: list[Dispatch] = field(default_factory=list)
    fails: Callable[[Dispatch], None] = lambda _: None

    def deliver(self, dispatch: Dispatch, _now: datetime) -> None:
        self.fails(dispatch)
        self.got.append(dispatch)

    @property
    def messages(self) -> list[Message]:
        return [one.message for one in self.got]


class Post:
    """A practice, two receivers, and a worker whose clock the test turns."""

    def __init__(self, database: SqlDatabase) -> None:
        self.database, self.now = database, NOW
        self.patient, self.software = Postbox(), Postbox()
        destinations = {PATIENT: self.patient, SOFTWARE: self.software}
        addressees = Addressees(BookingTools({}), destinations)
        self.worker = Worker(database, addressees, {}, PROFILE, lambda: self.now)

    def book(self, uid: str = "u-1", *, consent: bool = False) -> Appointment:
        """Have an appointment tomorrow, of which nobody is told."""
        record = PatientRecord("Zarnekow", "Wiebke", email="wiebke@example.org")
        agreed = self.now if consent else None
        with writing(self.database, now=self.now) as uow:
            (calendar,) = (c for c in uow.calendars.all() if c.name == "dr-mueller")
            patient = uow.patients.save(Patient("", record, reminders=agreed))
            made = Appointment(uid, TOMORROW, Status.CONFIRMED, calendar.doctor_id, calendar.id)
            return uow.appointments.save(replace(made, patient_id=patient.id))

    def change(self, before: Appointment, **changes: object) -> Appointment:
        """Change an appointment, and post what is to be told of it."""
        with writing(self.database, now=self.now) as uow:
            after = uow.appointments.save(replace(before, **changes))  # type: ignore[arg-type]
            tell(uow, before, after)
        return after

    def deliver(self) -> int:
        return self.worker.deliver_all()

    def states(self) -> list[LetterState]:
        with reading(self.database) as uow:
            return [one.state for one in uow.outbox.find(tuple(LetterState))]


def later(by: timedelta) -> Slot:
    return Slot(TOMORROW.start + by, TOMORROW.end + by)


@pytest.fixture
def post(practice: SqlDatabase) -> Iterator[Post]:
    url = practice.engine.url.render_as_string(hide_password=False)
    with closing(SqlDatabase(url, receivers=frozenset({PATIENT, SOFTWARE}))) as database:
        yield Post(database)


def raising(error: Exception) -> Callable[[Dispatch], None]:
    def fails(_: Dispatch) -> None:
        raise error

    return fails


def test_a_letter_is_made_of_what_is_when_it_is_sent(post: Post) -> None:
    booked = post.book()
    post.change(booked, slot=later(MINUTE))
    with writing(post.database) as uow:
        patient = uow.patients.get([booked.patient_id or 0])[booked.patient_id or 0]
        uow.patients.save(replace(patient, record=replace(patient.record, email="new@example.org")))
    post.deliver()
    (dispatch,) = post.patient.got
    assert dispatch.appointment.slot == later(MINUTE)
    assert dispatch.known is not None
    assert dispatch.known.slot == TOMORROW
    assert dispatch.patient is not None
    assert dispatch.patient.record.email == "new@example.org"
    assert dispatch.doctor is not None
    assert dispatch.doctor.slug == "dr-mueller"


def test_who_dies_while_a_letter_is_sent_leaves_it_to_another_with_the_same_key(post: Post) -> None:
    post.change(post.book(), slot=later(MINUTE))
    with writing(post.database) as uow:
        (lost,) = take(uow, PATIENT, timedelta(), 10)
    assert post.deliver() == 1  # the software's
    post.now += LEASE
    assert post.deliver() == 1
    assert [one.key for one in post.patient.got] == [lost.key]
    assert set(post.states()) == {LetterState.DELIVERED}


def test_one_who_does_not_answer_holds_up_nobody_else(post: Post) -> None:
    post.software.fails = raising(Failed("status 502"))
    post.change(post.book(), slot=later(MINUTE))
    post.deliver()
    assert post.patient.messages == [Message.MOVED]
    assert LetterState.TRIED in post.states()


def test_what_nobody_thought_of_is_tried_again_like_any_other_failure(post: Post) -> None:
    post.patient.fails = raising(ZeroDivisionError())
    post.change(post.book(), slot=later(MINUTE))
    post.deliver()
    post.patient.fails = lambda _: None
    post.now += timedelta(minutes=2)
    post.deliver()
    assert post.patient.messages == [Message.MOVED]


def test_tries_become_rarer_and_end_after_a_week(post: Post) -> None:
    tried: list[datetime] = []

    def down(_: Dispatch) -> None:
        tried.append(post.now)
        raise Failed("ConnectError")

    post.software.fails = down
    post.change(post.book(), slot=later(30 * DAY))
    while post.now < NOW + PATIENCE + DAY:
        post.deliver()
        post.now += timedelta(minutes=10)
    pauses = [b - a for a, b in pairwise(tried)]
    assert pauses[0] <= timedelta(minutes=10)
    assert max(pauses) <= timedelta(minutes=90)
    assert 100 < len(tried) < 300
    assert LetterState.FAILED in post.states()


def test_a_letter_that_is_refused_for_good_is_given_up_at_once(post: Post) -> None:
    post.patient.fails = raising(Failed("no address", permanent=True))
    post.change(post.book(), slot=later(MINUTE))
    post.deliver()
    with reading(post.database) as uow:
        (failed,) = uow.outbox.find([LetterState.FAILED])
    assert (failed.to, failed.error) == (PATIENT, "no address")


def test_nobody_is_told_of_what_is_past(post: Post) -> None:
    post.change(post.book(), slot=later(MINUTE))
    post.now += 2 * DAY
    post.deliver()
    assert post.patient.got == []
    assert post.software.messages == [Message.MOVED]


def remind(post: Post) -> int:
    with writing(post.database, now=post.now) as uow:
        return post_reminders(uow, Slot(post.now, post.now + timedelta(hours=30)))


def test_who_agreed_is_reminded_once(post: Post) -> None:
    post.book("u-1", consent=True)
    post.book("u-2")
    assert [remind(post), remind(post)] == [1, 0]
    post.deliver()
    assert post.patient.messages == [Message.REMINDED]
    assert post.patient.got[0].appointment.uid == "u-1"


def test_a_reminder_of_what_has_moved_is_not_sent_and_the_new_time_has_its_own(post: Post) -> None:
    booked = post.book(consent=True)
    remind(post)
    post.change(booked, slot=later(timedelta(hours=1)))
    post.deliver()
    assert post.patient.messages == [Message.MOVED]
    assert remind(post) == 1
    post.deliver()
    assert post.patient.messages == [Message.MOVED, Message.REMINDED]
    assert post.patient.got[1].appointment.slot == later(timedelta(hours=1))


def test_who_takes_the_consent_back_is_not_reminded(post: Post) -> None:
    booked = post.book(consent=True)
    remind(post)
    with writing(post.database) as uow:
        patient = uow.patients.get([booked.patient_id or 0])[booked.patient_id or 0]
        uow.patients.save(replace(patient, reminders=None))
    post.deliver()
    assert post.patient.got == []
