"""Patients who want to sign in by a link that they get by e-mail.

Not here: the session that such a link begins (`practice.sessions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["LIFE", "PATIENCE", "SignIn"]

#: A link is good for so long, and once.
LIFE = timedelta(minutes=15)
#: Who asked so long ago does not wait for the e-mail any more.
PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody asked for a link to be sent to an address, in a language of e-mails."""

    id: int
    email: str
    language: str
    asked: datetime
    attempts: int
