"""The real vdirsyncer, two-way between a calendar and a folder, through edits on both sides."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import httpx
import pytest

from tests.building import PASSWORD, an_event
from tests.dav import DAV, HOME, emptied, listing, multiget, propfind, put
from tests.servers import RunningServer

MUELLER = HOME + "dr-mueller/"
CONFIG = """
[general]
status_path = "{folder}/status"

[pair praxis]
a = "folder"
b = "server"
collections = ["{calendar}"]
conflict_resolution = "{wins} wins"

[storage folder]
type = "filesystem"
path = "{folder}/calendars"
fileext = ".ics"

[storage server]
type = "caldav"
url = "{url}/"
username = "empfang"
password = "{password}"
"""


class Vdirsyncer:
    """The program with one pair: a folder of files and a calendar on the server."""

    def __init__(self, server: RunningServer, folder: Path, calendar: str, wins: str) -> None:
        self.files = folder / "calendars" / calendar
        self.files.mkdir(parents=True)
        self._config = folder / "config"
        told = CONFIG.format(
            folder=folder, calendar=calendar, wins=wins, url=server.url, password=PASSWORD
        )
        self._config.write_text(told, "utf-8")
        self._run("discover")

    def _run(self, command: str) -> str:
        program = Path(sys.executable).with_name("vdirsyncer")
        done = subprocess.run(
            [str(program), "--config", str(self._config), command],
            env={**os.environ, "HOME": str(self._config.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error" not in done.stderr.lower(), done.stderr
        return done.stdout + done.stderr

    def sync(self) -> None:
        """Synchronize once."""
        self._run("sync")

    def write(self, uid: str, text: str) -> None:
        """Write an event into the folder: anew, or over the file that holds it."""
        path = self._paths().get(uid, self.files / f"{uid}.ics")
        path.write_bytes(text.encode())

    def remove(self, uid: str) -> None:
        """Delete an event's file."""
        self._paths()[uid].unlink()

    def _paths(self) -> dict[str, Path]:
        return {uid_of(p.read_bytes().decode()): p for p in self.files.glob("*.ics")}

    def texts(self) -> dict[str, str]:
        """Return every text in the folder, by UID."""
        return {uid: path.read_bytes().decode() for uid, path in self._paths().items()}


def uid_of(text: str) -> str:
    """Return the UID in a text."""
    (line,) = [line for line in text.splitlines() if line.startswith("UID:")]
    return line.removeprefix("UID:")


def on_the_server(client: httpx.Client, calendar: str) -> dict[str, str]:
    """Return every text in a calendar, by UID."""
    hrefs = listing(client, calendar)
    data = multiget(client, calendar, hrefs).data if hrefs else {}
    return {uid_of(text): text for text in data.values()}


def event(number: int, round_: int = 0, side: str = "Praxis") -> str:
    """Return the text of event `number` as a side has it in a round."""
    start = f"202612{number % 28 + 1:02}T{8 + round_:02}0000"
    end = f"202612{number % 28 + 1:02}T{8 + round_:02}3000"
    summary = f"SUMMARY:Termin {number}\\, Runde {round_} ({side}): Frau Müller"
    return an_event(f"termin-{number}", start, end, summary, "X-PRAXIS;X=1:47,11")


@pytest.fixture
def staff(server: RunningServer) -> Iterator[httpx.Client]:
    """The reception, all calendars empty."""
    with emptied(server).client() as client:
        yield client


def test_vdirsyncer_keeps_200_events_equal_on_both_sides(
    server: RunningServer, staff: httpx.Client, tmp_path: Path
) -> None:
    local = Vdirsyncer(server, tmp_path, "dr-mueller", wins="b")
    wanted = {f"termin-{n}": event(n) for n in range(200)}
    for number in range(100):
        local.write(f"termin-{number}", event(number))
    for number in range(100, 200):
        assert put(staff, MUELLER, f"{number}.ics", event(number)).status_code == 201
    local.sync()
    assert local.texts() == on_the_server(staff, MUELLER) == wanted

    for number in (1, 2):
        round_ = Round(number, local, staff, wanted)
        round_.edit()
        round_.disagree()
        round_.delete()
        round_.add()
        local.sync()
        assert local.texts() == on_the_server(staff, MUELLER) == wanted
    assert len(wanted) == 200 + 2 * (4 + 4 - 5 - 5)

    token = propfind(staff, MUELLER, DAV + "sync-token").only.text(DAV + "sync-token")
    local.sync()
    after = propfind(staff, MUELLER, DAV + "sync-token").only.text(DAV + "sync-token")
    assert after == token  # nothing to do is nothing done


class Round:
    """Changes on both sides; `wanted` becomes what both must have after the next sync."""

    def __init__(
        self, number: int, local: Vdirsyncer, staff: httpx.Client, wanted: dict[str, str]
    ) -> None:
        self._number = number
        self._local = local
        self._staff = staff
        self._wanted = wanted
        data = multiget(staff, MUELLER, listing(staff, MUELLER)).data
        self._hrefs = {uid_of(text): href for href, text in data.items()}
        self._untouched = iter(sorted(wanted))

    def _some(self, count: int) -> list[str]:
        return list(islice(self._untouched, count))

    def _edit_here(self, uid: str) -> str:
        text = event(int(uid.removeprefix("termin-")), self._number, "Ordner")
        self._local.write(uid, text)
        return text

    def _edit_there(self, uid: str) -> str:
        text = event(int(uid.removeprefix("termin-")), self._number, "Server")
        assert self._staff.put(self._hrefs[uid], content=text.encode()).status_code == 204
        return text

    def _delete_there(self, uid: str) -> None:
        assert self._staff.delete(self._hrefs[uid]).status_code == 204

    def edit(self) -> None:
        """Change different events on the two sides."""
        for uid in self._some(15):
            self._wanted[uid] = self._edit_here(uid)
        for uid in self._some(15):
            self._wanted[uid] = self._edit_there(uid)

    def disagree(self) -> None:
        """Change an event on both sides (the server wins), or delete what the other changes."""
        for uid in self._some(3):
            self._edit_here(uid)
            self._wanted[uid] = self._edit_there(uid)
        for uid in self._some(2):
            self._wanted[uid] = self._edit_here(uid)
            self._delete_there(uid)
        for uid in self._some(2):
            self._wanted[uid] = self._edit_there(uid)
            self._local.remove(uid)

    def delete(self) -> None:
        """Delete different events on the two sides."""
        for uid in self._some(5):
            self._local.remove(uid)
            del self._wanted[uid]
        for uid in self._some(5):
            self._delete_there(uid)
            del self._wanted[uid]

    def add(self) -> None:
        """Add events on both sides."""
        for number in range(1000 * self._number, 1000 * self._number + 8):
            text = self._wanted[f"termin-{number}"] = event(number)
            if number % 2:
                self._local.write(f"termin-{number}", text)
            else:
                added = put(self._staff, MUELLER, f"neu {number}.ics", text)
                assert added.status_code == 201


def test_vdirsyncer_keeps_the_main_calendar_too(
    server: RunningServer, staff: httpx.Client, tmp_path: Path
) -> None:
    local = Vdirsyncer(server, tmp_path, "praxis", wins="a")
    for number, calendar in enumerate(("dr-mueller", "dr-schmidt", "praxis") * 4):
        name = f"{number % 2}-{number}.ics"
        assert put(staff, f"{HOME}{calendar}/", name, event(number)).status_code == 201
    local.sync()
    wanted = {f"termin-{n}": event(n) for n in range(12)}
    assert local.texts() == wanted

    for number in (0, 1, 2):
        wanted[f"termin-{number}"] = event(number, 1)
        local.write(f"termin-{number}", event(number, 1))
    for number in (3, 4, 5):
        local.remove(f"termin-{number}")
        del wanted[f"termin-{number}"]
    wanted["termin-99"] = event(99)
    local.write("termin-99", event(99))
    local.sync()
    assert local.texts() == on_the_server(staff, HOME + "praxis/") == wanted
    doctors = on_the_server(staff, MUELLER)
    assert doctors == {f"termin-{n}": wanted[f"termin-{n}"] for n in (0, 6, 9)}
    assert "termin-99" not in doctors | on_the_server(staff, HOME + "dr-schmidt/")
