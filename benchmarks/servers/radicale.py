"""Radicale as it comes, with its own storage: the server that ours is built upon."""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, ClassVar

from benchmarks.client import ask
from benchmarks.requests import multiget
from benchmarks.servers.base import Place, basic
from benchmarks.servers.running import PASSWORD, USER, Programs
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Radicale"]

_CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
htpasswd_cache = True
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""


class Radicale:
    """`python -m radicale`: one process, a thread for each of at most 8 connections, HTTP/1.0.

    Its defaults, fsync among them; passwords in plain text, the file kept in memory, which is the
    cheapest it has. A calendar is a folder with a file for each object. What limits it: nothing
    is indexed by time or kept in memory, so every listing, sync and query opens each file of the
    calendar or its cache file; the sync tokens are lists of all names, written one per token.
    """

    most = 10_000
    cannot: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self.title = f"Radicale {version('radicale')}"
        self._programs = Programs()
        self._port = free_port()

    def start(self) -> None:
        """See the Protocol."""
        folder = self._programs.folder
        self._programs.write("users", f"{USER}:{PASSWORD}\n")
        self._programs.write("config", _CONFIG.format(port=self._port, folder=folder))
        self._launch()

    def _launch(self) -> None:
        config = self._programs.folder / "config"
        self._programs.launch(sys.executable, "-m", "radicale", "--config", config)
        self._programs.wait_for(self._port)

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """Write the files, then have each read once, which fills the cache."""
        folder = self._programs.folder / "collections" / "collection-root" / USER / name
        folder.mkdir(parents=True)
        for event in events:
            (folder / event.name).write_text(event.text, "utf-8", newline="")
        (folder / ".Radicale.props").write_text(json.dumps({"tag": "VCALENDAR"}))
        place = Place(self._port, f"/{USER}/{name}/", basic(USER, PASSWORD))
        ask(self._port, multiget(place, [event.name for event in events]))
        return place

    def restart(self) -> float:
        """See the Protocol."""
        self._programs.end()
        begin = time.perf_counter()
        self._launch()
        return time.perf_counter() - begin

    def processes(self) -> Sequence[int]:
        """See the Protocol."""
        return self._programs.ids()

    def stop(self) -> None:
        """See the Protocol."""
        self._programs.remove()
