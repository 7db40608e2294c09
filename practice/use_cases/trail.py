"""The audit trail, told: a page at a time, or as a whole.

What was done to calendars is told as what changed in them, not as their texts. Not here: whether
it was tampered with (`practice.use_cases.verify`), and files of it (`trail_files`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from practice.acts import Kind, content_of
from practice.calendars import Change
from practice.errors import Invalid
from practice.log import CalendarEntry
from practice.trail import CALENDAR, OBJECT, Chain, Key, TrailQuestion, action_of
from practice.use_cases.history import calendar_names
from practice.use_cases.ways_back import taken_back
from practice.vevent import read, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from practice.acts import Act
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["LONGEST_PAGE", "TrailEntry", "TrailPage", "export", "page"]

LONGEST_PAGE = 500
#: What is told of these is nobody's but the practice's own. Of all others, and of those to come,
#: it may be a patient's.
_OF_NO_PATIENT = frozenset(
    {
        Kind.ACCOUNT,
        Kind.FEED,
        Kind.DOCTOR,
        Kind.ROOM,
        Kind.TYPE,
        Kind.CATEGORY,
        Kind.EXCEPTION,
        Kind.RULES,
        Kind.LETTER,
        Kind.CONFLICT,
        Kind.WEBHOOK,
        Kind.CHANGE,
        Kind.ACT,
    }
)


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One thing that somebody did.

    `kind` and `of` say to what (see TrailQuestion); `number` is its number in its `chain`: for the
    log the number that is taken back by. `before` and `after` are by name, JSON or times; None
    where there was nothing, where it was `erased`, or where it is `hidden` from this caller.
    `changed` are the names of what is not the same; "text" stands for the rest of an object.
    `taken_back_by` is the number of the act that took an act back.
    """

    time: datetime
    actor: str
    action: str
    kind: str
    of: str
    chain: Chain
    number: int
    calendar: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    changed: tuple[str, ...] = ()
    hidden: bool = False
    erased: bool = False
    taken_back_by: int | None = None


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Some entries, the newest first. `cursor` leads to the next page, None: there is none.

    A page may have fewer than were asked for, or none, and others follow: what is asked for by who
    did it is looked for in so many rows at a time.
    """

    entries: tuple[TrailEntry, ...]
    cursor: str | None


def page(
    uow: UnitOfWork,
    asked: TrailQuestion,
    profile: Profile,
    *,
    cursor: str = "",
    limit: int = 50,
    with_texts: bool = False,
) -> TrailPage:
    """Return the newest entries, or those after a cursor; costs a page, however long the trail.

    Without `with_texts` nothing is told that may be a patient's: titles, names, what an act says of
    somebody. Raises Invalid for a cursor that was never given out.
    """
    if not 1 <= limit <= LONGEST_PAGE:
        raise Invalid(f"A page has 1 to {LONGEST_PAGE} entries.")
    after = Key.parse(cursor) if cursor else None
    entries, end = _page(uow, asked, after, limit, _Teller(uow, profile, with_texts))
    return TrailPage(tuple(entries), end.cursor() if end else None)


def export(
    uow: UnitOfWork, asked: TrailQuestion, profile: Profile, *, with_texts: bool = False
) -> Iterator[TrailEntry]:
    """Yield all entries that are asked for, the newest first, a few in memory at a time."""
    teller = _Teller(uow, profile, with_texts)
    after, more = None, True
    while more:
        entries, after = _page(uow, asked, after, LONGEST_PAGE, teller)
        yield from entries
        more = after is not None


def _page(
    uow: UnitOfWork, asked: TrailQuestion, after: Key | None, limit: int, teller: _Teller
) -> tuple[list[TrailEntry], Key | None]:
    """Return entries, and the key after which others may follow."""
    log = uow.trail.changes(asked, after, limit + 1)
    acts = uow.trail.acts(asked, after, limit + 1)
    found: list[tuple[Key, Change | Act]] = [
        *((Key(row.time, Chain.LOG.rank, row.number), row) for row in log.rows),
        *((Key(row.time, Chain.ACTS.rank, row.number), row) for row in acts.rows),
    ]
    found.sort(key=lambda one: one[0], reverse=True)
    # What one chain was not looked through for may come before what the other has.
    ends = [part.looked_to for part in (log, acts) if part.looked_to is not None]
    end = max(ends, default=None)
    known = [one for one in found if end is None or one[0] >= end]
    told = known[:limit]
    if len(known) > limit:
        end = told[-1][0]
    return teller.entries([row for _, row in told]), end


class _Teller:
    """Tells rows as entries."""

    def __init__(self, uow: UnitOfWork, profile: Profile, with_texts: bool) -> None:
        self._uow = uow
        self._profile = profile
        self._with_texts = with_texts

    def entries(self, rows: list[Change | Act]) -> list[TrailEntry]:
        ids = {row.calendar_id for row in rows if isinstance(row, Change)}
        names = calendar_names(self._uow, ids) if ids else {}
        acts = [row.number for row in rows if not isinstance(row, Change)]
        back = taken_back(self._uow, acts) if acts else {}
        return [
            self._change(row, names[row.calendar_id])
            if isinstance(row, Change)
            else self._act(row, back.get(row.number))
            for row in rows
        ]

    def _change(self, row: Change, calendar: str) -> TrailEntry:
        tell = self._object if row.href else _calendar
        before, after = (tell(row, text) for text in (row.before, row.after))
        changed = _changed(before, after)
        if not changed and row.before != row.after:
            changed = ("text",)
        return TrailEntry(
            row.time,
            row.actor,
            action_of(row),
            OBJECT if row.href else CALENDAR,
            row.uid if row.href else str(row.calendar_id),
            Chain.LOG,
            row.number,
            calendar,
            before,
            after,
            changed,
            hidden=bool(row.href) and not self._with_texts,
        )

    def _object(self, row: Change, text: str | None) -> Mapping[str, Any] | None:
        """Return what there is to see of an object's text."""
        if text is None:
            return None
        profile = self._profile
        try:
            facts = read(text, zone=profile.zone, now=row.time, limits=profile.limits)
        except Invalid:  # taken when the limits were others, or erased
            return {}
        told: dict[str, Any] = {"component": facts.component}
        if facts.slot is not None:
            told |= {"start": facts.slot.start, "end": facts.slot.end}
        elif facts.occurrences:
            first = facts.occurrences[0]
            start, end = (datetime.fromtimestamp(at, UTC) for at in (first.start, first.end))
            told |= {"start": start, "end": end}
        told["status"] = str(facts.status)
        if self._with_texts:
            told["name"] = row.href
            told["patient"], told["type"] = facts.patient_number, facts.kind
            told["summary"] = summary_of(text) if facts.component == "VEVENT" else ""
        return told

    def _act(self, row: Act, taken_back_by: int | None) -> TrailEntry:
        before, after = content_of(row.before), content_of(row.after)
        hidden = row.kind not in _OF_NO_PATIENT and not self._with_texts
        return TrailEntry(
            row.time,
            row.actor,
            row.action,
            str(row.kind),
            row.of,
            Chain.ACTS,
            row.number,
            "",
            None if hidden else before,
            None if hidden else after,
            _changed(before, after),
            hidden,
            row.is_erased,
            taken_back_by,
        )


def _calendar(_row: Change, text: str | None) -> Mapping[str, Any] | None:
    """Return what there is to see of a calendar's row."""
    try:
        entry = CalendarEntry.parse(text)
    except (ValueError, LookupError):  # tampered with, which `verify` tells
        return {}
    if entry is None:
        return None
    told = {name: entry.properties[name] for name in sorted(entry.properties)}
    return {"calendar": entry.name, **told} if entry.name else told


def _changed(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of what is not the same, if there was something before and after."""
    if before is None or after is None:
        return ()
    names = dict.fromkeys([*before, *after])
    return tuple(name for name in names if before.get(name) != after.get(name))
