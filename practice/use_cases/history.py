"""What has been done, and what a calendar was like at any moment: the log, read.

Not here: taking changes back (`practice.use_cases.undo`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.calendars import CalendarKind
from practice.errors import CalendarNotFound, ChangesForgotten, Invalid
from practice.log import CalendarEntry, LogQuestion
from practice.properties import COLOR, DISPLAYNAME
from practice.use_cases.reading import texts
from practice.vevent import merge, read, summary_of
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from practice.appointments import Slot, Status
    from practice.calendars import Change
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = [
    "EVERYTHING",
    "Entry",
    "Glance",
    "as_file_at",
    "calendar_ids",
    "calendar_names",
    "history",
]

#: What stands for every calendar at once.
EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Glance:
    """An object's text at a glance. `title` is the patient's business; `slot` as in Facts."""

    component: str
    slot: Slot | None
    status: Status | None
    title: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One change; `calendar` is its calendar's name, also of one that was dropped.

    `properties` are the names of those of the calendar that changed.
    """

    change: Change
    calendar: str
    before: Glance | None
    after: Glance | None
    properties: tuple[str, ...] = ()


def history(uow: UnitOfWork, question: LogQuestion, limit: int, profile: Profile) -> list[Entry]:
    """Return the newest `limit` changes that are asked for, the oldest first."""
    found = list(uow.calendars.search_log(question, limit=limit, newest_first=True))[::-1]
    names = calendar_names(uow, {change.calendar_id for change in found})
    return [_entry(change, names[change.calendar_id], profile) for change in found]


def calendar_names(uow: UnitOfWork, ids: Iterable[int]) -> Mapping[int, str]:
    """Return what calendars are or were called; "" where the log does not tell."""
    names = {calendar.id: calendar.name for calendar in uow.calendars.all()}
    for calendar_id in ids:
        if calendar_id not in names:
            question = LogQuestion(calendars=(calendar_id,), calendar_rows=True)
            last = next(uow.calendars.search_log(question, limit=1, newest_first=True), None)
            entry = CalendarEntry.parse(last.before) if last else None
            names[calendar_id] = entry.name if entry else ""
    return names


def calendar_ids(uow: UnitOfWork, name: str) -> tuple[int, ...]:
    """Return the id of a calendar, else those of the dropped ones that were called so.

    Raises CalendarNotFound.
    """
    found = uow.calendars.find(name)
    if found is not None:
        return (found.id,)
    rows = uow.calendars.search_log(LogQuestion(calendar_rows=True))
    dropped = dict.fromkeys(row.calendar_id for row in rows if _entry_of(row).name == name)
    if not dropped:
        raise CalendarNotFound(f"There is no calendar '{name}', and none was dropped.")
    return tuple(dropped)


def _entry_of(row: Change) -> CalendarEntry:
    return CalendarEntry.parse(row.before or row.after) or CalendarEntry({})


def _entry(change: Change, calendar: str, profile: Profile) -> Entry:
    if not change.href:
        entries = (CalendarEntry.parse(text) for text in (change.before, change.after))
        old, new = (entry.properties if entry else {} for entry in entries)
        changed = tuple(n for n in sorted({*old, *new}) if old.get(n) != new.get(n))
        return Entry(change, calendar, None, None, changed)
    before, after = (_glance(text, change, profile) for text in (change.before, change.after))
    return Entry(change, calendar, before, after)


def _glance(text: str | None, change: Change, profile: Profile) -> Glance | None:
    if text is None:
        return None
    try:
        facts = read(text, zone=profile.zone, now=change.time, limits=profile.limits)
    except Invalid:  # taken when the limits were others
        return Glance("", None, None, "")
    title = summary_of(text) if facts.component == "VEVENT" else ""
    return Glance(facts.component, facts.slot, facts.status, title)


# --- A calendar as it was -----------------------------------------------------------------------


def as_file_at(uow: UnitOfWork, name: str, moment: datetime, profile: Profile) -> str:
    """Return a calendar as it was at `moment` as one iCalendar text; also one that was dropped.

    The union has what it had then. What stands now is walked back by the changes since: costs
    the calendar and its log since then. Raises CalendarNotFound; ChangesForgotten when the log
    does not reach back so far.
    """
    number = uow.calendars.number_at(moment)
    if number is None:
        first = next(uow.calendars.search_log(LogQuestion(), limit=1)).time
        raise ChangesForgotten(
            "The log reaches back to"
            f" {first.astimezone(profile.zone):%Y-%m-%d %H:%M}; what was before is forgotten."
        )
    then = _calendars_at(uow, number)
    ids, title, color = _sources(then, name, profile)
    return merge(_texts_at(uow, ids, number), title, profile.zone, color)


def _calendars_at(uow: UnitOfWork, number: int) -> dict[int, CalendarEntry]:
    """Return the calendars there were after a change, by id."""
    entries: dict[int, CalendarEntry | None] = {}
    since = LogQuestion(first=number + 1, calendar_rows=True)
    for change in uow.calendars.search_log(since):
        entries.setdefault(change.calendar_id, CalendarEntry.parse(change.before))
    for calendar in uow.calendars.all():
        entry = entries.setdefault(calendar.id, CalendarEntry.of(calendar))
        if entry is not None:  # rows of version 0.1 do not tell the name, which never changes
            entries[calendar.id] = CalendarEntry.of(calendar, entry.properties)
    return {calendar_id: entry for calendar_id, entry in entries.items() if entry is not None}


def _sources(
    then: Mapping[int, CalendarEntry], name: str, profile: Profile
) -> tuple[tuple[int, ...], str, str]:
    """Return the calendars whose objects a calendar showed, its title and its colour."""
    found = next(((i, entry) for i, entry in then.items() if entry.name == name), None)
    if found is None and name == EVERYTHING and then:
        return tuple(then), profile.name, ""
    if found is None:
        names = ", ".join(sorted(e.name for e in then.values() if e.name)) or "none"
        raise CalendarNotFound(f"There was no calendar '{name}' then; there were: {names}.")
    ids = [found[0]]
    if found[1].kind is CalendarKind.UNION:
        ids += [i for i, entry in then.items() if entry.kind is CalendarKind.DOCTOR]
    told = found[1].properties
    return tuple(ids), told.get(DISPLAYNAME, name), told.get(COLOR, "")


def _texts_at(uow: UnitOfWork, ids: tuple[int, ...], number: int) -> Iterator[str]:
    """Yield the texts that stood in calendars after a change."""
    was: dict[tuple[int, str], str | None] = {}
    for change in uow.calendars.search_log(LogQuestion(first=number + 1, calendars=ids)):
        if change.href:
            was.setdefault((change.calendar_id, change.href), change.before)
    present = tuple(calendar for calendar in uow.calendars.all() if calendar.id in ids)
    if present:
        for item in texts(uow, View(present[0], present, uow.epoch)):
            if (item.calendar_id, item.href) not in was:
                yield item.text
    yield from (text for text in was.values() if text is not None)
