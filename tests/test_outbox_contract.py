"""What every database must do with letters, webhooks, conflicts and jobs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from practice.appointments import Appointment, Slot, Status
from practice.conflicts import Dispute, DisputeKind, DisputeState, Terms
from practice.letters import Letter, LetterState
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from practice.sources import ReceiptState, SourceState
from tests.building import NOW, reading, writing

if TYPE_CHECKING:
    from datetime import datetime

    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork

PATIENT, TOOL = Receiver.PATIENT, Receiver.BOOKING_TOOL
LEASE, GRACE, NO_GRACE = timedelta(minutes=5), timedelta(minutes=2), timedelta()
MINUTE = timedelta(minutes=1)


def an_appointment(
    uow: SqlUnitOfWork, uid: str = "u-1", patient_id: int | None = None
) -> Appointment:
    (calendar,) = (c for c in uow.calendars.all() if c.name == "dr-mueller")
    slot = Slot(NOW + timedelta(days=1), NOW + timedelta(days=1, minutes=30))
    made = Appointment(
        uid, slot, Status.CONFIRMED, calendar.doctor_id, calendar.id, patient_id=patient_id
    )
    return uow.appointments.save(made)


@pytest.fixture
def posted(practice: SqlDatabase) -> SqlDatabase:
    """A practice with one letter to a patient, posted at NOW."""
    with writing(practice) as uow:
        uow.outbox.post(PATIENT, Message.MOVED, an_appointment(uow), "{}")
    return practice


def claim(
    database: SqlDatabase, now: datetime, to: Receiver = PATIENT, grace: timedelta = NO_GRACE
) -> list[Letter]:
    with reading(database, now) as uow:
        due = uow.outbox.due(to, now, grace)
    with writing(database, now=now) as uow:
        claimed = uow.outbox.claim(to, now, grace, LEASE, 10)
    assert due is bool(claimed)
    return claimed


def states(database: SqlDatabase) -> list[LetterState]:
    with reading(database) as uow:
        return [letter.state for letter in uow.outbox.find(tuple(LetterState))]


def test_a_letter_waits_for_what_may_come_after_it(posted: SqlDatabase) -> None:
    assert claim(posted, NOW + GRACE - MINUTE, grace=GRACE) == []
    (letter,) = claim(posted, NOW + GRACE, grace=GRACE)
    assert (letter.state, letter.attempts, letter.posted) == (LetterState.SENDING, 1, NOW)


def test_a_letter_that_is_being_sent_is_nobody_elses_until_the_lease_has_run_out(
    posted: SqlDatabase,
) -> None:
    (first,) = claim(posted, NOW)
    assert claim(posted, NOW + LEASE - MINUTE) == []
    (second,) = claim(posted, NOW + LEASE)
    assert (second.id, second.attempts) == (first.id, 2)
    with writing(posted, now=NOW + LEASE) as uow:
        assert not uow.outbox.settle(first, LetterState.FAILED)
        assert uow.outbox.settle(second, LetterState.DELIVERED)
    assert states(posted) == [LetterState.DELIVERED]


def test_a_letter_goes_to_its_own_receiver(posted: SqlDatabase) -> None:
    assert claim(posted, NOW, TOOL) == []


def test_a_letter_that_was_tried_comes_again_when_it_is_due(posted: SqlDatabase) -> None:
    (letter,) = claim(posted, NOW)
    with writing(posted, now=NOW) as uow:
        uow.outbox.settle(letter, LetterState.TRIED, due=NOW + MINUTE, error="status 502")
    assert claim(posted, NOW) == []
    (again,) = claim(posted, NOW + MINUTE, grace=GRACE)
    assert (again.attempts, again.error) == (2, "status 502")


def test_what_was_tried_is_not_withdrawn(posted: SqlDatabase) -> None:
    (letter,) = claim(posted, NOW)
    with writing(posted) as uow:
        assert uow.outbox.withdraw(letter.appointment_id) == {}
        uow.outbox.settle(letter, LetterState.TRIED, due=NOW)
        assert uow.outbox.withdraw(letter.appointment_id) == {}


def test_the_last_letter_about_an_appointment_supersedes_those_before(posted: SqlDatabase) -> None:
    (first,) = claim(posted, NOW)
    with writing(posted) as uow:
        appointment = uow.appointments.get(first.appointment_id)
        assert appointment is not None
        uow.outbox.post(PATIENT, Message.CANCELLED, appointment, "{}")
    assert claim(posted, NOW) == []  # the first is on its way
    with writing(posted) as uow:
        uow.outbox.settle(first, LetterState.TRIED, due=NOW)
    (last,) = claim(posted, NOW)
    assert last.message is Message.CANCELLED
    assert states(posted) == [LetterState.SUPERSEDED, LetterState.SENDING]


@pytest.mark.parametrize("to", [Receiver.PRACTICE_SOFTWARE, Receiver.WEBHOOK])
def test_who_keeps_what_it_is_told_gets_every_letter_in_order(
    practice: SqlDatabase, to: Receiver
) -> None:
    with writing(practice) as uow:
        made = an_appointment(uow)
        for message in (Message.BOOKED, Message.MOVED):
            uow.outbox.post(to, message, made, "{}")
    (first,) = claim(practice, NOW, to)
    assert first.message is Message.BOOKED
    assert claim(practice, NOW, to) == []
    with writing(practice) as uow:
        uow.outbox.settle(first, LetterState.TRIED, due=NOW + MINUTE)
    assert claim(practice, NOW, to) == []
    (again,) = claim(practice, NOW + MINUTE, to)
    assert again.id == first.id
    with writing(practice) as uow:
        uow.outbox.settle(again, LetterState.FAILED)
    assert [one.message for one in claim(practice, NOW + MINUTE, to)] == [Message.MOVED]
    assert states(practice) == [LetterState.FAILED, LetterState.SENDING]


def test_a_reminder_neither_supersedes_nor_is_superseded(posted: SqlDatabase) -> None:
    with writing(posted) as uow:
        appointment = uow.appointments.by_uid("u-1")
        assert appointment is not None
        uow.outbox.post(PATIENT, Message.REMINDED, appointment, "{}")
    assert [letter.message for letter in claim(posted, NOW)] == [Message.MOVED, Message.REMINDED]


def test_reminders_are_withdrawn_and_tell_no_state_before(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        made = an_appointment(uow)
        uow.outbox.post(PATIENT, Message.REMINDED, made, "of the reminder")
        uow.outbox.post(Receiver.ADMIN, Message.DISPUTED, made, "of the question")
        assert uow.outbox.withdraw(made.id) == {}
        assert [to for to, _, _ in uow.outbox.waiting()] == [Receiver.ADMIN]


def test_a_letter_that_was_given_up_is_tried_again_by_hand(posted: SqlDatabase) -> None:
    (letter,) = claim(posted, NOW)
    with writing(posted) as uow:
        assert uow.outbox.retry(letter.id) is None
        uow.outbox.settle(letter, LetterState.FAILED, error="no address")
        assert uow.outbox.count() == {(PATIENT, LetterState.FAILED): 1}
    later = NOW + timedelta(days=9)
    with writing(posted, now=later) as uow:
        assert uow.outbox.retry(letter.id) is not None
    assert [one.id for one in claim(posted, later)] == [letter.id]


def test_patients_who_agreed_are_reminded_once_of_each_time(practice: SqlDatabase) -> None:
    window = Slot(NOW, NOW + timedelta(days=2))
    with writing(practice) as uow:
        for number, agreed in (("1", NOW), ("2", None)):
            patient = Patient(number, PatientRecord("Zarnekow"), reminders=agreed, language="en")
            saved = uow.patients.save(patient)
            assert uow.patients.get([saved.id])[saved.id].language == "en"
            an_appointment(uow, f"u-{number}", saved.id)
        (due,) = uow.appointments.to_remind(window)
        assert due.uid == "u-1"
        uow.appointments.note_reminded(due)
        assert uow.appointments.to_remind(window) == []
        later = Slot(due.slot.start + MINUTE, due.slot.end + MINUTE)
        uow.appointments.save(replace(due, slot=later))
        assert [one.uid for one in uow.appointments.to_remind(window)] == ["u-1"]
        assert uow.appointments.to_remind(Slot(NOW, later.start)) == []
        uow.appointments.save(replace(due, slot=later, status=Status.CANCELLED))
        assert uow.appointments.to_remind(window) == []


def test_a_webhook_is_kept_once(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        first = uow.receipts.receive("termine", "key", {"a": "ä"}, b"\0body")
        assert first is not None
        assert uow.receipts.receive("termine", "key", {}, b"other") is None
        assert uow.receipts.receive("andere", "key", {}, b"") is not None
    with writing(practice) as uow:
        assert uow.receipts.is_due()
        receipt, _ = uow.receipts.claim(LEASE, 10)
        assert (receipt.id, receipt.headers, receipt.body) == (first, {"a": "ä"}, b"\0body")
        assert not uow.receipts.is_due()
        assert uow.receipts.claim(LEASE, 10) == []
        uow.receipts.settle(receipt, ReceiptState.QUARANTINED, reason="unreadable")
    with writing(practice) as uow:
        (kept,) = uow.receipts.find([ReceiptState.QUARANTINED])
        assert (kept.id, kept.reason) == (first, "unreadable")
        assert uow.receipts.replay(first)
        assert not uow.receipts.replay(first + 1000)
        assert [one.id for one in uow.receipts.claim(LEASE, 10)] == [first]


def test_webhooks_are_forgotten_but_for_those_that_wait(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        for key in ("done", "waiting"):
            uow.receipts.receive("termine", key, {}, b"{}")
        done, _ = uow.receipts.claim(LEASE, 10)
        uow.receipts.settle(done, ReceiptState.DONE)
    with writing(practice) as uow:
        assert uow.receipts.forget(NOW) == 0
        assert uow.receipts.forget(NOW + MINUTE) == 1
        assert [one.state for one in uow.receipts.find(list(ReceiptState))] == [
            ReceiptState.WAITING
        ]


def test_how_a_tool_was_asked_is_kept(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        assert uow.sources.find("termine") == SourceState("termine")
        asked = SourceState("termine", NOW, NOW, "", {"created": 2}, since=NOW)
        for state in (asked, replace(asked, error="status 500")):
            uow.sources.save(state)
            assert uow.sources.find("termine") == state
        assert [state.name for state in uow.sources.all()] == ["termine"]
    assert not asked.is_stale(NOW + timedelta(hours=23))
    assert asked.is_stale(NOW + timedelta(hours=24))


def test_who_was_warned_of_a_tool_is_kept_however_often_it_is_asked(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        uow.sources.save(SourceState("termine", NOW))
        uow.sources.note_warned("termine", NOW + MINUTE)
    with writing(practice, now=NOW + LEASE) as uow:
        uow.sources.save(SourceState("termine", NOW + LEASE, NOW + LEASE))
        known = uow.sources.find("termine")
        assert (known.since, known.warned) == (NOW, NOW + MINUTE)
        uow.sources.note_warned("termine", None)
        assert uow.sources.find("termine").warned is None


def test_a_job_is_begun_once_in_its_time_by_whomever(practice: SqlDatabase) -> None:
    every = timedelta(hours=1)

    def begins(now: datetime) -> bool:
        with writing(practice, now=now) as uow:
            return uow.sources.begin_job("poll", every)

    assert [begins(NOW), begins(NOW), begins(NOW + every - MINUTE)] == [True, False, False]
    assert [begins(NOW + every), begins(NOW + every)] == [True, False]


def test_a_job_goes_on_after_the_clock_was_set_back(practice: SqlDatabase) -> None:
    with writing(practice, now=NOW + timedelta(days=300)) as uow:
        assert uow.sources.begin_job("poll", MINUTE)
    with writing(practice) as uow:
        uow.sources.begin_job("poll", MINUTE)
    with writing(practice, now=NOW + MINUTE) as uow:
        assert uow.sources.begin_job("poll", MINUTE)


def test_conflicts_come_back_as_they_were(practice: SqlDatabase) -> None:
    terms = Terms("2026-11-24T09:00:00+00:00", "2026-11-24T09:30:00+00:00", "dr-mueller", "", "X")
    with writing(practice) as uow:
        one = an_appointment(uow)
        made = uow.disputes.save(
            Dispute(0, one.id, "termine", DisputeKind.CHANGED, NOW, terms, terms)
        )
        assert uow.disputes.get(made.id) == uow.disputes.open_of(one.id) == made
        gone = replace(made, state=DisputeState.KEPT, resolved=NOW, resolved_by="admin")
        uow.disputes.save(gone)
        assert uow.disputes.open_of(one.id) is None
        vanished = uow.disputes.save(
            Dispute(0, one.id, "termine", DisputeKind.VANISHED, NOW, terms, None)
        )
        assert uow.disputes.of(one.id) == [gone, vanished]
        assert uow.disputes.find([DisputeState.OPEN]) == [vanished]
