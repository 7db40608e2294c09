"""A list of a JSON API, page by page to its end.

Not here: what its rows say (`booking_adapter.tools.generic_rows`).

A list that may lack something is worse than none: bookings that are not on it are taken for gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlencode, urljoin, urlsplit

from booking_adapter.failures import Failed
from booking_adapter.tools.generic_rows import at, json_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from booking_adapter.outgoing import Http
    from booking_adapter.tools.generic_mapping import Listing, Paging

__all__ = ["MOST_PAGES", "all_rows"]

MOST_PAGES = 10_000
_PORTS = {"http": 80, "https": 443}
#: Characters of an address that is followed, and of a cursor.
_LONGEST = 4096
#: RFC 8288 3
_LINK = re.compile(r'<([^<>]*)>((?:[^,<"]|"[^"]*")*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)


def all_rows(http: Http, listing: Listing, path: str) -> Iterator[Any]:
    """Yield all rows of a list; raises Failed where it has no end, or leads elsewhere."""
    walk = _Walk(listing.paging, http.base, path)
    address, asked, count = walk.address, set[str](), 0
    while len(asked) < MOST_PAGES:
        asked.add(address)
        answer = http.ask("GET", address)
        told = json_of(answer)
        rows = at(told, listing.rows)
        if not isinstance(rows, list):
            raise Failed("not what was asked for")
        yield from rows
        count += len(rows)
        following = walk.after(answer, told, rows)
        if following is None or (following == address and not rows):
            _check_total(told, listing.total, count)
            return
        if following in asked:
            break
        address = following
    raise Failed("a list without end")


class _Walk:
    """Where a list goes on, at each page of it."""

    def __init__(self, paging: Paging, base: str, path: str) -> None:
        self._paging = paging
        self._root = base.rstrip("/") + "/"
        sized = {paging.size_parameter: str(paging.size)} if paging.size_parameter else {}
        self._path = _with(path, sized)
        begun = 1 if paging.kind == "page" else 0
        self._number = begun if paging.first is None else paging.first
        self._last: list[Any] = []
        self.address = self._path
        if paging.kind in {"page", "offset"}:
            self.address = self._at(self._number)

    def after(self, answer: Any, told: Any, rows: list[Any]) -> str | None:
        """Return the address that follows; None at the end."""
        if self._paging.kind in {"page", "offset"}:
            return self._counted(rows)
        if self._paging.kind == "link":
            link = _next_link(answer.headers.get("Link", ""))
            return None if link is None else self._below(link)
        if self._paging.kind in {"cursor", "next"}:
            return self._pointed(at(told, self._paging.cursor))
        return None

    def _counted(self, rows: list[Any]) -> str | None:
        # A short page ends a list only behind a full one: a tool may give fewer rows a page than
        # it was asked for.
        before, self._last = self._last, rows
        if not rows or len(rows) < self._paging.size <= len(before):
            return None
        if rows == before:
            raise Failed("a list without end")
        self._number += 1 if self._paging.kind == "page" else len(rows)
        return self._at(self._number)

    def _pointed(self, pointer: Any) -> str | None:
        if pointer is None or pointer is False or pointer == "":
            return None
        if self._paging.kind == "cursor" and isinstance(pointer, str | int) and pointer is not True:
            return self._at(pointer)
        if self._paging.kind == "next" and isinstance(pointer, str):
            return self._below(pointer)
        raise Failed("not what was asked for")

    def _at(self, place: str | int) -> str:
        if len(str(place)) > _LONGEST:
            raise Failed("not what was asked for")
        return _with(self._path, {self._paging.parameter: str(place)})

    def _below(self, told: str) -> str:
        """Return an address as one below the root, where the key may be shown; raises Failed."""
        if len(told) > _LONGEST or not (told.isascii() and told.isprintable()):
            raise Failed("not what was asked for")
        try:
            there = urlsplit(urljoin(self._root + self._path.lstrip("/"), told))
            here = urlsplit(self._root)
            below = _origin(there) == _origin(here) and there.path.startswith(here.path)
        except ValueError:
            below = False
        if not below or {".", ".."} & set(unquote(there.path).split("/")):
            raise Failed("a list that goes on elsewhere", permanent=True)
        # With a slash before, so that it cannot be taken for a whole address.
        path = "/" + there.path.removeprefix(here.path).lstrip("/")
        return f"{path}?{there.query}" if there.query else path


def _origin(address: SplitResult) -> tuple[str, str | None, int | None]:
    return address.scheme, address.hostname, address.port or _PORTS.get(address.scheme)


def _with(path: str, query: dict[str, str]) -> str:
    if not query:
        return path
    told = urlencode(query, errors="replace")
    return f"{path}&{told}" if "?" in path else f"{path}?{told}"


def _next_link(header: str) -> str | None:
    for address, parameters in _LINK.findall(header):
        rel = _REL.search(parameters)
        if rel and "next" in (rel[1] or rel[2] or "").lower().split():
            return str(address)
    return None


def _check_total(told: Any, path: str, count: int) -> None:
    if not path:
        return
    total = at(told, path)
    if not isinstance(total, int) or count < total:
        raise Failed("a list with fewer bookings than it says")
