"""What requests cost as a calendar grows: `make growth`.

Nothing is remembered here, so every answer is made from the database. One connection, so that a
request's time is its own and not that of a queue.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
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


def measured(make: Callable[[], Ours], count: int, tell: Callable[[str], None]) -> dict[str, float]:
    """Return the median milliseconds of each kind of request in a calendar of `count` objects."""
    server = make()
    try:
        server.start()
        tell(f"{server.title}: filling {count:,}")
        read = server.fill("lesen", stream(count))
        here = Field(count, read, read, read, group="termin")
        found = {}
        for kind, request in KINDS.items():
            tell(f"{server.title}, {count:,} objects: {kind}")
            found[kind] = _median(here, request)
        return found
    finally:
        server.stop()


def _median(here: Field, make: Callable[[Field], Request]) -> float:
    taken = [
        drive(
            here.read.port, iter([make(here)]), connections=1, seconds=60, heed=here.heed
        ).latencies[0]
        for _ in range(REQUESTS)
    ]
    return statistics.median(taken) * 1000


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


def table(title: str, all_times: dict[str, Times]) -> str:
    """Return the milliseconds as a table, with the growth from the smallest to the largest."""
    sizes = list(next(iter(all_times.values())))
    lines = [
        f"### {title}\n",
        "| request | " + " | ".join(f"{size:,}" for size in sizes) + " | growth |",
        "|---" * (len(sizes) + 2) + "|",
    ]
    for kind, times in all_times.items():
        grown = times[sizes[-1]] / times[sizes[0]]
        told = " | ".join(f"{times[size]:.2f}" for size in sizes)
        lines.append(f"| {kind} | {told} | {grown:.2f} |")
    return "\n".join(lines) + "\n"


@click.command()
@click.option("--sizes", default="1000,10000,100000,1000000", show_default=True)
@click.option("--databases", default="sqlite,postgresql", show_default=True)
@click.option("--write", is_flag=True, help="Write benchmarks/GROWTH.md and the plots.")
def main(sizes: str, databases: str, write: bool) -> None:
    """Measure what requests cost as a calendar grows. Half an hour, most of it filling."""
    console, parts = Console(), [_introduction()]
    with console.status("") as status:
        for title in databases.split(","):
            times: dict[str, Times] = {kind: {} for kind in KINDS}
            for size in map(int, sizes.split(",")):
                for kind, median in measured(_MAKERS[title], size, status.update).items():
                    times[kind][size] = median
            parts.append(table(title, times))
            if write:
                plot(times, f"{title}: a request among more and more", _FOLDER / f"{title}.svg")
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
        f" {REQUESTS} requests over one connection; answers are as long in every calendar, and none"
        " is remembered.\n"
    )


if __name__ == "__main__":
    main()
