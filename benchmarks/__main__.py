"""`make bench`: this server and its peers side by side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markdown import Markdown

from benchmarks.ceiling import ceiling
from benchmarks.data import PER_DAY
from benchmarks.results import ANEW, OURS, REFERENCES, markdown, row
from benchmarks.running import measure
from benchmarks.servers.bare import Bare
from benchmarks.servers.check import SERVERS, made
from benchmarks.servers.ours import NOTHING_REMEMBERED, Ours
from benchmarks.workloads import WORKLOADS, an_import
from praxis_caldav.setting_sources import load

if TYPE_CHECKING:
    from benchmarks.servers.base import Server

#: A week of appointments, which is what is asked for.
_LEAST = 5 * PER_DAY
_RESULTS = Path(__file__).with_name("RESULTS.md")
_OWN: dict[str, Callable[[], Server]] = {
    "sqlite": partial(Ours, OURS[0]),
    "postgresql": partial(Ours, OURS[1], postgresql=True),
    "sqlite-anew": partial(Ours, ANEW[0], settings=NOTHING_REMEMBERED),
    "postgresql-anew": partial(Ours, ANEW[1], postgresql=True, settings=NOTHING_REMEMBERED),
    "bare-sqlite": partial(Bare, REFERENCES[0]),
    "bare-postgresql": partial(Bare, REFERENCES[1], postgresql=True),
}
_PEERS: dict[str, Callable[[], Server]] = {name: partial(made, name) for name in SERVERS}
_ALL = _OWN | _PEERS


@click.command()
@click.option(
    "--sizes", default="1000,10000", show_default=True, help="Objects in a calendar, a table each."
)
@click.option("--servers", default=",".join(_ALL), show_default=True, help="Which are measured.")
@click.option("--workloads", default="", help="Only the rows with this in their name.")
@click.option("--rounds", default=3, show_default=True, help="Turns of each server in a row.")
@click.option(
    "--import-rows",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Bookings in the export that is imported.",
)
@click.option("--write", is_flag=True, help=f"Write the tables to benchmarks/{_RESULTS.name}.")
def main(
    sizes: str, servers: str, workloads: str, rounds: int, import_rows: int, write: bool
) -> None:
    """Measure this server and its peers in turns, and print medians and ratios.

    Peers that are not on this machine are left out, which is told. How long it takes, and what the
    rows mean, is said in benchmarks/README.md. A short run, of some minutes:

    \b
        make bench ARGS="--sizes 1000 --servers sqlite,radicale --rounds 1"
    """
    if unknown := set(servers.split(",")) - _ALL.keys():
        raise click.BadParameter(f"there is no {', '.join(sorted(unknown))}.")
    if any(int(size) < _LEAST for size in sizes.split(",")):
        raise click.BadParameter(f"a calendar has {_LEAST} objects or more.")
    load()  # before anything is started: settings with a fault would fail later
    console = Console()
    chosen = {name: _ALL[name] for name in servers.split(",")}
    everything = (*WORKLOADS, an_import(import_rows))
    named = [one for one in everything if workloads in one.name]
    stand_ins = {one.instead for one in named}
    wanted = [one for one in everything if one in named or one.name in stand_ins]
    with console.status("measuring the load client") as status:
        reached = ceiling()
        found = [
            measure(
                chosen,
                int(size),
                wanted,
                tell=status.update,
                done=lambda measured, one: console.print(row(measured, one), highlight=False),
                rounds=rounds,
            )
            for size in sizes.split(",")
        ]
    report = markdown(found, datetime.now().astimezone().date(), reached)
    console.print(Markdown(report))
    if write:
        _RESULTS.write_text(report + "\n", "utf-8")


if __name__ == "__main__":
    main()
