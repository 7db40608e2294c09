"""What is done again and again, once for the practice however many processes there are.

Not here: what it is (the program says).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from practice.access import SYSTEM
from practice.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from practice.ports import Database

__all__ = ["Job", "Jobs"]

log = logging.getLogger(__name__)

#: Processes do not look at the clock at the same moment: a job may begin so much early.
_EARLY = 0.9


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is due `every` so often; `work` may raise nothing but what is a fault. A process
    does it at once, or `after` a while.
    """

    name: str
    every: timedelta
    work: Callable[[], object]
    after: timedelta = timedelta()


class Jobs:
    """The jobs of one process, each in a thread of its own; the database says whose turn it is."""

    def __init__(self, database: Database, jobs: Sequence[Job]) -> None:
        self._database = database
        self._scheduler = BackgroundScheduler(timezone=UTC)
        for job in jobs:
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                seconds=job.every.total_seconds(),
                next_run_time=datetime.now(UTC) + job.after,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Begin; what is due is done at once, but for what is to wait."""
        self._scheduler.start()

    def stop(self) -> None:
        """End, after what is being done."""
        self._scheduler.shutdown(wait=True)

    def _run(self, job: Job) -> None:
        try:
            with self._database.begin(actor=SYSTEM, now=datetime.now(UTC)) as uow:
                is_due = uow.sources.begin_job(job.name, job.every * _EARLY)
            if is_due:
                job.work()
        except Unavailable:
            log.warning("job.put off", extra={"job": job.name})
        except Exception:
            # One job that fails must not end the others; it is due again.
            log.exception("job.error", extra={"job": job.name})
