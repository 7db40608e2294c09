"""Where the bars of a plot stand. Not here: what they show, nor how they are drawn (templates)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bar", "Plot", "columns", "rows"]

#: In the units of the drawing, which is as wide as the narrowest screen has room for.
WIDTH, HEIGHT = 340, 180
_LEFT, _BOTTOM, _TOP = 34, 22, 14
_ROW, _NAME, _BEHIND = 30, 118, 46
_LINES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, its label beside the axis ("" for none) and the value in words."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: str

    @property
    def middle(self) -> float:
        """Where the label stands, along the axis."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars, and the lines behind them: where they are and what they stand for."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...]
    floor: float


def columns(
    values: Sequence[float | None], labels: Sequence[str], words: Sequence[str], unit: str = ""
) -> Plot:
    """Return columns from left to right; None has none. Every second is labelled, and the last."""
    step = _step(max((value for value in values if value), default=0.0))
    top, floor = step * _LINES, HEIGHT - _BOTTOM
    tall, wide = floor - _TOP, (WIDTH - _LEFT) / max(1, len(values))
    bars = tuple(
        Bar(
            x=round(_LEFT + n * wide + wide * 0.15, 1),
            y=round(floor - tall * (value or 0) / top, 1),
            width=round(wide * 0.7, 1),
            height=round(tall * (value or 0) / top, 1),
            label=label if (len(values) - 1 - n) % 2 == 0 else "",
            value=word,
        )
        for n, (value, label, word) in enumerate(zip(values, labels, words, strict=True))
    )
    lines = tuple(
        (round(floor - tall * n / _LINES, 1), f"{step * n:g}{unit}") for n in range(_LINES + 1)
    )
    return Plot(WIDTH, HEIGHT, bars, lines, floor)


def rows(values: Sequence[float | None], labels: Sequence[str], words: Sequence[str]) -> Plot:
    """Return bars below each other; 1 is as long as there is room, and so is what is above."""
    long = WIDTH - _NAME - _BEHIND
    bars = tuple(
        Bar(
            x=_NAME,
            y=n * _ROW + 6,
            width=round(long * min(1.0, value or 0), 1),
            height=_ROW - 12,
            label=label if len(label) <= _MOST else f"{label[: _MOST - 1].rstrip()}…",
            value=word,
        )
        for n, (value, label, word) in enumerate(zip(values, labels, words, strict=True))
    )
    return Plot(WIDTH, _ROW * max(1, len(values)), bars, (), 0)


#: Letters of a name that fit beside a bar.
_MOST = 17


def _step(most: float) -> float:
    """Return a round number of which four reach as far."""
    step, digit = 1.0, 0
    while step * _LINES < most:
        step *= (2, 2.5, 2)[digit % 3]
        digit += 1
    return step
