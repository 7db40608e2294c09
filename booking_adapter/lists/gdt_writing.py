"""GDT records for practice software: a patient (6301), and a note in a patient's chart (6310).

Not here: files and folders (`booking_adapter.lists.gdt_folder`), nor when something is told.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking_adapter.lists.gdt_charsets import encoded
from booking_adapter.lists.gdt_fields import Charset, Id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from practice.appointments import Slot
    from practice.patients import PatientRecord

__all__ = [
    "Partners",
    "appointment_note",
    "file_stem",
    "record_bytes",
    "write_6301",
    "write_6310",
]

_VERSION = "02.10"
_AROUND = 9  # bytes of a line besides its content: length, id, CR LF
_LONGEST = 999 - _AROUND
_COMMENT = 60  # characters of one line of a comment
_CARD = 12  # characters that a number of an insurance card may have

#: The longest texts, in characters. Numbers are never cut: a shorter one is somebody else's.
_MOST = {"3100": 15, "3101": 28, "3102": 28, "3104": 15, "3106": 30, "3107": 28}
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Partners:
    """Who tells whom: ids of up to 8 characters, or none, and the character set agreed upon."""

    receiver: str = ""
    sender: str = ""
    charset: Charset = Charset.CP437


def write_6301(
    record: PatientRecord, partners: Partners, *, more: Iterable[tuple[str, str]] = ()
) -> bytes:
    """Return a record of patient data. `more` are further fields by their ids (`3104`: title).

    The kind of insurance is left out: GDT wants to know who is a member, whose family or a
    pensioner (3108), which only the card tells.
    """
    card = record.insurance_number
    return record_bytes(
        "6301",
        partners,
        [
            *_patient(record),
            (Id.INSURANCE_NUMBER if len(card) <= _CARD else Id.CARD_NUMBER, card),
            *more,
            ("3618", record.phone if _is_mobile(record.phone) else ""),
            ("3619", record.email),
            ("3626", "" if _is_mobile(record.phone) else record.phone),
        ],
    )


def write_6310(
    record: PatientRecord,
    comments: Iterable[str],
    partners: Partners,
    *,
    at: datetime,
    test: str = "ALLG00",
) -> bytes:
    """Return a note for the chart of a patient, who needs a number there (3000) to be found.

    `at` is when it was noted, in the practice's time; `test` the kind of examination under which
    the practice's software files it. Comments longer than a line go on in the next.
    """
    lines = [line for text in comments for line in _wrapped(text)]
    return record_bytes(
        "6310",
        partners,
        [
            *_patient(record),
            (Id.TEST, test),
            (Id.DATE, f"{at:%d%m%Y}"),
            (Id.TIME, f"{at:%H%M%S}"),
            *((Id.COMMENT, line) for line in lines),
        ],
    )


def appointment_note(
    slot: Slot, *, doctor: str = "", cancelled: bool = False, language: str = "de"
) -> Sequence[str]:
    """Return the comment on an appointment, or on its cancellation; the slot in local time."""
    german = language != "en"
    what = (
        ("Termin abgesagt" if german else "Appointment cancelled")
        if cancelled
        else ("Termin" if german else "Appointment")
    )
    day = f"{slot.start:%d.%m.%Y}" if german else f"{slot.start:%Y-%m-%d}"
    note = f"{what}: {day}, {slot.start:%H:%M}–{slot.end:%H:%M}" + (" Uhr" if german else "")
    return (note, doctor) if doctor else (note,)


def record_bytes(kind: str, partners: Partners, fields: Iterable[tuple[str, str]]) -> bytes:
    """Return a record with its header; lengths count bytes. Empty fields are left out."""
    charset = partners.charset
    header = [
        (Id.RECEIVER, partners.receiver[:8]),
        (Id.SENDER, partners.sender[:8]),
        (Id.CHARSET, charset.value),
        (Id.VERSION, _VERSION),
    ]
    return _summed(kind, [line for each in (*header, *fields) if (line := _line(*each, charset))])


def _summed(kind: str, lines: Sequence[bytes]) -> bytes:
    """Put the first two lines before others; the second tells the length of the whole record."""
    first = _framed(Id.KIND, kind.encode("ascii"))
    length = len(first) + _AROUND + 5 + sum(map(len, lines))
    return b"".join([first, _framed(Id.LENGTH, b"%05d" % length), *lines])


def file_stem(receiver: str, sender: str) -> str:
    """Return how a file's name begins: both short ids, of four letters or digits each.

    Raises ValueError for what is none; these are settings, not data.
    """
    for short in (receiver, sender):
        if not re.fullmatch(r"[A-Za-z0-9_]{1,4}", short):
            raise ValueError("a short id in GDT has one to four letters or digits")
    return f"{receiver}{sender}".upper()


def _patient(record: PatientRecord) -> list[tuple[str, str]]:
    born = _ISO_DATE.fullmatch(record.birth_date)
    return [
        (Id.NUMBER, record.number),
        (Id.LAST_NAME, record.last_name),
        (Id.FIRST_NAME, record.first_name),
        (Id.BIRTH_DATE, "".join(reversed(born.groups())) if born else ""),
    ]


def _line(number: str, text: str, charset: Charset) -> bytes:
    most = _MOST.get(number, _LONGEST)
    content = encoded(text, charset)[:most].rstrip(b" ")
    return _framed(number, content) if content else b""


def _framed(number: str, content: bytes) -> bytes:
    return b"%03d%b%b\r\n" % (len(content) + _AROUND, number.encode("ascii"), content)


def _wrapped(text: str) -> list[str]:
    return [line for part in text.splitlines() for line in textwrap.wrap(part, _COMMENT)]


def _is_mobile(phone: str) -> bool:
    """Tell whether a German number is a mobile one, which has a field of its own."""
    digits = "".join(filter(str.isdecimal, phone))
    return digits.removeprefix("0049" if digits.startswith("00") else "49").lstrip("0")[:2] in {
        "15",
        "16",
        "17",
    }
