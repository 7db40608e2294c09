"""Values that are told wrongly, and lists that are too long, found in the lines themselves.

The library takes digits of every script for a date, P for a duration, and four seconds for a
megabyte of commas. Not here: what the values mean (`practice.vevent.checking`).

Sources: RFC 5545 3.3.4 to 3.3.6, 3.7.1, 3.7.4.
"""

from __future__ import annotations

import re

from practice.content_lines import CONTENT_LINE
from practice.errors import InvalidText, TooLarge

__all__ = ["check_values"]

#: Values of one line: 3,000 exceptions of a series, or all the categories of a practice.
MOST_VALUES = 10_000
#: Every day of a year from both of its ends, in one part, is a third of it.
LONGEST_RULE = 10_000
_TIME = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_TIMES = re.compile(r"[\dTZPWDHMS/,+-]*", re.ASCII)
_NOUGHT = r"(?:COUNT|BY(?:SETPOS|MONTH|MONTHDAY|YEARDAY|WEEKNO))=(?:[^;]*,)?[+-]?0+(?:[,;]|$)"
_FORMS = {
    **dict.fromkeys(("DTSTART", "DTEND", "DUE", "RECURRENCE-ID"), _TIME),
    **dict.fromkeys(("RDATE", "EXDATE", "FREEBUSY"), _TIMES),
    "CATEGORIES": re.compile(".*"),
    "RRULE": re.compile(f"(?!.*{_NOUGHT})[\x20-\x7e]*", re.IGNORECASE),
    "DURATION": re.compile(r"\+?P(?=[\dT])(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?", re.ASCII),
    "SEQUENCE": re.compile(r"[+-]?\d{1,10}", re.ASCII),
    "VERSION": re.compile(r"([\d.]+;)?2\.0", re.ASCII),
    "CALSCALE": re.compile("GREGORIAN", re.IGNORECASE),
}
_LINE = re.compile(rf"^({'|'.join(_FORMS)})[;:][^\r\n]*", re.MULTILINE | re.IGNORECASE)


def check_values(text: str) -> None:
    """Raise InvalidText or TooLarge for a value in an unfolded text that nobody should read."""
    for line in _LINE.finditer(text):
        name = line[1].upper()
        head = CONTENT_LINE.match(line[0])
        value = line[0][head.end() :].strip() if head else ""
        if value.count(",") >= MOST_VALUES:
            raise TooLarge(f"A list may have {MOST_VALUES} values.")
        if name == "RRULE" and len(value) > LONGEST_RULE:
            raise TooLarge(f"A recurrence rule may have {LONGEST_RULE} characters.")
        if not _FORMS[name].fullmatch(value):
            raise InvalidText(f"The value of {name} is not one that iCalendar knows.")
