"""A booking program whose slot is taken is told of times that are really free."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from practice.access import Actor, Level
from practice.appointments import Slot
from practice.calendars import CalendarKind, Condition
from practice.errors import SlotTaken
from practice.schedule import BookingRules, HoursException
from practice.use_cases import objects
from practice.use_cases.accounts import grant
from practice.use_cases.offers import save_rules, save_type
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery, a_type, berlin
from tests.building import PROFILE, a_draft, an_event, the_account, the_view, writing

if TYPE_CHECKING:
    from datetime import datetime

    from practice.database import SqlDatabase

HALF = timedelta(minutes=30)
FORM = "%Y%m%dT%H%M%S"


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    return Surgery(practice)


def put(surgery: Surgery, start: datetime, *lines: str, name: str = "neu", **length: int) -> None:
    """Have the booking program write an appointment, of half an hour if nothing is said."""
    end = start + timedelta(**length or {"minutes": 30})
    text = an_event(name, f"{start:{FORM}}", f"{end:{FORM}}", *lines)
    with surgery.reading() as uow:
        account = the_account(uow, "buchung")
    with writing(surgery.database, Actor(account.id, "buchung"), surgery.now) as uow:
        view = the_view(uow, "buchung", MUELLER)
        draft = a_draft(f"{name}.ics", text)
        objects.put(uow, account, view, draft, condition=Condition(), profile=PROFILE)


def offered(
    surgery: Surgery, start: datetime, *lines: str, name: str = "neu", **length: int
) -> list[str]:
    """Return the starts of what is told in place of a taken slot."""
    with pytest.raises(SlotTaken) as raised:
        put(surgery, start, *lines, name=name, **length)
    ends = {slot.end - slot.start for slot in raised.value.alternatives}
    assert ends <= {timedelta(**length or {"minutes": 30})}
    assert {str(slot.start.tzinfo) for slot in raised.value.alternatives} <= {"Europe/Berlin"}
    return [f"{slot.start:%d.%m. %H:%M}" for slot in raised.value.alternatives]


def closed(surgery: Surgery, start: datetime, doctor: str | None = None, **length: int) -> None:
    mueller = surgery.doctors[doctor] if doctor else None
    span = Slot(start, start + timedelta(**length))
    with writing(surgery.database) as uow:
        uow.house.save_exception(HoursException(0, mueller, None, span, open=False))


def test_slots_are_offered_that_do_not_begin_in_each_other(surgery: Surgery) -> None:
    surgery.book()
    assert offered(surgery, TEN) == ["23.11. 10:30", "23.11. 11:00", "23.11. 11:30"]


def test_no_day_is_offered_on_which_the_practice_is_closed(surgery: Surgery) -> None:
    eve = berlin("2026-12-24 16:30")
    surgery.book(eve)
    assert offered(surgery, eve)[0] == "28.12. 08:00"  # not on Christmas Day, a Friday
    with writing(surgery.database) as uow:
        save_rules(uow, BookingRules(holidays_closed=False))
    assert offered(surgery, eve)[0] == "25.12. 08:00"


def test_nothing_is_offered_while_the_doctor_is_away(surgery: Surgery) -> None:
    surgery.book()
    closed(surgery, TEN, MUELLER, days=1)
    closed(surgery, TEN, SCHMIDT, days=9)
    assert offered(surgery, TEN)[0] == "24.11. 10:00"


def test_extra_hours_are_offered_too(surgery: Surgery) -> None:
    saturday = berlin("2026-11-28 09:00")
    surgery.book()
    closed(surgery, TEN, days=5)
    mueller = surgery.doctors[MUELLER]
    span = Slot(saturday, saturday + HALF)
    with writing(surgery.database) as uow:
        uow.house.save_exception(HoursException(0, mueller, None, span, open=True))
    assert offered(surgery, TEN)[:2] == ["28.11. 09:00", "30.11. 08:00"]


def test_the_buffers_of_its_type_and_of_others_are_kept_free(surgery: Surgery) -> None:
    with writing(surgery.database) as uow:
        made = save_type(uow, a_type("spiegelung", buffer_before=15, buffer_after=20))
        surgery.types["spiegelung"] = made.id
    surgery.book(kind="spiegelung")
    assert offered(surgery, TEN)[0] == "23.11. 10:50"
    assert offered(surgery, TEN, "X-APPOINTMENT-TYPE:spiegelung")[0] == "23.11. 10:50"
    surgery.book(TEN + timedelta(hours=1, minutes=20), patient="200")
    # Half an hour fits between, its buffers do not.
    assert offered(surgery, TEN, name="frei")[0] == "23.11. 10:50"
    assert offered(surgery, TEN, "X-APPOINTMENT-TYPE:spiegelung")[0] != "23.11. 10:50"


def test_an_appointment_of_a_type_needs_one_of_its_rooms(surgery: Surgery) -> None:
    surgery.book()
    surgery.book(TEN + HALF, kind="eng", doctor=SCHMIDT, patient="200")
    assert offered(surgery, TEN)[0] == "23.11. 10:30"
    assert offered(surgery, TEN, "X-APPOINTMENT-TYPE:eng")[0] == "23.11. 11:00"


def test_lengths_and_doctors_that_a_type_does_not_have_are_offered_all_the_same(
    surgery: Surgery,
) -> None:
    with writing(surgery.database) as uow:
        save_type(uow, a_type("andere", doctors=(SCHMIDT,)))
    surgery.book()
    kontrolle, other = "X-APPOINTMENT-TYPE:kontrolle", "X-APPOINTMENT-TYPE:andere"
    assert offered(surgery, TEN, kontrolle, hours=1, minutes=30)[0] == "23.11. 10:30"
    assert offered(surgery, TEN, kontrolle, minutes=5)[0] == "23.11. 10:30"
    assert offered(surgery, TEN, other)[0] == "23.11. 10:30"
    assert offered(surgery, TEN, days=9) == []


def test_what_is_moved_is_not_in_its_own_way(surgery: Surgery) -> None:
    surgery.book(patient="200")
    put(surgery, TEN + 2 * HALF)
    assert offered(surgery, TEN)[:2] == ["23.11. 10:30", "23.11. 11:00"]
    assert offered(surgery, TEN, name="anders")[:2] == ["23.11. 10:30", "23.11. 11:30"]


def test_no_time_is_offered_at_which_the_patient_is_with_another_doctor(surgery: Surgery) -> None:
    surgery.book(patient="200")
    surgery.book(TEN + HALF, doctor=SCHMIDT, patient="100")
    assert offered(surgery, TEN)[0] == "23.11. 10:30"
    whose = "X-PATIENT-ID:100"
    assert offered(surgery, TEN, whose)[0] == "23.11. 11:00"
    # Its own appointment stands in nobody's way, nor whose number is told of it afterwards.
    put(surgery, TEN + 2 * HALF, whose)
    assert offered(surgery, TEN, whose)[0] == "23.11. 11:00"
    assert offered(surgery, TEN, "X-PATIENT-ID:300")[0] == "23.11. 11:00"


def test_nothing_in_the_past_is_offered(surgery: Surgery) -> None:
    surgery.book()
    surgery.now = TEN + timedelta(days=2, minutes=10)
    assert offered(surgery, TEN)[0] == "25.11. 10:10"


def test_a_calendar_of_no_doctor_is_open_at_the_usual_hours(surgery: Surgery) -> None:
    with writing(surgery.database) as uow:
        uow.calendars.create("labor", CalendarKind.PLAIN, {})
        grant(uow, the_account(uow, "buchung"), "labor", Level.WRITE)
        account = the_account(uow, "buchung")
        view = the_view(uow, "buchung", "labor")
        draft = a_draft("a.ics", an_event("a", "20261123T114500", "20261123T121500"))
        objects.put(uow, account, view, draft, condition=Condition(), profile=PROFILE)
        draft = a_draft("b.ics", an_event("b", "20261123T114500", "20261123T121500"))
        with pytest.raises(SlotTaken) as raised:
            objects.put(uow, account, view, draft, condition=Condition(), profile=PROFILE)
    assert raised.value.alternatives[0].start == berlin("2026-11-23 13:00")
