"""How a JSON API has its bookings and is told of them, in records that settings can be read into.

Not here: asking it (`booking_adapter.tools.generic_rest`), nor reading what it says.

Where records speak of a path, it leads to a value in JSON: `attendees.0.name` is the name of the
first attendee, `-1` is the last one. Empty, it leads nowhere, or to the whole where so said.
Addresses are relative to the API's root. A mistake in them is a ValueError, which names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking_adapter.tools.generic_templates import placeholders
from practice.appointments import Insurance, Status

__all__ = [
    "Call",
    "Fields",
    "Hooks",
    "Listing",
    "Paging",
    "Rest",
    "Times",
    "Words",
]

_DAYS = frozenset({"first", "last", "after"})
#: Of a body; a reason is the patient's, and addresses are logged on their way.
_STATE = frozenset(
    {"id", "id_number", "start", "end", "date", "time", "duration", "doctor", "doctor_number"}
    | {"status", "reason"}
)
_PATIENT = frozenset(
    {"last_name", "first_name", "name", "birth_date", "email", "phone", "insurance", "number"}
)
_WRITTEN = frozenset({"iso", "utc", "local", "unix", "unix_ms"})


@dataclass(frozen=True, slots=True)
class Fields:
    """Paths of a booking's facts in its row. `a + b` is the text of both with a space between."""

    #: Its id: a text or a whole number.
    id: str
    #: When it starts, written as `Times.format` says.
    start: str
    #: When it ends, written like the start.
    end: str = ""
    #: Minutes; used where there is no end.
    duration: str = ""
    #: The id of its doctor, see `Words.doctors`.
    doctor: str = ""
    #: The word of its status, see `Words.statuses`.
    status: str = ""
    #: The patient's last name.
    last_name: str = ""
    #: The patient's first name.
    first_name: str = ""
    #: The whole name, "Last, First" or "First Last"; used where there is no last name.
    name: str = ""
    #: The date of birth, written as `Times.birth_date` says.
    birth_date: str = ""
    #: The patient's e-mail address.
    email: str = ""
    #: The patient's telephone number.
    phone: str = ""
    #: The patient's number in the practice.
    patient_number: str = ""
    #: The word of the insurance, see `Words.insurances`.
    insurance: str = ""
    #: The id of its kind, see `Words.kinds`.
    kind: str = ""
    #: Why the patient comes.
    reason: str = ""
    #: Anything else; may have several lines.
    notes: str = ""
    #: The id of its room, see `Words.rooms`.
    room: str = ""
    #: When it was changed last, written as `Times.changed` says.
    changed: str = ""
    #: The id that it had before it was moved, where that makes another one of it.
    before: str = ""

    def __post_init__(self) -> None:
        _need(self.id and self.start, "paths of a booking's id and start")
        _need(self.end or self.duration, "a path of a booking's end, or of its duration")
        _need(self.last_name or self.name, "a path of a patient's name")


@dataclass(frozen=True, slots=True)
class Times:
    """How times are written: `iso` has an offset or Z, `utc` is the same and told with Z, `local`
    is ISO without an offset, `unix` are seconds, `unix_ms` milliseconds; anything else is a format
    of strptime.
    """

    #: Where times without an offset are meant, and in which slots are told.
    zone: str = "Europe/Berlin"
    #: Starts and ends, as they are read and told.
    format: str = "iso"
    #: When something was changed; empty: as starts and ends.
    changed: str = ""
    #: Dates of birth: `iso`, or a format of strptime.
    birth_date: str = "iso"
    #: The days of `Listing.path`; in any of the ways above they are told as midnights.
    days: str = "%Y-%m-%d"
    #: `{date}` and `{time}`, the two parts of a start, for strftime.
    date: str = "%Y-%m-%d"
    time: str = "%H:%M"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("the zone of times is none that is known") from None
        for name in ("format", "changed", "birth_date", "days"):
            _check_format(name, getattr(self, name) or "iso")


@dataclass(frozen=True, slots=True)
class Words:
    """What its ids and words mean. Words are compared without regard to case; what is not told is
    the empty word, which may be in a table like any other.
    """

    #: Short names of doctors by its ids of them. The first id of a doctor is the one that is told.
    doctors: Mapping[str, str]
    #: Status by word. The first word of a status is the one that is told.
    statuses: Mapping[str, Status] = field(default_factory=dict)
    #: What a word that is not among them is: a booking to be confirmed, or one not taken over.
    unknown_status: Literal["TENTATIVE", "unreadable"] = "TENTATIVE"
    #: Kinds of appointments by its ids of them; others are left out.
    kinds: Mapping[str, str] = field(default_factory=dict)
    #: Short names of rooms by its ids of them; others are left out.
    rooms: Mapping[str, str] = field(default_factory=dict)
    #: Insurance by word; others are left out.
    insurances: Mapping[str, Insurance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _need(self.doctors, "at least one doctor")


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list goes on: not at all; at the next number of a page, or of a row (`offset`); at a
    cursor that the page tells; at its Link header of rel=next; at an address in it (`next`).
    """

    kind: Literal["none", "page", "offset", "cursor", "link", "next"] = "none"
    #: The query's parameter for the number or the cursor.
    parameter: str = ""
    #: The first number; without one, pages are counted from 1 and rows from 0.
    first: int | None = None
    #: Rows of a full page, behind which a shorter one is the last. 0: the last one has none.
    size: int = 0
    #: The query's parameter that asks for so many; empty: nothing asks for it.
    size_parameter: str = ""
    #: Path of the next cursor or address in a page; the last page has none.
    cursor: str = ""

    def __post_init__(self) -> None:
        if self.kind in {"page", "offset", "cursor"}:
            _need(self.parameter, "the parameter by which a list goes on")
        if self.kind in {"cursor", "next"}:
            _need(self.cursor, "the path of what a list goes on by")
        if self.size_parameter:
            _need(self.size > 0, "the size of a page")


@dataclass(frozen=True, slots=True)
class Listing:
    """The list of bookings."""

    #: Address, with its query; `{first}` and `{last}` are the days asked for, `{after}` the next.
    path: str
    #: Path of the rows in a page; empty: the page is the list.
    rows: str = ""
    #: Path of how many there are on all pages. With fewer rows than that, a list is not believed.
    total: str = ""
    #: How it goes on.
    paging: Paging = field(default_factory=Paging)

    def __post_init__(self) -> None:
        _check_places(self.path, _DAYS, "the list")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that changes a booking.

    Placeholders: `{id}`, `{start}`, `{end}`, `{date}`, `{time}`, `{duration}` (minutes), `{doctor}`
    and `{status}` in its own words, `{reason}` (not in the address). A text of the body that is
    nothing else stays a number where it is one; `{id_number}` and `{doctor_number}` make one.
    """

    #: Address, with its query.
    path: str
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    #: JSON; None: no body.
    body: Any = None
    #: Path in the answer of the id that the booking has then, where moving makes another one of it.
    new_id: str = ""

    def __post_init__(self) -> None:
        _check_places(self.path, _STATE - {"reason"}, "an address")
        _check_places(self.body, _STATE, "a body")

    def tells(self, *names: str) -> bool:
        """Tell whether any of some placeholders is in it."""
        return not placeholders([self.path, self.body]).isdisjoint(names)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Webhooks, signed as Standard Webhooks has it."""

    #: What both sides know: `whsec_` and base64, or any other 24 octets and more. Needed.
    secret: str = field(default="", repr=False)
    #: Path of the booking's id in the body; empty: the rows have it.
    id: str = ""
    #: Paths of the booking's row, or of several in a list; the first that leads to some counts.
    #: They are believed only where nobody can ask for a booking (`Rest.one`).
    rows: tuple[str, ...] = ()
    #: Path of the word that says what happened.
    event: str = ""
    #: Those words that are about bookings; empty: all.
    about: tuple[str, ...] = ()
    #: Those words that say that a booking is no more.
    removed: tuple[str, ...] = ()
    #: Seconds that its time may be away from ours.
    window: int = 300

    def __post_init__(self) -> None:
        _need(self.id or self.rows, "a path of the booking in a webhook")
        _need(self.event or not (self.about or self.removed), "the path of a webhook's word")


@dataclass(frozen=True, slots=True)
class Rest:
    """A JSON API. What is not there is a power that the tool does not have."""

    fields: Fields
    words: Words
    times: Times = field(default_factory=Times)
    listing: Listing | None = None
    #: Address of one booking, with `{id}`.
    one: str = ""
    #: Path of its row in the answer; empty: the answer is the row.
    one_row: str = ""
    move: Call | None = None
    cancel: Call | None = None
    confirm: Call | None = None
    #: Whether to look first, where `one` is there, and change only what is not so already.
    precheck: bool = True
    #: Whether one that was cancelled there comes back when it is moved and confirmed.
    revives: bool = False
    hooks: Hooks | None = None
    #: Address of its page for a new booking, with `{last_name}`, `{first_name}`, `{name}`,
    #: `{birth_date}`, `{email}`, `{phone}`, `{insurance}` and `{number}` where it takes them.
    page: str = ""

    def __post_init__(self) -> None:
        _check_places(self.one, frozenset({"id", "id_number"}), "the address of a booking")
        _check_places(self.page, _PATIENT, "the page's address")
        if self.hooks:
            _need(self.one or self.hooks.rows, "the address of a booking, or its row in a webhook")
        if self.move and not self.move.tells("doctor", "doctor_number"):
            # Or a doctor's booking would look moved that only this practice has moved.
            alone, looks = len(set(self.words.doctors.values())) == 1, self.one and self.precheck
            _need(alone or looks, "the doctor in what moves, or the address of a booking,")


def _check_places(template: Any, known: frozenset[str], where: str) -> None:
    if unknown := sorted(placeholders(template) - known):
        raise ValueError(f"{where} cannot have the placeholder {{{unknown[0]}}}")


def _check_format(name: str, written: str) -> None:
    if written in _WRITTEN and (name != "birth_date" or written == "iso"):
        return
    try:
        text = datetime(2026, 11, 24, 10, 30, tzinfo=UTC).strftime(written)
        year = datetime.strptime(text, written).year  # noqa: DTZ007
        if "%" not in written or (year != 2026 and name != "days"):
            raise ValueError(written)
    except (ValueError, re.error):
        raise ValueError(f"{name} is no way to write times that is known") from None


def _need(there: object, what: str) -> None:
    if not there:
        raise ValueError(f"{what} is needed")
