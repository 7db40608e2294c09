"""What an ID token must say beyond any other token: that it answers the question that was asked.

Pure. Not here: issuer, audience, times and signature (`praxis_caldav.oidc.tokens`). Source: OpenID
Connect Core 1.0, 3.1.3.7.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from praxis_caldav.oidc.tokens import Expected, Opened, Untrue

__all__ = ["check_answer"]


def check_answer(token: Opened, expected: Expected, nonce: str, since: datetime) -> None:
    """See whether a token answers what was asked at a time with a nonce, by the client that is the
    expected audience; raises Untrue. Nothing in it is known to be true yet.
    """
    claims, header = token.claims, token.signed.headers()
    told, party, made = claims.get("nonce"), claims.get("azp"), claims.get("iat")
    if not isinstance(told, str) or not _same(told, nonce):
        raise Untrue("nonce")
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    # One that is for others as well must say that it was made for us.
    if party != expected.audience and (party is not None or several):
        raise Untrue("party")
    if str(header.get("typ", "JWT")).lower() != "jwt":  # an access token is none
        raise Untrue("type")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Untrue("subject")
    if not isinstance(made, int | float) or not made >= since.timestamp() - expected.skew:
        raise Untrue("made before it was asked for")


def _same(told: str, nonce: str) -> bool:
    return hmac.compare_digest(told.encode("utf-8", "replace"), nonce.encode())
