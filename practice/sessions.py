"""Who is signed in to the pages, and for how long.

Not here: the cookie that carries it, nor how it was proven who somebody is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["IDLE", "LONGEST", "Session", "Way"]

#: A page that nobody uses for so long may be somebody else's by now: practices share computers.
IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)


class Way(StrEnum):
    """How somebody signed in."""

    UNKNOWN = ""
    PASSWORD = "password"  # noqa: S105 - a way, not a password
    APP_PASSWORD = "app-password"  # noqa: S105
    TOKEN = "token"  # noqa: S105
    PROVIDER = "oidc"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Session:
    """One session, of an account or of a patient; `used` is when it was last, `network` where it
    was begun from, and `way` how.
    """

    account_id: int | None
    patient_id: int | None
    begun: datetime
    used: datetime
    network: str = ""
    way: Way = Way.UNKNOWN

    def is_over(self, now: datetime) -> bool:
        """Tell whether it was left alone for too long, or has lasted too long."""
        return now - self.used >= IDLE or now - self.begun >= LONGEST
