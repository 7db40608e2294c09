"""What a hostile request costs others: another client's wait, and the server's time and memory.

Read from /proc, so on Linux only.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hostile.case import MUELLER, XMLNS
from tests.servers import RunningServer
from tests.workers import worker_pids

__all__ = ["Neighbour", "cpu_seconds", "memory", "peak_memory"]

_TICKS = os.sysconf("SC_CLK_TCK")
_POLL = f"<propfind {XMLNS}><prop><sync-token/></prop></propfind>"


def cpu_seconds(server: RunningServer) -> float:
    """Return the processor time that the server has taken so far."""
    ticks = 0
    for pid in worker_pids(server):
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(told[11]) + int(told[12])
    return ticks / _TICKS


def memory(server: RunningServer) -> int:
    """Return the bytes that the server's processes take; peaks are counted anew from here."""
    for pid in worker_pids(server):
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _told(server, "VmRSS")


def peak_memory(server: RunningServer) -> int:
    """Return the most bytes that the processes took since `memory` was asked."""
    return _told(server, "VmHWM")


def _told(server: RunningServer, name: str) -> int:
    total = 0
    for pid in worker_pids(server):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                total += int(line.split()[1]) * 1024
    return total


class Neighbour:
    """Another client that polls all the time; `longest` is the longest it has waited so far."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._stopped = threading.Event()
        self.longest = 0.0
        self.meanwhile = self.during = ""
        self.failures: list[str] = []

    @contextmanager
    def polling(self) -> Iterator[Neighbour]:
        """Poll until the end of the block."""
        thread = threading.Thread(target=self._poll)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            thread.join()

    def _poll(self) -> None:
        with self._server.client("gast") as client:
            while not self._stopped.wait(0.05):
                begin, meanwhile = time.monotonic(), self.meanwhile
                status = client.request("PROPFIND", MUELLER, content=_POLL).status_code
                waited = time.monotonic() - begin
                if status != 207:
                    self.failures.append(f"{status} during {meanwhile}")
                if waited > self.longest:
                    self.longest, self.during = waited, meanwhile
