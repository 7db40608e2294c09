"""When passwords, devices and tokens were last used, to the hour: noted now and then, for many at
once, since a write for each request would cost more than it tells.

Not here: whether they are right (`practice.use_cases.sign_in`), and sessions, which end by not
being used (`practice.use_cases.sessions`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.ports import UnitOfWork

__all__ = ["Uses", "note_uses"]

#: How exactly it is known when a credential was last used.
_EXACTLY = timedelta(hours=1)


class Uses:
    """What was used in this process and is not noted yet. Any thread may tell of uses; one takes
    them.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._noted: dict[int, datetime] = {}

    def saw(self, credential_id: int) -> None:
        """Keep in mind that a credential is used; costs nothing that matters."""
        self._seen.add(credential_id)

    def take(self, now: datetime) -> list[int]:
        """Return what was used since the last time, but for what was noted within the hour."""
        # One by one, so that what is told of meanwhile is not lost.
        seen = {self._seen.pop() for _ in range(len(self._seen))}
        self._noted = {one: at for one, at in self._noted.items() if now - at < _EXACTLY}
        return sorted(seen - self._noted.keys())

    def give_back(self, taken: Collection[int]) -> None:
        """Have it taken again: it could not be noted."""
        self._seen |= set(taken)

    def noted(self, taken: Collection[int], now: datetime) -> None:
        """Hear that what was taken is noted."""
        self._noted |= dict.fromkeys(taken, now)


def note_uses(uow: UnitOfWork, taken: Collection[int]) -> int:
    """Note that credentials are used now; return how many that is told of. What another process
    has noted within the hour is left alone, and so is what was revoked meanwhile.
    """
    return uow.accounts.note_uses(sorted(taken), uow.now - _EXACTLY)
