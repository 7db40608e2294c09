"""What the cells of a patient list say: a record, what else is told, and what is doubtful.

Not here: which column is which (`booking_adapter.lists.tables`), nor GDT's own codes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from booking_adapter.lists.fields import MORE
from booking_adapter.lists.insurances import insurance_in, is_word, number_is_wrong
from booking_adapter.lists.shapes import Doubt, Row, Unreadable
from booking_adapter.tables.people import names_in
from practice.patients import PatientRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from booking_adapter.lists.births import Births

__all__ = ["LONGEST_CELL", "cleaned", "row_of"]

LONGEST_CELL = 1_000  # characters

_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,250}\.[^@\s<>,;.\"]{2,63}")
#: 1,23457E+11: what a spreadsheet makes of a long number, whose last digits are lost.
_SHORTENED = re.compile(r"\d[.,]\d+E\+?\d+", re.ASCII | re.IGNORECASE)
#: ="0123": how a number keeps its zeros in a spreadsheet.
_KEPT_ZEROS = re.compile(r'="([^"]*)"')
_NOT_TOLD = frozenset(
    "-,--,---,?,n/a,k.a.,k. a.,keine,keine angabe,null,none,nan,unbekannt,unknown".split(",")  # noqa: SIM905
)
_TITLE = re.compile(
    r"(?:(?:Dr|Prof|Priv|Doz|Dipl|Mag|Ing|med|dent|vet|rer|nat|phil|jur|habil|univ|h\. ?c)\.[ -]*"
    r"|(?:Dr|Prof|PD)[ -]+)+",
    re.IGNORECASE,
)
_SALUTATION = re.compile(r"(?:Herr|Frau|Hr\.|Fr\.|Mr\.?|Mrs\.?|Ms\.?) +", re.IGNORECASE)


def cleaned(text: str) -> str:
    """Return a cell's text in one line, composed, without control characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # most of them
    composed = unicodedata.normalize("NFC", text)
    if not composed.isprintable():
        # Nor signs that nobody sees, such as those that turn the direction of writing.
        shown = (sign if sign.isprintable() or sign.isspace() else "" for sign in composed)
        composed = "".join(shown)
    return " ".join(composed.split())


class _Reading:
    """One row on its way: cells are taken out of `told`, the rest of what they say is kept."""

    def __init__(self, told: Mapping[str, str], births: Births) -> None:
        self.told = told
        self.births = births
        self.more = {name: told[name] for name in MORE if told.get(name)}
        self.doubts: list[Doubt] = []

    def field(self, name: str) -> str:
        text = self.told.get(name)
        if not text:
            return ""
        if match := _KEPT_ZEROS.fullmatch(text):
            text = match[1].strip()
        return "" if text.casefold() in _NOT_TOLD else text

    def refuse(self, name: str, code: str) -> str:
        """Keep a cell that is not taken over, for a person to look at."""
        self.more[name] = self.told[name]
        self.doubts.append(Doubt(code, name))
        return ""

    def birth_date(self) -> str:
        text = self.field("birth_date")
        if not text:
            return ""
        born, code = self.births.read(text)
        if not born and code:
            return self.refuse("birth_date", code)
        if code:
            self.doubts.append(Doubt(code, "birth_date"))
        return born

    def email(self) -> str:
        text = self.field("email").removeprefix("mailto:")
        fine = not text or _EMAIL.fullmatch(text)
        return text if fine else self.refuse("email", "email_unreadable")

    def phone(self, name: str) -> str:
        text = self.field(name)
        fine = not text or (sum(map(str.isdecimal, text)) >= 3 and not _SHORTENED.fullmatch(text))
        return text if fine else self.refuse(name, "phone_unreadable")

    def number(self, name: str) -> str:
        text = self.field(name)
        return self.refuse(name, "number_unreadable") if _SHORTENED.fullmatch(text) else text

    def insurance_number(self) -> str:
        number = self.number("insurance_number").replace(" ", "").upper()
        if number_is_wrong(number):
            self.doubts.append(Doubt("insurance_number_wrong", "insurance_number"))
        return number

    def insurance(self) -> str:
        text = self.field("insurance")
        found = insurance_in(text)
        if text and not found:
            return self.refuse("insurance", "insurance_unknown")
        if text and not is_word(text):
            self.more.setdefault("insurer", text)
        return found or insurance_in(self.field("insurer"))

    def names(self) -> tuple[str, str]:
        """Return last and first name; titles in a name go where they belong."""
        last, first = self.told.get("last_name", ""), self.told.get("first_name", "")
        whole = self.told.get("name", "")
        if "first_name" in self.told:
            last = last or whole  # beside first names, a name is the last one
        if last and (first or "," not in last):
            return last, first
        last, first = names_in(self._without_title(last or whole))
        return self._without_title(last), self._without_title(first)

    def _without_title(self, name: str) -> str:
        for kind, pattern in (("salutation", _SALUTATION), ("title", _TITLE)):
            match = pattern.match(name)
            if match and name[match.end() :].strip(" ,"):
                self.more.setdefault(kind, match[0].strip())
                name = name[match.end() :].strip()
        return name


def row_of(
    line: int, told: Mapping[str, str], births: Births, doubts: tuple[Doubt, ...] = ()
) -> Row | Unreadable:
    """Make a row of cleaned cells by our fields' names, none longer than `LONGEST_CELL`.

    Nothing that is told is lost: what is not taken over stays in `more`, with a doubt.
    """
    reading = _Reading(told, births)
    last, first = reading.names()
    if not any(map(str.isalpha, last)):
        return Unreadable(line, Doubt("no_name"))
    mobile = reading.phone("mobile")
    record = PatientRecord(
        last_name=last,
        first_name=first,
        birth_date=reading.birth_date(),
        email=reading.email(),
        phone=reading.phone("phone") or mobile,
        insurance=reading.insurance(),
        number=reading.number("number"),
        booking_system_id=reading.number("booking_system_id") or None,
        insurance_number=reading.insurance_number(),
    )
    if any("\ufffd" in text for text in told.values()):
        reading.doubts.append(Doubt("characters_lost"))
    return Row(line, record, reading.more, doubts + tuple(reading.doubts))
