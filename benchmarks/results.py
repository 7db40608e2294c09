"""What was measured, as tables: for the terminal and for RESULTS.md."""

from __future__ import annotations

import math
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from benchmarks.running import Cell, Measured
    from benchmarks.workloads import Workload

__all__ = ["ANEW", "OURS", "REFERENCES", "markdown", "ratio", "row", "shortfalls"]

#: Titles of this server, as it is and without its memory, and of the reference that is no
#: calendar server.
OURS = ("this server, SQLite", "this server, PostgreSQL")
ANEW = ("this server, SQLite, nothing remembered", "this server, PostgreSQL, nothing remembered")
REFERENCES = ("bare, SQLite", "bare, PostgreSQL")
#: What is promised beside the bare reference on the same database.
LEAST_OF_BARE = {"poll (8)": 0.4, "PUT (1)": 0.3, "PUT (8)": 0.3}


def peers(measured: Measured) -> list[str]:
    """Return the titles of the other calendar servers."""
    return [title for title in measured.titles if title not in {*OURS, *ANEW, *REFERENCES}]


def ratio(measured: Measured, workload: Workload, ours: str) -> float | None:
    """Return how many times as fast as the fastest peer this server is; None without a peer."""
    cells = (_cell(measured, workload, title) for title in peers(measured))
    fastest = max((cell.median for cell in cells if cell), default=0.0)
    mine = measured.cells.get((workload.name, ours))
    return mine.median / fastest if fastest and mine else None


def _cell(measured: Measured, workload: Workload, title: str) -> Cell | None:
    """Return what a server reached, or what it reached instead where it has no import."""
    own = measured.cells.get((workload.name, title))
    return own or measured.cells.get((workload.instead, title))


def shortfalls(measured: Measured) -> Iterator[str]:
    """Yield a sentence for everything that is promised and was not reached."""
    for workload in measured.workloads:
        for ours, bare in zip(OURS, REFERENCES, strict=True):
            reached = ratio(measured, workload, ours)
            if reached is not None and reached < workload.least:
                yield (
                    f"{workload.name}: {ours} {_times(reached)} times the fastest peer,"
                    f" not {workload.least}"
                )
            cells = [measured.cells.get((workload.name, title)) for title in (ours, bare)]
            wanted = LEAST_OF_BARE.get(workload.name)
            if wanted and cells[0] and cells[1] and cells[0].median < wanted * cells[1].median:
                part = _times(cells[0].median / cells[1].median)
                yield f"{workload.name}: {ours} {part} of {bare}, not {wanted}"


def markdown(all_measured: Sequence[Measured], today: date, ceiling: float) -> str:
    """Return the report."""
    parts = [
        "# Speed beside the peers\n",
        f"Measured on {today:%Y-%m-%d} by `make bench`, servers in turns in one run, on"
        f" {machine()}. What the rows are is said in [README.md](README.md).\n",
        "Answers per second (bookings per second for the import), the median of the rounds, and in"
        " brackets their spread: largest less smallest, in % of the median. Without brackets there"
        " was one round. Every answer was checked; a dash is a workload that the server does not"
        " answer rightly (reasons below the table). The last columns tell how many times as fast"
        " as the fastest peer this server is; this server with nothing remembered and the bare"
        " reference, which is no calendar server, are no peers."
        f" The load client alone reaches {ceiling:,.0f} answers per second.\n",
    ]
    for measured in all_measured:
        took = f"Filling and measuring took {measured.minutes:.0f} min.\n"
        parts += [f"## {measured.count:,} objects\n", took, *_tables(measured)]
    return "\n".join(parts)


def machine() -> str:
    """Return what was measured on."""
    cores = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    kind = cores[0] if cores else platform.machine()
    system = f"Linux {platform.release()}, Python {platform.python_version()}"
    return f"{len(cores)} cores ({kind}), {system}"


def _tables(measured: Measured) -> Iterator[str]:
    titles = measured.titles
    ours = [title for title in OURS if title in titles]
    yield (
        "| workload (connections) | "
        + " | ".join(titles)
        + " |"
        + "".join(f" {title} : fastest peer |" for title in ours)
    )
    yield "|---" * (1 + len(titles) + len(ours)) + "|"
    for workload in measured.workloads:
        yield row(measured, workload)
    yield (
        "| memory at the end, MB | "
        + " | ".join(f"{measured.megabytes.get(t, 0):.0f}" for t in titles)
        + " |"
    )
    yield (
        "| start to first answer, s | "
        + " | ".join(f"{measured.starts.get(t, 0):.2f}" for t in titles)
        + " |\n"
    )
    yield from _reasons(measured)


def row(measured: Measured, workload: Workload) -> str:
    """Return what the servers reached in a workload, and how many times the fastest peer."""
    ours = [title for title in OURS if title in measured.titles]
    told = [_told(measured, workload, title) for title in measured.titles]
    ratios = [ratio(measured, workload, title) for title in ours]
    told += [f"**{_times(one)}**" if one is not None else "–" for one in ratios]
    return f"| {workload.name} | {' | '.join(told)} |"


def _told(measured: Measured, workload: Workload, title: str) -> str:
    cell = _cell(measured, workload, title)
    if cell is None or not cell.median:
        return "–"
    mark = "" if (workload.name, title) in measured.cells else " ¹"
    spread = f" ({100 * cell.spread:.0f})" if len(cell.rates) > 1 else ""
    return f"{_rate(cell.median)}{spread}{mark}"


def _reasons(measured: Measured) -> Iterator[str]:
    for workload in measured.workloads:
        if workload.instead:
            yield (
                f"- ¹ It has no import: its figure for {workload.instead}, by which bookings would"
                " have to come to it."
            )
    for (name, title), cell in measured.cells.items():
        if cell.wrong:
            yield f"- {title}, {name}: {cell.wrong}"
    for title, why in measured.missing.items():
        yield f"- {title} was not measured: {why}"
    for sentence in shortfalls(measured):
        yield f"- **Not reached:** {sentence}"
    yield ""


def _times(ratio: float) -> str:
    """Return a ratio, not rounded up: what falls short of 1.5 is not shown as 1.50."""
    return f"{ratio:,.0f}" if ratio >= 100 else f"{math.floor(ratio * 100 + 1e-6) / 100:.2f}"


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 20 else f"{rate:.2g}"
