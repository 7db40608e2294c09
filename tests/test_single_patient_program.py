"""One patient's appointments by command, and as the program puts it together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from booking_adapter.single_patient import KEPT
from practice.access import SYSTEM
from praxis_caldav.composition import profile_of
from praxis_caldav.outside import Outside, _forget_tasks
from praxis_caldav.setting_sources import load
from tests.bookings import Ran, command
from tests.building import a_practice, reading, writing
from tests.conftest import a_database
from tests.mimics.calldoc import CallDoc
from tests.single_patients import BENNO, DAY, RUTH, TEN

if TYPE_CHECKING:
    from pathlib import Path

    from practice.database import SqlDatabase

SETTINGS = """
[booking.sources.{name}]
tool = "calldoc"
url = "{url}"
patients_url = "{url}"
network = "inside"
doctors = {{ 18 = "dr-mueller" }}
minutes = {{ 24 = 20, 25 = 40 }}
"""


class Screen:
    """An admin's screen: a practice with a CallDoc."""

    def __init__(self, database: SqlDatabase, tool: CallDoc, config: Path) -> None:
        self.database, self.tool, self.config = database, tool, config

    def patient(self, *words: str) -> Ran:
        """Run `praxis-caldav sync patient`."""
        options = ("--config", self.config, "--database", self.database.engine.url.database)
        return command("sync", "patient", *words, *options)


@pytest.fixture
def screen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Screen]:
    with a_database("sqlite", request, tmp_path) as database, CallDoc() as tool:
        a_practice(database)
        config = tmp_path / "praxis.toml"
        config.write_text(SETTINGS.format(name="calldoc", url=tool.url), "utf-8")
        for hour, who in ((10, RUTH), (11, BENNO)):
            number = tool.add_patient(who)
            tool.book(f"{DAY}T{hour}:00:00", doctor=18, kind=24, patient=number)
        yield Screen(database, tool, config)


def test_a_patient_is_fetched_by_command(screen: Screen) -> None:
    ran = screen.patient("4400127", DAY)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("1 found, 1 taken over.\nappointment 1: created\ncompleted in ")
    assert "already exists" in screen.patient("4400127", DAY, "--quiet").out
    with reading(screen.database) as uow:
        assert uow.patients.by_number("4400128") is None
        (last, first) = uow.tasks.find(["completed"])  # type: ignore[list-item]
    assert (first.made_by, last.asked["appointment_type_id"]) == ("command line", 24)


def test_several_and_doubts_are_told_without_names(screen: Screen) -> None:
    screen.tool.book(TEN, doctor=18, kind=24, patient=5001)
    screen.tool.patient_as = "flat"
    ran = screen.patient("4400127", DAY)
    assert "2 found, 2 taken over.\nappointment 1: created\nappointment 2: created" in ran.out
    assert "Öhrlein" not in ran.out + ran.err


def test_what_goes_wrong_is_told_in_a_sentence(screen: Screen) -> None:
    wrong = {
        ("9999999", DAY): "Neither the practice nor CallDoc knows this PIZ.",
        ("4400127", DAY, "--type", "25"): "has no appointment of this type",
        ("4400127", "24.11.2026"): "A date is written as 2026-11-24",
        ("0000", DAY): "A PIZ is",
        ("4400127", DAY, "--type", "x"): "An appointment type is a number",
        ("4400127", DAY, "--source", "anders"): "There is no CallDoc 'anders'",
    }
    for words, sentence in wrong.items():
        ran = screen.patient(*words)
        assert ran.code == 1
        assert sentence in ran.err
    screen.tool.down()
    assert "CallDoc gave no answer of use (ConnectError)" in screen.patient("4400127", DAY).err
    screen.config.write_text("", "utf-8")
    assert "There is no CallDoc in the settings" in screen.patient("4400127", DAY).err


def test_of_several_calldocs_one_is_asked(screen: Screen) -> None:
    with CallDoc() as other:
        told = screen.config.read_text("utf-8") + SETTINGS.format(name="zweite", url=other.url)
        screen.config.write_text(told, "utf-8")
        settings = load(screen.config, environ={})
        profile = profile_of(settings)
        with closing(Outside.of(settings, profile)) as outside:
            first = outside.single_patient(screen.database, profile)
            second = outside.single_patient(screen.database, profile, "zweite")
            assert first is not None
            assert second is not None
            assert outside.single_patient(screen.database, profile, "dritte") is None
        assert screen.patient("4400127", DAY, "--source", "zweite").code == 1
        assert [one.method for one in other.asked] == ["GET", "POST"]


def test_tasks_are_forgotten_after_a_month(screen: Screen) -> None:
    screen.patient("4400127", DAY)
    now = datetime.now(UTC)
    with writing(screen.database, SYSTEM, now - KEPT - timedelta(hours=1)) as uow:
        old, _ = uow.tasks.begin("single_patient", "1", {}, timedelta(seconds=65))
    _forget_tasks(screen.database, now)
    with reading(screen.database, now) as uow:
        assert uow.tasks.get(old.id) is None
        assert len(uow.tasks.find(["completed"])) == 1  # type: ignore[list-item]
    with closing(Outside.of(load(environ={}), profile_of(load(environ={})))) as outside:
        jobs = outside.jobs(screen.database, profile_of(load(environ={})))
        assert "tasks" in {job.args[0].name for job in jobs._scheduler.get_jobs()}
