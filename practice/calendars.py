"""Calendars, the objects in them, their changes, and what one account sees of a calendar.

Not here: iCalendar text (`practice.vevent`), nor how any of it is stored.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
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
    "DISGUISED_COMPONENT",
    "DISGUISE_VERSION",
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
    "HoldsOf",
    "Level",
    "ObjectHead",
    "Page",
    "Place",
    "Span",
    "View",
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
#: All that a view of less detail shows.
DISGUISED_COMPONENT = "VEVENT"
#: Counts the ways of showing less: with another one, replicas start anew and ETags are others.
DISGUISE_VERSION = 1

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


@dataclass(frozen=True, slots=True)
class HoldsOf:
    """Whose time that others hold counts as taken, but for the hold with the id `but`."""

    doctor_id: int
    but: int = 0


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


class Level(IntEnum):
    """What a grant allows in one calendar; each allows what those before it do.

    BUSY shows when somebody is busy and nothing else; PSEUDONYM shows initials and the patient's
    number as well. READ shows everything.
    """

    NONE = 0
    BUSY = 1
    PSEUDONYM = 2
    READ = 3
    WRITE = 4


@dataclass(frozen=True, slots=True)
class View:
    """What one account sees of one calendar.

    A doctor's calendar has one source, itself. The union has its own events and every doctor's
    calendar the account may read. `owner_id` narrows it to objects of that account. `levels` (by
    calendar id) say in how much detail each source is shown: everything where they are silent.
    """

    calendar: Calendar
    sources: tuple[Calendar, ...]
    epoch: str
    owner_id: int | None = None
    levels: Mapping[int, Level] = field(default_factory=dict)

    def level_of(self, calendar_id: int) -> Level:
        """Return in how much detail the view shows objects of one of its sources."""
        return min(self.levels.get(calendar_id, Level.READ), Level.READ)

    def shows_all_of(self, calendar_id: int) -> bool:
        """Tell whether objects of one of its sources are shown as they are."""
        return self.level_of(calendar_id) is Level.READ

    @property
    def is_disguised(self) -> bool:
        """Tell whether objects of any of its sources are shown with less than everything."""
        return not all(self.shows_all_of(source.id) for source in self.sources)

    @property
    def components(self) -> tuple[str, ...]:
        """What it may show; with less detail, events only: nobody is busy by a task or a note."""
        if any(self.shows_all_of(source.id) for source in self.sources):
            return self.calendar.components
        return tuple(name for name in self.calendar.components if name == DISGUISED_COMPONENT)

    @property
    def number(self) -> int:
        """The number of the last change of anything in the view."""
        return max((source.number for source in self.sources), default=0)

    @property
    def mark(self) -> str:
        """The mark of that change."""
        return max(((source.number, source.mark) for source in self.sources), default=(0, ""))[1]

    @property
    def changed(self) -> datetime:
        """When anything in the view last changed."""
        return max((source.changed for source in self.sources), default=self.calendar.changed)

    @property
    def fingerprint(self) -> str:
        """Differs between views that show different sources or details, so that a changed grant,
        or a restored database, ends old sync tokens instead of hiding objects from a replica.
        """
        shown = f"{self.epoch}:{sorted(s.id for s in self.sources)}:{self.owner_id}"
        shown += "".join(
            f":{s.id}={level:d}.{DISGUISE_VERSION}"
            for s in self.sources
            if (level := self.level_of(s.id)) is not Level.READ
        )
        return hashlib.sha256(shown.encode()).hexdigest()[:12]

    def name_of(self, calendar_id: int, href: str) -> str:
        """Return the name under which the view shows an object of one of its sources."""
        if calendar_id == self.calendar.id:
            return href
        source = next(s for s in self.sources if s.id == calendar_id)
        return f"{source.name}{UNION_SEPARATOR}{href}"

    def locate(self, name: str) -> tuple[Calendar, str]:
        """Return the calendar and the name in it that `name` in this view stands for."""
        prefix, separator, rest = name.partition(UNION_SEPARATOR)
        if separator and rest and self.calendar.kind is CalendarKind.UNION:
            for source in self.sources:
                if source.name == prefix and source.id != self.calendar.id:
                    return source, rest
        return self.calendar, name


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
