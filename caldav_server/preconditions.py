"""The conditional headers of HTTP (RFC 9110 13) as conditions of the practice."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from practice.calendars import Condition

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["condition", "http_date", "not_modified"]

_ETAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\U0010ffff]*")|(\*)|([^\s",]+)')


def condition(environ: Mapping[str, str]) -> Condition:
    """Return what If-Match and If-None-Match ask for; lists and "*" included.

    Weak ETags never match for a change: only the same bytes may be overwritten. An ETag without
    its quotes, as some clients send it, is taken for the quoted one.
    """
    return Condition(
        _etags(environ.get("HTTP_IF_MATCH")), _etags(environ.get("HTTP_IF_NONE_MATCH"))
    )


def _etags(header: str | None) -> tuple[str, ...] | None:
    if header is None:
        return None
    found = _ETAG.finditer(header)
    return tuple(m[3] or (f'"{m[4]}"' if m[4] else m[2]) for m in found if not m[1])


def not_modified(environ: Mapping[str, str], etag: str, changed: datetime) -> bool:
    """Tell whether a GET or HEAD is answered by 304. ETags go before dates (RFC 9110 13.2.2)."""
    etags = environ.get("HTTP_IF_NONE_MATCH")
    if etags is not None:
        return etags.strip() == "*" or etag in {m[2] for m in _ETAG.finditer(etags)}
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if not since:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, TypeError, IndexError):
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return changed.replace(microsecond=0) <= moment


def http_date(moment: datetime) -> str:
    """Return a moment as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
