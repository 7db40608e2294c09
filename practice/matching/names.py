"""Names as they are compared: without titles and affixes, in every spelling of an umlaut.

Not here: how alike two of them are (`practice.matching.alike`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["NO_NAME", "Name", "PersonName", "bare", "read_names", "spelled"]

#: So much of a field is read. Longer names are none, and comparing takes the square of the length.
LONGEST = 120

_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "oe", "ł": "l", "đ": "d", "ı": "i", "þ": "th", "ð": "d"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
# An umlaut written as two letters; not in Bauer, Neuer or Quentin, where it is none.
_TWO_LETTERS = re.compile(r"(?<![aeiouq])([aou])e")
_TITLES_TEXT = """
dr doktor prof professor professorin dipl diplom mag herr frau hr fr univ priv pd ing
"""
_TITLES = frozenset(_TITLES_TEXT.split())
# Only after a title are these anything but a name.
_AFTER_TITLE_TEXT = """
med dent vet rer nat phil jur pol oec theol habil hc h c dr doz ing inform kfm kffr kauffrau
kaufmann psych biol chem paed päd soz volksw fh mult univ mba msc bsc ma ba
"""
_AFTER_TITLE = frozenset(_AFTER_TITLE_TEXT.split())
_AFFIXES_TEXT = """
von vom zu zum zur van der den dem de del della di da dos und v freiherr frhr freifrau freiin graf
graefin gräfin baron baronin prinz prinzessin edler ritter el al la le
"""
_AFFIXES = frozenset(_AFFIXES_TEXT.split())
_BORN = frozenset({"geb", "geborene", "geborener", "verw", "verh", "verheiratete"})
_GENERATIONS = {
    **dict.fromkeys(("jun", "jr", "junior"), "junior"),
    **dict.fromkeys(("sen", "sr", "senior"), "senior"),
}
_WORDS = re.compile(r"[^\W_]+\.?")
# Spellings that are heard alike, for names that were told on the telephone.
_HEARD = (
    (re.compile(r"(?:[ae][iy])"), "ei"),
    (re.compile(r"dt\b|th"), "t"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"ck|c(?=[aoukl])"), "k"),
    (re.compile(r"tz"), "z"),
    (re.compile(r"v(?=o)"), "f"),
    (re.compile(r"y"), "i"),
    (re.compile(r"j(?=a\b)"), "i"),
    (re.compile(r"(.)\1+"), r"\1"),
)


@dataclass(frozen=True, slots=True)
class Name:
    """A first or last name. Its parts are those of a double name, or several first names.

    `spelled` writes an umlaut as two letters, `bare` as one, `heard` as it sounds.
    """

    spelled: str
    bare: str
    heard: str
    parts: tuple[str, ...]


NO_NAME = Name("", "", "", ())


@dataclass(frozen=True, slots=True)
class PersonName:
    """Last and first name; `words` is all of it in any order; "junior", "senior" or ""."""

    last: Name
    first: Name
    words: tuple[str, ...]
    generation: str = ""


def spelled(text: str) -> str:
    """Return small letters without accents, an umlaut as two of them."""
    folded = unicodedata.normalize("NFC", text.casefold()).translate(_UMLAUTS)
    return _without_accents(folded)


def bare(text: str) -> str:
    """Return small letters without accents, an umlaut as one however it was written."""
    return _TWO_LETTERS.sub(r"\1", _without_accents(text.casefold()))


def read_names(last: str, first: str) -> PersonName:
    """Read the two fields of a name. Texts that are no names become empty ones."""
    last, first = _repaired(last), _repaired(first)
    if not first.strip() and "," in last:
        last, _, first = last.partition(",")
    last_words, generation = _words(last)
    first_words, other = _words(first)
    # "zu Guttenberg" and "Karl-Theodor Freiherr": an affix stands in either field.
    last_words, first_words = _without_affixes(last_words), _without_affixes(first_words)
    last_name, first_name = _name(last_words), _name(first_words)
    words = tuple(sorted({*last_name.parts, *first_name.parts}))
    return PersonName(last_name, first_name, words, generation or other)


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in plain if not unicodedata.combining(c))


def _repaired(text: str) -> str:
    """Take back what reading UTF-8 as Western European did: MÃ¼ller."""
    text = text[:LONGEST]
    if "Ã" in text or "Å" in text or "Ä" in text:
        try:
            return text.encode("cp1252").decode("utf-8")
        except UnicodeError:
            return text
    return text


def _words(text: str) -> tuple[list[str], str]:
    """Return the words of a field without titles, and the generation."""
    found = _WORDS.findall(unicodedata.normalize("NFC", text.casefold()))
    kept: list[str] = []
    generation, titled = "", False
    for raw in found:
        word = raw.rstrip(".")
        if word in _GENERATIONS and (kept or len(found) == 1):
            generation = _GENERATIONS[word]
        elif word in _BORN and kept:
            continue  # what follows is another last name of hers
        elif word in _TITLES or (titled and not kept and word in _AFTER_TITLE):
            titled = True
        else:
            kept.append(word)
    return kept or [raw.rstrip(".") for raw in found[-1:]], generation


def _without_affixes(words: list[str]) -> list[str]:
    kept = [word for word in words if word not in _AFFIXES]
    return kept or words[-1:]


def _name(words: list[str]) -> Name:
    if not words:
        return NO_NAME
    parts = tuple(bare(word) for word in words)
    return Name("".join(spelled(word) for word in words), "".join(parts), _heard(parts), parts)


def _heard(parts: tuple[str, ...]) -> str:
    text = " ".join(parts)
    for pattern, letter in _HEARD:
        text = pattern.sub(letter, text)
    return text.replace(" ", "")
