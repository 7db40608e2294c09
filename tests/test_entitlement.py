"""Whose appointments are whose: one table for whoever asks, on real calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from practice.access import Account, Level, Role, may_decide, may_see
from practice.details import Question
from practice.errors import AppointmentNotFound, IllegalStep, NotAllowed, RuleBroken
from practice.scopes import Scope
from practice.use_cases.accounts import grant
from practice.use_cases.arranging import book
from practice.use_cases.desk import Desk
from practice.use_cases.entitlement import Entitled
from practice.use_cases.finding_appointments import find_appointments
from practice.use_cases.rearranging import Changes, Move, reschedule
from tests.arranging import MUELLER, SCHMIDT, TEN, Surgery
from tests.building import ACCOUNTS, PROFILE, the_account

if TYPE_CHECKING:
    from practice.database import SqlDatabase
    from practice.database.unit_of_work import SqlUnitOfWork

#: Who booked it, and with whom.
BOOKED = (("empfang", MUELLER), ("empfang", SCHMIDT), ("buchung", MUELLER), ("buchung", SCHMIDT))
SEES = {
    "admin": {0, 1, 2, 3},
    "empfang": {0, 1, 2, 3},
    "mueller": {0, 2},
    "albis": {0, 1, 2, 3},
    "buchung": {2, 3},
    "gast": {0, 2},
}
CHANGES = SEES | {"gast": set()}


@pytest.fixture
def surgery(practice: SqlDatabase) -> Surgery:
    """A practice that can be booked."""
    return Surgery(practice)


def entitled(uow: SqlUnitOfWork, name: str, *scopes: Scope) -> Entitled:
    scopes = (Scope.READ_PATIENTS, *scopes)  # whom it books for, it knows
    return Entitled(Desk(uow, PROFILE), the_account(uow, name), scopes)


def book_all(surgery: Surgery) -> list[int]:
    """Book what the table says, an hour apart in the mornings; return the ids."""
    made = []
    for n, (account, doctor) in enumerate(BOOKED):
        with surgery.writing(account) as uow:
            order = surgery.order(TEN.replace(hour=8 + n), doctor=doctor)
            ordered = entitled(uow, account).ordered(order)
            assert ordered.online is (account == "buchung")
            made.append(book(uow, ordered, PROFILE).appointment.id)
    return made


def test_what_is_found_is_what_can_be_read_and_nobody_changes_more(surgery: Surgery) -> None:
    ids = book_all(surgery)
    with surgery.reading() as uow:
        for name in ACCOUNTS:
            one = entitled(uow, name)
            found, _ = find_appointments(uow, one.narrowed(Question()))
            assert {ids.index(b.appointment.id) for b in found} == SEES[name], name
            for n, appointment_id in enumerate(ids):
                if n not in SEES[name]:
                    with pytest.raises(AppointmentNotFound):
                        one.seen(appointment_id)
                    with pytest.raises(AppointmentNotFound):
                        one.changeable(appointment_id)
                elif n in CHANGES[name]:
                    assert one.changeable(appointment_id) == one.seen(appointment_id)
                else:
                    with pytest.raises(NotAllowed):
                        one.changeable(appointment_id)


def test_without_a_grant_a_program_has_nothing(surgery: Surgery) -> None:
    ids = book_all(surgery)
    for level in (Level.NONE, Level.BUSY, Level.PSEUDONYM):
        with surgery.writing("admin") as uow:
            for name in ("albis", "buchung"):
                grant(uow, the_account(uow, name), "all", level)
        with surgery.reading() as uow:
            for name in ("albis", "buchung"):
                one = entitled(uow, name)
                assert find_appointments(uow, one.narrowed(Question())) == ([], None)
                with pytest.raises(AppointmentNotFound):
                    one.seen(ids[2])
                with pytest.raises(NotAllowed):
                    one.ordered(surgery.order())


def test_nobody_overrides_without_the_permission_whatever_is_done(surgery: Surgery) -> None:
    order = surgery.order(override="Notfall")
    changes, where = Changes(override="Notfall"), Move(TEN, override="Notfall")
    with surgery.reading() as uow:
        one = entitled(uow, "admin")
        for refused in (
            lambda: one.ordered(order),
            lambda: one.changed(changes),
            lambda: one.moved(where),
        ):
            with pytest.raises(NotAllowed):
                refused()
        one = entitled(uow, "admin", Scope.OVERRIDE)
        assert one.ordered(order) == order
        assert one.changed(changes) == changes
        assert one.moved(where) == where


def test_a_doctor_without_a_calendar_has_nothing(surgery: Surgery) -> None:
    book_all(surgery)
    with surgery.reading() as uow:
        stranger = Entitled(Desk(uow, PROFILE), Account(99, "neu", Role.DOCTOR), ())
        assert find_appointments(uow, stranger.narrowed(Question())) == ([], None)


def test_programs_that_book_and_readers_decide_nothing(surgery: Surgery) -> None:
    with surgery.reading() as uow:
        accounts = [the_account(uow, name) for name in ACCOUNTS]
        calendar = next(c for c in uow.calendars.all() if c.name == MUELLER)
    deciding = {account.name for account in accounts if may_decide(account)}
    assert deciding == {"admin", "empfang", "mueller", "albis"}
    for own in (True, False):
        seeing = {account.name for account in accounts if may_see(account, calendar, own=own)}
        assert seeing == set(ACCOUNTS) - (set() if own else {"buchung"})


def test_what_has_begun_a_program_that_books_neither_moves_nor_cancels(surgery: Surgery) -> None:
    """As patients themselves: it books by the rules for them."""
    ids = book_all(surgery)
    surgery.now = TEN.replace(hour=10, minute=1)
    with surgery.reading() as uow:
        with pytest.raises(IllegalStep):
            entitled(uow, "buchung").changeable(ids[2])
        for name, at in (("buchung", 3), ("empfang", 2)):
            assert entitled(uow, name).changeable(ids[at]).appointment.id == ids[at]


def test_what_is_too_late_for_patients_is_so_for_the_program_that_books_for_them(
    surgery: Surgery,
) -> None:
    ids = book_all(surgery)
    surgery.now = TEN.replace(day=22, hour=12)  # 22 and 23 hours before
    later = Move(TEN.replace(day=25))
    with surgery.writing("buchung") as uow:
        where = entitled(uow, "buchung").moved(later)
        with pytest.raises(RuleBroken) as raised:
            reschedule(uow, ids[2], where, PROFILE)
    assert raised.value.code == "too-late"
    with surgery.writing() as uow:
        moved = reschedule(uow, ids[2], entitled(uow, "empfang").moved(later), PROFILE)
    assert moved.appointment.slot.start == later.start
