"""Calendars, the objects in them, their changes and their addresses.

Not here: what one account sees of a calendar (`practice.views`), iCalendar text
(`practice.vevent`), nor how any of it is stored.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from practice.errors import InvalidName, PreconditionFailed
from practice.facts import Facts, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.appointments import Appointment

__all__ = [
    "ALIAS_NAME",
    "ALL_COMPONENTS",
    "COMPONENTS",
    "UNION_SEPARATOR",
    "Calendar",
    "CalendarKind",
    "CalendarObject",
    "CalendarPath",
    "Change",
    "ChangeKind",
    "Changes",
    "Condition",
    "Draft",
    "ObjectHead",
    "Page",
    "Place",
    "Span",
    "check_calendar_name",
    "check_object_name",
    "check_slug",
    "etag_of",
]

#: Every calendar is also served as one file, and as a collection, under this name.
ALIAS_NAME = "appointments.ics"
#: Stands between calendar and name where the union shows an object of a doctor's calendar.
UNION_SEPARATOR = "~"
#: File systems of clients that mirror a calendar stop at 255 bytes.
LONGEST_NAME = 255

#: What a calendar holds unless told otherwise.
COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL")
#: What a calendar may be made to hold: published busy times and working hours too.
ALL_COMPONENTS = (*COMPONENTS, "VFREEBUSY", "VAVAILABILITY")

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_NAME = re.compile(r"[^\W_](?:[\w.-]{0,62}[^\W_])?")


class CalendarKind(StrEnum):
    """What a calendar stands for."""

    DOCTOR = "doctor"
    UNION = "union"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar. `number` is that of its last change, `mark` the start of that change's seal;
    `name` is its part of the address.
    """

    id: int
    name: str
    kind: CalendarKind
    doctor_id: int | None
    number: int
    changed: datetime
    components: tuple[str, ...] = COMPONENTS
    mark: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """A calendar object without its text. `number` is that of its last change.

    `href` is its name in its own calendar; `owner_id` the account that created it. The ETag is
    quoted, as it goes over the wire, and strong: the same ETag is the same text. `size`, in bytes,
    is None where it is not known without the text: in views of less detail, where `href`, `uid`
    and `etag` are not the object's own either.
    """

    id: int
    calendar_id: int
    href: str
    uid: str
    component: str
    etag: str
    size: int | None
    number: int
    owner_id: int
    changed: datetime


@dataclass(frozen=True, slots=True)
class CalendarObject(ObjectHead):
    """A calendar object with its text, exactly as the client sent it."""

    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """What stands under a name in a calendar, the objects that have a UID in any calendar, which
    may be the same, the appointment of that UID, and the id of the patient of a number.

    `drawn` is the id for an object that is put where nothing is; None if it comes with the row.
    """

    there: CalendarObject | None
    holders: tuple[ObjectHead, ...]
    appointment: Appointment | None = None
    patient_id: int | None = None
    drawn: int | None = None


def etag_of(text: str) -> str:
    """Return the strong, quoted ETag of a text."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:40]}"'


@dataclass(frozen=True, slots=True)
class Draft:
    """An object about to be saved under `href`, with the facts read from its text.

    `owner_id` is kept for an object that moves; None makes the actor its owner.
    """

    href: str
    text: str
    facts: Facts
    owner_id: int | None = None

    @property
    def etag(self) -> str:
        """The ETag the object will have."""
        return etag_of(self.text)


class ChangeKind(StrEnum):
    """What a change did to an object (or, with an empty name, to its calendar)."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    PROPERTIES = "properties"
    #: What a row says that somebody has tampered with.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the log; the texts are those before and after (None: there was none).

    `seal` is made of the row and the seal before it (`practice.log`).
    """

    number: int
    time: datetime
    actor: str
    calendar_id: int
    href: str
    uid: str
    kind: ChangeKind
    owner_id: int
    before: str | None
    after: str | None
    seal: bytes = b""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a replica at an earlier number must do to be at `number`.

    `changed` are objects to fetch anew, `removed` names (calendar id, href) to drop.
    """

    number: int
    changed: tuple[ObjectHead, ...]
    removed: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Page(Changes):
    """Changes up to `number`, whose mark is `mark`; `more` tells whether others came after it."""

    mark: str
    more: bool


@dataclass(frozen=True, slots=True)
class CalendarPath:
    """An address below the calendar home, taken apart.

    `calendar` is the calendar's real name, `shown` the way it was asked for (an alias, or
    `<name>/appointments.ics`), `object` the object's name or "" for the calendar itself.
    """

    calendar: str
    shown: str
    object: str = ""

    @classmethod
    def parse(cls, parts: tuple[str, ...], aliases: Mapping[str, str]) -> CalendarPath | None:
        """Take `parts` (below the home) apart; None if they name neither calendar nor object."""
        if not 1 <= len(parts) <= 3:
            return None
        name, rest = parts[0], parts[1:]
        shown = name
        if rest and rest[0] == ALIAS_NAME:
            shown, rest = f"{name}/{ALIAS_NAME}", rest[1:]
        if len(rest) > 1:
            return None
        return cls(aliases.get(name, name), shown, rest[0] if rest else "")


def check_slug(name: str) -> None:
    """Raise InvalidName unless `name` can be a doctor's or a room's short name."""
    if not _SLUG.fullmatch(name):
        raise InvalidName(
            "A short name has 1 to 64 of a-z, 0-9 and '-', and a '-' neither first nor last."
        )


def check_calendar_name(name: str) -> None:
    """Raise InvalidName unless `name` can be a calendar's part of the address.

    Clients name the calendars they make: after UUIDs in capitals, after people, after places.
    """
    if UNION_SEPARATOR in name:
        raise InvalidName(f"A calendar's name has no '{UNION_SEPARATOR}'.")
    _check_segment(name, "A calendar's")


def check_object_name(name: str) -> None:
    """Raise InvalidName unless `name` can be an object's part of the address."""
    _check_segment(name, "An object's")


def _check_segment(name: str, whose: str) -> None:
    if not name or len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        raise InvalidName(f"{whose} name has 1 to {LONGEST_NAME} bytes.")
    if name == ALIAS_NAME:
        raise InvalidName(f"The name {ALIAS_NAME} stands for the calendar as a whole.")
    if "/" in name or any(
        ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in name
    ):
        raise InvalidName(f"{whose} name has no slash and no control characters.")


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of an object for a change to be made: ETags as they go over the wire.

    `match` and `none_match` are None (not asked), ("*",), or quoted ETags without the W/ of weak
    ones; `unmodified_since` counts only where `match` is not asked.
    Source: RFC 9110 13.1, 13.2.2.
    """

    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None
    unmodified_since: datetime | None = None

    def check(self, etag: str | None, changed: datetime | None = None) -> None:
        """Raise PreconditionFailed unless it holds; None is the ETag of what is not there."""
        if self.match is not None:
            if not _named(etag, self.match):
                raise PreconditionFailed("The object is not the one you last saw.")
        elif self.unmodified_since is not None and _later(changed, self.unmodified_since):
            raise PreconditionFailed("The object has changed since then.")
        if self.none_match is not None and _named(etag, self.none_match):
            raise PreconditionFailed("There is already such an object.")


def _later(changed: datetime | None, moment: datetime) -> bool:
    """Compare as HTTP does: its dates have whole seconds."""
    return changed is not None and changed.replace(microsecond=0) > moment


def _named(etag: str | None, etags: tuple[str, ...]) -> bool:
    return etag is not None and ("*" in etags or etag in etags)
