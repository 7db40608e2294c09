"""Says in German what the practice and this door say in English: by the table of german.toml.

What is not in the table is told by the kind of problem alone, so that nobody reads a language that
was not asked for. Not here: texts of pages, nor which language somebody reads (`cookies`).
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["field_in_german", "in_german", "sentences", "title_in_german"]

_ODD_FIELD = "Diese Angabe passt so nicht."
_ODD_FIELDS = "Bitte prüfen Sie diese Angaben."


def title_in_german(slug: str) -> str:
    """Return what a kind of problem is called."""
    return str(_table()["kinds"][slug][0])


def in_german(sentence: str, slug: str, more: Mapping[str, Any]) -> str:
    """Return what a problem says; `more` is told beside it, as in `problems`."""
    if more.get("errors"):
        return _ODD_FIELDS
    known = _known("sentences", sentence)
    return known if known is not None else _filled(str(_table()["kinds"][slug][1]), more)


def sentences() -> Mapping[str, str]:
    """Return what stands for sentences that are always the same, for who meets them elsewhere."""
    return _read("sentences")[0]


def field_in_german(sentence: str) -> str:
    """Return what is wrong with a field."""
    known = _known("fields", sentence)
    return known if known is not None else _known("sentences", sentence) or _ODD_FIELD


def _filled(text: str, more: Mapping[str, Any]) -> str:
    until = str(more.get("until", ""))
    day = ".".join(reversed(until.split("-")))
    return text.format(until=day, count=more.get("count", ""))


def _known(part: str, sentence: str) -> str | None:
    exact, patterns = _read(part)
    if sentence in exact:
        return exact[sentence]
    for pattern, text in patterns:
        if found := pattern.fullmatch(sentence):
            return text.format(*found.groups())
    return None


@cache
def _read(part: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Return the sentences that are always the same, and those with something in them."""
    told: dict[str, str] = _table()[part]
    patterns = [
        (re.compile("(.*)".join(map(re.escape, one.split("{}"))), re.DOTALL), text)
        for one, text in told.items()
        if "{}" in one
    ]
    return {one: text for one, text in told.items() if "{}" not in one}, patterns


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "german.toml").read_text("utf-8"))
