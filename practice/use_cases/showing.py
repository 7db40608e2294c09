"""What a view of less detail shows of objects: other names, UIDs, ETags and texts.

Everything that is handed out comes through here by way of `practice.use_cases.reading`, and what
is asked for by name comes back the same way. Not here: how the disguise is made
(`practice.disguise`, `practice.vevent.disguise`).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from practice.calendars import CalendarObject, Changes, ObjectHead
from practice.disguise import Disguise, alias_in, pseudonym
from practice.vevent import disguised
from practice.views import DISGUISED_COMPONENT, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from practice.ports import UnitOfWork
    from practice.views import View

__all__ = ["found_by_name", "shown", "shown_changes"]

#: Objects whose patients are looked up with one statement.
CHUNK = 500
Shown = TypeVar("Shown", bound=ObjectHead)
SomeChanges = TypeVar("SomeChanges", bound=Changes)


def shown(uow: UnitOfWork, view: View, found: Iterable[Shown]) -> Iterator[Shown]:
    """Yield what the view shows of objects of its sources; of some, nothing."""
    if not view.is_disguised:
        yield from found
        return
    disguise = Disguise(uow.secret)
    rest = iter(found)
    while chunk := list(islice(rest, CHUNK)):
        names = _pseudonyms(uow, view, chunk)
        for item in chunk:
            if view.shows_all_of(item.calendar_id):
                yield item
            elif item.component == DISGUISED_COMPONENT:
                level = view.level_of(item.calendar_id)
                yield _disguised(disguise, item, level, names.get(item.uid, ""))


def _pseudonyms(uow: UnitOfWork, view: View, heads: Sequence[ObjectHead]) -> dict[str, str]:
    wanted = [h.uid for h in heads if view.level_of(h.calendar_id) is Level.PSEUDONYM]
    known = uow.patients.behind(wanted) if wanted else {}
    return {uid: pseudonym(patient) for uid, patient in known.items()}


def _disguised(disguise: Disguise, item: Shown, level: Level, name: str) -> Shown:
    who = name if level is Level.PSEUDONYM else ""
    uid = disguise.uid(item.uid)
    href = disguise.name(item.calendar_id, item.href)
    etag = disguise.etag(item.etag, level, who)
    if isinstance(item, CalendarObject):
        text = disguised(item.text, uid, who)
        size = len(text.encode())
        return replace(item, href=href, uid=uid, etag=etag, size=size, text=text)
    return replace(item, href=href, uid=uid, etag=etag, size=None)


def shown_changes(uow: UnitOfWork, view: View, changes: SomeChanges) -> SomeChanges:
    """Return changes as the view shows them; what is not shown any more is gone."""
    if not view.is_disguised:
        return changes
    seen = tuple(shown(uow, view, changes.changed))
    ids = {head.id for head in seen}
    hidden = [(h.calendar_id, h.href) for h in changes.changed if h.id not in ids]
    disguise = Disguise(uow.secret)
    gone = tuple(
        (place, href if view.shows_all_of(place) else disguise.name(place, href))
        for place, href in (*changes.removed, *hidden)
    )
    return replace(changes, changed=seen, removed=gone)


def found_by_name(uow: UnitOfWork, view: View, names: Iterable[str]) -> dict[str, CalendarObject]:
    """Return the objects that the view shows under these names, as it shows them."""
    plain: list[str] = []
    aliases: dict[str, tuple[int, str]] = {}
    for name in names:
        calendar, href = view.locate(name)
        if view.shows_all_of(calendar.id):
            plain.append(name)
        elif alias := alias_in(href):
            aliases[name] = (calendar.id, alias)
    found = dict(uow.calendars.get(view, plain)) if plain else {}
    known = uow.calendars.aliased(view, {alias for _, alias in aliases.values()}) if aliases else {}
    told = {(item.calendar_id, item.href): item for item in shown(uow, view, known.values())}
    pairs = ((name, told.get((c, f"{alias}.ics"))) for name, (c, alias) in aliases.items())
    return found | {name: item for name, item in pairs if item is not None}
