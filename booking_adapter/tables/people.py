"""What tables tell of people in few words: a name in one cell, a kind of insurance.

Not here: which columns hold them.
"""

from __future__ import annotations

from booking_adapter.tables.headers import meanings_of
from practice.appointments import Insurance

__all__ = ["INSURANCES", "names_in"]

#: The kind of insurance that a word stands for, by its `key`.
INSURANCES = meanings_of(
    {
        Insurance.STATUTORY.value: "gesetzlich GKV gesetzlich-versichert Kasse statutory",
        Insurance.PRIVATE.value: "privat PKV privat-versichert Privatpatient private",
        Insurance.SELF_PAYING.value: "Selbstzahler Selbstzahlerin self-paying",
    }
)


def names_in(whole: str) -> tuple[str, str]:
    """Return last and first name of "Nachname, Vorname" or "Vorname Nachname".

    Either may be empty. Words in lower case belong to the last name: Anna von der Aue.
    """
    if "," in whole:
        last, _, first = whole.partition(",")
        return last.strip(), first.strip()
    words = whole.split()
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].islower():
        begin -= 1
    return " ".join(words[begin:]), " ".join(words[: max(begin, 0)])
