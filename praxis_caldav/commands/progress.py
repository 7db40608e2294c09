"""A progress bar for what takes long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["bar"]


class Bar(Protocol):
    """Hears how much is done, and of how much where that was not known before."""

    def __call__(self, done: int, of: int | None = None) -> None: ...


@contextmanager
def bar(title: str, total: int, quiet: bool) -> Iterator[Bar]:
    """Show a progress bar on standard error, if somebody looks at it."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
    )
    with Progress(
        *columns, TimeRemainingColumn(), console=console, disable=quiet or not console.is_terminal
    ) as progress:
        task = progress.add_task(title, total=max(total, 1))
        yield lambda done, of=None: progress.update(task, completed=done, total=of)
