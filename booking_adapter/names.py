"""Names of people as tools have them in one field."""

from __future__ import annotations

__all__ = ["split_name"]


def split_name(name: str) -> tuple[str, str]:
    """Return last and first name of "Last, First" or "First Last", with what belongs to the last:
    "Anna von der Aue".
    """
    if "," in name:
        last, _, first = name.partition(",")
        return last.strip(), first.strip()
    words = name.split()
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].islower():
        begin -= 1
    return " ".join(words[begin:]), " ".join(words[:begin])
