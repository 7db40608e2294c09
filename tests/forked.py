"""Processes of the program, forked from one that has it loaded: most of a start is loading.

The tests serve many practices; what is served is the same, but for how its process came to be (and
that its workers do not count requests together: that is settled when a library is loaded).
Not here: tests of a start, of workers that die, of signals, which start the program anew.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from tests.plainly import program

__all__ = ["Forked"]

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [program(), "praxis_caldav.commands.server", "praxis_caldav.composition", "praxis_caldav.api"]
)


class Forked:
    """One command that runs in a group of its own; asked and ended like a `subprocess.Popen`."""

    def __init__(self, words: list[str], environment: dict[str, str], log: Path) -> None:
        told = (words, environment, str(log), str(Path.cwd()))
        self._process = _FORKS.Process(target=_run, args=told)
        self._process.start()
        self.pid: int = self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("a forked server", timeout or 0)
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()


def _run(words: list[str], environment: dict[str, str], log: str, folder: str) -> None:
    os.setsid()
    with Path(log).open("ab") as written:
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # Its workers are forked as well: a fresh one would load all of it anew.
    import_module("uvicorn._subprocess").spawn = multiprocessing.get_context("fork")  # type: ignore[attr-defined]
    sys.argv = ["praxis-caldav", *words]
    import_module(program()).main()
