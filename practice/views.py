"""What one account sees of a calendar: objects of which calendars, and in how much detail.

Not here: who may see what (`practice.access`), nor what is left of a text that is shown with less
(`practice.disguise`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from practice.calendars import UNION_SEPARATOR, Calendar, CalendarKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["DISGUISED_COMPONENT", "DISGUISE_VERSION", "Level", "View"]

#: All that a view of less detail shows.
DISGUISED_COMPONENT = "VEVENT"
#: Counts the ways of showing less: with another one, replicas start anew and ETags are others.
DISGUISE_VERSION = 1


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
