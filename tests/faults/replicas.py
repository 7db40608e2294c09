"""Replicas that are kept by sync-collection alone, whatever happens to the server."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import httpx

from tests.dav import HOME, listing, multistatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.arena import Arena

__all__ = ["Replica", "kept", "replicas_of"]

#: Who keeps what: the doctors' calendars, the union, and that as the booking tool sees it.
WATCHED = (
    ("empfang", "dr-mueller"),
    ("empfang", "dr-schmidt"),
    ("empfang", "praxis"),
    ("buchung", "praxis"),
)
_BODY = (
    '<sync-collection xmlns="DAV:"><sync-token>{}</sync-token>'
    "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
)
#: Seconds between two syncs.
PAUSE = 0.2


def _digest(href: str, etag: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{href} {etag}".encode(), digest_size=16).digest())


@dataclass
class Replica:
    """ETags by address as of `token`. `early` is how it was some time ago, with its token."""

    client: httpx.Client
    calendar: str
    token: str = ""
    etags: dict[str, str] = field(default_factory=dict)
    early: tuple[str, dict[str, str]] | None = None
    #: A digest of the replica at every token it ever had.
    seen: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    syncs: int = 0
    _sum: int = 0

    def sync(self) -> bool:
        """Take over what has changed; False if the server was not there."""
        try:
            answer = self.client.request(
                "REPORT", self.calendar, content=_BODY.format(escape(self.token))
            )
        except httpx.TransportError:
            return False
        if answer.status_code != 207:
            if answer.status_code != 503 or "retry-after" not in answer.headers:
                self.wrong.append(f"a sync was answered with {answer.status_code}: {answer.text}")
            return False
        told = multistatus(answer)
        for href in told.gone:
            self._set(href, None)
        for href, etag in told.etags.items():
            self._set(href, etag)
        self._reached(told.token)
        return True

    def _set(self, href: str, etag: str | None) -> None:
        old = self.etags.pop(href, None)
        if old is not None:
            self._sum ^= _digest(href, old)
        if etag is not None:
            self.etags[href] = etag
            self._sum ^= _digest(href, etag)

    def _reached(self, token: str) -> None:
        if self.seen.setdefault(token, self._sum) != self._sum:
            self.wrong.append("a token came back for another state")
        self.token = token
        self.syncs += 1

    def remember(self) -> None:
        """Keep what there is now, for a client that comes back late."""
        self.early = (self.token, dict(self.etags))

    def check(self) -> int:
        """Hold the live, the early and a fresh replica to the listing; return how much is in it."""
        assert self.sync()
        assert self.wrong == []
        listed = listing(self.client, self.calendar)
        assert self.etags == listed, _difference(self.etags, listed)
        for token, etags in [("", {}), *([self.early] if self.early else [])]:
            other = Replica(self.client, self.calendar, token)
            for href, etag in etags.items():
                other._set(href, etag)
            assert other.sync(), other.wrong
            assert other.etags == listed, _difference(other.etags, listed)
            assert other.token == self.token
        return len(listed)


def _difference(replica: dict[str, str], listed: dict[str, str]) -> str:
    differing = {href for href, _ in replica.items() ^ listed.items()}
    return f"{len(differing)} differ, such as {sorted(differing)[:5]}"


def replicas_of(arena: Arena) -> list[Replica]:
    """Return a fresh replica of everything that is watched."""
    return [Replica(arena.client(account), f"{HOME}{name}/") for account, name in WATCHED]


@contextmanager
def kept(replicas: Sequence[Replica]) -> Iterator[None]:
    """Sync replicas again and again until the end of the block; what each had first is kept."""
    for replica in replicas:
        assert replica.sync()
        replica.remember()
    stopped = Event()

    def keep(replica: Replica) -> None:
        while not stopped.wait(PAUSE):
            replica.sync()

    with ThreadPoolExecutor(len(replicas)) as threads:
        tasks = [threads.submit(keep, replica) for replica in replicas]
        try:
            yield
        finally:
            stopped.set()
        for task in tasks:
            task.result()
