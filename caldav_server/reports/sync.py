"""sync-collection (RFC 6578): what it asks, and which part of the changes answers it.

A part that is cut by a limit ends at a number, and its token goes on from there. Not here: what is
told of each object (`caldav_server.reports.answer`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caldav_server.errors import BadRequest
from caldav_server.tokens import Token, page_token, read_token, sync_token
from caldav_server.xml import DAV
from practice.errors import ChangesForgotten
from practice.use_cases.reading import changes_page, changes_since, listing, listing_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from practice.calendars import ObjectHead
    from practice.ports import UnitOfWork
    from practice.views import View

__all__ = ["TOO_MANY", "Part", "SyncRequest", "find_part", "read_sync"]

#: What is told of the collection when there is more than was asked for (RFC 6578 3.6).
TOO_MANY = (
    "<status>HTTP/1.1 507 Insufficient Storage</status>"
    "<error><number-of-matches-within-limits/></error>"
)
#: Levels of a hierarchy that has one; the old draft that some clients speak says it with Depth.
_LEVELS = {"1", "infinite", "infinity"}
_COUNT = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A token ("" for none), and how many members are wanted at most (0: all)."""

    token: str
    limit: int


@dataclass(frozen=True, slots=True)
class Part:
    """What to tell: objects, names of what is gone, the next token, and whether there is more."""

    changed: Iterable[ObjectHead]
    removed: tuple[tuple[int, str], ...]
    token: str
    more: bool = False


def read_sync(root: Element, depth: str) -> SyncRequest:
    """Read a sync-collection; raises BadRequest.

    The RFC has Depth 0 and a sync-level; Depth 1 instead of either is taken too.
    """
    token = root.findtext(DAV + "sync-token")
    if token is None:
        raise BadRequest("A sync-collection has a sync-token, if an empty one.")
    level = root.findtext(DAV + "sync-level")
    if level is not None and level.strip().lower() not in _LEVELS:
        raise BadRequest("A sync-level is 1 or infinite.")
    if depth.lower() not in {"0", "1", "infinity"}:
        raise BadRequest("A sync-collection has Depth 0.")
    return SyncRequest(token.strip(), _limit(root))


def _limit(root: Element) -> int:
    limits = root.findall(DAV + "limit")
    if not limits:
        return 0
    counts = limits[0].findall(DAV + "nresults")
    told = (counts[0].text or "").strip() if len(counts) == 1 else ""
    if len(limits) > 1 or not _COUNT.fullmatch(told) or int(told) == 0:
        raise BadRequest("A limit has one nresults, a number from 1.")
    return int(told)


def find_part(uow: UnitOfWork, view: View, asked: SyncRequest) -> Part:
    """Return what answers the request; raises ChangesForgotten for a token that cannot be used."""
    if not asked.token:
        if not asked.limit:
            return Part(listing(uow, view), (), sync_token(view))
        return _listed(uow, view, Token(view.number, view.mark, 0), asked.limit)
    since = read_token(asked.token, view)
    if since is None:
        raise ChangesForgotten("The sync-token is not one of this calendar.")
    if since.listed:
        return _listed(uow, view, since, asked.limit or _ALL)
    if asked.limit or since.listed is not None:
        return _changed(uow, view, since, asked.limit or _ALL)
    changes = changes_since(uow, view, since.number, since.mark)
    return Part(changes.changed, changes.removed, sync_token(view))


#: More than there are.
_ALL = 10**9


def _listed(uow: UnitOfWork, view: View, to: Token, limit: int) -> Part:
    """Return the next objects on the way to a number; what changed after it, if there is room."""
    page = listing_page(uow, view, to.listed or 0, to.number, limit)
    if page.more:
        token = page_token(view, Token(to.number, to.mark, page.number))
        return Part(page.changed, (), token, more=True)
    room = limit - len(page.changed)
    later = _changed(uow, view, to, max(room, 1))
    if room or not (later.changed or later.removed):
        return Part((*page.changed, *later.changed), later.removed, later.token, later.more)
    return Part(page.changed, (), page_token(view, Token(to.number, to.mark, 0)), more=True)


def _changed(uow: UnitOfWork, view: View, since: Token, limit: int) -> Part:
    page = changes_page(uow, view, since.number, since.mark, limit)
    token = page_token(view, Token(page.number, page.mark, 0)) if page.more else sync_token(view)
    return Part(page.changed, page.removed, token, page.more)
