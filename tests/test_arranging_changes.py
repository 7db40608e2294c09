"""Changing what is booked: what is written, who hears of it, what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from practice.acts import ActQuestion
from practice.appointments import Booking, Slot, Status
from practice.calendars import Condition
from practice.errors import (
    AppointmentNotFound,
    IllegalStep,
    Invalid,
    NotInCalendar,
    PreconditionFailed,
    RuleBroken,
    SlotTaken,
)
from practice.life_cycle import Progress
from practice.schedule import BookingRules
from practice.use_cases import objects
from practice.use_cases.book import take_bookings
from practice.use_cases.rearranging import Changes, Move, cancel, change, decline, reschedule
from tests.arranging import SCHMIDT, TEN, Surgery
from tests.bookings import everything
from tests.building import PROFILE, a_draft, an_event, the_account, the_view
from tests.steps import House

if TYPE_CHECKING:
    from practice.database import SqlDatabase
    from practice.details import Booked

HALF = timedelta(minutes=30)
NOON = TEN + timedelta(hours=1)


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


def changed(surgery: Surgery, booked: Booked, **changes: Any) -> Booked:
    with surgery.writing() as uow:
        return change(uow, booked.appointment.id, Changes(**changes), PROFILE)


def moved(surgery: Surgery, booked: Booked, where: Move, expected: str | None = None) -> Booked:
    with surgery.writing() as uow:
        return reschedule(uow, booked.appointment.id, where, PROFILE, expected=expected)


def cancelled(surgery: Surgery, booked: Booked, reason: str = "") -> Booked:
    with surgery.writing() as uow:
        return cancel(uow, booked.appointment.id, PROFILE, reason=reason)


def unfolded(surgery: Surgery, booked: Booked) -> str:
    return surgery.object_of(booked).text.replace("\r\n ", "")


def as_if_sent(surgery: Surgery) -> None:
    House(surgery.database).deliver()


def refuses(surgery: Surgery, error: type[Exception], act: Any, *args: Any, **more: Any) -> Any:
    """See that an act is refused in a sentence, and leaves nothing behind."""
    before = everything(surgery.database)
    with pytest.raises(error, match=r"\.$") as raised:
        act(surgery, *args, **more)
    assert everything(surgery.database) == before
    return raised.value


def test_a_move_changes_object_and_appointment_and_keeps_what_others_wrote(
    surgery: Surgery,
) -> None:
    booked = surgery.book(kind="op")
    with surgery.writing() as uow:  # the practice software adds a line of its own
        item = surgery.object_of(booked)
        text = item.text.replace("END:VEVENT", "X-ALBIS-ID:4711\r\nEND:VEVENT")
        objects.put(
            uow,
            the_account(uow, "empfang"),
            the_view(uow, "empfang", "dr-mueller"),
            a_draft(item.href, text),
            condition=Condition(),
            profile=PROFILE,
        )
    as_if_sent(surgery)
    after = moved(surgery, booked, Move(NOON, minutes=45))
    text = unfolded(surgery, after)
    assert "X-ALBIS-ID:4711\r\n" in text
    assert "DTSTART;TZID=Europe/Berlin:20261123T110000" in text
    assert "DTEND;TZID=Europe/Berlin:20261123T114500" in text
    assert after.appointment.slot == Slot(NOON, NOON + timedelta(minutes=45))
    assert after.appointment.room_id == booked.appointment.room_id
    assert after.etag == surgery.object_of(after).etag
    assert surgery.waiting == [("patient", "AppointmentMoved")]
    assert surgery.is_whole()


def test_a_move_to_another_doctor_is_one_change(surgery: Surgery) -> None:
    booked = surgery.book()
    as_if_sent(surgery)
    after = moved(surgery, booked, Move(TEN, doctor_id=surgery.doctors[SCHMIDT]))
    assert after.appointment.uid == booked.appointment.uid
    assert surgery.object_of(after).calendar_id != surgery.object_of(after).id
    with surgery.reading() as uow:
        (holder,) = uow.calendars.uid_holders(booked.appointment.uid)
        assert holder.calendar_id == after.appointment.calendar_id
        assert after.appointment.calendar_id != booked.appointment.calendar_id
    assert surgery.waiting == [("patient", "AppointmentMoved")]
    assert surgery.is_whole()


def test_a_move_is_held_to_the_same_rules(surgery: Surgery) -> None:
    booked = surgery.book()
    surgery.book(NOON, patient="200")
    assert refuses(surgery, SlotTaken, moved, booked, Move(NOON)).busy == ("doctor",)
    refuses(surgery, RuleBroken, moved, booked, Move(TEN.replace(hour=20)))
    refuses(surgery, RuleBroken, moved, booked, Move(TEN, minutes=90))
    over = moved(surgery, booked, Move(NOON, override="geht nicht anders"))
    assert over.details.override == "geht nicht anders"


def test_a_move_by_less_than_its_length_is_not_in_its_own_way(surgery: Surgery) -> None:
    booked = surgery.book(kind="eng")
    after = moved(surgery, booked, Move(TEN + timedelta(minutes=10)))
    assert after.appointment.slot.start == TEN + timedelta(minutes=10)


def test_it_goes_to_another_room_where_its_own_is_not_free(surgery: Surgery) -> None:
    booked = surgery.book(kind="op")
    surgery.book(NOON, kind="op", doctor=SCHMIDT, patient="200")
    after = moved(surgery, booked, Move(NOON))
    assert after.appointment.room_id == surgery.rooms["raum-2"]
    assert "LOCATION:Raum-2" in unfolded(surgery, after)
    strict = Move(NOON, room_id=surgery.rooms["raum-1"])
    assert refuses(surgery, SlotTaken, moved, booked, strict).busy == ("room",)


def test_what_is_expected_and_is_not_so_is_refused(surgery: Surgery) -> None:
    booked = surgery.book()
    after = moved(surgery, booked, Move(NOON), booked.etag)
    refuses(surgery, PreconditionFailed, moved, booked, Move(TEN), booked.etag)
    moved(surgery, booked, Move(TEN), after.etag)


def test_of_a_series_only_the_calendar_changes_the_time(surgery: Surgery) -> None:
    booked = surgery.book()
    with surgery.writing() as uow:
        item = surgery.object_of(booked)
        text = item.text.replace("END:VEVENT", "RRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT")
        there = uow.calendars.find("dr-mueller")
        assert there
        uow.calendars.save(there, a_draft(item.href, text))
    refuses(surgery, NotInCalendar, moved, booked, Move(NOON))


def test_what_the_practice_software_removed_is_not_changed_any_more(surgery: Surgery) -> None:
    booked = surgery.book()
    with surgery.writing() as uow:
        name = surgery.object_of(booked).href
        account = the_account(uow, "empfang")
        objects.delete(uow, account, the_view(uow, "empfang", "dr-mueller"), name, Condition())
    refuses(surgery, IllegalStep, moved, booked, Move(NOON))
    refuses(surgery, IllegalStep, changed, booked, note="x")
    refuses(surgery, IllegalStep, cancelled, booked)


def test_notes_are_kept_and_noted_and_nobody_hears_of_them(surgery: Surgery) -> None:
    booked = surgery.book()
    as_if_sent(surgery)
    after = changed(surgery, booked, note="Kassenkarte fehlt", patient_note="Karte mitbringen")
    assert (after.details.note, after.etag) == ("Kassenkarte fehlt", booked.etag)
    assert surgery.waiting == []
    with surgery.reading() as uow:
        (act,) = uow.acts.search(ActQuestion(action="changed"))
        assert "Kassenkarte" in (act.after or "")
        assert act.actor == "empfang"
    again = changed(surgery, after, reason="Husten")
    assert "Grund: Husten" in unfolded(surgery, again)
    assert again.etag == surgery.object_of(again).etag != after.etag


def test_another_type_has_another_title_and_category_and_needs_its_room(surgery: Surgery) -> None:
    booked = surgery.book()
    after = changed(surgery, booked, type_id=surgery.types["op"])
    text = unfolded(surgery, after)
    assert "SUMMARY:Zoë Ährenthaler - Op\r\n" in text
    assert "X-APPOINTMENT-TYPE:op\r\n" in text
    assert after.appointment.room_id == surgery.rooms["raum-1"]
    assert after.details.type_id == surgery.types["op"]


def test_another_patient_leaves_nothing_of_the_first(surgery: Surgery) -> None:
    booked = surgery.book(reason="Husten")
    after = changed(surgery, booked, patient_id=surgery.patients["200"])
    text = unfolded(surgery, after)
    assert "Ährenthaler" not in text
    assert "p100@" not in text
    assert "X-PATIENT-ID:200" in text
    assert after.patient
    assert after.patient.record.last_name == "Brückner"
    assert surgery.is_whole()


def test_a_change_may_take_more_time_within_the_bounds(surgery: Surgery) -> None:
    booked = surgery.book()
    surgery.book(TEN + timedelta(minutes=45), patient="200")
    assert changed(surgery, booked, minutes=45).appointment.slot.end == TEN + 1.5 * HALF
    refuses(surgery, SlotTaken, changed, booked, minutes=50)
    refuses(surgery, RuleBroken, changed, booked, minutes=70)
    refuses(surgery, Invalid, changed, booked, minutes=0)


def test_a_request_is_confirmed_and_loses_its_mark(surgery: Surgery) -> None:
    booked = surgery.book(status=Status.TENTATIVE)
    assert "SUMMARY:Anfrage: Zoë" in unfolded(surgery, booked)
    assert "X-REQUIRES-CONFIRMATION:TRUE" in unfolded(surgery, booked)
    as_if_sent(surgery)
    after = changed(surgery, booked, status=Status.CONFIRMED)
    assert "SUMMARY:Zoë" in unfolded(surgery, after)
    assert "STATUS:CONFIRMED" in unfolded(surgery, after)
    assert surgery.waiting == [("patient", "AppointmentConfirmed")]


def test_a_request_is_declined_and_what_is_confirmed_cannot_be(surgery: Surgery) -> None:
    booked, other = surgery.book(status=Status.TENTATIVE), surgery.book(NOON)
    as_if_sent(surgery)
    with surgery.writing() as uow:
        after = decline(uow, booked.appointment.id, PROFILE, reason="Urlaub")
    assert (after.appointment.status, after.details.late) == (Status.CANCELLED, False)
    assert surgery.waiting == [("patient", "AppointmentDeclined")]
    with pytest.raises(IllegalStep), surgery.writing() as uow:
        decline(uow, other.appointment.id, PROFILE)
    with pytest.raises(Invalid), surgery.writing() as uow:
        change(uow, other.appointment.id, Changes(status=Status.CANCELLED), PROFILE)


def test_a_cancelled_one_stays_in_the_calendar_and_its_time_is_free(surgery: Surgery) -> None:
    booked = surgery.book()
    as_if_sent(surgery)
    after = cancelled(surgery, booked, "krank")
    assert "STATUS:CANCELLED" in unfolded(surgery, after)
    assert after.details.cancel_reason == "krank"
    assert after.details.cancelled == surgery.now
    assert surgery.waiting == [("patient", "AppointmentCancelled")]
    surgery.book(patient="200")
    refuses(surgery, IllegalStep, cancelled, booked)
    refuses(surgery, IllegalStep, changed, booked, status=Status.CONFIRMED)
    assert surgery.is_whole()


def test_a_late_cancellation_is_marked(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        uow.house.save_rules(BookingRules(late_cancel_hours=48))
    early, late = surgery.book(), surgery.book(NOON)
    surgery.now = TEN - timedelta(hours=48)
    assert not cancelled(surgery, early).details.late
    surgery.now = NOON - timedelta(hours=47)
    assert cancelled(surgery, late).details.late


def test_a_patient_arrives_is_treated_and_done(surgery: Surgery) -> None:
    booked = surgery.book()
    refuses(surgery, IllegalStep, changed, booked, progress=Progress.ARRIVED)  # three days before
    surgery.now = TEN - timedelta(minutes=10)
    refuses(surgery, IllegalStep, changed, booked, progress=Progress.NO_SHOW)
    refuses(surgery, IllegalStep, changed, booked, progress=Progress.IN_TREATMENT)
    as_if_sent(surgery)
    for step in (Progress.ARRIVED, Progress.IN_TREATMENT, Progress.DONE):
        after = changed(surgery, booked, progress=step)
        assert (after.details.progress, after.details.progressed) == (step, surgery.now)
        surgery.now += timedelta(minutes=10)
    assert surgery.waiting == []
    refuses(surgery, IllegalStep, cancelled, booked)
    refuses(surgery, IllegalStep, moved, booked, Move(NOON))


def test_a_no_show_may_come_after_all(surgery: Surgery) -> None:
    booked = surgery.book()
    surgery.now = TEN + HALF
    changed(surgery, booked, progress=Progress.NO_SHOW)
    assert changed(surgery, booked, progress=Progress.ARRIVED).details.progress == "arrived"


def test_a_booking_of_a_tool_goes_back_to_the_tool(surgery: Surgery) -> None:
    told = Booking(
        "B-1",
        "dr-mueller",
        Slot(TEN, TEN + HALF),
        Status.TENTATIVE,
        "Dorn",
        "Ida",
        "1990-01-01",
        kind="kontrolle",
        reason="Impfung",
        notes="bitte leise",
    )
    with surgery.writing() as uow:
        take_bookings(uow, "tool", [told], PROFILE)
        (known,) = uow.appointments.by_booking("tool", ["B-1"]).values()
        booked = uow.details.booked(known.id)
    assert booked
    assert booked.details.source == "ONLINE"
    after = changed(surgery, booked, status=Status.CONFIRMED)
    assert set(surgery.waiting) == {
        ("patient", "AppointmentConfirmed"),
        ("booking_tool", "AppointmentConfirmed"),
    }
    text = unfolded(surgery, after)
    assert "SUMMARY:Ida Dorn - Impfung" in text
    assert "bitte leise" in text
    as_if_sent(surgery)
    moved(surgery, after, Move(NOON))
    assert ("booking_tool", "AppointmentMoved") in surgery.waiting
    with surgery.writing() as uow:  # the tool's list, as it was: the practice's side stands
        take_bookings(uow, "tool", [told], PROFILE)
        stands = uow.appointments.get(known.id)
    assert stands
    assert stands.slot.start == NOON
    assert surgery.is_whole()


def test_what_came_from_a_calendar_can_be_changed_too(surgery: Surgery) -> None:
    with surgery.writing("albis") as uow:
        text = an_event("t", "20261123T100000", "20261123T101500", "X-PATIENT-ID:100")
        objects.put(
            uow,
            the_account(uow, "albis"),
            the_view(uow, "albis", "dr-mueller"),
            a_draft("t.ics", text),
            condition=Condition(),
            profile=PROFILE,
        )
        known = uow.appointments.by_uid("t")
        assert known
        booked = uow.details.booked(known.id)
    assert booked
    assert (booked.details.source, booked.details.booked) == ("STAFF", None)
    after = moved(surgery, booked, Move(NOON))
    assert after.appointment.slot == Slot(NOON, NOON + HALF / 2)
    assert changed(surgery, after, note="n").details.note == "n"
    assert surgery.is_whole()


def test_what_is_not_there_cannot_be_changed(surgery: Surgery) -> None:
    with pytest.raises(AppointmentNotFound), surgery.writing() as uow:
        change(uow, 99, Changes(), PROFILE)
