"""Kölner Phonetik: names that sound alike get one code, under which they are looked up.

It never decides anything: Müller, Mahler and Miller are one code.
"""

from __future__ import annotations

__all__ = ["sound"]

# H. J. Postel, 1969. Letters that do not depend on their neighbours; "" is for H, which is mute.
_PLAIN = dict.fromkeys("aeiouyj", "0") | {
    "b": "1",
    **dict.fromkeys("fvw", "3"),
    **dict.fromkeys("gkq", "4"),
    "l": "5",
    **dict.fromkeys("mn", "6"),
    "r": "7",
    **dict.fromkeys("sz", "8"),
    "h": "",
}


def sound(word: str) -> str:
    """Return the code of a word in small letters without accents; "" where it has none."""
    codes = []
    for at, letter in enumerate(word):
        before = word[at - 1] if at else ""
        after = word[at + 1] if at + 1 < len(word) else ""
        codes.append(_code(letter, before, after))
    heard: list[str] = []
    last = ""
    for code in codes:
        for digit in code:
            if digit != last:
                heard.append(digit)
            last = digit
    # A vowel counts at the beginning alone.
    return "".join(heard[:1]) + "".join(digit for digit in heard[1:] if digit != "0")


def _code(letter: str, before: str, after: str) -> str:
    if letter == "p":
        return "3" if after == "h" else "1"
    if letter in "dt":
        return "8" if after and after in "csz" else "2"
    if letter == "x":
        return "8" if before and before in "ckq" else "48"
    if letter == "c":
        return _of_c(before, after)
    return _PLAIN.get(letter, "")


def _of_c(before: str, after: str) -> str:
    if not before:
        return "4" if after and after in "ahkloqrux" else "8"
    if before in "sz":
        return "8"
    return "4" if after and after in "ahkoqux" else "8"
