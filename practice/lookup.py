"""By what patients are looked for: the keys of each, and what somebody who types asks for. Pure.

A key is a letter that says what it is of, and the thing itself in one form. Everything that is
looked for is a key, a range of keys that begin alike, or one letter away from a key. Not here: the
tables (`practice.database.patient_search`), nor the order of what is found
(`practice.use_cases.patient_search`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from practice.phonetics import sound_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from practice.patients import PatientRecord

__all__ = [
    "LONGEST_KEY",
    "MOST_WORDS",
    "ORDER",
    "Near",
    "Ways",
    "bare",
    "is_real_date",
    "key_of",
    "keys_of",
    "last_in",
    "mail_key",
    "order_key",
    "spelled",
    "typo_ranges",
    "ways_of",
    "word_of",
    "words_in",
]

LONGEST_KEY = 80
#: Of what somebody types, so many words count.
MOST_WORDS = 8
#: Shorter words are not looked for with a typo, or by sound: too much would be like them.
_LEAST_TYPO, _LEAST_SOUND = 3, 3
_LEAST_DIGITS, _LEAST_LAST_DIGITS, _LEAST_MAIL = 3, 4, 3

#: All that patients are listed by.
ORDER = "o"
# What another key is of.
_LAST, _WORD, _BACKWARDS, _SOUND = "l", "w", "r", "s"
_BORN, _BORN_GERMAN, _PHONE, _PHONE_BACKWARDS, _MAIL, _NUMBER = "b", "g", "f", "e", "m", "n"

_SPELLED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l", "đ": "d", "ı": "i"}
)
# An umlaut written as two letters; not in Bauer, Neuer or Quentin, where it is none.
_TWO_LETTERS = re.compile(r"(?<![aeiouq])([aou])e")
_WORDS = re.compile(r"[^\W_]+")
_GERMAN = re.compile(r"(\d{1,2})\.(?:(\d{1,2})(?:\.(\d{0,4}))?)?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(?:(\d{2})(?:-(\d{0,2}))?|\d?)", re.ASCII)
_PHONE_LIKE = re.compile(r"[+(]?[\d()/ \-]+", re.ASCII)
_LEADING = re.compile(r"\D*0*", re.ASCII)
#: How people are addressed is no part of their names.
_ADDRESSED = frozenset({"dr", "prof", "herr", "frau", "med", "dipl", "ing"})


@dataclass(frozen=True, slots=True)
class Near:
    """A word that a key may be one typo away from."""

    word: str


@dataclass(frozen=True, slots=True)
class Ways:
    """What one typed word may mean: keys, and beginnings of keys, each with its worth; and what
    is to be looked for with a typo.
    """

    word: str
    exact: tuple[tuple[str, int], ...]
    begins: tuple[tuple[str, int], ...]
    near: tuple[Near, ...] = ()


def last_in(start: str) -> str:
    """Return what comes behind every key that begins so."""
    return f"{start}\U0010ffff"


def spelled(text: str) -> str:
    """Return small letters without accents, an umlaut as two of them."""
    # Composed before it is spelled out: some systems write an umlaut as a letter and two dots.
    folded = unicodedata.normalize("NFC", text.casefold()).translate(_SPELLED)
    return _without_accents(folded)


def bare(text: str) -> str:
    """Return small letters without accents, an umlaut or ß as one however it was written."""
    return _TWO_LETTERS.sub(r"\1", _without_accents(text.casefold())).replace("ss", "s")


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_SPELLED)


def words_in(text: str) -> list[str]:
    """Return the words of a name as they are written, in small letters."""
    return _WORDS.findall(unicodedata.normalize("NFC", text.casefold()))


def _forms(word: str) -> tuple[str, ...]:
    """Return a word in the forms under which it is kept, and looked for."""
    return tuple(dict.fromkeys((spelled(word), bare(word))))


# --- Keys of a patient --------------------------------------------------------------------------


def keys_of(record: PatientRecord) -> list[str]:
    """Return the keys under which a patient is looked for, each once, sorted."""
    found = {key[:LONGEST_KEY] for key in _keys(record)}
    return sorted(key for key in found if len(key) > 1 and key.isprintable())


def _keys(record: PatientRecord) -> Iterator[str]:
    last, first = words_in(record.last_name), words_in(record.first_name)
    for form in _forms("".join(last)):
        yield _LAST + form
    # A double name is also written as one word.
    for word in {*last, *first, "".join(last), "".join(first)}:
        for form in _forms(word):
            yield _WORD + form
            yield _BACKWARDS + form[::-1]
        yield _SOUND + sound_of(bare(word))
    born = record.birth_date.replace("-", "")
    yield _BORN + born
    if len(born) == 8:
        yield _BORN_GERMAN + born[6:] + born[4:6] + born[:4]
    phone = _phone(record.phone)
    yield _PHONE + phone
    yield _PHONE_BACKWARDS + phone[::-1]
    yield mail_key(record.email)
    for number in (record.number, record.insurance_number):
        told = _number(number)
        yield _NUMBER + told
        yield _NUMBER + _LEADING.sub("", told, count=1)
    yield order_key(record)


def mail_key(email: str) -> str:
    """Return the key of an e-mail address, the same for capitals and small letters."""
    return (_MAIL + email.strip().casefold())[:LONGEST_KEY]


def order_key(record: PatientRecord) -> str:
    """Return what patients are listed by: last name, then first name, umlauts as their vowels.

    Two blanks between the two: so Müller, Zoe comes before Müller Lüdenscheidt, Anna.
    """
    names = (" ".join(map(bare, words_in(name))) for name in (record.last_name, record.first_name))
    return (ORDER + "  ".join(names))[:LONGEST_KEY]


def _number(text: str) -> str:
    return "".join(text.split()).casefold()


def _phone(text: str) -> str:
    """Return the digits of a telephone number without those for Germany or for "outside"."""
    digits = "".join(c for c in text.replace("(0)", "") if c in "0123456789")
    if text.strip().startswith("+") or digits.startswith("00"):
        return digits.removeprefix("00").removeprefix("49")
    return digits.removeprefix("0")


# --- What is asked ------------------------------------------------------------------------------


def ways_of(text: str) -> list[Ways]:
    """Return what each typed word may mean; at most MOST_WORDS of them."""
    text = text[:200].replace("\0", " ").encode("utf-8", "ignore").decode()
    text = unicodedata.normalize("NFC", text).strip()
    typed = text.replace(",", " ").replace(";", " ").split()
    if len(typed) > 1 and _PHONE_LIKE.fullmatch(text) and not any(map(_ISO.fullmatch, typed)):
        typed = [text]  # a telephone number with blanks in it
    told = {ways.word: ways for one in typed for ways in _ways(one)}
    named = [ways for word, ways in told.items() if word not in _ADDRESSED]
    return (named or list(told.values()))[:MOST_WORDS]


def _ways(typed: str) -> Iterator[Ways]:
    """Yield what one typed word means: as it is if it is a date, an address or a number, else
    each of its parts: Müller-Lüdenscheidt.
    """
    exact = [(_NUMBER + _number(typed), 100)]
    begins = [*((start, 95) for start in _born(typed)), *_phones(typed)]
    if len(typed) >= 2:
        begins.append((_NUMBER + _number(typed), 88))
    if len(typed) >= _LEAST_MAIL:
        exact.append((_MAIL + typed.casefold(), 100))
        begins.append((_MAIL + typed.casefold(), 80))
    words = words_in(typed)
    if len(words) == 1 and words[0].isalpha() and "@" not in typed:
        yield _of_word(words[0], tuple(exact), tuple(begins))
    elif words and all(word.isalpha() for word in words) and "@" not in typed and "." not in typed:
        yield from (_of_word(word) for word in words)
    elif words:
        yield Ways(typed, _cut(exact), _cut(begins))


def _of_word(
    word: str,
    exact: tuple[tuple[str, int], ...] = (),
    begins: tuple[tuple[str, int], ...] = (),
) -> Ways:
    forms = _forms(word)
    keys = [*exact]
    starts = [*begins]
    for form in forms:
        keys += [(_LAST + form, 100), (_WORD + form, 96)]
        # As one types, "Mü" may become Müller; but "mu" is not all that it was meant as.
        less = 0 if form == forms[0] else 10
        starts += [(_LAST + form, 92 - less), (_WORD + form, 86 - less)]
    sound = sound_of(bare(word))
    if len(word) >= _LEAST_SOUND and len(sound) > 1:
        keys.append((_SOUND + sound, 60))
    # Where the umlaut is the typo, the letter after it is none of it.
    meant = dict.fromkeys((*forms, _without_accents(word)))
    near = tuple(Near(form) for form in meant if len(form) >= _LEAST_TYPO)
    return Ways(word, _cut(keys), _cut(starts), near)


def _cut(keys: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple((key[:LONGEST_KEY], worth) for key, worth in dict(keys).items() if len(key) > 1)


def _born(typed: str) -> Iterator[str]:
    """Yield the beginnings of keys that a birth date stands for, as far as it is typed."""
    if found := _GERMAN.fullmatch(typed):
        day, month, year = (found[1].zfill(2), found[2], found[3] or "")
        if month is None:
            yield _BORN_GERMAN + day
        elif found[3] is None:
            yield _BORN_GERMAN + day + month
        else:
            yield _BORN_GERMAN + day + month.zfill(2) + year
            if len(year) == 2:
                yield from (f"{_BORN_GERMAN}{day}{month.zfill(2)}{c}{year}" for c in ("19", "20"))
    elif _ISO.fullmatch(typed):
        yield _BORN + typed.replace("-", "")
    elif typed.isascii() and typed.isdigit() and len(typed) in {4, 6, 8}:
        yield _BORN + typed
        yield _BORN_GERMAN + typed


def _phones(typed: str) -> Iterator[tuple[str, int]]:
    if not _PHONE_LIKE.fullmatch(typed):
        return
    digits = _phone(typed)
    if len(digits) >= _LEAST_DIGITS:
        yield _PHONE + digits, 84
    if len(digits) >= _LEAST_LAST_DIGITS:
        yield _PHONE_BACKWARDS + digits[::-1], 82


def typo_ranges(near: Near) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the two beginnings, of words and of words backwards, of which a word that is one
    typo away has one: a typo, also two letters that changed places, leaves one side as it is.
    """
    half = len(near.word) // 2
    start, end = near.word[:half], near.word[half + 1 :]
    return (_WORD, start), (_BACKWARDS, end[::-1])


def word_of(key: str) -> str:
    """Return the word that a key of `typo_ranges` is of."""
    return key[1:] if key.startswith(_WORD) else key[:0:-1]


def key_of(word: str) -> str:
    """Return the key of a word."""
    return (_WORD + word)[:LONGEST_KEY]


def is_real_date(text: str) -> bool:
    """Tell whether a text is an ISO date of a day that there was or will be."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
