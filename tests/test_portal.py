"""What patients do themselves: nothing of others is told, and the rules for patients hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.appointments import Slot, Status
from practice.calendars import Condition
from practice.errors import (
    AppointmentNotFound,
    IllegalStep,
    Invalid,
    RuleBroken,
    SlotTaken,
    TooManyHolds,
)
from practice.schedule import BookingRules, HoursException
from practice.use_cases import objects
from practice.use_cases.holding import MOST_HOLDS, Wish, hold
from practice.use_cases.instead import instead_of
from practice.use_cases.offered import offers_online
from practice.use_cases.portal import (
    SelfBooking,
    cancel_own,
    own_appointments,
    portal_slots,
    reschedule_own,
    self_book,
)
from practice.use_cases.rearranging import Move, decline
from practice.use_cases.who_books import Person
from tests.arranging import SCHMIDT, TEN, Surgery, a_type
from tests.bookings import everything
from tests.building import PROFILE, a_draft, an_event, the_account, the_view, writing

if TYPE_CHECKING:
    from practice.appointments import Appointment
    from practice.database import SqlDatabase
    from practice.patients import Patient
    from practice.use_cases.portal import Reservation

HALF = timedelta(minutes=30)
EVA = Person("Neumann", "Eva", "1990-05-05", "eva@example.org", "030 1", "PRIVAT", "en", True)
#: As the practice knows the patient 100.
ZOE = Person("Aehrenthaler", "Zoë", "1966-02-03", "other@example.org")


class Portal(Surgery):
    """A practice and its portal."""

    def __init__(self, database: SqlDatabase) -> None:
        super().__init__(database)
        with writing(database) as uow:
            asked = a_type("beratung", needs_confirmation=True)
            self.types["beratung"] = uow.house.save_type(asked).id

    def wanted(self, start: Any = TEN, kind: str = "kontrolle", **more: str) -> SelfBooking:
        return SelfBooking(self.types[kind], self.doctors["dr-mueller"], start, **more)

    def reserve(self, booking: SelfBooking, who: Person | Patient = EVA) -> Reservation:
        with writing(self.database, now=self.now) as uow:
            return self_book(uow, booking, who, PROFILE)

    def kept(self, booking: SelfBooking, network: str = "192.0.2.1") -> str:
        with writing(self.database, now=self.now) as uow:
            wish = Wish(booking.type_id, booking.doctor_id, booking.start)
            return hold(uow, wish, network, PROFILE)[0]

    def patient(self, number: str) -> Patient:
        with self.reading() as uow:
            found: Patient | None = uow.patients.by_number(number)
        assert found
        return found

    def appointment(self, told: Reservation) -> Appointment:
        with self.reading() as uow:
            found: Appointment | None = uow.appointments.get(told.appointment_id)
        assert found
        return found


@pytest.fixture
def portal(practice: SqlDatabase) -> Portal:
    return Portal(practice)


def test_somebody_new_books_and_is_entered_for_a_person_to_look_at(portal: Portal) -> None:
    told = portal.reserve(portal.wanted(reason="Husten"))
    assert (told.pending, told.doctor, told.kind.slug) == (False, "Dr. Mueller", "kontrolle")
    with portal.reading() as uow:
        booked = uow.details.booked(told.appointment_id)
    assert booked
    assert booked.patient
    patient = booked.patient
    assert (patient.to_review, patient.language, patient.reminders) == (True, "en", portal.now)
    assert patient.record.insurance == "PRIVAT"
    assert (booked.details.source, booked.details.reason) == ("ONLINE", "Husten")
    assert booked.appointment.status is Status.CONFIRMED
    assert portal.waiting == [("patient", "AppointmentBooked")]
    assert portal.is_whole()


def test_somebody_known_is_found_and_answered_as_anybody(portal: Portal) -> None:
    new = portal.reserve(portal.wanted())
    known = portal.reserve(portal.wanted(TEN + HALF), ZOE)
    assert portal.appointment(known).patient_id == portal.patients["100"]
    assert portal.patient("100").record.email == "p100@example.org"  # what is known stays
    same = ("doctor", "kind", "room", "pending")
    assert all(getattr(new, name) == getattr(known, name) for name in same)


def test_whoever_says_to_be_a_patient_does_not_learn_where_letters_go_nor_change_it(
    portal: Portal,
) -> None:
    """Name and birth date are known to many; the staff are told what was said."""
    with portal.writing() as uow:
        known = portal.patient("100")
        bare = replace(known, record=replace(known.record, email="", phone=""))
        before = uow.patients.save(bare, known)
    stranger = replace(ZOE, email="stranger@example.org", phone="030 99", reminders=True)
    told = portal.reserve(portal.wanted(), stranger)
    assert portal.patient("100") == before
    with portal.reading() as uow:
        booked = uow.details.booked(told.appointment_id)
    assert booked
    assert booked.details.note == (
        "Online angegeben: E-Mail stranger@example.org, Telefon 030 99, Erinnerungen ja."
    )


def test_a_refusal_tells_nothing_of_what_a_known_patient_has_then(portal: Portal) -> None:
    portal.book(TEN, doctor=SCHMIDT)  # the patient 100
    told = portal.reserve(portal.wanted(), ZOE)
    with portal.reading() as uow:
        booked = uow.details.booked(told.appointment_id)
    assert booked
    assert "weiterer Termin" in booked.details.note
    with pytest.raises(SlotTaken) as raised:  # who has proven to be the patient is told
        portal.reserve(portal.wanted(TEN + HALF / 2), portal.patient("100"))
    assert raised.value.busy == ("doctor", "patient")


def test_who_does_not_get_a_slot_is_not_entered(portal: Portal) -> None:
    portal.book(TEN)
    before = everything(portal.database)
    with pytest.raises(SlotTaken) as raised:
        portal.reserve(portal.wanted())
    assert len(raised.value.alternatives) == 3
    with writing(portal.database, now=portal.now) as uow, pytest.raises(SlotTaken):
        self_book(uow, portal.wanted(), EVA, PROFILE)  # and the door goes on
    assert everything(portal.database) == before


def test_what_needs_to_be_confirmed_is_pending(portal: Portal) -> None:
    told = portal.reserve(portal.wanted(kind="beratung"))
    assert told.pending
    known = portal.appointment(told)
    assert (known.status, known.requires_confirmation) == (Status.TENTATIVE, True)
    with portal.reading() as uow:
        (holder,) = uow.calendars.uid_holders(known.uid)
        text = uow.calendars.log(holder.number - 1, 1)[0].after or ""
    assert "X-REQUIRES-CONFIRMATION:TRUE" in text
    assert "STATUS:TENTATIVE" in text
    with pytest.raises(SlotTaken):  # and its time is taken
        portal.reserve(portal.wanted())


def test_patients_book_only_what_their_rules_allow(portal: Portal) -> None:
    with portal.writing() as uow:
        uow.house.save_rules(BookingRules(lead_minutes=120, window_days=10))
    portal.now = TEN - timedelta(hours=1)
    for booking, code in (
        (portal.wanted(), "too-soon"),
        (portal.wanted(TEN + timedelta(days=14)), "too-far-ahead"),
        (portal.wanted(TEN + timedelta(days=1), kind="op"), "not-online"),
        (portal.wanted(TEN.replace(hour=20)), "outside-hours"),
    ):
        with pytest.raises(RuleBroken) as raised:
            portal.reserve(booking)
        assert raised.value.code == code
    with portal.writing() as uow:
        uow.house.save_rules(BookingRules(online=False))
        assert offers_online(uow) == []
    with pytest.raises(RuleBroken) as raised:
        portal.reserve(portal.wanted(TEN + timedelta(days=1)))
    assert raised.value.code == "online-closed"


def test_the_slots_offered_are_those_that_can_be_booked(portal: Portal) -> None:
    portal.book(TEN)
    with portal.reading() as uow:
        assert [one.kind.slug for one in offers_online(uow)] == ["beratung", "eng", "kontrolle"]
        within = Slot(TEN - HALF, TEN + 4 * HALF)
        own = (portal.doctors["dr-mueller"],)
        slots = portal_slots(uow, portal.types["kontrolle"], within, PROFILE, doctor_ids=own)
        assert TEN not in {one.slot.start for one in slots}
        with pytest.raises(RuleBroken):
            portal_slots(uow, portal.types["op"], within, PROFILE)
    portal.reserve(portal.wanted(slots[0].slot.start))


NONSENSE = (
    {"last_name": " "},
    {"first_name": ""},
    {"birth_date": "3.2.1966"},
    {"birth_date": "1066-01-01"},
    {"birth_date": "2026-11-22"},
    {"email": "eva"},
    {"email": "eva@example"},
    {"email": "eva@example.org\nBcc: x@example.org"},
    {"email": "a@b.cc, d@e.ff"},
    {"insurance": "AOK"},
    {"phone": "1" * 65},
    {"language": "fr"},
    {"last_name": "x\0y"},
    {"last_name": "x" * 256},
)


def test_who_says_something_that_makes_no_sense_is_told_so(portal: Portal) -> None:
    before = everything(portal.database)
    for wrong in NONSENSE:
        who = replace(EVA, **wrong)  # type: ignore[arg-type]
        with pytest.raises(Invalid, match=r"\.$"):
            portal.reserve(portal.wanted(), who)
    assert everything(portal.database) == before


def test_a_kept_slot_is_for_whoever_has_the_secret(portal: Portal) -> None:
    secret = portal.kept(portal.wanted())
    for other in (portal.wanted(), portal.wanted(hold="x"), portal.wanted(TEN + HALF / 2)):
        with pytest.raises(SlotTaken):
            portal.reserve(other)
    with pytest.raises(SlotTaken):
        portal.book(TEN)
    with pytest.raises(SlotTaken):
        portal.kept(portal.wanted(), "192.0.2.2")
    portal.reserve(portal.wanted(hold=secret))
    with portal.reading() as uow:
        assert uow.holds.within(Slot(TEN, TEN + HALF)) == []


def put_by(portal: Portal, account: str, name: str) -> None:
    """Put half an hour at ten into Dr. Müller's calendar, as a client does."""
    with portal.writing(account) as uow:
        objects.put(
            uow,
            the_account(uow, account),
            the_view(uow, account, "dr-mueller"),
            a_draft(f"{name}.ics", an_event(name)),
            condition=Condition(),
            profile=PROFILE,
        )


def test_a_booking_tools_put_finds_a_kept_slot_taken_and_the_staffs_does_not(
    portal: Portal,
) -> None:
    portal.kept(portal.wanted())
    with pytest.raises(SlotTaken) as raised:
        put_by(portal, "buchung", "a")
    assert TEN not in {slot.start for slot in raised.value.alternatives}
    with portal.writing("buchung") as uow:  # of another doctor nothing is kept
        objects.put(
            uow,
            the_account(uow, "buchung"),
            the_view(uow, "buchung", SCHMIDT),
            a_draft("b.ics", an_event("b")),
            condition=Condition(),
            profile=PROFILE,
        )
    put_by(portal, "empfang", "c")
    portal.now += timedelta(minutes=5)
    with portal.writing() as uow:
        there = uow.calendars.find("dr-mueller")
        assert there
        uow.calendars.remove(there, "c.ics")
    put_by(portal, "buchung", "d")


def test_a_hold_that_is_over_is_nothing(portal: Portal) -> None:
    secret = portal.kept(portal.wanted())
    portal.now += timedelta(minutes=5)
    told = portal.reserve(portal.wanted(hold=secret))
    assert told.slot.start == TEN
    with pytest.raises(SlotTaken):
        portal.reserve(portal.wanted(hold=secret))


def test_one_network_keeps_a_few_slots_only(portal: Portal) -> None:
    for n in range(MOST_HOLDS):
        portal.kept(portal.wanted(TEN + n * HALF / 2 if n == 0 else TEN + timedelta(days=n)))
    with pytest.raises(TooManyHolds):
        portal.kept(portal.wanted(TEN + timedelta(days=7)))
    portal.kept(portal.wanted(TEN + timedelta(days=7)), "192.0.2.2")
    portal.now += timedelta(minutes=5)
    portal.kept(portal.wanted(TEN + timedelta(days=8)))


def test_patients_see_cancel_and_move_their_own_and_nothing_else(portal: Portal) -> None:
    me = portal.patient("100")
    mine, other = portal.book(TEN), portal.book(TEN + HALF, patient="200")
    with portal.reading() as uow:
        (told,) = own_appointments(uow, me, portal.now, PROFILE)
    assert told.appointment_id == mine.appointment.id
    for number in (other.appointment.id, 99):
        with pytest.raises(AppointmentNotFound), portal.writing() as uow:
            cancel_own(uow, me, number, PROFILE)
        with pytest.raises(AppointmentNotFound), portal.writing() as uow:
            reschedule_own(uow, me, number, Move(TEN), PROFILE)
    later = TEN + timedelta(days=1)
    with portal.writing() as uow:
        assert (
            reschedule_own(uow, me, told.appointment_id, Move(later), PROFILE).slot.start == later
        )
    with portal.writing() as uow:
        gone = cancel_own(uow, me, told.appointment_id, PROFILE, reason="verreist")
    assert (gone.appointment.status, gone.details.late) == (Status.CANCELLED, False)
    with portal.reading() as uow:
        assert own_appointments(uow, me, portal.now, PROFILE) == []


def test_late_they_may_cancel_and_not_move(portal: Portal) -> None:
    me, mine = portal.patient("100"), portal.book(TEN)
    portal.now = TEN - timedelta(hours=23)
    with pytest.raises(RuleBroken) as raised, portal.writing() as uow:
        reschedule_own(uow, me, mine.appointment.id, Move(TEN + timedelta(days=1)), PROFILE)
    assert raised.value.code == "too-late"
    portal.now = TEN
    with pytest.raises(IllegalStep), portal.writing() as uow:
        cancel_own(uow, me, mine.appointment.id, PROFILE)
    portal.now = TEN - timedelta(hours=1)
    with portal.writing() as uow:
        assert cancel_own(uow, me, mine.appointment.id, PROFILE).details.late


def test_what_a_patient_moves_has_to_be_confirmed_again(portal: Portal) -> None:
    me, mine = portal.patient("100"), portal.book(TEN, kind="beratung")
    assert mine.appointment.status is Status.CONFIRMED
    later = Move(TEN + timedelta(days=1), override="mir egal")
    with portal.writing() as uow:
        assert reschedule_own(uow, me, mine.appointment.id, later, PROFILE).pending
    portal.book(TEN + timedelta(days=2), patient="200")
    there = Move(TEN + timedelta(days=2), override="mir egal")
    with pytest.raises(SlotTaken), portal.writing() as uow:
        reschedule_own(uow, me, mine.appointment.id, there, PROFILE)


def test_in_place_of_what_is_declined_the_next_slots_are_offered(portal: Portal) -> None:
    told = portal.reserve(portal.wanted(kind="beratung"))
    with portal.writing() as uow:
        declined = decline(uow, told.appointment_id, PROFILE, reason="Urlaub")
        offered = instead_of(uow, declined.appointment, PROFILE)
        # What was declined is free again, and not what the practice wants.
        assert [slot.start - TEN for slot, _ in offered] == [HALF, HALF * 2, HALF * 3]
        assert {doctor for _, doctor in offered} == {"Dr. Mueller"}
    with portal.writing() as uow:
        (kind,) = [k for k in uow.house.types() if k.slug == "beratung"]
        uow.house.save_type(kind, active=False)
        assert instead_of(uow, declined.appointment, PROFILE) == []


def test_where_the_doctor_has_no_time_others_are_offered_at_the_same(portal: Portal) -> None:
    told = portal.reserve(portal.wanted(kind="beratung"))
    away = Slot(TEN - timedelta(hours=1), TEN + timedelta(days=70))
    with portal.writing() as uow:
        declined = decline(uow, told.appointment_id, PROFILE, reason="Urlaub")
        mueller = portal.doctors["dr-mueller"]
        uow.house.save_exception(HoursException(0, mueller, None, away, open=False))
    with portal.reading() as uow:
        offered = instead_of(uow, declined.appointment, PROFILE)
    assert offered[0] == (Slot(TEN, TEN + HALF), "Dr. Schmidt")
