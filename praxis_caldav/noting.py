"""Notes in a thread what devices and programs have used; not here: what that is told for."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from practice.access import SYSTEM
from practice.errors import Unavailable
from practice.use_cases.credential_uses import note_uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from practice.ports import Database
    from practice.use_cases.credential_uses import Uses

__all__ = ["note", "noting"]

log = logging.getLogger(__name__)

#: Seconds after which somebody who has just connected a device finds it used.
_PAUSE = 60.0


@contextmanager
def noting(uses: Uses, database: Database, clock: Callable[[], datetime]) -> Iterator[None]:
    """Note uses now and then as long as the block runs, and at its end."""
    ending = threading.Event()

    def work() -> None:
        is_ending = False
        while not is_ending:
            is_ending = ending.wait(_PAUSE)
            try:
                note(uses, database, clock())
            except Unavailable:
                log.warning("uses.put off")
            except Exception:
                # A thread that ends would note nothing any more.
                log.exception("uses.error")

    thread = threading.Thread(target=work, name="uses")
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def note(uses: Uses, database: Database, now: datetime) -> int:
    """Note what was used since the last time; return how many. Without any there is no transaction.

    Raises Unavailable; then it is noted the next time.
    """
    taken = uses.take(now)
    if not taken:
        return 0
    try:
        with database.begin(actor=SYSTEM, now=now) as uow:
            done = note_uses(uow, taken)
    except BaseException:
        uses.give_back(taken)
        raise
    uses.noted(taken, now)
    return done
