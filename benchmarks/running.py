"""Servers in turns: every workload on every server, again and again, in one run."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.client import Wrong
from benchmarks.data import events, series
from benchmarks.importing import Importer
from benchmarks.servers.base import NotHere
from benchmarks.workloads import SERIES, WORKLOADS, WRITTEN, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.servers.base import Server
    from benchmarks.workloads import Workload

__all__ = ["Cell", "Measured", "measure"]

#: Of one round of one workload; a poll takes less than a millisecond, a slow listing seconds.
SECONDS = 1.5
#: Of the one round of what is measured once.
SECONDS_ONCE = 20.0
ROUNDS = 3


@dataclass
class Cell:
    """What one server reached in one workload: answers per second, by rounds."""

    rates: list[float] = field(default_factory=list)
    wrong: str = ""

    @property
    def median(self) -> float:
        """The figure that counts; 0 where an answer was wrong or the server was not measured."""
        return statistics.median(self.rates) if self.rates and not self.wrong else 0.0

    @property
    def spread(self) -> float:
        """The largest less the smallest rate, as a part of the median."""
        return (max(self.rates) - min(self.rates)) / self.median if self.median else 0.0


@dataclass
class Measured:
    """One size of calendar: cells by workload and server, what servers take, who was missing.

    `minutes` is how long all of it took, filling included.
    """

    count: int
    workloads: Sequence[Workload] = WORKLOADS
    minutes: float = 0.0
    titles: list[str] = field(default_factory=list)
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def measure(
    servers: Mapping[str, Callable[[], Server]],
    count: int,
    wanted: Sequence[Workload] = WORKLOADS,
    *,
    tell: Callable[[str], None],
    done: Callable[[Measured, Workload], None] = lambda *_: None,
    rounds: int = ROUNDS,
) -> Measured:
    """Measure servers on calendars of `count` objects.

    `tell` is told what is going on, and `done` when a workload has been measured on all of them.
    """
    measured, begin = Measured(count, wanted), time.monotonic()
    running: dict[str, tuple[Server, Field]] = {}
    try:
        for name, make in servers.items():
            tell(f"{count:,} objects: starting and filling {name}")
            _start(name, make, measured, running)
        measured.titles = list(running)
        for workload in (one for one in wanted if not one.instead):
            _take_turns(measured, running, workload, rounds, tell)
            done(measured, workload)
        for title, (server, _) in running.items():
            measured.megabytes[title] = sum(map(_own_memory, server.processes())) / 1e6
            tell(f"{count:,} objects: starting {title} again")
            measured.starts[title] = server.restart()
        # After all else, which would be among more objects.
        for workload in (one for one in wanted if one.instead):
            _take_turns(measured, running, workload, rounds, tell)
            done(measured, workload)
    finally:
        for server, _ in running.values():
            server.stop()
    measured.minutes = (time.monotonic() - begin) / 60
    return measured


def _start(
    name: str,
    make: Callable[[], Server],
    measured: Measured,
    running: dict[str, tuple[Server, Field]],
) -> None:
    """Start and fill a server, or note in `measured` why it is left out."""
    try:
        server = make()
    except NotHere as reason:
        measured.missing[name] = str(reason)
        return
    if server.most < measured.count:
        told = f" ({server.filled})" if server.filled else ""
        measured.missing[server.title] = f"it is asked to hold {server.most:,} at most{told}"
        server.stop()
        return
    try:
        running[server.title] = server, _field(server, measured.count)
    except (Wrong, OSError) as reason:
        measured.missing[server.title] = f"it could not be filled: {reason}"
    finally:
        if server.title not in running:
            server.stop()


def _field(server: Server, count: int) -> Field:
    server.start()
    read = server.fill("lesen", events(count))
    write = server.fill("schreiben", events(count, WRITTEN))
    importer = server if isinstance(server, Importer) else None
    return Field(count, read, write, server.fill("serien", series(SERIES)), importer)


def _take_turns(
    measured: Measured,
    running: Mapping[str, tuple[Server, Field]],
    workload: Workload,
    rounds: int,
    tell: Callable[[str], None],
) -> None:
    turns, seconds = (1, SECONDS_ONCE) if workload.once else (rounds, SECONDS)
    for turn in range(turns):
        for title, (server, here) in running.items():
            if workload.instead and here.importer is None:
                continue
            cell = measured.cells.setdefault((workload.name, title), Cell())
            known = [server.cannot[kind] for kind in workload.kinds if kind in server.cannot]
            cell.wrong = cell.wrong or "".join(known[:1])
            if cell.wrong:
                continue
            tell(f"{measured.count:,} objects: {workload.name}, round {turn + 1}, {title}")
            try:
                cell.rates.append(workload.measure(here, seconds))
            except (Wrong, OSError) as reason:
                cell.wrong = str(reason) or type(reason).__name__


def _own_memory(pid: int) -> float:
    """Return the bytes of a process, its part of what it shares with others included."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    return sum(int(line.split()[1]) * 1024.0 for line in lines if line.startswith("Pss:"))
