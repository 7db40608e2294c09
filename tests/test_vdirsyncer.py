"""vdirsyncer, the real program, keeping a doctor's calendar and a folder of files the same."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import httpx
import pytest

from praxis_caldav.demo.make_bookings import FILE as DEMO_BOOKINGS
from tests.building import PASSWORD, an_event
from tests.dav import HOME, emptied, listing, multiget, names, put
from tests.servers import RunningServer

NAME = "dr-mueller"
CALENDAR = f"{HOME}{NAME}/"
EVENTS = 200

#: What clients write besides the plain: none of it may get lost or be written anew.
_ODDITIES = (
    (),
    ("DESCRIPTION:Überweisung\\, Befunde\\; bitte „ruhiges“ Zimmer 😟",),
    ('X-ALBIS-ID;X-A="b;c":  zwei  Leerzeichen  ', "CLASS:PRIVATE"),
    ("DESCRIPTION:Ein langer Satz\r\n , der umbrochen\r\n\t ist",),
    ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:<b>&amp;</b>", "TRIGGER:-PT15M", "END:VALARM"),
    ("RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261130T100000"),
)


def a_text(number: int, uid: str, summary: str) -> str:
    """Return an event; every number looks different, and some have the line ends of Unix."""
    minute = number % 60
    text = an_event(
        uid,
        f"20261123T10{minute:02}00",
        f"20261123T11{minute:02}00",
        f"SUMMARY:{summary}",
        *_ODDITIES[number % len(_ODDITIES)],
    )
    return text.replace("\r\n", "\n") if number % 7 == 3 else text


def uid_of(text: str) -> str:
    found = re.search(r"^UID:(.*?)\r?$", text, re.MULTILINE)
    assert found
    return found[1]


class Pair:
    """A folder, a calendar, and the program between them."""

    def __init__(
        self,
        root: Path,
        client: httpx.Client,
        account: str = "empfang",
        password: str = PASSWORD,
        calendar: str = NAME,
    ) -> None:
        self.client = client
        self.calendar = f"{HOME}{calendar}/"
        self.folder = root / "folder" / calendar
        self.folder.mkdir(parents=True)
        self._config = root / "vdirsyncer.conf"
        self._status = root / "status"
        values: dict[str, dict[str, object]] = {
            "general": {"status_path": str(self._status)},
            "pair praxis": {"a": "folder", "b": "server", "collections": [calendar]},
            "storage folder": {
                "type": "filesystem",
                "path": str(self.folder.parent),
                "fileext": ".ics",
            },
            "storage server": {
                "type": "caldav",
                "url": f"{client.base_url}/caldav/",
                "username": account,
                "password": password,
            },
        }
        self._config.write_text(
            "\n".join(
                f"[{section}]\n" + "".join(f"{key} = {json.dumps(v)}\n" for key, v in pairs.items())
                for section, pairs in values.items()
            ),
            "utf-8",
        )

    def run(self, *arguments: str) -> None:
        """Run vdirsyncer; anything it does not manage is an error."""
        command = [str(Path(sys.executable).with_name("vdirsyncer")), "-c", str(self._config)]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def forget(self) -> None:
        """Lose what vdirsyncer remembers: it then compares everything anew."""
        shutil.rmtree(self._status)

    def on_server(self) -> dict[str, tuple[str, str]]:
        """Return href and text of every object in the calendar, by UID."""
        hrefs = listing(self.client, self.calendar)
        if not hrefs:
            return {}
        data = multiget(self.client, self.calendar, hrefs).data
        assert set(data) == set(hrefs)
        found = {uid_of(text): (href, text) for href, text in data.items()}
        assert len(found) == len(data), "a UID stands twice in the calendar"
        return found

    def in_folder(self) -> dict[str, tuple[Path, str]]:
        """Return path and text of every file in the folder, by UID."""
        texts = {path: path.read_bytes().decode() for path in self.folder.glob("*.ics")}
        found = {uid_of(text): (path, text) for path, text in texts.items()}
        assert len(found) == len(texts), "a UID stands twice in the folder"
        return found

    def assert_both_are(self, expected: dict[str, str]) -> None:
        assert {uid: text for uid, (_, text) in self.on_server().items()} == expected
        assert {uid: text for uid, (_, text) in self.in_folder().items()} == expected


def create_on_both(pair: Pair, model: dict[str, str], count: int, label: str) -> None:
    """Create `count` events in the calendar and as many in the folder, under names of their own."""
    for number in range(count):
        text = a_text(number, f"server-{label}-{number}@example.org", f"Kontrolle Nr. {number}")
        model[uid_of(text)] = text
        made = put(pair.client, pair.calendar, f"{label} {number}.ics", text, If_None_Match="*")
        assert made.status_code == 201, made.text
    for number in range(count):
        text = a_text(number, f"folder-{label}-{number}", f"Nachsorge Nr. {number}")
        model[uid_of(text)] = text
        (pair.folder / f"{label}-{number}.ics").write_bytes(text.encode())


def change_on_both(pair: Pair, model: dict[str, str], dice: Random, label: str) -> None:
    """Edit a fifth on each side and delete a tenth on each side, whoever created them."""
    on_server, in_folder = pair.on_server(), pair.in_folder()
    uids = sorted(model)
    dice.shuffle(uids)
    fifth, tenth = len(uids) // 5, len(uids) // 10
    edited, gone = uids[: 2 * fifth], uids[2 * fifth : 2 * fifth + 2 * tenth]
    for turn, uid in enumerate(edited):
        text = re.sub(r"SUMMARY:[^\r\n]*", f"SUMMARY:verlegt ({label})", model[uid])
        assert text != model[uid]
        model[uid] = text
        if turn % 2:
            in_folder[uid][0].write_bytes(text.encode())
        else:
            assert pair.client.put(on_server[uid][0], content=text.encode()).status_code == 204
    for turn, uid in enumerate(gone):
        del model[uid]
        if turn % 2:
            in_folder[uid][0].unlink()
        else:
            assert pair.client.delete(on_server[uid][0]).status_code == 204


def test_a_calendar_and_a_folder_stay_the_same_through_edits_and_deletions_on_both_sides(
    server: RunningServer, tmp_path: Path
) -> None:
    with emptied(server).client() as client:
        pair = Pair(tmp_path, client)
        model: dict[str, str] = {}
        create_on_both(pair, model, EVENTS, "anfang")
        pair.run("discover")
        pair.run("sync")
        assert len(model) == 2 * EVENTS
        pair.assert_both_are(model)

        dice = Random(20261123)
        for label in ("erste Runde", "zweite Runde"):
            change_on_both(pair, model, dice, label)
            create_on_both(pair, model, 10, label)
            pair.run("sync")
            pair.assert_both_are(model)

        for uid, (href, _) in pair.on_server().items():
            assert client.get(href).content == model[uid].encode()


def test_a_sync_of_what_is_the_same_already_changes_nothing(
    server: RunningServer, tmp_path: Path
) -> None:
    with emptied(server).client() as client:
        pair = Pair(tmp_path, client)
        create_on_both(pair, {}, 6, "nichts")
        pair.run("discover")
        pair.run("sync")
        etags = listing(client, CALENDAR)
        files = {path: path.stat().st_mtime_ns for path in pair.folder.iterdir()}
        assert len(etags) == len(files) == 12

        pair.run("sync")
        pair.forget()
        pair.run("discover")
        pair.run("sync")
        assert listing(client, CALENDAR) == etags
        assert {path: path.stat().st_mtime_ns for path in pair.folder.iterdir()} == files


def test_the_main_calendar_in_a_folder_changes_each_doctors_own(
    server: RunningServer, tmp_path: Path
) -> None:
    with emptied(server).client() as client:
        pair = Pair(tmp_path, client, calendar="praxis")
        model: dict[str, str] = {}
        for number, doctor in enumerate(("dr-mueller", "dr-schmidt", "dr-mueller")):
            text = a_text(number, f"termin-{number}", "Kontrolle")
            model[uid_of(text)] = text
            name = "termin 1.ics" if number < 2 else "x.ics"  # the doctors' names may be the same
            assert put(client, f"{HOME}{doctor}/", name, text).status_code == 201
        pair.run("discover")
        pair.run("sync")
        pair.assert_both_are(model)

        files = pair.in_folder()
        model["termin-1"] = model["termin-1"].replace("Kontrolle", "verlegt")
        files["termin-1"][0].write_bytes(model["termin-1"].encode())
        files["termin-2"][0].unlink()
        del model["termin-2"]
        model["fest"] = a_text(9, "fest", "Weihnachtsfeier")
        (pair.folder / "fest.ics").write_bytes(model["fest"].encode())
        pair.run("sync")
        pair.assert_both_are(model)
        assert client.get(f"{HOME}dr-schmidt/termin%201.ics").text == model["termin-1"]
        assert names(client, CALENDAR) == {"termin 1.ics"}


@pytest.fixture(scope="module")
def demo_practice(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A demo practice as the command makes it: its database, and the password it prints."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "praxis_caldav.main", "demo", "--no-serve"]
    made = subprocess.run(
        [*command, "--folder", str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    password = re.search(r"^ +mueller +(\S+)", made.stdout, re.MULTILINE)
    assert password, made.stdout
    return f"sqlite:///{folder / 'praxis.db'}", password[1]


def test_a_demo_practices_calendar_comes_into_a_folder_and_an_edit_goes_back(
    demo_practice: tuple[str, str], tmp_path: Path
) -> None:
    url, password = demo_practice
    with DEMO_BOOKINGS.open(encoding="utf-8", newline="") as file:
        booked = [row for row in csv.DictReader(file, delimiter=";") if row["Arzt"] == NAME]
    assert len(booked) > 400
    with (
        RunningServer(url) as running,
        httpx.Client(base_url=running.url, auth=("mueller", password), timeout=30) as client,
    ):
        pair = Pair(tmp_path, client, "mueller", password)
        pair.run("discover")
        pair.run("sync")
        model = {uid: text for uid, (_, text) in pair.on_server().items()}
        assert len(model) == len(booked)
        pair.assert_both_are(model)

        uid, (path, text) = min(pair.in_folder().items())
        model[uid] = text.replace("\r\nSUMMARY:", "\r\nSUMMARY:Verlegt - ", 1)
        assert model[uid] != text
        path.write_bytes(model[uid].encode())
        pair.run("sync")
        pair.assert_both_are(model)
