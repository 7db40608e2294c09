"""What is measured: the requests of a practice's day, one kind at a time, and mixed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from benchmarks import requests as ask
from benchmarks.client import PATIENCE, Request, drive
from benchmarks.data import PER_DAY, day_of, event, first_day
from benchmarks.importing import imported
from benchmarks.requests import token_now

if TYPE_CHECKING:
    from benchmarks.importing import Importer
    from benchmarks.servers.base import Place

__all__ = ["SERIES", "WORKLOADS", "WRITTEN", "Field", "Workload", "an_import"]

#: Weekly series in the calendar that is asked to expand them.
SERIES = 500
#: Objects that are there to be deleted when a round begins: slow servers make few meanwhile.
ENOUGH = 32
#: The group of the objects in the calendar that is written.
WRITTEN = "neu"


@dataclass
class Field:
    """The calendars of one server: one that is read, one that is written, one of series.

    `group` is that of the objects in the one that is written; `written` are the names of what was
    made and not yet deleted; `importer` is the server if it has an import.
    """

    count: int
    read: Place
    write: Place
    series: Place
    importer: Importer | None = None
    group: str = WRITTEN
    chance: random.Random = field(default_factory=lambda: random.Random(20261121))
    written: list[str] = field(default_factory=list)
    versions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.first = first_day(self.count)
        self._fresh = itertools.count(self.count + 1000)

    @property
    def file(self) -> Place:
        """The calendar that is read, as one file."""
        return replace(self.read, path=self.read.file or self.read.path)

    def monday(self) -> date:
        """Return a Monday of a week that is full."""
        weeks = self.count // PER_DAY // 5
        return self.first + timedelta(weeks=self.chance.randrange(weeks))

    def day(self) -> date:
        """Return a working day."""
        return self.monday() + timedelta(days=self.chance.randrange(5))

    def monday_of_series(self) -> date:
        """Return a Monday of a week with all series."""
        middle = day_of(0, first_day(0))
        return middle + timedelta(weeks=self.chance.randrange(-20, 20))

    def name(self) -> str:
        """Return the name of an object that is there."""
        return event(self.chance.randrange(self.count), self.first).name

    def names(self, count: int) -> list[str]:
        """Return the names of some of the objects that are there."""
        return [event(n, self.first).name for n in self.chance.sample(range(self.count), count)]

    def put(self) -> Request:
        """Put an appointment after all others."""
        return ask.put(self.write, event(next(self._fresh), self.first, group=self.group))

    def heed(self, request: Request, _status: int, _body: bytes) -> None:
        """Note what an acknowledged request has made."""
        if request.new:
            self.written.append(request.new)

    def overwrite(self) -> Request:
        """Put another title on an appointment."""
        number = self.chance.randrange(self.count)
        changed = event(number, self.first, next(self.versions), self.group)
        return ask.put(self.write, changed, new=False)

    def delete(self) -> Request | None:
        """Delete the oldest appointment that was made, if there is one."""
        return ask.delete(self.write, self.written.pop(0)) if self.written else None


#: Of the seconds that it may take, the answers per second. Raises `client.Wrong`.
Run = Callable[[Field, float], float]


@dataclass(frozen=True)
class Workload:
    """A kind of request; in brackets its name tells over how many connections.

    `kinds` are the kinds of answers that must be right (see `servers.check`), `least` is how many
    times as fast as the fastest other server this one is to be. What runs for long is measured
    `once`. `instead` names the workload whose figure stands for servers without an import.
    """

    name: str
    kinds: tuple[str, ...]
    measure: Run
    least: float = 1.0
    once: bool = False
    instead: str = ""


def _over(connections: int, requests: Callable[[Field], Iterator[Request]]) -> Run:
    """Send requests over so many connections."""

    def run(here: Field, seconds: float) -> float:
        return drive(
            here.read.port,
            requests(here),
            connections=connections,
            seconds=seconds,
            heed=here.heed,
        ).rate

    return run


def _each(connections: int, make: Callable[[Field], Request]) -> Run:
    """Send a newly made request again and again."""

    def requests(here: Field) -> Iterator[Request]:
        while True:
            yield make(here)

    return _over(connections, requests)


def _nothing_new(here: Field) -> Iterator[Request]:
    request = ask.sync(here.read, token_now(here.read), 0)
    while True:
        yield request


def _deletions(here: Field, seconds: float) -> float:
    """Delete what has been made, and make some first, unmeasured, where little is left of it."""
    puts = (here.put() for _ in range(ENOUGH - len(here.written)))
    drive(here.write.port, puts, connections=8, seconds=PATIENCE, heed=here.heed)
    return _over(8, lambda _: iter(here.delete, None))(here, seconds)


def _one_change(here: Field, seconds: float) -> float:
    """Change something, then ask what is new; the asking alone is measured."""
    token = [token_now(here.write)]

    def requests() -> Iterator[Request]:
        while True:
            yield here.overwrite()
            yield ask.sync(here.write, token[-1], 1)

    def heed(request: Request, status: int, body: bytes) -> None:
        if request.kind == "sync":
            token.append(ask.token_in(body))

    both = drive(here.write.port, requests(), connections=1, seconds=2 * seconds, heed=heed)
    asked = both.latencies[1::2]
    return len(asked) / sum(asked)


def _mix(here: Field) -> Iterator[Request]:
    """80 % polls, 10 % queries of a week, 8 % PUT, 2 % DELETE."""
    while True:
        drawn = here.chance.random()
        if drawn < 0.8:
            yield ask.poll(here.write)
        elif drawn < 0.9:
            yield ask.a_week(here.write, here.monday())
        else:
            yield (here.delete() if drawn >= 0.98 else None) or here.put()


WORKLOADS = (
    Workload("PUT (1)", ("put",), _each(1, Field.put)),
    Workload("PUT (8)", ("put",), _each(8, Field.put)),
    Workload("overwrite (8)", ("put",), _each(8, Field.overwrite)),
    Workload("DELETE (8)", ("delete",), _deletions),
    Workload("poll (8)", ("poll",), _each(8, lambda here: ask.poll(here.read)), least=1.5),
    Workload("sync, no change (8)", ("sync",), _over(8, _nothing_new), least=1.5),
    Workload("sync, one change (1)", ("sync",), _one_change, least=1.5),
    Workload(
        "day (8)", ("query",), _each(8, lambda here: ask.a_day(here.read, here.day())), least=1.5
    ),
    Workload(
        "week (8)",
        ("query",),
        _each(8, lambda here: ask.a_week(here.read, here.monday())),
        least=1.5,
    ),
    Workload(
        "day, expanded (8)",
        ("expand",),
        _each(8, lambda here: ask.a_day(here.series, here.monday_of_series(), expand=True)),
    ),
    Workload(
        "week, expanded (8)",
        ("expand",),
        _each(8, lambda here: ask.a_week(here.series, here.monday_of_series(), expand=True)),
    ),
    Workload(
        "multiget of 50 (8)",
        ("multiget",),
        _each(8, lambda here: ask.multiget(here.read, here.names(50))),
    ),
    Workload(
        "PROPFIND 1 (8)", ("listing",), _each(8, lambda here: ask.listing(here.read, here.count))
    ),
    Workload("GET one (8)", ("get",), _each(8, lambda here: ask.get(here.read, here.name()))),
    Workload("GET all (1)", ("whole",), _each(1, lambda here: ask.whole(here.file, here.count))),
    Workload(
        "free-busy of a week (8)",
        ("free-busy",),
        _each(8, lambda here: ask.free_busy(here.read, here.monday())),
    ),
    Workload(
        "mix (16)",
        ("poll", "query", "put", "delete"),
        _over(16, _mix),
        least=1.5,
        once=True,
    ),
)


def an_import(count: int) -> Workload:
    """Return the import of so many bookings, to be measured last: it adds to the log."""

    def run(here: Field, _seconds: float) -> float:
        assert here.importer is not None  # else another figure stands for it
        return imported(here.importer, count)

    return Workload(f"import of {count:,} bookings", (), run, once=True, instead="PUT (8)")
