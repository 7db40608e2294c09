"""ETags and sync-tokens of calendars: where the log was when somebody looked.

Not here: what has changed since (`practice.use_cases.reading`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from practice.views import View

__all__ = ["INBOX_TOKEN", "Token", "ctag", "page_token", "read_token", "sync_token"]

_TOKEN = "urn:praxis-caldav:sync:"  # noqa: S105 - the word is the RFC's
#: Of the scheduling inbox, in which nothing ever changes.
INBOX_TOKEN = _TOKEN + "inbox"
_GIVEN_OUT = re.compile(
    _TOKEN + r"(?P<number>[0-9]{1,18})-(?P<mark>[0-9a-f]*)-(?P<fingerprint>[0-9a-f]+)"
    r"(?:-(?P<listed>[0-9]{1,18}))?"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A sync-token, taken apart: the number of a change, and its mark.

    `listed` is set in the token of a page. Above 0, the replica is on its way to `number` and has
    what changed last up to `listed`; 0, it is at `number`, having come there by pages: it may know
    of objects what a replica would not that came there at once.
    """

    number: int
    mark: str
    listed: int | None = None


def ctag(view: View) -> str:
    """Return what changes with anything in the view; quoted, so that it is an ETag too."""
    return f'"{view.number}-{view.mark}-{view.fingerprint}"'


def sync_token(view: View) -> str:
    """Return the sync-token of the view as it is now."""
    return f"{_TOKEN}{view.number}-{view.mark}-{view.fingerprint}"


def page_token(view: View, token: Token) -> str:
    """Return the sync-token from which a client goes on that was sent a part (RFC 6578 3.6)."""
    return f"{_TOKEN}{token.number}-{token.mark}-{view.fingerprint}-{token.listed or 0}"


def read_token(text: str, view: View) -> Token | None:
    """Return what a sync-token says, None unless it was given out for such a view."""
    found = _GIVEN_OUT.fullmatch(text.strip())
    if found is None or found["fingerprint"] != view.fingerprint:
        return None
    listed = None if found["listed"] is None else int(found["listed"])
    return Token(int(found["number"]), found["mark"], listed)
