"""How SQLite answers: by an index, and never by walking a calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from practice.calendars import Span
from practice.database import SqlDatabase
from practice.database.unit_of_work import SqlUnitOfWork
from practice.log import LogQuestion
from practice.views import View
from tests.building import a_practice, reading, the_view
from tests.sent import statements

DAY = Span(1_795_000_000, 1_795_086_400)

QUESTIONS: dict[str, Callable[[SqlUnitOfWork, View], object]] = {
    "a day": lambda uow, view: uow.calendars.within(view, DAY, "VEVENT"),
    "from now on": lambda uow, view: uow.calendars.within(view, Span(DAY.start), "VEVENT"),
    "busy times": lambda uow, view: uow.calendars.occupied(view, DAY),
    "endless series": lambda uow, view: uow.calendars.beyond(view, DAY, "VEVENT"),
    "some objects": lambda uow, view: uow.calendars.get(view, ["a", "dr-mueller~b", "c"]),
    "some aliases": lambda uow, view: uow.calendars.aliased(view, ["a", "b"]),
    "whose they are": lambda uow, _: uow.patients.behind(["u", "v"]),
    "a patient's": lambda uow, _: uow.patients.uids_of(1),
    "a feed": lambda uow, _: uow.feeds.by_secret("s"),
    "one head": lambda uow, view: uow.calendars.head(view.sources[0], "a"),
    "a uid": lambda uow, _: uow.calendars.uid_holders("u"),
    "what changed": lambda uow, view: uow.calendars.changes_since(view, 1),
    "the history of a calendar": lambda uow, view: list(
        uow.calendars.search_log(
            LogQuestion(calendars=(view.calendar.id,)), limit=50, newest_first=True
        )
    ),
    "the history of an hour": lambda uow, _: list(
        uow.calendars.search_log(LogQuestion(since=uow.now, before=uow.now + timedelta(hours=1)))
    ),
    "the history since a number": lambda uow, _: list(
        uow.calendars.search_log(LogQuestion(first=2, calendar_rows=True))
    ),
    "the number of a moment": lambda uow, _: uow.calendars.number_at(uow.now),
    "what may be forgotten": lambda uow, _: uow.calendars.older_than(uow.now),
    "an appointment": lambda uow, _: uow.appointments.by_uid("u"),
    "bookings": lambda uow, _: uow.appointments.by_booking("csv", ["1", "2"]),
    "an account": lambda uow, _: uow.accounts.by_name("empfang"),
    "a token": lambda uow, _: uow.accounts.by_token("t"),
    "failed log-ins": lambda uow, _: uow.accounts.failures("a", "n", uow.now),
}


@pytest.fixture
def practice_on_sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[SqlDatabase]:
    path = tmp_path / "praxis.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = SqlDatabase(f"sqlite:///{path}")
    a_practice(database)
    yield database
    database.close()


@pytest.mark.parametrize("calendar", ["dr-mueller", "praxis"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_walks_a_table(
    practice_on_sqlite: SqlDatabase, question: str, calendar: str
) -> None:
    with reading(practice_on_sqlite) as uow:
        view = the_view(uow, "admin", calendar)
        with statements(practice_on_sqlite) as sent:
            QUESTIONS[question](uow, view)
        assert sent
        for statement, parameters in sent:
            plan = uow.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [str(row[-1]) for row in plan]
            # The house is one row.
            assert not [step for step in steps if re.match(r"SCAN (?!CONSTANT|\(|house$)", step)]
            # The calendar alone is no index: that is walking it.
            assert not [s for s in steps if re.search(r"objects USING .*\(calendar_id=\?\)", s)]
