"""The calendars are as they stand in the database, though they are not read every time."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from practice.access import SYSTEM
from practice.database import SqlDatabase, known_calendars
from tests.bookings import url_of
from tests.building import NOW, a_draft, an_event, reading, writing

if TYPE_CHECKING:
    from practice.calendars import Calendar
    from practice.database.unit_of_work import SqlUnitOfWork

NAME = "D:displayname"


def mueller(uow: SqlUnitOfWork) -> Calendar:
    """Return a doctor's calendar, as all of them are told to who knows where the log ends."""
    assert uow.epoch
    return next(calendar for calendar in uow.calendars.all() if calendar.name == "dr-mueller")


def rename(uow: SqlUnitOfWork, name: str) -> None:
    """Give the calendar another display name."""
    uow.calendars.set_properties(mueller(uow), {NAME: name})


def told(database: SqlDatabase) -> tuple[str, int]:
    """Return the calendar's display name and number, as who reads is told them."""
    with reading(database) as uow:
        return mueller(uow).properties[NAME], mueller(uow).number


def test_what_another_process_changes_is_seen_at_once(practice: SqlDatabase) -> None:
    with closing(SqlDatabase(url_of(practice))) as other:
        for writer, reader, name in ((practice, other, "A"), (other, practice, "B")):
            told(practice), told(other)
            with writing(writer) as uow:
                rename(uow, name)
            assert told(reader) == told(writer)
            assert told(reader)[0] == name


def test_a_change_is_seen_within_its_transaction_and_by_others_after_it(
    practice: SqlDatabase,
) -> None:
    with writing(practice) as uow:
        rename(uow, "before")
    before = told(practice)
    with writing(practice) as uow:
        rename(uow, "after")
        assert mueller(uow).properties[NAME] == "after"
        assert told(practice) == before
    assert told(practice)[0] == "after"
    assert told(practice)[1] > before[1]


def test_a_change_that_was_rolled_back_is_known_to_nobody(practice: SqlDatabase) -> None:
    with writing(practice) as uow:
        rename(uow, "before")
    before = told(practice)
    with suppress(ZeroDivisionError), writing(practice) as uow:
        rename(uow, "never")
        assert mueller(uow).properties[NAME] == "never"
        raise ZeroDivisionError
    with writing(practice) as uow:
        rename(uow, "never")
        assert mueller(uow).properties[NAME] == "never"
        uow.doom()
    assert told(practice) == before


def test_of_several_that_are_committed_together_the_failed_one_leaves_nothing(
    practice: SqlDatabase,
) -> None:
    with practice.together() as together:
        with together.begin(actor=SYSTEM, now=NOW) as uow:
            rename(uow, "first")
        with suppress(ZeroDivisionError), together.begin(actor=SYSTEM, now=NOW) as uow:
            rename(uow, "second")
            assert mueller(uow).properties[NAME] == "second"
            raise ZeroDivisionError
        with together.begin(actor=SYSTEM, now=NOW) as uow:
            assert mueller(uow).properties[NAME] == "first"
            uow.calendars.save(mueller(uow), a_draft("a", an_event("a")))
            number = uow.log_state().number
    assert told(practice) == ("first", number)


def test_an_object_that_was_saved_changes_the_number_that_is_told(practice: SqlDatabase) -> None:
    for name in ("a", "b"):
        with writing(practice) as uow:
            before = mueller(uow).number
            uow.calendars.save(mueller(uow), a_draft(name, an_event(name)))
        with reading(practice) as uow:
            assert mueller(uow).number > before
            assert mueller(uow) == uow.calendars.find("dr-mueller")


def test_calendars_are_not_read_again_while_nobody_writes(
    practice: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_calendars, "KNOWN", True)
    asked: list[str] = []

    def hear(_: object, _cursor: object, text: str, *__: object) -> None:
        asked.append(text)

    with reading(practice) as uow:
        mueller(uow)
    event.listen(practice.engine, "before_cursor_execute", hear)
    with reading(practice) as uow:
        assert uow.accounts.by_name("empfang")  # the house's row comes with the account
        mueller(uow)
    assert not [text for text in asked if "FROM house LEFT OUTER JOIN calendars" in text]
    assert [text for text in asked if "accounts" in text]
