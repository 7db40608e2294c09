"""Taking changes back: exactly, by new changes, all or none, and never over later ones unasked.

Every step is one transaction of the use cases, on both databases; after each, `verify` finds
nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from practice.calendars import ChangeKind
from practice.errors import CannotUndo, ChangeNotFound, InTheWay, Invalid
from practice.log import LogQuestion
from practice.messages import Message, Receiver
from practice.use_cases import chosen_changes
from practice.use_cases.undo import undo
from practice.use_cases.undo_plans import Act, plan_undo
from tests.bookings import a_row, everything, rows_a_day, take
from tests.building import (
    NOW,
    PROFILE,
    a_draft,
    an_event,
    reading,
    the_account,
    the_view,
)
from tests.steps import LABOR, OF_PATIENT, House
from tests.steps import NOON as AT_NOON

if TYPE_CHECKING:
    from pathlib import Path

    from practice.database import SqlDatabase

MUELLER, SCHMIDT = "dr-mueller", "dr-schmidt"


@pytest.fixture
def house(practice: SqlDatabase) -> House:
    """A practice in which steps are taken."""
    return House(practice)


# --- One object ---------------------------------------------------------------------------------


def test_a_created_object_is_removed(house: House) -> None:
    made = house.put(MUELLER, "a")
    new = house.undo(made)
    assert house.get(MUELLER, "a.ics") is None
    (change,) = house.log(new)
    assert (change.kind, change.actor, change.href) == (ChangeKind.REMOVED, "admin", "a.ics")


def test_a_removed_object_comes_back_under_its_name_with_text_and_owner(house: House) -> None:
    house.put(MUELLER, "a", "SUMMARY:Zahn 🦷", name="Zähne 1.ics", who="buchung")
    was = house.get(MUELLER, "Zähne 1.ics")
    removed = house.delete(MUELLER, "Zähne 1.ics")
    house.undo(removed)
    now = house.get(MUELLER, "Zähne 1.ics")
    assert was is not None
    assert now is not None
    assert (now.text, now.uid, now.owner_id) == (was.text, was.uid, was.owner_id)


def test_a_changed_object_gets_its_former_text(house: House) -> None:
    house.put(MUELLER, "a", "SUMMARY:Alt")
    was = house.get(MUELLER, "a.ics")
    changed = house.put(MUELLER, "a", "SUMMARY:Neu", at="noon")
    new = house.undo(changed)
    now = house.get(MUELLER, "a.ics")
    assert was is not None
    assert now is not None
    assert (now.text, now.etag, now.id) == (was.text, was.etag, was.id)
    assert [c.kind for c in house.log(new)] == [ChangeKind.CHANGED]


def test_a_chain_of_changes_is_taken_back_by_one(house: House) -> None:
    house.put(MUELLER, "a", "SUMMARY:1")
    chain = [house.put(MUELLER, "a", f"SUMMARY:{n}") for n in (2, 3, 4)]
    chain += [house.delete(MUELLER, "a.ics"), house.put(MUELLER, "a", "SUMMARY:5")]
    new = house.undo(*chain)
    assert len(new) == 1
    now = house.get(MUELLER, "a.ics")
    assert now is not None
    assert "SUMMARY:1\r\n" in now.text


def test_what_was_made_and_removed_since_needs_nothing(house: House) -> None:
    numbers = (house.put(MUELLER, "a"), house.delete(MUELLER, "a.ics"))
    assert house.plan(*numbers).steps == ()
    assert len(house.undo(*numbers)) == 0


def test_taking_back_can_be_taken_back(house: House) -> None:
    house.put(MUELLER, "a", "SUMMARY:Alt")
    changed = house.put(MUELLER, "a", "SUMMARY:Neu")
    once = house.undo(changed)
    again = house.undo(*once)
    now = house.get(MUELLER, "a.ics")
    assert now is not None
    assert "SUMMARY:Neu" in now.text
    house.undo(*again)
    now = house.get(MUELLER, "a.ics")
    assert now is not None
    assert "SUMMARY:Alt" in now.text


def test_another_uid_under_the_name_gives_way_to_the_former(house: House) -> None:
    house.put(MUELLER, "a", *OF_PATIENT, name="x.ics")
    replaced = house.delete(MUELLER, "x.ics"), house.put(MUELLER, "b", *OF_PATIENT, name="x.ics")
    house.undo(*replaced)
    now = house.get(MUELLER, "x.ics")
    assert now is not None
    assert now.uid == "a"
    assert str(house.appointment("a").status) == "CONFIRMED"
    assert str(house.appointment("b").status) == "CANCELLED"


def test_owners_return_with_their_objects(house: House) -> None:
    house.put(MUELLER, "a", who="buchung")
    numbers = (house.delete(MUELLER, "a.ics"), house.put(MUELLER, "a", at="noon"))
    house.undo(*numbers)
    now = house.get(MUELLER, "a.ics")
    assert now is not None
    with reading(house.database) as uow:
        assert now.owner_id == the_account(uow, "buchung").id


# --- Later changes ------------------------------------------------------------------------------


def test_what_was_changed_again_is_refused_with_the_numbers_in_the_way(house: House) -> None:
    house.put(MUELLER, "a")
    first = house.put(MUELLER, "a", at="noon")
    house.put(MUELLER, "b", at="three")
    later = [house.put(MUELLER, "a", at="three"), house.delete(MUELLER, "a.ics")]
    error = house.refuses(InTheWay, first)
    assert isinstance(error, InTheWay)
    assert list(error.numbers) == later
    assert str(error) == f"Later changes would be lost: {later[0]}, {later[1]} (2 in all)."


def test_later_changes_are_taken_back_as_well_if_told(house: House) -> None:
    house.put(MUELLER, "a")
    first = house.put(MUELLER, "a", at="noon")
    other = house.put(MUELLER, "b", at="three")
    later = [house.put(MUELLER, "a", at="three"), house.delete(MUELLER, "a.ics")]
    plan = house.plan(first, force=True)
    assert (plan.asked, plan.later) == ((first,), tuple(later))
    assert house.undo(first, force=True)
    now, untouched = house.get(MUELLER, "a.ics"), house.get(MUELLER, "b.ics")
    assert now is not None
    assert "T100000" in now.text
    assert untouched is not None
    assert untouched.number == other


def test_one_refused_change_takes_nothing_back(house: House) -> None:
    a, b = house.put(MUELLER, "a"), house.put(MUELLER, "b", at="noon")
    later = house.put(MUELLER, "b", at="three")
    error = house.refuses(InTheWay, a, b)
    assert isinstance(error, InTheWay)
    assert error.numbers == (later,)


def test_a_gap_in_a_chain_is_in_the_way(house: House) -> None:
    first = house.put(MUELLER, "a")
    between = house.put(MUELLER, "a", at="noon")
    last = house.put(MUELLER, "a", at="three")
    error = house.refuses(InTheWay, first, last)
    assert isinstance(error, InTheWay)
    assert error.numbers == (between,)


def test_an_object_that_went_elsewhere_since_is_the_same_object(house: House) -> None:
    house.put(MUELLER, "a")
    changed = house.put(MUELLER, "a", at="noon")
    arrived = house.move(MUELLER, "a.ics", SCHMIDT, "b.ics")
    error = house.refuses(InTheWay, changed)
    assert isinstance(error, InTheWay)
    assert error.numbers == (arrived - 1, arrived)
    house.undo(changed, force=True)
    assert house.get(SCHMIDT, "b.ics") is None
    now = house.get(MUELLER, "a.ics")
    assert now is not None
    assert "T100000" in now.text


def test_a_copy_put_elsewhere_since_is_the_same_appointment(house: House) -> None:
    """It may be the first half of a drag: taken back alone, the appointment would stand twice."""
    house.put(MUELLER, "a", *OF_PATIENT)
    changed = house.put(MUELLER, "a", *OF_PATIENT, at="noon")
    copy = house.put(SCHMIDT, "a", *OF_PATIENT, at="noon")
    error = house.refuses(InTheWay, changed)
    assert isinstance(error, InTheWay)
    assert error.numbers == (copy,)


def test_a_name_that_has_another_object_by_now_is_in_the_way(house: House) -> None:
    house.put(MUELLER, "a", name="x.ics")
    removed = house.delete(MUELLER, "x.ics")
    later = house.put(MUELLER, "b", name="x.ics", at="noon")
    error = house.refuses(InTheWay, removed)
    assert isinstance(error, InTheWay)
    assert error.numbers == (later,)


def test_a_uid_that_stands_elsewhere_in_the_calendar_is_refused_in_a_sentence(house: House) -> None:
    house.put(MUELLER, "a", name="x.ics")
    with house.step() as (uow, _):  # as an import may; clients are kept from it
        calendar = the_view(uow, "empfang", MUELLER).calendar
        replaced = uow.calendars.save(calendar, a_draft("x.ics", an_event("b", *AT_NOON))).number
    house.put(MUELLER, "a", name="y.ics")
    error = house.refuses(CannotUndo, replaced)
    assert str(error) == (
        f"Change {replaced} cannot be taken back:"
        " its UID stands in the calendar under another name by now."
    )


@pytest.mark.parametrize("number", [0, 10_000])
def test_a_change_there_is_not_is_told(house: House, number: int) -> None:
    error = house.refuses(ChangeNotFound, number)
    assert str(error) == f"There is no change {number}; the last is {house.number}."


def test_more_changes_than_one_transaction_should_have_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen_changes, "MOST", 2)
    with reading(house.database) as uow, pytest.raises(Invalid, match="in parts"):
        plan_undo(uow, [LogQuestion(since=NOW - timedelta(days=1))], PROFILE)


# --- Moves and appointments ---------------------------------------------------------------------


@pytest.mark.parametrize("half", [0, 1])
def test_a_move_comes_back_as_a_move_from_either_half(house: House, half: int) -> None:
    house.put(MUELLER, "a", *OF_PATIENT)
    was = house.appointment("a")
    arrived = house.move(MUELLER, "a.ics", SCHMIDT, "b.ics")
    house.deliver()
    plan = house.plan(arrived - half)
    assert sorted(plan.asked + plan.together) == [arrived - 1, arrived]
    new = house.undo(arrived - half)
    assert [c.kind for c in house.log(new)] == [ChangeKind.REMOVED, ChangeKind.CREATED]
    assert house.get(SCHMIDT, "b.ics") is None
    assert house.appointment("a") == was
    assert house.waiting == [(Receiver.PATIENT, Message.MOVED)]


def test_a_move_that_nobody_was_told_of_is_taken_back_without_a_word(house: House) -> None:
    house.put(MUELLER, "a", *OF_PATIENT)
    house.deliver()
    house.undo(house.move(MUELLER, "a.ics", SCHMIDT))
    assert house.waiting == []


def test_a_drag_by_put_and_delete_is_taken_back_as_one_move(house: House) -> None:
    house.put(MUELLER, "a", *OF_PATIENT)
    was = house.appointment("a")
    halves = (house.put(SCHMIDT, "a", *OF_PATIENT), house.delete(MUELLER, "a.ics"))
    house.deliver()
    house.undo(*halves)
    assert house.appointment("a") == was
    assert house.waiting == [(Receiver.PATIENT, Message.MOVED)]


def test_an_object_that_gets_its_name_back_keeps_its_appointment(house: House) -> None:
    house.put(MUELLER, "a", *OF_PATIENT)
    house.put(SCHMIDT, "a", *OF_PATIENT, at="noon")
    was = house.appointment("a")
    house.undo(house.move(SCHMIDT, "a.ics", SCHMIDT, "b.ics"))
    assert house.appointment("a") == was


def test_a_cancellation_taken_back_books_again_and_says_so(house: House) -> None:
    house.put(MUELLER, "a", *OF_PATIENT, "STATUS:TENTATIVE")
    was = house.appointment("a")
    house.deliver()
    removed = house.delete(MUELLER, "a.ics")
    house.deliver()
    house.undo(removed)
    assert house.appointment("a") == was
    assert house.waiting == [(Receiver.PATIENT, Message.BOOKED)]


def test_a_cancellation_taken_back_before_it_was_sent_is_no_letter(house: House) -> None:
    house.put(MUELLER, "a", *OF_PATIENT)
    house.deliver()
    house.undo(house.delete(MUELLER, "a.ics"))
    assert house.waiting == []


def test_an_undo_may_double_book_as_staff_may(house: House) -> None:
    house.put(MUELLER, "a", who="buchung")
    removed = house.delete(MUELLER, "a.ics")
    house.put(MUELLER, "b", who="buchung")
    house.undo(removed)
    assert house.get(MUELLER, "a.ics") is not None


def test_a_whole_import_is_taken_back_and_had_again(house: House, tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    take(house.database, path, a_row(), *rows_a_day(20))
    house.now = datetime.now(house.now.tzinfo)
    before = everything(house.database)
    question = LogQuestion(actor="command line", since=house.now - timedelta(hours=1))
    with house.step("admin") as (uow, _):
        plan = plan_undo(uow, [question], PROFILE)
        first, last = undo(uow, plan)
    assert last - first + 1 == len(plan.steps) == 21
    assert {step.act for step in plan.steps} == {Act.REMOVE}
    with reading(house.database) as uow:
        assert {str(one.status) for one in uow.appointments.all()} == {"CANCELLED"}
    house.undo(*range(first, last + 1))
    after = everything(house.database)
    # The database has forgotten nothing: but for ids and numbers all is as it was.
    assert after["appointments"] == before["appointments"]
    assert sorted(row.text for row in after["objects"]) == sorted(
        row.text for row in before["objects"]
    )
    assert take(house.database, path, a_row(), *rows_a_day(20)).counts == {"unchanged": 21}


# --- Calendars ----------------------------------------------------------------------------------


def test_properties_become_what_they_were(house: House) -> None:
    with house.step("admin") as (uow, _):
        was = next(c for c in uow.calendars.all() if c.name == MUELLER)
        uow.calendars.set_properties(was, {"D:displayname": "Umbenannt"})
    house.undo(house.number)
    with reading(house.database) as uow:
        assert next(c for c in uow.calendars.all() if c.name == MUELLER).properties == (
            was.properties
        )


def test_properties_that_are_what_they_were_need_nothing(house: House) -> None:
    for title in ("Umbenannt", "Dr. Mueller"):
        with house.step("admin") as (uow, _):
            was = next(c for c in uow.calendars.all() if c.name == MUELLER)
            uow.calendars.set_properties(was, {**was.properties, "D:displayname": title})
    assert house.plan(house.number - 1, house.number).steps == ()


def test_a_calendar_made_is_removed_if_nothing_else_is_in_it(house: House) -> None:
    made = house.make()
    own = house.put(LABOR, "a")
    error = house.refuses(InTheWay, made.number or own - 1)
    assert isinstance(error, InTheWay)
    assert error.numbers == (own,)
    house.undo(own - 1, own)
    with reading(house.database) as uow:
        assert uow.calendars.find(LABOR) is None


def test_what_was_moved_into_a_calendar_goes_back_where_it_came_from(house: House) -> None:
    house.put(MUELLER, "a", *OF_PATIENT)
    was = house.appointment("a")
    house.make()
    made = house.number
    house.move(MUELLER, "a.ics", LABOR)
    house.undo(made, force=True)
    assert house.get(MUELLER, "a.ics") is not None
    assert house.appointment("a") == was


def test_a_dropped_calendar_comes_back_with_its_id_and_all_that_was_in_it(house: House) -> None:
    made = house.make()
    house.put(LABOR, "a", *OF_PATIENT)
    house.put(LABOR, "b", "SUMMARY:B", at="noon")
    with reading(house.database) as uow:
        seen = the_view(uow, "admin", LABOR)
        was = {h.href: h.etag for h in uow.calendars.listing(seen)}
    dropped = house.drop()
    plan = house.plan(dropped)
    assert plan.together == (dropped - 2, dropped - 1)
    house.undo(dropped)
    with reading(house.database) as uow:
        now = the_view(uow, "admin", LABOR)
        assert {h.href: h.etag for h in uow.calendars.listing(now)} == was
        assert (now.calendar.id, now.calendar.properties, now.calendar.components) == (
            made.id,
            made.properties,
            ("VEVENT",),
        )
        # A calendar program that has not looked meanwhile goes on from where it was.
        changes = uow.calendars.changes_since(now, seen.number, seen.mark)
        assert {h.href: h.etag for h in changes.changed} == was
        assert changes.removed == ()


def test_an_object_of_a_dropped_calendar_wants_its_calendar_back(house: House) -> None:
    house.make()
    house.put(LABOR, "a")
    removed = house.delete(LABOR, "a.ics")
    dropped = house.drop()
    error = house.refuses(InTheWay, removed)
    assert isinstance(error, InTheWay)
    assert error.numbers == (dropped,)
    house.undo(removed, dropped)
    assert house.get(LABOR, "a.ics") is not None


def test_a_calendar_whose_name_is_taken_does_not_come_back(house: House) -> None:
    house.make()
    dropped = house.drop()
    house.make()
    error = house.refuses(CannotUndo, dropped)
    assert "there is another calendar 'labor'" in str(error)


def test_a_calendar_dropped_and_made_anew_is_the_old_one_again(house: House) -> None:
    first = house.make()
    house.put(LABOR, "a")
    dropped = house.drop()
    second = house.make()
    assert second.id != first.id
    house.undo(dropped, house.number)
    with reading(house.database) as uow:
        found = uow.calendars.find(LABOR)
    assert found is not None
    assert found.id == first.id
    assert house.get(LABOR, "a.ics") is not None


def test_a_doctors_calendar_is_not_undone(house: House) -> None:
    with reading(house.database) as uow:
        made = uow.calendars.log(0, 10)
    own = [change.number for change in made if change.kind is ChangeKind.PROPERTIES]
    for number in own:
        error = house.refuses(CannotUndo, number)
        assert "those of doctors" in str(error)


def test_rows_of_older_versions_are_understood(house: House) -> None:
    """They told the properties alone."""
    house.make()
    with house.step("admin") as (uow, _):
        labor = the_view(uow, "admin", LABOR).calendar
        uow.calendars.set_properties(labor, {"D:displayname": "Neu"})
    renamed, dropped = house.number, house.drop()
    with house.database.engine.begin() as connection:
        old = "UPDATE changes SET before = :old WHERE number = :n"
        connection.execute(text(old), {"old": '{"D:displayname": "Alt"}', "n": renamed})
        connection.execute(text(old), {"old": '{"properties": "Neu"}', "n": dropped})
    with reading(house.database) as uow, pytest.raises(CannotUndo, match="was called"):
        plan_undo(uow, [LogQuestion(first=dropped, last=dropped)], PROFILE)
