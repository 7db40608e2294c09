"""Signing in to pages at an identity provider: people are sent there, and come back with its word.

A browser has the secret of its attempt; the words that travel by the provider are made of it, so
nothing is stored until somebody is signed in. Not here: how the provider is asked
(`praxis_caldav.oidc`), nor the cookie.
"""

from __future__ import annotations

import base64
import hmac
import logging
import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from practice.answers import GivenAnswer
from practice.identity import Attempt, Vouched, WhyNot
from practice.passwords import digest
from practice.sessions import Way
from practice.use_cases.sessions import begin_session, end_session
from practice.use_cases.sign_in import account_of

if TYPE_CHECKING:
    from practice.ports import UnitOfWork

__all__ = ["begin_attempt", "come_back", "kept_of", "sign_in_vouched"]

log = logging.getLogger(__name__)

#: Secret, seconds since 1970, and where to go on to.
_KEPT = re.compile(r"([A-Za-z0-9_-]{43})\.([0-9]{1,11})\.([A-Za-z0-9_-]{0,1400})")
#: Octets of an address; a cookie has room for 4096, and some proxies for as much in a whole head.
_LONGEST = 1000


def begin_attempt(now: datetime, onward: str, other: str) -> Attempt:
    """Begin to sign somebody in; who would go on to an address that is too long to be kept goes on
    to the other.
    """
    begun = now.astimezone(UTC).replace(microsecond=0)
    fits = len(onward.encode("utf-8", "replace")) <= _LONGEST
    return Attempt(secrets.token_urlsafe(32), begun, onward if fits else other)


def kept_of(attempt: Attempt) -> str:
    """Return what a browser keeps of an attempt: letters, digits, and `.`, `-`, `_`."""
    onward = base64.urlsafe_b64encode(attempt.onward.encode("utf-8", "replace"))
    return f"{attempt.secret}.{attempt.begun.timestamp():.0f}.{onward.rstrip(b'=').decode()}"


def come_back(kept: str, state: str, now: datetime) -> Attempt | None:
    """Return the attempt that a browser keeps if the state is its word, and it is not over."""
    attempt = _read(kept)
    if attempt is None:
        return None
    right = hmac.compare_digest(state.encode("utf-8", "replace"), attempt.word("state").encode())
    return attempt if right and not attempt.is_over(now) else None


def sign_in_vouched(
    uow: UnitOfWork, attempt: Attempt, told: Vouched, *, network: str = "", session: str = ""
) -> str | WhyNot:
    """Begin a session of the account that the provider means; return its secret, or why not.

    An attempt is used up by it. `session` is one that the browser had before: it ends.
    """
    used = digest("sign-in elsewhere " + attempt.word("state"))
    if uow.answers.find(used) is not None:
        return WhyNot.OVER
    account = account_of(uow, told)
    if account is None or account.disabled:
        why = WhyNot.UNKNOWN if account is None else WhyNot.LOCKED
        log.info("a sign-in by the identity provider was refused", extra={"reason": str(why)})
        return why
    uow.answers.keep(used, GivenAnswer("", 303, {}, b""))
    if session:
        end_session(uow, session)
    log.info("signed in by the identity provider", extra={"account_id": account.id})
    return begin_session(uow, account, network=network, way=Way.PROVIDER)


def _read(kept: str) -> Attempt | None:
    parts = _KEPT.fullmatch(kept)
    if parts is None:
        return None
    secret, begun, onward = parts.groups()
    try:
        address = base64.urlsafe_b64decode(onward + "=" * (-len(onward) % 4)).decode()
        return Attempt(secret, datetime.fromtimestamp(int(begun), UTC), address)
    except (ValueError, OverflowError, OSError):
        return None
