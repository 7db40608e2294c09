"""Headers and words of a table, however they are spelled, and what separates its cells.

Not here: which headers there are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["key", "meanings_of", "places_of", "separator_in"]

_T = TypeVar("_T")

_LONGEST = 200  # characters of a header that count
_SEP_LINE = re.compile(r'"?sep=([;,\t|])"?\s*', re.IGNORECASE)


def separator_in(line: str) -> str | None:
    """Return the separator that a first line tells (`sep=;`), as Excel writes it."""
    told = _SEP_LINE.fullmatch(line)
    return told[1] if told else None


@lru_cache(maxsize=1024)
def key(text: str) -> str:
    """Reduce a header or word, so that Bestätigt, bestaetigt and BESTATIGT are the same."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(filter(str.isalnum, bare))
    return letters.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def meanings_of(meanings: Mapping[_T, str]) -> dict[str, _T]:
    """Return what words stand for, in whatever spelling, from the words of each meaning."""
    return {key(word): meaning for meaning, words in meanings.items() for word in words.split()}


def places_of(fields: list[str], known: Iterable[tuple[str, Iterable[str]]]) -> dict[str, int]:
    """Return where each known column stands in a header, of those that it has.

    `known` are names of columns, each with the headers understood; where several columns of a
    file fit, the header listed first wins, and of equal ones the first column.
    """
    keys: dict[str, int] = {}
    for place, field in enumerate(fields):
        keys.setdefault(key(field[:_LONGEST]), place)
    places = {}
    for name, headers in known:
        fitting = [keys[each] for each in map(key, headers) if each in keys]
        if fitting:
            places[name] = fitting[0]
    return places
