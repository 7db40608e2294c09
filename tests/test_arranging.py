"""Booking as the practice does it: what is written, what is refused, who hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from practice.accounts import Doctor
from practice.acts import ActQuestion
from practice.appointments import Slot, Status
from practice.database import SqlDatabase
from practice.details import Source
from practice.errors import Invalid, OfferNotFound, RuleBroken, SlotTaken
from practice.schedule import HoursException
from practice.use_cases.arranging import book, book_visit, duplicate
from practice.use_cases.house import add_doctor
from tests.arranging import SCHMIDT, TEN, Surgery, a_type, berlin
from tests.bookings import everything
from tests.building import PROFILE, a_draft, an_event

HALF = timedelta(minutes=30)


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


def put(surgery: Surgery, text: str, calendar: str = "dr-mueller", name: str = "x.ics") -> None:
    """Have something stand in a calendar."""
    with surgery.writing() as uow:
        there = uow.calendars.find(calendar)
        assert there
        uow.calendars.save(there, a_draft(name, text))


def refused(surgery: Surgery, **more: Any) -> SlotTaken:
    """See that a booking at ten is refused, and leaves nothing behind."""
    before = everything(surgery.database)
    with pytest.raises(SlotTaken) as raised:
        surgery.book(**more)
    assert everything(surgery.database) == before
    return raised.value


def test_a_booking_is_appointment_object_details_log_and_letter_at_once(surgery: Surgery) -> None:
    booked = surgery.book(
        note="nüchtern", patient_note="Bitte nüchtern", reason="Husten", source=Source.PHONE
    )
    text = surgery.object_of(booked).text.replace("\r\n ", "")
    for line in (
        "SUMMARY:Zoë Ährenthaler - Kontrolle",
        "DTSTART;TZID=Europe/Berlin:20261123T100000",
        "DTEND;TZID=Europe/Berlin:20261123T103000",
        "X-PATIENT-ID:100",
        "X-APPOINTMENT-TYPE:kontrolle",
        "X-BOOKING-SOURCE:PHONE",
        "X-INSURANCE-TYPE:GESETZLICH",
        "STATUS:CONFIRMED",
    ):
        assert f"{line}\r\n" in text
    assert "Grund: Husten" in text
    assert "nüchtern" not in text
    with surgery.reading() as uow:
        known = uow.details.booked(booked.appointment.id)
        assert known
        assert known == replace(booked, etag=known.etag)
        assert known.etag == surgery.object_of(booked).etag
        assert known.details.booked_by == "empfang"
        assert known.details.booked == surgery.now
        (change,) = [c for c in uow.calendars.log(0, 1000) if c.uid == booked.appointment.uid]
        assert change.actor == "empfang"
    assert surgery.waiting == [("patient", "AppointmentBooked")]
    assert surgery.is_whole()


def test_what_stands_in_the_doctors_or_the_main_calendar_is_in_the_way(surgery: Surgery) -> None:
    events = (
        an_event("a", "20261123T102900", "20261123T110000"),
        an_event("b", "20261116T100000", "20261116T103000", "RRULE:FREQ=WEEKLY"),
        an_event("c", "20261122T230000", "20261124T000000"),
    )
    for calendar in ("dr-mueller", "praxis"):
        for event in events:
            put(surgery, event, calendar)
            taken = refused(surgery)
            assert taken.busy == ("doctor",)
            assert len(taken.alternatives) == 3
            with surgery.writing() as uow:
                there = uow.calendars.find(calendar)
                assert there
                uow.calendars.remove(there, "x.ics")


def test_what_is_proposed_in_place_of_a_taken_slot_can_be_booked(surgery: Surgery) -> None:
    put(surgery, an_event("a", "20261123T102900", "20261123T110000"))
    for slot in refused(surgery).alternatives:
        assert slot.end - slot.start == HALF
    for slot in refused(surgery).alternatives[:1]:
        surgery.book(slot.start)


def test_a_whole_day_is_in_the_way(surgery: Surgery) -> None:
    text = an_event("urlaub").replace(
        "DTSTART;TZID=Europe/Berlin:20261123T100000", "DTSTART;VALUE=DATE:20261123"
    )
    put(surgery, text.replace("DTEND;TZID=Europe/Berlin:20261123T103000\r\n", ""))
    assert {slot.start.date().isoformat() for slot in refused(surgery).alternatives} == {
        "2026-11-24"
    }


def test_what_is_free_or_cancelled_is_not_in_the_way(surgery: Surgery) -> None:
    put(surgery, an_event("a", "20261123T100000", "20261123T103000", "TRANSP:TRANSPARENT"))
    put(surgery, an_event("b", "20261123T100000", "20261123T103000", "STATUS:CANCELLED"), name="b")
    put(surgery, an_event("c", "20261123T093000", "20261123T100000"), name="c")
    put(surgery, an_event("d", "20261123T100000", "20261123T103000"), "dr-schmidt")
    assert surgery.book().appointment.status is Status.CONFIRMED


def test_a_patient_is_in_one_place_at_a_time(surgery: Surgery) -> None:
    surgery.book()
    taken = refused(surgery, doctor=SCHMIDT)
    assert taken.busy == ("patient",)
    assert taken.alternatives[0].start == TEN + HALF


def test_rooms_are_given_out_in_their_order_until_none_is_left(surgery: Surgery) -> None:
    first = surgery.book(kind="op")
    second = surgery.book(kind="op", doctor=SCHMIDT, patient="200")
    assert [b.appointment.room_id for b in (first, second)] == list(surgery.rooms.values())
    assert "LOCATION:Raum-1" in surgery.object_of(first).text
    with surgery.writing() as uow:  # a third doctor
        third = add_doctor(uow, Doctor("dr-neu", "Dr. Neu")).id
    surgery.doctors["dr-neu"] = third
    taken = refused(surgery, kind="op", doctor="dr-neu", patient="300")
    assert taken.busy == ("room",)
    assert taken.alternatives[0].start == TEN + HALF


def test_a_room_that_is_asked_for_must_do_and_be_free(surgery: Surgery) -> None:
    surgery.book(kind="op", room="raum-2")
    assert refused(surgery, kind="op", doctor=SCHMIDT, patient="200", room="raum-2").busy == (
        "room",
    )
    with pytest.raises(RuleBroken) as raised:
        surgery.book(kind="eng", doctor=SCHMIDT, patient="200", room="raum-2")
    assert raised.value.code == "wrong-room"


def test_a_closed_room_is_not_given_out(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        span = Slot(TEN - HALF, TEN + HALF)
        uow.house.save_exception(HoursException(0, None, surgery.rooms["raum-1"], span, False))
    assert surgery.book(kind="op").appointment.room_id == surgery.rooms["raum-2"]
    assert refused(surgery, kind="eng", doctor=SCHMIDT, patient="200").busy == ("room",)


def test_buffers_keep_others_away_on_both_sides(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        kind = a_type("laser", buffer_before=10, buffer_after=15)
        surgery.types["laser"] = uow.house.save_type(kind).id
    surgery.book(TEN, kind="laser")
    for start in (TEN + HALF, TEN + HALF + timedelta(minutes=14), TEN - HALF):
        with pytest.raises(SlotTaken):
            surgery.book(start, patient="200")
    surgery.book(TEN + timedelta(minutes=45), patient="200")
    surgery.book(TEN - timedelta(minutes=40), patient="300")
    with pytest.raises(SlotTaken):  # its own buffer would touch the next one
        surgery.book(TEN + timedelta(minutes=80), kind="laser", patient="300")


def test_buffers_keep_the_room_free_too(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        kind = a_type("laser", buffer_before=10, buffer_after=15, rooms=("raum-1",))
        surgery.types["laser"] = uow.house.save_type(kind).id
    surgery.book(TEN, kind="laser")
    for start in (TEN + HALF, TEN - HALF):
        with pytest.raises(SlotTaken) as raised:
            surgery.book(start, kind="eng", doctor=SCHMIDT, patient="200")
        assert raised.value.busy == ("room",)
    surgery.book(TEN + timedelta(minutes=45), kind="eng", doctor=SCHMIDT, patient="200")


def test_the_staff_may_book_over_anything_with_a_reason_that_is_kept(surgery: Surgery) -> None:
    surgery.book()
    over = surgery.book(override="Notfall")
    assert over.details.override == "Notfall"
    with surgery.reading() as uow:
        (act,) = uow.acts.search(ActQuestion(action="overridden"))
    assert act.of == str(over.appointment.id)
    assert '"doctor", "patient"' in (act.after or "")
    free = surgery.book(TEN + HALF, override="Notfall")
    assert free.details.override == ""  # there was nothing to override


def test_without_a_reason_nothing_is_overridden(surgery: Surgery) -> None:
    surgery.book()
    for reason in ("", "  "):
        refused(surgery, override=reason)


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"minutes": 14}, "too-short"),
    ({"minutes": 61}, "too-long"),
    ({"start": berlin("2026-11-23 12:30")}, "outside-hours"),
    ({"start": berlin("2026-11-23 11:45")}, "outside-hours"),
    ({"start": berlin("2026-11-22 10:00")}, "outside-hours"),
    ({"start": berlin("2026-12-25 10:00")}, "outside-hours"),
]


def test_the_rules_of_booking_hold(surgery: Surgery) -> None:
    before = everything(surgery.database)
    for changes, code in BROKEN:
        with pytest.raises(RuleBroken) as raised:
            surgery.book(**changes)
        assert raised.value.code == code
    assert everything(surgery.database) == before


def test_an_override_opens_the_hours_but_not_the_bounds_of_the_type(surgery: Surgery) -> None:
    booked = surgery.book(berlin("2026-11-22 10:00"), override="Notdienst")
    assert booked.details.override == "Notdienst"
    with pytest.raises(RuleBroken):
        surgery.book(minutes=300, override="Notdienst")


NONSENSE: list[dict[str, Any]] = [
    {"start": datetime(2026, 11, 23, 10)},  # noqa: DTZ001 - what is refused
    {"start": TEN + timedelta(seconds=1)},
    {"start": TEN.replace(year=2062)},
    {"start": TEN.replace(year=9999)},
    {"minutes": -5},
    {"minutes": 10**9},
    {"note": "x" * 10_001},
    {"note": "a\0b"},
    {"reason": "\ud800"},
    {"procedures": ("",)},
    {"procedures": ("x",) * 51},
    {"treatment_plan": "x" * 65},
    {"status": Status.CANCELLED},
]


def test_what_makes_no_sense_is_refused_in_a_sentence(surgery: Surgery) -> None:
    for wrong in NONSENSE:
        with pytest.raises(Invalid, match=r"\.$"):
            surgery.book(**wrong)


def test_what_is_not_there_is_refused(surgery: Surgery) -> None:
    order = surgery.order()
    nobody = (replace(order, type_id=99), replace(order, doctor_id=99), replace(order, room_id=99))
    for wrong in nobody:
        with pytest.raises(OfferNotFound), surgery.writing() as uow:
            book(uow, wrong, PROFILE)
    with pytest.raises(Invalid), surgery.writing() as uow:
        book(uow, replace(order, patient_id=99), PROFILE)


def test_a_type_that_was_retired_is_not_booked(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        (kind,) = [t for t in uow.house.types() if t.slug == "kontrolle"]
        uow.house.save_type(kind, active=False)
    with pytest.raises(OfferNotFound):
        surgery.book()


def test_a_visit_is_booked_as_a_whole(surgery: Surgery) -> None:
    orders = [surgery.order(), surgery.order(TEN + HALF, doctor=SCHMIDT, kind="op")]
    with surgery.writing() as uow:
        first, second = book_visit(uow, orders, PROFILE)
    assert first.details.visit == second.details.visit != ""
    assert surgery.is_whole()


def test_of_a_visit_all_or_nothing_is_booked(surgery: Surgery) -> None:
    before = everything(surgery.database)
    orders = [surgery.order(), surgery.order(TEN + HALF / 2, doctor=SCHMIDT)]
    with pytest.raises(SlotTaken) as raised, surgery.writing() as uow:
        book_visit(uow, orders, PROFILE)
    assert raised.value.busy == ("patient",)
    with surgery.writing() as uow, pytest.raises(SlotTaken):  # and the door goes on
        book_visit(uow, orders, PROFILE)
    assert everything(surgery.database) == before
    for wrong in ([], [surgery.order(), surgery.order(patient="200")]):
        with pytest.raises(Invalid), surgery.writing() as uow:
            book_visit(uow, wrong, PROFILE)


def test_a_copy_has_everything_but_the_time(surgery: Surgery) -> None:
    booked = surgery.book(
        kind="op", room="raum-2", minutes=45, note="n", reason="r", procedures=("A", "B")
    )
    later = TEN + timedelta(days=7)
    with surgery.writing() as uow:
        copy = duplicate(uow, booked.appointment.id, later, PROFILE)
    assert copy.appointment.slot == Slot(later, later + timedelta(minutes=45))
    assert copy.appointment.uid != booked.appointment.uid
    same = ("type_id", "note", "reason", "procedures")
    assert all(getattr(copy.details, n) == getattr(booked.details, n) for n in same)
    assert copy.appointment.room_id == booked.appointment.room_id
    with pytest.raises(SlotTaken), surgery.writing() as uow:
        duplicate(uow, booked.appointment.id, later, PROFILE)


def test_over_the_change_of_the_clock_an_appointment_takes_what_it_takes(surgery: Surgery) -> None:
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30, the first of two
    surgery.now = start - timedelta(days=3)
    booked = surgery.book(start, minutes=60, override="Nachtdienst")
    assert booked.appointment.slot.end - booked.appointment.slot.start == timedelta(hours=1)
    with surgery.reading() as uow:
        known = uow.details.booked(booked.appointment.id)
    assert known
    assert known.appointment.slot.start == start
    assert surgery.is_whole()
