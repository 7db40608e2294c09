"""What somebody says to be, and what is answered to it.

Not here: who decides over it (`practice.use_cases.sign_in`).
"""

from __future__ import annotations

import functools
import ipaddress
from dataclasses import dataclass

from practice.access import Account
from practice.accounts import Credential
from practice.identity import Insufficient, KeysWanted
from practice.scopes import Scope, allowed
from practice.sessions import Way

__all__ = [
    "Admitted",
    "Claim",
    "Outcome",
    "Refused",
    "Throttled",
    "Unverified",
    "network_of",
]


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says to be: a name and password, or a bearer token (name "")."""

    name: str
    secret: str
    network: str  # see `network_of`

    @property
    def is_token(self) -> bool:
        """Tell whether this is a bearer token."""
        return not self.name


@dataclass(frozen=True, slots=True)
class Admitted:
    """The claim is true, by a credential of ours, or by a provider's token. `scopes` are those of
    the token that was shown; None is everything.
    """

    account: Account
    scopes: tuple[str, ...] | None = None
    credential: Credential | None = None

    @property
    def program(self) -> bool:
        """Tell whether it was a token of ours: programs have these, people a provider's."""
        return self.way is Way.TOKEN

    @property
    def way(self) -> Way:
        """How somebody has signed in."""
        return Way.PROVIDER if self.credential is None else Way(self.credential.kind)

    def allows(self, scope: Scope) -> bool:
        """Tell whether the account may do this, signed in as it is."""
        return scope in allowed(self.account, self.scopes)


@dataclass(frozen=True, slots=True)
class Refused:
    """The claim is not true; nothing says why."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many wrong claims lately; `seconds` until the next may be made."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Unverified:
    """Only argon2id can tell: take this to `Gate.check`, off the threads that serve requests."""

    claim: Claim
    account: Account | None
    credential: Credential | None


Outcome = Admitted | Refused | Throttled | Unverified | Insufficient | KeysWanted


@functools.lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return what failures are counted by: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip)
