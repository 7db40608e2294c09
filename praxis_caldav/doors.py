"""Which door a request goes to, by its address.

Not here: what is behind the doors (`praxis_caldav.composition`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from caldav_server.addresses import MOUNT
from caldav_server.feeds import FEEDS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Doors"]

#: All of it but what booking tools send.
_API, _WEBHOOKS = "/api/", "/api/webhooks/"
#: Where pages are: loaded with the API, when first asked for.
_PAGES = ("/admin", "/anmelden", "/sprache", "/termine", "/buchen", "/static/")
_WELL_KNOWN = "/.well-known/caldav"
#: Apple's calendars look for the account at these, whatever address they were given; "*" is the
#: whole server (RFC 9110 9.3.7).
_PROBED = frozenset({"", "/principals", "*"})
_PLAIN_METHODS = frozenset({"GET", "HEAD"})


class Doors:
    """Sends a request to CalDAV, the feeds, the API or the pages, by its address."""

    def __init__(self, caldav: ASGIApp, feeds: ASGIApp, pages: ASGIApp, api: ASGIApp) -> None:
        self._caldav = caldav
        self._feeds = feeds
        self._pages = pages
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door(scope)(scope, receive, send)

    def _door(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self._pages
        path: str = scope["path"]
        if path.rstrip("/") == MOUNT and scope["method"] in _PLAIN_METHODS:
            return RedirectResponse("/", status_code=303)  # somebody looks at it with a browser
        if path == MOUNT or path.startswith(MOUNT + "/"):
            return self._caldav
        if path.startswith(FEEDS):
            return self._feeds
        if path.startswith((_API, *_PAGES)) and not path.startswith(_WEBHOOKS):
            return self._api
        if path.rstrip("/") == _WELL_KNOWN:
            return RedirectResponse(MOUNT + "/", status_code=301)
        if path.rstrip("/") in _PROBED and scope["method"] not in _PLAIN_METHODS:
            return self._caldav
        return self._pages
