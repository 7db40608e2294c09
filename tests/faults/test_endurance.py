"""A long mixed run: memory, open files and waiting times stay what they are."""

from __future__ import annotations

import os
import statistics
import time
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from tests.dav import HOME
from tests.faults.checking import aftermath
from tests.faults.replicas import kept, replicas_of
from tests.faults.speaking import Speaker
from tests.faults.writers import at_work, some_writers
from tests.hostile.watch import memory
from tests.workers import worker_pids

if TYPE_CHECKING:
    from tests.faults.arena import Arena
    from tests.servers import RunningServer

pytestmark = pytest.mark.slow

MINUTES = 5
FIFTHS = 5
MUELLER = f"{HOME}dr-mueller/"
POLL = (
    '<propfind xmlns="DAV:" xmlns:C="http://calendarserver.org/ns/">'
    "<prop><C:getctag/><sync-token/></prop></propfind>"
)
QUERY = (
    '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
    "<prop><getetag/><C:calendar-data/></prop>"
    '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
    '<C:time-range start="20261207T000000Z" end="20261214T000000Z"/>'
    "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)


@dataclass
class Fifth:
    """A fifth of the run: how long readers waited, and what the server held at its end."""

    waits: list[float] = field(default_factory=list)
    memory: int = 0
    files: int = 0

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.waits, n=100)[98]

    def __str__(self) -> str:
        waits = f"{len(self.waits)} reads, p99 {1000 * self.p99:.0f} ms"
        return f"{waits}, {self.memory / 1e6:.1f} MB, {self.files} open files"


def open_files(server: RunningServer) -> int:
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in worker_pids(server))


def read_all_the_time(arena: Arena, fifths: list[Fifth], stopped: Event) -> None:
    """Poll, look at a week, and fetch the changes, as clients do; the last fifth is the one now."""
    with closing(Speaker(arena.port, "albis")) as speaker:
        while not stopped.wait(0.01):
            for method, body, depth in (("PROPFIND", POLL, "0"), ("REPORT", QUERY, "1")):
                begin = time.monotonic()
                assert speaker.ask(method, MUELLER, body, Depth=depth).status == 207
                fifths[-1].waits.append(time.monotonic() - begin)


def test_a_long_run_costs_no_more_at_its_end(arena: Arena) -> None:
    writers = some_writers(arena.port, 4, seed=21, most=40)
    replicas = replicas_of(arena)
    fifths, stopped = [Fifth()], Event()
    reader = Thread(target=read_all_the_time, args=(arena, fifths, stopped))
    with at_work(writers, pause=0.1), kept(replicas):
        reader.start()
        for number in range(FIFTHS):
            time.sleep(MINUTES * 60 / FIFTHS)  # the run itself
            fifths[-1].memory, fifths[-1].files = memory(arena.server), open_files(arena.server)
            if number < FIFTHS - 1:
                fifths.append(Fifth())
        stopped.set()
        reader.join()
    found = aftermath(arena, writers, replicas)
    print(f"\n{MINUTES} minutes: {found}", *fifths, sep="\n")
    second, last = fifths[1], fifths[-1]
    # What the allocator keeps, and a machine that has other things to do, are no growth.
    assert last.memory <= second.memory * 1.1
    assert last.files <= second.files + 5
    assert last.p99 <= second.p99 * 2 + 0.05
