"""What the practice sets up, and finding what is booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from practice.accounts import Doctor, Room
from practice.acts import ActQuestion, Kind
from practice.appointments import Slot, Status
from practice.details import Category, Question, Source
from practice.errors import Conflict, Invalid, NameTaken, OfferNotFound, StillNeeded
from practice.life_cycle import Progress
from practice.schedule import BookingRules, HoursException
from practice.use_cases import doctors_and_rooms, offers
from practice.use_cases.finding_appointments import find_appointments
from practice.use_cases.house import add_doctor, add_room
from practice.use_cases.rearranging import Changes, cancel, change
from tests.arranging import SCHMIDT, TEN, Surgery, a_type
from tests.bookings import everything
from tests.building import PROFILE

if TYPE_CHECKING:
    from typing import Any

    from practice.database import SqlDatabase

HALF = timedelta(minutes=30)


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


def refuses(surgery: Surgery, error: type[Exception], act: Any, *args: Any) -> None:
    before = everything(surgery.database)
    with pytest.raises(error, match=r"\.$"), surgery.writing() as uow:
        act(uow, *args)
    assert everything(surgery.database) == before


def acts_of(surgery: Surgery, kind: Kind) -> list[str]:
    with surgery.reading() as uow:
        return [act.action for act in uow.acts.search(ActQuestion(kind=kind))]


def test_a_type_is_made_changed_retired_and_brought_back(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        category = offers.save_category(uow, Category("labor", "Labor", "Teal"))
        assert category.color == "teal"
        made = offers.save_type(
            uow, a_type("blut", rooms=("raum-1",), doctors=(SCHMIDT,), category="labor")
        )
        offers.save_type(uow, replace(made, minutes=20, name="Blutabnahme"))
        offers.save_type(uow, replace(made, minutes=20, name="Blutabnahme"))  # no act
        offers.retire_type(uow, made.id)
    assert acts_of(surgery, Kind.TYPE) == ["made", "changed", "retired"]
    with surgery.writing() as uow:
        assert made.id not in {kind.id for kind in uow.house.types()}
        offers.save_type(uow, replace(made, name="Blut"))
        (kept,) = uow.house.retired_types()
        assert kept == replace(made, name="Blut")
        offers.bring_back_type(uow, made.id)
        assert kept in uow.house.types()
    assert acts_of(surgery, Kind.CATEGORY) == ["made"]


def test_a_type_that_makes_no_sense_is_refused(surgery: Surgery) -> None:
    for wrong, error in (
        (a_type("kontrolle"), NameTaken),
        (a_type("neu", name=" "), Invalid),
        (a_type("neu", rooms=("keller",)), Invalid),
        (a_type("neu", doctors=("dr-no",)), Invalid),
        (a_type("neu", category="nix"), Invalid),
        (a_type("neu", color="#12"), Invalid),
        (a_type("neu", max_minutes=1440, buffer_after=1), Invalid),
        (a_type("Neu!"), Invalid),
        (a_type("neu", id=99), OfferNotFound),
        (a_type("umbenannt", id=surgery.types["kontrolle"]), Invalid),
    ):
        refuses(surgery, error, offers.save_type, wrong)
    refuses(surgery, OfferNotFound, offers.retire_type, 99)


def test_what_is_needed_is_not_removed(surgery: Surgery) -> None:
    booked = surgery.book(room="raum-2")
    with surgery.writing() as uow:
        category = offers.save_category(uow, Category("labor", "Labor"))
        offers.save_type(uow, a_type("blut", category="labor"))
        third = add_room(uow, Room("raum-3", "Raum 3"))
    refuses(surgery, StillNeeded, offers.remove_category, category.id)
    refuses(surgery, StillNeeded, offers.save_category, replace(category, slug="anders"))
    refuses(surgery, StillNeeded, doctors_and_rooms.remove_room, surgery.rooms["raum-2"])
    refuses(surgery, Conflict, doctors_and_rooms.remove_doctor, surgery.doctors["dr-mueller"])
    with surgery.writing() as uow:  # types do not need the room any more, an appointment does
        for kind in uow.house.types():
            offers.save_type(uow, replace(kind, rooms=()))
    refuses(surgery, StillNeeded, doctors_and_rooms.remove_room, surgery.rooms["raum-2"])
    surgery.now = TEN + HALF
    with surgery.writing() as uow:
        doctors_and_rooms.remove_room(uow, surgery.rooms["raum-2"])
        doctors_and_rooms.remove_room(uow, third.id)
        known = uow.appointments.get(booked.appointment.id)
    assert known
    assert known.room_id is None
    assert surgery.is_whole()


def test_a_doctor_is_removed_only_while_nothing_was_there(surgery: Surgery) -> None:
    with surgery.writing() as uow:
        made = add_doctor(uow, Doctor("dr-neu", "Dr. Neu"))
        assert doctors_and_rooms.change_doctor(uow, replace(made, hours="mo 08:00-10:00")).hours
    for wrong in (replace(made, slug="dr-alt"), replace(made, hours="nie"), replace(made, name="")):
        refuses(surgery, Invalid, doctors_and_rooms.change_doctor, wrong)
    with surgery.writing() as uow:
        doctors_and_rooms.remove_doctor(uow, made.id)
        assert uow.calendars.find("dr-neu") is None
    refuses(surgery, OfferNotFound, doctors_and_rooms.remove_doctor, made.id)
    surgery.book(doctor=SCHMIDT)
    surgery.now = TEN + timedelta(days=30)
    refuses(surgery, StillNeeded, doctors_and_rooms.remove_doctor, surgery.doctors[SCHMIDT])
    assert surgery.is_whole()


def test_extra_hours_stay_while_somebody_is_booked_in_them(surgery: Surgery) -> None:
    saturday = TEN + timedelta(days=5)
    span = Slot(saturday, saturday + 4 * HALF)
    with surgery.writing() as uow:
        mueller = surgery.doctors["dr-mueller"]
        made = offers.save_exception(uow, HoursException(0, mueller, None, span, True, "Impftag"))
    booked = surgery.book(saturday)
    refuses(surgery, StillNeeded, offers.remove_exception, made.id)
    with surgery.writing() as uow:
        cancel(uow, booked.appointment.id, PROFILE)
    with surgery.writing() as uow:
        offers.remove_exception(uow, made.id)
    refuses(surgery, OfferNotFound, offers.remove_exception, made.id)
    refuses(surgery, OfferNotFound, offers.save_exception, replace(made, id=0, doctor_id=99))
    assert acts_of(surgery, Kind.EXCEPTION) == ["made", "removed"]


def test_the_rules_of_booking_are_kept_and_checked(surgery: Surgery) -> None:
    rules = BookingRules(land="NI", lead_minutes=60, window_days=30, holidays_closed=False)
    with surgery.writing() as uow:
        assert uow.house.rules() == BookingRules()
        offers.save_rules(uow, rules)
        offers.save_rules(uow, rules)
    with surgery.reading() as uow:
        assert uow.house.rules() == rules
    assert acts_of(surgery, Kind.RULES) == ["changed"]
    for wrong in ({"land": "XX"}, {"window_days": 401}, {"hold_minutes": 0}):
        refuses(surgery, Invalid, offers.save_rules, replace(rules, **wrong))


# --- Finding ------------------------------------------------------------------------------------


def test_appointments_are_found_a_page_at_a_time_by_what_is_asked(surgery: Surgery) -> None:
    made = [surgery.book(TEN + n * HALF, patient=p) for n, p in enumerate(("100", "200", "300"))]
    made.append(surgery.book(TEN, doctor=SCHMIDT, patient="300", kind="op", source=Source.RECALL))
    surgery.now = TEN
    with surgery.writing() as uow:
        cancel(uow, made[1].appointment.id, PROFILE)
        change(uow, made[0].appointment.id, Changes(progress=Progress.ARRIVED), PROFILE)
    ids = [booked.appointment.id for booked in made]

    def found(**asked: Any) -> set[int]:
        with surgery.reading() as uow:
            told, more = find_appointments(uow, Question(**asked))
        assert more is None
        return {ids.index(booked.appointment.id) for booked in told}

    assert found() == {0, 1, 2, 3}
    assert found(since=TEN + HALF) == {1, 2}
    assert found(until=TEN + HALF) == {0, 3}
    assert found(doctor_id=surgery.doctors[SCHMIDT]) == {3}
    assert found(room_id=surgery.rooms["raum-1"]) == {3}
    assert found(patient_id=surgery.patients["300"]) == {2, 3}
    assert found(status=Status.CANCELLED) == {1}
    assert found(kind=surgery.types["op"]) == {3}
    assert found(progress=Progress.ARRIVED) == {0}
    assert found(progress=Progress.NONE) == {1, 2, 3}
    assert found(source=Source.RECALL) == {3}
    assert found(source=Source.STAFF) == {0, 1, 2}
    assert found(calendars=()) == set()
    with surgery.reading() as uow:
        pages, after = [], None
        for _ in range(9):
            page, after = find_appointments(uow, Question(), after=after, limit=1)
            pages += page
            if after is None:
                break
        assert [ids.index(b.appointment.id) for b in pages] == [0, 3, 1, 2]
        assert all(b.patient and b.etag for b in pages)
        for wrong in (0, 501):
            with pytest.raises(Invalid):
                find_appointments(uow, Question(), limit=wrong)


def test_a_page_costs_two_statements(surgery: Surgery) -> None:
    for n in range(4):
        surgery.book(TEN + n * HALF, patient=("100", "200")[n % 2])
    heard: list[str] = []

    def hear(_: object, _cursor: object, statement: str, *__: object) -> None:
        heard.append(statement)

    with surgery.reading() as uow:
        uow.log_state()
        event.listen(surgery.database.engine, "before_cursor_execute", hear)
        page, _ = find_appointments(uow, Question(since=TEN))
        event.remove(surgery.database.engine, "before_cursor_execute", hear)
    assert len(page) == 4
    assert len(heard) == 2
