"""An identity provider: whoever vouches for people by tokens that are not of our making.

Not here: how tokens are read and keys fetched (`praxis_caldav.oidc`), and what an account may do.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "LIFE",
    "Attempt",
    "Disowned",
    "IdentityProvider",
    "Insufficient",
    "KeysWanted",
    "Vouched",
    "WhyNot",
    "is_foreign",
]

#: Who was sent to the provider comes back within so long, and once.
LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Vouched:
    """The token is true and names somebody: by the account's name, or else by its e-mail address.

    One of the two is empty. Neither has control characters or more than 254 characters.
    """

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Disowned:
    """The token is not true, or not for us, or names nobody; nothing says why."""


@dataclass(frozen=True, slots=True)
class Insufficient:
    """The token is true, but does not allow this server; `scope` would, empty if no scope does."""

    scope: str


@dataclass(frozen=True, slots=True)
class KeysWanted:
    """Only newer keys can tell: take this to `fetch_keys`, off the threads that serve requests."""

    now: datetime
    generation: int  # of the keys that could not tell


class WhyNot(StrEnum):
    """Why somebody who came back from the provider is not signed in."""

    #: Not begun in this browser, too long ago, or used already.
    OVER = "over"
    DENIED = "denied"
    #: The provider knows them, and we do not.
    UNKNOWN = "unknown"
    LOCKED = "locked"
    #: The provider knows them, and does not allow them this server.
    INSUFFICIENT = "insufficient"
    #: What the provider says is not true, or answers another question.
    UNTRUE = "untrue"
    #: The provider does not take this server for who it says it is.
    SETUP = "setup"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody went to the provider from one browser, which alone has the secret, to go on to an
    address of ours once signed in.
    """

    secret: str = field(repr=False)
    begun: datetime
    onward: str

    def word(self, purpose: str) -> str:
        """Return a word of 43 letters that tells nothing of the secret, nor of other words.

        Whoever says it knows also when the attempt was begun and where it leads.
        """
        told = f"{purpose}\n{self.begun.timestamp():.0f}\n{self.onward}"
        made = hmac.digest(self.secret.encode(), told.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    def is_over(self, now: datetime) -> bool:
        """Tell whether it was begun too long ago."""
        return now - self.begun >= LIFE


class IdentityProvider(Protocol):
    """One provider, and the keys it signs with. Safe to use from several threads."""

    def read(self, token: str, now: datetime) -> Vouched | Disowned | Insufficient | KeysWanted:
        """Judge a token, whatever it looks like, by the keys at hand: no network.

        Raises IdentityProviderUnavailable when the keys that could tell cannot be had.
        """

    def fetch_keys(self, wanted: KeysWanted) -> None:
        """Fetch the keys over the network: takes seconds, never raises for a provider at fault.

        Does nothing if newer keys are there by now, or if it was tried too often lately.
        """


def is_foreign(secret: str) -> bool:
    """Tell whether a bearer token is a provider's (a JWT, RFC 7519 3): ours have no dots."""
    return secret.count(".") == 2
