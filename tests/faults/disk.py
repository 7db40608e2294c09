"""A server's disk and clock, watched and bent by a preloaded library (`shim.c`).

Needs a C compiler, so only slow tests use it.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Mode", "Shim", "build"]

Mode = Literal["before", "halfway", "after"]
_MODES: dict[Mode, int] = {"before": 0, "halfway": 1, "after": 2}
_CALLS, _FLUSHES, _KILL_AT, _MODE, _SECONDS = range(5)


def build(folder: Path) -> Path:
    """Compile the library; raises AssertionError without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    assert compiler, (
        "this slow test counts a server's disk calls with a small C library and finds no C"
        " compiler (cc, gcc, clang); on Debian and Ubuntu: apt install gcc libc6-dev"
    )
    library = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    options = ("-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl")
    ran = subprocess.run([compiler, *options], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return library


class Shim:
    """What is shared with one server; `folder` is the one whose files are watched."""

    def __init__(self, library: Path, control: Path, folder: Path, flushed: Path | None) -> None:
        control.write_bytes(bytes(64))
        with control.open("r+b") as file:
            self._numbers = mmap.mmap(file.fileno(), 64)
        self._folder = folder
        self.flushed = flushed
        self.options: Mapping[str, str] = {
            "LD_PRELOAD": os.fspath(library),
            "FAULTS_CONTROL": os.fspath(control),
            "FAULTS_FOLDER": f"{folder}/praxis",
        }
        if flushed is not None:
            flushed.mkdir()
            self.options = {**self.options, "FAULTS_FLUSHED": os.fspath(flushed)}

    @property
    def calls(self) -> int:
        """How often the disk was asked to write, flush, cut or remove."""
        return self._get(_CALLS)

    @property
    def flushes(self) -> int:
        return self._get(_FLUSHES)

    def kill_at(self, call: int, mode: Mode = "before") -> None:
        """Have the server killed at one of its next calls, the first being 1; 0 for none."""
        self._set(_KILL_AT, 0)
        self._set(_CALLS, 0)
        self._set(_MODE, _MODES[mode])
        self._set(_KILL_AT, call)

    def set_clock_ahead(self, seconds: int) -> None:
        self._set(_SECONDS, seconds)

    def _get(self, place: int) -> int:
        number: int = struct.unpack_from("=q", self._numbers, 8 * place)[0]
        return number

    def _set(self, place: int, number: int) -> None:
        struct.pack_into("=q", self._numbers, 8 * place, number)
