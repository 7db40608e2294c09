"""Kinds of insurance as lists name them, and the numbers on insurance cards.

Not here: what an insurance is called in an appointment (`practice.appointments`).
"""

from __future__ import annotations

import re

from booking_adapter.tables.headers import key
from booking_adapter.tables.people import INSURANCES
from practice.appointments import Insurance

__all__ = ["insurance_in", "is_word", "number_is_wrong"]

#: Lists also name what the card says (member, family, pensioner; 1, 3, 5 and 1000, 3000, 5000).
_WORDS = INSURANCES | {
    key(word): kind.value
    for kind, words in (
        (
            Insurance.STATUTORY,
            "g,gesetzl,gesetzliche,gesetzliche krankenversicherung,gesetzlich krankenversichert,"
            "kassenpatient,kassenpatientin,kv,ges,public,mitglied,familie,familienversichert,"
            "familienversicherter,rentner,rentnerin,1,3,5,1000,3000,5000,10001,30001,50001",
        ),
        (
            Insurance.PRIVATE,
            "p,priv,private krankenversicherung,privat krankenversichert,privatpatientin,"
            "privatversicherung,privatversichert,beihilfe",
        ),
        (
            Insurance.SELF_PAYING,
            "s,sz,selbst,selbstzahlend,eigenzahler,igel,self-pay,self payer,self",
        ),
    )
    for word in words.split(",")
}
#: What insurers' names begin with whom everybody is insured with by law.
_STATUTORY = re.compile(
    r"(?:aok|bkk|ikk|barmer|dak|kkh|tk|techniker|hkk|hek|knappschaft|kbs|svlfg|lkk|mobil krankenk"
    r"|\w+ bkk)\b",
    re.IGNORECASE,
)
_CARD_NUMBER = re.compile(r"([A-Z])(\d{8})(\d)", re.ASCII)


def insurance_in(text: str) -> str:
    """Return the value of the `Insurance` that a word or an insurer's name means, "" for none."""
    if not text:
        return ""
    found = _WORDS.get(key(text))
    if found:
        return str(found)
    return Insurance.STATUTORY.value if _STATUTORY.match(text) else ""


def is_word(text: str) -> bool:
    """Tell whether a text names a kind of insurance, not an insurer."""
    return key(text) in _WORDS


def number_is_wrong(number: str) -> bool:
    """Tell whether a number looks like that of a card, a letter and nine digits, but is none.

    Its last digit is a check digit; numbers of another look are others' and not judged.
    """
    match = _CARD_NUMBER.fullmatch(number)
    if not match:
        return False
    digits = f"{ord(match[1]) - ord('A') + 1:02}{match[2]}"
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits))
    return sum(each // 10 + each % 10 for each in doubled) % 10 != int(match[3])
