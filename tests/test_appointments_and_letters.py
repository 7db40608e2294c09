"""An appointment follows its calendar object, and each receiver is told once what it must know.

Every step is one transaction of the use cases, on both databases; after each, `verify` finds
nothing and every appointment says what its object says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from sqlalchemy import select, update

from practice.access import Account, Actor
from practice.appointments import Appointment, Slot, Status
from practice.calendars import CalendarKind, Condition
from practice.database import SqlDatabase
from practice.database.tables import letters
from practice.database.unit_of_work import SqlUnitOfWork
from practice.errors import ObjectNotFound, SlotTaken, UidChanged
from practice.messages import Message, Receiver
from practice.patients import Patient, PatientRecord
from practice.use_cases import objects
from practice.use_cases.verify import verify
from practice.vevent import read
from practice.views import View
from tests.building import (
    BERLIN,
    PROFILE,
    a_draft,
    an_event,
    reading,
    the_account,
    the_view,
    writing,
)

MUELLER, SCHMIDT, PRAXIS, PLAIN = "dr-mueller", "dr-schmidt", "praxis", "verwaltung"
NAME, UID = "termin.ics", "termin-1"
#: Starts and ends on one day.
TEN = ("20261123T100000", "20261123T103000")
NOON = ("20261123T120000", "20261123T123000")
THREE = ("20261123T150000", "20261123T153000")
#: What must never stand in a letter.
PRIVATE = ("Wiebke", "Zarnekow", "wiebke@example.org", "0170", "P-4711", "Kontrolle", "1966")

BOOKED, MOVED = Message.BOOKED, Message.MOVED
CONFIRMED, CANCELLED = Message.CONFIRMED, Message.CANCELLED


def an_appointment(
    slot: tuple[str, str] = TEN, *more: str, uid: str = UID, status: str = "CONFIRMED"
) -> str:
    """Return the event of an appointment of the patient."""
    return an_event(
        uid,
        *slot,
        "SUMMARY:Zarnekow\\, Wiebke",
        "X-PATIENT-ID:P-4711",
        "X-APPOINTMENT-TYPE:Kontrolle",
        "X-INSURANCE-TYPE:PRIVAT",
        f"STATUS:{status}",
        *more,
    )


@dataclass(frozen=True)
class House:
    """The practice, a step a line."""

    database: SqlDatabase

    @contextmanager
    def step(self, name: str) -> Iterator[tuple[SqlUnitOfWork, Account]]:
        """Do something as an account; then all must agree."""
        with reading(self.database) as uow:
            account = the_account(uow, name)
        with writing(self.database, Actor(account.id, name)) as unit:
            yield unit, account
        self.agrees()

    def put(
        self, calendar: str, text: str, name: str = NAME, account: str = "empfang"
    ) -> objects.Saved:
        with self.step(account) as (uow, who):
            view = the_view(uow, account, calendar)
            draft = a_draft(name, text)
            return objects.put(uow, who, view, draft, condition=Condition(), profile=PROFILE)

    def delete(self, calendar: str, name: str = NAME) -> None:
        with self.step("empfang") as (uow, who):
            objects.delete(uow, who, the_view(uow, "empfang", calendar), name, Condition())

    def move(self, calendar: str, to: str, name: str = NAME, to_name: str = NAME) -> None:
        with self.step("empfang") as (uow, who):
            objects.move(
                uow,
                who,
                (the_view(uow, "empfang", calendar), name),
                (the_view(uow, "empfang", to), to_name),
                overwrite=True,
                condition=Condition(),
                profile=PROFILE,
            )

    def deliver(self) -> None:
        """Deliver what waits, as a worker does."""
        with self.database.engine.begin() as connection:
            connection.execute(
                update(letters).where(letters.c.state == "waiting").values(state="delivered")
            )

    @property
    def waiting(self) -> list[tuple[Receiver, Message]]:
        with reading(self.database) as uow:
            return [(to, message) for to, message, _ in uow.outbox.waiting()]

    def find(self, uid: str = UID) -> Appointment | None:
        with reading(self.database) as uow:
            return uow.appointments.by_uid(uid)

    def appointment(self, uid: str = UID) -> Appointment:
        found = self.find(uid)
        assert found
        return found

    def doctor(self, slug: str) -> int:
        with reading(self.database) as uow:
            return next(doctor.id for doctor in uow.house.doctors() if doctor.slug == slug)

    def agrees(self) -> None:
        """See that the tables are sound, and that appointments say what their objects say."""
        with reading(self.database) as uow:
            assert list(verify(uow, PROFILE, lambda: None)) == []
            calendars = {calendar.id: calendar for calendar in uow.calendars.all()}
            for appointment in uow.appointments.all():
                holders = {h.calendar_id: h for h in uow.calendars.uid_holders(appointment.uid)}
                if not holders:
                    assert appointment.status is Status.CANCELLED
                    continue
                head = holders[appointment.calendar_id]
                calendar = calendars[head.calendar_id]
                whole = View(calendar, (calendar,), uow.epoch)
                text = uow.calendars.get(whole, [head.href])[head.href].text
                facts = read(text, zone=PROFILE.zone, now=uow.now, limits=PROFILE.limits)
                assert appointment.doctor_id == calendar.doctor_id
                assert appointment.status is facts.status
                assert facts.slot is None or appointment.slot == facts.slot


@pytest.fixture
def house(practice: SqlDatabase) -> House:
    """A practice with a patient, and a calendar of no doctor."""
    record = PatientRecord(
        "Zarnekow", "Wiebke", "1966-02-03", "wiebke@example.org", "0170 5550199", number="P-4711"
    )
    with writing(practice) as uow:
        uow.patients.save(Patient("P-4711", record))
        uow.calendars.create(PLAIN, CalendarKind.PLAIN, {})
    return House(practice)


@pytest.fixture
def booked(house: House) -> House:
    """With an appointment at ten in dr-mueller that came from the booking tool; all is told."""
    house.put(MUELLER, an_appointment())
    with writing(house.database) as uow:
        made = uow.appointments.by_uid(UID)
        assert made
        uow.appointments.save(replace(made, booking_source="csv", booking_id="B-1"))
    house.deliver()
    return house


def both(message: Message) -> list[tuple[Receiver, Message]]:
    return [(Receiver.PATIENT, message), (Receiver.BOOKING_TOOL, message)]


# --- what becomes an appointment ------------------------------------------------------------------


def test_an_object_of_a_patient_becomes_an_appointment_and_the_patient_is_told(
    house: House,
) -> None:
    house.put(MUELLER, an_appointment(TEN, "X-REQUIRES-CONFIRMATION:TRUE", status="TENTATIVE"))
    made = house.appointment()
    with reading(house.database) as uow:
        patient = uow.patients.by_number("P-4711")
    assert patient
    assert made.patient_id == patient.id
    assert made.doctor_id == house.doctor(MUELLER)
    assert made.slot == Slot(
        datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN), datetime(2026, 11, 23, 10, 30, tzinfo=BERLIN)
    )
    assert (made.status, made.kind, made.insurance) == (Status.TENTATIVE, "Kontrolle", "PRIVAT")
    assert made.requires_confirmation
    assert house.waiting == [(Receiver.PATIENT, BOOKED)]


def whole_day(text: str) -> str:
    day = text.replace("DTSTART;TZID=Europe/Berlin:20261123T100000", "DTSTART;VALUE=DATE:20261123")
    return day.replace("DTEND;TZID=Europe/Berlin:20261123T103000", "DTEND;VALUE=DATE:20261124")


@pytest.mark.parametrize(
    ("calendar", "text"),
    [
        pytest.param(MUELLER, an_event(UID, *TEN, "SUMMARY:Besprechung"), id="a block"),
        pytest.param(MUELLER, whole_day(an_appointment()), id="a whole day"),
        pytest.param(MUELLER, an_appointment(TEN, "RRULE:FREQ=DAILY;COUNT=3"), id="a series"),
        pytest.param(
            MUELLER,
            an_appointment().replace("VEVENT", "VTODO").replace("DTEND", "DUE"),
            id="a task",
        ),
        pytest.param(PRAXIS, an_appointment(), id="of no doctor"),
        pytest.param(PLAIN, an_appointment(), id="in a calendar of no doctor"),
    ],
)
def test_a_block_is_no_appointment_and_nobody_is_told(
    house: House, calendar: str, text: str
) -> None:
    house.put(calendar, text.replace("STATUS:CONFIRMED\r\n", ""))
    house.delete(calendar)
    assert house.find() is None
    assert house.waiting == []


def test_an_appointment_of_a_patient_nobody_knows_has_none_and_tells_nobody(house: House) -> None:
    house.put(MUELLER, an_appointment().replace("P-4711", "P-unbekannt"))
    assert house.appointment().patient_id is None
    assert house.waiting == []


# --- what is told ---------------------------------------------------------------------------------


def test_a_moved_appointment_is_told_as_moved(booked: House) -> None:
    booked.put(MUELLER, an_appointment(NOON))
    assert booked.waiting == both(MOVED)


def test_a_cancelled_appointment_is_told_as_cancelled(booked: House) -> None:
    booked.put(MUELLER, an_appointment(status="CANCELLED"))
    assert booked.appointment().status is Status.CANCELLED
    assert booked.waiting == both(CANCELLED)


def test_a_deleted_appointment_is_told_as_cancelled(booked: House) -> None:
    booked.delete(MUELLER)
    assert booked.appointment().status is Status.CANCELLED
    assert booked.waiting == both(CANCELLED)


def test_deleting_a_cancelled_appointment_tells_nothing_more(booked: House) -> None:
    booked.put(MUELLER, an_appointment(status="CANCELLED"))
    booked.deliver()
    booked.delete(MUELLER)
    assert booked.waiting == []


def test_a_confirmed_request_is_told_as_confirmed(booked: House) -> None:
    booked.put(MUELLER, an_appointment(status="TENTATIVE"))
    booked.deliver()
    booked.put(MUELLER, an_appointment(status="CONFIRMED"))
    assert booked.appointment().status is Status.CONFIRMED
    assert booked.waiting == both(CONFIRMED)


def test_a_change_of_words_tells_nobody_and_keeps_for_whom_it_is(booked: House) -> None:
    before = booked.appointment()
    booked.put(MUELLER, an_event(UID, *TEN, "SUMMARY:W. Z.", "LOCATION:Raum 1"))
    assert booked.waiting == []
    assert booked.appointment() == before


def test_an_appointment_of_the_practices_own_is_told_to_the_patient_alone(house: House) -> None:
    house.put(MUELLER, an_appointment())
    house.deliver()
    house.put(MUELLER, an_appointment(NOON))
    assert house.waiting == [(Receiver.PATIENT, MOVED)]


def test_an_appointment_that_comes_back_after_its_cancellation_was_sent_is_told_to_both(
    booked: House,
) -> None:
    booked.delete(MUELLER)
    booked.deliver()
    booked.put(MUELLER, an_appointment())
    assert booked.waiting == both(BOOKED)


# --- from one doctor to another -------------------------------------------------------------------


def by_move(house: House, a: str, b: str) -> None:
    house.move(a, b)


def by_move_and_new_name(house: House, a: str, b: str) -> None:
    house.move(a, b, to_name="neu.ics")
    house.move(b, b, "neu.ics", NAME)


def by_move_in_the_main_calendar(house: House, a: str, b: str) -> None:
    house.move(PRAXIS, PRAXIS, f"{a}~{NAME}", f"{b}~{NAME}")


def by_put_and_delete(house: House, a: str, b: str) -> None:
    house.put(b, an_appointment())
    house.delete(a)


def by_put_and_delete_under_another_name(house: House, a: str, b: str) -> None:
    house.put(b, an_appointment(), "neu.ics")
    house.delete(a)
    house.move(b, b, "neu.ics", NAME)


def by_delete_and_put(house: House, a: str, b: str) -> None:
    house.delete(a)
    house.put(b, an_appointment())


def by_delete_and_put_under_another_name(house: House, a: str, b: str) -> None:
    house.delete(a)
    house.put(b, an_appointment(), "neu.ics")
    house.move(b, b, "neu.ics", NAME)


def by_delete_and_put_in_the_main_calendar(house: House, a: str, b: str) -> None:
    house.delete(PRAXIS, f"{a}~{NAME}")
    house.put(PRAXIS, an_appointment(), f"{b}~{NAME}")


DRAGS = [
    by_move,
    by_move_and_new_name,
    by_move_in_the_main_calendar,
    by_put_and_delete,
    by_put_and_delete_under_another_name,
    by_delete_and_put,
    by_delete_and_put_under_another_name,
    by_delete_and_put_in_the_main_calendar,
]
Drag = Callable[[House, str, str], None]


@pytest.mark.parametrize("drag", DRAGS)
def test_an_appointment_dragged_to_another_doctor_is_one_move_and_no_cancellation(
    booked: House, drag: Drag
) -> None:
    before = booked.appointment()
    drag(booked, MUELLER, SCHMIDT)
    after = booked.appointment()
    assert after == replace(before, doctor_id=booked.doctor(SCHMIDT), calendar_id=after.calendar_id)
    assert after.calendar_id != before.calendar_id
    assert booked.waiting == both(MOVED)


@pytest.mark.parametrize("drag", DRAGS)
def test_an_appointment_dragged_there_and_back_is_no_letter(booked: House, drag: Drag) -> None:
    before = booked.appointment()
    drag(booked, MUELLER, SCHMIDT)
    drag(booked, SCHMIDT, MUELLER)
    assert booked.appointment() == before
    assert booked.waiting == []


def test_a_copy_in_another_calendar_that_is_taken_back_is_no_letter(booked: House) -> None:
    before = booked.appointment()
    booked.put(SCHMIDT, an_appointment(NOON))
    booked.delete(SCHMIDT)
    assert booked.appointment() == before
    assert booked.waiting == []
    booked.delete(MUELLER)
    assert booked.waiting == both(CANCELLED)


def test_an_appointment_at_another_time_and_back_is_no_letter(booked: House) -> None:
    booked.put(MUELLER, an_appointment(NOON))
    booked.put(MUELLER, an_appointment(THREE))
    booked.put(MUELLER, an_appointment())
    assert booked.waiting == []


def test_a_cancellation_taken_back_before_it_was_sent_is_no_letter(booked: House) -> None:
    booked.put(MUELLER, an_appointment(status="CANCELLED"))
    booked.put(MUELLER, an_appointment())
    assert booked.waiting == []


def test_a_new_appointment_deleted_before_it_was_told_is_no_letter(house: House) -> None:
    house.put(MUELLER, an_appointment())
    house.delete(MUELLER)
    assert house.waiting == []


def test_a_new_appointment_moved_before_it_was_told_is_told_as_booked(house: House) -> None:
    house.put(MUELLER, an_appointment())
    house.put(MUELLER, an_appointment(NOON))
    house.move(MUELLER, SCHMIDT)
    assert house.waiting == [(Receiver.PATIENT, BOOKED)]


def test_several_moves_before_the_first_is_sent_are_one_letter_from_where_it_was(
    booked: House,
) -> None:
    for slot in (NOON, THREE):
        booked.put(MUELLER, an_appointment(slot))
    booked.move(MUELLER, SCHMIDT)
    assert booked.waiting == both(MOVED)
    with booked.database.engine.connect() as connection:
        rows = connection.execute(select(letters.c.before).where(letters.c.state == "waiting"))
        told = [json.loads(row.before) for row in rows]
    assert [datetime.fromisoformat(before["start"]) for before in told] == [
        datetime(2026, 11, 23, 10, 0, tzinfo=BERLIN)
    ] * 2
    assert [before["doctor_id"] for before in told] == [booked.doctor(MUELLER)] * 2


def test_a_drag_whose_halves_are_sent_apart_is_told_as_it_was(booked: House) -> None:
    booked.put(SCHMIDT, an_appointment())
    booked.deliver()
    booked.delete(MUELLER)
    assert booked.waiting == []


# --- what else can become of an object ------------------------------------------------------------


def test_an_appointment_is_not_lost_to_an_object_of_another_uid(booked: House) -> None:
    with pytest.raises(UidChanged):
        booked.put(MUELLER, an_appointment(NOON, uid="termin-2"))
    booked.put(MUELLER, an_appointment(NOON, uid="termin-2"), "zwei.ics")
    booked.deliver()
    with pytest.raises(UidChanged):
        booked.move(MUELLER, MUELLER, "zwei.ics", NAME)
    assert booked.appointment().status is Status.CONFIRMED
    assert booked.waiting == []


def test_an_appointment_that_became_a_series_still_follows_its_object(booked: House) -> None:
    booked.put(MUELLER, an_appointment(TEN, "RRULE:FREQ=DAILY;COUNT=3"))
    assert booked.waiting == []
    booked.move(MUELLER, SCHMIDT)
    assert booked.waiting == both(MOVED)
    booked.deliver()
    booked.delete(SCHMIDT)
    assert booked.waiting == both(CANCELLED)


def test_an_appointment_moved_to_the_main_calendar_has_no_doctor(booked: House) -> None:
    booked.move(MUELLER, PRAXIS)
    assert booked.appointment().doctor_id is None
    booked.move(PRAXIS, MUELLER)
    assert booked.waiting == []


# --- the booking tool's own account ---------------------------------------------------------------


def test_a_booking_account_causes_no_letters(house: House) -> None:
    def put(text: str) -> None:
        house.put(MUELLER, text, account="buchung")
        assert house.waiting == []

    put(an_appointment(status="TENTATIVE"))
    put(an_appointment(status="CONFIRMED"))
    put(an_appointment(NOON))
    assert house.appointment().slot.start == datetime(2026, 11, 23, 12, 0, tzinfo=BERLIN)
    put(an_appointment(NOON, status="CANCELLED"))
    assert house.appointment().status is Status.CANCELLED


def test_a_refused_booking_makes_no_appointment(booked: House) -> None:
    with pytest.raises(SlotTaken):
        booked.put(MUELLER, an_appointment(uid="neu"), "neu.ics", account="buchung")
    booked.agrees()
    assert booked.find("neu") is None


@pytest.mark.parametrize("account", ["buchung", "mueller"])
def test_an_appointment_is_not_carried_off_from_a_calendar_by_who_may_not_change_it_there(
    house: House, account: str
) -> None:
    house.put(SCHMIDT, an_appointment())
    house.deliver()
    before = house.appointment()
    house.put(MUELLER, an_appointment(NOON), account=account)
    assert house.appointment() == before
    assert house.waiting == []


# --- what a letter holds --------------------------------------------------------------------------


def test_letters_hold_ids_and_times_and_nothing_of_the_patient(booked: House) -> None:
    booked.put(MUELLER, an_appointment(NOON))
    booked.put(MUELLER, an_appointment(NOON, status="TENTATIVE"))
    booked.move(MUELLER, SCHMIDT)
    booked.delete(SCHMIDT)
    with booked.database.engine.connect() as connection:
        rows = connection.execute(select(letters)).all()
    assert len(rows) >= 7
    assert [word for row in rows for word in PRIVATE if word in str(row)] == []
    assert {key for row in rows for key in json.loads(row.before) or {}} == {
        "start",
        "end",
        "doctor_id",
        "room_id",
        "status",
    }


def test_a_refused_change_posts_nothing_and_takes_nothing_back(booked: House) -> None:
    booked.put(MUELLER, an_appointment(NOON))
    before = booked.appointment()
    with pytest.raises(ObjectNotFound):
        booked.delete(MUELLER, "nirgends.ics")
    with pytest.raises(ObjectNotFound):
        booked.move(MUELLER, SCHMIDT, "nirgends.ics")
    assert booked.appointment() == before
    assert booked.waiting == both(MOVED)


def test_what_the_tool_does_leaves_the_practices_unsent_letters_alone(house: House) -> None:
    with house.step("buchung") as (uow, who):
        view = the_view(uow, "buchung", MUELLER)
        draft = a_draft(NAME, an_appointment())
        objects.put(uow, who, view, draft, condition=Condition(), profile=PROFILE)
    house.put(MUELLER, an_appointment(NOON))
    assert house.waiting == [(Receiver.PATIENT, MOVED)]
    house.put(MUELLER, an_appointment(THREE), account="buchung")
    assert house.waiting == [(Receiver.PATIENT, MOVED)]


def test_an_appointment_in_a_dropped_calendar_is_cancelled(booked: House) -> None:
    booked.move(MUELLER, PLAIN)
    booked.deliver()
    with booked.step("admin") as (uow, who):
        objects.drop_calendar(uow, who, the_view(uow, "admin", PLAIN))
    assert booked.appointment().status is Status.CANCELLED
    assert booked.waiting == both(CANCELLED)


def test_a_booking_of_several_days_finds_every_one_of_an_endless_series_taken(house: House) -> None:
    # Beyond the time index of the series; 4 December, the first of its days then, is not wanted.
    house.put(MUELLER, an_event("team", *TEN, "RRULE:FREQ=WEEKLY"), "team.ics")
    days = ("20451201T100000", "20451201T103000")
    more = "RDATE;TZID=Europe/Berlin:20451211T100000"
    with pytest.raises(SlotTaken):
        house.put(MUELLER, an_event("b", *days, more), "b.ics", account="buchung")
