"""The demo practice: what a stranger sees after one command."""

from __future__ import annotations

import csv
import fcntl
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from practice.calendars import CalendarKind
from practice.database import SqlDatabase
from praxis_caldav.demo import make_bookings
from praxis_caldav.demo.together import start_tool
from praxis_caldav.setting_sources import load
from tests.bookings import Ran, command, faults
from tests.building import BERLIN, reading
from tests.dav import names, put, query
from tests.doors import MUELLER, until
from tests.servers import RunningServer, free_port

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS = ("admin", "empfang", "mueller", "praxissoftware", "online-buchung")
DOCTORS = ("dr-mueller", "dr-schmidt", "dr-yilmaz")
HOME = "/caldav/calendars/"
#: What the objects of the demo's booking tool are called.
TOOL = "booking-buchungstool-"
with make_bookings.FILE.open(encoding="utf-8", newline="") as file:
    COUNT = sum(1 for _ in csv.DictReader(file, delimiter=";"))


def a_demo(folder: Path, *options: str) -> Ran:
    """Make the demo practice, or finish it, without serving it."""
    return command("demo", "--no-serve", "--folder", folder, *options)


def opened(folder: Path) -> SqlDatabase:
    return SqlDatabase(f"sqlite:///{folder / 'praxis.db'}")


class Demo(NamedTuple):
    folder: Path
    ran: Ran
    today: date

    @property
    def password(self) -> str:
        return password_in(self.ran)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo practice that nobody changes."""
    folder = tmp_path_factory.mktemp("demo")
    today = datetime.now(BERLIN).date()
    return Demo(folder, a_demo(folder), today)


@pytest.fixture
def copy(demo: Demo, tmp_path: Path) -> Path:
    """A copy of its folder."""
    return shutil.copytree(demo.folder, tmp_path / "demo")


def password_in(ran: Ran) -> str:
    """Return the one password that was printed, beside each account."""
    found = {name: re.findall(rf"^  {name} +(\S+)  \S", ran.out, re.MULTILINE) for name in ACCOUNTS}
    told: set[str] = {password for each in found.values() for password in each}
    assert [len(each) for each in found.values()] == [1] * len(ACCOUNTS), ran.out
    assert len(told) == 1
    return told.pop()


def sign_in(folder: Path, accounts: tuple[str, ...], password: str) -> dict[str, int]:
    """Return how the demo's server answers each account."""
    with RunningServer(f"sqlite:///{folder / 'praxis.db'}") as server, httpx.Client() as client:
        return {
            name: client.request(
                "PROPFIND", server.url + HOME, auth=(name, password), headers={"Depth": "0"}
            ).status_code
            for name in accounts
        }


def numbers(database: SqlDatabase) -> tuple[int, int]:
    """Return how many appointments there are, and the number of the last change."""
    with reading(database) as uow:
        return sum(1 for _ in uow.appointments.all()), uow.log_state().number


def test_the_demo_is_a_practice_of_three_doctors_two_rooms_and_many_appointments(
    demo: Demo,
) -> None:
    assert demo.ran.code == 0
    assert 1450 < COUNT < 1550
    assert f"{COUNT} appointments imported" in demo.ran.err
    with closing(opened(demo.folder)) as database:
        assert faults(database) == []
        with reading(database) as uow:
            doctors = {doctor.id: doctor.slug for doctor in uow.house.doctors()}
            assert tuple(doctors.values()) == DOCTORS
            assert [room.slug for room in uow.house.rooms()] == ["raum-1", "raum-2"]
            assert {account.name for account in uow.accounts.all()} == set(ACCOUNTS)
            kinds = {calendar.name: calendar.kind for calendar in uow.calendars.all()}
            assert kinds.pop("praxis") is CalendarKind.UNION
            assert set(kinds.values()) == {CalendarKind.DOCTOR}
            appointments = list(uow.appointments.all())
    assert len(appointments) == COUNT
    assert {one.doctor_id for one in appointments} == set(doctors)
    assert {str(one.status) for one in appointments} == {"CONFIRMED", "TENTATIVE", "CANCELLED"}
    assert any(one.room_id for one in appointments)
    assert all(one.patient_id for one in appointments)


def test_the_demo_is_around_today(demo: Demo) -> None:
    with closing(opened(demo.folder)) as database, reading(database) as uow:
        days = [one.slot.start.astimezone(BERLIN).date() for one in uow.appointments.all()]
    monday = demo.today - timedelta(days=demo.today.weekday())
    weeks = {(day - timedelta(days=day.weekday()) - monday).days // 7 for day in days}
    assert weeks == set(range(-6, 8))
    assert {day.weekday() for day in days} == set(range(5))
    assert sum(monday <= day < monday + timedelta(days=7) for day in days) > 80


def test_the_demo_tells_addresses_log_ins_and_what_to_do_next(demo: Demo) -> None:
    out = demo.ran.out
    for address in ("", "calendars/dr-mueller/", "calendars/praxis/appointments.ics"):
        assert f"http://127.0.0.1:5232/caldav/{address}\n" in out
    assert "What to do next" in out
    assert "http://127.0.0.1:5232/admin\n" in out
    assert str(demo.folder) in out
    assert len(demo.password) >= 12
    kept = demo.folder / "password.txt"
    assert kept.read_text("utf-8") == demo.password + "\n"
    assert kept.stat().st_mode & 0o077 == 0
    elsewhere = a_demo(demo.folder, "--port", "8123")
    assert "http://127.0.0.1:8123/caldav/\n" in elsewhere.out
    assert "5232" not in elsewhere.out


def test_a_newcomer_is_told_how_to_see_what_is_free_in_the_demo(demo: Demo, copy: Path) -> None:
    (address,) = re.findall(r'curl "http://127\.0\.0\.1:5232(\S+)"', demo.ran.out)
    with RunningServer(f"sqlite:///{copy / 'praxis.db'}") as server, httpx.Client() as client:
        told = client.get(server.url + address).json()
        kinds = client.get(f"{server.url}/api/patient-portal/types").json()["items"]
    assert {slot["doctor"] for slot in told["items"]} == set(DOCTORS)
    assert {kind["name_en"] for kind in kinds} == {"First visit", "Check-up", "Wound check"}


def test_the_demo_run_again_keeps_everything(demo: Demo, copy: Path) -> None:
    with closing(opened(copy)) as database:
        before = numbers(database)
        again = a_demo(copy)
        assert numbers(database) == before
    assert again.out == demo.ran.out.replace(str(demo.folder), str(copy))
    assert again.err == ""


def test_the_demo_is_served_with_what_was_printed(demo: Demo, copy: Path) -> None:
    with (copy / "buchungen.csv").open(encoding="utf-8", newline="") as file:
        told: dict[str, set[str]] = defaultdict(set)
        for row in csv.DictReader(file, delimiter=";"):
            told[row["Datum"]].add(f"{row['Arzt']}~booking-csv-{row['Buchungsnummer']}.ics")
    monday = demo.today - timedelta(days=demo.today.weekday())
    port = free_port()
    line = [sys.executable, "-m", "praxis_caldav.main", "demo", "--port", str(port)]
    line += ["--tool-port", str(free_port())]
    with subprocess.Popen(
        [*line, "--folder", str(copy)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{url}/readyz", process)
            with httpx.Client(base_url=url, auth=("empfang", demo.password)) as client:
                for day in (monday + timedelta(days=n) for n in range(7)):
                    span = (f"{day + timedelta(days=n):%Y%m%d}T000000Z" for n in (0, 1))
                    found = query(client, f"{HOME}praxis/", *span)
                    names = {href.rsplit("/", 1)[1] for href in found.etags if TOOL not in href}
                    assert names == told[f"{day:%d.%m.%Y}"], day
                as_file = client.get(f"{HOME}praxis/appointments.ics").text
                events = as_file.split("\r\nBEGIN:VEVENT\r\n")[1:]
                assert sum(TOOL not in event for event in events) == COUNT
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in {0, -signal.SIGTERM}


def test_a_booking_in_the_demos_tool_is_in_the_calendar_and_a_move_goes_back(
    demo: Demo, copy: Path
) -> None:
    port, tool = free_port(), f"http://127.0.0.1:{free_port()}"
    line = [sys.executable, "-m", "praxis_caldav.main", "demo", "--port", str(port)]
    line += ["--tool-port", tool.rsplit(":", 1)[1], "--folder", str(copy)]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz", process)
            auth = ("empfang", demo.password)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=auth) as client:
                before = names(client, MUELLER)
                day = demo.today + timedelta(days=20)
                booked = {
                    "doctor": "dr-mueller",
                    "day": day.isoformat(),
                    "time": "17:30",
                    "first_name": "Ilka",
                    "last_name": "Demowitz",
                    "birth_date": "1980-05-04",
                    "email": "ilka@example.org",
                    "reason": "Kontrolle",
                }
                assert httpx.post(f"{tool}/bookings", data=booked).status_code == 303
                name = arrived(client, before, "Ilka Demowitz")
                text = client.get(MUELLER + name).text
                moved = text.replace("T173000", "T190000").replace("T180000", "T193000")
                assert put(client, MUELLER, name, moved).status_code == 204
                new = f"{day:%d.%m.%Y}, 19:00"
                until(lambda: new in httpx.get(f"{tool}/bookings").text, "the tool's new time")
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in {0, -signal.SIGTERM}


def arrived(client: httpx.Client, before: set[str], who: str) -> str:
    """Return the name of the object that is new and somebody's, once it is there."""
    found: list[str] = []

    def there() -> bool:
        new = sorted(names(client, MUELLER) - before)
        found[:] = [name for name in new if who in client.get(MUELLER + name).text]
        return bool(found)

    until(there, "the booking in the calendar")
    return found[0]


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the demo was not served")


def test_a_second_demo_leaves_the_one_that_runs_alone(demo: Demo, copy: Path) -> None:
    config = copy / "praxis-caldav.toml"
    config.write_text("# of the one that runs\n", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = command("demo", "--fresh", "--folder", copy, "--port", port)
    assert (ran.code, ran.out) == (1, "")
    assert f"port {port}" in ran.err
    with (copy / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = a_demo(copy, "--fresh")
    assert (ran.code, ran.out) == (1, "")
    assert "A demo runs in" in ran.err
    assert config.read_text("utf-8") == "# of the one that runs\n"
    assert sign_in(copy, ("empfang",), demo.password) == {"empfang": 207}


def test_commands_find_the_demo_by_the_settings_that_it_writes(copy: Path) -> None:
    config = copy / "praxis-caldav.toml"
    url = {"database.url": f"sqlite:///{copy / 'praxis.db'}"}
    with closing(opened(copy)) as database:
        _, stop = start_tool(database, load(environ={}, overrides=url), config, 0)
    stop()
    ran = command("doctor", "list", "--config", config)
    assert (ran.code, ran.err) == (0, "")
    assert all(doctor in ran.out for doctor in DOCTORS)


def test_every_account_of_the_demo_signs_in_with_the_printed_password(
    demo: Demo, copy: Path
) -> None:
    assert sign_in(copy, ACCOUNTS, demo.password) == dict.fromkeys(ACCOUNTS, 207)


def test_a_demo_that_was_interrupted_before_its_password_was_told_tells_one_that_works(
    demo: Demo, copy: Path
) -> None:
    (copy / "password.txt").unlink()
    with closing(opened(copy)) as database:
        before = numbers(database)
        finished = a_demo(copy)
        assert finished.code == 0
        assert numbers(database) == before
    password = password_in(finished)
    assert password != demo.password
    assert sign_in(copy, ACCOUNTS, password) == dict.fromkeys(ACCOUNTS, 207)
    assert sign_in(copy, ("empfang",), demo.password) == {"empfang": 401}


def test_a_fresh_demo_is_made_anew_even_if_it_is_killed_once(demo: Demo, copy: Path) -> None:
    (copy / "meins.txt").write_text("bleibt", "utf-8")
    line = [sys.executable, "-m", "praxis_caldav.main", "demo", "--no-serve", "--fresh"]
    with subprocess.Popen(
        [*line, "--folder", str(copy)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while not 0 < in_progress(copy) < COUNT:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
    assert not (copy / "password.txt").exists()
    finished = a_demo(copy)
    assert finished.code == 0
    with closing(opened(copy)) as database:
        assert numbers(database)[0] == COUNT
        assert faults(database) == []
    password = password_in(finished)
    assert password != demo.password
    assert sign_in(copy, ACCOUNTS, password) == dict.fromkeys(ACCOUNTS, 207)
    assert (copy / "meins.txt").read_text("utf-8") == "bleibt"


def in_progress(folder: Path) -> int:
    """Return how many appointments a demo that is being made has; 0 while it has no tables."""
    if (folder / "password.txt").exists() or not (folder / "praxis.db").exists():
        return 0
    with closing(opened(folder)) as database:
        return numbers(database)[0] if database.ready() else 0
