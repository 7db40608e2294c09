"""The provider of the settings, as the practice's port: its keys and addresses, kept for a while.

Nothing is remembered of tokens: to verify a signature costs less than a row of the database, and
a key that the provider has withdrawn thus opens nothing once newer ones are here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from practice.errors import IdentityProviderUnavailable
from practice.identity import Disowned, Insufficient, KeysWanted, Vouched
from praxis_caldav.oidc.fetching import Discovered, FetchError, Places
from praxis_caldav.oidc.keys import PublicKey, find
from praxis_caldav.oidc.tokens import Expected, Opened, Untrue, identify, opened, verify

__all__ = ["Keeping", "OidcProvider"]

log = logging.getLogger(__name__)

#: Fetches in a minute at most: whoever makes up tokens shall not make us a burden.
MOST_FETCHES = 10
MINUTE = timedelta(minutes=1)
#: After a failed fetch, until the next.
PAUSE = timedelta(seconds=10)
MOST_SOUGHT = 1000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long keys are used: without asking again, and beyond that if nobody answers."""

    fresh: timedelta = timedelta(minutes=15)
    stale: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of now; replaced as a whole. `generation` counts the successful fetches."""

    keys: tuple[PublicKey, ...] = ()
    places: Places = field(default_factory=Places)
    generation: int = 0
    fetched: datetime | None = None
    failed: datetime | None = None  # since then

    def younger_than(self, age: timedelta, now: datetime) -> bool:
        return self.fetched is not None and now - self.fetched < age


class OidcProvider:
    """The IdentityProvider port. One per process."""

    def __init__(
        self, expected: Expected, fetch: Callable[[], Discovered], keeping: Keeping | None = None
    ) -> None:
        self._expected = expected
        self._fetch = fetch
        self._keeping = keeping or Keeping()
        self._keys = _Keys()
        self._lock = threading.Lock()
        self._fetches: deque[datetime] = deque(maxlen=MOST_FETCHES)
        #: Names of keys that were not there: in which generation, and when.
        self._sought: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def read(self, token: str, now: datetime) -> Vouched | Disowned | Insufficient | KeysWanted:
        """See the port."""
        try:
            # What is not for us, or over, is not worth a fetch.
            told = opened(token, self._expected, now)
            return self.trust(told, now) or identify(told, self._expected)
        except Untrue as untrue:
            log.info("a provider's token was refused", extra={"reason": untrue.reason})
            return Disowned()

    def trust(self, told: Opened, now: datetime) -> KeysWanted | None:
        """Verify a signature by the keys at hand: KeysWanted if only newer ones can tell.

        Raises Untrue, and IdentityProviderUnavailable as `read` does.
        """
        key = self._key(told, now)
        if isinstance(key, KeysWanted):
            return key
        verify(told, key)
        return None

    def places(self, now: datetime, age: timedelta) -> Places | KeysWanted:
        """Return where people sign in; KeysWanted if it was told longer than `age` ago.

        Raises IdentityProviderUnavailable for a provider that did not answer when it was asked
        last: nobody is to be sent to where nobody answers.
        """
        keys = self._keys
        if keys.younger_than(age, now):
            return keys.places
        if self._may_fetch(now):
            return KeysWanted(now, keys.generation)
        if keys.failed or keys.fetched is None:
            raise IdentityProviderUnavailable
        return keys.places

    def fetch_keys(self, wanted: KeysWanted) -> None:
        """See the port."""
        if wanted.generation != self._keys.generation or not self._may_fetch(wanted.now):
            return
        with self._lock:
            self._fetches.append(wanted.now)
        begin = time.monotonic()
        try:
            found = self._fetch()
        except FetchError as error:
            ended = wanted.now + timedelta(seconds=time.monotonic() - begin)
            self._keys = replace(self._keys, failed=ended)
            log.warning("the identity provider's keys cannot be had", extra={"why": error.reason})
            return
        self._keys = _Keys(found.keys, found.places, self._keys.generation + 1, wanted.now)
        log.info("the identity provider's keys are here", extra={"keys": len(found.keys)})

    def _key(self, told: Opened, now: datetime) -> PublicKey | KeysWanted:
        """Return the key that a token names; raises Untrue if there is none."""
        keys = self._keys
        wanted = KeysWanted(now, keys.generation)
        if not keys.younger_than(self._keeping.fresh, now):
            if self._may_fetch(now):
                return wanted
            if not keys.younger_than(self._keeping.fresh + self._keeping.stale, now):
                raise IdentityProviderUnavailable
        key = find(keys.keys, told.kid, told.algorithm)
        if key is not None:
            return key
        if not told.kid or any(key.kid == told.kid for key in keys.keys):
            raise Untrue("key")
        if self._worth_seeking(told.kid, keys.generation, now) and self._may_fetch(now):
            return wanted
        if keys.failed:  # it may be one of the keys that we could not get
            raise IdentityProviderUnavailable
        raise Untrue("key")

    def _worth_seeking(self, kid: str, generation: int, now: datetime) -> bool:
        """Tell whether newer keys may have this one: not twice a minute for the same name."""
        with self._lock:
            before, at = self._sought.get(kid, (generation, now))
            if before != generation and now - at < MINUTE:
                return False
            self._sought[kid] = (generation, now)
            while len(self._sought) > MOST_SOUGHT:
                self._sought.popitem(last=False)
            return True

    def _may_fetch(self, now: datetime) -> bool:
        failed = self._keys.failed
        if failed is not None and now - failed < PAUSE:
            return False
        with self._lock:
            return len(self._fetches) < MOST_FETCHES or now - self._fetches[0] >= MINUTE
