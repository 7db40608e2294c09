"""`/feeds/<token>.ics`: a calendar as a file for whoever knows the address. GET and HEAD.

An ASGI application of its own and none of Radicale's: nobody signs in, and nothing is written.
The token is the secret: it stands in no log, no error and no header, and the answers tell
caches, search engines and other sites to leave the address alone.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from caldav_server.attachment import attachment
from caldav_server.preconditions import http_date, not_modified
from practice.access import SYSTEM
from practice.errors import NotFound, Unavailable
from practice.use_cases.feeds import FeedWindow, edition

if TYPE_CHECKING:
    from collections.abc import Awaitable, MutableMapping

    from practice.ports import Database
    from practice.profile import Profile

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["FEEDS", "Feeds"]

log = logging.getLogger(__name__)

#: Where the addresses begin.
FEEDS = "/feeds/"
_TOKEN = re.compile(r"([A-Za-z0-9-]{1,100})\.ics")
_HEADERS = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
}
_DISCREET = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
_GZIP = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=(?:1|0?\.0*[1-9])[0-9.]*\s*)?(?:,|$)")
#: Files made at once; others wait, so that feeds do not slow down the calendars.
THREADS = 2

Reply = tuple[int, dict[str, str], bytes]


class Feeds:
    """The ASGI application for everything below `FEEDS`."""

    def __init__(
        self,
        database: Database,
        profile: Profile,
        window: FeedWindow,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._profile = profile
        self._window = window
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, "feeds")

    def close(self) -> None:
        """Wait for running requests and give the threads back."""
        self._threads.shutdown()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        method: str = scope["method"]
        if method not in {"GET", "HEAD"}:
            reply = _told(405, "A feed is only read.", Allow="GET, HEAD")
        else:
            loop = asyncio.get_running_loop()
            reply = await loop.run_in_executor(self._threads, self._reply, scope)
        status, headers, body = reply
        if status != 304:
            headers["Content-Length"] = str(len(body))
        encoded = [(n.lower().encode(), v.encode("latin-1")) for n, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    def _reply(self, scope: Message) -> Reply:
        path: str = scope["path"]
        token = _TOKEN.fullmatch(path.removeprefix(FEEDS))
        asked = [(n, v.decode("latin-1")) for n, v in scope["headers"] if n in _HEADERS]
        environ: dict[str, str] = {}
        for name, value in asked:
            key = _HEADERS[name]
            environ[key] = f"{environ[key]}, {value}" if key in environ else value
        try:
            return self._edition(token[1] if token else "", environ)
        except NotFound:
            return _told(404, "There is no such feed.")
        except Unavailable:
            return _told(503, "Try again in a moment.", **{"Retry-After": "5"})
        except Exception:
            # Here, since whoever is further out would tell the address along with it.
            log.exception("a feed failed")
            return _told(500, "The feed cannot be made.")

    def _edition(self, token: str, environ: dict[str, str]) -> Reply:
        packed = _GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", "").lower()) is not None
        with self._database.begin(actor=SYSTEM, now=self._clock(), read_only=True) as uow:
            found = edition(uow, token, self._profile, self._window)
            # Strong: other bytes, another ETag (RFC 9110 8.8.3.3).
            etag = f'"{found.tag}-gzip"' if packed else f'"{found.tag}"'
            headers = {
                **_DISCREET,
                "ETag": etag,
                "Last-Modified": http_date(found.changed),
                "Vary": "Accept-Encoding",
            }
            if not_modified(environ, etag, found.changed):
                return 304, headers, b""
            body = found.text(uow, self._profile).encode()
        headers["Content-Type"] = "text/calendar; charset=utf-8"
        headers["Content-Disposition"] = attachment(f"{found.name}.ics")
        if packed:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 6, mtime=0)
        return 200, headers, body


def _told(status: int, sentence: str, **more: str) -> Reply:
    return status, {**_DISCREET, **_PLAIN, **more}, f"{sentence}\n".encode()
