"""An identity provider: whoever vouches for people by tokens that are not of our making.

Not here: how tokens are read and keys fetched (`praxis_caldav.oidc`), and what an account may do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "Disowned",
    "IdentityProvider",
    "Insufficient",
    "KeysWanted",
    "Vouched",
    "is_foreign",
]


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
