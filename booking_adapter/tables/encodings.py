"""Which encoding a text is in that does not say so, judged by what its words would look like.

Not here: how a file is cut into lines (`booking_adapter.tables.text`).
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["SINGLE_BYTE", "encoding_of", "likeliest"]

#: What German programs have written, the likeliest first: Windows, DOS, the first Macs.
SINGLE_BYTE = ("cp1252", "cp850", "cp437", "mac_roman")

_TELLING = re.compile(rb"[\x80-\xff]{1,30}")
_ENOUGH = 3_000  # places in the text
_SURE = 6  # points by which one has to look better than the one that a text names
_GERMAN = frozenset("äöüßÄÖÜ")
_USUAL = frozenset("éèêëáàâåíóôøúçñæœšžÉÈÊÁÀÂÅÓØÚÇÑÆŠŽ")
_RARE = frozenset("ìîïòùûýÿÍÎÔÛÝ")
_SIGNS = frozenset("–—„“”‚‘’…€§°´«»\xa0")


def encoding_of(lines: Iterable[bytes]) -> str | None:
    """Tell the encoding from the lines that are not ASCII; None if there are none.

    By majority, so that one broken line makes neither mojibake of all others nor hides itself:
    text in one byte a letter is hardly ever valid UTF-8.
    """
    telling = [line for line in lines if not line.isascii()]
    if not telling:
        return None
    others = [line for line in telling if not _is_utf8(line)]
    return "utf-8" if 2 * len(others) <= len(telling) else likeliest(others)


def likeliest(
    lines: Iterable[bytes], candidates: Sequence[str] = SINGLE_BYTE, *, named: bool = False
) -> str:
    """Return the encoding in which the words look most like names of people.

    The first candidate stands if the others are no better; if it is `named` in the text itself,
    unless it is plainly wrong.
    """
    words: list[bytes] = []
    for line in lines:
        # With a letter on either side: what stands where makes it likely or not.
        found = islice(_TELLING.finditer(line), _ENOUGH)
        words += [line[max(0, each.start() - 1) : each.end() + 1] for each in found]
        if len(words) >= _ENOUGH:
            break
    text = b" ".join(words)
    points = {name: _points(text.decode(name, "replace")) for name in candidates}
    first, best = candidates[0], max(candidates, key=points.__getitem__)
    if named:
        return best if points[first] < min(0, points[best] - _SURE) else first
    return best if points[best] > points[first] else first


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _points(text: str) -> int:
    around = f" {text} "
    return sum(
        _point(around[place : place + 3])
        for place, letter in enumerate(text)
        if not letter.isascii()
    )


def _point(three: str) -> int:
    """Value a letter between its neighbours."""
    before, letter, behind = tuple(three)
    if letter in _SIGNS:
        within = before.isalpha() and behind.isalpha() and letter != "’"
        return -6 if within else 1
    worth = 10 if letter in _GERMAN else 4 if letter in _USUAL else 2
    if worth == 2 and letter not in _RARE:
        return -8
    odd = 0
    if letter == "ß":  # only behind a vowel; elsewhere it is an á of another encoding
        odd = 0 if before.lower() in "aeiouyäöü" else 14
    elif letter.isupper():
        odd = 8 if before.islower() or (before.isalpha() and behind.islower()) else 0
    elif not before.isalpha() or (before.isupper() and behind.isupper()):
        odd = 6
    return worth - odd
