"""A log that forgets its oldest part: what stays is proven, what is gone is said to be gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from practice.accounts import Doctor
from practice.errors import ChangesForgotten
from practice.log import LogQuestion
from practice.use_cases import retention
from practice.use_cases.history import as_file_at
from practice.use_cases.house import add_doctor
from practice.use_cases.retention import forget_some, forgettable
from practice.use_cases.undo_plans import plan_undo
from tests.bookings import command, everything, faults
from tests.building import NOW, PROFILE, an_event, reading, the_view, writing
from tests.dav import DAV, HOME, listing, multistatus, preconditions, put, sync
from tests.in_process import clients
from tests.steps import House

if TYPE_CHECKING:
    from practice.database import SqlDatabase

MUELLER = HOME + "dr-mueller/"
LATER = NOW + timedelta(days=400)


def forget(database: SqlDatabase, number: int) -> int:
    """Forget the log up to a number; return how many rows that were."""
    count = 0
    while True:
        with writing(database) as uow:
            done = forget_some(uow, number)
        if not done:
            return count
        count += done


def numbers(database: SqlDatabase) -> list[int]:
    with reading(database) as uow:
        return [change.number for change in uow.calendars.log(0, 1000)]


@pytest.fixture
def house(practice: SqlDatabase) -> House:
    """A practice with four changes of two objects, and one of them untouched since."""
    made = House(practice)
    made.put("dr-mueller", "still")
    for at in ("", "noon", "three"):
        made.put("dr-mueller", "a", at=at)
    return made


def test_the_oldest_part_goes_and_the_rest_is_still_proven(house: House) -> None:
    before, last = everything(house.database), house.number
    assert forget(house.database, last - 2) == last - 2
    assert numbers(house.database) == [last - 1, last]
    assert faults(house.database) == []
    after = everything(house.database)
    assert {name for name in before if before[name] != after[name]} == {"changes", "house"}


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("UPDATE changes SET actor = 'x' WHERE number = :first", "The seal of change {first} is"),
        ("DELETE FROM changes WHERE number = :first", "The log has no change {first}."),
        ("UPDATE house SET forgotten = forgotten + 1", "The seal of change "),
        ("UPDATE house SET forgotten_seal = seal", "The seal of change {first} is broken."),
    ],
)
def test_damage_behind_what_is_forgotten_is_found(house: House, damage: str, fault: str) -> None:
    first = house.number - 1
    forget(house.database, first - 1)
    with house.database.engine.begin() as connection:
        connection.execute(text(damage), {"first": first} if ":first" in damage else {})
    assert any(told.startswith(fault.format(first=first)) for told in faults(house.database))


def test_it_goes_in_steps_that_others_do_not_notice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    with writing(house.database) as uow:
        assert forget_some(uow, house.number - 1) == 2
    assert numbers(house.database)[0] == 3
    number = house.put("dr-mueller", "b")  # somebody writes between
    with writing(house.database) as uow:
        assert forget_some(uow, number - 1) == 2
    assert faults(house.database) == []


def test_a_step_that_is_broken_off_forgets_nothing(house: House) -> None:
    before = everything(house.database)
    with writing(house.database) as uow:
        assert forget_some(uow, uow.log_state().number - 1)
        uow.doom()
    assert everything(house.database) == before


def test_changes_may_be_made_in_the_transaction_that_forgets(house: House) -> None:
    with house.step() as (uow, _):
        forget_some(uow, uow.log_state().number - 1)
        uow.calendars.remove(the_view(uow, "empfang", "dr-mueller").calendar, "a.ics")
    assert len(numbers(house.database)) == 2


def test_only_what_is_old_enough_goes_and_the_last_change_never(house: House) -> None:
    with reading(house.database) as uow:
        changes = uow.calendars.log(0, 100)
        for change in changes[4:]:
            assert forgettable(uow, change.time) == change.number - 1
        assert forgettable(uow, LATER) == changes[-1].number - 1
        assert forgettable(uow, NOW) == 0


def test_a_change_with_a_later_time_holds_back_those_behind_it(house: House) -> None:
    """Only a prefix may go, and clocks are set back."""
    with writing(house.database, now=LATER) as uow:
        ahead = uow.log_state().number + 1
        uow.calendars.remove(the_view(uow, "empfang", "dr-mueller").calendar, "a.ics")
    house.put("dr-mueller", "b")
    with reading(house.database) as uow:
        assert forgettable(uow, LATER) == ahead - 1


def test_an_older_token_is_answered_with_valid_sync_token(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        for name in ("a", "b"):
            assert put(client, MUELLER, name, an_event(name)).status_code == 201
        old = sync(client, MUELLER).token
        for name in ("c", "d", "e"):
            assert put(client, MUELLER, name, an_event(name)).status_code == 201
        between = sync(client, MUELLER).token
        with reading(practice) as uow:
            last = uow.log_state().number
        forget(practice, last)  # the last one, too: what the tables could be told
        body = (
            f'<sync-collection xmlns="DAV:"><sync-token>{old}</sync-token>'
            "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
        )
        refused = client.request("REPORT", MUELLER, content=body, headers={"Depth": "0"})
        assert refused.status_code == 403
        assert preconditions(refused) == {DAV + "valid-sync-token"}
        assert sync(client, MUELLER, between).etags == {}
        fresh = sync(client, MUELLER)
        assert fresh.etags == listing(client, MUELLER)
        # From the last number forgotten on, a replica goes on as before.
        assert client.delete(MUELLER + "a").status_code == 204
        assert sync(client, MUELLER, between).gone == {MUELLER + "a"}
        assert multistatus(client.request("PROPFIND", MUELLER)).found


def test_what_is_forgotten_can_be_neither_taken_back_nor_exported(house: House) -> None:
    last = house.number
    forget(house.database, last - 1)
    with reading(house.database) as uow:
        for question in (
            LogQuestion(first=last - 1, last=last),
            LogQuestion(since=NOW),
        ):
            with pytest.raises(ChangesForgotten, match=f"forgotten up to change {last - 1}"):
                plan_undo(uow, [question], PROFILE)
        with pytest.raises(ChangesForgotten, match="reaches back to 2026-11-20 10:04"):
            as_file_at(uow, "dr-mueller", NOW, PROFILE)
        assert "T150000" in as_file_at(uow, "dr-mueller", house.now, PROFILE)
    house.undo(last)
    now = house.get("dr-mueller", "a.ics")
    assert now is not None
    assert "T120000" in now.text


# --- The command --------------------------------------------------------------------------------


@pytest.fixture
def aged(database: SqlDatabase) -> SqlDatabase:
    """Doctors added five years, forty days and ten days ago, by the clock of this machine."""
    now = datetime.now(UTC)
    for slug, days in (("a", 5 * 365), ("b", 40), ("c", 10)):
        with writing(database, now=now - timedelta(days=days)) as uow:
            add_doctor(uow, Doctor(slug, slug))
    return database


def test_the_command_forgets_what_the_settings_say(aged: SqlDatabase) -> None:
    ran = command("purge", database=aged)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("1 changes made before ")
    assert numbers(aged) == [2, 3]
    assert command("purge", database=aged).out.startswith("0 changes made before ")
    assert command("verify", database=aged).code == 0


def test_the_command_takes_days(aged: SqlDatabase) -> None:
    assert command("purge", "--older-than", 30, database=aged).out.startswith("2 changes made")
    assert numbers(aged) == [3]
    assert command("purge", "--older-than", 1, database=aged).out.startswith("0 changes made")
    assert numbers(aged) == [3]


def test_a_dry_run_forgets_nothing(aged: SqlDatabase) -> None:
    ran = command("purge", "--older-than", 30, "--dry-run", database=aged)
    assert ran.out.startswith("2 changes made before ")
    assert ran.out.endswith(" would be forgotten.\n")
    assert numbers(aged) == [1, 2, 3]


def test_days_that_are_none_are_refused(aged: SqlDatabase) -> None:
    for days in ("0", "-1", "x", "36501"):
        assert command("purge", f"--older-than={days}", database=aged).code == 2
    assert numbers(aged) == [1, 2, 3]
