"""What a JSON API says, read as its mapping has it: values at paths, times, rows of bookings.

Not here: asking for them (`booking_adapter.tools.generic_rest`).

No reason repeats what a row says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from booking_adapter.failures import Failed
from booking_adapter.names import split_name
from booking_adapter.protocol import Told, Unreadable
from booking_adapter.times import as_utc, from_instant, from_local
from practice.appointments import Booking, Slot, Status

if TYPE_CHECKING:
    from booking_adapter.tools.generic_mapping import Rest

__all__ = ["Rows", "at", "json_of", "moment_of", "written"]

_INDEX = re.compile(r"-?[0-9]{1,9}")
_UNUSABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_ID = 255
_LONGEST_TEXT = 1_000
_LONGEST_NOTES = 10_000
_LONGEST_SLOT = timedelta(hours=24)
#: Of numbers with a fraction: larger ones may have lost their last digits.
_LARGEST = 10**15
_LONGEST_NUMBER = 10**30
_PER_SECOND = {"unix": 1, "unix_ms": 1000}


def at(told: Any, path: str) -> Any:
    """Return what stands at a path in JSON, None if nothing does; at the empty path, the whole."""
    for step in path.split(".") if path else ():
        if isinstance(told, Mapping):
            told = told.get(step)
        elif isinstance(told, list) and _INDEX.fullmatch(step):
            place = int(step)
            told = told[place] if -len(told) <= place < len(told) else None
        else:
            return None
    return told


def json_of(answer: Any) -> Any:
    """Return what an answer says in JSON; raises Failed if it is none."""
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:
        raise Failed("not what was asked for") from error


def moment_of(text: str, how: str, zone: ZoneInfo) -> datetime:
    """Return the moment that a text tells; `how` is one of `Times`. Raises ValueError."""
    try:
        if how in {"iso", "utc"}:
            moment = from_instant(text, zone)
        elif how == "local":
            moment = from_local(text, zone)
        elif how in _PER_SECOND:
            moment = datetime.fromtimestamp(float(text) / _PER_SECOND[how], zone)
        else:
            told = datetime.strptime(text, how)  # noqa: DTZ007 - local where it has no offset
            moment = told.astimezone(zone) if told.tzinfo else from_local(told.isoformat(), zone)
    except (OverflowError, OSError) as error:
        raise ValueError("no such moment") from error
    if not 1900 <= moment.year < 2200:
        raise ValueError("a moment out of reach")
    return moment


def written(moment: datetime, how: str, zone: ZoneInfo) -> str | int:
    """Return a moment as a tool writes it; `how` is one of `Times`."""
    there = moment.astimezone(zone)
    if how == "iso":
        return there.isoformat(timespec="seconds")
    if how == "utc":
        return as_utc(moment)
    if how == "local":
        return f"{there:%Y-%m-%dT%H:%M:%S}"
    if how in _PER_SECOND:
        return round(moment.timestamp() * _PER_SECOND[how])
    return there.strftime(how)


class _Odd(Exception):
    """The row is not taken; the message becomes the reason."""


class _Elsewhere(_Odd):
    """It is with a doctor who is none of those in the settings."""


class Rows:
    """Reads the rows of one tool. Whatever they are, it answers."""

    def __init__(self, rest: Rest) -> None:
        self._fields, self._times, self._words = rest.fields, rest.times, rest.words
        self._zone = ZoneInfo(rest.times.zone)
        self._statuses = _by_word(rest.words.statuses)
        self._insurances = _by_word(rest.words.insurances)

    def told(self, row: Any) -> Told | Unreadable:
        """Return the booking of a row."""
        booking_id = self.id_of(row)
        if not booking_id:
            return Unreadable("", "It has no id, or none that may be.")
        try:
            return self._told(row, booking_id)
        except _Odd as odd:
            return Unreadable(booking_id, str(odd), elsewhere=isinstance(odd, _Elsewhere))

    def id_of(self, row: Any) -> str:
        """Return the id of a row's booking; empty if there is none."""
        return self.id_at(row, self._fields.id)

    def id_at(self, told: Any, paths: str) -> str:
        """Return an id that stands somewhere; empty if there is none, or none that may be."""
        try:
            booking_id = _text(told, paths, "id")
        except _Odd:
            return ""
        # Dots alone would lead to another address.
        return booking_id if len(booking_id) <= _LONGEST_ID and booking_id.strip(".") else ""

    def _told(self, row: Any, booking_id: str) -> Told:
        slot = self._slot(row)
        status = self._status(self._cell(row, "status"))
        last_name, first_name = self._name(row)
        booking = Booking(
            id=booking_id,
            doctor=self._doctor(row),
            slot=slot,
            status=status,
            last_name=last_name,
            first_name=first_name,
            birth_date=self._birth_date(row, slot.start.date()),
            email=self._cell(row, "email"),
            phone=self._cell(row, "phone"),
            patient_number=self._cell(row, "patient_number"),
            insurance=str(self._insurances.get(self._cell(row, "insurance").casefold(), "")),
            reason=self._cell(row, "reason"),
            notes=self._cell(row, "notes"),
            kind=self._words.kinds.get(self._cell(row, "kind"), ""),
            room=self._words.rooms.get(self._cell(row, "room"), ""),
            requires_confirmation=status is Status.TENTATIVE,
        )
        changed = self._moment(row, "changed", self._times.changed or self._times.format)
        before = self.id_at(row, self._fields.before)
        return Told(booking, changed, (before,) if before not in {"", booking_id} else ())

    def _cell(self, row: Any, name: str) -> str:
        return _text(row, getattr(self._fields, name), name)

    def _moment(self, row: Any, name: str, how: str) -> datetime | None:
        """Return a moment, None if none is told."""
        text = self._cell(row, name)
        try:
            return moment_of(text, how, self._zone) if text else None
        except ValueError:
            raise _unreadable(name) from None

    def _slot(self, row: Any) -> Slot:
        start = self._moment(row, "start", self._times.format)
        if start is None:
            raise _Odd("It does not say when it starts.")
        end = self._moment(row, "end", self._times.format) or self._end(row, start)
        try:
            slot = Slot(start, end)
        except ValueError:
            raise _Odd("It does not end after it starts.") from None
        if end.timestamp() - start.timestamp() > _LONGEST_SLOT.total_seconds():
            raise _Odd("It is longer than 24 hours.")
        return slot

    def _end(self, row: Any, start: datetime) -> datetime:
        text = self._cell(row, "duration")
        if not text:
            raise _Odd("It does not say when it ends.")
        try:
            minutes = float(text)
        except ValueError:
            raise _unreadable("duration") from None
        if not 0 < minutes <= 24 * 60:
            raise _unreadable("duration")
        end = start.astimezone(UTC) + timedelta(minutes=minutes)
        return end.astimezone(self._zone)

    def _status(self, word: str) -> Status:
        status = self._statuses.get(word.casefold())
        if status is None and self._words.unknown_status == "unreadable":
            raise _Odd("Its status is not one of those in the settings.")
        return status or Status.TENTATIVE

    def _doctor(self, row: Any) -> str:
        doctor = self._words.doctors.get(self._cell(row, "doctor"), "")
        if not doctor:
            raise _Elsewhere("Its doctor is not one of those in the settings.")
        return doctor

    def _name(self, row: Any) -> tuple[str, str]:
        last, first = self._cell(row, "last_name"), self._cell(row, "first_name")
        if not last:
            last, told = split_name(self._cell(row, "name"))
            first = first or told
        if not last:
            raise _Odd("It does not say whose it is.")
        return last, first

    def _birth_date(self, row: Any, day: date) -> str:
        text, how = self._cell(row, "birth_date"), self._times.birth_date
        if not text:
            return ""
        try:
            if how == "iso":
                born = date.fromisoformat(text.partition("T")[0])
            else:
                born = datetime.strptime(text, how).date()  # noqa: DTZ007 - a date alone
            if born > day and "%y" in how:  # 58 is 1958
                born = born.replace(year=born.year - 100)
        except ValueError:
            raise _unreadable("birth_date") from None
        if not date(1880, 1, 1) <= born <= day:
            raise _unreadable("birth_date")
        return born.isoformat()


def _by_word(meanings: Mapping[str, Any]) -> dict[str, Any]:
    return {word.strip().casefold(): meaning for word, meaning in meanings.items()}


def _unreadable(name: str) -> _Odd:
    return _Odd(f"Its {_called(name)} cannot be read.")


def _called(name: str) -> str:
    return "time of change" if name == "changed" else name.replace("_", " ")


def _text(told: Any, paths: str, name: str) -> str:
    """Return the text at one path or several, of one line but for notes; raises _Odd."""
    if not paths:
        return ""
    parts = [_part(at(told, path), name) for path in paths.split(" + ")]
    text = " ".join(filter(None, parts))
    if _UNUSABLE.search(text):
        raise _unreadable(name)
    if name == "notes":
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    else:
        text = " ".join(text.split())
    if len(text) > (_LONGEST_NOTES if name == "notes" else _LONGEST_TEXT):
        raise _Odd(f"Its {_called(name)} is too long.")
    return text


def _part(value: Any, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) < _LONGEST_NUMBER:
        return str(value)
    if isinstance(value, float) and abs(value) < _LARGEST:
        return str(int(value)) if value.is_integer() else repr(value)
    raise _unreadable(name)
