"""Text in GDT's character sets: what one lacks is written with the letters it has.

Not here: fields and records (`booking_adapter.lists.gdt_writing`).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from booking_adapter.lists.gdt_fields import Charset

__all__ = ["encoded"]

# fmt: off
_SPELLED = {
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS",
    "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "oe", "Ø": "Oe", "å": "aa", "Å": "Aa",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th",
    "ı": "i", "ħ": "h", "ŋ": "n", "ĸ": "k", "ŧ": "t", "ə": "e", "Ə": "E",
    "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "…": "...", "€": "EUR", "•": "-",
    "„": '"', "“": '"', "”": '"', "«": '"', "»": '"', "‚": "'", "‘": "'", "’": "'", "´": "'",
    "\xa0": " ", "\u202f": " ", "\u2009": " ", "§": "Par.", "°": "Grad", "µ": "u", "×": "x",
}
# fmt: on


def encoded(text: str, charset: Charset) -> bytes:
    """Return a text in one line, in a character set; never raises.

    Letters that the set lacks lose their accents or are spelled out; of what cannot be written at
    all `?` remains. Control characters, which would begin a new field, become spaces.
    """
    line = "".join(sign if sign.isprintable() or sign == "\xa0" else " " for sign in text)
    composed = unicodedata.normalize("NFC", line).strip(" ")
    return b"".join(_sign(sign, charset.encoding) for sign in composed)


def _sign(sign: str, encoding: str) -> bytes:
    if written := _written(sign, encoding):
        return written
    spelled = _SPELLED.get(sign)
    if spelled is None:
        parts = unicodedata.normalize("NFKD", sign)
        spelled = "".join(part for part in parts if not unicodedata.combining(part))
        spelled = "".join(_SPELLED.get(part, part) for part in spelled)
    return _written(spelled, encoding) or (b"?" if spelled else b"")


def _written(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return b""
