"""Radicale as it comes, with its own storage: the server that ours is built upon."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, ClassVar

from benchmarks.servers.base import Place, basic
from benchmarks.servers.launched import Launched
from benchmarks.servers.running import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.data import Event

__all__ = ["Radicale"]

# Without waiting for the disk at each of the files that it writes.
_READ = """
import sys
from radicale import config, storage
read = config.load([(sys.argv[1], False)])
read.update({"storage": {"_filesystem_fsync": "False"}}, "filling", privileged=True)
opened = storage.load(read)
with opened.acquire_lock("w"):
    (calendar,) = opened.discover(sys.argv[2])
    calendar.sync()
"""
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


class Radicale(Launched):
    """`python -m radicale`: one process, a thread for each of at most 8 connections, HTTP/1.0.

    Its defaults, fsync among them; passwords in plain text, the file kept in memory, which is the
    cheapest it has. A calendar is a folder with a file for each object. What limits it: nothing
    is indexed by time or kept in memory, so every listing, sync and query opens each file of the
    calendar or its cache file; the sync tokens are lists of all names, written one per token.
    """

    most = 10_000
    filled = "10,000 took 31 s"
    cannot: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self.title = f"Radicale {version('radicale')}"
        super().__init__()

    def start(self) -> None:
        """See the Protocol."""
        self._programs.write("users", f"{USER}:{PASSWORD}\n")
        self._launch()

    def _launch(self) -> None:
        folder = self._programs.folder
        config = self._programs.write("config", _CONFIG.format(port=self._port, folder=folder))
        self._programs.launch(sys.executable, "-m", "radicale", "--config", config)
        self._programs.wait_for(self._port)

    def fill(self, name: str, events: Sequence[Event]) -> Place:
        """Write the files, then let Radicale's own code read each, which fills its caches."""
        programs = self._programs
        path = f"/{USER}/{name}/"
        folder = programs.folder / "collections" / "collection-root" / USER / name
        folder.mkdir(parents=True)
        for event in events:
            (folder / event.name).write_text(event.text, "utf-8", newline="")
        (folder / ".Radicale.props").write_text(json.dumps({"tag": "VCALENDAR"}))
        programs.call(sys.executable, "-c", _READ, programs.folder / "config", path)
        return Place(self._port, path, basic(USER, PASSWORD))
