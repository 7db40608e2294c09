"""The benchmarks measure what they say: the same calendars, right answers, honest ratios."""

from __future__ import annotations

import math
import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from benchmarks import bulk
from benchmarks.client import Wrong, ask
from benchmarks.data import PER_DAY, event, events, first_day, series
from benchmarks.importing import export, imported
from benchmarks.requests import a_day, a_week, get, listing, multiget, poll, put, sync, token_now
from benchmarks.results import OURS, REFERENCES, markdown, ratio, shortfalls
from benchmarks.running import Cell, Measured, measure
from benchmarks.servers.bare import Bare
from benchmarks.servers.base import Place, basic
from benchmarks.servers.ours import Ours
from benchmarks.workloads import WORKLOADS, WRITTEN, Field, an_import
from booking_adapter.tools.csv_file import read_bookings
from practice.access import SYSTEM
from practice.appointments import Booking
from practice.calendars import Draft
from practice.database.tables import appointments, objects, occurrences
from practice.use_cases.appointments import object_saved
from practice.use_cases.verify import verify
from practice.vevent import Limits, read
from tests.building import DOCTORS, NOW, PASSWORD, PROFILE, reading, writing
from tests.dav import HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.data import Event
    from benchmarks.servers.base import Server
    from practice.database import SqlDatabase
    from tests.servers import RunningServer

#: Two weeks.
COUNT = 2 * 5 * PER_DAY


def test_a_calendar_of_a_million_is_in_years_that_a_server_takes() -> None:
    first = first_day(1_000_000)
    for number in (0, 1_010_000):
        facts = read(
            event(number, first).text, zone=ZoneInfo("Europe/Berlin"), now=NOW, limits=Limits()
        )
        assert len(facts.occurrences) == 1


def rows(database: SqlDatabase) -> list[tuple[object, ...]]:
    """Return what is stored of every object and appointment, but for when it was."""
    columns = [c for c in objects.columns if c.name not in {"id", "changed", "number"}]
    index = [c for c in occurrences.columns if c.name != "object_id"]
    joined = objects.join(occurrences, occurrences.c.object_id == objects.c.id)
    query = select(*columns, *index).select_from(joined).order_by(objects.c.href, "start")
    kept = [column for column in appointments.columns if column.name != "id"]
    with database.engine.connect() as connection:
        stored = [*connection.execute(query), *connection.execute(select(*kept).order_by("uid"))]
    return [tuple(row) for row in stored]


def test_a_calendar_filled_in_bulk_is_one_filled_as_always(practice: SqlDatabase) -> None:
    made = [*events(30), *series(3)]
    bulk.fill(practice, "dr-mueller", made)
    in_bulk = rows(practice)
    with reading(practice) as uow:
        assert list(verify(uow, PROFILE, lambda: None)) == []
    with writing(practice) as uow:
        calendar = uow.calendars.find("dr-mueller")
        assert calendar is not None
        for one in made:
            uow.calendars.remove(calendar, one.name)
        uow.connection.execute(delete(appointments))
        for one in made:
            facts = read(one.text, zone=ZoneInfo("Europe/Berlin"), now=NOW, limits=Limits())
            uow.calendars.save(calendar, Draft(one.name, one.text, facts, SYSTEM.account_id))
            object_saved(uow, calendar, facts)
    assert in_bulk == rows(practice)


@pytest.fixture
def place(server: RunningServer) -> Place:
    """A doctor's calendar with some weeks of appointments."""
    here = Place(server.port, f"{HOME}dr-mueller/", basic("empfang", PASSWORD))
    for one in events(COUNT):
        ask(here.port, put(here, one, new=False))
    return here


def test_answers_are_held_to_the_number_of_their_items(place: Place) -> None:
    monday = first_day(COUNT)
    names = [one.name for one in events(5)]
    for request in (
        poll(place),
        sync(place, token_now(place), 0),
        a_day(place, monday),
        a_week(place, monday),
        multiget(place, names),
        get(place, names[0]),
        listing(place, COUNT),
    ):
        ask(place.port, request)
    with pytest.raises(Wrong, match=f"{COUNT + 1} items instead of {COUNT}"):
        ask(place.port, listing(place, COUNT - 1))
    with pytest.raises(Wrong, match="status 412"):
        ask(place.port, put(place, event(0, monday)))
    with pytest.raises(Wrong, match="status 404"):
        ask(place.port, get(place, "nothing.ics"))


def test_every_workload_is_answered_by_this_server(server: RunningServer) -> None:
    login = basic("empfang", PASSWORD)
    read_, write = (Place(server.port, f"{HOME}{name}/", login) for name in DOCTORS)
    for where, group in ((read_, "termin"), (write, WRITTEN)):
        for one in events(COUNT, group):
            ask(where.port, put(where, one, new=False))
    here = Field(COUNT, read_, write, series=read_)
    for workload in WORKLOADS:
        if "expanded" not in workload.name:  # there are no series here
            assert workload.measure(here, 0.05) > 0, workload.name


def test_what_is_deleted_is_made_first_where_a_slow_server_has_made_none(place: Place) -> None:
    here = Field(COUNT, place, place, series=place)
    deletions = next(one for one in WORKLOADS if one.name == "DELETE (8)")
    for _ in range(2):
        assert deletions.measure(here, 60) > 0
        assert here.written == []
    ask(place.port, listing(place, COUNT))


class Forgetful(Ours):
    """Imports nothing and says that it went well."""

    def import_bookings(self, file: Path) -> None:
        pass


def test_an_import_that_leaves_bookings_out_is_wrong() -> None:
    server = Forgetful("forgetful")
    try:
        server.start()
        with pytest.raises(Wrong, match="1 items instead of 4"):
            imported(server, 13)
        with pytest.raises(Wrong, match="import-bookings ended with 1: Error: The file is empty"):
            Ours.import_bookings(server, Path(os.devnull))
    finally:
        server.stop()


@pytest.mark.parametrize(
    "postgresql",
    [False, pytest.param(True, marks=pytest.mark.slow)],
    ids=["sqlite", "postgresql"],
)
def test_bookings_are_imported_and_elsewhere_their_put_stands_for_it(
    postgresql: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.running.SERIES", 5)  # which nobody asks for
    puts = next(one for one in WORKLOADS if one.name == "PUT (8)")
    servers: dict[str, Callable[[], Server]] = {
        "ours": partial(Ours, OURS[0], postgresql=postgresql),
        "bare": partial(Bare, "Somebody 1.0"),
    }
    wanted = [puts, an_import(13)]
    told = measure(servers, COUNT, wanted, rounds=1, tell=lambda _: None)
    row = told.workloads[-1]
    assert row.name == "import of 13 bookings"
    assert told.cells[row.name, OURS[0]].wrong == ""
    assert (row.name, "Somebody 1.0") not in told.cells
    mine = told.cells[row.name, OURS[0]].median
    theirs = told.cells[puts.name, "Somebody 1.0"].median
    assert ratio(told, row, OURS[0]) == mine / theirs > 0
    line, *_ = re.findall(r"\n\| import of .*", markdown([told], NOW.date(), 1.0))
    assert line.count("¹") == 1
    assert f" ¹ | **{math.floor(mine / theirs * 100) / 100:.2f}** |" in line


class Refusing(Bare):
    """Takes no calendars."""

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        raise Wrong("status 507")


def test_a_server_that_cannot_be_filled_is_left_out_and_the_table_says_why() -> None:
    servers: dict[str, Callable[[], Server]] = {
        "full": partial(Refusing, "Full 1.0"),
        "bare": partial(Bare, REFERENCES[0]),
    }
    told = measure(servers, COUNT, WORKLOADS[:1], rounds=1, tell=lambda _: None)
    assert told.titles == [REFERENCES[0]]
    assert told.missing == {"Full 1.0": "it could not be filled: status 507"}
    assert "- Full 1.0 was not measured: it could" in markdown([told], NOW.date(), 1.0)


def test_an_export_has_many_patients_and_gives_no_doctor_two_at_once(tmp_path: Path) -> None:
    export(tmp_path / "buchungen.csv", 1000)
    rows = list(read_bookings(tmp_path / "buchungen.csv", ZoneInfo("Europe/Berlin")))
    bookings = [row for row in rows if isinstance(row, Booking)]
    assert len(bookings) == len(rows) == 1000
    assert len({(one.doctor, one.slot.start) for one in bookings}) == 1000
    assert len({one.patient_number for one in bookings}) == 250


def measured(**rates: float) -> Measured:
    titles = {"ours": OURS[0], "bare": REFERENCES[0], "one": "One 1.0", "two": "Two 2.0"}
    made = Measured(1000, titles=[titles[name] for name in rates])
    for workload in WORKLOADS:
        for name, rate in rates.items():
            made.cells[workload.name, titles[name]] = Cell([rate, rate * 2, rate / 2])
    return made


def test_the_fastest_peer_is_what_counts_and_the_reference_is_none() -> None:
    told = measured(ours=300, bare=5000, one=100, two=200)
    assert ratio(told, WORKLOADS[0], OURS[0]) == 1.5
    assert ratio(measured(ours=300, bare=5000), WORKLOADS[0], OURS[0]) is None


def test_what_is_not_reached_is_told() -> None:
    assert list(shortfalls(measured(ours=300, one=200))) == []
    missed = list(shortfalls(measured(ours=280, one=200)))
    assert missed
    assert all("1.40 times the fastest peer, not 1.5" in one for one in missed)
    assert any("0.29 of bare" in one for one in shortfalls(measured(ours=299.9, bare=1000, one=9)))


def test_a_server_that_answers_wrongly_has_no_figure() -> None:
    told = measured(ours=300, one=900)
    told.cells[WORKLOADS[0].name, "One 1.0"].wrong = "3 items instead of 14"
    assert ratio(told, WORKLOADS[0], OURS[0]) is None


def test_what_was_not_measured_falls_short_of_nothing() -> None:
    told = measured(ours=300, one=200)
    told.cells = {key: cell for key, cell in told.cells.items() if "poll" in key[0]}
    assert list(shortfalls(told)) == []
