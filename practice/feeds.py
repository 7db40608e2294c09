"""Feeds: secret addresses under which a calendar is read as a file, without signing in.

Not here: how a token is made and looked up (`practice.use_cases.feeds`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from practice.views import Level

__all__ = ["Feed"]


@dataclass(frozen=True, slots=True)
class Feed:
    """A secret address: which calendar it shows, in how much detail, and whom it was made for.

    Of the token there is only a digest, which stays in the database.
    """

    id: int
    calendar_id: int
    level: Level
    label: str
    created: datetime
