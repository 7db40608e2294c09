"""The conditional headers of HTTP (RFC 9110 13) as conditions of the practice, and WebDAV's If
held to what is there.

Not here: how an If header is read (`caldav_server.if_header`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from caldav_server.if_header import State, read_if
from caldav_server.tokens import ctag, sync_token
from practice.calendars import Condition
from practice.errors import PreconditionFailed
from practice.use_cases.reading import objects_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from caldav_server.addresses import Addresses
    from caldav_server.scope import Scope
    from practice.calendars import CalendarPath

__all__ = ["check_if", "condition", "http_date", "not_modified"]

_ETAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\U0010ffff]*")|(\*)|([^\s",]+)')


def condition(environ: Mapping[str, str]) -> Condition:
    """Return what If-Match, If-Unmodified-Since and If-None-Match ask for; lists and "*" included.

    Weak ETags never match in If-Match: only the same bytes may be overwritten. In If-None-Match
    they do (RFC 9110 13.1.2). An ETag without its quotes, as some clients send it, is taken for
    the quoted one.
    """
    return Condition(
        _etags(environ.get("HTTP_IF_MATCH"), weak=False),
        _etags(environ.get("HTTP_IF_NONE_MATCH"), weak=True),
        _moment(environ.get("HTTP_IF_UNMODIFIED_SINCE")),
    )


def _etags(header: str | None, *, weak: bool) -> tuple[str, ...] | None:
    if header is None:
        return None
    found = _ETAG.finditer(header)
    return tuple(m[3] or (f'"{m[4]}"' if m[4] else m[2]) for m in found if weak or not m[1])


def not_modified(environ: Mapping[str, str], etag: str, changed: datetime) -> bool:
    """Tell whether a GET or HEAD is answered by 304; raises PreconditionFailed for a 412.

    The order is that of RFC 9110 13.2.2: ETags go before dates, what must be before what must not.
    """
    asked = condition(environ)
    Condition(asked.match, None, asked.unmodified_since).check(etag, changed)
    if asked.none_match is not None:
        return "*" in asked.none_match or etag in asked.none_match
    since = _moment(environ.get("HTTP_IF_MODIFIED_SINCE"))
    return since is not None and changed.replace(microsecond=0) <= since


def check_if(scope: Scope, addresses: Addresses, environ: Mapping[str, Any], path: str) -> None:
    """Raise PreconditionFailed unless the If header, if there is one, holds (RFC 4918 10.4)."""
    header = environ.get("HTTP_IF")
    if header is None:
        return
    asked = read_if(header)

    def state_of(tag: str) -> State:
        if not tag:
            return _state(scope, addresses.calendar_path(path))
        return _state(scope, addresses.from_href(tag, environ["praxis.hosts"]))

    if not asked.holds(state_of):
        raise PreconditionFailed("The If header does not hold.")


def _state(scope: Scope, at: CalendarPath | None) -> State:
    view = scope.find(at.calendar) if at is not None else None
    if view is None or at is None:
        return State()
    if not at.object:
        return State(ctag(view), sync_token(view))
    item = objects_named(scope.unit, view, [at.object]).get(at.object)
    return State(item.etag) if item is not None else State()


def _moment(header: str | None) -> datetime | None:
    """Return an HTTP date, None for what is none: such a header is passed over."""
    if not header:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def http_date(moment: datetime) -> str:
    """Return a moment as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
