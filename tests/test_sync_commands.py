"""`praxis-caldav sync`: what an admin sees of booking tools and letters, and does about them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from practice.messages import Message, Receiver
from tests.bookings import Ran, command
from tests.building import BERLIN, a_practice, writing
from tests.conftest import a_database
from tests.doors import SECRET, SETTINGS
from tests.mimics.easyappointments import EasyAppointments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from practice.database import SqlDatabase


class Desk:
    """An admin's screen: a practice with a booking tool."""

    def __init__(self, database: SqlDatabase, tool: EasyAppointments, config: Path) -> None:
        self.database, self.tool, self.config = database, tool, config
        self._options = ("--config", config, "--database", database.engine.url.database)
        self.provider = tool.add_provider("Petra", "Müller", timezone="Europe/Berlin")
        self.service = tool.add_service("Nachsorge")
        self.customer = tool.add_customer("Wiebke", "Zarnekow", "wiebke@example.org")

    def book(self, hour: int) -> int:
        """Book in a week."""
        day = datetime.now(BERLIN) + timedelta(days=7)
        start = f"{day:%Y-%m-%d} {hour:02}:00:00"
        return self.tool.book(self.provider, self.service, self.customer, start)

    def sync(self, *words: str) -> Ran:
        """Run `praxis-caldav sync`."""
        return command("sync", *words, *self._options)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with (
        a_database("sqlite", request, tmp_path) as database,
        EasyAppointments(limited=False) as tool,
    ):
        a_practice(database)
        config = tmp_path / "praxis.toml"
        told = {"tool": tool.url, "key": tool.token, "secret": SECRET, "port": 9, "every": 1440}
        config.write_text(SETTINGS.format(provider=1, **told), "utf-8")
        yield Desk(database, tool, config)


def test_a_tool_is_asked_and_its_state_shown(desk: Desk) -> None:
    assert "never" in desk.sync("status").out
    desk.book(10)
    ran = desk.sync("run", "--quiet")
    assert ran.code == 0
    assert "1 created" in ran.out
    assert "ok" in desk.sync("status").out


def test_why_a_booking_was_not_taken_over_is_told_with_its_id_alone(desk: Desk) -> None:
    number = desk.book(10)
    config = desk.config.read_text("utf-8")
    desk.config.write_text(config.replace('= "dr-mueller"', '= "dr-neu"'), "utf-8")
    ran = desk.sync("run", "--quiet")
    assert "1 refused" in ran.out
    assert f"booking={number} reason=The practice has no doctor 'dr-neu'" in ran.err
    assert "Zarnekow" not in ran.out + ran.err


def test_work_writes_the_log_that_is_set_and_ends_when_it_is_told_to(desk: Desk) -> None:
    line = [sys.executable, "-m", "praxis_caldav.main", "work", "--config", str(desk.config)]
    line += ["--database", str(desk.database.engine.url.database)]
    said = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(line, **said, text=True) as process:  # type: ignore[call-overload]
        logged = (json.loads(row) for row in process.stderr if row.startswith("{"))
        events = (row["event"] for row in logged)
        assert next(event for event in events if event.startswith("source.")) == "source.asked"
        process.terminate()
        assert process.wait(30) == 0


def test_a_tool_that_does_not_answer_is_an_error_that_is_shown(desk: Desk) -> None:
    desk.tool.token = "another"
    ran = desk.sync("run", "termine")
    assert ran.code == 1
    assert "status 401" in ran.out
    assert "status 401" in desk.sync("status").out


def test_a_tool_that_nobody_knows_is_told(desk: Desk) -> None:
    ran = desk.sync("run", "andere")
    assert ran.code == 1
    assert "There is no booking tool 'andere'" in ran.err


def test_a_conflict_is_listed_and_decided(desk: Desk) -> None:
    assert "agree on everything" in desk.sync("conflicts").out
    numbers = [desk.book(hour) for hour in (8, 9, 10, 11)]
    desk.sync("run")
    desk.tool.delete(numbers[0])
    desk.sync("run")
    listed = desk.sync("conflicts").out
    assert "nothing any more" in listed
    assert "Zarnekow" not in listed
    assert desk.sync("conflicts", "--keep", "99").code == 1
    assert desk.sync("conflicts", "--take", "1").code == 0
    assert "agree on everything" in desk.sync("conflicts").out


def test_a_letter_that_was_given_up_is_listed_and_tried_again(desk: Desk) -> None:
    number = desk.book(10)
    desk.sync("run")
    with writing(desk.database, now=datetime.now(UTC)) as uow:
        made = uow.appointments.by_booking("termine", [str(number)])[str(number)]
        uow.outbox.post(Receiver.BOOKING_TOOL, Message.MOVED, made, "null")
    row = desk.tool.appointments.pop(number)
    assert "AppointmentMoved" in desk.sync("letters").out
    desk.sync("run")
    failed = desk.sync("letters", "--show", "failed")
    assert "booking_tool" in failed.out
    assert "booking_tool" in desk.sync("letters").out  # given up is not delivered, either
    assert desk.sync("letters", "--retry", "99").code == 1
    desk.tool.appointments[number] = row
    assert desk.sync("letters", "--retry", "1").code == 0
    assert "1 letters" in desk.sync("run").out
    assert "booking_tool" not in desk.sync("letters").out


def test_a_webhook_in_quarantine_is_listed_and_worked_off_again(desk: Desk) -> None:
    assert "No webhook" in desk.sync("replay").out
    number = desk.book(10)
    body = f'{{"action": "appointment_save", "payload": {{"id": {number}}}}}'.encode()
    with writing(desk.database, now=datetime.now(UTC)) as uow:
        receipt = uow.receipts.receive("termine", "key", {}, body)
    assert receipt is not None
    assert "done" in desk.sync("replay", str(receipt)).out
    with writing(desk.database) as uow:
        assert list(uow.appointments.by_booking("termine", [str(number)])) == [str(number)]
    assert desk.sync("replay", "99").code == 1


def test_a_tool_that_only_sends_webhooks_is_not_asked(desk: Desk, tmp_path: Path) -> None:
    config = tmp_path / "praxis.toml"
    only_hooks = """
[booking.sources.formular]
tool = "generic_rest"
url = "https://formular.example.org"
hook_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
api.fields.id = "id"
api.fields.end = "end"
api.fields.last_name = "name"
api.fields.start = "start"
api.fields.doctor = "doctor"
api.words.doctors = { "5" = "dr-mueller" }
api.hooks.rows = ["data"]
"""
    config.write_text(config.read_text("utf-8") + only_hooks, "utf-8")
    ran = desk.sync("run", "formular")
    assert (ran.code, ran.err) == (0, "")
    assert "only sends webhooks" in ran.out
