"""`history`, `undo` and `export --at`: what they say, ask and do, on real databases."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import click
import pytest

from practice.access import Actor
from practice.calendars import Condition
from practice.use_cases import objects
from tests.bookings import Ran, command, everything
from tests.building import an_event, reading, the_account, the_view, writing
from tests.dav import HOME, listing, sync
from tests.in_process import clients
from tests.steps import LABOR, OF_PATIENT, House

if TYPE_CHECKING:
    from pathlib import Path

    from practice.database import SqlDatabase

MUELLER = HOME + "dr-mueller/"


@pytest.fixture
def house(practice: SqlDatabase) -> House:
    """A practice in which steps are taken, from 10:01 on the 20th of November on."""
    return House(practice)


def rows(ran: Ran) -> list[list[str]]:
    """Return the cells of a table."""
    assert (ran.code, ran.err) == (0, "")
    found = (re.findall(r"[^│┃]+", line) for line in ran.out.splitlines() if "│" in line)
    return [[cell.strip() for cell in cells] for cells in found]


def refused(ran: Ran, sentence: str, code: int = 1) -> None:
    """See that a command failed with a sentence for a person."""
    assert ran.code == code
    assert sentence in ran.err
    assert "Traceback" not in ran.err


# --- history ------------------------------------------------------------------------------------


@pytest.fixture
def busy(house: House) -> House:
    """With changes 4 to 9."""
    house.put("dr-mueller", "a", *OF_PATIENT, "SUMMARY:Zarnekow\\, Wiebke")
    house.put("dr-mueller", "a", *OF_PATIENT, "SUMMARY:Zarnekow\\, W.", at="noon")
    house.put("dr-schmidt", "b", "STATUS:TENTATIVE", who="albis")
    house.delete("dr-mueller", "a.ics")
    house.make()
    house.drop()
    return house


def test_the_history_tells_who_did_what_where_and_when(busy: House) -> None:
    told = rows(command("history", database=busy.database))
    assert [int(row[0]) for row in told] == list(range(1, 10))
    assert told[3:7] == [
        ["4", "2026-11-20 10:01:00", "empfang", "dr-mueller", "a.ics", "created",
         "2026-11-23 10:00-10:30 confirmed"],
        ["5", "2026-11-20 10:02:00", "empfang", "dr-mueller", "a.ics", "changed",
         "2026-11-23 10:00-10:30 confirmed -> 2026-11-23 12:00-12:30 confirmed"],
        ["6", "2026-11-20 10:03:00", "albis", "dr-schmidt", "b.ics", "created",
         "2026-11-23 10:00-10:30 tentative"],
        ["7", "2026-11-20 10:04:00", "empfang", "dr-mueller", "a.ics", "removed",
         "2026-11-23 12:00-12:30 confirmed"],
    ]  # fmt: skip
    # The calendar is no more, and still has its name.
    assert [row[2:] for row in told[7:]] == [
        ["admin", LABOR, "", "properties", "D:displayname"]
    ] * 2


def test_titles_are_told_only_when_asked_for(busy: House) -> None:
    assert "Zarnekow" not in command("history", database=busy.database).out
    (row,) = rows(command("history", "--texts", "--number", "5", database=busy.database))
    assert row[-1] == (
        "2026-11-23 10:00-10:30 confirmed 'Zarnekow, Wiebke'"
        " -> 2026-11-23 12:00-12:30 confirmed 'Zarnekow, W.'"
    )


NARROWED: tuple[tuple[str, list[int]], ...] = (
    ("--calendar dr-mueller", [2, 4, 5, 7]),
    ("--calendar labor", [8, 9]),
    ("--actor albis", [6]),
    ("--since 2026-11-20T10:03", [6, 7, 8, 9]),
    ("--since 2026-11-20T09:03Z --until 2026-11-20T10:05+01:00", [6, 7]),
    ("--object b.ics", [6]),
    ("--object a", [4, 5, 7]),
    ("--number 5-6", [5, 6]),
    ("--number 5-6 --actor albis", [6]),
    ("--limit 2", [8, 9]),
    ("--since 9999-12-31", []),
    ("--until 0001-01-01", []),
)


def test_the_history_is_narrowed(busy: House) -> None:
    for options, numbers in NARROWED:
        told = rows(command("history", *options.split(), database=busy.database))
        assert [int(row[0]) for row in told] == numbers, options


NO_QUESTIONS = (
    ("--calendar dr-x", "There is no calendar 'dr-x', and none was dropped.", 1),
    ("--since gestern", "'gestern' is no time like 2026-11-20T10:42.", 2),
    ("--number 5-4", "'5-4' is no number of a change, nor a range like 12-20.", 2),
    ("--number 0", "is no number of a change", 2),
    (f"--number {'9' * 19}", "is no number of a change", 2),
    ("--limit 0", "--limit", 2),
)


def test_a_question_that_is_none_is_refused(busy: House) -> None:
    for options, sentence, code in NO_QUESTIONS:
        refused(command("history", *options.split(), database=busy.database), sentence, code)


# --- undo ---------------------------------------------------------------------------------------


def test_an_undo_says_what_it_does_and_how_to_have_it_again(busy: House) -> None:
    ran = command("undo", "7", "--yes", database=busy.database)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Changes to take back: 7\n"
        "  dr-mueller/a.ics: put back, as before change 7 (empfang, 2026-11-20 10:04:00)\n"
        "Taken back by change 10. To have it again: praxis-caldav undo 10\n"
    )
    assert busy.get("dr-mueller", "a.ics") is not None
    (row,) = rows(command("history", "--number", "10", database=busy.database))
    assert row[2] == "command line"
    busy.agrees()
    assert command("undo", "10", "--yes", database=busy.database).code == 0
    assert busy.get("dr-mueller", "a.ics") is None


def test_an_undo_asks_first(busy: House) -> None:
    before = everything(busy.database)
    for answer in ("n\n", ""):
        ran = command("undo", "7", database=busy.database, stdin=answer)
        assert ran.code == 1
        assert "Take this back? [y/N]" in ran.out
    assert everything(busy.database) == before
    ran = command("undo", "7", database=busy.database, stdin="y\n")
    assert ran.code == 0
    assert busy.get("dr-mueller", "a.ics") is not None


def test_a_dry_run_tells_and_does_nothing(busy: House) -> None:
    before = everything(busy.database)
    ran = command("undo", "4-7", "--dry-run", database=busy.database)
    assert ran.code == 0
    assert ran.out == (
        "Changes to take back: 4-7\n"
        "  dr-schmidt/b.ics: removed, as before change 6 (albis, 2026-11-20 10:03:00)\n"
    )
    assert everything(busy.database) == before


def test_what_is_in_the_way_is_named_and_taken_back_by_force(busy: House) -> None:
    ran = command("undo", "5", "--yes", database=busy.database)
    refused(ran, "Later changes would be lost: 7 (1 in all). Take them back as well: --force.")
    ran = command("undo", "5", "--yes", "--force", database=busy.database)
    assert ran.code == 0
    assert "  and what came later: 7\n" in ran.out
    now = busy.get("dr-mueller", "a.ics")
    assert now is not None
    assert "T100000" in now.text


def test_what_somebody_did_for_a_while_is_taken_back(busy: House) -> None:
    options = ["--actor", "empfang", "--since", "2026-11-20T10:02", "--until", "2026-11-20T10:05"]
    ran = command("undo", *options, "--yes", "--as", "empfang", database=busy.database)
    assert ran.out.startswith("Changes to take back: 5, 7\n")
    now = busy.get("dr-mueller", "a.ics")
    assert now is not None
    assert "T100000" in now.text
    (row,) = rows(command("history", "--limit", "1", database=busy.database))
    assert row[2] == "empfang"


def test_what_was_done_in_a_calendar_is_taken_back(busy: House) -> None:
    options = ["--calendar", "dr-schmidt", "--since", "2026-11-20T10:02"]
    assert command("undo", *options, "--yes", database=busy.database).code == 0
    assert busy.get("dr-schmidt", "b.ics") is None


def test_a_dropped_calendar_comes_back_without_its_grants_and_says_so(busy: House) -> None:
    ran = command("undo", "9", "--yes", database=busy.database)
    assert "  labor: calendar made again, as before change 9" in ran.out
    assert "Grants and feeds of a calendar that was dropped are gone: give them again.\n" in ran.out
    assert command("export", LABOR, database=busy.database).code == 0


def test_nothing_to_do_is_said(busy: House) -> None:
    number = busy.number
    ran = command("undo", "8-9", "--yes", database=busy.database)
    assert ran.code == 0
    assert ran.out.endswith("Nothing to do: everything is as it was before them.\n")
    assert busy.number == number


NO_UNDOS: tuple[tuple[list[str], str, int], ...] = (
    ([], "Say which changes", 2),
    (["5", "--since", "2026-11-20T10:02"], "Say which changes", 2),
    (["5", "--actor", "albis"], "Say which changes", 2),
    (["--actor", "albis"], "Say which changes", 2),
    (["x"], "'x' is no number of a change", 2),
    (["10"], "There is no change 10; the last is 9.", 1),
    (["--actor", "gast", "--since", "2026-11-20"], "No change is like that.", 1),
    (["5", "--as", ""], "--as takes a name", 2),
    (["5", "--as", "a\nb"], "--as takes a name", 2),
    (["1"], "the main calendar and those of doctors are not removed", 1),
)


def test_an_undo_of_nothing_that_can_be_is_refused(busy: House) -> None:
    before = everything(busy.database)
    for options, sentence, code in NO_UNDOS:
        refused(command("undo", *options, "--yes", database=busy.database), sentence, code)
    assert everything(busy.database) == before


def test_what_changed_while_somebody_thought_about_it_is_looked_at_again(busy: House) -> None:
    def meanwhile(*_: object, **__: object) -> bool:
        busy.put("dr-schmidt", "b", f"SUMMARY:Neu {busy.number}")
        return True

    with patch.object(click, "confirm", meanwhile):
        ran = command("undo", "6", database=busy.database)
        refused(ran, "Later changes would be lost: 10 (1 in all).")
        ran = command("undo", "6", "--force", database=busy.database)
        refused(ran, "Something was changed meanwhile; look again.")
    now = busy.get("dr-schmidt", "b.ics")
    assert now is not None
    assert "SUMMARY:Neu 10" in now.text


def test_calendar_programs_see_what_was_taken_back(practice: SqlDatabase) -> None:
    with clients(practice, "empfang") as (client,):
        for name in ("a", "b"):
            assert client.put(MUELLER + name, content=an_event(name)).status_code == 201
        before = sync(client, MUELLER)
        with reading(practice) as uow:
            number = uow.log_state().number
        other = an_event("a", "20261123T110000", "20261123T113000")
        assert client.put(MUELLER + "a", content=other).status_code == 204
        assert client.delete(MUELLER + "b").status_code == 204
        assert client.put(MUELLER + "c", content=an_event("c")).status_code == 201
        after = sync(client, MUELLER, before.token)
        ran = command("undo", f"{number + 1}-{number + 3}", "--yes", database=practice)
        assert ran.code == 0
        told = sync(client, MUELLER, after.token)
        assert told.etags == before.etags == listing(client, MUELLER)
        assert told.gone == {MUELLER + "c"}
        assert sync(client, MUELLER, before.token).etags == before.etags


# --- export --at --------------------------------------------------------------------------------


def body(text: str) -> set[str]:
    return set(re.findall(r"UID:.*|DTSTART.*", text.replace("\r", "")))


def test_a_calendar_is_exported_as_it_was(busy: House) -> None:
    def at(time: str, calendar: str = "dr-mueller") -> set[str]:
        ran = command("export", calendar, "--at", time, database=busy.database)
        assert (ran.code, ran.err) == (0, "")
        return {line for line in body(ran.out) if "TZID" in line or line.startswith("UID")}

    ten, noon = (f"DTSTART;TZID=Europe/Berlin:20261123T{hour}0000" for hour in (10, 12))
    assert at("2026-11-20T10:00") == set()
    assert at("2026-11-20T10:01") == {"UID:a", ten}
    assert at("2026-11-20T10:02:59") == {"UID:a", noon}
    assert at("2026-11-20T09:03Z", "praxis") == {"UID:a", "UID:b", ten, noon}
    assert at("2026-11-20T09:03Z", "hauptkalender") == at("2026-11-20T09:03Z", "all")
    assert at("2026-11-20T10:04") == set()
    assert at("2099-01-01", "dr-schmidt") == {"UID:b", ten}


def test_a_dropped_calendar_is_exported_as_it_was(house: House) -> None:
    house.make()
    house.put(LABOR, "a", "SUMMARY:Blut")
    then = house.now
    was = command("export", LABOR, database=house.database).out
    house.drop()
    ran = command("export", LABOR, "--at", then.isoformat(), database=house.database)
    assert ran == (0, was, "")
    refused(command("export", LABOR, database=house.database), "There is no calendar 'labor'")
    refused(
        command("export", LABOR, "--at", house.now.isoformat(), database=house.database),
        "There was no calendar 'labor' then; there were: dr-mueller, dr-schmidt, praxis.",
    )
    refused(
        command("export", "all", "--at", "2000-01-01", database=house.database),
        "There was no calendar 'all' then; there were: none.",
    )


def test_all_calendars_are_exported_into_one_file(house: House) -> None:
    house.make()
    house.put(LABOR, "a")
    house.put("dr-mueller", "b")
    assert body(command("export", "all", database=house.database).out) >= {"UID:a", "UID:b"}
    assert "UID:a" not in body(command("export", "praxis", database=house.database).out)


def test_writers_that_waited_for_each_other_are_all_in_it(house: House) -> None:
    """The one that waited asked what time it is before the one that it waited for."""
    first = house.put("dr-mueller", "a")
    with writing(house.database, Actor(1, "admin"), house.now - timedelta(seconds=5)) as uow:
        view = the_view(uow, "admin", "dr-mueller")
        objects.delete(uow, the_account(uow, "admin"), view, "a.ics", Condition())
    assert house.number == first + 1
    ran = command("export", "dr-mueller", "--at", "2026-11-20T23:00", database=house.database)
    assert "UID:a" not in body(ran.out)


def test_a_time_that_is_none_is_refused(house: House, tmp_path: Path) -> None:
    path = tmp_path / "x.ics"
    ran = command("export", "praxis", "--at", "25:00", "--output", path, database=house.database)
    refused(ran, "'25:00' is no time like 2026-11-20T10:42.", 2)
    assert not path.exists()
