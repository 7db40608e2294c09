"""Signing in to pages for a while, and out again.

What a session is proven by is drawn anew at each log-in, kept as a digest, and worth nothing after
log-out. Not here: whether the password was right (`practice.use_cases.sign_in`).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from practice.errors import NotAllowed, NotFound
from practice.passwords import digest
from practice.scopes import Scope, allowed
from practice.sessions import Way

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.access import Account
    from practice.ports import UnitOfWork
    from practice.sessions import Session

__all__ = [
    "OwnSession",
    "begin_session",
    "end_one",
    "end_others",
    "end_session",
    "note_used",
    "proof_of",
    "sessions_of",
    "signed_in",
    "was_used",
]


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session as it is told whose it is; `this` is the one that asks."""

    id: str
    network: str
    way: Way
    begun: datetime
    used: datetime
    this: bool


#: How exactly it is known when a session was last used: a write for each request would cost more
#: than it tells.
_EXACTLY = timedelta(minutes=1)


def begin_session(
    uow: UnitOfWork,
    account: Account,
    scopes: Collection[Scope] | None = None,
    *,
    program: bool = False,
    network: str = "",
    way: Way = Way.UNKNOWN,
) -> str:
    """Begin a session; return its secret, which is told nobody else and never again. `way` is how
    the account has proven who it is.

    Raises NotAllowed for who has signed in for some `scopes` alone: a session is for all that the
    account may do. Neither does a `program` become an administrator by one: less is refused to
    people than to tokens (`practice.use_cases.giving`).
    """
    if scopes is not None and not allowed(account, None) <= frozenset(scopes):
        raise NotAllowed("A token that is not for everything opens no session.")
    if program and Scope.ACCOUNTS in allowed(account, None):
        raise NotAllowed("An administrator's token opens no session.")
    secret = secrets.token_urlsafe(32)
    uow.sessions.begin(
        digest(secret), account_id=account.id, patient_id=None, network=network, way=way
    )
    return secret


def signed_in(uow: UnitOfWork, secret: str) -> tuple[Session, Account | None] | None:
    """Return the session of a secret and its account; None if there is none, or none any more."""
    session = uow.sessions.find(digest(secret))
    if session is None or session.is_over(uow.now):
        return None
    if session.account_id is None:
        return session, None
    account = next((a for a in uow.accounts.all() if a.id == session.account_id), None)
    return None if account is None or account.disabled else (session, account)


def was_used(session: Session, now: datetime) -> bool:
    """Tell whether it is time to note that a session is used."""
    return now - session.used >= _EXACTLY


def note_used(uow: UnitOfWork, secret: str) -> None:
    """Note that a session is used now."""
    uow.sessions.note_used(digest(secret))


def end_session(uow: UnitOfWork, secret: str) -> None:
    """End a session; one that is over already stays so."""
    uow.sessions.end(digest(secret))


def sessions_of(uow: UnitOfWork, account: Account, secret: str = "") -> list[OwnSession]:
    """Return where an account is signed in, the last used first; `secret` is that of who asks."""
    own = digest(secret) if secret else ""
    found = uow.sessions.of(account.id).items()
    there = [
        OwnSession(_name_of(kept), one.network, one.way, one.begun, one.used, kept == own)
        for kept, one in found
        if not one.is_over(uow.now)
    ]
    return sorted(there, key=lambda one: (one.used, one.begun, one.id), reverse=True)


def end_one(uow: UnitOfWork, account: Account, session_id: str) -> None:
    """End one of an account's own sessions; raises NotFound."""
    for kept in uow.sessions.of(account.id):
        if _name_of(kept) == session_id:
            uow.sessions.end(kept)
            return
    raise NotFound("There is no such session, or none any more.")


def end_others(uow: UnitOfWork, account: Account, secret: str) -> int:
    """End all sessions of an account but that of `secret`; return how many."""
    own = digest(secret) if secret else ""
    others = [kept for kept in uow.sessions.of(account.id) if kept != own]
    return sum(uow.sessions.end(kept) for kept in others)


def _name_of(kept: str) -> str:
    """Return what a session is called: what is kept of its secret is told nobody."""
    return hashlib.sha256(f"name:{kept}".encode()).hexdigest()[:20]


def proof_of(secret: str) -> str:
    """Return the word that pages of a session have and those of others cannot know (CSRF)."""
    return hashlib.sha256(f"page:{secret}".encode()).hexdigest()
