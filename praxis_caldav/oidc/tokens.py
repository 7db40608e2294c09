"""Tokens of a provider: taken apart, held against what is expected, their signature verified.

Pure: no network, no clock, nothing remembered. Sources: RFC 7519, RFC 8725, RFC 9068.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from practice.identity import Insufficient, Vouched
from praxis_caldav.oidc.keys import ALGORITHMS, PublicKey

__all__ = ["Expected", "Opened", "Untrue", "identify", "opened", "verify"]

#: Characters; more than any provider needs that does not put whole directories into its tokens.
LONGEST_TOKEN = 8192
#: The header may carry certificates; the whole token is bounded.
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_REGISTRY.max_header_length = LONGEST_TOKEN
#: Access tokens (RFC 9068 2.1) and those of providers that name no type. Not the tokens made for
#: something else, such as logging out (RFC 8725 3.11).
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_LONGEST_NAME = 254


class Untrue(Exception):
    """The token is refused; `reason` is a word or two that tell nothing of what is in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say.

    `claim` names the account, by e-mail address if `by_email`; `required` maps claims to what
    they must be or contain; `skew` is the seconds by which clocks may differ.
    """

    issuer: str
    audience: str
    claim: str = "preferred_username"
    by_email: bool = False
    skew: int = 60
    required_scope: str = ""
    required: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A token taken apart. Nothing in it is known to be true."""

    signed: CompactSignature
    algorithm: str
    kid: str
    claims: Mapping[str, Any]


def opened(token: str, expected: Expected, now: datetime) -> Opened:
    """Take a token apart and see whether it would be for us, if it were true; raises Untrue."""
    if len(token) > LONGEST_TOKEN:
        raise Untrue("size")
    try:
        signed = extract_compact(token.encode("ascii"), registry=_REGISTRY)
        claims = json.loads(signed.payload or b"")
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Untrue("shape") from None
    header: object = signed.headers()
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Untrue("shape")
    algorithm, kid = header.get("alg"), header.get("kid", "")
    if algorithm not in ALGORITHMS:
        raise Untrue("algorithm")
    # No extension is known here (RFC 7515 4.1.11), and b64 is not for tokens (RFC 7797 7).
    if not isinstance(kid, str) or {"crit", "b64"} & set(header):
        raise Untrue("header")
    if str(header.get("typ", "JWT")).lower() not in _TYPES:
        raise Untrue("type")
    _check_claims(claims, expected, now.timestamp())
    return Opened(signed, algorithm, kid, claims)


def verify(token: Opened, key: PublicKey) -> None:
    """Verify the signature; raises Untrue."""
    try:
        right = validate_compact(token.signed, key.key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError):
        right = False
    if not right:
        raise Untrue("signature")


def identify(token: Opened, expected: Expected) -> Vouched | Insufficient:
    """Return whom a verified token is for; raises Untrue if it does not say."""
    claims = token.claims
    scopes = [*_words(claims.get("scope")), *_words(claims.get("scp"))]
    if expected.required_scope and expected.required_scope not in scopes:
        return Insufficient(expected.required_scope)
    for name, value in expected.required.items():
        if claims.get(name) != value and value not in _members(claims.get(name)):
            return Insufficient("")
    named = claims.get(expected.claim)
    if not isinstance(named, str) or not 0 < len(named) <= _LONGEST_NAME or not named.isprintable():
        raise Untrue("claim")
    by_address = expected.by_email or expected.claim == "email"
    if by_address and claims.get("email_verified", True) not in (True, "true"):
        raise Untrue("e-mail not verified")
    return Vouched(email=named) if expected.by_email else Vouched(name=named)


def _check_claims(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    audience = claims.get("aud")
    if claims.get("iss") != expected.issuer:
        raise Untrue("issuer")
    if audience != expected.audience and expected.audience not in _members(audience):
        raise Untrue("audience")
    if "cnf" in claims:  # it is worth nothing without the proof of a key: RFC 7800, RFC 9449 7.2
        raise Untrue("bound to a key")
    if not now < _time(claims, "exp") + expected.skew:
        raise Untrue("expired")
    for name in ("nbf", "iat"):
        if name in claims and not _time(claims, name) <= now + expected.skew:
            raise Untrue("not yet valid")


def _time(claims: Mapping[str, Any], name: str) -> float:
    """Return a NumericDate; JSON's NaN is none, and compares as false with everything."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Untrue("time")
    return value


def _words(value: object) -> list[object]:
    return list(value.split()) if isinstance(value, str) else _members(value)


def _members(value: object) -> list[object]:
    return value if isinstance(value, list) else []
