"""The one way for a client's text into the `icalendar` library.

The library looks for the names of zones among files, guesses, and remembers for the whole
process: the first text to name a zone would decide what it means in all others, a folder's name
raises an error of the file system, and a name of many slashes costs its length squared. So names
of zones are out of its sight while it reads, and times stay as they are told. So are VTIMEZONEs,
which it expands as soon as it sees them: one that changes every nought years, for ever.
"""

from __future__ import annotations

import re
from typing import Any

from icalendar import Calendar as ICalendar

from practice.content_lines import CONTENT_LINE
from practice.errors import InvalidText

__all__ = ["calendar_of"]

_UNREADABLE = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, OSError)
_HIDDEN = "X-PRAXIS-TZID"
_TZID = re.compile(r";TZID=", re.IGNORECASE)
#: A content line that may have such a parameter; the text is unfolded.
_LINE = re.compile(r"^[^\r\n]*;TZID=[^\r\n]*", re.MULTILINE | re.IGNORECASE)


def calendar_of(text: str) -> ICalendar:
    """Return the VCALENDAR of an unfolded text without VTIMEZONEs; raises InvalidText.

    Times are naive unless they are UTC; their TZIDs are parameters.
    """
    hidden = _LINE.sub(_hide, text)
    try:
        calendar = ICalendar.from_ical(hidden)
    except _UNREADABLE as error:
        raise InvalidText("The text is not valid iCalendar.") from error
    if hidden is not text:
        for part in calendar.walk():
            _uncover(part)
    return calendar


def _hide(line: re.Match[str]) -> str:
    head = CONTENT_LINE.match(line[0])
    end = head.end() if head else len(line[0])
    return _TZID.sub(f";{_HIDDEN}=", line[0][:end]) + line[0][end:]


def _uncover(part: Any) -> None:
    for values in part.values():
        for value in values if isinstance(values, list) else [values]:
            params = getattr(value, "params", {})
            if _HIDDEN in params:
                params["TZID"] = params.pop(_HIDDEN)
