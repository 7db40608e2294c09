"""Xandikos: calendars as Git repositories."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmarks.servers.base import NotHere, Place
from benchmarks.servers.launched import Launched
from benchmarks.servers.running import find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Xandikos"]

_VERSION = "0.4.10"
# What it imports as well, so that every run measures the same.
_PINNED = (
    f"xandikos=={_VERSION}",
    "aiohttp==3.14.5",
    "dulwich==1.2.21",
    "icalendar==7.3.0",
    "jinja2==3.1.6",
    "multidict==7.2.1",
    "python-dateutil==4.0.0",
    "vobject==0.9.9",
    "yarl==1.25.1",
)
_VENV = Path(__file__).parents[2] / ".bench" / f"xandikos-{_VERSION}"


class Xandikos(Launched):
    """`xandikos serve --eager`, as its README recommends behind a proxy, but without the proxy.

    It asks for no password: it does so over HTTPS only, and otherwise leaves it to a proxy in
    front. To measure it bare is in its favour. One process, one thread. Every PUT is a commit.
    What limits it: it keeps 1,024 parsed objects in memory, and its index (filled by `--eager`
    when a calendar is first opened) does not settle for times with a TZID whether they match. In
    a larger calendar each query opens and parses every file again.
    """

    most = 10_000
    filled = "100,000 took 31 s, but each query opens every file"
    cannot: ClassVar[Mapping[str, str]] = {
        "password": "asks for none over plain HTTP",
        "whole": "only to who asks for it with an Accept header",
    }

    def __init__(self) -> None:
        self.title = f"Xandikos {_VERSION} (no passwords)"
        (self._git,) = find("git", "git")
        _install()
        super().__init__()
        self._data = self._programs.folder / "data"

    def start(self) -> None:
        """See the Protocol."""
        self._launch()

    def _launch(self) -> None:
        self._programs.launch(
            _VENV / "bin" / "xandikos",
            *("serve", "--autocreate", "--eager", "--no-detect-systemd"),
            *("-d", self._data, "--state-dir", self._programs.folder / "state"),
            *("-l", "127.0.0.1", "-p", str(self._port)),
        )
        self._programs.wait_for(self._port)

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """Commit all objects at once, before the server has opened the calendar."""
        self._programs.call(
            _VENV / "bin" / "xandikos",
            *("create-collection", "-d", self._data, "--type", "calendar"),
            *("--name", f"user/calendars/{name}"),
        )
        folder = self._data / "user" / "calendars" / name
        for event in events:
            (folder / event.name).write_text(event.text, "utf-8", newline="")
        # Loose objects stay as they are: nothing packs what has been PUT, either.
        settings = ("user.name=bench", "user.email=bench@example", "gc.auto=0")
        git: list[str | Path] = [self._git, "-C", folder]
        git += [word for setting in settings for word in ("-c", setting)]
        self._programs.call(*git, "add", "-A")
        self._programs.call(*git, "commit", "--quiet", "--allow-empty", "-m", "Filled")
        return Place(self._port, f"/user/calendars/{name}/", "Basic Og==")


def _install() -> None:
    """Make its virtual environment unless it is there; raises NotHere."""
    done = _VENV / "complete"
    if done.exists():
        return
    commands: tuple[list[str | Path], ...] = (
        [sys.executable, "-m", "venv", "--clear", _VENV],
        [_VENV / "bin" / "pip", "install", "--quiet", *_PINNED],
    )
    for command in commands:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise NotHere(f"pip cannot install Xandikos into {_VENV.name}: {ran.stderr[-1_000:]}")
    done.touch()
