"""Kölner Phonetik: words that sound alike in German get one code.

It never decides who somebody is: Müller, Mahler and Miller are one code.
"""

from __future__ import annotations

from itertools import groupby

__all__ = ["sound_of"]

# H. J. Postel, 1969. Letters whose code does not depend on their neighbours; H is mute.
_CODES = {
    **dict.fromkeys("aeijouy", "0"),
    "b": "1",
    **dict.fromkeys("fvw", "3"),
    **dict.fromkeys("gkq", "4"),
    "l": "5",
    **dict.fromkeys("mn", "6"),
    "r": "7",
    **dict.fromkeys("sz", "8"),
}


def sound_of(word: str) -> str:
    """Return the code of a word in small letters without accents; "" where it has none."""
    around = zip(f" {word}", word, f"{word[1:]} ", strict=False)
    codes = "".join(_code(*three) for three in around)
    heard = "".join(digit for digit, _ in groupby(codes))
    # A vowel is heard at the beginning alone.
    return heard[:1] + heard[1:].replace("0", "")


def _code(before: str, letter: str, after: str) -> str:
    if letter == "c":
        if before == " ":
            return "4" if after in "ahkloqrux" else "8"
        return "4" if before not in "sz" and after in "ahkoqux" else "8"
    if letter in "dt":
        return "8" if after in "csz" else "2"
    if letter == "p":
        return "3" if after == "h" else "1"
    if letter == "x":
        return "8" if before in "ckq" else "48"
    return _CODES.get(letter, "")
