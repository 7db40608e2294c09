"""What requests cost as a calendar grows: `make growth`.

Nothing is remembered here, so every answer is made from the database. One connection, so that a
request's time is its own and not that of a queue. Calendars of all sizes are asked in turns: what
else the machine does meanwhile falls on all of them alike. Files are read before each kind of
request: what the disk takes for that of 2.5 GB which nobody has asked for in a while is not the
server's.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from matplotlib import pyplot
from rich.console import Console

from benchmarks.client import Request, drive
from benchmarks.data import stream
from benchmarks.requests import a_day, a_week, free_busy, get, multiget, poll, sync, token_now
from benchmarks.results import OURS, machine
from benchmarks.servers.ours import NOTHING_REMEMBERED, Ours
from benchmarks.work import Work, counting
from benchmarks.workloads import Field

__all__ = ["KINDS"]

_FOLDER = Path(__file__).parent
#: By size, the milliseconds of a request.
Times = dict[int, float]
REQUESTS = 200
_MAKERS: dict[str, Callable[[], Ours]] = {
    "sqlite": partial(Ours, OURS[0], settings=NOTHING_REMEMBERED),
    "postgresql": partial(Ours, OURS[1], postgresql=True, settings=NOTHING_REMEMBERED),
}


def _fresh_change(here: Field) -> Request:
    token = token_now(here.write)
    drive(here.write.port, iter([here.overwrite()]), connections=1, seconds=60)
    return sync(here.write, token, 1)


def _multiget(here: Field) -> Request:
    return multiget(here.read, here.names(50))


def _deletion(here: Field) -> Request:
    request = here.delete()
    assert request is not None  # as many have been put
    return request


#: Kinds of requests; those whose answers are as long in every calendar.
KINDS: dict[str, Callable[[Field], Request]] = {
    "poll": lambda here: poll(here.read),
    "sync, no change": lambda here: sync(here.read, token_now(here.read), 0),
    "sync, one change": _fresh_change,
    "day": lambda here: a_day(here.read, here.day()),
    "week": lambda here: a_week(here.read, here.monday()),
    "free-busy of a week": lambda here: free_busy(here.read, here.monday()),
    "multiget of 50": _multiget,
    "GET one": lambda here: get(here.read, here.name()),
    "PUT": Field.put,
    "overwrite": Field.overwrite,
    "DELETE": _deletion,
}


@dataclass
class Grown:
    """What was measured on one database: by kind and size, milliseconds and work."""

    times: dict[str, Times]
    work: dict[str, dict[int, Work]]


def measured(make: Callable[[], Ours], sizes: Sequence[int], tell: Callable[[str], None]) -> Grown:
    """Measure requests in calendars of so many objects, each on a server of its own."""
    servers: list[Ours] = []
    try:
        fields: dict[int, Field] = {}
        for size in sizes:
            servers.append(make())
            servers[-1].start()
            tell(f"{servers[-1].title}: filling {size:,}")
            place = servers[-1].fill("lesen", stream(size))
            fields[size] = Field(size, place, place, place, group="termin")
        times = {}
        for kind, request in KINDS.items():
            tell(f"{servers[0].title}: {kind}")
            for server in servers:
                server.read_files()
            times[kind] = _medians(fields, request)
        work: dict[str, dict[int, Work]] = {kind: {} for kind in KINDS}
        for server, (size, here) in zip(servers, fields.items(), strict=True):
            tell(f"{server.title}: counting among {size:,}")
            for kind, told in _counted(server, here).items():
                work[kind][size] = told
    finally:
        for server in servers:
            server.stop()
    return Grown(times, work)


def _medians(fields: dict[int, Field], make: Callable[[Field], Request]) -> Times:
    taken: dict[int, list[float]] = {size: [] for size in fields}
    for _ in range(REQUESTS):
        for size, here in fields.items():
            load = drive(
                here.read.port, iter([make(here)]), connections=1, seconds=60, heed=here.heed
            )
            taken[size] += load.latencies
    return {size: statistics.median(latencies) * 1000 for size, latencies in taken.items()}


def _counted(server: Ours, here: Field) -> dict[str, Work]:
    """Count the work of each kind of request, the least of some: the first may sign in."""
    with counting(server.url) as work:
        return {
            kind: min(_worked(here, work, make) for _ in range(3)) for kind, make in KINDS.items()
        }


def _worked(here: Field, work: Callable[[Request], Work], make: Callable[[Field], Request]) -> Work:
    request = make(here)
    told = work(request)
    here.heed(request, 0, b"")
    return told


def plot(all_times: dict[str, Times], title: str, target: Path) -> None:
    """Draw the milliseconds of each kind over the objects in the calendar, by powers of ten."""
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for kind, times in all_times.items():
        axes.plot(list(times), list(times.values()), marker="o", label=kind)
    axes.set(xscale="log", yscale="log", xlabel="objects in the calendar", title=title)
    axes.set_ylabel("milliseconds, median, one connection")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(target, bbox_inches="tight")


def table(title: str, grown: Grown) -> str:
    """Return milliseconds and work as a table, with the growth from the smallest to the largest."""
    sizes = list(next(iter(grown.times.values())))
    head = [f"{size:,}" for size in sizes]
    lines = [
        f"### {title}\n",
        f"| request | {' | '.join(head)} | growth | statements | steps, {head[0]} to {head[-1]} |",
        "|---" * (len(sizes) + 4) + "|",
    ]
    for kind, times in grown.times.items():
        work = grown.work[kind]
        told = " | ".join(f"{times[size]:.2f}" for size in sizes)
        statements = sorted({work[size][0] for size in sizes})
        steps = f"{work[sizes[0]][1]:,} to {work[sizes[-1]][1]:,}" if work[sizes[0]][1] else "–"
        lines.append(
            f"| {kind} | {told} | {times[sizes[-1]] / times[sizes[0]]:.2f} |"
            f" {' to '.join(map(str, statements))} | {steps} |"
        )
    return "\n".join(lines) + "\n"


@click.command()
@click.option("--sizes", default="1000,10000,100000,1000000", show_default=True)
@click.option("--databases", default="sqlite,postgresql", show_default=True)
@click.option("--write", is_flag=True, help="Write benchmarks/GROWTH.md and the plots.")
def main(sizes: str, databases: str, write: bool) -> None:
    """Measure what requests cost as a calendar grows. Ten minutes, most of it filling."""
    console, parts = Console(), [_introduction()]
    with console.status("") as status:
        for title in databases.split(","):
            grown = measured(_MAKERS[title], list(map(int, sizes.split(","))), status.update)
            parts.append(table(title, grown))
            if write:
                target = _FOLDER / f"{title}.svg"
                plot(grown.times, f"{title}: a request among more and more", target)
                parts.append(f"![{title}]({title}.svg)\n")
    report = "\n".join(parts)
    console.print(report)
    if write:
        (_FOLDER / "GROWTH.md").write_text(report, "utf-8")


def _introduction() -> str:
    today = datetime.now().astimezone().date()
    return (
        "# What a request costs as a calendar grows\n\n"
        f"Measured on {today:%Y-%m-%d} by `make growth` on {machine()}. Milliseconds, the median of"
        f" {REQUESTS} requests over one connection, calendars of all sizes in turns; answers are as"
        " long in every calendar, none is remembered, and the database's files are in memory."
        " Beside them what does not differ from run to run: statements that a request executes, and"
        " the steps that SQLite's machine takes for them.\n"
    )


if __name__ == "__main__":
    main()
