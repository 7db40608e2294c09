"""`python -m benchmarks.matching`: how well patients are recognised."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.matching.measuring import Measured, measure
from benchmarks.matching.truth import HELD_OUT, TUNING, made, read_csv

_COLUMNS = (
    "list", "rows", "links right", "all automatic right", "recall with review", "review",
    "in blocks", "twins right", "twins found", "seconds",
)  # fmt: skip


@click.command()
@click.option("--rows", default=10_000, show_default=True, help="Rows and patients of a list.")
@click.option("--tuning", is_flag=True, help="Take the seeds it was written with.")
@click.option(
    "--csv",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="People with a true_id instead of invented ones; see benchmarks/README.md.",
)
@click.option("--why", is_flag=True, help="Say for what reasons rows were asked about or missed.")
def main(rows: int, tuning: bool, file: Path | None, why: bool) -> None:
    """Match lists whose truth is known, and print how often the answer was right."""
    table = Table(*_COLUMNS)
    found: list[Measured] = []
    if file is not None:
        found.append(measure(read_csv(file)))
        table.add_row(file.name, *_cells(found[-1]))
    else:
        for seed in TUNING if tuning else HELD_OUT:
            found.append(measure(made(seed, rows, unseen=not tuning)))
            table.add_row(f"seed {seed}", *_cells(found[-1]))
    console = Console(width=150)
    console.print(table)
    if why:
        for one in found:
            console.print("asked", dict(one.asked_by.most_common()))
            console.print("missed", dict(one.missed_by.most_common(12)))


def _cells(one: Measured) -> list[str]:
    twins = one.right_twins + one.wrong_twins
    return [
        f"{one.rows:,}",
        f"{one.precision:.2%} ({one.wrong} wrong)",
        f"{one.automatic_precision:.2%}",
        f"{one.recall:.2%}",
        f"{one.review:.2%}",
        f"{one.blocking:.2%}",
        f"{one.right_twins / twins if twins else 1:.2%}",
        f"{one.right_twins / one.twins if one.twins else 1:.2%}",
        f"{one.seconds:.1f}",
    ]


if __name__ == "__main__":
    main()
