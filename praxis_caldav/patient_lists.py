"""What patient lists say: files, and what booking tools tell; and what their errors mean.

Not here: when they are read, and what becomes of it (`praxis_caldav.importing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from practice.errors import Invalid, Unavailable
from practice.imports import READER_GONE, WORKER_GONE, ListRow

if TYPE_CHECKING:
    from booking_adapter.protocol import BookingTool

__all__ = ["FILE", "Read", "from_file", "from_tool", "sentence_of", "sentences_in", "told_as"]

#: The source of lists that were handed over as files.
FILE = "file"
_MOST_ROWS = 100_000
_TOO_LONG = "The {} is too long and was not taken."

#: What is said beside what is wrong with a file: German, English.
_ERRORS = {
    "too_long": (
        "Eine Angabe ist zu lang und wurde nicht übernommen.",
        "A value is too long and was not taken.",
    ),
    "tool_knows_too_many": (
        "Das Buchungssystem kennt mehr als 100.000 Patienten.",
        f"The booking tool knows more than {_MOST_ROWS:,} patients.",
    ),
    "tool_silent": (
        "Das Buchungssystem hat seine Patienten nicht genannt:",
        "The booking tool did not tell its patients:",
    ),
    "stopped": (
        "Das Lesen der Liste wurde abgebrochen. Bitte lesen Sie sie noch einmal ein.",
        "Reading the list was stopped. Import it again.",
    ),
    "server_stopped": (
        "Der Server wurde beendet, während er die Liste las. Bitte lesen Sie sie noch einmal ein.",
        READER_GONE,
    ),
    "worker_gone": (
        "Der Server wurde beendet, bevor alle Zeilen fertig waren. Übernehmen Sie die Liste noch"
        " einmal, um weiterzumachen, oder nehmen Sie die Übernahme zurück.",
        WORKER_GONE,
    ),
    "work_stopped": (
        "Es wurde abgebrochen, bevor alle Zeilen fertig waren. Übernehmen Sie die Liste noch"
        " einmal, um weiterzumachen, oder nehmen Sie die Übernahme zurück.",
        "This was stopped before all rows were done. Go on, or take the import back.",
    ),
    "fault": (
        "Hier ist etwas schiefgegangen. Es wurde notiert.",
        "Something went wrong here. It was noted.",
    ),
}

#: Rows, and what is to be known of how they were read.
Read = tuple[Sequence[ListRow], Mapping[str, Any]]


def from_file(
    name: str,
    content: bytes,
    choice: Mapping[str, str],
    zone: ZoneInfo,
    encoding: str = "",
    separator: str = "",
) -> Read:
    """Return what a file says; raises Invalid."""
    from booking_adapter.lists import Row, UnreadableList, read_list

    today = datetime.now(UTC).astimezone(zone).date()
    try:
        found = read_list(
            name, content, today=today, choice=choice, encoding=encoding, separator=separator
        )
    except UnreadableList as error:
        raise Invalid(str(error)) from None
    rows = [
        ListRow(one.line, one.record, one.more, tuple(map(_code, one.doubts)))
        if isinstance(one, Row)
        else ListRow(one.line, None, {}, (_code(one.reason),))
        for one in found.rows
    ]
    dialect = found.dialect
    told = {name: getattr(dialect, name) for name in ("kind", "encoding", "separator", "unused")}
    return rows, {"read": told | {"columns": dict(dialect.columns)}}


def _code(doubt: Any) -> str:
    return f"{doubt.code}:{doubt.field}" if doubt.field else str(doubt.code)


def from_tool(tool: BookingTool) -> Read:
    """Return whom a booking tool knows; raises Invalid or Unavailable."""
    from booking_adapter.failures import Failed

    rows: list[ListRow] = []
    try:
        for line, record in enumerate(tool.patients(), start=1):
            if line > _MOST_ROWS:
                raise Invalid(_ERRORS["tool_knows_too_many"][1])
            rows.append(ListRow(line, record))
    except Failed as failed:
        raise Unavailable(f"{_ERRORS['tool_silent'][1]} {failed}.") from None
    return rows, {"read": {"kind": "tool"}}


def told_as(code: str) -> str:
    """Return the sentence that an import tells of an error of its list, which is in English."""
    return _ERRORS[code][1]


def sentence_of(doubt: str) -> str:
    """Return what a doubt about a row means, in English."""
    from booking_adapter.lists import WORDS

    code, _, field = doubt.partition(":")
    known = WORDS.get(code)
    return known[1] if known else _TOO_LONG.format(field.replace("_", " "))


def sentences_in(language: str) -> Mapping[str, str]:
    """Return what codes of doubts, and errors of whole lists, mean in "de" or "en"."""
    from booking_adapter.lists import WORDS

    column = 0 if language == "de" else 1
    return {code: told[column] for code, told in {**WORDS, **_ERRORS}.items()}
